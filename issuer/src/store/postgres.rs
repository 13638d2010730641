//! The store on PostgreSQL, for several issuers at once.
//!
//! The statements are those of SQLite (`statements/`), and so is the order of writes: one at a time, over all issuers on the database
//! (see `writer.rs`). Text, times and booleans are kept as SQLite has them.

#[path = "statements/acting.rs"]
mod acting;
#[path = "statements/acts.rs"]
mod acts;
#[path = "statements/agents.rs"]
mod agents;
#[path = "statements/approvals.rs"]
mod approvals;
#[path = "statements/audit.rs"]
mod audit;
mod changes;
mod check;
#[path = "statements/console.rs"]
mod console;
#[path = "statements/deliveries.rs"]
mod deliveries;
mod driver;
#[path = "statements/hiding.rs"]
mod hiding;
mod inserting;
#[path = "statements/intake.rs"]
mod intake;
#[path = "statements/key_uses.rs"]
mod key_uses;
#[path = "statements/keys.rs"]
mod keys;
#[path = "statements/lane.rs"]
mod lane;
#[path = "statements/lineages.rs"]
mod lineages;
#[path = "statements/makers.rs"]
mod makers;
mod open;
#[path = "statements/passports.rs"]
mod passports;
#[path = "statements/pieces.rs"]
mod pieces;
mod reader;
#[path = "statements/revocations.rs"]
mod revocations;
#[path = "statements/search.rs"]
mod search;
mod settling;
#[path = "statements/templates.rs"]
mod templates;
#[path = "statements/trust.rs"]
mod trust;
mod vault;
#[path = "statements/webhooks.rs"]
mod webhooks;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::watch;

pub use self::check::check_log;
use self::intake::Intake;
pub use self::open::{Durability, PostgresOptions};
use self::reader::Reader;
pub use self::vault::PostgresVault;
pub(super) use self::writer::LOCK;
use self::writer::Writer;
use super::StoreError;

/// The store that the statements are for.
type Own = PostgresStore;

/// A [`Store`](super::Store) in one PostgreSQL database, which several issuers may share.
pub struct PostgresStore {
    writer: Arc<Writer>,
    intake: Intake,
    reader: Reader,
    changes: watch::Receiver<i64>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Whether it can be read and takes writes.
    async fn probe(&self) -> Result<(), StoreError> {
        if self.writer.failed_last() {
            self.writer.write(|conn| Box::pin(trust::touch(conn))).await?;
        }
        self.reader.read(|conn| Box::pin(trust::sequence(conn))).await.map(|_| ())
    }

    /// Ends all handles in order.
    async fn end(&self) -> Result<(), StoreError> {
        self.intake.close().await;
        self.writer.close().await;
        self.reader.close().await;
        Ok(())
    }

    /// What the others on the database do.
    fn told(&self) -> Option<watch::Receiver<i64>> {
        Some(self.changes.clone())
    }
}
