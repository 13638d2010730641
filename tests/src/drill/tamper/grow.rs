//! The log that is tampered with: made by a real issuer, of what several services reported and an admin changed.

use std::net::TcpListener;
use std::time::Duration;

use passport_shared::{jose, time};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use super::{Log, tables};
use crate::generate::Gen;
use crate::process::{Client, Issuer};

/// Events that services report: more than a block of the tables that events are found by.
pub(super) const EVENTS: usize = 4_400;
/// So many are reported before each checkpoint, in batches of a hundred.
const STRETCH: usize = 400;
/// Longer than the issuer has pass between two checkpoints.
const PAUSE: Duration = Duration::from_millis(1_100);

/// A log, as it rests once its issuer was stopped.
pub(super) fn grow(dice: &mut Gen) -> Log {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").to_string();
    let mut issuer = Issuer::start_with(&data, &free, &["--checkpoint-every", "86400"]);
    let admin = issuer.admin();
    let metadata = admin.get("/.well-known/passport-issuer");
    let key = metadata["auditLog"]["verifierKey"].as_str().expect("a key").to_owned();
    let mut reporters: Vec<Reporter> = ["shop", "bank", "läden"].iter().map(|name| enlist(&admin, name)).map(Reporter::new).collect();
    for first in (0..EVENTS).step_by(100) {
        let chosen = dice.below(reporters.len());
        let events: Vec<String> = (first..first + 100).map(|number| reporters[chosen].event(number, dice)).collect();
        reporters[chosen].send(&events);
        if (first + 100).is_multiple_of(STRETCH) {
            admin.post("/v1/agents", &json!({"agentId": format!("agent-{first}"), "name": "One more"}));
            std::thread::sleep(PAUSE);
            admin.text("/v1/audit/log/checkpoint");
        }
        // From then on hashes of what is hidden are kept as well, and nothing is decided again: until then each decision is one that the
        // issuer comes to another answer for, since it knows none of those passports.
        if first == EVENTS / 200 * 100 {
            assert!(issuer.stop(), "it stops in order");
            issuer = Issuer::start_with(
                &data,
                &free,
                &["--checkpoint-every", "86400", "--audit-sensitive-attributes", "note", "--redecide", "off"],
            );
        }
    }
    std::thread::sleep(PAUSE);
    admin.text("/v1/audit/log/checkpoint");
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

/// A service, and how far its chain has come.
struct Reporter {
    name: String,
    client: Client,
    seq: usize,
    last: Option<String>,
    late: Vec<String>,
}

impl Reporter {
    fn new((name, client): (String, Client)) -> Self {
        Self { name, client, seq: 0, last: None, late: Vec::new() }
    }

    /// The next event, of a chain with gaps and forks.
    fn event(&mut self, number: usize, dice: &mut Gen) -> String {
        match dice.below(60) {
            0 => self.last = Some("of another".to_owned()),
            1 => (self.last, self.seq) = (None, self.seq + 50),
            2 if !self.late.is_empty() => return self.late.swap_remove(dice.below(self.late.len())),
            _ => {}
        }
        let mut event = decision(number, dice);
        self.seq += 1;
        event["seq"] = self.seq.into();
        event["previous"] = self.last.as_ref().map(|text| jose::encode(Sha256::digest(text))).into();
        let text = event.to_string();
        self.last = Some(text.clone());
        if dice.chance(30) {
            self.late.push(text);
            event = decision(number + EVENTS, dice);
            self.seq += 1;
            event["seq"] = self.seq.into();
            event["previous"] = self.last.as_ref().map(|text| jose::encode(Sha256::digest(text))).into();
            self.last = Some(event.to_string());
            return event.to_string();
        }
        text
    }

    fn send(&self, events: &[String]) {
        let body = format!("{{\"reporter\":{},\"events\":[{}]}}", json!(self.name), events.join(","));
        let answer = self.client.try_post_text("/v1/audit/events", body);
        assert!(answer.as_ref().is_some_and(|(status, _)| *status == 200), "{answer:?}");
    }
}

fn decision(number: usize, dice: &mut Gen) -> Value {
    let at = time::format(1_780_000_000 + 20 * i64::try_from(number).expect("small")).expect("a time");
    let request = format!("req_{number}");
    if dice.chance(20) {
        let gap = json!({"from": at, "to": at, "count": 1, "why": "queue_full"});
        return json!({"requestId": request, "evaluatedAt": at, "gap": gap});
    }
    let (outcome, reason) = *dice.pick(&[("allow", "granted"), ("deny", "expired"), ("deny", "constraint_unmet")]);
    json!({
        "requestId": request, "allowed": outcome == "allow", "outcome": outcome, "reason": reason, "message": "as it was",
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
    tables::whole(&mut conn).await;
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
