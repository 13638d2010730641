//! Reading a whole stored log for a check that believes nothing of it: rows, tiles, head, key and checkpoints.

use futures_util::TryStreamExt as _;
use sqlx::{QueryBuilder, Row as _};

use super::super::driver::{Db, DbConnection, DbRow, Failure};
use super::beside::Beside;
use super::indexes::Indexes;
use super::rows::{self, SELECT};
use super::terms::SPAN;
use super::trail::Trail;
use crate::store::check::{Asked, LogCheck, LogReport, Stored};
use crate::store::{AuditEvent, SignedCheckpoint};

/// Checks the log, as of the moment of the transaction. `shown` is told how many of how many events were looked at.
pub(in super::super) async fn check(
    conn: &mut DbConnection,
    asked: &Asked,
    shown: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<LogReport, Failure> {
    let stored = stored(conn).await?;
    let is_hiding: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_hiding").fetch_one(&mut *conn).await?;
    let mut trail = Trail::new(conn, is_hiding > 0, stored.dropped_to.is_some_and(|to| to > 0)).await?;
    let (mut indexes, mut beside) = (Indexes::new(), Beside::new());
    let mut check = LogCheck::new(asked, stored);
    let expected = check.expected();
    let (mut after, mut span, mut looked) = (i64::MIN, 0_i64, 0_u64);
    loop {
        let tile = sqlx::query_scalar("SELECT hashes FROM audit_tiles WHERE level = 0 AND tile = $1").bind(span);
        let tile: Option<Vec<u8>> = tile.fetch_optional(&mut *conn).await?;
        let mut query = QueryBuilder::<Db>::new(SELECT);
        query.push("sequence > ").push_bind(after).push(" ORDER BY sequence LIMIT ").push_bind(SPAN);
        let mut rows = query.build().fetch(&mut *conn);
        let mut found = 0;
        let mut tile = Some(tile);
        while let Some(row) = rows.try_next().await? {
            // Where there is no event more there need not be a tile.
            if let Some(tile) = tile.take() {
                check.leaves(span, tile);
            }
            after = row.try_get("sequence")?;
            let event = read(&row);
            let link = check.event(event.as_ref().map_err(Clone::clone));
            if let Ok(event) = &event {
                indexes.take_in(&event.into());
                trail.take_in(event, link);
                beside.take_in(event);
            }
            found += 1;
            looked += 1;
        }
        drop(rows);
        shown(looked, expected);
        span += 1;
        if found < SPAN {
            break;
        }
    }
    let upper: Vec<(i64, i64, Vec<u8>)> =
        sqlx::query_as("SELECT level, tile, hashes FROM audit_tiles WHERE level <> 0 ORDER BY level, tile").fetch_all(&mut *conn).await?;
    let leaves: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_tiles WHERE level = 0").fetch_one(&mut *conn).await?;
    let last: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT hashes FROM audit_tiles WHERE level = 0 ORDER BY tile DESC LIMIT 1").fetch_optional(&mut *conn).await?;
    let mut report = check.end(&upper, (leaves, last.map_or(0, |last| last.len())));
    // Of events that are not what they were, nothing else need be.
    if report.is_sound() {
        indexes.compare(conn, &mut report).await?;
        trail.compare(conn, &mut report).await?;
        beside.compare(conn, &mut report).await?;
    }
    Ok(report)
}

async fn stored(conn: &mut DbConnection) -> Result<Stored, Failure> {
    let log = sqlx::query("SELECT verifier_key FROM audit_log WHERE id = 1").fetch_optional(&mut *conn).await?;
    let key = log.as_ref().map(|row| text(row, "verifier_key"));
    let resumed = "SELECT count(*) FROM audit_events WHERE kind = 'admin' AND action = 'audit.resume'";
    let resumed: i64 = sqlx::query_scalar(resumed).fetch_one(&mut *conn).await?;
    let head = sqlx::query_as("SELECT size, edge FROM audit_head WHERE id = 1").fetch_optional(&mut *conn).await?;
    let dropped_to = sqlx::query_scalar("SELECT dropped_to FROM audit_retention WHERE id = 1").fetch_optional(&mut *conn).await?;
    let rows = sqlx::query("SELECT size, note, signed_at FROM audit_checkpoints ORDER BY size").fetch_all(conn).await?;
    let mut checkpoints = Vec::with_capacity(rows.len());
    for row in rows {
        checkpoints.push(SignedCheckpoint { size: row.try_get("size")?, note: text(&row, "note"), signed_at: row.try_get("signed_at")? });
    }
    Ok(Stored { key, checkpoints, head, dropped_to, resumed: resumed > 0, has_tree: true })
}

/// A text that has to be as it was written. One that is no text any more is none that could have been, and is found as that.
pub(super) fn text(row: &DbRow, column: &str) -> String {
    row.try_get(column).unwrap_or_else(|_| char::REPLACEMENT_CHARACTER.to_string())
}

/// The event in a row; why it is none.
fn read(row: &DbRow) -> Result<AuditEvent, String> {
    // To who lists events anything but 0 is a conflict; here it has to be what was written.
    let conflict: i64 = row.try_get("conflict").map_err(|error| error.to_string())?;
    if !matches!(conflict, 0 | 1) {
        return Err(format!("its column `conflict` is {conflict}"));
    }
    rows::read(row).map_err(|failure| match failure {
        Failure::Refused(error) => error.to_string(),
        Failure::Driver(error) => error.to_string(),
    })
}
