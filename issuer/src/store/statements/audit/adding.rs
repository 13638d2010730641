//! Rows of the log, written part by part. What statement writes a part is each database's own (`inserting.rs`).

use futures_util::future::join;

use super::super::driver::{DbConnection, Failure};
use super::super::inserting::{PART, statement};
use super::rows::Row;

/// Writes them, all or none. The driver's own error, so that one that has to do with what was there can be told.
///
/// While the database writes one part, the next is made ready and `meanwhile` is called with the one that is under way: what
/// else there is to do with each row costs no time of its own.
pub(super) async fn add<'r, 'e>(
    conn: &mut DbConnection,
    rows: &'r [Row<'e>],
    mut meanwhile: impl FnMut(&'r [Row<'e>]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut parts = rows.chunks(PART);
    let mut ready = parts.next().map(|part| (part, statement(part)));
    while let Some((part, now)) = ready.take() {
        let prepare = async {
            let next = parts.next().map(|part| (part, statement(part)));
            meanwhile(part).map(|()| next)
        };
        let (written, next) = join(now?.execute(&mut *conn), prepare).await;
        written?;
        ready = next?;
    }
    Ok(())
}
