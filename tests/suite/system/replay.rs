//! What verifiers report is decided again: by the issuer, to find a lie, and by an admin, under other grants.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use passport_tests::process::{Client, Issuer, passport};
use passport_verifier::{Delivery, Guard, Reporter, ReporterPassport, ReporterSettings, Request, Trust, Verifier};
use serde_json::{Value, json};

const SHOP: &str = "https://shop.example";

/// A service that decides and reports, on the trust that the issuer publishes.
fn service(issuer: &Issuer, reporter: &str, spool: &Path) -> (Guard, Arc<Reporter>) {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("later").as_secs()).expect("seconds");
    let trust = Trust::from_bundle(issuer.admin().text("/v1/trust-bundle").as_bytes(), now).expect("trust");
    let own = ReporterPassport::read(reporter).expect("a passport");
    let settings = ReporterSettings::new(issuer.url().parse().expect("a URL"), own, spool)
        .with_delivery(Delivery::SpoolFirst)
        .with_linger(Duration::from_millis(20));
    let reporter = Arc::new(Reporter::start(settings).expect("a spool"));
    (Guard::new(Verifier::new(trust, SHOP)).with_recorder(Arc::clone(&reporter)), reporter)
}

fn issue(admin: &Client, agent: &str, audience: &str, grants: Value) -> String {
    drop(admin.try_post("/v1/agents", &json!({"agentId": agent, "name": agent})));
    let order = json!({"agentId": agent, "audience": [audience], "grants": grants, "expiresIn": 3_600});
    admin.post("/v1/passports", &order)["passport"].as_str().expect("a passport").to_owned()
}

#[test]
fn a_lie_is_found_and_what_was_used_can_be_replayed_and_shrunk() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let issuer = Issuer::start(&data);
    let admin = issuer.admin();
    let metadata = admin.get("/.well-known/passport-issuer");
    let name = metadata["issuer"].as_str().expect("an issuer").to_owned();
    let wide =
        json!([{"resource": "shop/**", "allowedActions": ["*"], "blockedActions": ["close"], "constraints": {"amount": {"max": "900"}}}]);
    let ollie = issue(&admin, "ollie", SHOP, wide);
    let writer = json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}]);
    let (honest, liar) = (issue(&admin, "shop", &name, writer.clone()), issue(&admin, "liar", &name, writer));

    let (guard, reporter) = service(&issuer, &honest, &folder.path().join("spool"));
    for (action, resource, amount) in
        [("buy", "shop/a", 5), ("buy", "shop/a", 40), ("buy", "shop/a", 901), ("sell", "shop/b", 300), ("close", "shop/a", 1)]
    {
        let _ = guard.decide(&ollie, &Request::new(action).on(resource).with("amount", amount).with("vendor", "x"));
    }
    reporter.flush(Duration::from_secs(20)).expect("delivered");

    // Another service says that it allowed what it cannot have allowed.
    let (true_event, id) = {
        let events = admin.list("/v1/audit/events?reporter=shop&outcome=deny&reason=constraint_unmet");
        let mut event = events.first().cloned().expect("a denial");
        for gone in ["eventId", "sequence", "kind", "reporter", "receivedAt", "conflict", "previous"] {
            event.as_object_mut().expect("an object").remove(gone);
        }
        (event.clone(), event["requestId"].as_str().expect("an id").to_owned())
    };
    assert!(true_event["trustSequence"].is_i64() && true_event["engine"].as_str().expect("said").starts_with("passport-verifier/"));
    let mut lie = true_event;
    for (member, value) in
        [("outcome", json!("allow")), ("allowed", json!(true)), ("reason", json!("granted")), ("grant", json!(0)), ("details", json!([]))]
    {
        lie[member] = value;
    }
    Client { url: issuer.url(), passport: liar }.post("/v1/audit/events", &json!({"reporter": "liar", "events": [lie]}));
    let until = Instant::now() + Duration::from_secs(30);
    let found = loop {
        let found = admin.list("/v1/audit/differences");
        if !found.is_empty() {
            break found;
        }
        assert!(Instant::now() < until, "the lie was not found: {}", issuer.log());
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!((found.len(), &found[0]["reporter"], &found[0]["requestId"]), (1, &json!("liar"), &json!(id)));
    assert_eq!((&found[0]["reported"]["reason"], &found[0]["expected"]["reason"]), (&json!("granted"), &json!("constraint_unmet")));

    let own = folder.path().join("admin");
    std::fs::write(&own, &admin.passport).expect("written");
    let file = |text: &str| {
        let path = folder.path().join("grants.json");
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let url = issuer.url();
    let remote = ["--url", &url, "--passport-file", own.to_str().expect("a path")];
    let offline = ["--data", data.to_str().expect("a path")];
    let run = |args: &[&str], source: &[&str]| {
        let output = passport().args(args).args(source).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned(), told)
    };
    let (code, out, told) = run(&["audit", "differences"], &remote);
    assert_eq!(code, Some(0), "{told}");
    assert!(out.contains("@liar") && out.contains("granted by 0") && out.contains("constraint_unmet"), "{out}");

    // What the liar says was allowed is not: 901 is over what is held.
    let (code, narrow, told) = run(&["shrink", "--agent", "ollie"], &remote);
    assert_eq!(code, Some(0), "{told}");
    let grants: Value = serde_json::from_str(&narrow).expect("grants");
    let allow = |resource: &str, action: &str, min: &str, max: &str| {
        json!({"type": "permission_passport", "resource": resource, "allowedActions": [action],
            "constraints": {"amount": {"max": max, "min": min}, "vendor": {"oneOf": ["x"]}}})
    };
    let blocked = json!({"type": "permission_passport", "resource": "shop/**", "allowedActions": [], "blockedActions": ["close"]});
    assert_eq!(grants, json!([allow("shop/a", "buy", "5", "40"), allow("shop/b", "sell", "300", "300"), blocked]));
    assert!(told.contains("they cover 3 requests"), "{told}");
    let narrow = file(&narrow);
    let (code, token, told) = run(&["issue", "--agent", "ollie", "--audience", SHOP, "--expires-in", "1h", "--grants", &narrow], &remote);
    assert_eq!(code, Some(0), "{told}");
    let (guard, last) = service(&issuer, &honest, &folder.path().join("another-spool"));
    let again = Request::new("buy").on("shop/a").with("amount", 40).with("vendor", "x");
    assert!(guard.decide(&token, &again).is_allowed());
    last.flush(Duration::from_secs(20)).expect("delivered");

    let strict = file(r#"[{"resource":"shop/*","allowedActions":["buy","close"]}]"#);
    let replay = ["replay", "--agent", "ollie", "--since", "1h", "--grants", &strict, "--json"];
    let (code, out, told) = run(&replay, &remote);
    assert_eq!(code, Some(3), "an answer would be another: {told}");
    let replayed: Value = serde_json::from_str(&out).expect("JSON");
    let counts =
        ["decisions", "same", "newlyAllowed", "newlyDenied", "newlyAsked"].map(|member| replayed[member].as_u64().expect("a number"));
    assert_eq!(counts, [7, 4, 2, 1, 0], "{replayed}");
    let first = &replayed["changes"][0];
    assert_eq!((&first["from"], &first["to"], &first["action"]), (&json!("allow"), &json!("deny"), &json!("sell")));
    assert!(replayed["examples"].as_array().expect("some").iter().any(|example| example["requestId"] == json!(id)), "{replayed}");
    let held = run(&["replay", "--agent", "ollie", "--passport", found[0]["passportId"].as_str().expect("an id")], &remote);
    assert_eq!(held.0, Some(3), "the lie is one under the grants that are held: {held:?}");

    // The same from the data of an issuer that is stopped.
    drop((guard, reporter, last));
    assert!(issuer.stop());
    let (code, same, told) = run(&replay, &offline);
    assert_eq!((code, same), (Some(3), out), "{told}");
    let (code, out, told) =
        run(&["shrink", "--agent", "ollie", "--since", "1h", "--passport", found[0]["passportId"].as_str().expect("an id")], &offline);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(serde_json::from_str::<Value>(&out).expect("grants"), grants);
}
