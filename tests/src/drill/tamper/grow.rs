//! The log that is tampered with: made by a real issuer, of what several services reported and an admin changed.

use std::net::TcpListener;
use std::time::Duration;

use passport_shared::time;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use super::Log;
use crate::generate::Gen;
use crate::process::{Client, Issuer};

/// Events that services report.
pub(super) const EVENTS: usize = 2_000;
/// So many are reported before each checkpoint, in batches of a hundred.
const STRETCH: usize = 400;
/// Longer than the issuer has pass between two checkpoints.
const PAUSE: Duration = Duration::from_millis(1_100);

/// A log, as it rests once its issuer was stopped.
pub(super) fn grow(dice: &mut Gen) -> Log {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").to_string();
    let issuer = Issuer::start_with(&data, &free, &["--checkpoint-every", "86400"]);
    let admin = issuer.admin();
    let metadata = admin.get("/.well-known/passport-issuer");
    let key = metadata["auditLog"]["verifierKey"].as_str().expect("a key").to_owned();
    let reporters: Vec<(String, Client)> = ["shop", "bank", "läden"].iter().map(|name| enlist(&admin, name)).collect();
    for first in (0..EVENTS).step_by(100) {
        let (name, client) = dice.pick(&reporters);
        let events: Vec<Value> = (first..first + 100).map(|number| decision(number, dice)).collect();
        client.post("/v1/audit/events", &json!({"reporter": name, "events": events}));
        if (first + 100).is_multiple_of(STRETCH) {
            admin.post("/v1/agents", &json!({"agentId": format!("agent-{first}"), "name": "One more"}));
            std::thread::sleep(PAUSE);
            admin.text("/v1/audit/log/checkpoint");
        }
    }
    assert!(issuer.stop(), "it stops in order");
    let log = Log { folder, key, notes: Vec::new() };
    let notes = tokio::runtime::Runtime::new().expect("a runtime").block_on(rest(&log, &data.join("passport.db")));
    for (number, note) in notes.iter().enumerate() {
        std::fs::write(log.kept(number), note).expect("written");
    }
    Log { notes, ..log }
}

fn enlist(admin: &Client, name: &str) -> (String, Client) {
    let issuer = admin.get("/.well-known/passport-issuer")["issuer"].as_str().expect("an issuer").to_owned();
    admin.post("/v1/agents", &json!({"agentId": name, "name": name}));
    let grants = json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}]);
    let order = json!({"agentId": name, "audience": [issuer], "grants": grants, "expiresIn": 86_400});
    let passport = admin.post("/v1/passports", &order)["passport"].as_str().expect("a passport").to_owned();
    (name.to_owned(), Client { url: admin.url.clone(), passport })
}

fn decision(number: usize, dice: &mut Gen) -> Value {
    let at = time::format(1_780_000_000 + i64::try_from(number).expect("small")).expect("a time");
    let request = format!("req_{number}");
    if dice.chance(20) {
        let gap = json!({"from": at, "to": at, "count": 3, "why": "queue_full"});
        return json!({"requestId": request, "seq": number, "evaluatedAt": at, "gap": gap});
    }
    let (outcome, reason) = *dice.pick(&[("allow", "granted"), ("deny", "expired"), ("deny", "constraint_unmet")]);
    json!({
        "requestId": request, "seq": number, "allowed": outcome == "allow", "outcome": outcome, "reason": reason, "message": "as it was",
        "agentId": dice.pick(&["ollie", "olga", "øle"]), "passportId": format!("pp_{}", dice.below(9)), "action": "purchase",
        "resource": if dice.chance(500) { Some("commerce") } else { None },
        "attributes": {"amount": dice.below(100_000), "note": "ein \"Zettel\"\n"}, "evaluatedAt": at,
    })
}

/// A copy of the database without what keeps an honest writer from changing it. Gives the notes that are in it.
async fn rest(log: &Log, database: &std::path::Path) -> Vec<String> {
    let mut conn = SqliteConnectOptions::new().filename(database).connect().await.expect("opened");
    sqlx::query("VACUUM INTO $1").bind(log.path().to_string_lossy().into_owned()).execute(&mut conn).await.expect("copied");
    conn.close().await.expect("closed");
    let mut conn = SqliteConnectOptions::new().filename(log.path()).connect().await.expect("opened");
    let triggers: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetch_all(&mut conn).await.expect("read");
    for trigger in triggers {
        sqlx::query(AssertSqlSafe(format!("DROP TRIGGER {trigger}"))).execute(&mut conn).await.expect("dropped");
    }
    // Nor do the database's own rules hold who writes to the file: a changed id may be another's.
    for index in ["audit_events_first", "audit_events_conflicting", "audit_events_of_admins"] {
        sqlx::query(AssertSqlSafe(format!("DROP INDEX {index}"))).execute(&mut conn).await.expect("dropped");
    }
    let notes = sqlx::query_scalar("SELECT note FROM audit_checkpoints ORDER BY size").fetch_all(&mut conn).await.expect("read");
    let (events, covered): (i64, i64) = sqlx::query_as("SELECT max(sequence), (SELECT max(size) FROM audit_checkpoints) FROM audit_events")
        .fetch_one(&mut conn)
        .await
        .expect("read");
    assert_eq!(events, covered, "the last checkpoint is over all of it");
    conn.close().await.expect("closed");
    notes
}
