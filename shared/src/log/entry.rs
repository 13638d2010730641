//! An entry of the log: the line that is hashed as a leaf. It holds every column of an accepted event but the body, and of
//! that the SHA-256, so that the body can be dropped by age while the tree stays, and so that an entry has a bound.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::merkle::{Hash, leaf_hash};
use super::tile::ENTRY_BYTES;
use crate::json::write::push_string;
use crate::json::{Controls, Document, Value};

/// The version of the form: what `v` says.
const VERSION: i64 = 1;

/// An accepted event, all but its body.
///
/// Its bytes are one JSON object without spaces, its members in the order below, those without a value left out, strings as
/// RFC 8785 writes them: one value has one text, and a text in any other form is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry<'e> {
    /// `sequence`: its place in the order of acceptance, as the store counts. It grows from entry to entry.
    pub sequence: i64,
    /// `eventId`: the event's own id.
    pub event_id: Cow<'e, str>,
    /// `kind`: `decision` for what a verifier has reported, `admin` for a change at the issuer.
    pub kind: Cow<'e, str>,
    /// `reporter`: who reported it, as verified.
    pub reporter: Cow<'e, str>,
    /// `seq`: the reporter's own count, if it keeps one.
    pub seq: Option<i64>,
    /// `requestId`: of the request that was decided, or that made the change.
    pub request_id: Cow<'e, str>,
    /// `bodySha256`: of the body as it is stored, in lower-case hex.
    pub body_hash: Hash,
    /// `reportedHash`: the hash that duplicates are told by, where it is not that of the stored body.
    pub reported_hash: Option<Cow<'e, str>>,
    /// `receivedAt`: when the issuer took it in, in seconds since 1970.
    pub received_at: i64,
    /// `evaluatedAt`: when it was decided, by the reporter's clock, in seconds since 1970.
    pub evaluated_at: Option<i64>,
    /// `agentId`: the agent concerned.
    pub agent_id: Option<Cow<'e, str>>,
    /// `passportId`: the passport concerned.
    pub passport_id: Option<Cow<'e, str>>,
    /// `outcome`: `allow`, `deny` or `approval_required`.
    pub outcome: Option<Cow<'e, str>>,
    /// `reason`: the reason code.
    pub reason: Option<Cow<'e, str>>,
    /// `action`: the action.
    pub action: Option<Cow<'e, str>>,
    /// `resource`: the resource.
    pub resource: Option<Cow<'e, str>>,
    /// `conflict`: whether an event with another body was there before under the same reporter and request id.
    pub conflict: bool,
}

/// Why bytes are no entry, or an event cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Longer than a bundle can hold.
    #[error("an entry of the log has at most {ENTRY_BYTES} bytes, and this one has {bytes}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not a sound JSON object of this version.
    #[error("it is no entry of a log: {0}")]
    Malformed(&'static str),
    /// The same values, or some of them, written otherwise.
    #[error("the entry is not written as entries are: it has other members, another order, or something between them")]
    NotCanonical,
}

impl Entry<'_> {
    /// SHA-256 of a body, for [`body_hash`](Self::body_hash).
    #[must_use]
    pub fn hash_of(body: &str) -> Hash {
        Sha256::digest(body).into()
    }

    /// Appends the entry's bytes to `out`.
    ///
    /// # Errors
    /// [`EntryError::TooLong`] above 65,535 bytes, and nothing is appended. Nine strings of 256 bytes, each byte of which has
    /// to be escaped, take less than a third of that.
    pub fn write(&self, out: &mut String) -> Result<(), EntryError> {
        let start = out.len();
        self.push(out);
        let bytes = out.len() - start;
        if bytes > ENTRY_BYTES {
            out.truncate(start);
            return Err(EntryError::TooLong { bytes });
        }
        Ok(())
    }

    /// The entry's bytes.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn to_text(&self) -> Result<String, EntryError> {
        let mut out = String::with_capacity(512);
        self.write(&mut out)?;
        Ok(out)
    }

    /// The hash of the entry as a leaf.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn leaf(&self) -> Result<Hash, EntryError> {
        self.to_text().map(|text| leaf_hash(text.as_bytes()))
    }

    fn push(&self, out: &mut String) {
        let _ = write!(out, "{{\"v\":{VERSION},\"sequence\":{}", self.sequence);
        push_text(out, "eventId", &self.event_id);
        push_text(out, "kind", &self.kind);
        push_text(out, "reporter", &self.reporter);
        push_number(out, "seq", self.seq);
        push_text(out, "requestId", &self.request_id);
        out.push_str(",\"bodySha256\":\"");
        push_hex(out, &self.body_hash);
        out.push('"');
        push_option(out, "reportedHash", self.reported_hash.as_ref());
        push_number(out, "receivedAt", Some(self.received_at));
        push_number(out, "evaluatedAt", self.evaluated_at);
        push_option(out, "agentId", self.agent_id.as_ref());
        push_option(out, "passportId", self.passport_id.as_ref());
        push_option(out, "outcome", self.outcome.as_ref());
        push_option(out, "reason", self.reason.as_ref());
        push_option(out, "action", self.action.as_ref());
        push_option(out, "resource", self.resource.as_ref());
        let _ = write!(out, ",\"conflict\":{}}}", self.conflict);
    }
}

impl Entry<'static> {
    /// Reads the bytes of an entry.
    ///
    /// # Errors
    /// [`EntryError`] for whatever [`write`](Self::write) would not have written.
    pub fn read(bytes: &[u8]) -> Result<Self, EntryError> {
        use EntryError::Malformed;
        if bytes.len() > ENTRY_BYTES {
            return Err(EntryError::TooLong { bytes: bytes.len() });
        }
        let document = Document::read(bytes, Controls::InValues).map_err(|_| Malformed("it is not a sound JSON object"))?;
        let root = document.root();
        if root.get("v").and_then(number) != Some(VERSION) {
            return Err(Malformed("its `v` is not 1: a newer release may be able to read it"));
        }
        let option = |name: &str| root.get(name).and_then(Value::as_str).map(|text| Cow::Owned(text.to_owned()));
        let text = |name: &str| option(name).ok_or(Malformed("a string is missing"));
        let whole = |name: &str| root.get(name).and_then(number);
        let entry = Self {
            sequence: whole("sequence").ok_or(Malformed("its `sequence` is no number"))?,
            event_id: text("eventId")?,
            kind: text("kind")?,
            reporter: text("reporter")?,
            seq: whole("seq"),
            request_id: text("requestId")?,
            body_hash: root.get("bodySha256").and_then(Value::as_str).and_then(read_hex).ok_or(Malformed("its `bodySha256` is no hash"))?,
            reported_hash: option("reportedHash"),
            received_at: whole("receivedAt").ok_or(Malformed("its `receivedAt` is no time"))?,
            evaluated_at: whole("evaluatedAt"),
            agent_id: option("agentId"),
            passport_id: option("passportId"),
            outcome: option("outcome"),
            reason: option("reason"),
            action: option("action"),
            resource: option("resource"),
            conflict: root.get("conflict").and_then(Value::as_bool).ok_or(Malformed("its `conflict` is not true or false"))?,
        };
        // What was not understood above is not written again.
        if entry.to_text()?.as_bytes() == bytes { Ok(entry) } else { Err(EntryError::NotCanonical) }
    }
}

fn push_text(out: &mut String, name: &str, text: &str) {
    push_name(out, name);
    push_string(out, text);
}

fn push_option(out: &mut String, name: &str, text: Option<&Cow<'_, str>>) {
    if let Some(text) = text {
        push_text(out, name, text);
    }
}

fn push_number(out: &mut String, name: &str, number: Option<i64>) {
    if let Some(number) = number {
        push_name(out, name);
        // Writing to a string does not fail.
        let _ = write!(out, "{number}");
    }
}

fn push_name(out: &mut String, name: &str) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":");
}

fn push_hex(out: &mut String, hash: &Hash) {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' - 10 + half };
    let mut text = [0; 64];
    for ([high, low], byte) in text.as_chunks_mut().0.iter_mut().zip(hash) {
        (*high, *low) = (digit(byte >> 4), digit(byte & 0xf));
    }
    // Digits are UTF-8.
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

/// 64 digits; upper case is found when the entry is written again.
fn read_hex(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != hash.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(hash)
}

fn number(value: Value<'_>) -> Option<i64> {
    value.as_number()?.parse().ok()
}

#[cfg(test)]
mod tests;
