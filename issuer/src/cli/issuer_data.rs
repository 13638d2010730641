//! An issuer's data, opened by whoever holds its directory: `serve` and `admin-passport`.

mod lock;
mod plan;

use std::path::PathBuf;
use std::sync::Arc;

use passport_keys::{FileVault, KeyDir, Protection};
use passport_shared::api::passports::IssuedPassport;

pub(crate) use self::lock::DataDir;
pub(crate) use self::plan::{DataPlan, check_issuer, no_issuer};
use super::error::{CliError, Ended};
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::service::{Issuer, Parts, Settings};
use crate::store::{SqliteStore, Store};

/// An issuer's database, and what its keys are opened with.
pub(crate) struct IssuerData {
    store: Arc<dyn Store>,
    bound: Option<String>,
    keys: PathBuf,
    protection: Protection,
}

impl IssuerData {
    /// Opens the database in a directory that is held, or where the plan has it. It is made where it is missing.
    pub(crate) async fn open(plan: DataPlan, _held: &DataDir) -> Result<Self, CliError> {
        let store = SqliteStore::open(&plan.database()).await.map_err(|error| failed("open the database", &error))?;
        let bound = store.bound_issuer().await.map_err(|error| failed("read the database", &error))?;
        Ok(Self { store: Arc::new(store), bound, keys: plan.keys(), protection: plan.protection })
    }

    /// The issuer that the data belongs to, where one has been started.
    pub(crate) fn bound(&self) -> Option<&str> {
        self.bound.as_deref()
    }

    /// Starts the issuer of these settings on its keys; with the admin's passport, where it is the first start.
    pub(crate) async fn start(self, settings: Settings) -> Result<(Issuer, Option<IssuedPassport>), CliError> {
        let keys = KeyDir::open(self.keys, self.protection).map_err(|error| failed("open the keys", &error))?;
        let parts = Parts {
            store: self.store,
            vault: Arc::new(FileVault::new(keys)),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        };
        Issuer::start(parts, settings).await.map_err(|error| failed("start the issuer", &error))
    }
}

/// Ends the work of an issuer.
pub(crate) async fn close(issuer: &Issuer) -> Result<(), CliError> {
    issuer.close().await.map_err(|error| failed("close the database", &error))
}

/// Runs what works with an issuer to its end.
pub(crate) fn block_on(work: impl Future<Output = Ended>) -> Ended {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(work)
}

/// An error with all that is behind it.
pub(crate) fn failed(act: &str, error: &dyn std::error::Error) -> CliError {
    let mut text = format!("cannot {act}: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        // Some errors show their source themselves.
        if !text.ends_with(&more) {
            text.push_str(&format!(": {more}"));
        }
        source = error.source();
    }
    CliError::failed(text)
}
