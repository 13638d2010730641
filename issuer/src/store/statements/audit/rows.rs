//! Rows of the log: written, and read back.

use futures_util::future::join;
use passport_shared::log::entry::Entry;
use sqlx::{QueryBuilder, Row as _};

use super::super::driver::{Db, DbConnection, DbRow, Failure, corrupt};
use super::super::pieces::pieces;
use crate::store::{AuditEvent, EventKind, NewEvent};

macro_rules! columns {
    () => {
        "sequence, event_id, kind, reporter, seq, request_id, body, body_hash, received_at, evaluated_at, agent_id, passport_id, \
         outcome, reason, action, resource, conflict"
    };
}

/// Selects whole rows; a condition follows.
pub(super) const SELECT: &str = concat!("SELECT ", columns!(), ", reported_hash FROM audit_events WHERE ");

/// An event that has its place in the log.
#[derive(Clone, Copy)]
pub(super) struct Row<'e> {
    pub(super) sequence: i64,
    pub(super) kind: EventKind,
    pub(super) reporter: &'e str,
    pub(super) conflict: bool,
    pub(super) event: &'e NewEvent,
}

impl<'e> Row<'e> {
    /// What its leaf in the tree is made of.
    pub(super) fn entry(&self) -> Entry<'e> {
        self.event.entry(self.sequence, self.kind, self.reporter, self.conflict)
    }

    /// The time that it is looked for by.
    pub(super) fn time(&self) -> i64 {
        self.event.evaluated_at.unwrap_or(self.event.received_at)
    }
}

impl<'e> From<&'e AuditEvent> for Row<'e> {
    fn from(kept: &'e AuditEvent) -> Self {
        Self { sequence: kept.sequence, kind: kept.kind, reporter: &kept.reporter, conflict: kept.conflict, event: &kept.event }
    }
}

/// Writes them, all or none. The driver's own error, so that one that has to do with what was there can be told.
///
/// While the database writes one part, the next is made ready and `meanwhile` is called with the one that is under way: what
/// else there is to do with each row costs no time of its own.
pub(super) async fn insert<'r, 'e>(
    conn: &mut DbConnection,
    rows: &'r [Row<'e>],
    mut meanwhile: impl FnMut(&'r [Row<'e>]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut parts = pieces(rows);
    let mut ready = parts.next().map(|part| (part, statement(part)));
    while let Some((part, mut statement)) = ready.take() {
        let write = async { statement.build().execute(&mut *conn).await };
        let prepare = async {
            let next = parts.next().map(|part| (part, self::statement(part)));
            meanwhile(part).map(|()| next)
        };
        let (written, next) = join(write, prepare).await;
        written?;
        ready = next?;
    }
    Ok(())
}

fn statement(part: &[Row<'_>]) -> QueryBuilder<Db> {
    // Where nothing is hidden, nothing is written of it.
    let hides = part.iter().any(|row| row.event.reported_hash.is_some());
    let (plain, whole) =
        (concat!("INSERT INTO audit_events (", columns!(), ") "), concat!("INSERT INTO audit_events (", columns!(), ", reported_hash) "));
    let mut query = QueryBuilder::<Db>::new(if hides { whole } else { plain });
    query.push_values(part, |mut values, row| {
        let event = row.event;
        values
            .push_bind(row.sequence)
            .push_bind(&event.event_id)
            .push_bind(row.kind.as_str())
            .push_bind(row.reporter)
            .push_bind(event.seq)
            .push_bind(&event.request_id)
            .push_bind(&event.body)
            .push_bind(event.body_hash.as_slice())
            .push_bind(event.received_at)
            .push_bind(event.evaluated_at)
            .push_bind(&event.agent_id)
            .push_bind(&event.passport_id)
            .push_bind(&event.outcome)
            .push_bind(&event.reason)
            .push_bind(&event.action)
            .push_bind(&event.resource)
            .push_bind(i64::from(row.conflict));
        if hides {
            values.push_bind(event.reported_hash.as_ref().map(<[u8; 32]>::as_slice));
        }
    });
    query
}

/// Reads a row that [`SELECT`] gave.
pub(super) fn read(row: &DbRow) -> Result<AuditEvent, Failure> {
    let kind: String = row.try_get("kind")?;
    let body_hash: Vec<u8> = row.try_get("body_hash")?;
    let reported_hash: Option<Vec<u8>> = row.try_get("reported_hash")?;
    Ok(AuditEvent {
        sequence: row.try_get("sequence")?,
        kind: EventKind::parse(&kind).ok_or_else(|| corrupt("an event's kind", format!("`{kind}` is no kind")))?,
        reporter: row.try_get("reporter")?,
        conflict: row.try_get::<i64, _>("conflict")? != 0,
        event: NewEvent {
            event_id: row.try_get("event_id")?,
            seq: row.try_get("seq")?,
            request_id: row.try_get("request_id")?,
            body: row.try_get("body")?,
            body_hash: hash(&body_hash, "an event's hash")?,
            reported_hash: reported_hash.map(|bytes| hash(&bytes, "an event's reported hash")).transpose()?,
            received_at: row.try_get("received_at")?,
            evaluated_at: row.try_get("evaluated_at")?,
            agent_id: row.try_get("agent_id")?,
            passport_id: row.try_get("passport_id")?,
            outcome: row.try_get("outcome")?,
            reason: row.try_get("reason")?,
            action: row.try_get("action")?,
            resource: row.try_get("resource")?,
        },
    })
}

/// A hash, out of the bytes of a column.
pub(super) fn hash(bytes: &[u8], what: &'static str) -> Result<[u8; 32], Failure> {
    bytes.try_into().map_err(|_| corrupt(what, format!("it has {} bytes and not 32", bytes.len())))
}
