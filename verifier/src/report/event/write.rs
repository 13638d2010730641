//! From a decision to compact bytes, on the thread that decided.

use passport_shared::key_set::KeyId;
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use passport_shared::scalar::{Attribute, Scalar};

use super::{ALLOW, APPROVAL, DECISION, DENY, FALSE, LIST, NUMBER, TEXT, TRUE, WHOLE};
use crate::decision::Decision;

/// Room for an ordinary event, so that a fresh buffer grows once.
const ORDINARY: usize = 512;

pub(super) fn decision(decision: &Decision<'_>, out: &mut Vec<u8>) {
    out.reserve(ORDINARY);
    // What is seldom, with details or by an approval, goes as it is answered.
    if (!decision.details().is_empty() || decision.approval_id().is_some())
        && let Ok(json) = serde_json::to_vec(&decision.record())
    {
        told(decision, &json, out);
        return;
    }
    head(DECISION, decision.now(), out);
    decided_by(decision, out);
    match decision {
        Decision::Allow(granted) => granted_by(ALLOW, granted.grant(), out),
        Decision::NeedsApproval(pending) => {
            granted_by(APPROVAL, pending.grant(), out);
            out.push(pending.approvers());
        }
        Decision::Deny(denied) => {
            out.push(DENY);
            text(denied.reason().code(), out);
            text(denied.message(), out);
        }
    }
    let passport = decision.passport();
    optional(decision.request_id(), out);
    optional(passport.map(|passport| &*passport.agent_id), out);
    optional(passport.map(|passport: &Passport| &*passport.id), out);
    optional(passport.map(|passport| &*passport.issuer), out);
    optional(decision.key_id().as_ref().map(KeyId::as_str), out);
    let request = decision.sound_request();
    optional(request.map(Request::action), out);
    optional(request.and_then(Request::resource), out);
    for (name, value) in request.into_iter().flat_map(|request| request.attributes().iter()) {
        text(name, out);
        attribute(value, out);
    }
}

pub(super) fn told(decision: &Decision<'_>, json: &[u8], out: &mut Vec<u8>) {
    head(WHOLE, decision.now(), out);
    decided_by(decision, out);
    out.extend_from_slice(json);
}

pub(super) fn head(kind: u8, now: i64, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&now.to_le_bytes());
}

/// This release, and the trust that it went by: one more than its sequence, so that none is 0.
fn decided_by(decision: &Decision<'_>, out: &mut Vec<u8>) {
    text(env!("CARGO_PKG_VERSION"), out);
    number(
        decision.trust_sequence().and_then(|sequence| u64::try_from(sequence).ok()).map_or(0, |sequence| sequence.saturating_add(1)),
        out,
    );
}

fn granted_by(outcome: u8, grant: usize, out: &mut Vec<u8>) {
    out.push(outcome);
    length(grant, out);
}

fn attribute(value: &Attribute, out: &mut Vec<u8>) {
    match value {
        Attribute::Scalar(Scalar::Text(value)) => {
            out.push(TEXT);
            text(value, out);
        }
        Attribute::Scalar(Scalar::Number(value)) => {
            out.push(NUMBER);
            text(value.text(), out);
        }
        Attribute::Scalar(Scalar::Bool(value)) => out.push(if *value { TRUE } else { FALSE }),
        Attribute::List(items) => {
            out.push(LIST);
            length(items.len(), out);
            items.iter().for_each(|item| text(item, out));
        }
    }
}

fn text(value: &str, out: &mut Vec<u8>) {
    length(value.len(), out);
    out.extend_from_slice(value.as_bytes());
}

/// One more than its length, so that nothing is 0.
fn optional(value: Option<&str>, out: &mut Vec<u8>) {
    match value {
        None => out.push(0),
        Some(value) => {
            length(value.len() + 1, out);
            out.extend_from_slice(value.as_bytes());
        }
    }
}

fn length(value: usize, out: &mut Vec<u8>) {
    match u8::try_from(value) {
        Ok(small @ 0..0x80) => out.push(small),
        _ => number(u64::try_from(value).unwrap_or(u64::MAX), out),
    }
}

/// LEB128: seven bits a byte, the lowest first, the highest bit set where more follow.
pub(super) fn number(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let low = value.to_le_bytes().first().copied().unwrap_or(0);
        value >>= 7;
        if value == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}
