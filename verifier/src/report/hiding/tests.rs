use std::time::Duration;

use passport_shared::recorded::{Asked, Recorded as Read};
use tempfile::TempDir;

use super::*;
use crate::guard::Recorder as _;
use crate::testing::{NOW, NoRandomness, TestIssuer, purchase};
use crate::{Number, Reporter, ReporterPassport, ReporterSettings, Request};

const SECRET: &str = "4111-1111-seeded-secret";

fn settings(place: &TempDir) -> ReporterSettings {
    let passport = ReporterPassport::read(&TestIssuer::new().passport_of("agent_shop")).expect("a passport");
    ReporterSettings::new("http://127.0.0.1:1".parse().expect("a loopback url"), passport, place.path())
}

/// What a reporter of these settings has spooled of these requests, once it has ended.
fn spooled(settings: ReporterSettings, place: &TempDir, requests: &[Request]) -> Vec<String> {
    let issuer = TestIssuer::new();
    let (verifier, token) = (issuer.verifier(), issuer.passport());
    let reporter = Reporter::start(settings).expect("a spool");
    for (number, request) in requests.iter().enumerate() {
        let decision = verifier.decide(&token, request, NOW).identified(|| format!("req_{number}"));
        let _ = reporter.record(&decision).expect("taken");
    }
    let _ = reporter.shutdown(Duration::from_millis(100));
    drop(reporter);
    crate::report::spooled_events(place.path(), "agent_shop").expect("a spool")
}

fn parsed(event: &str) -> Value {
    serde_json::from_str(event).expect("json")
}

/// Allowed; refused with a clause that repeats the value; refused without; not well formed.
fn requests() -> [Request; 4] {
    [
        purchase(1).with("card", SECRET),
        Request::new("purchase").on("commerce").with("amount", SECRET),
        Request::new("sell").on("commerce").with("cards", [SECRET]),
        Request::new("purchase").with("action", SECRET),
    ]
}

#[test]
fn no_value_of_a_hidden_attribute_is_in_a_spool_or_in_what_is_reported() {
    let (open, hiding) = (TempDir::new().expect("a directory"), TempDir::new().expect("a directory"));
    // That the value would be found is shown by a reporter that hides nothing. Blocks of a spool are compressed, so they are
    // read as what they hold.
    let told = spooled(settings(&open), &open, &requests());
    assert!(told.iter().take(3).all(|event| event.contains(SECRET)), "{told:?}");

    let kept = spooled(settings(&hiding).with_shown_attributes(["none"]), &hiding, &requests());
    assert_eq!(kept.len(), 4);
    assert!(kept.iter().all(|event| !event.contains(SECRET)), "{kept:?}");
    for (told, kept) in told.iter().zip(&kept) {
        let (told, kept) = (parsed(told), parsed(kept));
        for member in ["seq", "requestId", "outcome", "reason", "agentId", "passportId", "grant", "action", "resource"] {
            assert!(member == "seq" || told[member] == kept[member], "{member}: {told} {kept}");
        }
    }
    let unmet = parsed(&kept[1]);
    assert_eq!(unmet["reason"], "constraint_unmet");
    let detail = unmet["details"].as_array().and_then(|all| all.iter().find(|detail| detail["attribute"] == "amount")).expect("a clause");
    assert_eq!((&detail["expected"], &detail["actual"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_is_not_allowed_is_hidden_and_what_is_sensitive_is_hidden_even_if_allowed() {
    let place = TempDir::new().expect("a directory");
    let settings = settings(&place).with_shown_attributes(["amount", "card"]).with_sensitive_attributes(["card"]);
    let request = purchase(1).with("card", SECRET).with("note", SECRET);
    let events = spooled(settings, &place, &[request]);
    let event = parsed(&events[0]);
    assert_eq!(event["attributes"]["amount"], 1);
    assert!(event["attributes"]["card"]["hmacSha256"].is_string() && event["attributes"]["note"]["hmacSha256"].is_string(), "{event}");
    let Some(Read { asked: Asked::Hidden { request, names }, .. }) = Read::read(events[0].as_bytes()) else { panic!("hidden") };
    assert_eq!((request, names), (purchase(1), vec!["card".to_owned(), "note".to_owned()]));
}

#[test]
fn who_has_the_key_finds_equal_values_and_nobody_else_does() {
    let of = |key: Option<[u8; 32]>, name: &str, value: &str| {
        let hiding = Hiding { key, ..Hiding::default() };
        hiding.hash(name, &value.into()).expect("json")["hmacSha256"].clone()
    };
    let hash = of(Some([7; 32]), "card", SECRET);
    let mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).expect("a key").chain_update(format!("card\0\"{SECRET}\"")).finalize();
    assert_eq!(hash, jose::encode(mac.into_bytes()));
    assert_eq!(hash, of(Some([7; 32]), "card", SECRET));
    for other in
        [of(Some([8; 32]), "card", SECRET), of(Some([7; 32]), "pin", SECRET), of(Some([7; 32]), "card", "x"), of(None, "card", SECRET)]
    {
        assert_ne!(hash, other);
    }
    assert_eq!(of(None, "card", SECRET), Value::Null);
}

#[test]
fn without_randomness_a_value_is_hidden_and_has_no_hash() {
    let place = TempDir::new().expect("a directory");
    let settings = settings(&place).with_sensitive_attributes(["card"]).with_randomness(NoRandomness);
    let events = spooled(settings, &place, &[purchase(1).with("card", SECRET)]);
    assert_eq!(parsed(&events[0])["attributes"], json!({"amount": 1, "card": {"hmacSha256": null}}));
}

#[test]
fn a_decision_is_told_in_the_same_form_whether_some_of_it_is_hidden_or_not() {
    let issuer = TestIssuer::new();
    let (verifier, token) = (issuer.verifier(), issuer.passport());
    let exact = Number::parse("1.50e2").expect("a number");
    let over = Number::parse("501.50").expect("a number");
    for request in [
        purchase(1),
        Request::new("purchase").on("commerce").with("amount", over),
        Request::new("purchase").on("commerce").with("amount", exact).with("list", ["a", "\u{7}"]),
    ] {
        let decision = verifier.decide(&token, &request, NOW).identified(|| "req_1".to_owned());
        let hiding = Hiding::default();
        let rules = Rules { hiding: &hiding, passport: None, resource: None };
        let told = String::from_utf8(rules.write(decision.record()).expect("json")).expect("text");
        // The message of a denial is another, and nothing else.
        let record = DecisionRecord { message: parsed(&told)["message"].as_str().expect("a text").to_owned(), ..decision.record() };
        assert_eq!(told, serde_json::to_string(&record).expect("json"));
    }
}

#[test]
fn what_a_passport_hides_is_hidden_by_every_reporter_also_where_the_passport_is_refused() {
    let issuer = TestIssuer::new();
    let grants = json!([{"type": "permission_passport", "resource": "commerce", "allowedActions": ["purchase"],
        "constraints": {"amount": {"max": "500.00"}}}]);
    let token = issuer.passport_hiding(&grants, &json!([{"resource": "commerce", "sensitive": ["card", "amount", "cards"]}]));
    let place = TempDir::new().expect("a directory");
    // A reporter without any setting.
    let reporter = Reporter::start(settings(&place)).expect("a spool");
    let (trusting, strange, late) = (issuer.verifier(), TestIssuer::new().verifier(), NOW + 7_200);
    let reasons: Vec<_> = [(&trusting, NOW), (&strange, NOW), (&trusting, late)]
        .into_iter()
        .flat_map(|(verifier, now)| requests().map(|request| (verifier, now, request)))
        .enumerate()
        .map(|(number, (verifier, now, request))| {
            let decision = verifier.decide(&token, &request, now).identified(|| format!("req_{number}"));
            let _ = reporter.record(&decision).expect("taken");
            decision.reason().code()
        })
        .collect();
    assert_eq!(reasons[..4], ["granted", "constraint_unmet", "action_not_granted", "invalid_request"]);
    assert!(reasons[4..8].iter().all(|reason| *reason == "unknown_key") && reasons[8..].iter().all(|reason| *reason == "expired"));
    // Another resource is not spoken of, which shows that the rule is what hides.
    let elsewhere = Request::new("purchase").on("drive").with("card", "seen");
    let _ = reporter.record(&trusting.decide(&token, &elsewhere, NOW).identified(|| "req_open".to_owned())).expect("taken");
    let _ = reporter.shutdown(Duration::from_millis(100));
    drop(reporter);
    let events = crate::report::spooled_events(place.path(), "agent_shop").expect("a spool");
    assert_eq!(events.len(), 13);
    assert!(events.iter().all(|event| !event.contains(SECRET)), "{events:?}");
    assert!(
        parsed(&events[0])["attributes"]["card"]["hmacSha256"].is_string()
            && parsed(&events[4])["attributes"]["card"]["hmacSha256"].is_string()
    );
    assert_eq!(parsed(&events[12])["attributes"]["card"], "seen");
}
