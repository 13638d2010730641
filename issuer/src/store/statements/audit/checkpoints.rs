//! What the log has signed of itself: its key's public half, its checkpoints, and whether it signs at all.

use std::collections::HashMap;

use passport_shared::log::checkpoint::Checkpoint;
use passport_shared::log::merkle::{Frontier, Hash, Plan};
use passport_shared::log::note::Note;
use passport_shared::log::tile::{Content, Tile};
use sqlx::{QueryBuilder, Row as _};

use super::super::acting::Done;
use super::super::driver::{Db, DbConnection, DbRow, Failure, corrupt};
use super::head;
use crate::store::paging::page_size;
use crate::store::{LogHead, LogHold, LogState, Page, SignedCheckpoint, StoreError};

const SELECT: &str = "SELECT size, note, signed_at FROM audit_checkpoints WHERE ";

/// Where the log is, and what was signed of it, as of one moment.
pub(in super::super) async fn log_state(conn: &mut DbConnection) -> Result<LogState, Failure> {
    let (size, edge) = head::stored(conn).await?;
    let tree = Frontier::from_bytes(&edge).map_err(|error| corrupt("the head of the audit log", error))?;
    type Log = (String, Option<i64>, Option<String>, i64);
    let log: Option<Log> = sqlx::query_as("SELECT verifier_key, held_at, held_why, resumed_after FROM audit_log WHERE id = 1")
        .fetch_optional(&mut *conn)
        .await?;
    let last = newest(conn).await?;
    let (verifier_key, hold, resumed_after) = match log {
        None => (None, None, 0),
        Some((key, at, why, resumed)) => {
            let why = why.unwrap_or_default();
            (Some(key), at.map(|at| LogHold { at, why }), resumed)
        }
    };
    // One that was let be says nothing of the log as it is.
    let doubt = match last.as_ref().filter(|last| last.size > resumed_after) {
        Some(last) => doubt(conn, size, last).await?,
        None => None,
    };
    Ok(LogState { head: LogHead { size, root: tree.root() }, verifier_key, hold, last, doubt })
}

/// Why the log does not go on from its last checkpoint; `None`: it does.
async fn doubt(conn: &mut DbConnection, size: i64, last: &SignedCheckpoint) -> Result<Option<String>, Failure> {
    if size < last.size {
        let missing = last.size.saturating_sub(size);
        return Ok(Some(format!("it has {size} events, and a checkpoint was signed over {}: the last {missing} are missing", last.size)));
    }
    let signed = Note::parse(last.note.as_bytes()).ok().and_then(|note| Checkpoint::parse(note.unverified_text()).ok());
    Ok(match (signed, root_at(conn, last.size).await?) {
        (Some(signed), Some(root)) if *signed.root() == root && i64::try_from(signed.size()) == Ok(last.size) => None,
        (None, _) => Some(format!("its checkpoint of {} events cannot be read", last.size)),
        _ => Some(format!("its first {} events are not those that a checkpoint was signed over", last.size)),
    })
}

/// The root of the first `size` events, out of the tiles; `None` where a tile is missing or cut.
async fn root_at(conn: &mut DbConnection, size: i64) -> Result<Option<Hash>, Failure> {
    let Ok(size) = u64::try_from(size) else { return Ok(None) };
    let plan = Plan::root(size);
    let mut tiles = HashMap::new();
    for tile in plan.nodes().filter_map(|node| Tile::holding(node, size)) {
        let Content::Hashes(level) = tile.content() else { continue };
        let query = sqlx::query_scalar("SELECT hashes FROM audit_tiles WHERE level = $1 AND tile = $2").bind(i64::from(level));
        let bytes: Option<Vec<u8>> = query.bind(i64::try_from(tile.index()).unwrap_or(i64::MAX)).fetch_optional(&mut *conn).await?;
        tiles.insert(tile, bytes.unwrap_or_default());
    }
    let hashes = plan.hashes(|node| {
        let tile = Tile::holding(node, size).ok_or(())?;
        // It may have grown since.
        let width = usize::try_from(tile.width()).map_err(|_| ())?.saturating_mul(32);
        let bytes = tiles.get(&tile).and_then(|bytes| bytes.get(..width)).ok_or(())?;
        tile.node(bytes, node).ok_or(())
    });
    Ok(hashes.ok().and_then(|hashes| hashes.first().copied()))
}

/// Keeps the log's key, unless there is one already. Gives the one that counts.
pub(in super::super) async fn keep_key(conn: &mut DbConnection, verifier_key: &str, now: i64) -> Result<Done<String>, Failure> {
    let kept: Option<String> = sqlx::query_scalar("SELECT verifier_key FROM audit_log WHERE id = 1").fetch_optional(&mut *conn).await?;
    if let Some(kept) = kept {
        return Ok(Done::Unchanged(kept));
    }
    sqlx::query("INSERT INTO audit_log (id, verifier_key, created_at) VALUES (1, $1, $2)")
        .bind(verifier_key)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(Done::Changed(verifier_key.to_owned()))
}

/// Keeps a checkpoint that was signed over `root`, if that is the tree's at this moment and it is larger than the last.
/// Gives the newest.
pub(in super::super) async fn keep(conn: &mut DbConnection, signed: &SignedCheckpoint, root: &Hash) -> Result<SignedCheckpoint, Failure> {
    let state = log_state(conn).await?;
    if let Some(last) = state.last.as_ref().filter(|last| last.size >= signed.size) {
        return Ok(last.clone());
    }
    if let Some(why) = state.hold.map(|hold| hold.why).or(state.doubt) {
        return Err(refused(signed, why));
    }
    let (size, edge) = head::stored(conn).await?;
    let now = match size == signed.size {
        true => Frontier::from_bytes(&edge).ok().map(|tree| tree.root()),
        false if size > signed.size => root_at(conn, signed.size).await?,
        false => None,
    };
    if now.as_ref() != Some(root) {
        return Err(refused(signed, format!("the log of {size} events does not have that root")));
    }
    sqlx::query("INSERT INTO audit_checkpoints (size, note, signed_at) VALUES ($1, $2, $3)")
        .bind(signed.size)
        .bind(&signed.note)
        .bind(signed.signed_at)
        .execute(conn)
        .await?;
    Ok(signed.clone())
}

fn refused(signed: &SignedCheckpoint, problem: String) -> Failure {
    Failure::Refused(StoreError::Conflict { what: "checkpoint", id: signed.size.to_string(), problem })
}

async fn newest(conn: &mut DbConnection) -> Result<Option<SignedCheckpoint>, Failure> {
    let query = sqlx::query("SELECT size, note, signed_at FROM audit_checkpoints ORDER BY size DESC LIMIT 1");
    query.fetch_optional(conn).await?.as_ref().map(read).transpose()
}

/// Checkpoints in their order, those of more than `after` events.
pub(in super::super) async fn checkpoints(conn: &mut DbConnection, after: i64, limit: u32) -> Result<Page<SignedCheckpoint, i64>, Failure> {
    let most = page_size(limit);
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push("size > ").push_bind(after).push(" ORDER BY size LIMIT ").push_bind(most);
    let items = query.build().fetch_all(conn).await?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let next = items.last().filter(|_| i64::try_from(items.len()) == Ok(most)).map(|last| last.size);
    Ok(Page { items, next })
}

fn read(row: &DbRow) -> Result<SignedCheckpoint, Failure> {
    Ok(SignedCheckpoint { size: row.try_get("size")?, note: row.try_get("note")?, signed_at: row.try_get("signed_at")? })
}

/// Holds the log, unless it is held.
pub(in super::super) async fn hold(conn: &mut DbConnection, hold: &LogHold) -> Result<Done<bool>, Failure> {
    let changed = sqlx::query("UPDATE audit_log SET held_at = $1, held_why = $2 WHERE id = 1 AND held_at IS NULL")
        .bind(hold.at)
        .bind(&hold.why)
        .execute(conn)
        .await?;
    Ok(if changed.rows_affected() > 0 { Done::Changed(true) } else { Done::Unchanged(false) })
}

/// Lets the log go on, with what was signed before let be.
pub(in super::super) async fn resume(conn: &mut DbConnection) -> Result<Done<bool>, Failure> {
    let changed = sqlx::query(
        "UPDATE audit_log SET held_at = NULL, held_why = NULL, \
         resumed_after = (SELECT coalesce(max(size), 0) FROM audit_checkpoints) WHERE id = 1 AND held_at IS NOT NULL",
    )
    .execute(conn)
    .await?;
    Ok(if changed.rows_affected() > 0 { Done::Changed(true) } else { Done::Unchanged(false) })
}
