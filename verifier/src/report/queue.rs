//! The bounded queue between those who decide and the thread that delivers.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use passport_shared::limits::AUDIT_EVENT_BYTES;

use crate::guard::RecordError;

/// Bytes of a batch's body around its events: the names, and a reporter's name of 256 bytes with each escaped.
const ENVELOPE_BYTES: usize = 2_048;

/// Every bound of a queue and its batches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) capacity: usize,
    pub(super) capacity_bytes: usize,
    pub(super) batch: usize,
    pub(super) batch_bytes: usize,
    pub(super) linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { capacity: 10_000, capacity_bytes: 64 << 20, batch: 500, batch_bytes: AUDIT_EVENT_BYTES, linger: Duration::from_millis(200) }
    }
}

impl Limits {
    /// Bytes that the events of one batch may have together.
    fn events_bytes(&self) -> usize {
        self.batch_bytes.saturating_sub(ENVELOPE_BYTES)
    }
}

/// One decision that waits to be delivered.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) seq: u64,
    /// The decision as a JSON object.
    pub(super) json: String,
}

impl Event {
    /// Bytes of JSON around a decision: `{"seq":`, a number of 20 digits, and two commas.
    const AROUND: usize = 29;

    fn bytes(&self) -> usize {
        self.json.len() + Self::AROUND
    }
}

/// How a reporter stands. Counts are since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReporterStats {
    /// Decisions that wait or are under way: what a crash now would lose.
    pub queued: usize,
    /// Decisions that the issuer has acknowledged.
    pub sent: u64,
    /// Of these, those that the issuer had already: deliveries repeated because an answer was lost.
    pub duplicates: u64,
    /// Of these, those under a `requestId` that this reporter had used for another decision; the issuer keeps both.
    pub conflicts: u64,
    /// Decisions that the issuer refused for good. The audit log does not have them.
    pub rejected: u64,
    /// Decisions that were not taken, for want of room or because the reporter was shut down.
    pub lost: u64,
    /// Deliveries that failed, each tried again since.
    pub failed_attempts: u64,
    /// What went wrong last, if anything did. There is no secret in it.
    pub last_error: Option<String>,
}

/// Decisions that were taken and are not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} decisions were not delivered in time; see the reporter's stats for why")]
pub struct Unsent {
    /// How many.
    pub count: usize,
}

/// What the issuer made of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) accepted: u64,
    pub(super) duplicates: u64,
    pub(super) conflicts: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Takes nothing, and delivers the rest.
    Closing,
    /// Is over.
    Stopped,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    waiting: VecDeque<Event>,
    in_flight: usize,
    /// Of what waits and what is in flight.
    bytes: usize,
    next_seq: u64,
    /// Decisions taken, and those that are delivered or rejected, since the start. They are settled in order.
    taken: u64,
    settled: u64,
    /// Up to which of those taken somebody waits.
    wanted: u64,
    nudges: u64,
    stats: ReporterStats,
}

#[derive(Debug)]
pub(super) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    /// For the thread: there may be something to do.
    work: Condvar,
    /// For those who flush: something was settled.
    progress: Condvar,
}

impl Queue {
    pub(super) fn new(limits: Limits, first_seq: u64) -> Self {
        let state = State {
            phase: Phase::Open,
            waiting: VecDeque::new(),
            in_flight: 0,
            bytes: 0,
            next_seq: first_seq,
            taken: 0,
            settled: 0,
            wanted: 0,
            nudges: 0,
            stats: ReporterStats::default(),
        };
        Self { limits, state: Mutex::new(state), work: Condvar::new(), progress: Condvar::new() }
    }

    /// The lock is held for a few moves at a time, never across a call. No code under it panics; and if it did,
    /// counting on is safer than taking the service down.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a decision, if there is room. One that is not taken uses up its number, which leaves a gap to be seen.
    pub(super) fn push(&self, json: String) -> Result<(), RecordError> {
        let mut state = self.lock();
        let event = Event { seq: state.next_seq, json };
        state.next_seq = state.next_seq.saturating_add(1);
        let bytes = event.bytes();
        let queued = state.waiting.len() + state.in_flight;
        let refused = if state.phase != Phase::Open {
            Some(RecordError::Stopped)
        } else if bytes > self.limits.events_bytes() {
            Some(RecordError::TooLarge { bytes: event.json.len(), max: self.limits.events_bytes().saturating_sub(Event::AROUND) })
        } else if queued >= self.limits.capacity || state.bytes.saturating_add(bytes) > self.limits.capacity_bytes {
            Some(RecordError::Full { waiting: queued })
        } else {
            None
        };
        if let Some(error) = refused {
            state.stats.lost += 1;
            return Err(error);
        }
        state.bytes += bytes;
        state.taken += 1;
        state.waiting.push_back(event);
        // The thread waits for the first of a batch, or for a full one.
        let wake = state.waiting.len() == 1 || self.is_full_batch(&state);
        drop(state);
        if wake {
            self.work.notify_one();
        }
        Ok(())
    }

    fn is_full_batch(&self, state: &State) -> bool {
        state.waiting.len() >= self.limits.batch || (state.in_flight == 0 && state.bytes >= self.limits.events_bytes())
    }

    /// Waits for a batch. `None` once there is nothing left to do, ever.
    pub(super) fn next_batch(&self) -> Option<VecDeque<Event>> {
        let idle = |state: &mut State| state.waiting.is_empty() && state.phase == Phase::Open;
        let state = self.work.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let lingers = |state: &mut State| state.phase == Phase::Open && state.wanted <= state.settled && !self.is_full_batch(state);
        let (mut state, _) = self.work.wait_timeout_while(state, self.limits.linger, lingers).unwrap_or_else(PoisonError::into_inner);
        if state.phase == Phase::Stopped {
            return None;
        }
        let (mut batch, mut bytes) = (VecDeque::new(), 0);
        while batch.len() < self.limits.batch
            && let Some(event) = state.waiting.pop_front_if(|event| bytes + event.bytes() <= self.limits.events_bytes())
        {
            bytes += event.bytes();
            batch.push_back(event);
        }
        state.in_flight = batch.len();
        (!batch.is_empty()).then_some(batch)
    }

    /// These were delivered.
    pub(super) fn delivered<'e>(&self, events: impl Iterator<Item = &'e Event>, receipt: Receipt) {
        let mut state = self.lock();
        let count = self.settle(&mut state, events);
        state.stats.sent += count;
        state.stats.duplicates += receipt.duplicates;
        state.stats.conflicts += receipt.conflicts;
    }

    /// This one never will be.
    pub(super) fn rejected(&self, event: &Event, why: &str) {
        let mut state = self.lock();
        state.stats.rejected += self.settle(&mut state, std::iter::once(event));
        state.stats.last_error = Some(why.to_owned());
    }

    fn settle<'e>(&self, state: &mut State, events: impl Iterator<Item = &'e Event>) -> u64 {
        let mut count = 0;
        for event in events {
            state.in_flight = state.in_flight.saturating_sub(1);
            state.bytes = state.bytes.saturating_sub(event.bytes());
            count += 1;
        }
        state.settled += count;
        self.progress.notify_all();
        count
    }

    /// A delivery failed, and will be tried again.
    pub(super) fn failed(&self, why: &str) {
        let mut state = self.lock();
        state.stats.failed_attempts += 1;
        state.stats.last_error = Some(why.to_owned());
    }

    /// How often somebody asked for a delivery at once.
    pub(super) fn nudges(&self) -> u64 {
        self.lock().nudges
    }

    /// Asks for a delivery at once.
    pub(super) fn nudge(&self) {
        self.lock().nudges += 1;
        self.work.notify_one();
    }

    /// Waits before the next try: less where a nudge came after `seen`, if there is such a count. False once it is over.
    pub(super) fn pause(&self, wait: Duration, seen: Option<u64>) -> bool {
        let waits = |state: &mut State| state.phase != Phase::Stopped && seen.is_none_or(|seen| state.nudges == seen);
        let (state, _) = self.work.wait_timeout_while(self.lock(), wait, waits).unwrap_or_else(PoisonError::into_inner);
        state.phase != Phase::Stopped
    }

    pub(super) fn stats(&self) -> ReporterStats {
        let state = self.lock();
        ReporterStats { queued: state.waiting.len() + state.in_flight, ..state.stats.clone() }
    }

    pub(super) fn flush(&self, timeout: Duration) -> Result<(), Unsent> {
        let state = self.lock();
        self.settle_all(state, timeout)
    }

    pub(super) fn close(&self, timeout: Duration) -> Result<(), Unsent> {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closing;
        }
        let result = self.settle_all(state, timeout);
        self.stop();
        result
    }

    /// Waits until what has been taken up to now is settled.
    fn settle_all(&self, mut state: MutexGuard<'_, State>, timeout: Duration) -> Result<(), Unsent> {
        let target = state.taken;
        state.wanted = target;
        state.nudges += 1;
        self.work.notify_one();
        let unsettled = |state: &mut State| state.settled < target && state.phase != Phase::Stopped;
        let (state, _) = self.progress.wait_timeout_while(state, timeout, unsettled).unwrap_or_else(PoisonError::into_inner);
        match usize::try_from(target.saturating_sub(state.settled)).unwrap_or(usize::MAX) {
            0 => Ok(()),
            count => Err(Unsent { count }),
        }
    }

    pub(super) fn stop(&self) {
        self.lock().phase = Phase::Stopped;
        self.work.notify_one();
        self.progress.notify_all();
    }
}
