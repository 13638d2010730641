//! Rows of the log. What statement writes them is each database's own (`inserting.rs`).

use passport_shared::log::entry::Entry;
use sqlx::Row as _;

use super::super::driver::{DbRow, Failure, corrupt};
use crate::store::{AuditEvent, EventKind, NewEvent};

/// The columns of a row, in the order in which it is written and read.
macro_rules! columns {
    () => {
        "sequence, event_id, kind, reporter, seq, request_id, body, body_hash, received_at, evaluated_at, agent_id, passport_id, \
         outcome, reason, action, resource, conflict"
    };
}
pub(in super::super) use columns;

/// Selects whole rows; a condition follows.
pub(super) const SELECT: &str = concat!("SELECT ", columns!(), ", reported_hash FROM audit_events WHERE ");

/// An event that has its place in the log.
#[derive(Clone, Copy)]
pub(in super::super) struct Row<'e> {
    pub(in super::super) sequence: i64,
    pub(in super::super) kind: EventKind,
    pub(in super::super) reporter: &'e str,
    pub(in super::super) conflict: bool,
    pub(in super::super) event: &'e NewEvent,
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
