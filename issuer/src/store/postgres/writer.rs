//! Writes: each is one transaction, and one at a time over all issuers on the database.
//!
//! One lock for all writes, where a lock for each row would do: an audit event's `sequence` must be in the order of
//! acceptance, or a reader with a cursor would pass over one that took its number early and committed late. Every
//! change by an admin writes an event, so all would queue for that lock in any case. Taken first, it also makes each
//! statement after it see all that was committed before (READ COMMITTED looks anew for each), so that nothing read can
//! change before the commit, no two writes deadlock, and none has to be tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};
use tokio::sync::{Mutex, watch};

use super::acting::Work;
use super::driver::Failure;
use super::lane::Lane;
use crate::store::StoreError;

/// Takes the lock of all writes until the transaction has ended; others get it once what was committed can be seen.
/// The number is this project's own: "passport" in ASCII.
macro_rules! lock {
    () => {
        "SELECT pg_advisory_xact_lock(8097880544633647732)"
    };
}

pub(in crate::store) const LOCK: &str = lock!();

/// Begins a write with the lock, in one message. Isolation is said outright: the default of a database or a role may be another,
/// with which the lock would come too late.
const BEGIN: &str = concat!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ", lock!());

/// What writes. Writes of this process wait for one another here and not in the database, in the order in which they
/// came: those that wait hold no connection.
pub(super) struct Writer {
    shared: Arc<Shared>,
    lane: Lane,
}

struct Shared {
    pool: PgPool,
    turn: Mutex<Turn>,
    /// Tells that something was written.
    written: watch::Sender<()>,
    /// Whether the last write to end has failed for the database's sake, and none has gone well since.
    failed_last: AtomicBool,
}

/// The connection of the last write, and when it ended well. A pool looks whether a connection is alive when it is given out and
/// when it comes back: two ways there and back, which a write that follows at once has no need of.
#[derive(Default)]
struct Turn(Option<(PoolConnection<Postgres>, Instant)>);

/// How long a connection that was not used is believed to be alive.
const FRESH: Duration = Duration::from_secs(1);

impl Turn {
    /// Does `work` in one transaction, on the connection of the last one where that is fresh. It is kept if all goes well.
    async fn write<T, F>(&mut self, pool: &PgPool, work: F) -> Result<T, Failure>
    where
        F: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T>,
    {
        // Another goes back first: the pool may have room for one.
        let kept = self.0.take().filter(|(_, ended)| ended.elapsed() < FRESH);
        let mut conn = match kept {
            Some((conn, _)) => conn,
            None => pool.acquire().await?,
        };
        let value = transaction(&mut conn, work).await?;
        self.0 = Some((conn, Instant::now()));
        Ok(value)
    }
}

/// To give a connection back takes a runtime, which may have ended by then.
impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((conn, _)) = self.0.take() {
            drop(conn.detach());
        }
    }
}

impl Writer {
    /// Takes over a pool that `open` has set up.
    pub(super) fn new(lane: Lane, pool: PgPool) -> Self {
        Self {
            shared: Arc::new(Shared { pool, turn: Mutex::default(), failed_last: AtomicBool::new(false), written: watch::Sender::new(()) }),
            lane,
        }
    }

    /// Where what leads to writes runs.
    pub(super) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Whether the last write has failed for the database's sake: the next may too.
    pub(super) fn failed_last(&self) -> bool {
        self.shared.failed_last.load(Ordering::Acquire)
    }

    /// Tells of each write once it is on disk.
    pub(super) fn written(&self) -> watch::Receiver<()> {
        self.shared.written.subscribe()
    }

    /// Does `work` in one transaction that is on disk when this returns `Ok`.
    ///
    /// It runs as a task of its own: a caller that goes away (a client that hangs up) leaves nothing half done.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let task = self.lane.spawn(async move {
            let mut turn = shared.turn.lock().await;
            let done = turn.write(&shared.pool, work).await.map_err(StoreError::from);
            shared.note(&done);
            done
        });
        task.await.unwrap_or_else(|error| Err(StoreError::Unavailable(Box::new(error))))
    }

    /// Waits for the write under way; those that come later find the store closed.
    pub(super) async fn close(&self) {
        let mut turn = self.shared.turn.lock().await;
        turn.0 = None;
        self.shared.pool.close().await;
    }
}

impl Shared {
    /// Takes note of how the database is. A write that was refused for what it asked says nothing of that.
    fn note<T>(&self, done: &Result<T, StoreError>) {
        match done {
            Ok(_) => {
                self.failed_last.store(false, Ordering::Release);
                self.written.send_replace(());
            }
            Err(StoreError::Unavailable(_)) => self.failed_last.store(true, Ordering::Release),
            Err(_) => {}
        }
    }
}

/// A transaction that is dropped before its commit is rolled back; where its connection broke, PostgreSQL does that.
async fn transaction<T, F>(conn: &mut PgConnection, work: F) -> Result<T, Failure>
where
    F: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T>,
{
    let mut transaction = conn.begin_with(BEGIN).await?;
    match work(&mut transaction).await {
        Ok(value) => {
            transaction.commit().await?;
            Ok(value)
        }
        Err(failure) => {
            // What it failed for says more than that the rollback failed too.
            let _ = transaction.rollback().await;
            Err(failure)
        }
    }
}
