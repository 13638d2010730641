//! Reading the audit log.

use passport_shared::api::Page;
use passport_shared::api::audit::{AuditEnvelope, AuditQuery, Difference, DifferencesQuery};
use passport_shared::decision::Outcome;
use passport_shared::text::quote;
use passport_shared::time;
use serde::Serialize;
use serde_json::value::RawValue;

use super::change::to_json;
use super::{Issuer, ServiceError, check, paging, splice};
use crate::store::{self, AuditEvent, AuditFilter, DifferenceFilter};

/// One page of the audit log.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventsPage {
    /// The events: each an object with the members of the envelope and then those of the event as it was reported, to
    /// the letter.
    pub items: Vec<Box<RawValue>>,
    /// Give it as `cursor` to read on; `null` on the last page.
    pub next_cursor: Option<String>,
}

impl Issuer {
    /// Audit events, newest (last accepted) first. A page ends after `limit` of them, or about 8 MiB.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn events(&self, query: AuditQuery) -> Result<EventsPage, ServiceError> {
        let filter = AuditFilter {
            outcome: query.outcome.map(outcome).transpose()?,
            from: moment("from", query.from.as_deref())?,
            to: moment("to", query.to.as_deref())?,
            cursor: paging::number(query.cursor.as_deref())?,
            limit: paging::limit(query.limit)?,
            agent_id: query.agent_id,
            passport_id: query.passport_id,
            reason: query.reason,
            action: query.action,
            resource: query.resource,
            reporter: query.reporter,
            kind: None,
        };
        let page = self.store().events(filter).await?;
        let items = page.items.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(EventsPage { items, next_cursor: page.next.map(|cursor| cursor.to_string()) })
    }
}

impl Issuer {
    /// Decisions that the issuer comes to another answer for, newest first.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn differences(&self, query: DifferencesQuery) -> Result<Page<Difference>, ServiceError> {
        let filter = DifferenceFilter {
            reporter: query.reporter,
            cursor: paging::number(query.cursor.as_deref())?,
            limit: paging::limit(query.limit)?,
        };
        let page = self.store().differences(filter).await?;
        let items = page.items.into_iter().map(difference).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor: page.next.map(|cursor| cursor.to_string()) })
    }
}

fn difference(found: store::Difference) -> Result<Difference, ServiceError> {
    let raw = |text: String| RawValue::from_string(text).map_err(|error| ServiceError::internal("read a difference", error));
    Ok(Difference {
        sequence: found.sequence,
        reporter: found.reporter,
        request_id: found.request_id,
        passport_id: found.passport_id,
        kind: found.kind,
        reported: raw(found.reported)?,
        expected: raw(found.expected)?,
        found_at: check::shown(found.found_at),
    })
}

fn outcome(text: String) -> Result<String, ServiceError> {
    match [Outcome::Allow, Outcome::ApprovalRequired, Outcome::Deny].iter().any(|outcome| outcome.code() == text) {
        true => Ok(text),
        false => Err(ServiceError::InvalidQuery {
            name: "outcome",
            detail: format!("it is {}; it can be `allow`, `approval_required` or `deny`", quote(&text)),
        }),
    }
}

fn moment(name: &'static str, text: Option<&str>) -> Result<Option<i64>, ServiceError> {
    let wrong = |text: &str| ServiceError::InvalidQuery {
        name,
        detail: format!("it is {}; it must be a time like `2026-05-30T00:00:00Z`", quote(text)),
    };
    text.map(|text| time::parse_any(text).ok_or_else(|| wrong(text))).transpose()
}

fn shown(event: AuditEvent) -> Result<Box<RawValue>, ServiceError> {
    let AuditEvent { sequence, kind, reporter, conflict, event } = event;
    let envelope = AuditEnvelope {
        event_id: event.event_id,
        sequence,
        kind: kind.as_str().to_owned(),
        reporter,
        received_at: check::shown(event.received_at),
        conflict,
    };
    let damaged = "a stored audit event is not a JSON object";
    let joined = splice::join(&to_json(&envelope)?, &event.body).ok_or_else(|| ServiceError::internal("read the audit log", damaged))?;
    RawValue::from_string(joined).map_err(|error| ServiceError::internal("read the audit log", error))
}
