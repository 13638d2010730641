//! Reading a whole stored log for a check that believes nothing of it: rows, tiles, head, key and checkpoints.

use futures_util::TryStreamExt as _;
use sqlx::{QueryBuilder, Row as _};

use super::super::driver::{Db, DbConnection, DbRow, Failure};
use super::indexes::Indexes;
use super::rows::{self, SELECT};
use super::terms::SPAN;
use crate::store::check::{Asked, LogCheck, LogReport, Stored};
use crate::store::{AuditEvent, SignedCheckpoint};

/// Checks the log, as of the moment of the transaction. `shown` is told how many of how many events were looked at.
pub(in super::super) async fn check(
    conn: &mut DbConnection,
    asked: &Asked,
    shown: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<LogReport, Failure> {
    let mut check = LogCheck::new(asked, stored(conn).await?);
    let mut indexes = Indexes::new();
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
            check.event(event.as_ref().map_err(Clone::clone));
            event.iter().for_each(|event| indexes.take_in(&event.into()));
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
    }
    Ok(report)
}

async fn stored(conn: &mut DbConnection) -> Result<Stored, Failure> {
    let key = sqlx::query("SELECT verifier_key FROM audit_log WHERE id = 1").fetch_optional(&mut *conn).await?;
    let key = key.map(|row| text(&row, "verifier_key"));
    let head = sqlx::query_as("SELECT size, edge FROM audit_head WHERE id = 1").fetch_optional(&mut *conn).await?;
    let dropped_to = sqlx::query_scalar("SELECT dropped_to FROM audit_retention WHERE id = 1").fetch_optional(&mut *conn).await?;
    let rows = sqlx::query("SELECT size, note, signed_at FROM audit_checkpoints ORDER BY size").fetch_all(conn).await?;
    let mut checkpoints = Vec::with_capacity(rows.len());
    for row in rows {
        checkpoints.push(SignedCheckpoint { size: row.try_get("size")?, note: text(&row, "note"), signed_at: row.try_get("signed_at")? });
    }
    Ok(Stored { key, checkpoints, head, dropped_to, has_tree: true })
}

/// A text that has to be as it was written. One that is no text any more is none that could have been, and is found as that.
fn text(row: &DbRow, column: &str) -> String {
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
