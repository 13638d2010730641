//! What is changed in a stored log is found where it is, and what nobody changed is not. The long form is `drill tamper`.

use std::path::{Path, PathBuf};

use passport_verifier::log::LogVerifier;
use serde_json::json;
use serde_json::value::RawValue;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

use super::*;
use crate::service::testing::World;
use crate::store::sqlite::{check_log, copy};

mod kept;

/// A log of a real issuer with more than a tile, and a few checkpoints; the last is over all of it.
async fn log(reported: i64) -> (World, Vec<u8>) {
    let world = World::new().await;
    world.issuer.checkpoint().await.unwrap();
    let caller = world.admin("audit.write", "issuer/audit").await;
    let text = |seq: i64| json!({"requestId": format!("r{seq}"), "seq": seq, "outcome": "deny", "reason": "expired", "evaluatedAt": null, "agentId": "a"});
    let event = |seq| RawValue::from_string(text(seq).to_string()).unwrap();
    for first in (0..reported).step_by(100) {
        let events = (first..reported.min(first + 100)).map(event).collect();
        world.issuer.report_events(&caller, passport_shared::api::audit::ReportEvents { reporter: "admin".into(), events }).await.unwrap();
    }
    world.issuer.close().await.unwrap();
    // Another process signs at once.
    let (issuer, _) = world.place.start().await;
    let last = issuer.checkpoint().await.unwrap();
    issuer.close().await.unwrap();
    (World { issuer, ..world }, last.note.into_bytes())
}

fn database(world: &World) -> PathBuf {
    world.place.path().join("passport.db")
}

async fn checked(path: &Path, asked: &Asked) -> LogReport {
    check_log(path, asked, &mut |_, _| {}).await.unwrap()
}

/// A copy with this done to it, by who has the file and lets no trigger stop them.
async fn tampered(world: &World, acts: &[&str]) -> LogReport {
    let path = world.place.path().join("tampered.db");
    let _ = std::fs::remove_file(&path);
    copy(&database(world), &path, &mut |_, _| {}).await.unwrap();
    let mut conn: SqliteConnection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    for table in ["audit_events", "audit_checkpoints"] {
        for trigger in ["updated", "deleted"] {
            sqlx::query(AssertSqlSafe(format!("DROP TRIGGER {table}_never_{trigger}"))).execute(&mut conn).await.unwrap();
        }
    }
    for act in acts {
        sqlx::query(AssertSqlSafe((*act).to_owned())).execute(&mut conn).await.unwrap();
    }
    drop(conn);
    checked(&path, &Asked::default()).await
}

#[tokio::test]
async fn a_log_that_nobody_touched_raises_no_alarm_however_it_is_checked() {
    let (world, note) = log(600).await;
    let key = LogVerifier::new(&world.issuer.log_key().to_string()).unwrap();
    let asked = Asked { key: Some(key.clone()), kept: vec![note.clone()] };
    let report = checked(&database(&world), &asked).await;
    assert_eq!((report.problems.as_slice(), report.count), ([].as_slice(), 0));
    assert_eq!((report.events, report.covered, report.checkpoints), (604, 604, 2));

    let (issuer, _) = world.place.start().await;
    let mut lines = Vec::new();
    for event in issuer
        .events(passport_shared::api::audit::AuditQuery { limit: Some(1_000), ..Default::default() })
        .await
        .unwrap()
        .items
        .into_iter()
        .rev()
    {
        lines.extend_from_slice(event.get().as_bytes());
        lines.push(b'\n');
    }
    let exported = export::check(&asked, lines.as_slice(), |_| {}).unwrap();
    assert_eq!((exported.problems.as_slice(), exported.events, exported.covered), ([].as_slice(), 604, 604));
    let changed = String::from_utf8(lines).unwrap().replacen("\"r300\"", "\"r301\"", 1);
    let exported = export::check(&asked, changed.as_bytes(), |_| {}).unwrap();
    assert_eq!(exported.problems[0].place, Place::Events(1, 604), "its one checkpoint is over all of it");
}

/// What the age took is no alarm, in the store and in an export; what somebody else took is.
#[tokio::test]
async fn a_body_that_was_dropped_by_age_is_no_alarm_and_another_is() {
    let (world, _) = log(600).await;
    let dropped = &[
        "UPDATE audit_retention SET dropped_to = 300, untold = 300 WHERE id = 1",
        "UPDATE audit_events SET body = '' WHERE sequence <= 300",
    ];
    let report = tampered(&world, dropped).await;
    assert_eq!((report.problems.as_slice(), report.dropped, report.covered), ([].as_slice(), 300, 604));
    let report = tampered(&world, &[dropped[0], dropped[1], "UPDATE audit_events SET body = '' WHERE sequence = 301"]).await;
    assert_eq!(report.problems.iter().map(|problem| &problem.place).collect::<Vec<_>>(), [&Place::Event(301)]);
    let report = tampered(&world, &[dropped[0], dropped[1], "UPDATE audit_events SET outcome = 'allow' WHERE sequence = 7"]).await;
    assert_eq!(report.problems.first().map(|problem| &problem.place), Some(&Place::Event(7)), "the tree has all but the body");
}

#[tokio::test]
async fn each_kind_of_tampering_is_found_where_it_is() {
    let (world, _) = log(600).await;
    let event = Place::Event;
    let cases: [(&[&str], Place); 17] = [
        (&["UPDATE audit_events SET outcome = 'allow' WHERE sequence = 300"], event(300)),
        (&["UPDATE audit_events SET received_at = received_at + 1 WHERE sequence = 604"], event(604)),
        (&["UPDATE audit_events SET body = replace(body, 'deny', 'dent') WHERE sequence = 77"], event(77)),
        (&["UPDATE audit_events SET body_hash = zeroblob(32) WHERE sequence = 77"], event(77)),
        (&["DELETE FROM audit_events WHERE sequence = 256"], event(256)),
        (&["DELETE FROM audit_events WHERE sequence = 604"], Place::Events(604, 604)),
        (&["DELETE FROM audit_events WHERE sequence = 257", "UPDATE audit_events SET sequence = 257 WHERE sequence = 604"], event(257)),
        (&["UPDATE audit_tiles SET hashes = zeroblob(8192) WHERE level = 0 AND tile = 1"], event(257)),
        (&["UPDATE audit_tiles SET hashes = zeroblob(64) WHERE level = 1 AND tile = 0"], Place::Tile(1, 0)),
        (&["DELETE FROM audit_tiles WHERE level = 0 AND tile = 1"], Place::Tile(0, 1)),
        (&["UPDATE audit_head SET size = size - 1"], Place::Head),
        (&["UPDATE audit_checkpoints SET note = (SELECT note FROM audit_checkpoints ORDER BY size LIMIT 1)"], Place::Checkpoint(604)),
        (&["UPDATE audit_checkpoints SET note = CAST(x'ff' || CAST(note AS BLOB) AS TEXT) WHERE size = 604"], Place::Checkpoint(604)),
        (&["UPDATE audit_log SET verifier_key = CAST(CAST(verifier_key AS BLOB) || x'ff' AS TEXT)"], Place::Key),
        (&["UPDATE audit_checkpoints SET size = 605 WHERE size = 604"], Place::Checkpoint(605)),
        (&["UPDATE audit_checkpoints SET note = replace(note, '604', '605') WHERE size = 604"], Place::Checkpoint(604)),
        (&["UPDATE audit_log SET verifier_key = 'other+' || substr(verifier_key, instr(verifier_key, '+') + 1)"], Place::Key),
    ];
    for (acts, place) in cases {
        let report = tampered(&world, acts).await;
        assert_eq!(report.problems.first().map(|problem| &problem.place), Some(&place), "{acts:?}: {report:?}");
    }
    assert!(tampered(&world, &[]).await.is_sound());
}

#[tokio::test]
async fn what_events_are_found_and_counted_by_has_to_say_what_they_say() {
    let (world, _) = log(8_300).await;
    let sound = checked(&database(&world), &Asked::default()).await;
    assert!(sound.is_sound(), "{:?}", sound.problems);
    let (first, second, behind) = (Place::Index(1, 4_096), Place::Index(4_097, 8_192), Place::Index(8_193, 12_288));
    let hour = |problem: &Problem| matches!(problem.place, Place::Counts(_));
    for (act, place) in [
        ("DELETE FROM audit_terms WHERE block = 0 AND term = 1 AND value = 'a'", &first),
        ("UPDATE audit_terms SET spans = spans & ~1 WHERE block = 1 AND term = 5 AND value = 'expired'", &second),
        ("UPDATE audit_terms SET value = 'b' WHERE block = 1 AND term = 1 AND value = 'a'", &second),
        ("INSERT INTO audit_terms (term, value, block, spans) VALUES (1, 'nobody', 0, 1)", &first),
        ("INSERT INTO audit_terms (term, value, block, spans) VALUES (1, 'a', 2, 1)", &behind),
        ("UPDATE audit_blocks SET min_time = min_time + 1 WHERE block = 1", &second),
        ("DELETE FROM audit_blocks WHERE block = 0", &first),
    ] {
        let report = tampered(&world, &[act]).await;
        assert_eq!(report.problems.iter().map(|problem| &problem.place).collect::<Vec<_>>(), [place], "{act}: {:?}", report.problems);
    }
    for act in [
        "UPDATE audit_counts SET count = count - 1 WHERE agent_id = 'a'",
        "UPDATE audit_counts SET reason = 'granted' WHERE agent_id = 'a'",
        "DELETE FROM audit_counts WHERE agent_id = 'a'",
        "INSERT INTO audit_counts (hour, agent_id, outcome, reason, count) VALUES (1, 'a', 'deny', 'expired', 1)",
    ] {
        let report = tampered(&world, &[act]).await;
        assert!(report.problems.len() == 1 && report.problems.iter().all(hour), "{act}: {:?}", report.problems);
    }
}
