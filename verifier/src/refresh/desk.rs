//! Where those who want a refresh and the threads that do it meet.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{RefreshError, RefreshStats, Refreshed};
use crate::guard::Clock;

/// Seconds in which one of those that ask is heard (contract section 5).
const ASK_SECONDS: u64 = 10;

/// Why the worker is woken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// A fetch is due or wanted.
    Fetch,
    /// It has slept for so long.
    Nap,
    /// It is over.
    Stop,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    /// Numbers of the fetches that were wanted, begun and ended. One that was begun serves all that wanted it before.
    wanted: u64,
    begun: u64,
    ended: u64,
    last: Option<Result<Refreshed, RefreshError>>,
    /// A fetch went well after one that had not: who was sleeping because of that need not.
    recovered: bool,
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

    /// Waits until a fetch is wanted, or due: so long after `since`, by whether a request is held open. At most for a
    /// `nap`.
    pub(super) fn wait(&self, since: Instant, polling: Duration, following: Duration, nap: Duration) -> Wake {
        let mut state = self.lock();
        let begun = since.elapsed();
        loop {
            let slept = since.elapsed();
            let due = if state.stats.following { following } else { polling };
            if state.stopped {
                return Wake::Stop;
            }
            if state.wanted > state.begun || slept >= due {
                state.begun = state.wanted;
                state.stats.attempts += 1;
                return Wake::Fetch;
            }
            let napped = slept.saturating_sub(begun);
            if napped >= nap {
                return Wake::Nap;
            }
            let left = due.saturating_sub(slept).min(nap.saturating_sub(napped));
            state = self.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What came of the fetch that was begun.
    pub(super) fn end(&self, result: Result<Refreshed, RefreshError>) {
        let mut state = self.lock();
        state.ended = state.begun;
        match &result {
            Ok(_) => {
                state.recovered |= state.stats.last_error.take().is_some();
                state.stats.last_success = Some(self.clock.now());
            }
            Err(error) => {
                state.stats.failures += 1;
                state.stats.last_error = Some(error.clone());
            }
        }
        state.last = Some(result);
        self.done.notify_all();
    }

    /// The follower sleeps so long, or until the issuer is there again. False once it is over.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let idle = |state: &mut State| !state.stopped && !state.recovered;
        let (mut state, _) = self.done.wait_timeout_while(self.lock(), pause, idle).unwrap_or_else(PoisonError::into_inner);
        state.recovered = false;
        !state.stopped
    }

    /// The follower sleeps until there is a bundle that something can be newer than. False once it is over.
    pub(super) fn await_trust(&self) -> bool {
        let idle = |state: &mut State| !state.stopped && state.stats.sequence.is_none();
        let state = self.done.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        !state.stopped
    }

    /// Whether the issuer holds requests open.
    pub(super) fn follows(&self, following: bool) {
        self.lock().stats.following = following;
        self.work.notify_one();
    }

    /// The issuer says that nothing is newer, or has given something that was believed.
    pub(super) fn confirmed(&self) {
        self.lock().stats.last_success = Some(self.clock.now());
    }

    /// What is believed now.
    pub(super) fn trusts(&self, sequence: Option<i64>, issued_at: Option<i64>) {
        let mut state = self.lock();
        (state.stats.sequence, state.stats.issued_at) = (sequence, issued_at);
        self.done.notify_all();
    }

    pub(super) fn count_refused(&self) {
        self.lock().stats.refused += 1;
    }

    /// What came of saving.
    pub(super) fn saved(&self, written: &Result<(), RefreshError>) {
        let mut state = self.lock();
        match written {
            Ok(()) => state.stats.saved_at = Some(self.clock.now()),
            Err(_) => state.stats.save_failures += 1,
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
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

    #[expect(clippy::disallowed_methods, reason = "a test begins now")]
    fn wait(desk: &Desk) -> Wake {
        desk.wait(Instant::now(), Duration::MAX, Duration::MAX, Duration::MAX)
    }

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
    fn of_a_thousand_threads_that_ask_one_is_heard() {
        let desk = Desk::new(Arc::new(HandClock::at(NOW)));
        std::thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| (0..10).for_each(|_| desk.ask()));
            }
        });
        assert_eq!(desk.lock().wanted, 1);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test begins now")]
    fn a_fetch_is_due_by_whether_a_request_is_held_open() {
        let desk = Desk::new(Arc::new(HandClock::at(NOW)));
        let (now, never) = (Instant::now(), Duration::MAX);
        assert_eq!(desk.wait(now, Duration::ZERO, never, never), Wake::Fetch);
        assert_eq!(desk.wait(now, never, Duration::ZERO, Duration::ZERO), Wake::Nap);
        desk.follows(true);
        assert_eq!(desk.wait(now, never, Duration::ZERO, never), Wake::Fetch);
        assert_eq!(desk.wait(now, Duration::ZERO, never, Duration::ZERO), Wake::Nap);
        assert_eq!(desk.stats().attempts, 2);
        // One that loses its request while the worker sleeps wakes it up.
        std::thread::scope(|scope| {
            let sleeping = scope.spawn(|| desk.wait(now, Duration::ZERO, never, never));
            desk.follows(false);
            assert_eq!(sleeping.join().expect("no panic"), Wake::Fetch);
        });
    }

    #[test]
    fn a_follower_that_sleeps_is_woken_when_the_issuer_is_there_again() {
        let desk = Desk::new(Arc::new(HandClock::at(NOW)));
        desk.end(Ok(Refreshed::Unchanged));
        assert!(desk.pause(Duration::ZERO), "nothing had gone wrong, so this is no reason");
        std::thread::scope(|scope| {
            let sleeping = scope.spawn(|| desk.pause(Duration::MAX));
            desk.end(Err(RefreshError::NoPin));
            desk.end(Ok(Refreshed::Unchanged));
            assert!(sleeping.join().expect("no panic"));
        });
    }

    #[test]
    fn who_waits_is_told_when_it_takes_too_long_or_is_over() {
        let desk = Desk::new(Arc::new(HandClock::at(NOW)));
        assert_eq!(desk.refresh_now(Duration::ZERO), Err(RefreshError::TimedOut));
        // A fetch that is wanted is due at once, whatever the interval.
        assert_eq!(wait(&desk), Wake::Fetch);
        desk.end(Ok(Refreshed::Unchanged));
        assert_eq!(desk.refresh_now(Duration::ZERO), Err(RefreshError::TimedOut), "an older result is no answer");
        desk.stop();
        assert_eq!(desk.refresh_now(Duration::MAX), Err(RefreshError::Stopped));
        assert_eq!(wait(&desk), Wake::Stop);
        assert!(!desk.pause(Duration::MAX) && !desk.await_trust());
    }
}
