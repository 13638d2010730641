//! The statement that writes rows of the audit log: their columns as lists, so that one brings any number of rows and the database has
//! few values to read. COPY would cost it less still, but the driver sends its end by itself, which over TCP waits for what went
//! before to be acknowledged (docs/postgres.md): 40 ms for each group.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use super::audit::rows::{Row, columns};

const INSERT: &str = concat!(
    "INSERT INTO audit_events (",
    columns!(),
    ", reported_hash) SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[], $6::TEXT[], $7::TEXT[], $8::BYTEA[], \
     $9::BIGINT[], $10::BIGINT[], $11::TEXT[], $12::TEXT[], $13::TEXT[], $14::TEXT[], $15::TEXT[], $16::TEXT[], $17::BIGINT[], $18::BYTEA[])"
);

/// Rows that are sent at once: while the database takes them in, the next are made ready.
pub(super) const PART: usize = 256;

/// Never an error, where making one for SQLite can be.
pub(super) fn statement<'p>(rows: &'p [Row<'_>]) -> Result<Query<'p, Postgres, PgArguments>, sqlx::Error> {
    let column = |of: for<'r> fn(&'r Row<'_>) -> &'r str| rows.iter().map(of).collect::<Vec<_>>();
    let optional = |of: for<'r> fn(&'r Row<'_>) -> &'r Option<String>| rows.iter().map(|row| of(row).as_deref()).collect::<Vec<_>>();
    let statement = sqlx::query(INSERT)
        .bind(rows.iter().map(|row| row.sequence).collect::<Vec<_>>())
        .bind(column(|row| &row.event.event_id))
        .bind(column(|row| row.kind.as_str()))
        .bind(column(|row| row.reporter))
        .bind(rows.iter().map(|row| row.event.seq).collect::<Vec<_>>())
        .bind(column(|row| &row.event.request_id))
        .bind(column(|row| &row.event.body))
        .bind(rows.iter().map(|row| row.event.body_hash.as_slice()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.event.received_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.event.evaluated_at).collect::<Vec<_>>())
        .bind(optional(|row| &row.event.agent_id))
        .bind(optional(|row| &row.event.passport_id))
        .bind(optional(|row| &row.event.outcome))
        .bind(optional(|row| &row.event.reason))
        .bind(optional(|row| &row.event.action))
        .bind(optional(|row| &row.event.resource))
        .bind(rows.iter().map(|row| i64::from(row.conflict)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.event.reported_hash.as_ref().map(<[u8; 32]>::as_slice)).collect::<Vec<_>>());
    Ok(statement)
}
