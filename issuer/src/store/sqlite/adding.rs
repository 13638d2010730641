//! Rows of the audit log, written.

use futures_util::future::join;
use sqlx::QueryBuilder;

use super::audit::rows::{Row, columns};
use super::driver::{Db, DbConnection, Failure};
use super::pieces::pieces;

/// Writes them, all or none. The driver's own error, so that one that has to do with what was there can be told.
///
/// While the database writes one part, the next is made ready and `meanwhile` is called with the one that is under way: what
/// else there is to do with each row costs no time of its own.
pub(super) async fn add<'r, 'e>(
    conn: &mut DbConnection,
    rows: &'r [Row<'e>],
    mut meanwhile: impl FnMut(&'r [Row<'e>]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut parts = pieces(rows);
    let mut ready = parts.next().map(|part| (part, statement(part)));
    while let Some((part, mut statement)) = ready.take() {
        let write = async { statement.build().execute(&mut *conn).await };
        let prepare = async {
            let next = parts.next().map(|part| (part, self::statement(part)));
            meanwhile(part).map(|()| next)
        };
        let (written, next) = join(write, prepare).await;
        written?;
        ready = next?;
    }
    Ok(())
}

fn statement(part: &[Row<'_>]) -> QueryBuilder<Db> {
    // Where nothing is hidden, nothing is written of it.
    let hides = part.iter().any(|row| row.event.reported_hash.is_some());
    let (plain, whole) =
        (concat!("INSERT INTO audit_events (", columns!(), ") "), concat!("INSERT INTO audit_events (", columns!(), ", reported_hash) "));
    let mut query = QueryBuilder::<Db>::new(if hides { whole } else { plain });
    query.push_values(part, |mut values, row| {
        let event = row.event;
        values
            .push_bind(row.sequence)
            .push_bind(&event.event_id)
            .push_bind(row.kind.as_str())
            .push_bind(row.reporter)
            .push_bind(event.seq)
            .push_bind(&event.request_id)
            .push_bind(&event.body)
            .push_bind(event.body_hash.as_slice())
            .push_bind(event.received_at)
            .push_bind(event.evaluated_at)
            .push_bind(&event.agent_id)
            .push_bind(&event.passport_id)
            .push_bind(&event.outcome)
            .push_bind(&event.reason)
            .push_bind(&event.action)
            .push_bind(&event.resource)
            .push_bind(i64::from(row.conflict));
        if hides {
            values.push_bind(event.reported_hash.as_ref().map(<[u8; 32]>::as_slice));
        }
    });
    query
}
