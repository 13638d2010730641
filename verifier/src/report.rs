//! Delivers recorded decisions to the issuer's audit log, from a thread of its own.
//!
//! Recording is one push to a bounded queue: it never waits for the network. The thread takes batches from the queue
//! and posts them until the issuer says that they are on disk; it waits longer from failure to failure.
//!
//! # What is promised, and what is not yet
//!
//! - While the process lives, nothing that was taken is dropped in silence: a decision is delivered, or refused by the
//!   issuer for good and then counted and handed to [`ReporterSettings::on_rejected`], or still in the queue.
//! - Decisions arrive in the order in which they were taken, each with a `seq` higher than the one before. A decision
//!   that the queue had no room for takes a `seq` too, so that the gap is seen in the audit log. The issuer tells a
//!   repeated delivery from a new decision by its `requestId`.
//! - **Not yet: durability. The queue is in memory. A crash, a kill or a power cut loses what was not delivered**, and
//!   so does an end of the process without [`Reporter::shutdown`]. A spool on disk is the next step. Until then,
//!   `stats().queued` is what a crash at that moment would lose.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use passport_shared::limits::AUDIT_BATCH;
use passport_shared::text::quote;

use crate::decision::Decision;
use crate::guard::{Clock, Randomness, RecordError, Recorded, Recorder, RecorderHealth, SystemClock, SystemRandomness};
use crate::issuer_link::IssuerUrl;

mod health;
mod passport;
mod post;
mod queue;
mod worker;

pub use passport::ReporterPassport;
use queue::{Limits, Queue};
pub use queue::{ReporterStats, Unsent};
pub use worker::RejectedRecord;
use worker::{OnRejected, Worker};

/// Records decisions by sending them to the issuer.
///
/// Its thread ends when it is dropped; what is then still queued is lost, so call [`shutdown`](Self::shutdown) first.
#[derive(Debug)]
pub struct Reporter {
    queue: Arc<Queue>,
    passport: Arc<RwLock<ReporterPassport>>,
}

/// How a [`Reporter`] works.
pub struct ReporterSettings {
    url: IssuerUrl,
    passport: ReporterPassport,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    limits: Limits,
    timeout: Duration,
    first_wait: Duration,
    longest_wait: Duration,
    on_rejected: Option<OnRejected>,
}

/// A passport is not the same reporter's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this passport is of {}, and the reporter is {}; start another reporter for it", quote(found), quote(expected))]
pub struct OtherReporter {
    /// Whose it is.
    found: String,
    /// Whose it should be.
    expected: String,
}

impl ReporterSettings {
    /// Reports to the issuer at `url` as the agent whose passport this is; it has to allow `audit.write` on
    /// `issuer/audit`.
    #[must_use]
    pub fn new(url: IssuerUrl, passport: ReporterPassport) -> Self {
        Self {
            url,
            passport,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            limits: Limits::default(),
            timeout: Duration::from_secs(10),
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
            on_rejected: None,
        }
    }

    /// Takes the time of the start from `clock`; the numbers of the decisions begin there.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Spreads repeated calls over time by `randomness`.
    #[must_use]
    pub fn with_randomness(mut self, randomness: impl Randomness + 'static) -> Self {
        self.randomness = Arc::new(randomness);
        self
    }

    /// How many decisions may wait, and how many bytes of JSON in all; 10,000 and 64 MiB unless set. Beyond that
    /// decisions are not taken, and a guard denies what it would have allowed.
    #[must_use]
    pub fn with_capacity(mut self, decisions: usize, bytes: usize) -> Self {
        (self.limits.capacity, self.limits.capacity_bytes) = (decisions, bytes);
        self
    }

    /// How many decisions go into one batch, at most 1,000, and how many bytes its body may have, at least 4,096; 500
    /// and 1 MiB unless set. A single decision that is larger than a batch is not taken.
    #[must_use]
    pub fn with_batch(mut self, decisions: usize, bytes: usize) -> Self {
        (self.limits.batch, self.limits.batch_bytes) = (decisions.clamp(1, AUDIT_BATCH), bytes.max(4_096));
        self
    }

    /// How long a decision may wait for others to share its batch; 200 ms unless set.
    #[must_use]
    pub fn with_linger(mut self, linger: Duration) -> Self {
        self.limits.linger = linger;
        self
    }

    /// How long one delivery may take before it counts as failed; 10 s unless set.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long to wait at most after a first failure, and how long at most after many; 200 ms and 30 s unless set.
    /// Waits double in between, and each is a random share of its bound (full jitter). Where the issuer asks for
    /// more with `Retry-After` (429 and 503), it gets it, up to 10 minutes.
    #[must_use]
    pub fn with_waits(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_wait, self.longest_wait) = (first, longest);
        self
    }

    /// Calls `take` with every decision that the issuer refuses for good, from the reporter's thread: keep it, since
    /// the audit log does not have it.
    #[must_use]
    pub fn on_rejected(mut self, take: impl Fn(&RejectedRecord) + Send + 'static) -> Self {
        self.on_rejected = Some(Box::new(take));
        self
    }
}

impl Reporter {
    /// Starts the thread. Fails where the system gives none.
    pub fn start(settings: ReporterSettings) -> io::Result<Self> {
        let ReporterSettings { url, passport, clock, randomness, limits, timeout, first_wait, longest_wait, on_rejected } = settings;
        let queue = Arc::new(Queue::new(limits, first_seq(clock.now())));
        let passport = Arc::new(RwLock::new(passport));
        let worker = Worker {
            queue: Arc::clone(&queue),
            post: post::Post::new(&url, timeout, Arc::clone(&passport)),
            backoff: crate::backoff::Backoff::new(first_wait, longest_wait),
            randomness,
            on_rejected,
        };
        thread::Builder::new().name("passport-report".into()).spawn(move || worker.run())?;
        Ok(Self { queue, passport })
    }

    /// The reporter's name: the `sub` of its passport.
    #[must_use]
    pub fn id(&self) -> String {
        self.passport.read().unwrap_or_else(PoisonError::into_inner).reporter().to_owned()
    }

    /// Goes on with a fresh passport of the same agent, before the old one expires or after. What could not be
    /// delivered for want of one is then tried again at once.
    pub fn replace_passport(&self, passport: ReporterPassport) -> Result<(), OtherReporter> {
        let mut held = self.passport.write().unwrap_or_else(PoisonError::into_inner);
        if held.reporter() != passport.reporter() {
            return Err(OtherReporter { found: passport.reporter().to_owned(), expected: held.reporter().to_owned() });
        }
        *held = passport;
        drop(held);
        self.queue.nudge();
        Ok(())
    }

    /// How things stand.
    #[must_use]
    pub fn stats(&self) -> ReporterStats {
        self.queue.stats()
    }

    /// Delivers what has been taken so far, at once, and waits for it, at most `timeout`.
    pub fn flush(&self, timeout: Duration) -> Result<(), Unsent> {
        self.queue.flush(timeout)
    }

    /// Takes no more decisions, delivers what has been taken, and ends. What is not delivered within `timeout` is
    /// lost, and counted in the error; a batch under way at that moment may arrive all the same.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Unsent> {
        self.queue.close(timeout)
    }
}

impl Recorder for Reporter {
    fn record(&self, decision: &Decision<'_>) -> Result<Recorded, RecordError> {
        let json = serde_json::to_string(&decision.record()).map_err(|error| RecordError::Failed(error.to_string()))?;
        self.queue.push(json).map(|()| Recorded::Done)
    }

    fn health(&self) -> Option<RecorderHealth> {
        Some(self.stats().into())
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.queue.stop();
    }
}

impl fmt::Debug for ReporterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReporterSettings")
            .field("url", &self.url)
            .field("passport", &self.passport)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The number of a reporter's first decision: a million for each second since 1970. So numbers rise from start to
/// start of the process, as long as it takes fewer than a million decisions a second and its clock is not set back.
fn first_seq(now: i64) -> u64 {
    u64::try_from(now).unwrap_or(0).saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests;
