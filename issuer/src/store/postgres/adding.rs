//! Rows of the audit log, written: their columns as lists, so that one statement brings any number of rows and the database has
//! few values to read. COPY would cost it less still, but the driver sends its end by itself, which over TCP waits for what went
//! before to be acknowledged (docs/postgres.md): 40 ms for each group.

use futures_util::future::join;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;

use super::audit::rows::{Row, columns};
use super::driver::Failure;

const INSERT: &str = concat!(
    "INSERT INTO audit_events (",
    columns!(),
    ", reported_hash) SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[], $6::TEXT[], $7::TEXT[], $8::BYTEA[], \
     $9::BIGINT[], $10::BIGINT[], $11::TEXT[], $12::TEXT[], $13::TEXT[], $14::TEXT[], $15::TEXT[], $16::TEXT[], $17::BIGINT[], $18::BYTEA[])"
);

/// Rows that are sent at once: while the database takes them in, the next are made ready.
const PART: usize = 256;

/// Writes them, all or none. The driver's own error, so that one that has to do with what was there can be told.
///
/// While the database writes one part, the next is made ready and `meanwhile` is called with the one that is under way: what
/// else there is to do with each row costs no time of its own.
pub(super) async fn add<'r, 'e>(
    conn: &mut PgConnection,
    rows: &'r [Row<'e>],
    mut meanwhile: impl FnMut(&'r [Row<'e>]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut parts = rows.chunks(PART);
    let mut ready = parts.next().map(|part| (part, statement(part)));
    while let Some((part, statement)) = ready.take() {
        let prepare = async {
            let next = parts.next().map(|part| (part, self::statement(part)));
            meanwhile(part).map(|()| next)
        };
        let (written, next) = join(statement.execute(&mut *conn), prepare).await;
        written?;
        ready = next?;
    }
    Ok(())
}

fn statement<'p>(rows: &'p [Row<'_>]) -> Query<'p, Postgres, PgArguments> {
    let column = |of: for<'r> fn(&'r Row<'_>) -> &'r str| rows.iter().map(of).collect::<Vec<_>>();
    let optional = |of: for<'r> fn(&'r Row<'_>) -> &'r Option<String>| rows.iter().map(|row| of(row).as_deref()).collect::<Vec<_>>();
    sqlx::query(INSERT)
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
        .bind(rows.iter().map(|row| row.event.reported_hash.as_ref().map(<[u8; 32]>::as_slice)).collect::<Vec<_>>())
}
