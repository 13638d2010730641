//! The one write handle: every write is one transaction, and a broken handle acknowledges nothing more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{Mutex, watch};

use super::acting::Work;
use super::driver::{Failure, breaks_handle, breaks_handle_at_commit, is_rolled_back_already};
use super::folding::Folding;
use super::lane::Lane;
use crate::store::StoreError;

/// The write handle. Writes wait for one another in the order in which they came.
pub(super) struct Writer {
    shared: Arc<Shared>,
    lane: Lane,
}

struct Shared {
    handle: Mutex<Handle>,
    folding: Folding,
    poisoned: AtomicBool,
    /// Tells that something was written.
    written: watch::Sender<()>,
    /// Whether the last write to end has failed for the storage's sake, and none has gone well since.
    failed_last: AtomicBool,
}

struct Handle {
    /// `None` once it is closed.
    conn: Option<SqliteConnection>,
}

impl Writer {
    /// Takes over two connections that `open` has set up: one to write, one to fold the log beside it.
    pub(super) fn new(lane: Lane, conn: SqliteConnection, folding: SqliteConnection) -> Self {
        let handle = Mutex::new(Handle { conn: Some(conn) });
        let shared = Arc::new(Shared {
            handle,
            folding: Folding::new(folding),
            poisoned: AtomicBool::new(false),
            failed_last: AtomicBool::new(false),
            written: watch::Sender::new(()),
        });
        lane.spawn(fold_after_writes(Arc::downgrade(&shared), shared.written.subscribe()));
        Self { shared, lane }
    }

    /// Where what leads to writes runs.
    pub(super) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Fails if nothing more is acknowledged on this handle.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.shared.check()
    }

    /// Whether the last write has failed for the storage's sake: the next may too.
    pub(super) fn failed_last(&self) -> bool {
        self.shared.failed_last.load(Ordering::Acquire)
    }

    /// Tells of each write once it is on disk.
    pub(super) fn written(&self) -> watch::Receiver<()> {
        self.shared.written.subscribe()
    }

    /// Does `work` in one transaction that is on disk when this returns `Ok`.
    ///
    /// It runs as a task of its own: a caller that goes away (a client that hangs up) neither leaves a transaction
    /// open nor keeps an I/O error from being seen.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let task = self.lane.spawn(async move {
            let mut handle = shared.handle.lock().await;
            shared.check()?;
            let conn = handle.conn.as_mut().ok_or(StoreError::Closed)?;
            // Here, where nobody writes, all of the log is folded.
            if shared.folding.is_pressing() {
                shared.folded(shared.folding.fold_all().await);
                shared.check()?;
            }
            let done = shared.transaction(conn, work).await;
            shared.note(&done);
            done
        });
        match task.await {
            Ok(result) => result,
            Err(error) => {
                // The task ended in the middle: what its transaction came to is not known.
                self.shared.poison("a write was broken off", &error);
                Err(StoreError::Unavailable(Box::new(error)))
            }
        }
    }

    /// Folds the log into the database and closes the handle.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let Some(mut conn) = self.shared.handle.lock().await.conn.take() else {
            return Ok(());
        };
        let stopped = self.shared.folding.close().await;
        // On a broken handle the log is left as it is: the next start recovers what was committed.
        let folded = match self.check() {
            Ok(()) => sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.map(|_| ()),
            Err(_) => Ok(()),
        };
        let closed = conn.close().await;
        stopped.and(folded).and(closed).map_err(|error| StoreError::from(Failure::Driver(error)))
    }
}

impl Shared {
    fn check(&self) -> Result<(), StoreError> {
        if self.poisoned.load(Ordering::Acquire) {
            return Err(StoreError::Poisoned);
        }
        Ok(())
    }

    fn poison(&self, what: &'static str, error: &(dyn std::error::Error + 'static)) {
        self.poisoned.store(true, Ordering::Release);
        tracing::error!(error, "{what}; the store takes no more writes until the issuer is started again");
    }

    /// Takes note of how the storage is. A write that was refused for what it asked says nothing of that.
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

    // Plain statements and not the driver's transactions: it counts them on its own, and loses count where SQLite
    // rolls back by itself (a full disk), after which its connection is of no more use.
    async fn transaction<T, F>(&self, conn: &mut SqliteConnection, work: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T>,
    {
        // IMMEDIATE takes the write lock now: what the work reads cannot change before it commits.
        if let Err(error) = sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await {
            if breaks_handle(&error) {
                self.poison("a write could not begin", &error);
            }
            return Err(Failure::Driver(error).into());
        }
        let value = match work(conn).await {
            Ok(value) => value,
            Err(failure) => {
                if let Failure::Driver(error) = &failure
                    && breaks_handle(error)
                {
                    self.poison("a write failed", error);
                }
                self.roll_back(conn).await;
                return Err(failure.into());
            }
        };
        if let Err(error) = sqlx::query("COMMIT").execute(&mut *conn).await {
            if breaks_handle_at_commit(&error) {
                self.poison("a commit failed", &error);
            }
            self.roll_back(conn).await;
            return Err(Failure::Driver(error).into());
        }
        Ok(value)
    }

    async fn roll_back(&self, conn: &mut SqliteConnection) {
        if let Err(error) = sqlx::query("ROLLBACK").execute(conn).await
            && !is_rolled_back_already(&error)
        {
            self.poison("a rollback failed", &error);
        }
    }

    /// What came of folding the log, where that says something of the handle. Where somebody else folds it, it is looked at
    /// again after the next write.
    fn folded<T>(&self, done: Result<T, sqlx::Error>) -> Option<T> {
        if let Err(error) = &done
            && breaks_handle(error)
        {
            self.poison("a checkpoint failed", error);
        }
        done.ok()
    }
}

/// Folds the log after writes, as long as there is a writer.
async fn fold_after_writes(shared: Weak<Shared>, mut written: watch::Receiver<()>) {
    while written.changed().await.is_ok() {
        let Some(shared) = shared.upgrade() else { return };
        if shared.folded(shared.folding.fold().await) == Some(false) {
            return;
        }
    }
}
