//! The way in for what verifiers report: many batches share one transaction, and so one fsync.
//!
//! While one group is written the next gathers, as many as come: alone, a batch waits for nobody. A queue that is full says so
//! at once ([`StoreError::Busy`]), so that memory has a bound.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::audit;
use super::writer::Writer;
use crate::store::{AppendOutcome, Batch, StoreError};

/// The most events of one transaction, unless one batch alone has more: more would make who waits wait longer, and not
/// save much.
const GROUP_EVENTS: usize = 1_000;

/// The most batches of one transaction.
const GROUP_BATCHES: usize = 256;

/// The most batches that wait.
const WAITING: usize = 1_024;

/// The most bytes of bodies that wait, in KiB.
const WAITING_KIB: u32 = 64 << 10;

/// The queue and who empties it.
pub(super) struct Intake {
    sender: Mutex<Option<mpsc::Sender<Waiting>>>,
    room: Arc<Semaphore>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

/// A batch, and who waits for what becomes of it.
struct Waiting {
    batch: Batch,
    answer: oneshot::Sender<Result<AppendOutcome, StoreError>>,
    room: OwnedSemaphorePermit,
}

impl Intake {
    /// Starts the task that writes.
    pub(super) fn start(writer: &Arc<Writer>) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let worker = writer.lane().spawn(work(Arc::clone(writer), receiver));
        Self {
            sender: Mutex::new(Some(sender)),
            room: Arc::new(Semaphore::new(usize::try_from(WAITING_KIB).unwrap_or(usize::MAX))),
            worker: Mutex::new(Some(worker)),
        }
    }

    /// Appends a batch, on disk before this returns. One that has begun to wait is written even if its caller goes away.
    pub(super) async fn append(&self, batch: Batch) -> Result<AppendOutcome, StoreError> {
        let bytes: usize = batch.events.iter().map(|reported| reported.event.body.len()).sum();
        let kib = u32::try_from(bytes / 1_024).unwrap_or(u32::MAX).clamp(1, WAITING_KIB);
        let sender = self.sender.lock().await.clone().ok_or(StoreError::Closed)?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(kib).map_err(|_| StoreError::Busy)?;
        let (answer, outcome) = oneshot::channel();
        sender.try_send(Waiting { batch, answer, room }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        drop(sender);
        outcome.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Writes what waits, and ends. Closing twice is fine.
    pub(super) async fn close(&self) {
        self.sender.lock().await.take();
        let worker = self.worker.lock().await.take();
        if let Some(worker) = worker {
            // Each group is a task of its own, in the writer, so there is nothing here that could panic.
            let _ = worker.await;
        }
    }
}

async fn work(writer: Arc<Writer>, mut receiver: mpsc::Receiver<Waiting>) {
    let mut head = audit::Head::default();
    while let Some(first) = receiver.recv().await {
        let (mut group, mut answers, mut rooms, mut events) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let mut next = Some(first);
        while let Some(Waiting { batch, answer, room }) = next.take() {
            events += batch.events.len();
            group.push(batch);
            answers.push(answer);
            rooms.push(room);
            if events < GROUP_EVENTS && group.len() < GROUP_BATCHES {
                next = receiver.try_recv().ok();
            }
        }
        let group = Arc::new(group);
        let mut done = write(&writer, std::mem::take(&mut head), &group, false).await;
        if matches!(done, Err(StoreError::Conflict { .. })) {
            done = write(&writer, audit::Head::default(), &group, true).await;
        }
        match done {
            Ok((next, outcomes)) => {
                head = next;
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // Who has gone does not hear of it.
                    let _ = answer.send(outcome);
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for answer in answers {
                    let _ = answer.send(Err(told(&error)));
                }
            }
        }
    }
}

async fn write(
    writer: &Writer,
    head: audit::Head,
    group: &Arc<Vec<Batch>>,
    careful: bool,
) -> Result<(audit::Head, audit::Outcomes), StoreError> {
    let group = Arc::clone(group);
    writer.write(move |conn| Box::pin(async move { audit::append(conn, head, &group, careful).await })).await
}

/// The one error of a group, to each who waits.
fn told(error: &Arc<StoreError>) -> StoreError {
    match &**error {
        StoreError::Poisoned => StoreError::Poisoned,
        StoreError::Closed => StoreError::Closed,
        _ => StoreError::Unavailable(Box::new(Arc::clone(error))),
    }
}
