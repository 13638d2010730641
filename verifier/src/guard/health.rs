//! How a guard and what stands around it are.

use passport_shared::time;

use super::{Guard, KeeperHealth};
use crate::verifier::MaxAge;

mod problem;

pub use problem::{HealthProblem, Verdict};

/// How a guard is at one moment: a value to log, to answer a health check with, and to raise an alarm by.
///
/// ```
/// use passport_verifier::{Guard, Trust, Verdict, Verifier};
///
/// let guard = Guard::new(Verifier::new(Trust::none("https://issuer.example"), "https://shop.example"));
/// let health = guard.health();
/// assert_eq!(health.verdict(), Verdict::Denying);
/// assert_eq!(
///     health.problems()[0].to_string(),
///     "no keys are loaded, so every passport is denied; see whether a trust bundle can be had"
/// );
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What is believed.
    pub trust: TrustHealth,
    /// The clock.
    pub clock: ClockHealth,
    /// How keeping the trust fresh goes; `None` where nobody does
    /// ([`Guard::with_trust_keeper`](crate::Guard::with_trust_keeper)).
    pub keeper: Option<KeeperHealth>,
    /// How recording goes; `None` where nothing is recorded, or the recorder does not say.
    pub recorder: Option<RecorderHealth>,
    /// Decisions that could not be recorded since the start.
    pub unrecorded: u64,
}

/// The trust of a guard's verifier.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustHealth {
    /// The issuer's URL.
    pub issuer: String,
    /// The number of the bundle; `None` for a plain set of keys.
    pub sequence: Option<i64>,
    /// How many keys are trusted.
    pub keys: usize,
    /// When the issuer made the bundle, in seconds since 1970; `None` for a plain set of keys, which has no age.
    pub issued_at: Option<i64>,
    /// The bundle's age in seconds.
    pub age: Option<i64>,
    /// The age at which every passport is denied.
    pub max_age: MaxAge,
    /// The age of the newest status list in seconds; `None` where there is none.
    pub status_age: Option<i64>,
    /// The age at which a status list denies passports; `None` where none does.
    pub max_status_age: Option<MaxAge>,
}

/// A guard's clock.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockHealth {
    /// What it says, in seconds since 1970.
    pub now: i64,
    /// How many seconds it is behind the latest time seen.
    pub behind: i64,
    /// Whether decisions are taken by it; if not, each is `clock_untrusted`.
    pub trusted: bool,
}

/// How recording decisions goes. Counts are since the start; what a recorder does not have is 0 or `None`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecorderHealth {
    /// Whether nothing can be recorded now, so that what would be allowed is denied.
    pub refusing: bool,
    /// Decisions that were taken and are not delivered.
    pub waiting: u64,
    /// For how many seconds the oldest of them has waited, where the recorder knows. From a minute on it is a problem.
    pub oldest_waiting: Option<u64>,
    /// Decisions that were delivered.
    pub delivered: u64,
    /// Decisions that were refused for good: the audit log does not have them.
    pub rejected: u64,
    /// Decisions that were not taken, or were dropped.
    pub lost: u64,
    /// Deliveries that failed, each tried again since.
    pub failed_attempts: u64,
    /// Bytes that the spool has on disk.
    pub spool_bytes: Option<u64>,
    /// Bytes that it may have there.
    pub spool_quota: Option<u64>,
    /// Gaps in the sequence that the spool has told of.
    pub gaps: u64,
    /// Times that the spool could not be written or made durable.
    pub disk_errors: u64,
    /// What went wrong last, if anything did. There is no secret in it.
    pub last_error: Option<String>,
}

impl Guard {
    /// How it is now. It costs a look at the clock and a few counters: ask as often as a health check does.
    #[must_use]
    pub fn health(&self) -> Health {
        let now = self.clock.now();
        // The same look as a decision takes, with the same memory of the latest time.
        let trusted = self.latest.observe(now).is_ok() && time::in_range(now);
        let behind = if time::in_range(now) { self.latest.seconds().saturating_sub(now).max(0) } else { 0 };
        let trust = self.verifier.trust();
        let age = |since: i64| now.saturating_sub(since).max(0);
        Health {
            trust: TrustHealth {
                issuer: trust.issuer().to_owned(),
                sequence: trust.sequence(),
                keys: trust.key_ids().count(),
                issued_at: trust.issued_at(),
                age: trust.issued_at().map(age),
                max_age: self.verifier.max_key_age(),
                status_age: trust.newest_status_list().map(age),
                max_status_age: self.verifier.max_status_age(),
            },
            clock: ClockHealth { now, behind, trusted },
            keeper: self.keeper.as_ref().map(|keeper| keeper.health()),
            recorder: self.recorder.as_ref().and_then(|recorder| recorder.health()),
            unrecorded: self.unrecorded(),
        }
    }
}

#[cfg(test)]
mod tests;
