//! Delivers recorded decisions to the issuer's audit log, by way of a spool on disk.
//!
//! ```text
//! decision → queue in memory → spool on disk → batches over HTTP → the issuer's log
//! ```
//!
//! Recording is one push to a bounded queue: it never waits. One thread writes the queue to the spool every few
//! milliseconds, one makes the spool durable, and one delivers from it until the issuer says that it has everything.
//!
//! # What is promised
//!
//! - What was taken is delivered, in the end and in order, whatever happens to the process, the network or the issuer.
//!   What can be lost, and when, is for [`Delivery`] to choose.
//! - Every event has a number, `seq`, and the hash of the event before, `previous`, across restarts, so that whoever
//!   reads the log sees what is missing. What was dropped, damaged or refused is told by a gap record, which takes the
//!   numbers of the decisions that it stands for.
//! - A repeated delivery is the same to the byte, and the issuer counts it as a duplicate.
//! - Memory and disk are bounded: the queue in decisions and bytes, the spool by a quota.
//!
//! A decision whose record fails once it is queued is answered `audit_unavailable`, without waiting for the disk to come
//! back; its record may come all the same, and says what was decided. Where it does not come, a gap record counts it.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use passport_shared::jose;
use passport_shared::text::quote;
use sha2::{Digest as _, Sha256};

use crate::decision::Decision;
use crate::guard::{Clock, Randomness, RecordError, Recorded, Recorder, RecorderHealth};

mod control;
mod courier;
mod delivery;
mod event;
mod health;
mod hiding;
mod intake;
mod passport;
mod post;
mod settings;
mod spool;

use control::Control;
pub use control::{ReporterStats, Unsent};
use courier::Courier;
pub use courier::RejectedRecord;
pub use delivery::{Delivery, UnknownDelivery};
use intake::Intake;
pub use passport::ReporterPassport;
pub use settings::ReporterSettings;
use spool::{Reader, Spool, Sync, Writer};
pub use spool::{SpoolError, SpoolSummary, look_into_spool};

/// Records decisions by sending them to the issuer.
///
/// When it is dropped, what is in the queue is written to the spool, and its threads end; what is not delivered is
/// delivered by the next reporter on the same directory. [`shutdown`](Self::shutdown) delivers it before.
pub struct Reporter {
    intake: Arc<Intake>,
    control: Arc<Control>,
    spool: Arc<Spool>,
    quota: u64,
    delivery: Delivery,
    clock: Arc<dyn Clock>,
    passport: Arc<RwLock<ReporterPassport>>,
    /// The threads that write.
    writers: Mutex<Vec<JoinHandle<()>>>,
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

/// Why a reporter cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReporterError {
    /// The spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The system gives no thread.
    #[error("the reporter's thread cannot be started: {0}")]
    Thread(#[source] io::Error),
}

impl Reporter {
    /// Opens the spool and starts the threads.
    pub fn start(settings: ReporterSettings) -> Result<Self, ReporterError> {
        let mut parts = settings.into_parts();
        // Whether or not a setting hides: a passport may.
        if parts.hiding.key.is_none() {
            let mut key = [0; 32];
            // Without randomness there is no key, and what is hidden has no hash.
            parts.hiding.key = parts.randomness.fill(&mut key).is_ok().then_some(key);
        }
        let mut salt = [0; 4];
        // Without randomness a block could be forged by who can also damage the disk: the chain would tell.
        let _ = parts.randomness.fill(&mut salt);
        let first = first_seq(parts.clock.now());
        let reporter = parts.passport.reporter().to_owned();
        let (spool, acknowledged) = Spool::open(&parts.directory, &reporter, parts.quota, first, u32::from_le_bytes(salt))?;
        let passport = Arc::new(RwLock::new(parts.passport));
        let intake = Arc::new(Intake::new(parts.delivery, parts.hiding, parts.decisions, parts.bytes, parts.batch.most_json()));
        let (control, sync) = (Arc::new(Control::default()), Arc::new(Sync::default()));
        control.change(|state| (state.durable, state.settled) = (spool.holdings().durable, acknowledged.seq));
        let courier = Courier {
            reader: Reader::new(Arc::clone(&spool), acknowledged.seq),
            spool: Arc::clone(&spool),
            control: Arc::clone(&control),
            post: post::Post::new(&parts.url, parts.timeout, Arc::clone(&passport)),
            batch: parts.batch,
            backoff: crate::backoff::Backoff::new(parts.first_wait, parts.longest_wait),
            clock: Arc::clone(&parts.clock),
            randomness: Arc::clone(&parts.randomness),
            on_rejected: parts.on_rejected,
            acknowledged,
            items: VecDeque::new(),
        };
        let (quota, delivery, clock) = (parts.quota, parts.delivery, Arc::clone(&parts.clock));
        let mut writer =
            Writer::new(Arc::clone(&spool), Arc::clone(&sync), Arc::clone(&intake), Arc::clone(&control), parts.clock, parts.randomness);
        writer.prepare();
        // Made before its threads are, so that it ends those that run, should one not start.
        let reporter = Self { intake, control, spool, quota, delivery, clock, passport, writers: Mutex::default() };
        let (spool, control) = (Arc::clone(&reporter.spool), Arc::clone(&reporter.control));
        let start =
            |name: &str, run: Box<dyn FnOnce() + Send>| thread::Builder::new().name(name.into()).spawn(run).map_err(ReporterError::Thread);
        for (name, run) in [
            ("passport-fsync", Box::new(move || sync.run(&spool, &control)) as Box<dyn FnOnce() + Send>),
            ("passport-spool", Box::new(move || writer.run())),
        ] {
            let handle = start(name, run)?;
            reporter.writers.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        }
        // Nobody waits for this one: it may hang on a call, and changes nothing once the spool is closed.
        drop(start("passport-report", Box::new(move || courier.run()))?);
        Ok(reporter)
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
        self.control.change(|state| state.nudges += 1);
        Ok(())
    }

    /// How things stand.
    #[must_use]
    pub fn stats(&self) -> ReporterStats {
        let holdings = self.spool.holdings();
        let state = self.control.lock();
        let queued = self.intake.len();
        ReporterStats {
            waiting: holdings.waiting.saturating_add(u64::try_from(queued).unwrap_or(u64::MAX)),
            queued,
            spool_bytes: holdings.bytes,
            oldest_waiting: state.oldest.map(|oldest| u64::try_from(self.clock.now().saturating_sub(oldest)).unwrap_or(0)),
            writable: self.intake.is_writable(),
            dropped: self.intake.dropped(),
            ..state.stats.clone()
        }
    }

    /// Delivers what has been taken so far, at once, and waits for it, at most twice `timeout`: once for the spool, once
    /// for the issuer.
    pub fn flush(&self, timeout: Duration) -> Result<(), Unsent> {
        let barrier = self.control.change(|state| {
            state.barriers += 1;
            state.barriers
        });
        self.intake.wake();
        let passed = self.control.wait_for_progress(timeout, |state| state.passed < barrier).passed >= barrier;
        let target = self.spool.holdings().durable.saturating_sub(1);
        self.control.change(|state| {
            state.wanted = state.wanted.max(target);
            state.nudges += 1;
        });
        let settled = self.control.wait_for_progress(timeout, |state| state.settled < target && !state.stopped).settled;
        match target.saturating_sub(settled) {
            0 if passed && self.intake.is_writable() => Ok(()),
            count if passed && self.intake.is_writable() => Err(Unsent { count }),
            _ => Err(Unsent { count: self.stats().waiting.max(1) }),
        }
    }

    /// Takes no more decisions, writes what has been taken, delivers what it can within `timeout`, and ends. What is not
    /// delivered is counted in the error and stays in the spool; a batch under way at that moment may arrive all the same,
    /// and then arrives twice, which the issuer counts as a duplicate.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Unsent> {
        self.intake.close();
        let result = self.flush(timeout);
        self.stop();
        result
    }

    /// Writes what is queued, and lets go of the spool.
    fn stop(&self) {
        self.intake.close();
        let writers = std::mem::take(&mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner));
        for writer in writers.into_iter().rev() {
            // Its end is what is waited for, not its word.
            let _ = writer.join();
        }
        self.control.change(|state| state.stopped = true);
        self.spool.close();
    }
}

/// What a spool holds that the issuer has not acknowledged, in order: each event as it would be reported. For who wants to
/// know what is in the spool of a process that has ended; one that is in use is refused. A torn end is cut, as at a start.
///
/// What is damaged is left out: only a reporter makes a gap record of it.
pub fn spooled_events(directory: &Path, reporter: &str) -> Result<Vec<String>, SpoolError> {
    let (spool, acknowledged) = Spool::open(directory, reporter, 0, 1, 0)?;
    let mut reader = Reader::new(spool, acknowledged.seq);
    let (mut events, mut previous) = (Vec::new(), acknowledged.hash.map(jose::encode));
    while let Some(item) = reader.next().map_err(|error| SpoolError::Io { directory: directory.to_owned(), error })? {
        let spool::Content::Event(bytes) = &item.content else { continue };
        let Ok(json) = event::render(bytes, item.seq, previous.as_deref()) else { continue };
        previous = Some(jose::encode(Sha256::digest(&json)));
        events.push(json);
    }
    Ok(events)
}

impl Recorder for Reporter {
    fn record(&self, decision: &Decision<'_>) -> Result<Recorded, RecordError> {
        self.intake.push(decision)
    }

    fn health(&self) -> Option<RecorderHealth> {
        Some(self.recorder_health())
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").field("id", &self.id()).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// The number of a new spool's first decision: a million for each second since 1970. So numbers rise from spool to
/// spool, as long as one takes fewer than a million decisions a second and its clock is not set back.
fn first_seq(now: i64) -> u64 {
    u64::try_from(now).unwrap_or(0).saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests;
