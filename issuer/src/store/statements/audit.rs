//! The audit log: appended to, read, never changed (triggers in the schema see to that).

use std::collections::HashSet;

use futures_util::TryStreamExt as _;
use sqlx::{QueryBuilder, Row};

use super::driver::{Db, DbConnection, DbRow, Failure, corrupt, exists, unique_or};
use crate::store::paging::{page, page_size};
use crate::store::{AdminEvent, AppendOutcome, AuditEvent, AuditFilter, EventKind, MAX_PAGE_BYTES, NewEvent, Page};

macro_rules! columns {
    () => {
        "(event_id, kind, reporter, seq, request_id, body, body_hash, received_at, evaluated_at, agent_id, passport_id, \
         outcome, reason, action, resource, conflict) "
    };
}
/// Rows that one statement writes: most of the cost of a row is the way to the database and back.
const ROWS: usize = 100;

pub(super) async fn append(conn: &mut DbConnection, reporter: &str, events: &[NewEvent]) -> Result<AppendOutcome, Failure> {
    let mut outcome = AppendOutcome::default();
    for part in events.chunks(ROWS) {
        let mut written = insert_new(conn, reporter, part).await?;
        for event in part {
            if written.remove(&event.event_id) {
                outcome.accepted += 1;
                continue;
            }
            let first: String = sqlx::query_scalar(
                "SELECT body_hash FROM audit_events WHERE reporter = $1 AND request_id = $2 \
                 AND kind = 'decision' AND conflict = 0",
            )
            .bind(reporter)
            .bind(&event.request_id)
            .fetch_one(&mut *conn)
            .await?;
            let differs = first != event.body_hash;
            if differs && insert(conn, INSERT_CONFLICTING, reporter, EventKind::Decision, event, true).await? {
                outcome.conflicts += 1;
            } else {
                outcome.duplicates += 1;
            }
        }
    }
    Ok(outcome)
}

/// Writes those of `events` whose request id is new, in their order. Gives the ids of those that it wrote.
async fn insert_new(conn: &mut DbConnection, reporter: &str, events: &[NewEvent]) -> Result<HashSet<String>, Failure> {
    let mut query = QueryBuilder::<Db>::new(concat!("INSERT INTO audit_events ", columns!()));
    query.push_values(events, |mut row, event| {
        row.push_bind(&event.event_id)
            .push_bind(EventKind::Decision.as_str())
            .push_bind(reporter)
            .push_bind(event.seq)
            .push_bind(&event.request_id)
            .push_bind(&event.body)
            .push_bind(&event.body_hash)
            .push_bind(event.received_at)
            .push_bind(event.evaluated_at)
            .push_bind(&event.agent_id)
            .push_bind(&event.passport_id)
            .push_bind(&event.outcome)
            .push_bind(&event.reason)
            .push_bind(&event.action)
            .push_bind(&event.resource)
            .push_bind(0_i64);
    });
    query.push(" ON CONFLICT (reporter, request_id) WHERE kind = 'decision' AND conflict = 0 DO NOTHING RETURNING event_id");
    // Only the statement of a whole part is worth being kept.
    let statement = query.build_query_scalar::<String>().persistent(events.len() == ROWS);
    let written = statement.fetch_all(conn).await.map_err(|error| unique_or(error, || exists("audit event", "of this batch")))?;
    Ok(written.into_iter().collect())
}

/// Writes the event of an admin's change. Called by the writer alone, in the change's transaction.
pub(super) async fn insert_admin(conn: &mut DbConnection, admin: &AdminEvent) -> Result<(), Failure> {
    insert(conn, INSERT, &admin.reporter, EventKind::Admin, &admin.event, false).await?;
    Ok(())
}

macro_rules! insert {
    ($or:literal) => {
        concat!(
            "INSERT INTO audit_events ",
            columns!(),
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            $or
        )
    };
}

const INSERT: &str = insert!("");
const INSERT_CONFLICTING: &str = insert!(
    " ON CONFLICT (reporter, request_id, body_hash) WHERE kind = 'decision' AND conflict = 1 \
     DO NOTHING"
);

/// Whether a row was written.
async fn insert(
    conn: &mut DbConnection,
    statement: &'static str,
    reporter: &str,
    kind: EventKind,
    event: &NewEvent,
    conflict: bool,
) -> Result<bool, Failure> {
    let written = sqlx::query(statement)
        .bind(&event.event_id)
        .bind(kind.as_str())
        .bind(reporter)
        .bind(event.seq)
        .bind(&event.request_id)
        .bind(&event.body)
        .bind(&event.body_hash)
        .bind(event.received_at)
        .bind(event.evaluated_at)
        .bind(&event.agent_id)
        .bind(&event.passport_id)
        .bind(&event.outcome)
        .bind(&event.reason)
        .bind(&event.action)
        .bind(&event.resource)
        .bind(i64::from(conflict))
        .execute(conn)
        .await
        .map_err(|error| unique_or(error, || exists("audit event", &event.event_id)))?
        .rows_affected();
    Ok(written > 0)
}

pub(super) async fn list(conn: &mut DbConnection, filter: AuditFilter) -> Result<Page<AuditEvent, i64>, Failure> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT sequence, event_id, kind, reporter, seq, request_id, body, body_hash, \
         received_at, evaluated_at, agent_id, passport_id, outcome, reason, action, resource, \
         conflict FROM audit_events WHERE sequence < ",
    );
    query.push_bind(filter.cursor.unwrap_or(i64::MAX));
    let kind = filter.kind.map(|kind| kind.as_str().to_owned());
    for (column, value) in [
        ("agent_id", filter.agent_id),
        ("passport_id", filter.passport_id),
        ("outcome", filter.outcome),
        ("reason", filter.reason),
        ("action", filter.action),
        ("resource", filter.resource),
        ("reporter", filter.reporter),
        ("kind", kind),
    ] {
        if let Some(value) = value {
            query.push(" AND ").push(column).push(" = ").push_bind(value);
        }
    }
    if let Some(from) = filter.from {
        query.push(" AND coalesce(evaluated_at, received_at) >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" AND coalesce(evaluated_at, received_at) < ").push_bind(to);
    }
    query.push(" ORDER BY sequence DESC LIMIT ").push_bind(page_size(filter.limit) + 1);
    // Row by row: a thousand bodies of a megabyte never stand in memory together.
    let mut rows = query.build().fetch(conn);
    let (mut items, mut bytes) = (Vec::<AuditEvent>::new(), 0_usize);
    while let Some(row) = rows.try_next().await? {
        let event = read(&row)?;
        bytes = bytes.saturating_add(event.body.len());
        if bytes > MAX_PAGE_BYTES && !items.is_empty() {
            let next = items.last().map(|last| last.sequence);
            return Ok(Page { items, next });
        }
        items.push(event);
    }
    Ok(page(items, filter.limit, |event| event.sequence))
}

pub(super) async fn latest_seq(conn: &mut DbConnection, reporter: &str) -> Result<Option<i64>, Failure> {
    Ok(sqlx::query_scalar(
        "SELECT seq FROM audit_events WHERE reporter = $1 AND kind = 'decision' \
         AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1",
    )
    .bind(reporter)
    .fetch_optional(conn)
    .await?)
}

fn read(row: &DbRow) -> Result<AuditEvent, Failure> {
    let kind: String = row.try_get("kind")?;
    Ok(AuditEvent {
        sequence: row.try_get("sequence")?,
        event_id: row.try_get("event_id")?,
        kind: EventKind::parse(&kind).ok_or_else(|| corrupt("an event's kind", format!("`{kind}` is no kind")))?,
        reporter: row.try_get("reporter")?,
        seq: row.try_get("seq")?,
        request_id: row.try_get("request_id")?,
        body: row.try_get("body")?,
        body_hash: row.try_get("body_hash")?,
        received_at: row.try_get("received_at")?,
        evaluated_at: row.try_get("evaluated_at")?,
        agent_id: row.try_get("agent_id")?,
        passport_id: row.try_get("passport_id")?,
        outcome: row.try_get("outcome")?,
        reason: row.try_get("reason")?,
        action: row.try_get("action")?,
        resource: row.try_get("resource")?,
        conflict: row.try_get::<i64, _>("conflict")? != 0,
    })
}
