//! Where those who want a refresh and the thread that does it meet.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{RefreshError, Refreshed};
use crate::guard::Clock;

/// Seconds in which one of those that ask is heard (contract section 5).
const ASK_SECONDS: u64 = 10;

/// How refreshing stands. Counts are since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshStats {
    /// The number of the bundle that was last taken from the issuer.
    pub sequence: Option<i64>,
    /// When the issuer last confirmed or replaced the trust, in seconds since 1970.
    pub last_success: Option<i64>,
    /// Fetches that were begun.
    pub attempts: u64,
    /// Fetches that failed, and bundles that were refused.
    pub failures: u64,
    /// Of these, bundles that were refused: rollback, another signer, expired. It should stay at 0.
    pub refused: u64,
    /// What went wrong, if the last fetch failed.
    pub last_error: Option<RefreshError>,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    /// Numbers of the fetches that were wanted, begun and ended. One that was begun serves all that wanted it before.
    wanted: u64,
    begun: u64,
    ended: u64,
    last: Option<Result<Refreshed, RefreshError>>,
    stats: RefreshStats,
}

pub(super) struct Desk {
    state: Mutex<State>,
    work: Condvar,
    done: Condvar,
    clock: Arc<dyn Clock>,
    /// When one that asked was last heard.
    heard_at: AtomicI64,
}

impl Desk {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let state = Mutex::new(State::default());
        Self { state, work: Condvar::new(), done: Condvar::new(), clock, heard_at: AtomicI64::new(i64::MIN) }
    }

    /// Held for a few moves, never across a call.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ask(&self) {
        let (now, heard_at) = (self.clock.now(), self.heard_at.load(Ordering::Relaxed));
        // A clock that was set back must not leave nobody heard for long.
        if now.abs_diff(heard_at) < ASK_SECONDS {
            return;
        }
        if self.heard_at.compare_exchange(heard_at, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.lock().wanted += 1;
            self.work.notify_one();
        }
    }

    pub(super) fn refresh_now(&self, timeout: Duration) -> Result<Refreshed, RefreshError> {
        let mut state = self.lock();
        // One that is under way may have read the old bundle already.
        state.wanted += 1;
        let ticket = state.wanted;
        self.work.notify_one();
        let (state, _) = self
            .done
            .wait_timeout_while(state, timeout, |state| state.ended < ticket && !state.stopped)
            .unwrap_or_else(PoisonError::into_inner);
        match (&state.last, state.stopped) {
            (Some(last), _) if state.ended >= ticket => last.clone(),
            (_, true) => Err(RefreshError::Stopped),
            (_, false) => Err(RefreshError::TimedOut),
        }
    }

    /// Waits until a fetch is due or wanted. False once it is over.
    pub(super) fn wait(&self, due_in: Duration) -> bool {
        let idle = |state: &mut State| !state.stopped && state.wanted <= state.begun;
        let (mut state, _) = self.work.wait_timeout_while(self.lock(), due_in, idle).unwrap_or_else(PoisonError::into_inner);
        state.begun = state.wanted;
        state.stats.attempts += u64::from(!state.stopped);
        !state.stopped
    }

    /// What came of the fetch that was begun.
    pub(super) fn end(&self, result: Result<Refreshed, RefreshError>) {
        let mut state = self.lock();
        state.ended = state.begun;
        match &result {
            Ok(refreshed) => {
                if let Refreshed::Replaced { sequence } = refreshed {
                    state.stats.sequence = *sequence;
                }
                state.stats.last_success = Some(self.clock.now());
                state.stats.last_error = None;
            }
            Err(error) => {
                state.stats.failures += 1;
                state.stats.refused += u64::from(matches!(error, RefreshError::Refused(_)));
                state.stats.last_error = Some(error.clone());
            }
        }
        state.last = Some(result);
        self.done.notify_all();
    }

    pub(super) fn stats(&self) -> RefreshStats {
        self.lock().stats.clone()
    }

    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.work.notify_one();
        self.done.notify_all();
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("state", &self.state).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{HandClock, NOW};

    #[test]
    fn of_all_that_ask_one_is_heard_in_ten_seconds() {
        let clock = Arc::new(HandClock::at(NOW));
        let desk = Desk::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let wanted_at = |now| {
            clock.set(now);
            desk.ask();
            desk.ask();
            desk.lock().wanted
        };
        assert_eq!(wanted_at(NOW), 1);
        assert_eq!(wanted_at(NOW + 9), 1);
        assert_eq!(wanted_at(NOW + 10), 2);
        assert_eq!(wanted_at(NOW + 19), 2);
        assert_eq!(wanted_at(NOW), 3, "a clock that was set back silences nobody");
    }

    #[test]
    fn who_waits_is_told_when_it_takes_too_long_or_is_over() {
        let desk = Desk::new(Arc::new(HandClock::at(NOW)));
        assert_eq!(desk.refresh_now(Duration::ZERO), Err(RefreshError::TimedOut));
        // A fetch that is wanted is due at once, whatever the interval.
        assert!(desk.wait(Duration::MAX));
        desk.end(Ok(Refreshed::Unchanged));
        assert_eq!(desk.refresh_now(Duration::ZERO), Err(RefreshError::TimedOut), "an older result is no answer");
        desk.stop();
        assert_eq!(desk.refresh_now(Duration::MAX), Err(RefreshError::Stopped));
        assert!(!desk.wait(Duration::MAX));
    }
}
