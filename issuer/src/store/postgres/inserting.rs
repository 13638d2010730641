//! The statement that writes rows of the audit log: their columns as lists, so that one brings any number of rows and the database has
//! few values to read. COPY would cost it less still, but the driver sends its end by itself, which over TCP waits for what went
//! before to be acknowledged (docs/postgres.md): 40 ms for each group.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Arguments as _, Postgres};

use super::audit::rows::{Row, columns};

const INSERT: &str = concat!(
    "INSERT INTO audit_events (",
    columns!(),
    ", reported_hash) SELECT unnest($1::BIGINT[]), unnest($2::TEXT[]), unnest($3::TEXT[]), unnest($4::TEXT[]), unnest($5::BIGINT[]), \
     unnest($6::TEXT[]), unnest($7::TEXT[]), unnest($8::BYTEA[]), unnest($9::BIGINT[]), unnest($10::BIGINT[]), unnest($11::TEXT[]), \
     unnest($12::TEXT[]), unnest($13::TEXT[]), unnest($14::TEXT[]), unnest($15::TEXT[]), unnest($16::TEXT[]), unnest($17::BIGINT[]), \
     unnest($18::BYTEA[])"
);

/// Rows that are sent at once: while the database takes them in, the next are made ready.
pub(super) const PART: usize = 256;

/// The statement, with its rows.
pub(super) type Inserting = Query<'static, Postgres, PgArguments>;

/// The statement that writes these rows.
pub(super) fn statement(rows: &[Row<'_>]) -> Result<Inserting, sqlx::Error> {
    let mut columns = PgArguments::default();
    push(&mut columns, rows).map_err(sqlx::Error::Encode)?;
    Ok(sqlx::query_with(INSERT, columns))
}

fn push(columns: &mut PgArguments, rows: &[Row<'_>]) -> Result<(), sqlx::error::BoxDynError> {
    let column = |of: for<'r> fn(&'r Row<'_>) -> &'r str| rows.iter().map(of).collect::<Vec<_>>();
    let optional = |of: for<'r> fn(&'r Row<'_>) -> &'r Option<String>| rows.iter().map(|row| of(row).as_deref()).collect::<Vec<_>>();
    columns.add(rows.iter().map(|row| row.sequence).collect::<Vec<_>>())?;
    columns.add(column(|row| &row.event.event_id))?;
    columns.add(column(|row| row.kind.as_str()))?;
    columns.add(column(|row| row.reporter))?;
    columns.add(rows.iter().map(|row| row.event.seq).collect::<Vec<_>>())?;
    columns.add(column(|row| &row.event.request_id))?;
    columns.add(column(|row| &row.event.body))?;
    columns.add(rows.iter().map(|row| row.event.body_hash.as_slice()).collect::<Vec<_>>())?;
    columns.add(rows.iter().map(|row| row.event.received_at).collect::<Vec<_>>())?;
    columns.add(rows.iter().map(|row| row.event.evaluated_at).collect::<Vec<_>>())?;
    columns.add(optional(|row| &row.event.agent_id))?;
    columns.add(optional(|row| &row.event.passport_id))?;
    columns.add(optional(|row| &row.event.outcome))?;
    columns.add(optional(|row| &row.event.reason))?;
    columns.add(optional(|row| &row.event.action))?;
    columns.add(optional(|row| &row.event.resource))?;
    columns.add(rows.iter().map(|row| i64::from(row.conflict)).collect::<Vec<_>>())?;
    columns.add(rows.iter().map(|row| row.event.reported_hash.as_ref().map(<[u8; 32]>::as_slice)).collect::<Vec<_>>())
}
