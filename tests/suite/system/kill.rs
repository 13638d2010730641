//! What was acknowledged survives kill -9.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use passport_tests::process::{Client, Issuer};
use serde_json::{Value, json};

/// Kills in one run. The long form: `PASSPORT_TEST_KILLS=200 cargo test -p passport-tests survives`.
fn rounds() -> usize {
    std::env::var("PASSPORT_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// What the issuer has said yes to.
#[derive(Default)]
struct Acknowledged {
    passports: Mutex<Vec<String>>,
    revocations: Mutex<Vec<String>>,
    events: Mutex<Vec<String>>,
}

fn grants() -> Value {
    json!([{"resource": "commerce", "allowedActions": ["purchase"]}])
}

fn issue(client: &Client) -> Option<String> {
    let body = json!({"agentId": "ollie", "audience": ["https://shop.example"], "grants": grants(), "expiresIn": 3600});
    let (status, answer) = client.try_post("/v1/passports", &body)?;
    (status == 201).then(|| answer["passportId"].as_str().expect("an id").to_owned())
}

fn event(request_id: &str, seq: usize) -> Value {
    json!({"seq": seq, "requestId": request_id, "allowed": true, "outcome": "allow", "reason": "granted", "message": "", "details": [],
        "agentId": "ollie", "passportId": null, "issuer": null, "keyId": null, "grant": 0, "action": "purchase", "resource": "commerce",
        "attributes": {}, "evaluatedAt": "2026-11-23T18:00:00Z"})
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let known = Acknowledged::default();
    let mut issuer = Issuer::start(&data);
    let admin = issuer.admin();
    admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    let address = issuer.address().to_owned();
    for round in 0..rounds() {
        work_until_killed(issuer, &admin, &known, round);
        issuer = Issuer::start_at(&data, &address);
        everything_is_there(&admin, &known);
    }
    let counts = [&known.passports, &known.revocations, &known.events].map(|list| list.lock().expect("no panic").len());
    println!("acknowledged and found after {} kills: {counts:?} passports, revocations and events", rounds());
    assert!(counts.iter().all(|count| *count > 10), "too little was done to say anything: {counts:?}");
}

fn work_until_killed(issuer: Issuer, admin: &Client, known: &Acknowledged, round: usize) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                let Some(id) = issue(admin) else { continue };
                known.passports.lock().expect("no panic").push(id.clone());
                count += 1;
                if count % 2 == 0
                    && admin
                        .try_post(&format!("/v1/passports/{id}/revoke"), &json!({"reason": "test"}))
                        .is_some_and(|(status, _)| status == 200)
                {
                    known.revocations.lock().expect("no panic").push(id);
                }
            }
        });
        scope.spawn(|| {
            let mut seq = 0;
            while !stop.load(Ordering::Relaxed) {
                let ids: Vec<String> = (0..10).map(|n| format!("req_{round}_{}", seq + n)).collect();
                let events: Vec<Value> = ids.iter().enumerate().map(|(n, id)| event(id, round * 1_000_000 + seq + n)).collect();
                seq += 10;
                if admin
                    .try_post("/v1/audit/events", &json!({"reporter": "admin", "events": events}))
                    .is_some_and(|(status, _)| status == 200)
                {
                    known.events.lock().expect("no panic").extend(ids);
                }
            }
        });
        let counts = || [&known.passports, &known.revocations, &known.events].map(|list| list.lock().expect("no panic").len());
        let (before, deadline) = (counts(), Instant::now() + Duration::from_secs(30));
        while counts().iter().zip(before).any(|(now, before)| *now < before + 3) {
            assert!(Instant::now() < deadline, "the issuer does too little: {:?}", counts());
            std::thread::sleep(Duration::from_millis(10));
        }
        // Somewhere in the middle of the next act, elsewhere each time.
        std::thread::sleep(Duration::from_millis(37 * u64::try_from(round % 7).expect("small")));
        issuer.kill();
        stop.store(true, Ordering::Relaxed);
    });
}

fn everything_is_there(admin: &Client, known: &Acknowledged) {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let passports = admin.list("/v1/passports");
    for id in known.passports.lock().expect("no panic").iter() {
        assert!(passports.iter().any(|passport| text(passport, "passportId") == *id), "{id} was acknowledged and is gone");
    }
    for id in known.revocations.lock().expect("no panic").iter() {
        assert!(
            passports.iter().any(|passport| text(passport, "passportId") == *id && text(passport, "state") == "revoked"),
            "the revocation of {id} is gone"
        );
    }
    let events = admin.list("/v1/audit/events");
    let decisions: Vec<String> = events.iter().filter(|event| event["kind"] == "decision").map(|event| text(event, "requestId")).collect();
    for id in known.events.lock().expect("no panic").iter() {
        assert_eq!(decisions.iter().filter(|other| *other == id).count(), 1, "the event {id}");
    }
    // A change and its event are one: every passport that is there has its event, and the other way round.
    let issued = events.iter().filter(|event| event["kind"] == "admin" && event["action"] == "passports.issue").count();
    let listed = passports.iter().filter(|passport| passport["agentId"] == "ollie").count();
    assert_eq!(issued, listed, "passports and their audit events");
}
