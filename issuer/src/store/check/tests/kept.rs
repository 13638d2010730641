//! What is kept beside the events: of reporters, of what was found, and of how the log is.

use passport_shared::hidden::Names;
use passport_shared::jose;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::service::testing::{ISSUER, settings};
use crate::service::{Issuer, Settings};
use crate::store::{AdminEvent, LogHold, NewEvent};

/// A reporter that is not always orderly.
struct Sender {
    name: String,
    token: String,
    sent: Vec<String>,
    seq: i64,
    last: Option<String>,
    /// What it has not sent yet.
    kept_back: Vec<String>,
}

impl Sender {
    async fn new(world: &World, name: &str) -> Self {
        let grants = r#"[{"resource":"issuer/audit","allowedActions":["audit.write"]}]"#;
        let token = world.passport(name, ISSUER, grants).await.passport;
        Self { name: name.to_owned(), token, sent: Vec::new(), seq: 0, last: None, kept_back: Vec::new() }
    }

    /// The next of its events, by a chance.
    fn next(&mut self, dice: &mut StdRng) -> String {
        let count = if dice.random_ratio(1, 12) { dice.random_range(1..5) } else { 0 };
        match dice.random_range(0..24) {
            0 if !self.sent.is_empty() => return self.sent[dice.random_range(0..self.sent.len())].clone(),
            1..3 if !self.kept_back.is_empty() => return self.kept_back.swap_remove(dice.random_range(0..self.kept_back.len())),
            // It is somebody else's turn to speak for it, or it has forgotten.
            3 => self.last = Some("what nobody sent".to_owned()),
            4 => (self.last, self.seq) = (None, dice.random_range(0..self.seq + 40)),
            5 => self.seq = dice.random_range(0..=self.seq),
            _ => {}
        }
        let text = self.event(count, dice);
        if dice.random_ratio(1, 8) {
            self.kept_back.push(text);
            return self.next(dice);
        }
        text
    }

    fn event(&mut self, count: i64, dice: &mut StdRng) -> String {
        self.seq += count.max(1);
        let previous = self.last.as_ref().map(|text| jose::encode(Sha256::digest(text)));
        let at = "2026-11-18T11:00:00Z";
        let id = format!("req_{}_{}", self.seq, dice.random_range(0..1_000));
        let text = match count {
            0 => json!({
                "seq": self.seq, "previous": previous, "requestId": id, "outcome": "allow", "reason": "granted", "agentId": "ollie",
                "action": "purchase", "attributes": {"card": 4_111, "amount": 7}, "evaluatedAt": at,
            }),
            _ => json!({
                "seq": self.seq, "previous": previous, "requestId": id, "evaluatedAt": at,
                "gap": {"from": at, "to": at, "count": count, "why": "queue_full"},
            }),
        };
        self.last = Some(text.to_string());
        text.to_string()
    }

    async fn report(&mut self, issuer: &Issuer, events: i64, dice: &mut StdRng) {
        let texts: Vec<String> = (0..events).map(|_| self.next(dice)).collect();
        let events = texts.iter().map(|text| RawValue::from_string(text.clone()).unwrap()).collect();
        let caller = issuer.authorize(Some(&self.token), "audit.write", "issuer/audit", &[]).await.unwrap();
        let reporter = self.name.clone();
        issuer.report_events(&caller, passport_shared::api::audit::ReportEvents { reporter, events }).await.unwrap();
        self.sent.extend(texts);
    }
}

/// A log of reporters that lose, double, delay and forget; some of it hidden, where that is asked for.
async fn disorderly(seed: u64, hides: bool) -> World {
    let world = World::new().await;
    let mut dice = StdRng::seed_from_u64(seed);
    let mut senders = Vec::new();
    for name in ["shop", "bank", "läden"] {
        senders.push(Sender::new(&world, name).await);
    }
    let mut issuer = world.issuer.clone();
    for round in 0..30 {
        let sender = dice.random_range(0..3);
        senders[sender].report(&issuer, dice.random_range(1..8), &mut dice).await;
        world.place.clock.advance(dice.random_range(0..9));
        // Whatever it has in memory is gone.
        if dice.random_ratio(1, 5) {
            let sensitive = if hides && round > 9 { vec!["card".into()] } else { vec![] };
            issuer = world.place.try_start(Settings { hidden: Names { shown: None, sensitive }, ..settings() }).await.unwrap().0;
        }
    }
    let last = Issuer::clone(&issuer);
    last.checkpoint().await.unwrap();
    issuer.close().await.unwrap();
    world.issuer.close().await.unwrap();
    World { issuer: last, ..world }
}

#[tokio::test]
async fn however_reporters_lose_double_and_forget_a_log_that_nobody_touched_raises_no_alarm() {
    let mut found = 0;
    for seed in 0..8 {
        let world = disorderly(seed, seed % 2 == 0).await;
        let report = checked(&database(&world), &Asked::default()).await;
        assert!(report.is_sound(), "{seed}: {:?}", report.problems);
        found += rows(&world, "SELECT count(*) FROM audit_findings").await;
    }
    assert!(found > 40, "{found}: they were orderly");
}

async fn rows(world: &World, query: &str) -> i64 {
    let mut conn: SqliteConnection = SqliteConnectOptions::new().filename(database(world)).connect().await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut conn).await.unwrap()
}

#[tokio::test]
async fn what_is_kept_of_a_reporter_has_to_say_what_its_events_say() {
    let world = disorderly(1, false).await;
    let (shop, bank) = (Place::Reporter("shop".into()), Place::Reporter("bank".into()));
    let of_shop = "(SELECT min(finding) FROM audit_findings WHERE reporter = 'shop')";
    for (act, places) in [
        ("UPDATE audit_reporters SET last_sequence = last_sequence - 1 WHERE reporter = 'shop'".to_owned(), vec![&shop]),
        ("UPDATE audit_reporters SET last_at = last_at + 1 WHERE reporter = 'shop'".to_owned(), vec![&shop]),
        ("DELETE FROM audit_reporters WHERE reporter = 'bank'".to_owned(), vec![&bank]),
        ("UPDATE audit_chains SET last_hash = zeroblob(32) WHERE reporter = 'shop'".to_owned(), vec![&shop]),
        ("UPDATE audit_chains SET last_seq = last_seq + 1 WHERE reporter = 'shop'".to_owned(), vec![&shop]),
        ("DELETE FROM audit_chains WHERE reporter = 'bank'".to_owned(), vec![&bank]),
        (
            "UPDATE audit_chains SET reporter = 'bank', first_seq = first_seq + 100000 WHERE reporter = 'shop'".to_owned(),
            vec![&bank, &shop],
        ),
        (format!("DELETE FROM audit_findings WHERE finding = {of_shop}"), vec![&shop]),
        (format!("UPDATE audit_findings SET resolved_at = 7 WHERE finding = {of_shop}"), vec![&shop]),
        (format!("UPDATE audit_findings SET sequence = sequence + 1 WHERE finding = {of_shop}"), vec![&shop]),
        (format!("UPDATE audit_findings SET found_at = found_at + 1 WHERE finding = {of_shop}"), vec![&shop]),
        (format!("UPDATE audit_findings SET finding = 100000 WHERE finding = {of_shop}"), vec![&Place::Findings]),
    ] {
        let report = tampered(&world, &[&act]).await;
        assert_eq!(report.problems.iter().map(|problem| &problem.place).collect::<Vec<_>>(), places, "{act}: {:?}", report.problems);
    }
    let nobody = "INSERT INTO audit_findings (kind, reporter, from_seq, to_seq, sequence, found_at) VALUES ('gap', 'nobody', 1, 2, 3, 4)";
    assert_eq!(tampered(&world, &[nobody]).await.problems[0].place, Place::Reporter("nobody".into()));
}

/// The bodies say what came before. Where some are gone, what is left is that each chain ends at an event, and each finding is of one.
#[tokio::test]
async fn where_bodies_were_dropped_a_chain_ends_at_an_event_and_a_finding_is_of_one() {
    let world = disorderly(1, false).await;
    let drop = "UPDATE audit_retention SET dropped_to = 40, untold = 40 WHERE id = 1";
    let gone = [drop, "UPDATE audit_events SET body = '' WHERE sequence <= 40"];
    let report = tampered(&world, &gone).await;
    assert_eq!((report.problems.as_slice(), report.dropped), ([].as_slice(), 40));
    for act in [
        "UPDATE audit_chains SET last_seq = last_seq + 1 WHERE reporter = 'shop'",
        "UPDATE audit_findings SET sequence = 1 WHERE reporter = 'shop'",
        "UPDATE audit_findings SET found_at = found_at + 1000000 WHERE reporter = 'shop'",
    ] {
        let report = tampered(&world, &[gone[0], gone[1], act]).await;
        assert_eq!(report.problems.first().map(|problem| &problem.place), Some(&Place::Reporter("shop".into())), "{act}");
    }
    let more = "UPDATE audit_retention SET dropped_to = 50";
    assert_eq!(tampered(&world, &[gone[0], gone[1], more]).await.problems[0].place, Place::Retention);
}

#[tokio::test]
async fn what_tells_how_the_log_is_has_to_agree_with_the_events_that_tell_of_it() {
    let (world, _) = log(300).await;
    let log = "INSERT INTO audit_log (id, verifier_key, created_at, resumed_after) VALUES (2, 'x', 0, 0)";
    for (acts, place) in [
        (&["UPDATE audit_retention SET dropped_to = 3"] as &[&str], Place::Retention),
        (&["UPDATE audit_retention SET dropped_to = -3"], Place::Retention),
        (&["UPDATE audit_retention SET untold = 3"], Place::Retention),
        (&["DELETE FROM audit_retention"], Place::Retention),
        (&["UPDATE audit_log SET resumed_after = 304"], Place::Hold),
        (&["UPDATE audit_log SET held_at = 304"], Place::Hold),
        (&["PRAGMA ignore_check_constraints = 1", log], Place::Key),
        (&["UPDATE audit_redecided SET sequence = 305"], Place::Differences(304)),
        (&["UPDATE audit_redecided SET sequence = -1"], Place::Differences(304)),
        (&["UPDATE audit_tiles SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 0 AND tile = 0"], Place::Tile(0, 0)),
    ] {
        let report = tampered(&world, acts).await;
        assert_eq!(report.problems.first().map(|problem| &problem.place), Some(&place), "{acts:?}: {:?}", report.problems);
    }
}

/// What the issuer itself tells.
fn own_event(action: &str, change: &Value) -> AdminEvent {
    let body = json!({"requestId": action, "action": action, "outcome": "allow", "evaluatedAt": null, "change": change}).to_string();
    let (action, outcome) = (Some(action.to_owned()), Some("allow".to_owned()));
    let id = action.clone().unwrap();
    let body_hash = Sha256::digest(&body).into();
    let event =
        NewEvent { event_id: format!("evt_{id}"), request_id: id, body, body_hash, received_at: 7, action, outcome, ..NewEvent::default() };
    AdminEvent { reporter: ISSUER.to_owned(), event }
}

#[tokio::test]
async fn a_log_that_was_held_and_goes_on_says_so_in_its_events() {
    let (world, _) = log(300).await;
    let (issuer, _) = world.place.start().await;
    let event = own_event("audit.hold", &json!({"type": "log_held", "why": "somebody came"}));
    world.place.store().await.hold_log(LogHold { at: 7, why: "somebody came".into() }, event).await.unwrap();
    issuer.close().await.unwrap();
    let report = checked(&database(&world), &Asked::default()).await;
    assert!(report.is_sound(), "{:?}", report.problems);
    let report = tampered(&world, &["UPDATE audit_log SET held_at = NULL, held_why = NULL"]).await;
    assert_eq!(report.problems.first().map(|problem| &problem.place), Some(&Place::Hold), "{:?}", report.problems);

    let (issuer, _) = world.place.start().await;
    assert!(issuer.resume_log().await.unwrap());
    issuer.checkpoint().await.unwrap();
    issuer.close().await.unwrap();
    let report = checked(&database(&world), &Asked::default()).await;
    assert!(report.is_sound() && report.checkpoints == 3, "{:?}", report.problems);
    let report = tampered(&world, &["UPDATE audit_log SET resumed_after = 0"]).await;
    assert_eq!(report.problems.first().map(|problem| &problem.place), Some(&Place::Hold), "{:?}", report.problems);
}

/// A later checkpoint says all that an earlier one did, but who has kept that one sees that it is not there any more.
#[tokio::test]
async fn a_checkpoint_that_was_removed_is_missed_by_who_has_kept_it() {
    let (world, note) = log(300).await;
    let (issuer, _) = world.place.start().await;
    let world = World { issuer, ..world };
    world.agent("one-more").await;
    world.issuer.checkpoint().await.unwrap();
    world.issuer.close().await.unwrap();
    let asked = Asked { key: None, kept: vec![note] };
    assert!(checked(&database(&world), &asked).await.is_sound());
    let path = world.place.path().join("tampered.db");
    tampered(&world, &["DELETE FROM audit_checkpoints WHERE size = 304"]).await;
    assert_eq!(checked(&path, &asked).await.problems[0].place, Place::Checkpoint(304));
}

#[tokio::test]
async fn differences_have_to_be_those_that_the_events_tell_of() {
    let world = World::new().await;
    let passport = world.ollie().await;
    let caller = world.admin("audit.write", "issuer/audit").await;
    for first in [0, 30] {
        let lie = |seq: i64| {
            json!({
                "requestId": format!("r{seq}"), "seq": seq, "allowed": true, "outcome": "allow", "reason": "granted", "agentId": "ollie",
                "passportId": passport.passport_id, "issuer": ISSUER, "keyId": passport.key_id, "grant": 0, "action": "refund",
                "resource": "commerce", "attributes": {}, "evaluatedAt": "2026-11-18T11:00:00Z",
            })
        };
        let events = (first..first + 30).map(|seq| RawValue::from_string(lie(seq).to_string()).unwrap()).collect();
        world.issuer.report_events(&caller, passport_shared::api::audit::ReportEvents { reporter: "admin".into(), events }).await.unwrap();
    }
    let issuer = &world.issuer;
    let mut turn = issuer.redecide_turn();
    while issuer.redecide(&mut turn, 35).await.unwrap() > 0 {}
    issuer.close().await.unwrap();
    let count = rows(&world, "SELECT count(*) FROM audit_differences").await;
    assert!(count > 20, "{count}: more than an event names");
    assert!(checked(&database(&world), &Asked::default()).await.is_sound());
    for act in [
        "UPDATE audit_differences SET expected = replace(expected, 'e', 'a') WHERE sequence = (SELECT min(sequence) FROM audit_differences)",
        "UPDATE audit_differences SET found_at = found_at + 1 WHERE sequence = (SELECT max(sequence) FROM audit_differences)",
        "UPDATE audit_differences SET kind = 'else' WHERE sequence = (SELECT max(sequence) FROM audit_differences)",
        "DELETE FROM audit_differences WHERE sequence = (SELECT max(sequence) FROM audit_differences)",
        "DELETE FROM audit_differences WHERE sequence = (SELECT min(sequence) FROM audit_differences)",
    ] {
        let report = tampered(&world, &[act]).await;
        let places: Vec<_> = report.problems.iter().map(|problem| &problem.place).collect();
        assert!(matches!(places.as_slice(), [Place::Differences(_)]), "{act}: {:?}", report.problems);
    }
    let made_up = "INSERT INTO audit_differences VALUES (1, 'a', 'b', NULL, 'c', '{}', '{}', 0)";
    assert_eq!(tampered(&world, &[made_up]).await.problems[0].place, Place::Differences(0));
}
