//! An issuer's data, opened by whoever holds its directory: `serve` and `admin-passport`.

mod lock;
mod plan;

use std::path::PathBuf;
use std::sync::Arc;

use passport_keys::{FileVault, KeyDir, KeyVault, Pkcs11Settings, Pkcs11Vault, Protection};
use passport_shared::api::passports::IssuedPassport;
use rustix::process::{getpriority_process, setpriority_process};

pub(crate) use self::lock::DataDir;
pub(super) use self::plan::{DATA, Place, database};
pub(crate) use self::plan::{DATABASE, DataPlan, KEYS, Places, check_issuer, no_issuer, passphrase_of};
use super::error::{CliError, Ended};
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::service::{Issuer, Parts, Settings};
use crate::store::{PostgresOptions, PostgresStore, PostgresVault, SqliteStore, Store, TracedStore};

/// An issuer's database, and what its keys are opened with.
pub(crate) struct IssuerData {
    store: Arc<dyn Store>,
    bound: Option<String>,
    keys: Keys,
}

/// Where the keys are: beside a file of SQLite, in PostgreSQL for all issuers that share it, or in a token.
enum Keys {
    Directory(PathBuf, Protection),
    Rows(PostgresOptions, Protection),
    Token(Pkcs11Settings),
}

impl IssuerData {
    /// Opens the database in a directory that is held, or where the plan has it. It is made where it is missing.
    pub(crate) async fn open(plan: DataPlan, _held: &DataDir) -> Result<Self, CliError> {
        let (place, directory) = (plan.database(), plan.keys());
        let hint = match &place {
            Place::File(_) => DAMAGED,
            Place::Postgres(_) => "does the database server run there, and may this user connect to it? See docs/postgres.md",
        };
        let opened = |error| failed("open the database", &error).hint(hint);
        let store: Arc<dyn Store> = match &place {
            Place::File(path) => Arc::new(SqliteStore::open(path).await.map_err(opened)?),
            Place::Postgres(options) => Arc::new(PostgresStore::open(options).await.map_err(opened)?),
        };
        let keys = match (plan.token, plan.protection, place) {
            (Some(token), _, _) => Keys::Token(token),
            (None, Some(protection), Place::File(_)) => Keys::Directory(directory, protection),
            (None, Some(protection), Place::Postgres(options)) => Keys::Rows(options, protection),
            (None, None, _) => return Err(CliError::failed("nothing says how the keys are protected".to_owned())),
        };
        let bound = store.bound_issuer().await.map_err(|error| failed("read the database", &error))?;
        Ok(Self { store, bound, keys })
    }

    /// The issuer that the data belongs to, where one has been started.
    pub(crate) fn bound(&self) -> Option<&str> {
        self.bound.as_deref()
    }

    /// The same, with a span for each act of the store.
    pub(crate) fn traced(self) -> Self {
        Self { store: Arc::new(TracedStore::new(self.store)), ..self }
    }

    /// Starts the issuer of these settings on its keys; with the admin's passport, where it is the first start.
    pub(crate) async fn start(self, settings: Settings) -> Result<(Issuer, Option<IssuedPassport>), CliError> {
        let vault: Arc<dyn KeyVault> = match self.keys {
            Keys::Directory(path, protection) => {
                let keys = KeyDir::open(path, protection).map_err(|error| failed("open the keys", &error))?;
                Arc::new(FileVault::new(keys))
            }
            Keys::Rows(options, protection) => Arc::new(PostgresVault::new(options, protection)),
            Keys::Token(token) => Arc::new(Pkcs11Vault::open(&token).map_err(|error| failed("open the keys", &error))?),
        };
        let parts = Parts { store: self.store, vault, clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) };
        Issuer::start(parts, settings).await.map_err(|error| failed("start the issuer", &error))
    }
}

/// What to do about a file that is no database.
pub(crate) const DAMAGED: &str =
    "is --data the issuer's? `passport doctor` looks at all of it; a damaged database is restored from a backup";

/// Ends the work of an issuer.
pub(crate) async fn close(issuer: &Issuer) -> Result<(), CliError> {
    issuer.close().await.map_err(|error| failed("close the database", &error))
}

/// For what blocks when everything else has ended.
const LAST_CALLS: std::time::Duration = std::time::Duration::from_secs(2);

/// How much less urgent than the thread that writes those are which read requests (nice(2)). Whoever reports waits for that one
/// thread: where each processor reads requests, it would wait for three milliseconds until one is its.
const READING: i32 = 5;

/// Runs what works with an issuer to its end.
pub(crate) fn block_on(work: impl Future<Output = Ended>) -> Ended {
    // What writes is made on this thread, and is as urgent as it.
    let reading = getpriority_process(None).map(|nice| nice.saturating_add(READING));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_start(move || {
            // Of the new thread alone. Where the system does not have it so, nothing is lost but that.
            let _ = reading.and_then(|nice| setpriority_process(None, nice));
        })
        .build()
        .map_err(|error| CliError::failed(format!("cannot start the runtime: {error}")))?;
    let ended = runtime.block_on(work);
    // A call to somebody else that is under way (a webhook) does not hold up the end.
    runtime.shutdown_timeout(LAST_CALLS);
    ended
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
