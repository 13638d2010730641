//! Opening the database: how it is reached, what it promises, its schema.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{PgConnection, PgPool, SqlSafeStr};
use tokio::sync::watch;

use super::intake::Intake;
use super::lane::Lane;
use super::reader::Reader;
use super::writer::Writer;
use super::{PostgresStore, audit, changes};
use crate::store::{OpenError, StoreError};

/// How many connections one issuer has beside the one that writes: one listens, the others read. Several issuers share the
/// database's `max_connections`, 100 where nobody has changed it.
const CONNECTIONS: u32 = 7;

/// How long an act waits for a connection, a new one included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the database works on one statement, waits for a lock, and bears a transaction that does nothing (the lock
/// of all writes must come free when an issuer hangs). In milliseconds.
const TIMEOUTS: [(&str, &str); 3] =
    [("statement_timeout", "30000"), ("lock_timeout", "10000"), ("idle_in_transaction_session_timeout", "15000")];

/// The settings that must not be off, for `Ok` to mean "on disk".
const DURABILITY: [(&str, &str); 3] = [
    ("fsync", "SELECT current_setting('fsync')"),
    ("full_page_writes", "SELECT current_setting('full_page_writes')"),
    ("synchronous_commit", "SELECT current_setting('synchronous_commit')"),
];

/// Whether a database that may lose what it has acknowledged is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// It is.
    #[default]
    Required,
    /// It is not: for tests, whose data nobody misses. No setting of the command leads here.
    NotChecked,
}

/// Where a database is and how it is used. Its `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Large, and options are handed on.
    connect: Box<PgConnectOptions>,
    durability: Durability,
}

impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions").field("place", &self.place()).field("durability", &self.durability).finish_non_exhaustive()
    }
}

impl PostgresOptions {
    /// Reads a URL, `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`. What it leaves out is taken from the
    /// variables `PGHOST`, `PGPASSWORD` and so on, as by `psql`.
    ///
    /// A database elsewhere is reached by TLS with its certificate checked, unless the URL asks for less by name
    /// (`sslmode=require` or `disable`).
    ///
    /// # Errors
    /// [`OpenError::Url`], which never repeats the URL: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(OpenError::Url);
        }
        let connect: PgConnectOptions = url.parse().map_err(|_| OpenError::Url)?;
        let connect = match (is_here(&connect), connect.get_ssl_mode()) {
            (false, PgSslMode::Prefer | PgSslMode::Allow) => connect.ssl_mode(PgSslMode::VerifyFull),
            _ => connect,
        };
        let connect = connect.application_name("passport-issuer").options(TIMEOUTS);
        Ok(Self { connect: Box::new(connect), durability: Durability::default() })
    }

    /// Whether a database that may lose what it has acknowledged is refused.
    #[must_use]
    pub fn with_durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// Where the database is, for messages: host, port and name.
    #[must_use]
    pub fn place(&self) -> String {
        let database = self.connect.get_database().unwrap_or_default();
        match self.connect.get_socket() {
            Some(socket) => format!("postgres://{}/{database}", socket.display()),
            None => format!("postgres://{}:{}/{database}", self.connect.get_host(), self.connect.get_port()),
        }
    }

    pub(in crate::store) fn connect(&self) -> &PgConnectOptions {
        &self.connect
    }

    fn path(&self) -> PathBuf {
        self.place().into()
    }
}

/// Whether the database is on this machine, so that nobody stands between.
fn is_here(connect: &PgConnectOptions) -> bool {
    let host = connect.get_host();
    connect.get_socket().is_some()
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The schema, one step after another. A step that has been released is never edited.
fn migrations() -> Vec<Migration> {
    let step = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    vec![
        step(1, "initial", include_str!("../../../migrations/postgres/0001_initial.sql")),
        step(2, "approvals", include_str!("../../../migrations/postgres/0002_approvals.sql")),
        step(4, "list_expiry", include_str!("../../../migrations/postgres/0004_list_expiry.sql")),
        step(5, "renewal", include_str!("../../../migrations/postgres/0005_renewal.sql")),
        step(6, "templates", include_str!("../../../migrations/postgres/0006_templates.sql")),
        step(7, "audit_log", include_str!("../../../migrations/postgres/0007_audit_log.sql")),
        step(8, "checkpoints", include_str!("../../../migrations/postgres/0008_checkpoints.sql")),
        step(9, "retention", include_str!("../../../migrations/postgres/0009_retention.sql")),
        step(10, "webhooks", include_str!("../../../migrations/postgres/0010_webhooks.sql")),
        step(11, "redecided", include_str!("../../../migrations/postgres/0011_redecided.sql")),
        step(12, "console", include_str!("../../../migrations/postgres/0012_console.sql")),
        step(13, "hiding", include_str!("../../../migrations/postgres/0013_hiding.sql")),
        step(14, "passport_expiry", include_str!("../../../migrations/postgres/0014_passport_expiry.sql")),
        step(15, "counts_by_block", include_str!("../../../migrations/postgres/0015_counts_by_block.sql")),
    ]
}

impl PostgresStore {
    /// Opens the database, which must be there, and brings its schema up to date. Several issuers may do so at once:
    /// the schema is changed under a lock.
    ///
    /// # Errors
    /// [`OpenError`]: it cannot be reached, was written by a newer release, or runs with a setting by which it may lose
    /// what it has acknowledged.
    pub async fn open(options: &PostgresOptions) -> Result<Self, OpenError> {
        let path = options.path();
        let database = |source: sqlx::Error| OpenError::Database { path: path.clone(), source: Box::new(source) };
        let pool = pool_of(CONNECTIONS).connect_with(options.connect().clone()).await.map_err(database)?;
        let mut conn = pool.acquire().await.map_err(database)?;
        if options.durability == Durability::Required {
            check_settings(&mut conn, options).await?;
        }
        migrate(&mut conn, options).await?;
        drop(conn);
        let lane = Lane::start().map_err(|error| database(sqlx::Error::Io(error)))?;
        // Opened by what writes, so that the thread of its own that waits for it is woken by nobody else.
        let writing = pool_of(1).connect_lazy_with(options.connect().clone());
        let store = Self::on(pool, Writer::new(lane, writing));
        // Events from before there was a tree.
        let late = |error: StoreError| OpenError::Migration { path: path.clone(), source: Box::new(error) };
        while store.writer.write(|conn| Box::pin(audit::catch_up(conn))).await.map_err(late)? {}
        Ok(store)
    }

    fn on(pool: PgPool, writer: Writer) -> Self {
        let (newest, changes) = watch::channel(0);
        // It ends with the pool, or when nobody is left to be told.
        tokio::spawn(changes::follow(pool.clone(), newest));
        let writer = Arc::new(writer);
        Self { intake: Intake::start(&writer), writer, reader: Reader::new(pool), changes }
    }
}

fn pool_of(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(CONNECT_TIMEOUT)
}

async fn check_settings(conn: &mut PgConnection, options: &PostgresOptions) -> Result<(), OpenError> {
    for (setting, question) in DURABILITY {
        let asked: Result<String, _> = sqlx::query_scalar(question).fetch_one(&mut *conn).await;
        let found = asked.map_err(|source| OpenError::Database { path: options.path(), source: Box::new(source) })?;
        if found == "off" {
            return Err(OpenError::Setting { path: options.path(), setting, found, needed: "on" });
        }
    }
    Ok(())
}

async fn migrate(conn: &mut PgConnection, options: &PostgresOptions) -> Result<(), OpenError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration { path: options.path(), source };
    let migrator = Migrator::with_migrations(migrations());
    let known = migrator.iter().map(|step| step.version).max().unwrap_or(0);
    let found = newest_applied(conn).await.map_err(|error| failed(Box::new(error)))?;
    if found > known {
        return Err(OpenError::SchemaTooNew { path: options.path(), found, known });
    }
    migrator.run_direct(None, conn, false).await.map_err(|error| failed(Box::new(error)))
}

/// The newest migration in the database; 0 for an empty one.
async fn newest_applied(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *conn).await?;
    if !there {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").fetch_one(conn).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_in_no_message() {
        let options = PostgresOptions::parse("postgres://ann:s3cret@db.example:5433/passport").unwrap();
        assert_eq!(options.place(), "postgres://db.example:5433/passport");
        assert!(!format!("{options:?}").contains("s3cret"));
        for wrong in ["postgres://ann:s3cret@:x/y", "mysql://ann:s3cret@h/d", "postgres://u:s3cret@h/d?sslmode=s3cret"] {
            let error = PostgresOptions::parse(wrong).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        }
    }

    #[test]
    fn a_database_elsewhere_is_reached_with_its_certificate_checked() {
        let mode = |url: &str| format!("{:?}", PostgresOptions::parse(url).unwrap().connect.get_ssl_mode());
        assert_eq!(mode("postgres://u@db.example/d"), "VerifyFull");
        assert_eq!(mode("postgres://u@db.example/d?sslmode=prefer"), "VerifyFull");
        assert_eq!(mode("postgres://u@db.example/d?sslmode=require"), "Require");
        assert_eq!(mode("postgres://u@127.0.0.1/d"), "Prefer");
        assert_eq!(mode("postgres://u@localhost.example/d"), "VerifyFull");
    }
}
