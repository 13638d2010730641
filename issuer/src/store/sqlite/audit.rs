//! The audit log: appended to, read, never changed (triggers in the schema see to that).

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::agents::{page, page_size};
use super::driver::{Failure, corrupt, exists, unique_or};
use crate::store::{AdminEvent, AppendOutcome, AuditEvent, AuditFilter, EventKind, MAX_PAGE_BYTES, NewEvent, Page};

pub(super) async fn append(conn: &mut SqliteConnection, reporter: &str, events: &[NewEvent]) -> Result<AppendOutcome, Failure> {
    let mut outcome = AppendOutcome::default();
    for event in events {
        if insert(conn, INSERT_FIRST, reporter, EventKind::Decision, event, false).await? {
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
    Ok(outcome)
}

/// Writes the event of an admin's change. Called by the writer alone, in the change's transaction.
pub(super) async fn insert_admin(conn: &mut SqliteConnection, admin: &AdminEvent) -> Result<(), Failure> {
    insert(conn, INSERT, &admin.reporter, EventKind::Admin, &admin.event, false).await?;
    Ok(())
}

macro_rules! insert {
    ($or:literal) => {
        concat!(
            "INSERT INTO audit_events (event_id, kind, reporter, seq, request_id, body, ",
            "body_hash, received_at, evaluated_at, agent_id, passport_id, outcome, reason, ",
            "action, resource, conflict) ",
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            $or
        )
    };
}

const INSERT: &str = insert!("");
const INSERT_FIRST: &str = insert!(" ON CONFLICT (reporter, request_id) WHERE kind = 'decision' AND conflict = 0 DO NOTHING");
const INSERT_CONFLICTING: &str = insert!(
    " ON CONFLICT (reporter, request_id, body_hash) WHERE kind = 'decision' AND conflict = 1 \
     DO NOTHING"
);

/// Whether a row was written.
async fn insert(
    conn: &mut SqliteConnection,
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

pub(super) async fn list(conn: &mut SqliteConnection, filter: AuditFilter) -> Result<Page<AuditEvent, i64>, Failure> {
    let mut query = QueryBuilder::<Sqlite>::new(
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

pub(super) async fn latest_seq(conn: &mut SqliteConnection, reporter: &str) -> Result<Option<i64>, Failure> {
    Ok(sqlx::query_scalar(
        "SELECT seq FROM audit_events WHERE reporter = $1 AND kind = 'decision' \
         AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1",
    )
    .bind(reporter)
    .fetch_optional(conn)
    .await?)
}

fn read(row: &SqliteRow) -> Result<AuditEvent, Failure> {
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
