//! Reads: each one snapshot, on a connection that is shared with the writes.

use sqlx::{PgConnection, PgPool};

use super::acting::Work;
use super::driver::Failure;
use crate::store::StoreError;

/// What reads.
pub(super) struct Reader {
    pool: PgPool,
}

impl Reader {
    /// Takes over a pool that `open` has set up.
    pub(super) const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Does `work` in one read-only transaction: all its statements see the same moment.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send,
    {
        let run = async {
            let mut transaction = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            let value = work(&mut transaction).await?;
            transaction.rollback().await?;
            Ok(value)
        };
        run.await.map_err(|failure: Failure| StoreError::from(failure))
    }

    /// Waits for the reads under way, and ends the connections.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}
