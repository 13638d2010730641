//! The thread that delivers: from the spool to the issuer, in order.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use passport_shared::jose;
use sha2::{Digest as _, Sha256};

use super::control::Control;
use super::event;
use super::post::{Failure, Post, Receipt};
use super::spool::{Acknowledged, Content, Item, Reader, Spool, gap_id};
use crate::backoff::Backoff;
use crate::guard::{Clock, Randomness};

/// A decision that the issuer refuses for good. The audit log has a gap record in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedRecord {
    /// Its number.
    pub seq: u64,
    /// The event, as a JSON object.
    pub json: String,
    /// What the issuer answered.
    pub why: String,
}

/// Takes what the issuer refuses.
pub(super) type OnRejected = Box<dyn Fn(&RejectedRecord) + Send>;

/// Bounds of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) events: usize,
    /// Of JSON, before it is compressed.
    pub(super) bytes: usize,
    pub(super) linger: Duration,
}

impl Batch {
    /// Bytes of a batch's body around its events: the names, and a reporter's name of 256 bytes with each escaped.
    const ENVELOPE: usize = 2_048;
    /// Bytes of JSON around a decision: its number, the hash of the one before, what it was decided by, a comma.
    const AROUND: usize = 240;

    /// The most bytes of JSON that one decision may have.
    pub(super) fn most_json(&self) -> usize {
        self.bytes.min(passport_shared::limits::AUDIT_EVENT_BYTES).saturating_sub(Self::ENVELOPE + Self::AROUND)
    }
}

pub(super) struct Courier {
    pub(super) spool: Arc<Spool>,
    pub(super) control: Arc<Control>,
    pub(super) reader: Reader,
    pub(super) post: Post,
    pub(super) batch: Batch,
    pub(super) backoff: Backoff,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) on_rejected: Option<OnRejected>,
    pub(super) acknowledged: Acknowledged,
    /// Read and not yet delivered.
    pub(super) items: VecDeque<Item>,
}

/// An event as it is reported.
struct Rendered {
    seq: u64,
    json: String,
    hash: [u8; 32],
    /// Decisions that it tells of: none for a gap.
    decisions: u64,
}

/// The courier's work is over.
struct Over;

impl Courier {
    pub(super) fn run(mut self) {
        let mut most = self.batch.events;
        // Ends with `Over`, always.
        while self.wait().and_then(|()| self.deliver(&mut most)).is_ok() {}
    }

    /// Waits until there is something to deliver, and then a little for more to share its batch.
    fn wait(&mut self) -> Result<(), Over> {
        if !self.items.is_empty() {
            return Ok(());
        }
        let last = self.acknowledged.seq;
        let idle = |state: &mut super::control::State| !state.stopped && state.durable <= last.saturating_add(1);
        drop(self.control.wait_for_work(None, idle));
        let full = last.saturating_add(u64::try_from(self.batch.events).unwrap_or(u64::MAX));
        let lingers = |state: &mut super::control::State| !state.stopped && state.wanted <= last && state.durable <= full.saturating_add(1);
        match self.control.wait_for_work(Some(self.batch.linger), lingers).stopped {
            true => Err(Over),
            false => Ok(()),
        }
    }

    /// Delivers one batch, or learns why not.
    ///
    /// Where the issuer refuses the content of a batch, it is halved until the event at fault is found, so that one event
    /// does not hold up, or take with it, all others; from there on batches double again.
    fn deliver(&mut self, most: &mut usize) -> Result<(), Over> {
        let nudges = self.control.lock().nudges;
        let batch = match self.read().and_then(|()| self.render(*most)) {
            Ok(batch) => batch,
            Err(error) => return self.pause(format!("the spool cannot be read: {error}"), None, nudges),
        };
        let Some(last) = batch.last() else {
            // Said to be there, and not to be had yet.
            let stopped = self.control.wait_for_work(Some(self.batch.linger), |state| !state.stopped).stopped;
            return if stopped { Err(Over) } else { Ok(()) };
        };
        match self.post.send(batch.iter().map(|event| event.json.as_str())) {
            Ok(receipt) => {
                self.backoff.reset();
                *most = most.saturating_mul(2).min(self.batch.events);
                self.settle(&batch, Acknowledged { seq: last.seq, hash: Some(last.hash) }, &receipt);
                Ok(())
            }
            Err(Failure::Refused { why }) if batch.len() > 1 => {
                self.control.change(|state| {
                    state.stats.failed_attempts += 1;
                    state.stats.last_error = Some(why);
                });
                *most = batch.len() / 2;
                if self.control.lock().stopped { Err(Over) } else { Ok(()) }
            }
            Err(Failure::Refused { why }) => self.reject(last, why, nudges),
            Err(Failure::Later { why, after }) => self.pause(why, after, nudges),
        }
    }

    /// Waits before the next try.
    fn pause(&mut self, why: String, after: Option<Duration>, nudges: u64) -> Result<(), Over> {
        self.control.change(|state| {
            state.stats.failed_attempts += 1;
            state.stats.last_error = Some(why);
        });
        let wait = self.backoff.next(after, self.randomness.as_ref());
        // A wait that the issuer asked for is not cut short.
        let waits = |state: &mut super::control::State| !state.stopped && (after.is_some() || state.nudges == nudges);
        if self.control.wait_for_work(Some(wait), waits).stopped { Err(Over) } else { Ok(()) }
    }

    /// Reads until there is a batch, or no more.
    fn read(&mut self) -> io::Result<()> {
        while self.items.len() < self.batch.events
            && let Some(item) = self.reader.next()?
        {
            self.items.push_back(item);
        }
        self.control.lock().oldest = self.items.front().map(|item| item.at);
        Ok(())
    }

    /// The next events, at most so many and within the bytes of a batch, each with the hash of the one before.
    fn render(&mut self, most: usize) -> io::Result<Vec<Rendered>> {
        let (mut batch, mut bytes) = (Vec::new(), Batch::ENVELOPE);
        let mut previous = self.acknowledged.hash;
        for item in self.items.iter().take(most) {
            let hash = previous.map(jose::encode);
            let (json, decisions) = self.reported(item, hash.as_deref())?;
            bytes = bytes.saturating_add(json.len() + 1);
            if bytes > self.batch.bytes && !batch.is_empty() {
                break;
            }
            let hash = Sha256::digest(&json).into();
            previous = Some(hash);
            batch.push(Rendered { seq: item.seq, json, hash, decisions });
        }
        Ok(batch)
    }

    fn reported(&self, item: &Item, previous: Option<&str>) -> io::Result<(String, u64)> {
        let unreadable = |event::Unreadable| io::Error::from(io::ErrorKind::InvalidData);
        if let Some(gap) = self.spool.gap(item.seq) {
            return Ok((event::render(&gap, item.seq, previous).map_err(unreadable)?, 0));
        }
        let (count, from, to) = match &item.content {
            Content::Event(bytes) => match event::render(bytes, item.seq, previous) {
                Ok(json) => return Ok((json, u64::from(!event::is_gap(bytes)))),
                Err(event::Unreadable) => (event::numbers_of(bytes), Some(item.at), Some(item.at)),
            },
            Content::Missing { count, from, to } => (*count, *from, *to),
        };
        let gap = self.make_gap(item.seq, count, from, to, "damaged")?;
        Ok((event::render(&gap, item.seq, previous).map_err(unreadable)?, 0))
    }

    /// A gap record in the place of what has this number, kept so that it is the same next time.
    fn make_gap(&self, seq: u64, count: u64, from: Option<i64>, to: Option<i64>, why: &str) -> io::Result<Vec<u8>> {
        let id = gap_id(self.clock.now_millis(), seq, self.randomness.as_ref());
        let now = self.clock.now();
        let mut bytes = Vec::new();
        event::write_gap(now, count, &event::gap_members(&id, now, from, to, count, why), &mut bytes);
        self.spool.put_gap(seq, bytes.clone())?;
        self.control.change(|state| state.stats.gaps += 1);
        Ok(bytes)
    }

    /// The issuer has these.
    fn settle(&mut self, batch: &[Rendered], acknowledged: Acknowledged, receipt: &Receipt) {
        self.items.drain(..batch.len().min(self.items.len()));
        self.acknowledged = acknowledged;
        let moved = self.spool.acknowledge(acknowledged);
        let kept = receipt.token.as_deref().map_or(Ok(()), |token| self.spool.keep_receipt(token));
        let sent: u64 = batch.iter().map(|event| event.decisions).sum();
        let oldest = self.items.front().map(|item| item.at);
        self.control.change(|state| {
            state.stats.sent += sent;
            state.stats.duplicates += receipt.duplicates;
            state.stats.conflicts += receipt.conflicts;
            state.settled = acknowledged.seq;
            state.oldest = oldest;
            if let Err(error) = kept {
                state.stats.last_error = Some(format!("the issuer's receipt cannot be kept: {error}"));
            }
            if let Err(error) = moved {
                // What was sent is sent; after a crash it would be sent again, and counted as a duplicate.
                state.stats.fsync_errors += 1;
                state.stats.last_error = Some(format!("the spool's cursor cannot be written: {error}"));
            }
        });
    }

    /// The issuer refuses this one for good: a gap record takes its place. If that is refused as well, the chain is left
    /// broken, which is seen.
    fn reject(&mut self, event: &Rendered, why: String, nudges: u64) -> Result<(), Over> {
        if event.decisions == 0 {
            let acknowledged = Acknowledged { seq: event.seq, hash: Some(event.hash) };
            self.settle(std::slice::from_ref(event), acknowledged, &Receipt::default());
            self.control.change(|state| state.stats.last_error = Some(why));
            return Ok(());
        }
        let at = self.items.front().map(|item| item.at);
        if let Err(error) = self.make_gap(event.seq, 1, at, at, "refused") {
            return self.pause(format!("the spool cannot be written: {error}"), None, nudges);
        }
        let record = RejectedRecord { seq: event.seq, json: event.json.clone(), why };
        // First it is handed over, then it counts as rejected.
        if let Some(take) = &self.on_rejected {
            take(&record);
        }
        self.control.change(|state| {
            state.stats.rejected += 1;
            state.stats.last_error = Some(record.why);
        });
        Ok(())
    }
}
