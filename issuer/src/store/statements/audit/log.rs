//! Reading the log in its order, and its tree.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use passport_shared::log::merkle::Frontier;
use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure, corrupt};
use super::head;
use super::rows::{self, SELECT};
use crate::store::paging::page_size;
use crate::store::{AuditEvent, LogHead, MAX_PAGE_BYTES, Page};

/// The most events of one request that are given.
const OF_REQUEST: i64 = 100;

/// Events in the order of acceptance.
pub(in super::super) async fn log_from(conn: &mut DbConnection, after: i64, limit: u32) -> Result<Page<AuditEvent, i64>, Failure> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    let most = page_size(limit);
    query.push("sequence > ").push_bind(after).push(" ORDER BY sequence LIMIT ").push_bind(most);
    let mut rows = query.build().fetch(conn);
    let (mut items, mut bytes) = (Vec::<AuditEvent>::new(), 0_usize);
    while let Some(row) = rows.try_next().await? {
        let event = rows::read(&row)?;
        bytes = bytes.saturating_add(event.event.body.len());
        if bytes > MAX_PAGE_BYTES && !items.is_empty() {
            break;
        }
        items.push(event);
    }
    let full = bytes > MAX_PAGE_BYTES || i64::try_from(items.len()) == Ok(most);
    let next = items.last().filter(|_| full).map(|last| last.sequence);
    Ok(Page { items, next })
}

/// The events under one request id, of any reporter.
pub(in super::super) async fn of_request(conn: &mut DbConnection, request_id: &str) -> Result<Vec<AuditEvent>, Failure> {
    let mut sequences = Vec::<i64>::new();
    // Each of these is an index of its own.
    for which in ["kind = 'admin'", "kind = 'decision' AND conflict = 0", "kind = 'decision' AND conflict = 1"] {
        let mut query = QueryBuilder::<Db>::new("SELECT sequence FROM audit_events WHERE ");
        query.push(which).push(" AND request_id = ").push_bind(request_id).push(" ORDER BY sequence LIMIT ").push_bind(OF_REQUEST);
        sequences.extend(query.build_query_scalar::<i64>().fetch_all(&mut *conn).await?);
    }
    sequences.sort_unstable();
    let mut events = Vec::new();
    for sequence in sequences.into_iter().take(usize::try_from(OF_REQUEST).unwrap_or(usize::MAX)) {
        let mut query = QueryBuilder::<Db>::new(SELECT);
        query.push("sequence = ").push_bind(sequence);
        events.push(rows::read(&query.build().fetch_one(&mut *conn).await?)?);
    }
    Ok(events)
}

/// How far the log has come.
pub(in super::super) async fn log_head(conn: &mut DbConnection) -> Result<LogHead, Failure> {
    let (size, edge) = head::stored(conn).await?;
    let tree = Frontier::from_bytes(&edge).map_err(|error| corrupt("the head of the audit log", error))?;
    Ok(LogHead { size, root: tree.root() })
}

/// Tiles, as far as they are filled.
pub(in super::super) async fn tiles(conn: &mut DbConnection, wanted: &[(i64, i64)]) -> Result<Vec<Option<Vec<u8>>>, Failure> {
    let mut found = HashMap::new();
    for key in wanted {
        if found.contains_key(key) {
            continue;
        }
        let query = sqlx::query_scalar("SELECT hashes FROM audit_tiles WHERE level = $1 AND tile = $2").bind(key.0).bind(key.1);
        let tile: Option<Vec<u8>> = query.fetch_optional(&mut *conn).await?;
        found.insert(*key, tile);
    }
    Ok(wanted.iter().map(|key| found.get(key).cloned().flatten()).collect())
}
