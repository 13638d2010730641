use passport_shared::api::audit::AuditQuery;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::service::testing::{ISSUER, World, pointers};

fn event(request_id: &str) -> Value {
    json!({
        "seq": 1, "requestId": request_id, "allowed": false, "outcome": "deny", "reason": "constraint_unmet", "message": "m", "details": [],
        "agentId": "ollie", "passportId": "pp_1", "issuer": ISSUER, "keyId": null, "grant": null, "action": "purchase", "resource": "commerce",
        "attributes": {"amount": 742}, "evaluatedAt": "2026-11-18T11:00:00Z",
    })
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

fn batch(reporter: &str, events: &[Value]) -> ReportEvents {
    ReportEvents { reporter: reporter.to_owned(), events: events.iter().map(|event| raw(&event.to_string())).collect() }
}

/// A world with a verifier that may report, and its let-through.
async fn reporting() -> (World, Caller) {
    let world = World::new().await;
    let token = world.role("reporter").await;
    let caller = world.issuer.authorize(Some(&token), "audit.write", "issuer/audit", &[]).await.unwrap();
    (world, caller)
}

#[tokio::test]
async fn what_is_reported_is_given_back_to_the_letter() {
    let (world, caller) = reporting().await;
    let text = r#" { "seq" : 7, "requestId":"req_1","outcome":"allow","reason":"granted","evaluatedAt":null,
        "attributes":{"amount":742.50,"big":12345678901234567890,"t":"a\u0007\u00e9"}, "more" : [1e2] } "#;
    let body = ReportEvents { reporter: "the-reporter".into(), events: vec![raw(text.trim())] };
    let done = ReportAccepted { receipt: None, ..world.issuer.report_events(&caller, body).await.unwrap() };
    assert_eq!(done, ReportAccepted { accepted: 1, duplicates: 0, conflicts: 0, receipt: None, reported_hash_key: None });
    let page = world.issuer.events(AuditQuery { limit: Some(1), ..AuditQuery::default() }).await.unwrap();
    let item = page.items[0].get();
    let inside = text.trim().strip_prefix('{').unwrap().strip_suffix('}').unwrap().trim();
    assert!(item.ends_with(&format!(",{inside}}}")), "{item}");
    let read: Value = serde_json::from_str(item).unwrap();
    assert_eq!((&read["reporter"], &read["kind"], &read["conflict"]), (&json!("the-reporter"), &json!("decision"), &json!(false)));
    assert_eq!(read["receivedAt"], "2026-11-18T11:06:40Z");
    assert!(read["eventId"].as_str().unwrap().starts_with("evt_") && read["sequence"].is_i64());
    assert_eq!(world.log().await[0].event.body_hash, <[u8; 32]>::from(Sha256::digest(text.trim())));
}

#[tokio::test]
async fn what_a_decision_was_made_by_is_bounded_and_may_be_left_out() {
    let (world, caller) = reporting().await;
    let report = async |name: &str, value: Value| {
        let mut told = event(&format!("r-{name}-{value}").chars().take(100).collect::<String>());
        told[name] = value;
        world.issuer.report_events(&caller, batch("the-reporter", &[told])).await
    };
    for (name, value) in
        [("trustSequence", json!(41)), ("trustSequence", json!(null)), ("engine", json!("acme/3")), ("engine", json!(null))]
    {
        assert_eq!(report(name, value.clone()).await.unwrap().accepted, 1, "{name} {value}");
    }
    for (name, value) in
        [("trustSequence", json!(-1)), ("trustSequence", json!("41")), ("engine", json!("")), ("engine", json!("x".repeat(257)))]
    {
        let error = report(name, value.clone()).await.unwrap_err();
        assert_eq!(pointers(&error), [format!("/events/0/{name}")], "{value}");
    }
}

#[tokio::test]
async fn the_same_again_is_a_duplicate_and_another_body_a_conflict() {
    let (world, caller) = reporting().await;
    let mut other = event("r1");
    let report = async |events: &[Value]| {
        let told = world.issuer.report_events(&caller, batch("the-reporter", events)).await.unwrap();
        (told.accepted, told.duplicates, told.conflicts)
    };
    assert_eq!(report(&[event("r1"), event("r2")]).await, (2, 0, 0));
    other["outcome"] = "allow".into();
    assert_eq!(report(&[event("r1"), other, event("r3")]).await, (1, 1, 1));
}

fn gap(request_id: &str) -> Value {
    json!({
        "seq": 12, "previous": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "requestId": request_id, "evaluatedAt": "2026-11-18T11:00:00Z",
        "gap": {"from": "2026-11-18T10:00:00Z", "to": null, "count": 10, "why": "queue_full"},
    })
}

#[tokio::test]
async fn gap_records_and_the_hash_of_the_event_before_are_kept_to_the_letter_and_listed() {
    let (world, caller) = reporting().await;
    let mut first = event("r1");
    first["previous"] = Value::Null;
    let told = world.issuer.report_events(&caller, batch("the-reporter", &[first.clone(), gap("r2")])).await.unwrap();
    assert_eq!((told.accepted, told.duplicates, told.conflicts), (2, 0, 0));
    let told = world.issuer.report_events(&caller, batch("the-reporter", &[gap("r2")])).await.unwrap();
    assert_eq!((told.accepted, told.duplicates, told.conflicts), (0, 1, 0));
    let page = world.issuer.events(AuditQuery { reporter: Some("the-reporter".into()), ..AuditQuery::default() }).await.unwrap();
    for (item, given) in page.items.iter().zip([gap("r2"), first]) {
        let given = given.to_string();
        assert!(item.get().ends_with(given.strip_prefix('{').unwrap()), "{item}");
    }
    let within = AuditQuery { from: Some("2026-11-18T10:59:00Z".into()), to: Some("2026-11-18T11:00:01Z".into()), ..AuditQuery::default() };
    assert_eq!(world.issuer.events(within).await.unwrap().items.len(), 2, "by their time");
}

#[tokio::test]
async fn a_gap_record_says_what_it_has_to_and_nothing_of_a_decision() {
    let (world, caller) = reporting().await;
    let with = |pointer: &str, value: Option<Value>| {
        let mut record = gap("r1");
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let members = record.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => drop(members.insert(name.to_owned(), value)),
            None => drop(members.remove(name)),
        }
        record
    };
    let mut faults = Vec::new();
    for pointer in ["/seq", "/requestId", "/evaluatedAt", "/gap/from", "/gap/to", "/gap/count", "/gap/why"] {
        faults.push((pointer, with(pointer, None)));
    }
    for name in DECISION_NAMES {
        faults.push((name, with(&format!("/{name}"), Some(json!("x")))));
    }
    for (pointer, value) in [
        ("/gap", json!("x")),
        ("/gap/count", json!(0)),
        ("/gap/count", json!(1.5)),
        ("/gap/from", json!("yesterday")),
        ("/gap/why", json!("")),
        ("/previous", json!("short")),
        ("/previous", json!(7)),
        ("/previous", json!("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV")),
    ] {
        faults.push((pointer, with(pointer, Some(value))));
    }
    for (pointer, record) in faults {
        let error = world.issuer.report_events(&caller, batch("the-reporter", std::slice::from_ref(&record))).await.unwrap_err();
        let expected = format!("/events/0/{}", pointer.trim_start_matches('/'));
        assert!(pointers(&error).contains(&expected.as_str()), "{expected} of {:?}: {record}", pointers(&error));
    }
}

#[tokio::test]
async fn nobody_reports_under_another_name() {
    let (world, caller) = reporting().await;
    let error = world.issuer.report_events(&caller, batch("admin", &[event("r1")])).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (403, "reporter_mismatch"));
}

#[tokio::test]
async fn a_batch_with_one_fault_is_refused_whole_with_each_place() {
    let (world, caller) = reporting().await;
    let before = world.log().await.len();
    let with = |name: &str, value: Value| {
        let mut event = event("r1");
        event[name] = value;
        event
    };
    let without = |name: &str| {
        let mut event = event("r1");
        event.as_object_mut().unwrap().remove(name);
        event
    };
    let mut faults = Vec::new();
    for name in ENVELOPE_NAMES {
        faults.push((with(name, json!("x")), format!("/events/1/{name}")));
    }
    for name in ["requestId", "seq", "outcome", "reason", "evaluatedAt"] {
        faults.push((without(name), format!("/events/1/{name}")));
    }
    for (name, value) in [
        ("requestId", json!("")),
        ("requestId", json!("x".repeat(257))),
        ("requestId", json!("a\u{1}")),
        ("requestId", json!(5)),
        ("seq", json!(-1)),
        ("seq", json!(1.5)),
        ("seq", json!("1")),
        ("outcome", json!("denied")),
        ("reason", json!(null)),
        ("evaluatedAt", json!("yesterday")),
        ("evaluatedAt", json!(5)),
        ("agentId", json!(5)),
        ("passportId", json!("x".repeat(257))),
        ("action", json!([])),
        ("resource", json!("")),
    ] {
        faults.push((with(name, value), format!("/events/1/{name}")));
    }
    faults.push((json!([]), "/events/1".to_owned()));
    faults.push((with("message", json!("x".repeat(AUDIT_EVENT_BYTES))), "/events/1".to_owned()));
    for (bad, pointer) in faults {
        let error = world.issuer.report_events(&caller, batch("the-reporter", &[event("r0"), bad.clone()])).await.unwrap_err();
        assert_eq!((error.status(), pointers(&error)), (422, vec![pointer.as_str()]), "{bad}");
    }
    let twice = ReportEvents { reporter: "the-reporter".into(), events: vec![raw(r#"{"seq":1,"seq":2}"#)] };
    assert_eq!(pointers(&world.issuer.report_events(&caller, twice).await.unwrap_err()), ["/events/0"]);
    // The body and its list are two of the eight objects and arrays that may be open.
    let deep = |depth: usize| {
        let mut told = event("deep");
        told["attributes"] = (0..depth).fold(json!(1), |inner, _| json!({"in": inner}));
        batch("the-reporter", &[told])
    };
    assert_eq!(pointers(&world.issuer.report_events(&caller, deep(6)).await.unwrap_err()), ["/events/0"]);
    assert_eq!(pointers(&world.issuer.report_events(&caller, batch("the-reporter", &[])).await.unwrap_err()), ["/events"]);
    assert_eq!(world.log().await.len(), before, "nothing is half done");
    assert_eq!(world.issuer.report_events(&caller, deep(5)).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn a_batch_has_at_most_1000_events() {
    let (world, caller) = reporting().await;
    let events: Vec<Value> = (0..1_001).map(|n| event(&format!("r{n}"))).collect();
    let error = world.issuer.report_events(&caller, batch("the-reporter", &events)).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (413, "too_large"));
    let told = world.issuer.report_events(&caller, batch("the-reporter", &events[..1_000])).await.unwrap();
    assert_eq!(told.accepted, 1_000);
}

#[tokio::test]
async fn the_log_is_narrowed_by_each_filter() {
    let (world, caller) = reporting().await;
    let mut other = event("r2");
    for (name, value) in [
        ("agentId", "zoe"),
        ("passportId", "pp_2"),
        ("outcome", "allow"),
        ("reason", "granted"),
        ("action", "read"),
        ("resource", "drive"),
        ("evaluatedAt", "2026-11-18T11:05:00Z"),
    ] {
        other[name] = value.into();
    }
    other["attributes"] = serde_json::json!({"number": 2.0});
    world.issuer.report_events(&caller, batch("the-reporter", &[event("r1"), other])).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let all = AuditQuery { reporter: text("the-reporter"), ..AuditQuery::default() };
    for query in [
        AuditQuery { agent_id: text("zoe"), ..all.clone() },
        AuditQuery { passport_id: text("pp_2"), ..all.clone() },
        AuditQuery { outcome: text("allow"), ..all.clone() },
        AuditQuery { reason: text("granted"), ..all.clone() },
        AuditQuery { action: text("read"), ..all.clone() },
        AuditQuery { resource: text("drive"), ..all.clone() },
        AuditQuery { from: text("2026-11-18T11:05:00Z"), ..all.clone() },
        AuditQuery { request_id: text("r2"), ..AuditQuery::default() },
        AuditQuery { kind: text("decision"), agent_id: text("zoe"), ..AuditQuery::default() },
        AuditQuery { attributes: text(r#"{"number":2}"#), ..all.clone() },
    ] {
        let page = world.issuer.events(query.clone()).await.unwrap();
        let ids: Vec<Value> =
            page.items.iter().map(|item| serde_json::from_str::<Value>(item.get()).unwrap()["requestId"].clone()).collect();
        assert_eq!(ids, ["r2"], "{query:?}");
    }
    let before = world.issuer.events(AuditQuery { to: text("2026-11-18T11:05:00Z"), ..all.clone() }).await.unwrap();
    assert_eq!(before.items.len(), 1);
    let oldest = world.issuer.events(AuditQuery { order: text("oldest"), ..all.clone() }).await.unwrap();
    assert!(oldest.items[0].get().contains("\"r1\"") && oldest.items[1].get().contains("\"r2\""));
    // Pages meet.
    let first = world.issuer.events(AuditQuery { limit: Some(1), ..all.clone() }).await.unwrap();
    let second = world.issuer.events(AuditQuery { limit: Some(1), cursor: first.next_cursor.clone(), ..all.clone() }).await.unwrap();
    assert!(first.items[0].get().contains("\"r2\"") && second.items[0].get().contains("\"r1\""));
    for bad in [
        AuditQuery { outcome: text("denied"), ..all.clone() },
        AuditQuery { from: text("x"), ..all.clone() },
        AuditQuery { to: text("x"), ..all.clone() },
        AuditQuery { cursor: text("x"), ..all.clone() },
        AuditQuery { limit: Some(1_001), ..all.clone() },
        AuditQuery { kind: text("gap"), ..all.clone() },
        AuditQuery { order: text("up"), ..all.clone() },
        AuditQuery { request_id: text("r2"), ..all.clone() },
        AuditQuery { attributes: text("{}"), ..all.clone() },
        AuditQuery { attributes: text(r#"{"a":null}"#), ..all.clone() },
        AuditQuery { attributes: text(r#"{"a":["x"]}"#), ..all.clone() },
        AuditQuery { attributes: text(r#"{"a":1,"a":1}"#), ..all.clone() },
        AuditQuery { attributes: text("vendor=x"), ..all.clone() },
    ] {
        assert_eq!(world.issuer.events(bad.clone()).await.unwrap_err().code(), "invalid_query", "{bad:?}");
    }
}
