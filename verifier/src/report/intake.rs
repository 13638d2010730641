//! The bounded queue between those who decide and the thread that writes the spool.
//!
//! A push copies the decision's parts into one buffer and takes no lock. It never waits and never calls the system,
//! but to wake a writer that has had nothing to do for a while.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;

use super::Delivery;
use super::event;
use super::hiding::Hiding;
use crate::decision::Decision;
use crate::guard::{RecordError, Recorded, Settler, Ticket};

/// Buffers kept to be used again, and the size up to which one is worth it.
const SPARE: usize = 4_096;
const SPARE_BYTES: usize = 2_048;

/// A decision on its way to the spool.
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    /// For who waits for it to be on disk.
    pub(super) settler: Option<Settler>,
}

/// Why decisions were lost. The words are those of a gap record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    QueueFull,
    SpoolUnwritable,
    TooLarge,
}

impl Why {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::SpoolUnwritable => "spool_unwritable",
            Self::TooLarge => "too_large",
        }
    }
}

/// Decisions that were lost for one reason, and when: the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) why: Why,
    pub(super) count: u64,
    pub(super) from: i64,
    pub(super) to: i64,
}

pub(super) struct Intake {
    delivery: Delivery,
    hiding: Hiding,
    queue: ArrayQueue<Taken>,
    spare: ArrayQueue<Vec<u8>>,
    /// Of what is queued.
    bytes: AtomicUsize,
    most_bytes: usize,
    /// The most bytes of JSON that one event may have.
    most_json: usize,
    /// Nothing is taken any more.
    closed: AtomicBool,
    /// The writer has looked for the last time.
    ended: AtomicBool,
    /// The spool cannot be written now.
    unwritable: AtomicBool,
    /// The writer waits to be woken.
    asleep: AtomicBool,
    writer: OnceLock<Thread>,
    any_lost: AtomicBool,
    lost: Mutex<Vec<Lost>>,
    dropped: AtomicU64,
}

impl Intake {
    pub(super) fn new(delivery: Delivery, hiding: Hiding, decisions: usize, most_bytes: usize, most_json: usize) -> Self {
        Self {
            delivery,
            hiding,
            queue: ArrayQueue::new(decisions.max(1)),
            spare: ArrayQueue::new(SPARE),
            bytes: AtomicUsize::new(0),
            most_bytes,
            most_json,
            closed: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            unwritable: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            writer: OnceLock::new(),
            any_lost: AtomicBool::new(false),
            lost: Mutex::default(),
            dropped: AtomicU64::new(0),
        }
    }

    /// Takes a decision, as the policy has it. Never waits.
    pub(super) fn push(&self, decision: &Decision<'_>) -> Result<Recorded, RecordError> {
        let (settler, ticket) = match self.delivery {
            Delivery::SpoolFirst => {
                let (settler, ticket) = Ticket::new();
                (Some(settler), Some(ticket))
            }
            Delivery::Background | Delivery::BestEffort => (None, None),
        };
        match self.take(decision, settler) {
            Ok(()) => Ok(ticket.map_or(Recorded::Done, Recorded::Pending)),
            Err((error, why)) => self.lose(decision, error, why),
        }
    }

    fn take(&self, decision: &Decision<'_>, settler: Option<Settler>) -> Result<(), (RecordError, Option<Why>)> {
        if self.closed.load(Ordering::Relaxed) {
            return Err((RecordError::Stopped, None));
        }
        if self.unwritable.load(Ordering::Relaxed) && self.delivery != Delivery::BestEffort {
            return Err((unwritable(), Some(Why::SpoolUnwritable)));
        }
        let mut bytes = self.spare.pop().unwrap_or_default();
        let fits = match self.hiding.told(decision) {
            None => {
                event::write_decision(decision, &mut bytes);
                event::fits(&bytes, decision, self.most_json)
            }
            Some(Ok(json)) => {
                event::write_told(decision, &json, &mut bytes);
                json.len() <= self.most_json
            }
            // Never told in clear for want of another form.
            Some(Err(_)) => false,
        };
        if !fits {
            return Err((RecordError::TooLarge { bytes: bytes.len(), max: self.most_json }, Some(Why::TooLarge)));
        }
        let length = bytes.len();
        let before = self.bytes.fetch_add(length, Ordering::Relaxed);
        let pushed = before.saturating_add(length) <= self.most_bytes && self.queue.push(Taken { bytes, settler }).is_ok();
        if !pushed {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
            let why = if self.unwritable.load(Ordering::Relaxed) { Why::SpoolUnwritable } else { Why::QueueFull };
            return Err((RecordError::Full { waiting: self.queue.len() }, Some(why)));
        }
        // Sequentially consistent, as the queue is: either this sees that the writer sleeps, or the writer, which looks
        // once more before it does, sees what was pushed. So too for the end.
        if self.asleep.load(Ordering::SeqCst) && self.asleep.swap(false, Ordering::SeqCst) {
            self.wake();
        }
        match self.ended.load(Ordering::SeqCst) {
            true => Err((RecordError::Stopped, None)),
            false => Ok(()),
        }
    }

    /// Takes note of a decision that is not taken, and says what its caller hears.
    #[cold]
    fn lose(&self, decision: &Decision<'_>, error: RecordError, why: Option<Why>) -> Result<Recorded, RecordError> {
        self.note_lost(decision.now(), why);
        match self.delivery {
            Delivery::BestEffort if why.is_some() => Ok(Recorded::Done),
            Delivery::BestEffort | Delivery::SpoolFirst | Delivery::Background => Err(error),
        }
    }

    fn note_lost(&self, now: i64, why: Option<Why>) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        // After the end there is nobody to write of it.
        let Some(why) = why else { return };
        let mut all = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        match all.iter_mut().find(|lost| lost.why == why) {
            Some(lost) => {
                lost.count = lost.count.saturating_add(1);
                (lost.from, lost.to) = (lost.from.min(now), lost.to.max(now));
            }
            None => all.push(Lost { why, count: 1, from: now, to: now }),
        }
        self.any_lost.store(true, Ordering::Release);
    }

    /// For the writer, which cannot write: whoever waits for the disk is told so rather than left to wait until it has
    /// room, and what was queued for them is lost, as it is for those who come after them. What nobody waits for stays.
    #[cold]
    pub(super) fn refuse_waiting(&self) {
        if self.delivery != Delivery::SpoolFirst {
            return;
        }
        while let Some(Taken { bytes, settler }) = self.pop() {
            self.note_lost(event::time_of(&bytes), Some(Why::SpoolUnwritable));
            if let Some(settler) = settler {
                settler.settle(Err(unwritable()));
            }
        }
    }

    /// For the writer: the next decision.
    pub(super) fn pop(&self) -> Option<Taken> {
        let taken = self.queue.pop()?;
        self.bytes.fetch_sub(taken.bytes.len(), Ordering::Relaxed);
        Some(taken)
    }

    /// For the writer: what was lost since it last asked.
    pub(super) fn take_lost(&self) -> Vec<Lost> {
        if !self.any_lost.swap(false, Ordering::Acquire) {
            return Vec::new();
        }
        std::mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn has_lost(&self) -> bool {
        self.any_lost.load(Ordering::Relaxed)
    }

    /// For the writer: a buffer to be used again.
    pub(super) fn give_back(&self, mut bytes: Vec<u8>) {
        if bytes.capacity() <= SPARE_BYTES {
            bytes.clear();
            // One too many is let go.
            let _ = self.spare.push(bytes);
        }
    }

    /// For the writer, which is this thread: waits a moment, or until there is something.
    ///
    /// Whoever waits for the disk wakes it at once. For the others it comes by every few milliseconds while there is
    /// work, so that nobody pays for waking it; `idle` says that there was none for a while.
    pub(super) fn rest(&self, pace: Duration, idle: bool) {
        let _ = self.writer.set(thread::current());
        if idle || self.delivery == Delivery::SpoolFirst {
            self.asleep.store(true, Ordering::SeqCst);
            if self.queue.is_empty() && !self.closed.load(Ordering::SeqCst) {
                thread::park_timeout(if idle { Duration::from_secs(1) } else { pace });
            }
            self.asleep.store(false, Ordering::SeqCst);
        } else {
            thread::park_timeout(pace);
        }
    }

    #[cold]
    pub(super) fn wake(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.wake();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// For the writer: it will look once more and then no more.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    pub(super) fn set_writable(&self, writable: bool) {
        self.unwritable.store(!writable, Ordering::SeqCst);
    }

    pub(super) fn is_writable(&self) -> bool {
        !self.unwritable.load(Ordering::SeqCst)
    }

    /// How many decisions are queued.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// How many decisions were not taken since the start.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn unwritable() -> RecordError {
    RecordError::Failed("the spool cannot be written now; the reporter's stats say why".to_owned())
}
