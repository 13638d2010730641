//! A copy of the database while others work on it, and a look into a database that changes nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use passport_shared::key_set::KeyId;
use passport_shared::log::note::VerifierKey;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::audit;
use super::driver::Failure;
use super::open::{BUSY_TIMEOUT, newest_applied, newest_known, read_setting};
use crate::store::OpenError;
use crate::store::check::{Asked, LogReport};

/// The step that brought the log's key and its checkpoints.
const LOG_SCHEMA: i64 = 8;

/// What a database holds, seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The issuer that it belongs to, where one has been started on it.
    pub issuer: Option<String>,
    /// The newest migration in it.
    pub schema: i64,
    /// How often trust has changed.
    pub sequence: i64,
    /// Agents, disabled ones included.
    pub agents: i64,
    /// Passports, expired and revoked ones included.
    pub passports: i64,
    /// Passports that were revoked themselves.
    pub revoked: i64,
    /// Audit events.
    pub events: i64,
    /// When the last audit event was accepted, in seconds since 1970.
    pub last_event_at: Option<i64>,
    /// Each key with its state, and when it became active.
    pub keys: BTreeMap<String, KeyFound>,
    /// What the audit log has signed, where it has a key.
    pub log: Option<LogFound>,
}

/// What an audit log has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFound {
    /// The public half of its key.
    pub verifier_key: String,
    /// Events that the tree has.
    pub size: i64,
    /// Events that its newest checkpoint is over, and when that was signed.
    pub last: Option<(i64, i64)>,
    /// Why it signs no more, if it does not.
    pub held: Option<String>,
    /// Checkpoints up to this size are let be.
    pub resumed_after: i64,
}

/// A key's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFound {
    /// `next`, `active`, `retired` or `revoked`; `log` for the audit log's own.
    pub state: String,
    /// When it became the signing key, in seconds since 1970.
    pub activated_at: Option<i64>,
}

/// How closely a database is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Its pages alone (`PRAGMA quick_check`).
    Quick,
    /// Its pages, its indexes against its tables, and its references (`PRAGMA integrity_check`).
    Whole,
}

/// How often it is looked how long a copy is by now.
const LOOK: Duration = Duration::from_millis(100);

/// Writes the database `from`, as of one moment, to the new file `to`. Others may write meanwhile. The copy is not
/// forced to disk: that is left to who gives it its name. `shown` is told how many of about how many bytes are written; it
/// ends with all of them.
///
/// # Errors
/// [`OpenError::Database`] if one of the files cannot be used.
pub async fn copy(from: &Path, to: &Path, shown: &mut (dyn FnMut(u64, u64) + Send)) -> Result<(), OpenError> {
    let failed = at(from);
    let mut conn = read_only(from).await?;
    let bytes = bytes(&mut conn).await.map_err(&failed)?;
    shown(0, bytes);
    {
        let copied = sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().into_owned()).execute(&mut conn);
        tokio::pin!(copied);
        // SQLite does not say how far it is, but what it writes goes straight to the file.
        loop {
            match tokio::time::timeout(LOOK, &mut copied).await {
                Ok(ended) => break ended.map_err(&failed)?,
                Err(_) => shown(std::fs::metadata(to).map_or(0, |file| file.len()).min(bytes), bytes),
            }
        }
    };
    shown(bytes, bytes);
    conn.close().await.map_err(&failed)
}

/// Bytes of the pages that hold something.
async fn bytes(conn: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let bytes: i64 = sqlx::query_scalar(
        "SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s",
    )
    .fetch_one(conn)
    .await?;
    Ok(u64::try_from(bytes).unwrap_or_default())
}

/// What the database at `path` holds, once it was found sound. Nothing is written.
///
/// # Errors
/// [`OpenError::Damaged`] if it is not sound, [`OpenError::SchemaTooNew`] if a newer release wrote it,
/// [`OpenError::Database`] if it cannot be read.
pub async fn look(path: &Path, check: Check) -> Result<Contents, OpenError> {
    let mut conn = read_only(path).await?;
    sound(&mut conn, path, check).await?;
    let schema = newest_applied(&mut conn).await.map_err(at(path))?;
    let known = newest_known();
    if schema > known {
        return Err(OpenError::SchemaTooNew { path: path.to_owned(), found: schema, known });
    }
    let contents = contents(&mut conn, schema).await.map_err(at(path))?;
    conn.close().await.map_err(at(path))?;
    Ok(contents)
}

/// Holds the audit log in the database at `path` against itself and what was signed of it. Nothing is written, and others may
/// write meanwhile. `shown` is told how many of how many events were looked at.
///
/// # Errors
/// [`OpenError::SchemaTooNew`] and [`OpenError::SchemaTooOld`]; [`OpenError::Database`] and [`OpenError::Damaged`] if it
/// cannot be read.
pub async fn check_log(path: &Path, asked: &Asked, shown: &mut (dyn FnMut(u64, u64) + Send)) -> Result<LogReport, OpenError> {
    let mut conn = read_only(path).await?;
    let (found, known) = (newest_applied(&mut conn).await.map_err(at(path))?, newest_known());
    match found {
        found if found > known => return Err(OpenError::SchemaTooNew { path: path.to_owned(), found, known }),
        found if found < LOG_SCHEMA => return Err(OpenError::SchemaTooOld { path: path.to_owned(), found, needed: LOG_SCHEMA }),
        _ => {}
    }
    let mut read = conn.begin().await.map_err(at(path))?;
    let report = audit::check(&mut read, asked, shown).await.map_err(|failure| match failure {
        Failure::Driver(source) => OpenError::Database { path: path.to_owned(), source: Box::new(source) },
        Failure::Refused(error) => OpenError::Damaged { path: path.to_owned(), what: error.to_string() },
    })?;
    read.rollback().await.map_err(at(path))?;
    conn.close().await.map_err(at(path))?;
    Ok(report)
}

/// Raises the trust sequence of a database that nobody has open by `by`, and gives the new one.
///
/// # Errors
/// [`OpenError::Database`] if it cannot be written.
pub async fn raise_sequence(path: &Path, by: i64) -> Result<i64, OpenError> {
    let failed = at(path);
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT);
    let mut conn = options.connect().await.map_err(&failed)?;
    let raised = sqlx::query_scalar("UPDATE trust SET sequence = sequence + $1 WHERE id = 1 RETURNING sequence").bind(by);
    let raised = raised.fetch_one(&mut conn).await.map_err(&failed)?;
    conn.close().await.map_err(&failed)?;
    Ok(raised)
}

async fn read_only(path: &Path) -> Result<SqliteConnection, OpenError> {
    SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT).connect().await.map_err(at(path))
}

fn at(path: &Path) -> impl Fn(sqlx::Error) -> OpenError + '_ {
    |source| OpenError::Database { path: path.to_owned(), source: Box::new(source) }
}

async fn sound(conn: &mut SqliteConnection, path: &Path, check: Check) -> Result<(), OpenError> {
    let damaged = |what: String| OpenError::Damaged { path: path.to_owned(), what };
    let pragma = match check {
        Check::Quick => "PRAGMA quick_check(1)",
        Check::Whole => "PRAGMA integrity_check(1)",
    };
    let found = read_setting(conn, pragma).await.map_err(at(path))?;
    if found != "ok" {
        return Err(damaged(found));
    }
    if check == Check::Whole {
        let broken = sqlx::query("PRAGMA foreign_key_check").fetch_all(conn).await.map_err(at(path))?;
        if !broken.is_empty() {
            return Err(damaged(format!("{} records refer to records that are not there", broken.len())));
        }
    }
    Ok(())
}

async fn contents(conn: &mut SqliteConnection, schema: i64) -> Result<Contents, sqlx::Error> {
    // One moment for all of it.
    let mut read = conn.begin().await?;
    let issuer = sqlx::query_scalar("SELECT issuer FROM issuer WHERE id = 1").fetch_optional(&mut *read).await?;
    let (sequence, agents, passports, revoked, events, last_event_at) = sqlx::query_as(
        "SELECT (SELECT sequence FROM trust WHERE id = 1), (SELECT count(*) FROM agents), (SELECT count(*) FROM passports), \
         (SELECT count(*) FROM passports WHERE revoked_at IS NOT NULL), (SELECT count(*) FROM audit_events), \
         (SELECT received_at FROM audit_events ORDER BY sequence DESC LIMIT 1)",
    )
    .fetch_one(&mut *read)
    .await?;
    let keys: Vec<(String, String, Option<i64>)> =
        sqlx::query_as("SELECT key_id, state, activated_at FROM keys").fetch_all(&mut *read).await?;
    let log = if schema < LOG_SCHEMA { None } else { log(&mut read).await? };
    read.rollback().await?;
    let mut keys: BTreeMap<_, _> = keys.into_iter().map(|(id, state, activated_at)| (id, KeyFound { state, activated_at })).collect();
    if let Some(key) = log.as_ref().and_then(|log| VerifierKey::parse(&log.verifier_key).ok()) {
        keys.insert(KeyId::of(key.key()).to_string(), KeyFound { state: "log".to_owned(), activated_at: None });
    }
    Ok(Contents { issuer, schema, sequence, agents, passports, revoked, events, last_event_at, keys, log })
}

async fn log(conn: &mut SqliteConnection) -> Result<Option<LogFound>, sqlx::Error> {
    type Row = (String, i64, Option<i64>, Option<i64>, Option<String>, i64);
    let row: Option<Row> = sqlx::query_as(
        "SELECT l.verifier_key, (SELECT size FROM audit_head WHERE id = 1), (SELECT max(size) FROM audit_checkpoints), \
         (SELECT signed_at FROM audit_checkpoints ORDER BY size DESC LIMIT 1), l.held_why, l.resumed_after FROM audit_log l WHERE l.id = 1",
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(verifier_key, size, last, at, held, resumed_after)| LogFound {
        verifier_key,
        size,
        last: last.zip(at),
        held,
        resumed_after,
    }))
}

/// Holds the audit log of a database that nobody has open, if it has signed anything: see [`crate::store::Store::hold_log`].
///
/// # Errors
/// [`OpenError::Database`] if it cannot be written.
pub async fn hold_log(path: &Path, why: &str, now: i64) -> Result<(), OpenError> {
    let failed = at(path);
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT);
    let mut conn = options.connect().await.map_err(&failed)?;
    if newest_applied(&mut conn).await.map_err(&failed)? >= LOG_SCHEMA {
        let hold = sqlx::query("UPDATE audit_log SET held_at = $1, held_why = $2 WHERE id = 1").bind(now).bind(why);
        hold.execute(&mut conn).await.map_err(&failed)?;
    }
    conn.close().await.map_err(&failed)
}
