//! Where decisions are recorded.

use std::sync::Arc;

use super::Recorded;
use crate::decision::Decision;

/// Takes note of every decision of a guard.
pub trait Recorder: Send + Sync {
    /// Takes `decision`, or says why not. It is called on the way to an answer: it must not wait for anything. What has
    /// to be waited for comes back as a [`Ticket`](crate::Ticket).
    ///
    /// `Ok` is a promise. Where it cannot be given, or a ticket says later that it was not kept, the guard denies what
    /// it would have allowed.
    fn record(&self, decision: &Decision<'_>) -> Result<Recorded, RecordError>;
}

impl<R: Recorder + ?Sized> Recorder for Arc<R> {
    fn record(&self, decision: &Decision<'_>) -> Result<Recorded, RecordError> {
        (**self).record(decision)
    }
}

/// Why a decision cannot be recorded.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// As much waits to be written as may.
    #[error("the queue of decisions is full: {waiting} wait to be written; see why they are not")]
    Full {
        /// How many decisions wait.
        waiting: usize,
    },
    /// One decision is larger than can ever be delivered.
    #[error("the decision has {bytes} bytes, more than the {max} that can be delivered")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
        /// The most that is taken.
        max: usize,
    },
    /// The recorder has been shut down.
    #[error("the recorder has been shut down")]
    Stopped,
    /// Something else.
    #[error("the decision cannot be recorded: {0}")]
    Failed(String),
}

/// What becomes of an allow that cannot be recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordPolicy {
    /// It is denied with `audit_unavailable`: what leaves no trace is not allowed.
    #[default]
    DenyUnrecorded,
    /// It stays an allow, and the loss is counted ([`Guard::unrecorded`](crate::Guard::unrecorded)). Choose it only
    /// where stopping the service is worse than not knowing what it did.
    AllowUnrecorded,
}
