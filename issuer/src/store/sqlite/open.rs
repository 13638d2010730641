//! Opening the file: its mode, its durability settings, its schema.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, SqliteConnection};

use super::intake::Intake;
use super::lane::Lane;
use super::reader::Reader;
use super::writer::Writer;
use super::{SqliteStore, audit};
use crate::store::{OpenError, StoreError};

/// Before this, resetting the write-ahead log could lose committed transactions.
const OLDEST_SQLITE: &str = "3.51.3";

/// How long a statement waits for another process's lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many reads run at once. Reads are short, and more than the cores of a small machine gain nothing.
const READERS: u32 = 4;

/// How long a read waits for a free handle.
const READER_TIMEOUT: Duration = Duration::from_secs(5);

/// How many rows a read handle fetches ahead of who reads them. A row may have a megabyte.
const ROWS_AHEAD: usize = 4;

/// What the write handle must say of itself before it is used, as SQLite words it.
const DURABILITY: [(&str, &str, &str); 4] = [
    ("journal_mode", "PRAGMA journal_mode", "wal"),
    ("synchronous", "PRAGMA synchronous", "2"),
    ("foreign_keys", "PRAGMA foreign_keys", "1"),
    // The log is folded by a handle of its own, see `folding`.
    ("wal_autocheckpoint", "PRAGMA wal_autocheckpoint", "0"),
];

/// The schema, one step after another. A step that has been released is never edited.
pub(super) fn migrations() -> Vec<Migration> {
    let step = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    vec![
        step(1, "initial", include_str!("../../../migrations/sqlite/0001_initial.sql")),
        step(2, "approvals", include_str!("../../../migrations/sqlite/0002_approvals.sql")),
        step(4, "list_expiry", include_str!("../../../migrations/sqlite/0004_list_expiry.sql")),
        step(5, "renewal", include_str!("../../../migrations/sqlite/0005_renewal.sql")),
        step(6, "templates", include_str!("../../../migrations/sqlite/0006_templates.sql")),
        step(7, "audit_log", include_str!("../../../migrations/sqlite/0007_audit_log.sql")),
        step(8, "checkpoints", include_str!("../../../migrations/sqlite/0008_checkpoints.sql")),
        step(9, "retention", include_str!("../../../migrations/sqlite/0009_retention.sql")),
        step(10, "webhooks", include_str!("../../../migrations/sqlite/0010_webhooks.sql")),
        step(11, "redecided", include_str!("../../../migrations/sqlite/0011_redecided.sql")),
        step(12, "console", include_str!("../../../migrations/sqlite/0012_console.sql")),
        step(13, "hiding", include_str!("../../../migrations/sqlite/0013_hiding.sql")),
        step(14, "passport_expiry", include_str!("../../../migrations/sqlite/0014_passport_expiry.sql")),
        step(15, "counts_by_block", include_str!("../../../migrations/sqlite/0015_counts_by_block.sql")),
    ]
}

/// Bytes of a page of a new database; one that is there keeps its own. An event takes most of 1 KiB, so that of a page of
/// 4 KiB, which is SQLite's own choice, a sixth would be left over; larger ones make a small write larger.
const PAGE_BYTES: u32 = 8_192;

impl SqliteStore {
    /// Opens the database file, making it (mode 0600) and its folder (mode 0700) where they are missing, and brings
    /// its schema up to date.
    ///
    /// # Errors
    /// Any [`OpenError`]: SQLite is older than 3.51.3, the file was written by a newer release, or a durability
    /// setting did not take. The file is not opened for use then.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let database = |source: sqlx::Error| OpenError::Database { path: path.to_owned(), source: Box::new(source) };
        check_version(&linked_version().await.map_err(database)?)?;
        prepare_file(path)?;

        let common =
            SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(BUSY_TIMEOUT).synchronous(SqliteSynchronous::Full);
        let lasting = common
            .clone()
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("wal_autocheckpoint", "0")
            // Elsewhere these do nothing; on macOS, fsync alone leaves data in the drive's cache.
            .pragma("fullfsync", "1")
            .pragma("checkpoint_fullfsync", "1");
        let mut conn = lasting.connect().await.map_err(database)?;
        check_settings(&mut conn, path).await?;
        migrate(&mut conn, path).await?;
        let mut folding = lasting.connect().await.map_err(database)?;
        check_settings(&mut folding, path).await?;

        let pool = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(READER_TIMEOUT)
            // Where SQLite ends a transaction by itself (an I/O error), the driver loses count and would leave later
            // reads on this handle in one old snapshot: revocations not seen. Such a handle is thrown away.
            .before_acquire(|conn, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
            // Nor does it make an index of a whole table for one question: it thinks that worth its while where many spans of the
            // log are asked for, and reads all of them then.
            .connect_with(common.pragma("automatic_index", "0").read_only(true).row_buffer_size(ROWS_AHEAD))
            .await
            .map_err(database)?;
        let lane = Lane::start().map_err(|error| database(sqlx::Error::Io(error)))?;
        let writer = Arc::new(Writer::new(lane, conn, folding));
        // Events from before there was a tree.
        let late = |error: StoreError| OpenError::Migration { path: path.to_owned(), source: Box::new(error) };
        while writer.write(|conn| Box::pin(audit::catch_up(conn))).await.map_err(late)? {}
        Ok(Self { intake: Intake::start(&writer), writer, reader: Reader::new(pool) })
    }
}

/// The version of the SQLite that is linked in, asked before any file is touched.
async fn linked_version() -> Result<String, sqlx::Error> {
    let mut conn = SqliteConnectOptions::new().in_memory(true).connect().await?;
    let version = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut conn).await?;
    conn.close().await?;
    Ok(version)
}

fn check_version(found: &str) -> Result<(), OpenError> {
    if version_number(found) < version_number(OLDEST_SQLITE) {
        return Err(OpenError::SqliteTooOld { found: found.to_owned(), needed: OLDEST_SQLITE });
    }
    Ok(())
}

/// The parts of a version as numbers; what cannot be read counts as oldest.
fn version_number(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

async fn check_settings(conn: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    for (setting, pragma, needed) in DURABILITY {
        let found =
            read_setting(conn, pragma).await.map_err(|source| OpenError::Database { path: path.to_owned(), source: Box::new(source) })?;
        if found != needed {
            return Err(OpenError::Setting { path: path.to_owned(), setting, found, needed });
        }
    }
    Ok(())
}

/// A pragma's value as text, whatever its type.
pub(super) async fn read_setting(conn: &mut SqliteConnection, pragma: &'static str) -> Result<String, sqlx::Error> {
    use sqlx::Row;
    let row = sqlx::query(pragma).fetch_one(conn).await?;
    row.try_get_unchecked::<String, _>(0)
}

async fn migrate(conn: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration { path: path.to_owned(), source };
    let migrator = Migrator::with_migrations(migrations());
    let known = newest_known();
    let found = newest_applied(conn).await.map_err(|error| failed(Box::new(error)))?;
    if found > known {
        return Err(OpenError::SchemaTooNew { path: path.to_owned(), found, known });
    }
    migrator.run_direct(None, conn, false).await.map_err(|error| failed(Box::new(error)))
}

/// The newest migration that this release has.
pub(super) fn newest_known() -> i64 {
    migrations().iter().map(|step| step.version).max().unwrap_or(0)
}

/// The newest migration in the file; 0 for a new file.
pub(super) async fn newest_applied(conn: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'").fetch_one(&mut *conn).await?;
    if tables == 0 {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").fetch_one(conn).await
}

/// Makes the folder and the file where they are missing, and keeps the file to its owner. SQLite gives the log and
/// its index the mode of the database.
fn prepare_file(path: &Path) -> Result<(), OpenError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let new_folder = !folder.exists();
    make_folder(folder).map_err(at(folder))?;
    make_file(path).map_err(at(path))?;
    // The names themselves must be on disk too, or a power cut could take the whole file away.
    sync_folder(folder).map_err(at(folder))?;
    if new_folder && let Some(above) = folder.parent().filter(|p| !p.as_os_str().is_empty()) {
        sync_folder(above).map_err(at(above))?;
    }
    Ok(())
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> OpenError {
    let path: PathBuf = path.to_owned();
    move |source| OpenError::File { path, source }
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn make_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    file.sync_all()
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_before_3_51_3_is_refused() {
        for old in ["3.51.2", "3.9.99", "2.99.99", "", "3.x"] {
            assert!(matches!(check_version(old), Err(OpenError::SqliteTooOld { .. })), "{old}");
        }
        for new in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(check_version(new).is_ok(), "{new}");
        }
    }

    #[tokio::test]
    async fn the_sqlite_that_is_linked_in_is_new_enough() {
        check_version(&linked_version().await.unwrap()).unwrap();
    }
}
