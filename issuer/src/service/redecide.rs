//! Deciding again what verifiers have reported: the issuer kept the claims of every passport, and asks the same core.
//!
//! The log is gone through in its order, in the background, a bounded number of events a second; how far it has come is in
//! the store, so that a restart goes on there, and of several issuers one does it. A difference is kept with both answers, in
//! one transaction with the audit event that tells of it.

mod compare;

use std::collections::HashMap;
use std::time::Duration;

use passport_shared::decision::Reason;
use passport_shared::passport::Passport;
use passport_shared::recorded::Recorded;
use passport_shared::text::escape;
use serde::Deserialize;
use serde_json::{Value, json};

use self::compare::{Differs, Facts, Found, Known};
use super::ids::Id;
use super::{Issuer, ServiceError};
use crate::metrics;
use crate::store::{AuditEvent, Difference, EventKind, Redecided, StoreError};

/// The most events of one step.
const STEP: u32 = 500;

/// For how many seconds who has begun is waited for before another goes on.
const LEASE: i64 = 60;

/// How many differences one event names. It says how many there were.
const NAMED: usize = 20;

/// Between two looks for new events, where there are none; and after what went wrong.
const QUIET: Duration = Duration::from_secs(1);
const AMISS: Duration = Duration::from_secs(10);

/// One issuer's part in it.
#[derive(Debug)]
pub(crate) struct Turn {
    holder: String,
    /// Up to which event it is done, and until when nobody else goes on, while this one does it.
    held: Option<(i64, i64)>,
}

impl Issuer {
    /// Decides again for as long as it is polled, if the settings say so. What fails is logged, and tried again.
    pub async fn keep_redeciding(&self) {
        let Some(rate) = self.settings().redecide else { return };
        let mut turn = self.redecide_turn();
        loop {
            let pause = match self.redecide(&mut turn, rate.clamp(1, STEP)).await {
                Ok(0) => QUIET,
                Ok(done) => Duration::from_secs(1).saturating_mul(done) / rate.max(1),
                Err(error) => {
                    turn.held = None;
                    tracing::error!(%error, "what was reported could not be decided again");
                    AMISS
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    pub(crate) fn redecide_turn(&self) -> Turn {
        Turn { holder: self.new_id(Id::Request), held: None }
    }

    /// Decides the next events again, at most so many. Gives how many those were: none, where there are no more or another
    /// does it.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] or [`ServiceError::Internal`]; nothing is half done.
    pub(crate) async fn redecide(&self, turn: &mut Turn, most: u32) -> Result<u32, ServiceError> {
        let (now, until) = (self.now(), self.now().saturating_add(LEASE));
        let from = match turn.held {
            Some((from, until)) if now.saturating_add(LEASE / 2) < until => from,
            Some((from, _)) if self.store().log_head().await?.size <= from => return Ok(0),
            _ => match self.store().take_redecide(&turn.holder, now, until).await? {
                Some(from) => {
                    turn.held = Some((from, until));
                    from
                }
                None => return Ok(0),
            },
        };
        let events = self.store().log_from(from, most).await?.items;
        let Some(to) = events.last().map(|last| last.sequence) else { return Ok(0) };
        let differences = self.decide_again(&events).await?;
        let event = self.difference_event(&differences)?;
        let found = differences.len();
        let step = Redecided { holder: turn.holder.clone(), until, from, to, differences, event };
        match self.store().keep_redecided(step.clone()).await {
            Ok(()) => turn.held = Some((to, until)),
            Err(StoreError::Conflict { .. }) => {
                turn.held = None;
                return Ok(0);
            }
            Err(error) => return Err(error.into()),
        }
        tell(&step.differences);
        ::metrics::counter!(metrics::DIFFERENCES).increment(u64::try_from(found).unwrap_or(u64::MAX));
        Ok(u32::try_from(events.len()).unwrap_or(u32::MAX))
    }

    /// What of these does not agree. The rest is counted.
    async fn decide_again(&self, events: &[AuditEvent]) -> Result<Vec<Difference>, ServiceError> {
        let mut passports = HashMap::new();
        let mut differences = Vec::new();
        for event in events.iter().filter(|event| event.kind == EventKind::Decision) {
            let found = self.decide_one(event, &mut passports).await?;
            let (result, why) = match &found {
                Found::Agrees => ("agreed", ""),
                Found::Lags(_) => ("lagging", ""),
                Found::Differs(differs) => ("different", differs.kind),
                Found::Unchecked(why) => ("not_checkable", *why),
            };
            ::metrics::counter!(metrics::REDECIDED, "result" => result, "why" => why).increment(1);
            match found {
                Found::Lags(seconds) => {
                    ::metrics::counter!(metrics::LAG).increment(u64::try_from(seconds).unwrap_or_default());
                }
                Found::Differs(Differs { kind, reported, expected }) => differences.push(Difference {
                    sequence: event.sequence,
                    reporter: event.reporter.clone(),
                    request_id: event.event.request_id.clone(),
                    passport_id: event.event.passport_id.clone(),
                    kind: kind.to_owned(),
                    reported: reported.to_string(),
                    expected: expected.to_string(),
                    found_at: self.now(),
                }),
                Found::Agrees | Found::Unchecked(_) => {}
            }
            // A step of hundreds is no reason for others to wait.
            tokio::task::yield_now().await;
        }
        Ok(differences)
    }

    async fn decide_one(&self, event: &AuditEvent, passports: &mut HashMap<String, Option<Known>>) -> Result<Found, ServiceError> {
        let body = event.event.body.as_bytes();
        let Some(recorded) = Recorded::read(body) else { return Ok(Found::Unchecked("no_decision")) };
        if let Some(id) = recorded.passport_id.as_ref().filter(|id| !passports.contains_key(*id)) {
            passports.insert(id.clone(), self.known(id).await?);
        }
        let approval = match &recorded.approval_id {
            Some(id) => missing_is_none(self.store().approval(id, self.now()).await)?,
            None => None,
        };
        let details = (recorded.reason == Reason::ConstraintUnmet.code()).then(|| serde_json::from_slice::<Details>(body).ok()).flatten();
        let facts = Facts {
            issuer: &self.settings().issuer,
            known: recorded.passport_id.as_ref().and_then(|id| passports.get(id)).and_then(Option::as_ref),
            approval: approval.as_ref(),
            details: details.as_ref().and_then(|details| details.details.as_ref()),
        };
        Ok(compare::compare(&recorded, &facts))
    }

    /// What was issued under this id.
    async fn known(&self, id: &str) -> Result<Option<Known>, ServiceError> {
        let Some(stored) = missing_is_none(self.store().passport(id).await)? else { return Ok(None) };
        let claims = Passport::read(stored.claims.as_bytes());
        let claims = claims.map_err(|error| ServiceError::internal("read the claims of a passport", error))?;
        let (revoked_at, revoked_sequence) = (stored.revoked_at, stored.revoked_sequence);
        Ok(Some(Known { claims, key_id: stored.key_id, revoked_at, revoked_sequence }))
    }

    /// The event that tells of them.
    fn difference_event(&self, found: &[Difference]) -> Result<Option<crate::store::AdminEvent>, ServiceError> {
        if found.is_empty() {
            return Ok(None);
        }
        let message = "decisions that were reported are not those that the issuer comes to";
        let author = self.inner.parts.own_author(&self.settings().issuer, "audit.redecide", message)?;
        let named: Vec<Value> = found.iter().take(NAMED).map(Difference::told).collect();
        let change = json!({ "type": "decisions_differ", "differences": named, "found": found.len(), "sha256": Difference::digest(found) });
        self.admin_event(&author, &change).map(Some)
    }
}

/// The unmet clauses of an event.
#[derive(Deserialize)]
struct Details {
    details: Option<Value>,
}

fn missing_is_none<T>(found: Result<T, StoreError>) -> Result<Option<T>, ServiceError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn tell(differences: &[Difference]) {
    for difference in differences {
        tracing::warn!(
            sequence = difference.sequence,
            reporter = escape(&difference.reporter),
            request = escape(&difference.request_id),
            kind = difference.kind,
            reported = escape(&difference.reported),
            expected = escape(&difference.expected),
            "a reported decision is not the one that the issuer comes to"
        );
    }
}

#[cfg(test)]
mod tests;
