//! Folding the write-ahead log into the database, on a handle of its own, beside what writes.
//!
//! SQLite's own checkpoints are switched off, because they keep their errors to themselves (an fsync of the database file that
//! fails must be seen) and make a commit wait. A checkpoint beside the writer holds up nobody, but the log can only begin anew
//! where all of it is folded at a moment when nobody writes: once it has grown long, a write waits for that.

use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::Mutex;

/// Pages of the log, of 8 KiB each (of 4 KiB in a database of an earlier release), that are not folded yet and make a checkpoint
/// due. More would make its fsync longer, for which that of a write waits; fewer would write a page that changes often more often.
const PAGES_A_CHECKPOINT: i64 = 256;

/// Pages of the log with which it has to begin anew: 64 MiB.
const MOST_PAGES: i64 = 8_192;

/// The handle that folds.
pub(super) struct Folding {
    /// `None` once it is closed.
    conn: Mutex<Option<SqliteConnection>>,
    /// Pages of the log that were folded when it was last looked at; 0 where it is to begin anew.
    folded: AtomicI64,
}

impl Folding {
    /// Takes over a connection on which SQLite's own checkpoints are off.
    pub(super) fn new(conn: SqliteConnection) -> Self {
        Self { conn: Mutex::new(Some(conn)), folded: AtomicI64::new(0) }
    }

    /// Whether the log has to begin anew before more is written: it is long, and little of it is left to fold meanwhile.
    pub(super) fn is_pressing(&self) -> bool {
        self.folded.load(Ordering::Relaxed) >= MOST_PAGES
    }

    /// Folds what has come, where it is enough. What was committed is on disk whatever comes of this. `false` once it is closed.
    pub(super) async fn fold(&self) -> Result<bool, sqlx::Error> {
        let mut handle = self.conn.lock().await;
        let Some(conn) = handle.as_mut() else { return Ok(false) };
        // Asks, and folds nothing: busy, pages in the log, pages of them that are folded.
        let (_, pages, folded) = look(conn, "PRAGMA wal_checkpoint(NOOP)").await?;
        // Once it is long, what comes is folded at once, so that who writes next waits for no more than that.
        let due = if pages >= MOST_PAGES { 1 } else { PAGES_A_CHECKPOINT };
        if pages.saturating_sub(folded) >= due {
            look(conn, "PRAGMA wal_checkpoint(PASSIVE)").await?;
        }
        self.folded.store(folded, Ordering::Relaxed);
        Ok(true)
    }

    /// Folds all of the log, where nobody writes: who writes next begins it anew.
    pub(super) async fn fold_all(&self) -> Result<(), sqlx::Error> {
        let mut handle = self.conn.lock().await;
        let Some(conn) = handle.as_mut() else { return Ok(()) };
        look(conn, "PRAGMA wal_checkpoint(PASSIVE)").await?;
        self.folded.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Closes the handle, once what it does is done.
    pub(super) async fn close(&self) -> Result<(), sqlx::Error> {
        match self.conn.lock().await.take() {
            Some(conn) => conn.close().await,
            None => Ok(()),
        }
    }
}

async fn look(conn: &mut SqliteConnection, pragma: &'static str) -> Result<(i64, i64, i64), sqlx::Error> {
    sqlx::query_as(pragma).fetch_one(conn).await
}
