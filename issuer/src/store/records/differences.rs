//! Records of decisions that were reached again, and came out otherwise.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::AdminEvent;
use crate::hex::hex;

/// A decision that the issuer comes to another answer for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The event's place in the log.
    pub sequence: i64,
    /// Who reported it.
    pub reporter: String,
    /// The id of the request.
    pub request_id: String,
    /// The passport that it names.
    pub passport_id: Option<String>,
    /// What does not agree: a word.
    pub kind: String,
    /// The answer that was reported, as JSON.
    pub reported: String,
    /// The answer that the issuer comes to, as JSON.
    pub expected: String,
    /// When it was found.
    pub found_at: i64,
}

impl Difference {
    /// As the audit event that tells of it has it.
    #[must_use]
    pub fn told(&self) -> Value {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        json!({
            "sequence": self.sequence, "reporter": self.reporter, "requestId": self.request_id, "passportId": self.passport_id,
            "kind": self.kind, "reported": read(&self.reported), "expected": read(&self.expected),
        })
    }

    /// SHA-256, in lower-case hexadecimal, of all of them: of each the JSON array of its columns in the table's order, and a line feed.
    #[must_use]
    pub fn digest(differences: &[Self]) -> String {
        let mut hash = Sha256::new();
        for one in differences {
            let line =
                json!([one.sequence, one.reporter, one.request_id, one.passport_id, one.kind, one.reported, one.expected, one.found_at]);
            hash.update(line.to_string());
            hash.update("\n");
        }
        hex(hash.finalize())
    }
}

/// Which differences to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DifferenceFilter {
    /// Of this reporter.
    pub reporter: Option<String>,
    /// [`Page::next`](super::Page::next) of the page before; `None` for the first.
    pub cursor: Option<i64>,
    /// At most so many (see [`MAX_PAGE`](crate::store::MAX_PAGE)).
    pub limit: u32,
}

/// The part of the log that was decided again, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redecided {
    /// Who has done it.
    pub holder: String,
    /// The lease is its own until then.
    pub until: i64,
    /// After this event.
    pub from: i64,
    /// Up to this one.
    pub to: i64,
    /// What does not agree.
    pub differences: Vec<Difference>,
    /// The event that tells of it, where there is anything to tell.
    pub event: Option<AdminEvent>,
}
