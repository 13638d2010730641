//! What the reporter's threads tell each other and those who ask.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How a reporter stands. Counts are since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReporterStats {
    /// Decisions that the issuer has not acknowledged: in the queue and in the spool.
    pub waiting: u64,
    /// Of these, those that are in memory alone: what a kill now would lose, but for those that are just being written.
    pub queued: usize,
    /// Bytes of the spool on disk.
    pub spool_bytes: u64,
    /// How many seconds ago the oldest decision that the issuer has not acknowledged was taken; `None` where there is
    /// none.
    pub oldest_waiting: Option<u64>,
    /// Whether the spool can be written. While it cannot, what would be allowed is denied, unless the delivery is
    /// best effort.
    pub writable: bool,
    /// Decisions that the issuer has acknowledged.
    pub sent: u64,
    /// Of the events that it acknowledged, those that it had already: deliveries repeated because an answer was lost.
    pub duplicates: u64,
    /// Of these events, those under a `requestId` that this reporter had used for another; the issuer keeps both.
    pub conflicts: u64,
    /// Decisions that the issuer refused for good. The audit log has gap records for them.
    pub rejected: u64,
    /// Decisions that were not taken: for want of room, or because the spool could not be written, or after the end.
    pub dropped: u64,
    /// Gap records that were made: for what was dropped, refused or found to be damaged.
    pub gaps: u64,
    /// Times that the disk failed to make the spool durable.
    pub fsync_errors: u64,
    /// Times that the spool could not be written for another reason, such as a full disk or its quota.
    pub write_errors: u64,
    /// Deliveries that failed, each tried again since.
    pub failed_attempts: u64,
    /// What went wrong last, if anything did. There is no secret in it.
    pub last_error: Option<String>,
}

/// Decisions that were taken and are not delivered. They are in the spool, and a later run delivers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} decisions were not delivered in time; the spool keeps them, and the reporter's stats say why")]
pub struct Unsent {
    /// How many.
    pub count: u64,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) stats: ReporterStats,
    /// The number after the last event that may be delivered.
    pub(super) durable: u64,
    /// The number of the last event that is settled: acknowledged, or given up.
    pub(super) settled: u64,
    /// When the oldest that waits was decided.
    pub(super) oldest: Option<i64>,
    /// Somebody waits until everything up to this number is settled.
    pub(super) wanted: u64,
    pub(super) nudges: u64,
    /// Barriers that were asked for, and those that the writer has passed.
    pub(super) barriers: u64,
    pub(super) passed: u64,
    /// Nothing is delivered any more.
    pub(super) stopped: bool,
}

#[derive(Debug, Default)]
pub(super) struct Control {
    state: Mutex<State>,
    /// For the courier: there may be something to do.
    work: Condvar,
    /// For those who wait for an end.
    progress: Condvar,
}

impl Control {
    /// Held for a few moves at a time, never across a call. No code under it panics; and if it did, counting on is safer
    /// than taking the service down.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and lets everybody look at it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.work.notify_all();
        self.progress.notify_all();
        changed
    }

    /// The courier waits, at most `timeout`, while `waits` says so.
    pub(super) fn wait_for_work(&self, timeout: Option<Duration>, waits: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        wait(&self.work, self.lock(), timeout, waits)
    }

    /// Somebody waits, at most `timeout`, while `waits` says so.
    pub(super) fn wait_for_progress(&self, timeout: Duration, waits: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        wait(&self.progress, self.lock(), Some(timeout), waits)
    }
}

fn wait<'s>(
    condvar: &Condvar,
    state: MutexGuard<'s, State>,
    timeout: Option<Duration>,
    waits: impl FnMut(&mut State) -> bool,
) -> MutexGuard<'s, State> {
    match timeout {
        None => condvar.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner),
        Some(timeout) => condvar.wait_timeout_while(state, timeout, waits).unwrap_or_else(PoisonError::into_inner).0,
    }
}
