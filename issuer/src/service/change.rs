//! A change by an admin: its audit event, and seeing it through.

use std::future::Future;

use passport_shared::decision::{DecisionRecord, Outcome, Reason};
use passport_shared::passport::Passport;
use passport_shared::request::Attributes;
use passport_shared::time;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::ids::Id;
use super::{Issuer, Parts, ServiceError, splice};
use crate::hex::hex;
use crate::store::{AdminEvent, NewEvent};
use crate::traces;

/// Who makes a change, and by which decision.
#[derive(Clone, Debug)]
pub(super) struct Author {
    /// The agent, or the issuer's own URL for what it does by itself.
    pub(super) name: String,
    pub(super) passport_id: Option<String>,
    pub(super) request_id: String,
    pub(super) action: String,
    pub(super) resource: String,
    /// The decision, as JSON: an object.
    pub(super) decision: String,
    pub(super) decided_at: i64,
}

/// SHA-256 as lowercase hex.
pub(super) fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex(Sha256::digest(bytes))
}

impl Parts {
    /// The audit event of a change by `author`: the gate's decision, with a member `change` that says what was changed.
    pub(super) fn admin_event(&self, author: &Author, change: &Value) -> Result<AdminEvent, ServiceError> {
        let change = serde_json::json!({ "change": change }).to_string();
        let body = splice::join(&author.decision, &change)
            .ok_or_else(|| ServiceError::internal("write an audit event", "a decision is not a JSON object"))?;
        let event = NewEvent {
            event_id: self.new_id(Id::Event),
            seq: None,
            request_id: author.request_id.clone(),
            body_hash: Sha256::digest(&body).into(),
            body,
            received_at: self.clock.now(),
            evaluated_at: Some(author.decided_at),
            agent_id: author.passport_id.as_ref().map(|_| author.name.clone()),
            passport_id: author.passport_id.clone(),
            outcome: Some(Outcome::Allow.code().to_owned()),
            reason: Some(Reason::Granted.code().to_owned()),
            action: Some(author.action.clone()),
            resource: Some(author.resource.clone()),
            reported_hash: None,
        };
        Ok(AdminEvent { reporter: author.name.clone(), event })
    }

    /// The issuer as author of what it does by itself, without a passport: its first start, and a passport for the
    /// agent `admin` asked for on its own machine. Its reporter is the issuer's URL.
    pub(super) fn own_author(&self, issuer: &str, action: &str, message: &str) -> Result<Author, ServiceError> {
        let request_id = self.new_id(Id::Request);
        let (now, resource) = (self.clock.now(), "issuer".to_owned());
        let record = DecisionRecord {
            request_id: Some(&request_id),
            allowed: true,
            outcome: Outcome::Allow,
            reason: Reason::Granted,
            message: message.to_owned(),
            details: &[],
            agent_id: None,
            passport_id: None,
            issuer: Some(issuer),
            key_id: None,
            grant: None,
            approval_id: None,
            action: Some(action),
            resource: Some(&resource),
            attributes: Attributes::NONE,
            evaluated_at: time::format(now),
        };
        let decision = to_json(&record)?;
        Ok(Author {
            name: issuer.to_owned(),
            passport_id: None,
            request_id,
            action: action.to_owned(),
            resource,
            decision,
            decided_at: now,
        })
    }
}

impl Parts {
    /// The holder of `passport` as author of what every passport allows its holder: an action, and in words by what it was
    /// allowed.
    pub(super) fn holder_author(
        &self,
        issuer: &str,
        passport: &Passport,
        (action, message): (&str, &str),
        now: i64,
    ) -> Result<Author, ServiceError> {
        let request_id = self.new_id(Id::Request);
        let own = self.own_author(issuer, action, message)?;
        let named = serde_json::json!({"agentId": passport.agent_id, "passportId": passport.id, "requestId": request_id});
        let mut decision: serde_json::Map<String, Value> =
            serde_json::from_str(&own.decision).map_err(|error| ServiceError::internal("write an audit event", error))?;
        decision.extend(named.as_object().cloned().unwrap_or_default());
        let decision = to_json(&decision)?;
        let (name, passport_id) = (passport.agent_id.to_string(), Some(passport.id.to_string()));
        Ok(Author { name, passport_id, request_id, decision, decided_at: now, ..own })
    }
}

impl Issuer {
    /// See [`Parts::admin_event`].
    pub(super) fn admin_event(&self, author: &Author, change: &Value) -> Result<AdminEvent, ServiceError> {
        self.inner.parts.admin_event(author, change)
    }

    /// Runs `act` to its end, even if the caller goes away in the middle (a request that timed out): a revocation that
    /// is on disk must reach the gate, and a key that was made must come into the ring or go.
    pub(super) async fn see_through<T, F>(&self, act: F) -> Result<T, ServiceError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ServiceError>> + Send + 'static,
    {
        tokio::spawn(traces::carried(act)).await.map_err(|error| ServiceError::internal("finish a change", error))?
    }
}

/// `value` as JSON text.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, ServiceError> {
    serde_json::to_string(value).map_err(|error| ServiceError::internal("write JSON", error))
}
