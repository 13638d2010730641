//! From compact bytes to the JSON that is reported.

use std::fmt::Write as _;

use passport_shared::decision::{DecisionRecord, Outcome, Reason, Verdict};
use passport_shared::key_set::KeyId;
use passport_shared::request::{Attributes, Request};
use passport_shared::scalar::{Attribute, Number};
use passport_shared::time;
use serde_json::Value;

use super::{ALLOW, APPROVAL, DECISION, DECISION_ALONE, DENY, FALSE, GAP, LIST, NUMBER, TEXT, TRUE, WHOLE, WHOLE_ALONE};

/// The bytes are no event of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Unreadable;

/// The event as it is reported: one JSON object with its number, the hash of the one before, what it was decided by, and its
/// members.
pub(in super::super) fn render(event: &[u8], seq: u64, previous: Option<&str>) -> Result<String, Unreadable> {
    let (engine, trust, members) = parts(event)?;
    let members = members.strip_prefix('{').ok_or(Unreadable)?;
    let mut json = String::with_capacity(members.len() + 200);
    // Writing to memory does not fail.
    let _ = match previous {
        Some(hash) => write!(json, r#"{{"seq":{seq},"previous":"{hash}","#),
        None => write!(json, r#"{{"seq":{seq},"previous":null,"#),
    };
    if let Some(trust) = trust {
        let _ = write!(json, r#""trustSequence":{trust},"#);
    }
    if let Some(release) = engine {
        let _ = write!(json, r#""engine":{},"#, Value::from(format!("passport-verifier/{release}")));
    }
    json.push_str(members);
    Ok(json)
}

/// The members of the event alone, as an object that is not empty.
#[cfg(test)]
pub(super) fn members(event: &[u8]) -> Result<String, Unreadable> {
    parts(event).map(|(_, _, members)| members)
}

/// The release that decided, the sequence of the trust that it went by, and the members of the event alone.
fn parts(event: &[u8]) -> Result<(Option<&str>, Option<u64>, String), Unreadable> {
    let mut parts = Parts(event.get(9..).ok_or(Unreadable)?);
    let kind = *event.first().ok_or(Unreadable)?;
    let (engine, trust) = match kind {
        DECISION | WHOLE => {
            let engine = parts.text().ok_or(Unreadable)?;
            (Some(engine), parts.number().ok_or(Unreadable)?.checked_sub(1))
        }
        _ => (None, None),
    };
    let json = match kind {
        DECISION | DECISION_ALONE => {
            let members = decision(&mut parts, super::time_of(event)).ok_or(Unreadable)?;
            return Ok((engine, trust, members));
        }
        WHOLE | WHOLE_ALONE => parts.0,
        GAP => {
            parts.number().ok_or(Unreadable)?;
            parts.0
        }
        _ => return Err(Unreadable),
    };
    let members = String::from_utf8(json.to_vec()).map_err(|_| Unreadable)?;
    Ok((engine, trust, members))
}

fn decision(parts: &mut Parts<'_>, now: i64) -> Option<String> {
    let (verdict, reason) = match parts.byte()? {
        ALLOW => (Verdict::Allow { grant: parts.length()? }, Reason::Granted),
        APPROVAL => (Verdict::NeedsApproval { grant: parts.length()?, approvers: parts.byte()? }, Reason::ApprovalRequired),
        DENY => {
            let code = parts.text()?;
            let reason = *Reason::ALL.iter().find(|reason| reason.code() == code)?;
            (Verdict::Deny(passport_shared::decision::Refusal::new(reason, parts.text()?)), reason)
        }
        _ => return None,
    };
    let request_id = parts.optional()?;
    let agent_id = parts.optional()?;
    let passport_id = parts.optional()?;
    let issuer = parts.optional()?;
    let key_id = parts.optional()?.map(str::parse::<KeyId>).transpose().ok()?;
    let (action, resource) = (parts.optional()?, parts.optional()?);
    // Attributes are kept by a request, and it was one that they came with.
    let mut request = action.map(Request::new);
    while !parts.0.is_empty() {
        let (name, value) = (parts.text()?, parts.attribute()?);
        request = request.map(|request| request.with(name, value));
    }
    let outcome = verdict.outcome();
    let record = DecisionRecord {
        request_id,
        allowed: outcome == Outcome::Allow,
        outcome,
        reason,
        message: verdict.message(),
        details: &[],
        agent_id,
        passport_id,
        issuer,
        key_id,
        grant: verdict.grant(),
        approval_id: None,
        action,
        resource,
        attributes: request.as_ref().map_or(Attributes::NONE, Request::attributes),
        evaluated_at: Some(now).filter(|now| time::in_range(*now)).and_then(time::format),
    };
    serde_json::to_string(&record).ok()
}

/// The members of a gap record.
pub(in super::super) fn gap_members(request_id: &str, now: i64, from: Option<i64>, to: Option<i64>, count: u64, why: &str) -> String {
    let shown = |seconds: Option<i64>| Value::from(seconds.filter(|seconds| time::in_range(*seconds)).and_then(time::format));
    let (at, from, to) = (shown(Some(now)), shown(from), shown(to));
    format!(
        r#"{{"requestId":{},"evaluatedAt":{at},"gap":{{"from":{from},"to":{to},"count":{count},"why":{}}}}}"#,
        Value::from(request_id),
        Value::from(why)
    )
}

/// What is left of an event.
pub(super) struct Parts<'e>(pub(super) &'e [u8]);

impl<'e> Parts<'e> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn length(&mut self) -> Option<usize> {
        self.number().and_then(|value| usize::try_from(value).ok())
    }

    fn text_of(&mut self, length: usize) -> Option<&'e str> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn text(&mut self) -> Option<&'e str> {
        let length = self.length()?;
        self.text_of(length)
    }

    fn optional(&mut self) -> Option<Option<&'e str>> {
        match self.length()? {
            0 => Some(None),
            more => self.text_of(more - 1).map(Some),
        }
    }

    fn attribute(&mut self) -> Option<Attribute> {
        Some(match self.byte()? {
            TEXT => self.text()?.into(),
            NUMBER => Number::parse(self.text()?)?.into(),
            FALSE => false.into(),
            TRUE => true.into(),
            LIST => {
                // Each item has a byte at least, so the count is bounded by what is there.
                let count = self.length().filter(|count| *count <= self.0.len())?;
                let items: Option<Vec<String>> = (0..count).map(|_| self.text().map(str::to_owned)).collect();
                items?.into()
            }
            _ => return None,
        })
    }
}
