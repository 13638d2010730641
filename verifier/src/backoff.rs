//! How long to wait before the next try.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

use crate::guard::Randomness;

/// The longest wait that an issuer can ask for: beyond it a mistake on its side would silence a service for good.
const LONGEST_REQUEST: Duration = Duration::from_secs(600);

/// Waits that double from try to try, spread by full jitter (any time from none to all of the wait), so that many
/// services that failed together do not come back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    waits: ExponentialBuilder,
    next: ExponentialBackoff,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        let waits =
            ExponentialBuilder::new().with_factor(2.0).with_min_delay(first.min(longest)).with_max_delay(longest).without_max_times();
        Self { waits, next: waits.build() }
    }

    /// After a success.
    pub(crate) fn reset(&mut self) {
        self.next = self.waits.build();
    }

    /// The wait after one more failure; at least as long as the issuer asked for.
    pub(crate) fn next(&mut self, asked: Option<Duration>, randomness: &dyn Randomness) -> Duration {
        let wait = self.next.next().map_or(LONGEST_REQUEST, |wait| share(wait, randomness));
        wait.saturating_add(asked.unwrap_or_default().min(LONGEST_REQUEST))
    }
}

/// A random share of `whole`; all of it where there is no randomness.
pub(crate) fn share(whole: Duration, randomness: &dyn Randomness) -> Duration {
    let mut bytes = [0; 4];
    match randomness.fill(&mut bytes) {
        Ok(()) => whole.mul_f64(f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)),
        Err(_) => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FixedRandomness, NoRandomness};

    fn waits(backoff: &mut Backoff, byte: u8, count: usize) -> Vec<u128> {
        (0..count).map(|_| backoff.next(None, &FixedRandomness([byte; 10])).as_millis()).collect()
    }

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        assert_eq!(waits(&mut backoff, 0xff, 6), [100, 200, 400, 800, 1_000, 1_000]);
        backoff.reset();
        assert_eq!(waits(&mut backoff, 0xff, 2), [100, 200]);
    }

    #[test]
    fn jitter_takes_any_share_of_the_wait() {
        let mut backoff = Backoff::new(Duration::from_millis(1_000), Duration::from_secs(60));
        assert_eq!(waits(&mut backoff, 0, 3), [0, 0, 0]);
        backoff.reset();
        assert_eq!(waits(&mut backoff, 0x80, 3), [501, 1_003, 2_007]);
        assert_eq!(backoff.next(None, &NoRandomness), Duration::from_secs(8), "without randomness the whole wait");
    }

    #[test]
    fn what_the_issuer_asks_for_is_heeded_within_reason() {
        let none = FixedRandomness([0; 10]);
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        assert_eq!(backoff.next(Some(Duration::from_secs(7)), &none), Duration::from_secs(7));
        assert_eq!(backoff.next(Some(Duration::MAX), &none), LONGEST_REQUEST);
    }
}
