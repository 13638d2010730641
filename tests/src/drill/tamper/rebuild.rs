//! The cleverest that can be done without the key: the whole tree anew, over other events.

use std::borrow::Cow;
use std::collections::BTreeMap;

use passport_shared::log::entry::Entry;
use passport_shared::log::merkle::Frontier;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

/// Makes tiles and head those of the events that there are now.
pub(super) async fn rebuild(conn: &mut SqliteConnection) {
    let rows = sqlx::query("SELECT * FROM audit_events ORDER BY sequence").fetch_all(&mut *conn).await.expect("read");
    let (mut tree, mut tiles) = (Frontier::default(), BTreeMap::<(i64, i64), Vec<u8>>::new());
    for row in &rows {
        let appended = tree.append_with(entry(row).leaf().expect("short"), |node, hash| {
            if node.level.is_multiple_of(8) {
                let place = (i64::from(node.level / 8), i64::try_from(node.index / 256).expect("small"));
                tiles.entry(place).or_default().extend_from_slice(hash);
            }
        });
        appended.expect("room");
    }
    sqlx::query("DELETE FROM audit_tiles").execute(&mut *conn).await.expect("deleted");
    for ((level, tile), hashes) in tiles {
        let insert = sqlx::query("INSERT INTO audit_tiles (level, tile, hashes) VALUES ($1, $2, $3)").bind(level).bind(tile);
        insert.bind(hashes).execute(&mut *conn).await.expect("written");
    }
    let head = sqlx::query("UPDATE audit_head SET size = $1, edge = $2").bind(i64::try_from(tree.size()).expect("small"));
    head.bind(tree.to_bytes()).execute(conn).await.expect("written");
}

/// As docs/audit.md A2 has it.
fn entry(row: &SqliteRow) -> Entry<'static> {
    let optional = |name: &str| row.get::<Option<String>, _>(name).map(Cow::Owned);
    let hash = row.get::<Option<Vec<u8>>, _>("reported_hash");
    let digits = |hash: Vec<u8>| hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = |name: &str| Cow::Owned(row.get::<String, _>(name));
    Entry {
        sequence: row.get("sequence"),
        event_id: text("event_id"),
        kind: text("kind"),
        reporter: text("reporter"),
        seq: row.get("seq"),
        request_id: text("request_id"),
        body_hash: Entry::hash_of(row.get("body")),
        reported_hash: hash.map(digits).map(Cow::Owned),
        received_at: row.get("received_at"),
        evaluated_at: row.get("evaluated_at"),
        agent_id: optional("agent_id"),
        passport_id: optional("passport_id"),
        outcome: optional("outcome"),
        reason: optional("reason"),
        action: optional("action"),
        resource: optional("resource"),
        conflict: row.get::<i64, _>("conflict") != 0,
    }
}
