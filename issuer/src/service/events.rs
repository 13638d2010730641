//! Reading the audit log.

use std::collections::BTreeMap;

use passport_shared::api::Page;
use passport_shared::api::audit::{AuditEnvelope, AuditQuery, Difference, DifferencesQuery};
use passport_shared::constraint::Operator;
use passport_shared::decision::Outcome;
use passport_shared::json::{Controls, Document};
use passport_shared::limits::REQUEST_ATTRIBUTES;
use passport_shared::scalar::Scalar;
use passport_shared::text::quote;
use passport_shared::time;
use serde::Serialize;
use serde_json::value::RawValue;

use super::change::to_json;
use super::{Issuer, ServiceError, check, paging, splice};
use crate::hex::hex;
use crate::store::{self, AuditEvent, AuditFilter, DifferenceFilter, EventKind, NewEvent, Order, Store};

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
    /// Audit events, newest (last accepted) first unless asked otherwise. A page ends after `limit` of them, or about 8 MiB, or
    /// when enough was looked at.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn events(&self, query: AuditQuery) -> Result<EventsPage, ServiceError> {
        if let Some(request_id) = query.request_id.clone() {
            return self.events_of_request(&request_id, query).await;
        }
        let filter = self.filter(query).await?;
        page(self.store(), filter).await
    }

    /// Those under one request id are few and on one page.
    async fn events_of_request(&self, request_id: &str, query: AuditQuery) -> Result<EventsPage, ServiceError> {
        let alone = AuditQuery { request_id: query.request_id.clone(), order: query.order.clone(), ..AuditQuery::default() };
        if query != alone {
            let detail = "it names the events by itself: of the rest, only `order` goes with it".to_owned();
            return Err(ServiceError::InvalidQuery { name: "requestId", detail });
        }
        let newest_first = order(query.order.as_deref())? == Order::NewestFirst;
        let mut found = self.store().events_of_request(request_id).await?;
        if newest_first {
            found.reverse();
        }
        let items = found.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(EventsPage { items, next_cursor: None })
    }
}

/// A page of what a store has, for an issuer that runs and for who reads the store of one that does not.
///
/// # Errors
/// As [`Issuer::events`].
pub async fn stored_events(store: &dyn Store, query: AuditQuery) -> Result<EventsPage, ServiceError> {
    page(store, filter(query)?).await
}

async fn page(store: &dyn Store, filter: AuditFilter) -> Result<EventsPage, ServiceError> {
    let page = store.events(filter).await?;
    let items = page.items.into_iter().map(shown).collect::<Result<_, _>>()?;
    Ok(EventsPage { items, next_cursor: page.next.map(|cursor| cursor.to_string()) })
}

impl Issuer {
    /// The query, once it is seen to be sound, with what hidden attributes are found by.
    pub(super) async fn filter(&self, query: AuditQuery) -> Result<AuditFilter, ServiceError> {
        let wanted = query.attributes.as_deref().map(wanted).transpose()?.unwrap_or_default();
        let mut filter = filter(query)?;
        if let Some(hider) = self.hider().await?.filter(|_| !wanted.is_empty()) {
            filter.hidden = wanted.iter().map(|(name, value)| hider.hashes_of(name, value)).collect();
        }
        Ok(filter)
    }
}

/// The query, once it is seen to be sound.
pub(super) fn filter(query: AuditQuery) -> Result<AuditFilter, ServiceError> {
    Ok(AuditFilter {
        outcome: query.outcome.map(outcome).transpose()?,
        from: moment("from", query.from.as_deref())?,
        to: moment("to", query.to.as_deref())?,
        cursor: paging::number(query.cursor.as_deref())?,
        limit: paging::limit(query.limit)?,
        kind: query.kind.as_deref().map(kind).transpose()?,
        attributes: query.attributes.as_deref().map(attributes).transpose()?.unwrap_or_default(),
        hidden: Vec::new(),
        order: order(query.order.as_deref())?,
        agent_id: query.agent_id,
        passport_id: query.passport_id,
        reason: query.reason,
        action: query.action,
        resource: query.resource,
        reporter: query.reporter,
    })
}

fn order(text: Option<&str>) -> Result<Order, ServiceError> {
    match text {
        None | Some("newest") => Ok(Order::NewestFirst),
        Some("oldest") => Ok(Order::OldestFirst),
        Some(text) => {
            Err(ServiceError::InvalidQuery { name: "order", detail: format!("it is {}; it can be `newest` or `oldest`", quote(text)) })
        }
    }
}

fn kind(text: &str) -> Result<EventKind, ServiceError> {
    EventKind::parse(text).ok_or_else(|| ServiceError::InvalidQuery {
        name: "kind",
        detail: format!("it is {}; it can be `decision` or `admin`", quote(text)),
    })
}

/// What must hold of attributes: that they are equal to this.
fn attributes(text: &str) -> Result<Vec<(String, Operator)>, ServiceError> {
    Ok(wanted(text)?.into_iter().map(|(name, value)| (name, Operator::Equals(value))).collect())
}

/// What attributes must be equal to, out of a JSON object.
fn wanted(text: &str) -> Result<Vec<(String, Scalar)>, ServiceError> {
    let wrong = |detail: String| ServiceError::InvalidQuery { name: "attributes", detail };
    let form = r#"it must be a JSON object like `{"vendor":"coachella.com","amount":742}`"#;
    let document = Document::read(text.as_bytes(), Controls::InValues).map_err(|fault| wrong(format!("{form}: {fault}")))?;
    let mut wanted = Vec::new();
    for (name, value) in document.root().members().ok_or_else(|| wrong(form.to_owned()))? {
        let value =
            Scalar::read(value).ok_or_else(|| wrong(format!("{} is no string, boolean, or number of at most 28 digits", quote(name))))?;
        wanted.push((name.to_owned(), value));
    }
    match wanted.len() {
        1..=REQUEST_ATTRIBUTES => Ok(wanted),
        0 => Err(wrong(format!("{form}, with at least one member"))),
        many => Err(wrong(format!("it has {many} members, and no request has more than {REQUEST_ATTRIBUTES}"))),
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

pub(super) fn moment(name: &'static str, text: Option<&str>) -> Result<Option<i64>, ServiceError> {
    let wrong = |text: &str| ServiceError::InvalidQuery {
        name,
        detail: format!("it is {}; it must be a time like `2026-05-30T00:00:00Z`", quote(text)),
    };
    text.map(|text| time::parse_any(text).ok_or_else(|| wrong(text))).transpose()
}

/// An event as the API gives it.
pub(super) fn shown(event: AuditEvent) -> Result<Box<RawValue>, ServiceError> {
    let AuditEvent { sequence, kind, reporter, conflict, event } = event;
    let envelope = AuditEnvelope {
        event_id: event.event_id.clone(),
        sequence,
        kind: kind.as_str().to_owned(),
        reporter,
        received_at: check::shown(event.received_at),
        conflict,
        body_dropped: event.body.is_empty(),
        body_sha256: event.body.is_empty().then(|| hex(event.body_hash)),
        reported_hash: event.reported_hash.map(hex),
    };
    let body = if event.body.is_empty() { to_json(&Kept::of(&event))? } else { event.body };
    let damaged = "a stored audit event is not a JSON object";
    let joined = splice::join(&to_json(&envelope)?, &body).ok_or_else(|| ServiceError::internal("read the audit log", damaged))?;
    RawValue::from_string(joined).map_err(|error| ServiceError::internal("read the audit log", error))
}

/// What is left of an event whose body was dropped: what it is found by.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    request_id: &'e str,
    #[serde(flatten)]
    texts: BTreeMap<&'static str, &'e str>,
    evaluated_at: Option<String>,
}

impl<'e> Kept<'e> {
    fn of(event: &'e NewEvent) -> Self {
        let texts = [
            ("outcome", &event.outcome),
            ("reason", &event.reason),
            ("agentId", &event.agent_id),
            ("passportId", &event.passport_id),
            ("action", &event.action),
            ("resource", &event.resource),
        ];
        Self {
            seq: event.seq,
            request_id: &event.request_id,
            texts: texts.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?))).collect(),
            evaluated_at: event.evaluated_at.map(check::shown),
        }
    }
}
