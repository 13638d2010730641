//! Where the time comes from, and what becomes of a clock that steps back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use passport_shared::time;

/// Tells the time of day. Tests and simulations bring their own.
pub trait Clock: Send + Sync {
    /// Whole seconds since 1970, in UTC. A clock that does not know gives a negative number, and everything is
    /// denied with `clock_untrusted`.
    fn now(&self) -> i64;

    /// The same in milliseconds, for ids that are ordered by time.
    fn now_millis(&self) -> i64 {
        self.now().saturating_mul(1_000)
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> i64 {
        (**self).now()
    }

    fn now_millis(&self) -> i64 {
        (**self).now_millis()
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        self.now_millis().div_euclid(1_000)
    }

    fn now_millis(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "this is the one place where the clock is read")]
        let now = SystemTime::now();
        // A clock before 1970 is one that does not know the time.
        now.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(-1)
    }
}

/// The latest time seen, and how far behind it the clock may be (contract section 5).
#[derive(Debug)]
pub(crate) struct LatestTime {
    seconds: AtomicI64,
    tolerance: i64,
}

/// The clock is further behind the latest time seen than is tolerated. Both in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SteppedBack {
    pub(super) now: i64,
    pub(super) latest: i64,
}

impl Default for LatestTime {
    fn default() -> Self {
        Self { seconds: AtomicI64::new(0), tolerance: 5 }
    }
}

impl LatestTime {
    pub(super) fn tolerate(&mut self, seconds: u32) {
        self.tolerance = i64::from(seconds);
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.seconds.load(Ordering::Relaxed)
    }

    /// Takes note of a time. One that is none is not kept: it would deny everything for ever.
    pub(crate) fn raise(&self, seconds: i64) {
        // Read before written: most decisions fall into a second that was seen already, and cores do not contend.
        if time::in_range(seconds) && seconds > self.seconds() {
            self.seconds.fetch_max(seconds, Ordering::Relaxed);
        }
    }

    /// The time to decide at, given what the clock says: never earlier than one seen before.
    pub(super) fn observe(&self, now: i64) -> Result<i64, SteppedBack> {
        if !time::in_range(now) {
            // The core denies at such a time.
            return Ok(now);
        }
        self.raise(now);
        let latest = self.seconds().max(now);
        match latest.saturating_sub(now) > self.tolerance {
            true => Err(SteppedBack { now, latest }),
            false => Ok(latest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_runs_backwards_and_a_step_beyond_the_tolerance_is_an_error() {
        let latest = LatestTime::default();
        assert_eq!(latest.observe(1_000), Ok(1_000));
        assert_eq!(latest.observe(995), Ok(1_000), "5 seconds are tolerated, and forgotten");
        assert_eq!(latest.observe(994), Err(SteppedBack { now: 994, latest: 1_000 }));
        assert_eq!(latest.observe(1_001), Ok(1_001), "it has caught up");
        assert_eq!(latest.observe(995), Err(SteppedBack { now: 995, latest: 1_001 }));
    }

    #[test]
    fn the_tolerance_is_the_one_that_is_set() {
        let mut latest = LatestTime::default();
        latest.tolerate(0);
        assert_eq!(latest.observe(1_000), Ok(1_000));
        assert_eq!(latest.observe(999), Err(SteppedBack { now: 999, latest: 1_000 }));
        latest.tolerate(u32::MAX);
        assert_eq!(latest.observe(0), Ok(1_000));
    }

    #[test]
    fn a_time_that_is_none_is_not_remembered() {
        let latest = LatestTime::default();
        for none in [-1, i64::MIN, i64::MAX, passport_shared::limits::TIME_MAX + 1] {
            assert_eq!(latest.observe(none), Ok(none));
            latest.raise(none);
        }
        assert_eq!(latest.seconds(), 0);
    }

    #[test]
    fn the_system_clock_tells_seconds_and_milliseconds_of_one_time() {
        let (before, millis, after) = (SystemClock.now(), SystemClock.now_millis(), SystemClock.now());
        assert!(time::in_range(before));
        assert!((before..=after).contains(&millis.div_euclid(1_000)) || before > after, "{before} {millis} {after}");
    }
}
