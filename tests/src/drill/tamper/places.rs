//! Where a change of a table has to show.

use std::collections::BTreeSet;

use passport_shared::text::quote;
use passport_shared::time;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::acts::Act;
use super::tables::{Cells, Table};

/// Events of one block of the tables that events are found by.
const BLOCK: i64 = 4_096;
/// Events of one tile.
const TILE: i64 = 256;

/// The places of a change from these rows to those, in whose way others have stood, any of which may be named; `None` for a change that says nothing else.
pub(super) async fn places(
    conn: &mut SqliteConnection,
    table: &Table,
    before: &[Cells],
    after: &[Cells],
    replaced: &[Cells],
) -> Option<Act> {
    let events: i64 = one(conn, "SELECT max(sequence) FROM audit_events").await;
    let rows: Vec<&Cells> = before.iter().chain(after).chain(replaced).collect();
    let mut places = BTreeSet::new();
    let mut kept = None;
    for row in &rows {
        let number = |column: &str| row.get(column).parse::<i64>().unwrap_or_default();
        match table.name {
            "audit_events" => {
                let at = number("sequence");
                // Where there is no room for it, the tree has no leaf for the one behind the last.
                let at = if (1..=events).contains(&at) {
                    at
                } else if at < 1 {
                    1
                } else {
                    events + 1
                };
                places.insert(format!("event {at}"));
                places.insert(format!("events {at} to {events}"));
                if at == events + 1 && events % TILE == 0 {
                    places.insert(format!("tile 0/{}", events / TILE));
                }
            }
            "audit_head" => drop(places.insert("head".to_owned())),
            "audit_tiles" => {
                let (level, tile) = (number("level"), number("tile"));
                places.insert(format!("tile {level}/{tile}"));
                if level == 0 {
                    let leaves: i64 = one(conn, "SELECT count(*) FROM audit_tiles WHERE level = 0").await;
                    places.insert(format!("tile 0/{leaves}"));
                    for leaf in 0..TILE {
                        places.insert(format!("event {}", tile.saturating_mul(TILE).saturating_add(leaf + 1)));
                    }
                }
            }
            "audit_terms" | "audit_blocks" => {
                let blocks = events / BLOCK;
                let block = Some(number("block")).filter(|block| (0..blocks).contains(block)).unwrap_or(blocks);
                places.insert(format!("index of events {} to {}", block * BLOCK + 1, (block + 1) * BLOCK));
            }
            "audit_counts" => {
                // Two that are seven years apart share a place.
                let hours: Vec<i64> =
                    sqlx::query_scalar("SELECT DISTINCT hour FROM audit_counts").fetch_all(&mut *conn).await.expect("read");
                let own = number("hour");
                for hour in hours.into_iter().filter(|hour| hour.rem_euclid(65_536) == own.rem_euclid(65_536)).chain([own]) {
                    places.insert(match time::format(hour.saturating_mul(3_600)) {
                        Some(text) => format!("counts of the hour of {text}"),
                        None => format!("counts of hour {hour}"),
                    });
                }
            }
            "audit_reporters" | "audit_chains" | "audit_findings" => {
                let name: Vec<u8> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT CAST({} AS BLOB)", row.get("reporter"))))
                    .fetch_one(&mut *conn)
                    .await
                    .ok()?;
                // What is no text any more is nobody.
                let name = String::from_utf8(name).unwrap_or_else(|_| char::REPLACEMENT_CHARACTER.to_string());
                places.insert(format!("reporter {}", quote(&name)));
                if table.name == "audit_findings" {
                    places.insert("order of findings".to_owned());
                }
            }
            "audit_log" => {
                places.insert("key".to_owned());
                places.insert("hold".to_owned());
            }
            "audit_checkpoints" => {
                places.insert(format!("checkpoint of {}", number("size")));
                kept = after.is_empty().then(|| number("size"));
            }
            "audit_retention" => drop(places.insert("retention".to_owned())),
            "audit_redecided" => drop(places.insert(format!("differences of event {events}"))),
            "audit_differences" => {
                let of = "SELECT coalesce(max(sequence), 0) FROM audit_events WHERE action = 'audit.redecide' \
                          AND json_extract(body, '$.change.differences[0].sequence') <=";
                let of: i64 = one(conn, &format!("{of} {}", number("sequence"))).await;
                places.insert(format!("differences of event {of}"));
            }
            "audit_hiding" => drop(places.insert("hiding".to_owned())),
            other => panic!("nobody knows where a change of `{other}` shows"),
        }
    }
    if table.name == "audit_findings" && is_in_order(conn, before, after).await {
        return None;
    }
    Some(Act { kind: "", what: String::new(), places: places.into_iter().collect(), kept })
}

/// Whether a finding has another number and the same place in their order: the number itself says nothing.
async fn is_in_order(conn: &mut SqliteConnection, before: &[Cells], after: &[Cells]) -> bool {
    let ([before], [after]) = (before, after) else { return false };
    let others = before.columns.iter().zip(&after.columns).all(|(one, other)| one == other || one.0 == "finding");
    let place = async |conn: &mut SqliteConnection, row: &Cells| {
        one(
            conn,
            &format!(
                "SELECT count(*) FROM audit_findings WHERE finding < {0} AND finding <> {1}",
                row.get("finding"),
                before.get("finding")
            ),
        )
        .await
    };
    let taken = format!("SELECT count(*) FROM audit_findings WHERE finding = {}", after.get("finding"));
    others && one(conn, &taken).await == 0 && place(conn, before).await == place(conn, after).await
}

async fn one(conn: &mut SqliteConnection, select: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(select.to_owned())).fetch_one(conn).await.expect("read")
}
