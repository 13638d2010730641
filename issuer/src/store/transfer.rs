//! Moving an issuer from SQLite to PostgreSQL: all of it in one transaction, proved before it is committed.
//!
//! The proof: both sides are read row by row in one order, and the count and a SHA-256 over every value of every row
//! must agree, table by table. A table or column that this list does not know stops the move before anything is
//! written: nothing is left behind unsaid.

use std::path::Path;

use futures_util::TryStreamExt as _;
use passport_keys::KeyDir;
use passport_shared::key_set::KeyId;
use passport_shared::log::note::VerifierKey;
use sha2::{Digest as _, Sha256};
use sqlx::postgres::PgRow;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Postgres, QueryBuilder, Row, SqliteConnection};

use crate::hex::hex;

use super::{OpenError, PostgresOptions, PostgresStore, SqliteStore, Store as _, StoreError};

/// A table: its columns, text or not, and the first of them puts its rows in order.
struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Text,
    Bytes,
}

use Kind::{Bytes as B, Integer as I, Text as T};

/// Those that have a row in an empty database too.
const NEVER_EMPTY: [&str; 4] = ["trust", "audit_head", "audit_retention", "audit_redecided"];

/// Everything, those that others refer to first.
const TABLES: &[Table] = &[
    Table { name: "issuer", columns: &[("id", I), ("issuer", T)] },
    Table { name: "trust", columns: &[("id", I), ("sequence", I)] },
    Table { name: "agents", columns: &[("agent_id", T), ("name", T), ("description", T), ("disabled_at", I), ("created_at", I)] },
    Table {
        name: "keys",
        columns: &[
            ("key_id", T),
            ("public_x", T),
            ("state", T),
            ("created_at", I),
            ("activated_at", I),
            ("retired_at", I),
            ("retire_until", I),
            ("revoked_at", I),
            ("revoke_reason", T),
            ("revoked_sequence", I),
        ],
    },
    Table { name: "status_lists", columns: &[("list", I), ("size", I), ("used", I), ("last_expiry", I)] },
    Table {
        name: "passports",
        columns: &[
            ("ordinal", I),
            ("passport_id", T),
            ("agent_id", T),
            ("key_id", T),
            ("claims", T),
            ("audience", T),
            ("issued_at", I),
            ("not_before", I),
            ("expires_at", I),
            ("status_list", I),
            ("status_index", I),
            ("revoked_at", I),
            ("revoke_reason", T),
            ("issued_by", T),
            ("renew_until", I),
            ("lineage", T),
            ("renewed_from", T),
            ("revoked_with_key", T),
            ("revoked_sequence", I),
            ("template", T),
            ("template_revision", I),
            ("template_parameters", T),
        ],
    },
    Table {
        name: "templates",
        columns: &[
            ("name", T),
            ("revision", I),
            ("body", T),
            ("created_at", I),
            ("created_by", T),
            ("saved_at", I),
            ("saved_by", T),
            ("deleted_at", I),
        ],
    },
    Table {
        name: "approvals",
        columns: &[
            ("ordinal", I),
            ("approval_id", T),
            ("passport_id", T),
            ("agent_id", T),
            ("request", T),
            ("request_hash", T),
            ("audience", T),
            ("approvers", I),
            ("state", T),
            ("asked_at", I),
            ("pending_until", I),
            ("decided_at", I),
            ("reason", T),
        ],
    },
    Table { name: "approval_votes", columns: &[("approval_id", T), ("decided_by", T), ("approves", I), ("decided_at", I)] },
    Table {
        name: "audit_events",
        columns: &[
            ("sequence", I),
            ("event_id", T),
            ("kind", T),
            ("reporter", T),
            ("seq", I),
            ("request_id", T),
            ("body", T),
            ("body_hash", B),
            ("received_at", I),
            ("evaluated_at", I),
            ("agent_id", T),
            ("passport_id", T),
            ("outcome", T),
            ("reason", T),
            ("action", T),
            ("resource", T),
            ("conflict", I),
            ("reported_hash", B),
        ],
    },
    Table { name: "audit_hiding", columns: &[("id", I), ("salt", B), ("hash", B)] },
    Table { name: "audit_head", columns: &[("id", I), ("size", I), ("edge", B)] },
    Table { name: "audit_retention", columns: &[("id", I), ("dropped_to", I), ("untold", I)] },
    Table { name: "audit_tiles", columns: &[("level", I), ("tile", I), ("hashes", B)] },
    Table {
        name: "audit_log",
        columns: &[("id", I), ("verifier_key", T), ("created_at", I), ("held_at", I), ("held_why", T), ("resumed_after", I)],
    },
    Table { name: "audit_checkpoints", columns: &[("size", I), ("note", T), ("signed_at", I)] },
    Table { name: "audit_terms", columns: &[("term", I), ("value", T), ("block", I), ("spans", I)] },
    Table { name: "audit_blocks", columns: &[("block", I), ("min_time", I), ("max_time", I)] },
    Table { name: "audit_counts", columns: &[("hour", I), ("agent_id", T), ("outcome", T), ("reason", T), ("count", I)] },
    Table { name: "audit_reporters", columns: &[("reporter", T), ("last_sequence", I), ("last_at", I)] },
    Table { name: "audit_chains", columns: &[("reporter", T), ("first_seq", I), ("last_seq", I), ("last_hash", B), ("last_at", I)] },
    Table {
        name: "audit_findings",
        columns: &[
            ("finding", I),
            ("kind", T),
            ("reporter", T),
            ("from_seq", I),
            ("to_seq", I),
            ("sequence", I),
            ("found_at", I),
            ("resolved_at", I),
        ],
    },
    Table {
        name: "webhooks",
        columns: &[
            ("webhook_id", T),
            ("url", T),
            ("events", T),
            ("filter", T),
            ("description", T),
            ("salt", B),
            ("secret_hash", B),
            ("old_salt", B),
            ("old_hash", B),
            ("old_until", I),
            ("cursor", I),
            ("created_at", I),
            ("created_by", T),
            ("disabled_at", I),
            ("disabled_why", T),
        ],
    },
    Table {
        name: "webhook_deliveries",
        columns: &[
            ("webhook_id", T),
            ("sequence", I),
            ("message_id", T),
            ("state", T),
            ("attempts", I),
            ("tried_at", I),
            ("next_at", I),
            ("last_error", T),
        ],
    },
    Table { name: "console_sessions", columns: &[("session_hash", T), ("passport_id", T), ("created_at", I), ("expires_at", I)] },
    Table { name: "console_links", columns: &[("link_hash", T), ("passport_id", T), ("created_at", I), ("expires_at", I)] },
    Table { name: "webhook_key", columns: &[("id", I), ("key_id", T)] },
    Table { name: "webhook_sender", columns: &[("id", I), ("holder", T), ("held_until", I)] },
    Table { name: "audit_redecided", columns: &[("id", I), ("sequence", I), ("lease_holder", T), ("lease_until", I)] },
    Table {
        name: "audit_differences",
        columns: &[
            ("sequence", I),
            ("reporter", T),
            ("request_id", T),
            ("passport_id", T),
            ("kind", T),
            ("reported", T),
            ("expected", T),
            ("found_at", I),
        ],
    },
];

/// Rows that one statement writes. A row may have a megabyte.
const ROWS: usize = 50;

/// What agrees on both sides.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// The table.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over every value of every row, in order; hexadecimal.
    pub sha256: String,
}

/// Why nothing was moved. The target is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// One of the two does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// One of the two cannot be closed in order.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The target holds something already.
    #[error("the target is not empty: its table {table} has rows; name a new database")]
    NotEmpty {
        /// The first table that was found to have rows.
        table: &'static str,
    },
    /// The source holds something that this release cannot move.
    #[error("the source has {what}, which this release cannot move; nothing was moved")]
    Unknown {
        /// A table or a column.
        what: String,
    },
    /// A secret key is not where it must be, or rests unsealed where it must not.
    #[error("{0}")]
    Key(String),
    /// What was written is not what was read.
    #[error("table {table} has {found} rows in the target after {expected} were written, or other values in them; nothing was moved")]
    Differs {
        /// The table.
        table: &'static str,
        /// Rows of the source.
        expected: u64,
        /// Rows of the target.
        found: u64,
    },
    /// A database failed.
    #[error("cannot {act}")]
    Database {
        /// What was tried.
        act: &'static str,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn failed(act: &'static str) -> impl Fn(sqlx::Error) -> TransferError {
    move |source| TransferError::Database { act, source: Box::new(source) }
}

/// Moves the SQLite database at `source` and the keys in `keys` into the empty database that `target` names. Keys go
/// as they rest, sealed, and no passphrase is asked for; unsealed ones go only with `plain_keys`.
///
/// Nobody may work on the source meanwhile: the caller holds its data directory. `shown` is told how many of how many rows
/// are done; it ends with all of them.
///
/// # Errors
/// [`TransferError`]; then nothing was moved.
pub async fn transfer(
    source: &Path,
    keys: &KeyDir,
    plain_keys: bool,
    target: &PostgresOptions,
    shown: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Vec<Proof>, TransferError> {
    // Brought up to this release's schema, and its log folded.
    SqliteStore::open(source).await?.close().await?;
    let reading = failed("read the source");
    let mut from = SqliteConnectOptions::new().filename(source).read_only(true).connect().await.map_err(&reading)?;
    check_source(&mut from).await?;

    PostgresStore::open(target).await?.close().await?;
    let writing = failed("write the target");
    let mut conn = target.connect().connect().await.map_err(&writing)?;
    let mut to = conn.begin().await.map_err(&writing)?;
    for setting in ["SET LOCAL statement_timeout = 0", "SET LOCAL idle_in_transaction_session_timeout = 0", super::postgres::LOCK] {
        sqlx::query(setting).execute(&mut *to).await.map_err(&writing)?;
    }
    check_empty(&mut to).await?;
    for table in NEVER_EMPTY {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut *to).await.map_err(&writing)?;
    }

    let mut way = Way { halves: 0, rows: count(&mut from).await?, shown };
    let mut proofs = Vec::with_capacity(TABLES.len() + 1);
    for table in TABLES {
        let read = copy(table, &mut from, &mut to, &mut way).await?;
        let written = prove(table, &mut to, &mut way).await?;
        if read != written {
            return Err(TransferError::Differs { table: table.name, expected: read.rows, found: written.rows });
        }
        proofs.push(read);
    }
    proofs.push(copy_keys(keys, plain_keys, &mut to).await?);
    for next in [
        "SELECT setval(pg_get_serial_sequence('passports', 'ordinal'), coalesce(max(ordinal), 0) + 1, false) FROM passports",
        "SELECT setval(pg_get_serial_sequence('approvals', 'ordinal'), coalesce(max(ordinal), 0) + 1, false) FROM approvals",
        "SELECT setval(pg_get_serial_sequence('audit_findings', 'finding'), coalesce(max(finding), 0) + 1, false) FROM audit_findings",
    ] {
        sqlx::query(next).execute(&mut *to).await.map_err(&writing)?;
    }
    to.commit().await.map_err(&writing)?;
    Ok(proofs)
}

/// Whether the source has these tables and columns and no others.
async fn check_source(from: &mut SqliteConnection) -> Result<(), TransferError> {
    let reading = failed("read the source's schema");
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut *from)
    .await
    .map_err(&reading)?;
    for name in tables {
        let Some(table) = TABLES.iter().find(|table| table.name == name) else {
            return Err(TransferError::Unknown { what: format!("a table `{name}`") });
        };
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(&name).fetch_all(&mut *from).await.map_err(&reading)?;
        if let Some(column) = columns.into_iter().find(|column| !table.columns.iter().any(|(known, _)| known == column)) {
            return Err(TransferError::Unknown { what: format!("a column `{column}` in table `{name}`") });
        }
    }
    Ok(())
}

async fn check_empty(to: &mut PgConnection) -> Result<(), TransferError> {
    for table in TABLES.iter().map(|table| table.name).filter(|name| !NEVER_EMPTY.contains(name)).chain(["sealed_keys"]) {
        let question = AssertSqlSafe(format!("SELECT EXISTS (SELECT 1 FROM {table})"));
        let any: bool = sqlx::query_scalar(question).fetch_one(&mut *to).await.map_err(failed("look at the target"))?;
        if any {
            return Err(TransferError::NotEmpty { table });
        }
    }
    Ok(())
}

impl Table {
    fn select(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        // No two rows of a table have its first four columns alike.
        let order: Vec<_> = (1..=names.len().min(4)).map(|column| column.to_string()).collect();
        format!("SELECT {} FROM {} ORDER BY {}", names.join(", "), self.name, order.join(", "))
    }

    fn insert(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("INSERT INTO {} ({}) ", self.name, names.join(", "))
    }
}

enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// Counts rows and hashes them. Each value says its kind and its length, so that no two rows read as one another.
#[derive(Default)]
struct Tally {
    rows: u64,
    hash: Sha256,
}

impl Tally {
    fn row(&mut self, row: &[Value]) {
        self.rows += 1;
        for value in row {
            match value {
                Value::Integer(None) | Value::Text(None) | Value::Bytes(None) => self.hash.update(b"n;"),
                Value::Integer(Some(number)) => self.hash.update(format!("i{number};")),
                Value::Text(Some(text)) => {
                    self.hash.update(format!("t{}:", text.len()));
                    self.hash.update(text);
                }
                Value::Bytes(Some(bytes)) => {
                    self.hash.update(format!("b{}:", bytes.len()));
                    self.hash.update(bytes);
                }
            }
        }
    }

    fn proof(self, table: &'static str) -> Proof {
        let sha256 = hex(self.hash.finalize());
        Proof { table, rows: self.rows, sha256 }
    }
}

/// How far it has come. A row takes two halves: it is written, and it is read back.
struct Way<'s> {
    halves: u64,
    rows: u64,
    shown: &'s mut (dyn FnMut(u64, u64) + Send),
}

impl Way<'_> {
    fn half(&mut self) {
        self.halves += 1;
        (self.shown)(self.halves / 2, self.rows);
    }
}

/// The rows that there are to move.
async fn count(from: &mut SqliteConnection) -> Result<u64, TransferError> {
    let mut rows = 0;
    for table in TABLES {
        let question = AssertSqlSafe(format!("SELECT count(*) FROM {}", table.name));
        let found: i64 = sqlx::query_scalar(question).fetch_one(&mut *from).await.map_err(failed("count the source's rows"))?;
        rows += u64::try_from(found).unwrap_or_default();
    }
    Ok(rows)
}

async fn copy(table: &Table, from: &mut SqliteConnection, to: &mut PgConnection, way: &mut Way<'_>) -> Result<Proof, TransferError> {
    let reading = failed("read the source");
    let mut tally = Tally::default();
    let mut rows = sqlx::query(AssertSqlSafe(table.select())).fetch(from);
    let mut part = Vec::with_capacity(ROWS);
    loop {
        let row = rows.try_next().await.map_err(&reading)?;
        let ended = row.is_none();
        if let Some(row) = row {
            let row = read_sqlite(table, &row).map_err(&reading)?;
            tally.row(&row);
            way.half();
            part.push(row);
        }
        if part.len() == ROWS || (ended && !part.is_empty()) {
            let mut query = QueryBuilder::<Postgres>::new(table.insert());
            query.push_values(part.drain(..), |mut values, row| {
                for value in row {
                    match value {
                        Value::Integer(number) => values.push_bind(number),
                        Value::Text(text) => values.push_bind(text),
                        Value::Bytes(bytes) => values.push_bind(bytes),
                    };
                }
            });
            query.build().persistent(false).execute(&mut *to).await.map_err(failed("write the target"))?;
        }
        if ended {
            return Ok(tally.proof(table.name));
        }
    }
}

async fn prove(table: &Table, to: &mut PgConnection, way: &mut Way<'_>) -> Result<Proof, TransferError> {
    let reading = failed("read the target back");
    let mut tally = Tally::default();
    let mut rows = sqlx::query(AssertSqlSafe(table.select())).fetch(to);
    while let Some(row) = rows.try_next().await.map_err(&reading)? {
        tally.row(&read_postgres(table, &row).map_err(&reading)?);
        way.half();
    }
    Ok(tally.proof(table.name))
}

fn read_sqlite(table: &Table, row: &SqliteRow) -> Result<Vec<Value>, sqlx::Error> {
    let value = |(index, (_, kind)): (usize, &(&str, Kind))| match kind {
        Kind::Integer => row.try_get(index).map(Value::Integer),
        Kind::Text => row.try_get(index).map(Value::Text),
        Kind::Bytes => row.try_get(index).map(Value::Bytes),
    };
    table.columns.iter().enumerate().map(value).collect()
}

fn read_postgres(table: &Table, row: &PgRow) -> Result<Vec<Value>, sqlx::Error> {
    let value = |(index, (_, kind)): (usize, &(&str, Kind))| match kind {
        Kind::Integer => row.try_get(index).map(Value::Integer),
        Kind::Text => row.try_get(index).map(Value::Text),
        Kind::Bytes => row.try_get(index).map(Value::Bytes),
    };
    table.columns.iter().enumerate().map(value).collect()
}

/// The secret keys, as they rest. Each that may still sign or endorse must be there.
async fn copy_keys(keys: &KeyDir, plain_keys: bool, to: &mut PgConnection) -> Result<Proof, TransferError> {
    let known: Vec<(String, String, i64)> = sqlx::query_as("SELECT key_id, state, created_at FROM keys ORDER BY key_id")
        .fetch_all(&mut *to)
        .await
        .map_err(failed("read the target back"))?;
    let log: Option<(String, i64)> = sqlx::query_as("SELECT verifier_key, created_at FROM audit_log WHERE id = 1")
        .fetch_optional(&mut *to)
        .await
        .map_err(failed("read the target back"))?;
    let log = log.map(|(text, created_at)| match VerifierKey::parse(&text) {
        Ok(key) => Ok((KeyId::of(key.key()).to_string(), "log".to_owned(), created_at)),
        Err(error) => Err(TransferError::Key(format!("the key of the audit log: {error}"))),
    });
    // Nor is the one that the secrets of webhooks are made of.
    let webhook: Option<String> =
        sqlx::query_scalar("SELECT key_id FROM webhook_key").fetch_optional(&mut *to).await.map_err(failed("read the target back"))?;
    let webhook = webhook.map(|key_id| (key_id, "webhook".to_owned(), 0));
    let mut known: Vec<_> = known.into_iter().chain(log.transpose()?).chain(webhook).collect();
    // As they are read back.
    known.sort_unstable();
    let (mut read, mut written) = (Tally::default(), Tally::default());
    for (key_id, state, created_at) in known.into_iter().filter(|(_, state, _)| state != "revoked") {
        let key = key_id.parse().map_err(|_| TransferError::Key(format!("`{key_id}` is no name of a key")))?;
        let held = keys.resting(&key).map_err(|error| TransferError::Key(format!("the {state} key: {error}")))?;
        if !plain_keys && !held.contains("ENCRYPTED PRIVATE KEY") {
            return Err(TransferError::Key(format!("key `{key_id}` rests unsealed; it goes into a database only with --dev")));
        }
        sqlx::query("INSERT INTO sealed_keys (key_id, pem, created_at) VALUES ($1, $2, $3)")
            .bind(&key_id)
            .bind(held.as_str())
            .bind(created_at)
            .execute(&mut *to)
            .await
            .map_err(failed("write the target"))?;
        read.row(&[Value::Text(Some(key_id)), Value::Text(Some(held.to_string()))]);
    }
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT key_id, pem FROM sealed_keys ORDER BY key_id")
        .fetch_all(&mut *to)
        .await
        .map_err(failed("read the target back"))?;
    for (key_id, pem) in rows {
        written.row(&[Value::Text(Some(key_id)), Value::Text(Some(pem))]);
    }
    let (read, written) = (read.proof("sealed_keys"), written.proof("sealed_keys"));
    match read == written {
        true => Ok(read),
        false => Err(TransferError::Differs { table: "sealed_keys", expected: read.rows, found: written.rows }),
    }
}
