//! What SQLite alone does with the same rows: one transaction after another, and nothing around it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, query::Query};
use tempfile::TempDir;

use crate::drill::reporting::{Chain, Pool, Row};
use crate::generate::Gen;

/// Rows in a transaction, which one statement writes.
const ROWS: usize = 1_000;

/// The columns of the issuer's table of events (issuer/migrations).
const TABLE: &str = "CREATE TABLE rows (sequence INTEGER PRIMARY KEY, event_id TEXT NOT NULL, kind TEXT NOT NULL, reporter TEXT NOT NULL, \
    seq INTEGER, request_id TEXT NOT NULL, body TEXT NOT NULL, body_hash BLOB NOT NULL, received_at INTEGER NOT NULL, \
    evaluated_at INTEGER, agent_id TEXT, passport_id TEXT, outcome TEXT, reason TEXT, action TEXT, resource TEXT, \
    conflict INTEGER NOT NULL) STRICT";

/// The least that an intake needs: what finds a duplicate, and what finds an agent's events.
pub(super) const TWO: [&str; 2] =
    ["CREATE UNIQUE INDEX first ON rows (reporter, request_id)", "CREATE INDEX of_agent ON rows (agent_id, sequence)"];

/// Rows a second with `synchronous=FULL` and a write-ahead log, while the time of writing comes to `time`. Making the rows
/// is not counted.
pub(super) fn rows_per_s(indexes: &[&'static str], pool: &Arc<Pool>, dice: Gen, time: Duration) -> f64 {
    let folder = TempDir::new().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new()
            .filename(folder.path().join("rows.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .connect()
            .await
            .expect("a database");
        for statement in [TABLE].iter().chain(indexes) {
            connection.execute(*statement).await.expect("a table");
        }
        let statement = statement();
        let mut chain = Chain::start(Arc::clone(pool), dice);
        let (mut rows, mut took) = (0_usize, Duration::ZERO);
        while took < time {
            let made: Vec<Row> = (0..ROWS).map(|_| chain.row()).collect();
            let query = made.iter().fold(sqlx::query(AssertSqlSafe(statement.as_str())), bind);
            let began = Instant::now();
            // A statement alone is a transaction.
            query.execute(&mut connection).await.expect("written");
            took += began.elapsed();
            rows += ROWS;
        }
        let there: i64 = sqlx::query_scalar("SELECT count(*) FROM rows").fetch_one(&mut connection).await.expect("a count");
        assert_eq!(usize::try_from(there), Ok(rows), "what was measured was written");
        connection.close().await.expect("closed");
        rows as f64 / took.as_secs_f64()
    })
}

fn statement() -> String {
    let mut statement = "INSERT INTO rows (event_id, kind, reporter, seq, request_id, body, body_hash, received_at, evaluated_at, \
        agent_id, passport_id, outcome, reason, action, resource, conflict) VALUES "
        .to_owned();
    for row in 0..ROWS {
        let comma = if row == 0 { "" } else { ", " };
        write!(statement, "{comma}(?, 'decision', 'reporter-0', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)").expect("memory");
    }
    statement
}

type Insert<'q> = Query<'q, sqlx::Sqlite, SqliteArguments>;

fn bind<'q>(query: Insert<'q>, row: &'q Row) -> Insert<'q> {
    query
        .bind(&row.event_id)
        .bind(row.seq)
        .bind(&row.request_id)
        .bind(&row.body)
        .bind(&row.body_hash)
        .bind(row.at)
        .bind(row.at)
        .bind(&row.agent)
        .bind(&row.passport)
        .bind(row.outcome)
        .bind(row.reason)
        .bind(row.action)
        .bind(&row.resource)
}
