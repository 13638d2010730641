//! Records of the audit log.

use std::borrow::Cow;

use passport_shared::constraint::Operator;
use passport_shared::log::entry::Entry;

use crate::hex::hex;

/// What an audit event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A decision that a verifier has reported.
    Decision,
    /// A change at the issuer.
    Admin,
}

impl EventKind {
    /// The word used in storage and in filters: `decision` or `admin`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Admin => "admin",
        }
    }

    /// The kind with this word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Decision, Self::Admin].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// An event to be appended. The store gives it its place in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewEvent {
    /// The event's own id, never used before.
    pub event_id: String,
    /// The reporter's own count, if it keeps one.
    pub seq: Option<i64>,
    /// The id of the request that was decided, or that made the change.
    pub request_id: String,
    /// The exact JSON text.
    pub body: String,
    /// SHA-256 of the body: what duplicates are told by, and what the next event of a chain names.
    pub body_hash: [u8; 32],
    /// What both are told by in its place, where the body is not as it was reported (docs/audit.md A27).
    pub reported_hash: Option<[u8; 32]>,
    /// When the issuer received it.
    pub received_at: i64,
    /// When it was decided, by the reporter's clock.
    pub evaluated_at: Option<i64>,
    /// The agent concerned.
    pub agent_id: Option<String>,
    /// The passport concerned.
    pub passport_id: Option<String>,
    /// `allow`, `deny` or `approval_required` for a decision.
    pub outcome: Option<String>,
    /// The reason code.
    pub reason: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// The resource.
    pub resource: Option<String>,
}

impl NewEvent {
    /// What duplicates are told by, and what the next event of a chain names.
    #[must_use]
    pub fn told_by(&self) -> [u8; 32] {
        self.reported_hash.unwrap_or(self.body_hash)
    }

    /// What its leaf in the tree is made of (docs/audit.md), once it has its place in the log: all that it says but the body,
    /// and the body's hash.
    #[must_use]
    pub fn entry<'e>(&'e self, sequence: i64, kind: EventKind, reporter: &'e str, conflict: bool) -> Entry<'e> {
        let text = |text: &'e Option<String>| text.as_deref().map(Cow::Borrowed);
        Entry {
            sequence,
            event_id: Cow::Borrowed(&self.event_id),
            kind: Cow::Borrowed(kind.as_str()),
            reporter: Cow::Borrowed(reporter),
            seq: self.seq,
            request_id: Cow::Borrowed(&self.request_id),
            body_hash: self.body_hash,
            reported_hash: self.reported_hash.map(|hash| Cow::Owned(hex(hash))),
            received_at: self.received_at,
            evaluated_at: self.evaluated_at,
            agent_id: text(&self.agent_id),
            passport_id: text(&self.passport_id),
            outcome: text(&self.outcome),
            reason: text(&self.reason),
            action: text(&self.action),
            resource: text(&self.resource),
            conflict,
        }
    }
}

/// Who makes a change, to be looked at again in the transaction that makes it: between the gate and the change there may
/// be seconds, in which the passport was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maker {
    /// The passport that the change is made with.
    pub passport_id: String,
    /// When the change is made.
    pub at: i64,
}

/// The event that goes with a change by an admin, written in the same transaction or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminEvent {
    /// Who made the change, as verified: the `sub` of the passport used.
    pub reporter: String,
    /// What it says. Its `passport_id` is the passport used, and none for what the issuer does by itself.
    pub event: NewEvent,
}

impl AdminEvent {
    /// Who makes the change; `None` for what the issuer does by itself.
    #[must_use]
    pub fn maker(&self) -> Option<Maker> {
        let passport_id = self.event.passport_id.clone()?;
        Some(Maker { passport_id, at: self.event.received_at })
    }
}

/// An event in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its place: the order of acceptance, from 1 on, without a gap.
    pub sequence: i64,
    /// What it tells of.
    pub kind: EventKind,
    /// Who reported it, as verified.
    pub reporter: String,
    /// Whether an event with another body was there before under the same reporter and request id.
    pub conflict: bool,
    /// What it says.
    pub event: NewEvent,
}

impl AuditEvent {
    /// What its leaf in the tree is made of.
    #[must_use]
    pub fn entry(&self) -> Entry<'_> {
        self.event.entry(self.sequence, self.kind, &self.reporter, self.conflict)
    }
}

/// In which order events are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The last accepted first.
    #[default]
    NewestFirst,
    /// In the order of acceptance.
    OldestFirst,
}

/// Which audit events to list. All that is given must hold, each by exact match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The agent concerned.
    pub agent_id: Option<String>,
    /// The passport concerned.
    pub passport_id: Option<String>,
    /// The outcome.
    pub outcome: Option<String>,
    /// The reason code.
    pub reason: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// The resource.
    pub resource: Option<String>,
    /// Who reported it.
    pub reporter: Option<String>,
    /// What it tells of.
    pub kind: Option<EventKind>,
    /// Not earlier than this, by `evaluated_at` (by `received_at` for an event that has none).
    pub from: Option<i64>,
    /// Earlier than this, by the same time.
    pub to: Option<i64>,
    /// What must hold for attributes of the request, as in a grant (contract section 2). No index has these: bodies are read
    /// for them, and a page can end before it is full.
    pub attributes: Vec<(String, Operator)>,
    /// The hashes that can stand in the place of each, where it is hidden: in their order, and empty where nothing is hidden by a key
    /// that is known.
    pub hidden: Vec<Vec<String>>,
    /// Which of them come first.
    pub order: Order,
    /// [`Page::next`](super::Page::next) of the page before; `None` for the first.
    pub cursor: Option<i64>,
    /// At most so many (see [`MAX_PAGE`](crate::store::MAX_PAGE)), and no more than
    /// [`MAX_PAGE_BYTES`](crate::store::MAX_PAGE_BYTES) of bodies.
    pub limit: u32,
}
