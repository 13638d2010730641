//! One decision on its way: compact when it is taken, JSON when it is delivered.
//!
//! Taking one costs its caller one copy of its parts into a buffer; everything that has to be formatted is formatted by
//! the reporter's threads, by the same code that formats an answer ([`render`]).
//!
//! ```text
//! kind: u8   when: i64   parts of the kind
//! ```
//!
//! Numbers are little endian; a text is its length as a LEB128 number and its bytes of UTF-8. The parts of a decision begin
//! with the release that decided and the sequence of the trust that it went by; a spool of a release before 0.2 has kinds
//! without them, which are read as before.

use crate::decision::Decision;

mod render;
mod write;

pub(super) use render::{Unreadable, gap_members, render};

/// A decision in parts, without what it was decided by: read, and no more written.
const DECISION_ALONE: u8 = 0;
/// A decision as JSON, without what it was decided by: read, and no more written.
const WHOLE_ALONE: u8 = 1;
/// What stands for decisions that are lost: how many, and its members as JSON.
const GAP: u8 = 2;
/// A decision in parts.
const DECISION: u8 = 3;
/// A decision as JSON, whole: one with details, which were formatted to be answered anyway.
const WHOLE: u8 = 4;

const ALLOW: u8 = 0;
const APPROVAL: u8 = 1;
const DENY: u8 = 2;

const TEXT: u8 = 0;
const NUMBER: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;
const LIST: u8 = 4;

/// The most bytes of JSON that one byte of an event can become: a control character is escaped as `\u0007`.
const JSON_GROWTH: usize = 6;
/// Bytes of JSON that are there whatever the event says: names, codes, a time, a message made of a grant.
const JSON_FRAME: usize = 600;

/// Writes a decision to `out`, which is empty.
pub(super) fn write_decision(decision: &Decision<'_>, out: &mut Vec<u8>) {
    write::decision(decision, out);
}

/// Writes a decision of which some is hidden, as it is told: `json`, an object, to `out`, which is empty.
pub(super) fn write_told(decision: &Decision<'_>, json: &[u8], out: &mut Vec<u8>) {
    write::told(decision, json, out);
}

/// Writes what stands for `count` lost decisions to `out`, which is empty.
pub(super) fn write_gap(now: i64, count: u64, members: &str, out: &mut Vec<u8>) {
    write::head(GAP, now, out);
    write::number(count, out);
    out.extend_from_slice(members.as_bytes());
}

/// When it was decided, in seconds since 1970, whatever the clock said; 0 for bytes that are no event.
pub(super) fn time_of(event: &[u8]) -> i64 {
    event.get(1..9).and_then(|bytes| bytes.try_into().ok()).map_or(0, i64::from_le_bytes)
}

/// How many of the reporter's numbers it takes: as many as the decisions that it stands for.
pub(super) fn numbers_of(event: &[u8]) -> u64 {
    match event.split_first() {
        Some((&GAP, _)) => event.get(9..).and_then(|parts| render::Parts(parts).number()).unwrap_or(1).max(1),
        _ => 1,
    }
}

/// Whether it stands for decisions that are lost.
pub(super) fn is_gap(event: &[u8]) -> bool {
    event.first() == Some(&GAP)
}

/// Whether its JSON has at most `max` bytes.
pub(super) fn fits(event: &[u8], decision: &Decision<'_>, max: usize) -> bool {
    let most = event.len().saturating_mul(JSON_GROWTH).saturating_add(JSON_FRAME);
    most <= max || serde_json::to_vec(&decision.record()).is_ok_and(|json| json.len() <= max)
}

#[cfg(test)]
mod tests;
