//! The store on embedded SQLite: one writer, a few readers, one file.

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
#[path = "statements/console.rs"]
mod console;
mod copy;
#[path = "statements/deliveries.rs"]
mod deliveries;
mod driver;
mod folding;
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
mod values;
#[path = "statements/webhooks.rs"]
mod webhooks;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::watch;

pub use self::copy::{Check, Contents, KeyFound, LogFound, check_log, copy, hold_log, look, raise_sequence};

use self::intake::Intake;
use self::reader::Reader;
use self::writer::Writer;
use super::StoreError;

/// The store that the statements are for.
type Own = SqliteStore;

/// A [`Store`](super::Store) in one SQLite file, with a write-ahead log and `synchronous=FULL`.
///
/// Several processes may have the same file open; each commit waits for the others' at most five seconds.
pub struct SqliteStore {
    writer: Arc<Writer>,
    intake: Intake,
    reader: Reader,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Whether it can be read and takes writes.
    async fn probe(&self) -> Result<(), StoreError> {
        self.writer.check()?;
        if self.writer.failed_last() {
            self.writer.write(|conn| Box::pin(trust::touch(conn))).await?;
        }
        self.reader.read(|conn| Box::pin(trust::sequence(conn))).await.map(|_| ())
    }

    /// Ends all handles in order.
    async fn end(&self) -> Result<(), StoreError> {
        self.intake.close().await;
        self.reader.close().await;
        self.writer.close().await
    }

    /// A data directory is one issuer's at a time: there is nobody to hear of.
    #[expect(clippy::unused_self, reason = "a store on another database has somebody")]
    fn told(&self) -> Option<watch::Receiver<i64>> {
        None
    }
}
