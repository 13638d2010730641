//! The read handles: a few read-only connections, each read one snapshot.

use sqlx::{Acquire, SqliteConnection, SqlitePool};

use super::acting::Work;
use super::driver::Failure;
use crate::store::StoreError;

/// The read handles.
pub(super) struct Reader {
    pool: SqlitePool,
}

impl Reader {
    /// Takes over a pool that `open` has set up.
    pub(super) const fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// Does `work` in one read transaction: all its statements see the same moment.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send,
    {
        let run = async {
            let mut conn = self.pool.acquire().await?;
            let mut transaction = conn.begin().await?;
            let value = work(&mut transaction).await?;
            transaction.rollback().await?;
            Ok(value)
        };
        run.await.map_err(|failure: Failure| StoreError::from(failure))
    }

    /// Waits for the reads under way, and ends the handles.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    #[cfg(test)]
    pub(super) const fn pool(&self) -> &SqlitePool {
        &self.pool
    }
}
