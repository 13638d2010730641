//! Records of what verifiers report, and of what is found wrong with it.

use std::sync::Arc;

use super::{AdminEvent, Maker, NewEvent};
use crate::store::StoreError;

/// How an event hangs on the one before of its reporter (format F7.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What the event before is told by; `None` for the first of a chain.
    pub previous: Option<[u8; 32]>,
    /// How many numbers it takes, at least 1: its `seq` is the last of them.
    pub count: i64,
}

/// An event that is reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// What it says.
    pub event: NewEvent,
    /// Its place in its reporter's chain; `None` for a reporter that keeps none.
    pub link: Option<Link>,
    /// As it was reported, where that is not what it is told by: events from before the issuer hid anything are.
    pub plain: Option<Box<Plain>>,
}

/// The hashes that an event was reported with, or that its reporter knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plain {
    /// Of its text.
    pub hash: [u8; 32],
    /// Of the event before, where it names one.
    pub previous: Option<[u8; 32]>,
}

impl Reported {
    /// Whether the event that is told by this hash is this one.
    #[must_use]
    pub fn is_told_by(&self, hash: &[u8]) -> bool {
        hash == self.event.told_by() || self.plain.as_ref().is_some_and(|plain| hash == plain.hash)
    }
}

/// What a verifier reports at once.
#[derive(Clone)]
pub struct Batch {
    /// Who reports, as verified.
    pub reporter: String,
    /// The passport that it reports with, to be looked at again; `None` for the issuer's own.
    pub maker: Option<Maker>,
    /// The events, in the reporter's order.
    pub events: Vec<Reported>,
    /// Makes the event that tells of what they show to be wrong with the reporter's chain.
    pub alarm: Alarm,
}

/// Makes the event of what was found. It must not wait for anything, and may be called more than once for one batch.
pub type Alarm = Arc<dyn Fn(&[Finding]) -> Result<Option<AdminEvent>, StoreError> + Send + Sync>;

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("reporter", &self.reporter).field("events", &self.events.len()).finish_non_exhaustive()
    }
}

/// What is wrong with a reporter's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// Numbers that did not come.
    Gap,
    /// Numbers that came before with another event, or that do not follow from the event that came before.
    Fork,
}

impl FindingKind {
    /// The word used in storage and in answers: `gap` or `fork`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Fork => "fork",
        }
    }

    /// The kind with this word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Gap, Self::Fork].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Something that was found wrong with a reporter's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// Whose chain it is.
    pub reporter: String,
    /// The first number concerned.
    pub from_seq: i64,
    /// The last.
    pub to_seq: i64,
    /// The event that shows it, by its place in the log.
    pub sequence: i64,
    /// When it was found.
    pub found_at: i64,
    /// When the numbers came after all, for a gap.
    pub resolved_at: Option<i64>,
}

/// What became of a batch. The first three add up to its length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppendOutcome {
    /// New events, written.
    pub accepted: u64,
    /// Events that were there before, not written again.
    pub duplicates: u64,
    /// Events with another body under a request id that was there before, written beside it.
    pub conflicts: u64,
    /// What the batch shows to be wrong with its reporter's chain.
    pub findings: Vec<Finding>,
    /// How many events the log had when the batch was on disk.
    pub log_size: i64,
}

/// Which findings to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Of this reporter.
    pub reporter: Option<String>,
    /// Only those that are not resolved.
    pub open: bool,
    /// [`Page::next`](super::Page::next) of the page before; `None` for the first.
    pub cursor: Option<i64>,
    /// At most so many (see [`MAX_PAGE`](crate::store::MAX_PAGE)).
    pub limit: u32,
}

/// A reporter, and how it is with what it has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reporter {
    /// Its agent id.
    pub reporter: String,
    /// The last decision that came, by its place in the log and its time of receipt.
    pub last: (i64, i64),
    /// Its chains, the last moved first: at most ten.
    pub chains: Vec<ReporterChain>,
    /// Gaps that are open, and how many numbers they lack.
    pub open_gaps: (i64, i64),
    /// Forks that were found.
    pub forks: i64,
}

/// A chain of a reporter, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReporterChain {
    /// The first number that came.
    pub first_seq: i64,
    /// The last.
    pub last_seq: i64,
    /// When that came.
    pub last_at: i64,
}
