use passport_shared::decision::Reason;
use serde_json::{Value, json};

use super::*;
use crate::testing::{NOW, TestIssuer, purchase};
use crate::{Number, Request};

fn rendered(decision: &Decision<'_>) -> String {
    let mut bytes = Vec::new();
    write_decision(decision, &mut bytes);
    assert_eq!((time_of(&bytes), numbers_of(&bytes)), (decision.now(), 1));
    render::members(&bytes).expect("an event")
}

#[test]
fn what_is_delivered_is_to_the_byte_what_was_answered() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier();
    let token = issuer.passport();
    let number = |text| Number::parse(text).expect("a number");
    let requests = [
        purchase(500).identified("mine"),
        purchase(501),
        Request::new("refund").on("commerce"),
        Request::new("sell").on("commerce").with("list", ["a", "\u{7}\u{2028}"]).with("none", Vec::<String>::new()),
        Request::new("purchase").with("amount", number("1.50e2")).with("big", number("12345678901234567890")).with("yes", true),
        Request::new("purchase").on("commerce").with("amount", "9.99").with("no", false).with("text", "x".repeat(4_096)),
        Request::new("purchase").with("action", "twice"),
        Request::new("sell").on("é/\u{1f600}\"").with("empty", ""),
        Request::new("sell").on("back\\slash"),
    ];
    let mut reasons = Vec::new();
    for request in &requests {
        for (token, now) in [(token.as_str(), NOW), ("x", NOW), (&token, NOW + 4_000), (&token, -1)] {
            let decision = verifier.decide(token, request, now).identified(|| "req_1".to_owned());
            assert_eq!(rendered(&decision), serde_json::to_string(&decision.record()).expect("json"));
            reasons.push(decision.reason());
        }
    }
    for reason in [
        Reason::Granted,
        Reason::ApprovalRequired,
        Reason::ConstraintUnmet,
        Reason::MalformedToken,
        Reason::Expired,
        Reason::ClockUntrusted,
        Reason::InvalidRequest,
        Reason::ResourceNotGranted,
    ] {
        assert!(reasons.contains(&reason), "{reason} was not among {reasons:?}");
    }
}

#[test]
fn a_number_and_the_hash_of_the_event_before_come_first() {
    let issuer = TestIssuer::new();
    let (verifier, request) = (issuer.verifier(), purchase(1));
    let mut bytes = Vec::new();
    write_decision(&verifier.decide(issuer.passport(), &request, NOW), &mut bytes);
    let (first, second) = (render(&bytes, 7, None).expect("json"), render(&bytes, 8, Some("abc")).expect("json"));
    let engine = concat!("passport-verifier/", env!("CARGO_PKG_VERSION"));
    let by = format!(r#""engine":"{engine}","requestId":null,"allowed":true,"#);
    assert!(first.starts_with(&format!(r#"{{"seq":7,"previous":null,{by}"#)), "{first}");
    assert!(second.starts_with(&format!(r#"{{"seq":8,"previous":"abc",{by}"#)), "{second}");
    let sound: Value = serde_json::from_str(&second).expect("json");
    assert_eq!(sound["attributes"], json!({"amount": 1}));
}

#[test]
fn an_event_says_by_which_trust_and_which_release_it_was_decided() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier();
    verifier.replace_trust(issuer.trust_of_sequence(41));
    let (token, granted, unmet) = (issuer.passport(), purchase(1), purchase(501));
    let held = verifier.verify(&token, NOW).expect("sound");
    let refused = verifier.verify(&token, NOW + 4_000).expect_err("expired").into();
    for decision in [verifier.decide(&token, &granted, NOW), verifier.decide(&token, &unmet, NOW), held.decide(&granted, NOW), refused] {
        let mut bytes = Vec::new();
        write_decision(&decision, &mut bytes);
        let event: Value = serde_json::from_str(&render(&bytes, 1, None).expect("json")).expect("json");
        assert_eq!(event["trustSequence"], 41, "{event}");
        assert_eq!(event["engine"], concat!("passport-verifier/", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn an_event_of_an_older_spool_is_read_and_says_neither() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier();
    for (request, kind, alone) in [(purchase(1), DECISION, DECISION_ALONE), (purchase(501), WHOLE, WHOLE_ALONE)] {
        let decision = verifier.decide(issuer.passport(), &request, NOW);
        let mut bytes = Vec::new();
        write_decision(&decision, &mut bytes);
        assert_eq!(bytes[0], kind);
        // As it was written before: without the release and the sequence.
        let by = 1 + env!("CARGO_PKG_VERSION").len() + 1;
        let old: Vec<u8> = [&[alone], &bytes[1..9], &bytes[9 + by..]].concat();
        let json = render(&old, 7, None).expect("json");
        let record = serde_json::to_string(&decision.record()).expect("json");
        assert_eq!(json, format!(r#"{{"seq":7,"previous":null,{}"#, record.strip_prefix('{').expect("an object")));
    }
}

#[test]
fn a_gap_takes_the_numbers_of_those_that_it_stands_for() {
    let members = gap_members("req_1", NOW, Some(NOW - 9), None, 300, "queue_full");
    let mut bytes = Vec::new();
    write_gap(NOW, 300, &members, &mut bytes);
    assert_eq!((time_of(&bytes), numbers_of(&bytes)), (NOW, 300));
    let event: Value = serde_json::from_str(&render(&bytes, 1_299, Some("h")).expect("json")).expect("json");
    let gap = json!({"from": "2023-11-14T22:14:51Z", "to": null, "count": 300, "why": "queue_full"});
    assert_eq!(event, json!({"seq": 1_299, "previous": "h", "requestId": "req_1", "evaluatedAt": "2023-11-14T22:15:00Z", "gap": gap}));
}

#[test]
fn damaged_bytes_are_refused_or_read_and_never_a_panic() {
    let issuer = TestIssuer::new();
    let request = Request::new("sell").on("commerce").with("list", ["a", "b"]).with("n", 5).with("t", "x");
    let mut bytes = Vec::new();
    write_decision(&issuer.verifier().decide(issuer.passport(), &request, NOW), &mut bytes);
    for cut in 0..bytes.len() {
        let _ = render(&bytes[..cut], 1, None);
        for value in [0, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[cut] = value;
            let _ = (render(&damaged, 1, None), numbers_of(&damaged));
        }
    }
    assert_eq!(render(&bytes[..9], 1, None), Err(Unreadable));
    assert_eq!(render(&[], 1, None), Err(Unreadable));
}

#[test]
fn an_event_is_measured_as_the_json_that_it_becomes() {
    let issuer = TestIssuer::new();
    let request = purchase(1).with("note", "\u{7}".repeat(4_000));
    let verifier = issuer.verifier();
    let decision = verifier.decide(issuer.passport(), &request, NOW);
    let mut bytes = Vec::new();
    write_decision(&decision, &mut bytes);
    let json = serde_json::to_string(&decision.record()).expect("json").len();
    assert!(json > 24_000 && fits(&bytes, &decision, json) && !fits(&bytes, &decision, json - 1), "{json}");
}
