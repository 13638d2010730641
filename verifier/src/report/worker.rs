//! The thread that delivers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::post::{Failure, Post};
use super::queue::{Event, Queue};
use crate::backoff::Backoff;
use crate::guard::Randomness;

/// A decision that the issuer refuses for good: the audit log does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedRecord {
    /// Its number.
    pub seq: u64,
    /// The decision, as a JSON object.
    pub json: String,
    /// What the issuer answered.
    pub why: String,
}

/// Takes what the issuer refuses.
pub(super) type OnRejected = Box<dyn Fn(&RejectedRecord) + Send>;

pub(super) struct Worker {
    pub(super) queue: Arc<Queue>,
    pub(super) post: Post,
    pub(super) backoff: Backoff,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) on_rejected: Option<OnRejected>,
}

impl Worker {
    pub(super) fn run(mut self) {
        while let Some(batch) = self.queue.next_batch() {
            if !self.deliver(batch) {
                return;
            }
        }
    }

    /// Delivers a batch, however often it takes. False once it is over.
    ///
    /// Where the issuer refuses the content of a batch, it is halved until the decision at fault is found, so that one
    /// decision does not hold up, or take with it, all others; from there on batches double again.
    fn deliver(&mut self, mut batch: VecDeque<Event>) -> bool {
        let mut most = batch.len();
        while !batch.is_empty() {
            let nudges = self.queue.nudges();
            let count = batch.len().min(most);
            match self.post.send(batch.iter().take(count)) {
                Ok(receipt) => {
                    self.queue.delivered(batch.drain(..count).collect::<Vec<_>>().iter(), receipt);
                    self.backoff.reset();
                    most = most.saturating_mul(2);
                }
                Err(Failure::Refused { why }) if count > 1 => {
                    self.queue.failed(&why);
                    most = count / 2;
                    if !self.queue.pause(Duration::ZERO, None) {
                        return false;
                    }
                }
                Err(Failure::Refused { why }) => {
                    if let Some(event) = batch.pop_front() {
                        self.reject(&event, why);
                    }
                }
                Err(Failure::Later { why, after }) => {
                    self.queue.failed(&why);
                    let wait = self.backoff.next(after, self.randomness.as_ref());
                    // A wait that the issuer asked for is not cut short.
                    if !self.queue.pause(wait, after.is_none().then_some(nudges)) {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn reject(&self, event: &Event, why: String) {
        // First it is handed over, then it counts as settled.
        let record = RejectedRecord { seq: event.seq, json: event.json.clone(), why };
        if let Some(take) = &self.on_rejected {
            take(&record);
        }
        self.queue.rejected(event, &record.why);
    }
}
