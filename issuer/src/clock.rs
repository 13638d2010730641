//! The time, as an argument to everything that asks for it.

use std::time::{Duration, SystemTime};

/// Tells the time. The service reads no other clock, so a test can say what time it is.
pub trait Clock: std::fmt::Debug + Send + Sync {
    /// Whole milliseconds since 1970-01-01 UTC.
    fn now_millis(&self) -> i64;

    /// Whole seconds since 1970-01-01 UTC.
    fn now(&self) -> i64 {
        self.now_millis().div_euclid(1_000)
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_millis(&self) -> i64 {
        // A clock before 1970 reads as 1970: everything has expired or is not valid yet, and nothing is allowed.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct At(i64);

    impl Clock for At {
        fn now_millis(&self) -> i64 {
            self.0
        }
    }

    #[test]
    fn a_second_that_has_begun_is_not_counted() {
        for (millis, seconds) in [(0, 0), (999, 0), (1_000, 1), (1_999, 1), (-1, -1)] {
            assert_eq!(At(millis).now(), seconds, "{millis} ms");
        }
    }

    #[test]
    fn the_machines_clock_is_past_the_year_2025() {
        assert!(SystemClock.now() > 1_735_689_600);
    }
}
