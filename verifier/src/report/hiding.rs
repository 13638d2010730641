//! Attributes that are kept from the audit log: their values leave the decision as keyed hashes, before anything is queued
//! or on disk.

use std::collections::BTreeSet;
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use passport_shared::constraint::Shown;
use passport_shared::decision::{DecisionRecord, Outcome, Unmet};
use passport_shared::jose;
use passport_shared::scalar::Attribute;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::decision::Decision;

/// What is said in place of a message that may repeat what is hidden.
const NOT_SHOWN: &str = "the message is not shown: attributes of the request are hidden from the log";

/// Which attributes are hidden, and the key of their hashes.
#[derive(Clone, Default)]
pub(super) struct Hiding {
    /// Where it is there, whatever is not in it is hidden.
    pub(super) shown: Option<BTreeSet<String>>,
    /// Hidden even where it is allowed.
    pub(super) sensitive: BTreeSet<String>,
    /// Of the service, or drawn at the start and then forgotten with the process.
    pub(super) key: Option<[u8; 32]>,
}

impl Hiding {
    pub(super) fn is_on(&self) -> bool {
        self.shown.is_some() || !self.sensitive.is_empty()
    }

    fn hides(&self, name: &str) -> bool {
        self.sensitive.contains(name) || self.shown.as_ref().is_some_and(|shown| !shown.contains(name))
    }

    /// The decision as it may be told; `None` where nothing of it is hidden.
    pub(super) fn told(&self, decision: &Decision<'_>) -> Option<Result<Vec<u8>, serde_json::Error>> {
        if !self.is_on() {
            return None;
        }
        let record = decision.record();
        let hidden = record.attributes.iter().any(|(name, _)| self.hides(name));
        // A request that is not well formed is not repeated, but a message may quote it.
        let quoted = record.action.is_none() && record.outcome == Outcome::Deny;
        (hidden || quoted).then(|| self.write(&record))
    }

    fn write(&self, record: &DecisionRecord<'_>) -> Result<Vec<u8>, serde_json::Error> {
        let message = if record.outcome == Outcome::Deny { NOT_SHOWN } else { record.message.as_str() };
        let details = record.details.iter().map(|unmet| self.unmet(unmet)).collect::<Result<Vec<_>, _>>()?;
        // Each value and clause is written as text, so that a number keeps its digits.
        let mut attributes = Vec::new();
        for (name, value) in record.attributes.iter() {
            let told = if self.hides(name) { self.hash(name, value)?.to_string() } else { serde_json::to_string(value)? };
            attributes.push(format!("{}:{told}", Value::from(name)));
        }
        let approval = record.approval_id.map_or_else(String::new, |id| format!(r#""approvalId":{},"#, Value::from(id)));
        let json = format!(
            r#"{{"requestId":{},"allowed":{},"outcome":"{}","reason":"{}","message":{},"details":[{}],"agentId":{},"passportId":{},"issuer":{},"keyId":{},"grant":{},{approval}"action":{},"resource":{},"attributes":{{{}}},"evaluatedAt":{}}}"#,
            Value::from(record.request_id),
            record.allowed,
            record.outcome.code(),
            record.reason.code(),
            Value::from(message),
            details.join(","),
            Value::from(record.agent_id),
            Value::from(record.passport_id),
            Value::from(record.issuer),
            serde_json::to_string(&record.key_id)?,
            Value::from(record.grant),
            Value::from(record.action),
            Value::from(record.resource),
            attributes.join(","),
            Value::from(record.evaluated_at.as_deref()),
        );
        Ok(json.into_bytes())
    }

    /// A clause without what was given, and without the operand, which may be the very same value. Where nothing was given
    /// there is nothing to hide, and the clause stays what the issuer reaches again.
    fn unmet(&self, unmet: &Unmet) -> Result<String, serde_json::Error> {
        if self.hides(&unmet.attribute) && unmet.actual != Shown::Nothing {
            let hidden = Unmet { expected: Shown::Nothing, actual: Shown::Nothing, ..unmet.clone() };
            return serde_json::to_string(&hidden);
        }
        serde_json::to_string(unmet)
    }

    /// HMAC-SHA-256 over the name, a zero and the value's JSON as it would have been reported.
    fn hash(&self, name: &str, value: &Attribute) -> Result<Value, serde_json::Error> {
        let text = serde_json::to_vec(value)?;
        // Any length of key will do for HMAC; without one there is nothing to be found by, which hides most.
        let mac = self.key.as_ref().and_then(|key| Hmac::<Sha256>::new_from_slice(key).ok());
        Ok(json!({"hmacSha256": mac.map(|mac| {
            jose::encode(mac.chain_update(name).chain_update([0]).chain_update(text).finalize().into_bytes())
        })}))
    }
}

/// Names and no values: a secret is in none of it.
impl fmt::Debug for Hiding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hiding").field("shown", &self.shown).field("sensitive", &self.sensitive).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
