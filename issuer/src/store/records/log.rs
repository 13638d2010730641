//! Records of the log as a whole.

use passport_shared::log::merkle::Hash;

/// How far the log has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// How many events it has.
    pub size: i64,
    /// The root of the tree over them (RFC 6962).
    pub root: Hash,
}

/// A checkpoint that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// How many events it is over.
    pub size: i64,
    /// The signed note (docs/audit.md A9).
    pub note: String,
    /// When it was signed, which is in no signature.
    pub signed_at: i64,
}

/// That the log signs no checkpoint until an admin says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHold {
    /// Since when.
    pub at: i64,
    /// Why, for people.
    pub why: String,
}

/// Where the log is, and what was signed of it, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// How far it has come.
    pub head: LogHead,
    /// The public half of its key, as a verifier key; `None` before the first start.
    pub verifier_key: Option<String>,
    /// That it is held.
    pub hold: Option<LogHold>,
    /// The newest checkpoint.
    pub last: Option<SignedCheckpoint>,
    /// Why the log does not go on from that, such as that it has fewer events now; `None`: it does.
    pub doubt: Option<String>,
}

/// What became of bodies that are old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// How many were dropped since an event told of any.
    pub bodies: i64,
    /// Up to which event they are, by its place in the log.
    pub to: i64,
    /// Whether there may be more of them.
    pub more: bool,
}

/// What to count, and how to sum it up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountFilter {
    /// From this hour on: seconds since 1970, divided by 3,600.
    pub from_hour: i64,
    /// To before this hour.
    pub to_hour: i64,
    /// Of this agent.
    pub agent_id: Option<String>,
    /// Whether each hour has numbers of its own.
    pub by_hour: bool,
    /// Whether each agent has.
    pub by_agent: bool,
    /// Whether each reason has.
    pub by_reason: bool,
}

/// How many decisions there were. What was not told apart is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The hour, by the time that the decision was made.
    pub hour: Option<i64>,
    /// The agent; an empty text stands for none.
    pub agent_id: Option<String>,
    /// The outcome.
    pub outcome: String,
    /// The reason.
    pub reason: Option<String>,
    /// How many.
    pub count: i64,
}
