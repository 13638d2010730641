//! What a store keeps and takes: plain records. Times are integer seconds since 1970-01-01 UTC.

mod approvals;
mod audit;
mod console;
mod differences;
mod intake;
mod keys;
mod log;
mod revocations;
mod templates;
mod webhooks;

pub use approvals::{Approval, ApprovalFilter, ApprovalState, NewApproval, Vote};
pub use audit::{AdminEvent, AuditEvent, AuditFilter, EventKind, Maker, NewEvent, Order};
pub use console::ConsoleKey;
pub use differences::{Difference, DifferenceFilter, Redecided};
pub use intake::{Alarm, AppendOutcome, Batch, Finding, FindingFilter, FindingKind, Link, Plain, Reported, Reporter, ReporterChain};
pub use keys::{Key, KeyState, KeyUse, NewKey, RevokeKey, RotateKeys, WentWithKey};
pub use log::{Count, CountFilter, Dropped, LogHead, LogHold, LogState, SignedCheckpoint};
pub use revocations::{LiveFilter, MatchedPassports, NAMED_PASSPORTS, RevokedPassports};
pub use templates::{DeletedTemplate, NewTemplate, Template, TemplateUse};
pub use webhooks::{Delivery, DeliveryCounts, DeliveryFilter, DeliveryState, NewWebhook, Replay, SecretSeed, Sent, Webhook, WebhookChange};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The records, in the list's order.
    pub items: Vec<T>,
    /// What to give as cursor for the next page; `None` when this is the last.
    pub next: Option<C>,
}

/// An agent to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgent {
    /// Its id: the `sub` of its passports.
    pub agent_id: String,
    /// Its name, for people.
    pub name: String,
    /// What it does, for people.
    pub description: Option<String>,
    /// When it is created.
    pub created_at: i64,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its id: the `sub` of its passports.
    pub agent_id: String,
    /// Its name, for people.
    pub name: String,
    /// What it does, for people.
    pub description: Option<String>,
    /// Since when it is disabled; `None` while it is enabled.
    pub disabled_at: Option<i64>,
    /// When it was created.
    pub created_at: i64,
}

/// Which agents to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentFilter {
    /// Only those with this in their id or name, ASCII letters in either case.
    pub text: Option<String>,
    /// Only those that are disabled, or only those that are not.
    pub disabled: Option<bool>,
    /// [`Page::next`] of the page before; `None` for the first.
    pub cursor: Option<String>,
    /// At most so many (see [`MAX_PAGE`](super::MAX_PAGE)).
    pub limit: u32,
}

/// What disabling an agent did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disabled {
    /// Whether the agent was enabled before; if not, nothing was written.
    pub changed: bool,
    /// How many passports were revoked with it.
    pub revoked: u64,
    /// The trust sequence afterwards.
    pub trust_sequence: i64,
}

/// A passport that has been signed and is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPassport {
    /// Its id: the `jti`.
    pub passport_id: String,
    /// Its agent: the `sub`.
    pub agent_id: String,
    /// The key that signed it: the `kid`. Must be the active one.
    pub key_id: String,
    /// The exact JSON text of its payload; never the token or the signature.
    pub claims: String,
    /// Its `aud`.
    pub audience: Vec<String>,
    /// Its `iat`.
    pub issued_at: i64,
    /// Its `nbf`, if any.
    pub not_before: Option<i64>,
    /// Its `exp`.
    pub expires_at: i64,
    /// The status list it stands in.
    pub status_list: i64,
    /// Its place there, from 0 to below the list's size; drawn at random by the caller.
    pub status_index: i64,
    /// The agent that asked for it.
    pub issued_by: String,
    /// The template that it is issued by.
    pub template: Option<TemplateUse>,
    /// Whether that has to be the template's newest revision; not for what comes in the place of another passport.
    pub template_newest: bool,
    /// Until when it may be renewed, if its maker allowed it.
    pub renew_until: Option<i64>,
    /// What it is a renewal of, if it is one.
    pub renews: Option<Renews>,
}

/// The passport that is exchanged for a fresh one, and how many of its lineage there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renews {
    /// Its id. It is looked at as the maker of the change too.
    pub passport_id: String,
    /// How many of its lineage may be live, or issued lately, with the fresh one.
    pub most: u32,
    /// Lately: later than so many seconds before the fresh one is issued.
    pub lately: i64,
}

/// A passport as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passport {
    /// Its id: the `jti`.
    pub passport_id: String,
    /// Its agent: the `sub`.
    pub agent_id: String,
    /// The key that signed it: the `kid`.
    pub key_id: String,
    /// The exact JSON text of its payload.
    pub claims: String,
    /// Its `aud`.
    pub audience: Vec<String>,
    /// Its `iat`.
    pub issued_at: i64,
    /// Its `nbf`, if any.
    pub not_before: Option<i64>,
    /// Its `exp`.
    pub expires_at: i64,
    /// The status list it stands in.
    pub status_list: i64,
    /// Its place there.
    pub status_index: i64,
    /// When it was revoked: itself, else with its key; `None` while it is not.
    pub revoked_at: Option<i64>,
    /// Why, if that was said; of the same revocation as `revoked_at`.
    pub revoke_reason: Option<String>,
    /// The agent that asked for it.
    pub issued_by: String,
    /// The template that it was issued by.
    pub template: Option<TemplateUse>,
    /// Until when it may be renewed, if its maker allowed it.
    pub renew_until: Option<i64>,
    /// Its lineage: the first of the passports of which each but that first is a renewal of another. Its own id where it
    /// is the first.
    pub lineage: String,
    /// The passport that was exchanged for it, if it is a renewal.
    pub renewed_from: Option<String>,
    /// The key by whose revocation it was revoked, although another had signed it: that key had signed one of its lineage.
    pub revoked_with_key: Option<String>,
    /// The trust sequence that was the first to tell of its revocation, of the same one as `revoked_at`; 0 where that was
    /// not noted.
    pub revoked_sequence: Option<i64>,
}

/// What a passport is at a given time. Revoked wins over expired. One that is not valid yet is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassportState {
    /// Neither revoked nor expired.
    Live,
    /// Revoked, itself or with its key.
    Revoked,
    /// Expired (`exp` is not later than now), and never revoked.
    Expired,
}

/// Which passports to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassportFilter {
    /// Only those of this agent.
    pub agent_id: Option<String>,
    /// Only those that this key has signed.
    pub key_id: Option<String>,
    /// Only those that were issued by this template, in any of its revisions.
    pub template: Option<String>,
    /// Only those in this state at `now`.
    pub state: Option<PassportState>,
    /// Only those with this in their id or their agent's, ASCII letters in either case.
    pub text: Option<String>,
    /// Only those that end before this time.
    pub expires_before: Option<i64>,
    /// The time that `state` is relative to.
    pub now: i64,
    /// [`Page::next`] of the page before; `None` for the first.
    pub cursor: Option<i64>,
    /// At most so many (see [`MAX_PAGE`](super::MAX_PAGE)).
    pub limit: u32,
}

/// What revoking a passport did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedPassport {
    /// Whether it was not revoked before; if it was, nothing was written.
    pub changed: bool,
    /// What was revoked: it, and the live ones of its lineage.
    pub matched: MatchedPassports,
    /// The trust sequence afterwards.
    pub trust_sequence: i64,
}

/// A status list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusList {
    /// Its number, as in its URI.
    pub list: i64,
    /// How many places it has.
    pub size: i64,
    /// How many are taken.
    pub used: i64,
    /// When the last of the passports that have a place in it ends; 0 while there is none.
    pub last_expiry: i64,
}

/// The revoked places of one status list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedIndexes {
    /// The list's number.
    pub list: i64,
    /// How many places it has.
    pub size: i64,
    /// How many are taken.
    pub used: i64,
    /// When the last of the passports that have a place in it ends; 0 while there is none.
    pub last_expiry: i64,
    /// The revoked places, ascending.
    pub revoked: Vec<i64>,
}

/// Trust as of one moment: the sequence, keys and lists belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustSnapshot {
    /// The trust sequence.
    pub sequence: i64,
    /// All keys, oldest first.
    pub keys: Vec<Key>,
    /// All status lists, by number.
    pub lists: Vec<RevokedIndexes>,
}
