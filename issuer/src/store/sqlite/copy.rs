//! A copy of the database while others work on it, and a look into a database that changes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::open::{BUSY_TIMEOUT, newest_applied, newest_known, read_setting};
use crate::store::OpenError;

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
}

/// A key's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFound {
    /// `next`, `active`, `retired` or `revoked`.
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

/// Writes the database `from`, as of one moment, to the new file `to`. Others may write meanwhile. The copy is not
/// forced to disk: that is left to who gives it its name.
///
/// # Errors
/// [`OpenError::Database`] if one of the files cannot be used.
pub async fn copy(from: &Path, to: &Path) -> Result<(), OpenError> {
    let failed = at(from);
    let mut conn = read_only(from).await?;
    sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().into_owned()).execute(&mut conn).await.map_err(&failed)?;
    conn.close().await.map_err(&failed)
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
    read.rollback().await?;
    let keys = keys.into_iter().map(|(id, state, activated_at)| (id, KeyFound { state, activated_at })).collect();
    Ok(Contents { issuer, schema, sequence, agents, passports, revoked, events, last_event_at, keys })
}
