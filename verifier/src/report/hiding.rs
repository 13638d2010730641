//! Attributes that are kept from the audit log: their values leave the decision as keyed hashes, before anything is queued
//! or on disk.

use std::collections::BTreeSet;
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use passport_shared::constraint::Shown;
use passport_shared::decision::{DecisionRecord, Outcome, Unmet};
use passport_shared::hidden::HiddenAttributes;
use passport_shared::jose;
use passport_shared::request::Attributes;
use passport_shared::scalar::Attribute;
use serde::ser::{Error as _, Serialize, SerializeMap as _, Serializer};
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
    fn is_on(&self) -> bool {
        self.shown.is_some() || !self.sensitive.is_empty()
    }

    fn hides(&self, name: &str) -> bool {
        self.sensitive.contains(name) || self.shown.as_ref().is_some_and(|shown| !shown.contains(name))
    }

    /// The decision as it may be told; `None` where nothing of it is hidden.
    pub(super) fn told(&self, decision: &Decision<'_>) -> Option<Result<Vec<u8>, serde_json::Error>> {
        let passport = decision.hidden();
        if !self.is_on() && passport.is_none() {
            return None;
        }
        let record = decision.record();
        let rules = Rules { hiding: self, passport, resource: record.resource };
        let hidden = record.attributes.iter().any(|(name, _)| rules.hide(name));
        // A request that is not well formed is not repeated, but a message may quote it.
        let quoted = record.action.is_none() && record.outcome == Outcome::Deny;
        (hidden || quoted).then(|| rules.write(record))
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

/// What holds for one decision: the reporter's setting, and what the passport says.
#[derive(Clone, Copy)]
struct Rules<'a> {
    hiding: &'a Hiding,
    passport: Option<&'a HiddenAttributes>,
    resource: Option<&'a str>,
}

impl<'a> Rules<'a> {
    fn hide(&self, name: &str) -> bool {
        self.hiding.hides(name) || self.passport.is_some_and(|passport| passport.hides(self.resource, name))
    }

    fn write(self, record: DecisionRecord<'a>) -> Result<Vec<u8>, serde_json::Error> {
        let details: Vec<Unmet> = record.details.iter().map(|unmet| self.unmet(unmet)).collect();
        serde_json::to_vec(&DecisionRecord {
            message: if record.outcome == Outcome::Deny { NOT_SHOWN.to_owned() } else { record.message },
            details: &details,
            attributes: Told { rules: self, attributes: record.attributes },
            request_id: record.request_id,
            allowed: record.allowed,
            outcome: record.outcome,
            reason: record.reason,
            agent_id: record.agent_id,
            passport_id: record.passport_id,
            issuer: record.issuer,
            key_id: record.key_id,
            grant: record.grant,
            approval_id: record.approval_id,
            action: record.action,
            resource: record.resource,
            evaluated_at: record.evaluated_at,
        })
    }

    /// A clause without what was given, and without the operand, which may be the very same value. Where nothing was given
    /// there is nothing to hide, and the clause stays what the issuer reaches again.
    fn unmet(&self, unmet: &Unmet) -> Unmet {
        match self.hide(&unmet.attribute) && unmet.actual != Shown::Nothing {
            true => Unmet { expected: Shown::Nothing, actual: Shown::Nothing, ..unmet.clone() },
            false => unmet.clone(),
        }
    }
}

/// Attributes, those that are hidden by their hashes.
struct Told<'a> {
    rules: Rules<'a>,
    attributes: Attributes<'a>,
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.attributes.iter() {
            match self.rules.hide(name) {
                true => map.serialize_entry(name, &self.rules.hiding.hash(name, value).map_err(S::Error::custom)?)?,
                false => map.serialize_entry(name, value)?,
            }
        }
        map.end()
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
