//! What to do when a connection cannot be accepted: never give up, never spin.

use std::io::{self, ErrorKind};
use std::time::Duration;

/// The first pause, once the system lacks something (file descriptors, memory).
const FIRST: Duration = Duration::from_millis(50);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(1);

/// How long to wait before the next attempt.
#[derive(Debug, Default)]
pub(super) struct Pause {
    failures: u32,
}

impl Pause {
    /// An attempt went well.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Waits as long as `error` asks for.
    pub(super) async fn after(&mut self, error: &io::Error) {
        let pause = self.next(error.kind());
        if !pause.is_zero() {
            tracing::error!(%error, ?pause, "no connection can be accepted; trying again");
            tokio::time::sleep(pause).await;
        }
    }

    fn next(&mut self, kind: ErrorKind) -> Duration {
        // That one client went away before we looked says nothing about the next.
        if matches!(kind, ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused | ErrorKind::Interrupted)
        {
            return Duration::ZERO;
        }
        let pause = FIRST.saturating_mul(1 << self.failures.min(8)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_lacks_something_is_asked_ever_less_often() {
        let mut pause = Pause::default();
        let emfile = io::Error::from_raw_os_error(24).kind();
        let pauses: Vec<u128> = (0..7).map(|_| pause.next(emfile).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        (0..1000).for_each(|_| assert_eq!(pause.next(emfile), LONGEST));
        pause.reset();
        assert_eq!(pause.next(emfile), FIRST);
    }

    #[test]
    fn a_client_that_went_away_costs_no_pause() {
        let mut pause = Pause::default();
        assert_eq!(pause.next(ErrorKind::ConnectionAborted), Duration::ZERO);
        assert_eq!(pause.next(ErrorKind::ConnectionReset), Duration::ZERO);
        assert_eq!(pause.next(ErrorKind::OutOfMemory), FIRST, "it did not count");
    }
}
