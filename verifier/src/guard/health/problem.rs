//! What is wrong with a guard, in sentences.

use std::fmt;

use super::Health;
use crate::verifier::MaxAge;

/// From how many seconds on a decision that is not delivered is late. One that is tried again is there before.
const LATE_SECONDS: u64 = 60;

/// How a guard is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing is wrong.
    Healthy,
    /// It decides, and somebody should look at what is wrong.
    Degraded,
    /// It denies what should be allowed, all of it or all that has a status: no place to send callers to.
    Denying,
}

impl Verdict {
    /// The verdict as a gauge: 2 healthy, 1 degraded, 0 denying.
    #[cfg(feature = "metrics")]
    pub(crate) fn level(self) -> f64 {
        match self {
            Self::Healthy => 2.0,
            Self::Degraded => 1.0,
            Self::Denying => 0.0,
        }
    }
}

/// One thing that is wrong, with what to do about it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HealthProblem {
    /// There are no keys.
    #[error("no keys are loaded, so every passport is denied; see whether a trust bundle can be had")]
    NoKeys,
    /// The keys are too old.
    #[error("the keys are {age} seconds old, so every passport is denied; load a fresh trust bundle")]
    KeysTooOld {
        /// Their age in seconds.
        age: i64,
    },
    /// The status lists are too old.
    #[error("the status lists are {age} seconds old, so passports that carry a status are denied; load a fresh trust bundle")]
    StatusTooOld {
        /// The age of the newest in seconds.
        age: i64,
    },
    /// The clock is not believed.
    #[error("the clock says {now} and is {behind} seconds behind the latest time seen, so everything is denied; set the clock")]
    ClockUntrusted {
        /// What it says, in seconds since 1970.
        now: i64,
        /// How many seconds it is behind.
        behind: i64,
    },
    /// Newer trust is refused.
    #[error("the trust that is offered is refused, and what is loaded is kept: {why}; ask the issuer's administrator")]
    TrustRefused {
        /// Why.
        why: String,
    },
    /// Newer trust cannot be had.
    #[error("newer trust cannot be had, and what is loaded is kept: {why}")]
    TrustUnreachable {
        /// Why.
        why: String,
    },
    /// Trust cannot be saved.
    #[error(
        "trust and time could not be saved {times} times since the start, so that a restart without a network may deny; look at the disk"
    )]
    TrustUnsaved {
        /// How often.
        times: u64,
    },
    /// Decisions wait too long to be delivered.
    #[error("{waiting} decisions wait to be delivered, the oldest for {seconds} seconds: {why}")]
    Undelivered {
        /// How many.
        waiting: u64,
        /// For how many seconds the oldest has waited.
        seconds: u64,
        /// What went wrong last.
        why: String,
    },
    /// Nothing can be recorded.
    #[error("nothing can be recorded now, so what would be allowed is denied: {why}; look at the spool's disk and quota")]
    NothingRecorded {
        /// What went wrong last.
        why: String,
    },
    /// The spool is nearly full.
    #[error("the spool has {bytes} of {quota} bytes; deliver what is in it, or give it more, before decisions can be recorded no more")]
    SpoolNearlyFull {
        /// Bytes on disk.
        bytes: u64,
        /// Bytes that may be there.
        quota: u64,
    },
    /// The spool could not be written.
    #[error("the spool could not be written {times} times since the start; look at its disk")]
    SpoolUnwritable {
        /// How often.
        times: u64,
    },
    /// The audit log will not have all decisions of this run.
    #[error(
        "since the start {unrecorded} decisions could not be recorded, {lost} were lost and {rejected} were refused by the issuer: the audit log lacks them"
    )]
    RecordsMissing {
        /// Decisions that the guard could not have recorded.
        unrecorded: u64,
        /// Decisions that the recorder did not take, or dropped.
        lost: u64,
        /// Decisions that were refused for good.
        rejected: u64,
    },
}

impl HealthProblem {
    /// Whether something is denied because of it that should be allowed.
    #[must_use]
    pub fn denies(&self) -> bool {
        match self {
            Self::NoKeys
            | Self::KeysTooOld { .. }
            | Self::StatusTooOld { .. }
            | Self::ClockUntrusted { .. }
            | Self::NothingRecorded { .. } => true,
            Self::TrustRefused { .. }
            | Self::TrustUnreachable { .. }
            | Self::TrustUnsaved { .. }
            | Self::Undelivered { .. }
            | Self::SpoolNearlyFull { .. }
            | Self::SpoolUnwritable { .. }
            | Self::RecordsMissing { .. } => false,
        }
    }
}

impl Health {
    /// Everything that is wrong, what denies first. What is missing in the audit log stays here until the service is
    /// started again: somebody should have seen it.
    #[must_use]
    pub fn problems(&self) -> Vec<HealthProblem> {
        [self.of_clock(), self.of_keys(), self.of_status(), self.of_keeper(), self.of_store()]
            .into_iter()
            .chain(self.of_records())
            .flatten()
            .collect()
    }

    /// The worst of its problems, in one word.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let problems = self.problems();
        match problems.iter().any(HealthProblem::denies) {
            true => Verdict::Denying,
            false if problems.is_empty() => Verdict::Healthy,
            false => Verdict::Degraded,
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.verdict() == Verdict::Healthy
    }

    fn of_clock(&self) -> Option<HealthProblem> {
        let clock = self.clock;
        (!clock.trusted).then_some(HealthProblem::ClockUntrusted { now: clock.now, behind: clock.behind })
    }

    fn of_keys(&self) -> Option<HealthProblem> {
        if self.trust.keys == 0 {
            return Some(HealthProblem::NoKeys);
        }
        self.trust.age.filter(|age| !self.trust.max_age.allows(*age)).map(|age| HealthProblem::KeysTooOld { age })
    }

    fn of_status(&self) -> Option<HealthProblem> {
        let max_age: MaxAge = self.trust.max_status_age?;
        self.trust.status_age.filter(|age| !max_age.allows(*age)).map(|age| HealthProblem::StatusTooOld { age })
    }

    fn of_keeper(&self) -> Option<HealthProblem> {
        let keeper = self.keeper.as_ref()?;
        let why = keeper.last_error.clone()?;
        Some(if keeper.refusing { HealthProblem::TrustRefused { why } } else { HealthProblem::TrustUnreachable { why } })
    }

    fn of_store(&self) -> Option<HealthProblem> {
        let times = self.keeper.as_ref()?.save_failures;
        (times > 0).then_some(HealthProblem::TrustUnsaved { times })
    }

    fn of_records(&self) -> [Option<HealthProblem>; 5] {
        let nothing = super::RecorderHealth::default();
        let recorder = self.recorder.as_ref().unwrap_or(&nothing);
        let why = recorder.last_error.clone().unwrap_or_else(|| "the recorder does not say why".to_owned());
        let late = recorder.oldest_waiting.filter(|seconds| *seconds >= LATE_SECONDS);
        let undelivered = late.map(|seconds| HealthProblem::Undelivered { waiting: recorder.waiting, seconds, why: why.clone() });
        let nearly = |bytes: u64, quota: u64| bytes >= quota.saturating_sub(quota / 10);
        let spool = recorder.spool_bytes.zip(recorder.spool_quota).filter(|(bytes, quota)| nearly(*bytes, *quota));
        let (unrecorded, lost, rejected) = (self.unrecorded, recorder.lost, recorder.rejected);
        [
            Some(HealthProblem::NothingRecorded { why }).filter(|_| recorder.refusing),
            spool.map(|(bytes, quota)| HealthProblem::SpoolNearlyFull { bytes, quota }),
            Some(recorder.disk_errors).filter(|times| *times > 0).map(|times| HealthProblem::SpoolUnwritable { times }),
            undelivered,
            Some(HealthProblem::RecordsMissing { unrecorded, lost, rejected }).filter(|_| unrecorded + lost + rejected > 0),
        ]
    }
}

/// For a log or a health check: `healthy`, or everything that is wrong, in one line.
impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.problems();
        if problems.is_empty() {
            return f.write_str("healthy");
        }
        for (place, problem) in problems.iter().enumerate() {
            write!(f, "{}{problem}", if place == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
