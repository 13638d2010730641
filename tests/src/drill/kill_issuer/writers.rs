//! Who writes while the issuer is killed: one thread for each kind of change, and what they were told.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::ledger::{Acknowledged, BATCH, Kind};
use crate::generate::Gen;
use crate::process::Client;

/// One of them. It works until the last argument but one is true.
pub(super) type Writer = fn(&Client, &Acknowledged, u64, &AtomicBool, &mut Gen);

pub(super) const ALL: [Writer; 4] = [passports, agents, keys, events];

/// Whether it was answered with this status.
fn yes(answer: Option<(u16, Value)>, status: u16) -> Option<Value> {
    answer.filter(|(given, _)| *given == status).map(|(_, body)| body)
}

fn passports(admin: &Client, known: &Acknowledged, round: u64, stop: &AtomicBool, dice: &mut Gen) {
    let agent = format!("owner-{round}");
    let created = yes(admin.try_post("/v1/agents", &json!({"agentId": agent, "name": "Owner"})), 201);
    if created.is_some() {
        known.note(Kind::Agent, agent.clone());
    }
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
    let order = json!({"agentId": agent, "audience": ["https://shop.example"], "grants": grants, "expiresIn": 3_600});
    while !stop.load(Ordering::SeqCst) {
        let Some(issued) = yes(admin.try_post("/v1/passports", &order), 201) else { continue };
        let id = issued["passportId"].as_str().expect("an id").to_owned();
        known.note(Kind::Passport, id.clone());
        let path = format!("/v1/passports/{id}/revoke");
        if dice.below(2) == 0 && yes(admin.try_post(&path, &json!({"reason": "drill"})), 200).is_some() {
            known.note(Kind::Revocation, id);
        }
    }
}

fn agents(admin: &Client, known: &Acknowledged, round: u64, stop: &AtomicBool, dice: &mut Gen) {
    for number in 0_u64.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let id = format!("agent-{round}-{number}");
        if yes(admin.try_post("/v1/agents", &json!({"agentId": id, "name": "Short-lived"})), 201).is_none() {
            continue;
        }
        known.note(Kind::Agent, id.clone());
        if dice.below(2) == 0 && yes(admin.try_post(&format!("/v1/agents/{id}/disable"), &json!({"reason": "drill"})), 200).is_some() {
            known.note(Kind::Disabled, id);
        }
    }
}

fn keys(admin: &Client, known: &Acknowledged, _: u64, stop: &AtomicBool, _: &mut Gen) {
    while !stop.load(Ordering::SeqCst) {
        if let Some(keys) = yes(admin.try_post("/v1/keys/rotate", &json!({})), 200) {
            let next = keys["items"].as_array().into_iter().flatten().find(|key| key["state"] == "next");
            known.note(Kind::Key, next.and_then(|key| key["keyId"].as_str()).expect("a next key").to_owned());
        }
    }
}

fn events(admin: &Client, known: &Acknowledged, round: u64, stop: &AtomicBool, _: &mut Gen) {
    for batch in 0_u64.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let ids: Vec<String> = (0..BATCH).map(|number| format!("req_{round}_{batch}_{number}")).collect();
        let events: Vec<Value> = ids.iter().zip(0_u64..).map(|(id, number)| event(id, (round << 32) + batch * BATCH + number)).collect();
        if yes(admin.try_post("/v1/audit/events", &json!({"reporter": "admin", "events": events})), 200).is_some() {
            ids.into_iter().for_each(|id| known.note(Kind::Event, id));
        }
    }
}

fn event(request_id: &str, seq: u64) -> Value {
    json!({"seq": seq, "requestId": request_id, "allowed": true, "outcome": "allow", "reason": "granted", "message": "", "details": [],
        "agentId": "ollie", "passportId": null, "issuer": null, "keyId": null, "grant": 0, "action": "purchase", "resource": "commerce",
        "attributes": {}, "evaluatedAt": "2026-11-23T18:00:00Z"})
}
