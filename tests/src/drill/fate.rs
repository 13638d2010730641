//! The plain truth about what an issuer takes back, and what a verifier may therefore answer.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// After the issuer's answer no verifier that is connected may allow any longer than this, even the slowest: the time
/// that is promised for a key that was stolen.
pub(super) const AT_MOST: Duration = Duration::from_secs(5);

/// When something that passports stand on was taken back: the passport itself, or the key that signed it.
#[derive(Debug, Default)]
pub(super) struct Fate {
    asked: OnceLock<Instant>,
    acknowledged: OnceLock<Instant>,
}

/// What the truth says of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It had to be decided on the passport's grants.
    Live,
    /// The issuer was at it, or the verifier may not know yet: either answer is right.
    Either,
    /// It had to be denied as taken back.
    Gone,
}

impl Fate {
    /// Right before the issuer is asked to take it back.
    pub(super) fn ask(&self) {
        self.asked.get_or_init(Instant::now);
    }

    /// Right after its answer.
    pub(super) fn acknowledge(&self) {
        self.acknowledged.get_or_init(Instant::now);
    }

    /// What an answer that was looked for between these two moments may be.
    pub(super) fn rule(&self, began: Instant, ended: Instant) -> Ruling {
        match (self.asked.get(), self.acknowledged.get()) {
            (None, _) => Ruling::Live,
            (Some(asked), _) if *asked > ended => Ruling::Live,
            (_, Some(acknowledged)) if began > *acknowledged + AT_MOST => Ruling::Gone,
            (Some(_), _) => Ruling::Either,
        }
    }

    /// How long after the issuer's answer `seen` was; nothing where it was before it.
    pub(super) fn latency(&self, seen: Instant) -> Duration {
        self.acknowledged.get().map_or(Duration::ZERO, |acknowledged| seen.saturating_duration_since(*acknowledged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(now: Instant, ms: u64) -> Instant {
        now + Duration::from_millis(ms)
    }

    #[test]
    fn before_anybody_asked_the_passport_had_to_be_live() {
        let now = Instant::now();
        let fate = Fate::default();
        assert_eq!(fate.rule(now, at(now, 1)), Ruling::Live);
        fate.asked.set(at(now, 10)).expect("unset");
        assert_eq!(fate.rule(at(now, 1), at(now, 9)), Ruling::Live);
        assert_eq!(fate.rule(at(now, 1), at(now, 10)), Ruling::Either, "it may have been asked before the answer was found");
    }

    #[test]
    fn after_the_answer_and_the_time_promised_it_had_to_be_gone() {
        let now = Instant::now();
        let fate = Fate { asked: now.into(), acknowledged: OnceLock::new() };
        assert_eq!(fate.rule(at(now, 60_000), at(now, 60_001)), Ruling::Either, "the issuer has promised nothing yet");
        fate.acknowledged.set(at(now, 100)).expect("unset");
        assert_eq!(fate.rule(at(now, 5_100), at(now, 9_000)), Ruling::Either);
        assert_eq!(fate.rule(at(now, 5_101), at(now, 9_000)), Ruling::Gone);
        assert_eq!(fate.latency(at(now, 50)), Duration::ZERO);
        assert_eq!(fate.latency(at(now, 350)), Duration::from_millis(250));
    }
}
