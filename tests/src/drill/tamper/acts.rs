//! What is done to a stored log, one thing at a time, and where it has to be found.

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::rebuild::rebuild;
use super::{Log, grow};
use crate::generate::Gen;

/// Something that was done.
pub(super) struct Act {
    /// For the figures.
    pub(super) kind: &'static str,
    /// In words.
    pub(super) what: String,
    /// Where it shows: at any of these.
    pub(super) places: Vec<String>,
    /// The size of the checkpoint that somebody has kept who finds it; `None`: whoever has the last does.
    pub(super) kept: Option<i64>,
}

/// The columns of an event: all of them are flipped.
const TEXTS: [&str; 10] = ["event_id", "kind", "reporter", "request_id", "body", "agent_id", "passport_id", "outcome", "reason", "action"];
const NUMBERS: [&str; 5] = ["seq", "received_at", "evaluated_at", "conflict", "sequence"];

/// One thing, at random.
pub(super) async fn random(conn: &mut SqliteConnection, log: &Log, dice: &mut Gen) -> Act {
    let events: i64 = sqlx::query_scalar("SELECT max(sequence) FROM audit_events").fetch_one(&mut *conn).await.expect("read");
    assert!(usize::try_from(events).expect("small") > grow::EVENTS);
    let any = |dice: &mut Gen| 1 + i64::try_from(dice.below(usize::try_from(events).expect("small"))).expect("small");
    let event = any(dice);
    match dice.below(20) {
        0..7 => flip(conn, event, dice).await,
        7..9 => {
            run(conn, &format!("DELETE FROM audit_events WHERE sequence = {event}")).await;
            let places = vec![at(event), format!("events {event} to {events}")];
            Act { kind: "removed", what: format!("event {event} removed"), places, kept: None }
        }
        9..11 => swap(conn, event, any(dice), events).await,
        11..13 => regrow(conn, event, events, dice).await,
        13..15 => replay(conn, log, dice).await,
        15..17 => tile(conn, dice).await,
        17..18 => head(conn, dice).await,
        18..19 => note(conn, dice).await,
        _ => key(conn, dice).await,
    }
}

pub(super) async fn run(conn: &mut SqliteConnection, sql: &str) {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(conn).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn at(event: i64) -> String {
    format!("event {event}")
}

/// A bit of any column of an event; where that has no value, it gets one.
async fn flip(conn: &mut SqliteConnection, event: i64, dice: &mut Gen) -> Act {
    let column = match dice.below(TEXTS.len() + NUMBERS.len() + 2) {
        number if number < TEXTS.len() => TEXTS[number],
        number if number < TEXTS.len() + NUMBERS.len() => NUMBERS[number - TEXTS.len()],
        number if number == TEXTS.len() + NUMBERS.len() => "resource",
        _ => "body_hash",
    };
    let mut places = vec![at(event)];
    if NUMBERS.contains(&column) {
        let before: Option<i64> = value(conn, column, event).await;
        // The sign among them.
        let after = before.map_or(0, |before| before ^ (1 << dice.below(64)));
        if column == "sequence" {
            // In the place of another there is no room for two.
            run(conn, &format!("DELETE FROM audit_events WHERE sequence = {after}")).await;
            places.push(at(after.clamp(1, event)));
        }
        run(conn, &format!("UPDATE audit_events SET {column} = {after} WHERE sequence = {event}")).await;
    } else {
        let before: Option<Vec<u8>> = value(conn, &format!("CAST({column} AS BLOB)"), event).await;
        let mut after = before.unwrap_or_else(|| b"\x01".to_vec());
        let place = dice.below(after.len());
        after[place] ^= 1 << dice.below(8);
        let kind = if column == "body_hash" { "BLOB" } else { "TEXT" };
        let update = format!("UPDATE audit_events SET {column} = CAST($1 AS {kind}) WHERE sequence = {event}");
        sqlx::query(AssertSqlSafe(update)).bind(after).execute(conn).await.expect("changed");
    }
    Act { kind: "bits of events", what: format!("a bit of `{column}` of event {event}"), places, kept: None }
}

async fn value<T>(conn: &mut SqliteConnection, column: &str, event: i64) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + Unpin,
{
    let select = format!("SELECT {column} FROM audit_events WHERE sequence = {event}");
    sqlx::query_scalar(AssertSqlSafe(select)).fetch_one(conn).await.expect("there")
}

/// Two events change places; or one moves to the end, where both are the same.
async fn swap(conn: &mut SqliteConnection, one: i64, other: i64, events: i64) -> Act {
    let other = if one == other { events % one.max(2) + 1 } else { other };
    if one == other {
        return Box::pin(swap(conn, one, 2, events)).await;
    }
    let mut changed = conn.begin().await.expect("begun");
    for (from, to) in [(one, 0), (other, one), (0, other)] {
        run(&mut changed, &format!("UPDATE audit_events SET sequence = {to} WHERE sequence = {from}")).await;
    }
    changed.commit().await.expect("done");
    Act { kind: "swapped", what: format!("events {one} and {other} swapped"), places: vec![at(one.min(other))], kept: None }
}

/// Cut off from some event on and grown again without the key: the tree is whole, and the checkpoints are not its own. Half of
/// the time those are cut off as well, and only who has kept one sees it.
async fn regrow(conn: &mut SqliteConnection, event: i64, events: i64, dice: &mut Gen) -> Act {
    let what = if dice.chance(500) {
        run(conn, &format!("DELETE FROM audit_events WHERE sequence >= {event}")).await;
        format!("cut off from event {event} on")
    } else {
        run(conn, &format!("UPDATE audit_events SET received_at = received_at + 1 WHERE sequence >= {event}")).await;
        format!("written anew from event {event} on")
    };
    rebuild(conn).await;
    let forgotten = dice.chance(500);
    if forgotten {
        run(conn, &format!("DELETE FROM audit_checkpoints WHERE size >= {event}")).await;
    }
    // Between the last checkpoint before it and the first one that is left, or the one that was kept.
    let before: i64 = scalar(conn, &format!("SELECT coalesce(max(size), 0) FROM audit_checkpoints WHERE size < {event}")).await;
    let after: i64 = scalar(conn, &format!("SELECT coalesce(min(size), {events}) FROM audit_checkpoints WHERE size >= {event}")).await;
    let places =
        [after, events].into_iter().flat_map(|end| [format!("events {} to {end}", before + 1), format!("events {event} to {end}")]);
    Act { kind: "truncated and regrown", what: format!("{what}, checkpoints too: {forgotten}"), places: places.collect(), kept: None }
}

async fn scalar(conn: &mut SqliteConnection, select: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(select.to_owned())).fetch_one(conn).await.expect("read")
}

/// An old checkpoint in the place of a newer one.
async fn replay(conn: &mut SqliteConnection, log: &Log, dice: &mut Gen) -> Act {
    let newer = 1 + dice.below(log.notes.len() - 1);
    let (old, new) = (&log.notes[dice.below(newer)], &log.notes[newer]);
    let size = size(new);
    let update = sqlx::query("UPDATE audit_checkpoints SET note = $1 WHERE size = $2").bind(old).bind(size);
    assert_eq!(update.execute(conn).await.expect("changed").rows_affected(), 1);
    Act {
        kind: "checkpoints replayed",
        what: format!("an old checkpoint in the place of that of {size}"),
        places: vec![checkpoint(size)],
        kept: None,
    }
}

/// How many events a checkpoint is over.
pub(super) fn size(note: &str) -> i64 {
    note.lines().nth(1).and_then(|size| size.parse().ok()).expect("a size")
}

fn checkpoint(size: i64) -> String {
    format!("checkpoint of {size}")
}

/// A bit of a tile, or all of it.
async fn tile(conn: &mut SqliteConnection, dice: &mut Gen) -> Act {
    let tiles: Vec<(i64, i64, Vec<u8>)> =
        sqlx::query_as("SELECT level, tile, hashes FROM audit_tiles ORDER BY level, tile").fetch_all(&mut *conn).await.expect("read");
    let (level, number, mut hashes) = tiles[dice.below(tiles.len())].clone();
    let own = format!("tile {level}/{number}");
    if dice.chance(200) {
        run(conn, &format!("DELETE FROM audit_tiles WHERE level = {level} AND tile = {number}")).await;
        return Act { kind: "tiles", what: format!("{own} removed"), places: vec![own], kept: None };
    }
    let byte = dice.below(hashes.len());
    hashes[byte] ^= 1 << dice.below(8);
    let update = sqlx::query("UPDATE audit_tiles SET hashes = $1 WHERE level = $2 AND tile = $3").bind(hashes).bind(level).bind(number);
    update.execute(conn).await.expect("changed");
    // A leaf is an event's.
    let places = if level == 0 { vec![at(number * 256 + i64::try_from(byte / 32).expect("small") + 1)] } else { vec![own.clone()] };
    Act { kind: "tiles", what: format!("a bit of {own}"), places, kept: None }
}

async fn head(conn: &mut SqliteConnection, dice: &mut Gen) -> Act {
    let what = if dice.chance(300) {
        run(conn, &format!("UPDATE audit_head SET size = size + {}", 1 + dice.below(9))).await;
        "the size in the head".to_owned()
    } else {
        let mut edge: Vec<u8> = sqlx::query_scalar("SELECT edge FROM audit_head").fetch_one(&mut *conn).await.expect("read");
        let byte = dice.below(edge.len());
        edge[byte] ^= 1 << dice.below(8);
        sqlx::query("UPDATE audit_head SET edge = $1").bind(edge).execute(conn).await.expect("changed");
        format!("a bit of byte {byte} of the head")
    };
    Act { kind: "head", what, places: vec!["head".to_owned()], kept: None }
}

/// A bit of a note, or its size in the table.
async fn note(conn: &mut SqliteConnection, dice: &mut Gen) -> Act {
    let notes: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT size, CAST(note AS BLOB) FROM audit_checkpoints ORDER BY size").fetch_all(&mut *conn).await.expect("read");
    let (size, mut note) = notes[dice.below(notes.len())].clone();
    if dice.chance(200) {
        run(conn, &format!("UPDATE audit_checkpoints SET size = size + 100000 WHERE size = {size}")).await;
        let places = vec![checkpoint(size + 100_000)];
        return Act { kind: "checkpoints", what: format!("the size of the checkpoint of {size}"), places, kept: None };
    }
    let byte = dice.below(note.len());
    // ASCII stays ASCII.
    note[byte] ^= 1 << dice.below(7);
    let update = sqlx::query("UPDATE audit_checkpoints SET note = CAST($1 AS TEXT) WHERE size = $2").bind(note).bind(size);
    update.execute(conn).await.expect("changed");
    Act {
        kind: "checkpoints",
        what: format!("a bit of byte {byte} of the checkpoint of {size}"),
        places: vec![checkpoint(size)],
        kept: None,
    }
}

async fn key(conn: &mut SqliteConnection, dice: &mut Gen) -> Act {
    let mut key: Vec<u8> =
        sqlx::query_scalar("SELECT CAST(verifier_key AS BLOB) FROM audit_log").fetch_one(&mut *conn).await.expect("read");
    let byte = dice.below(key.len());
    key[byte] ^= 1 << dice.below(7);
    sqlx::query("UPDATE audit_log SET verifier_key = CAST($1 AS TEXT)").bind(key).execute(conn).await.expect("changed");
    Act { kind: "key", what: format!("a bit of byte {byte} of the verifier key"), places: vec!["key".to_owned()], kept: None }
}
