//! Who reports, and how it is with what came.

use std::collections::BTreeMap;

use super::super::driver::{DbConnection, Failure};
use super::findings::chains;
use super::rows::Row;
use super::settled::Last;
use crate::store::paging::{page, page_size};
use crate::store::{EventKind, Page, Reporter};

/// The most chains of one reporter that are given.
const CHAINS: u32 = 10;

/// Who has reported these rows.
pub(super) fn of<'e>(rows: &[Row<'e>]) -> Vec<Last<'e>> {
    let mut last = BTreeMap::<&str, (i64, i64)>::new();
    for row in rows.iter().filter(|row| row.kind == EventKind::Decision) {
        last.insert(row.reporter, (row.sequence, row.event.received_at));
    }
    last.into_iter().map(|(reporter, (sequence, at))| Last { reporter, sequence, at }).collect()
}

/// Reporters by id. Who has made changes at the issuer and reported nothing is none.
pub(in super::super) async fn reporters(
    conn: &mut DbConnection,
    after: Option<&str>,
    limit: u32,
) -> Result<Page<Reporter, String>, Failure> {
    let query = "SELECT reporter, last_sequence, last_at FROM audit_reporters WHERE reporter > $1 ORDER BY reporter LIMIT $2";
    let query = sqlx::query_as(query).bind(after.unwrap_or_default()).bind(page_size(limit) + 1);
    let found: Vec<(String, i64, i64)> = query.fetch_all(&mut *conn).await?;
    let found = page(found, limit, |(reporter, _, _)| reporter.clone());
    let mut items = Vec::with_capacity(found.items.len());
    for (name, sequence, at) in found.items {
        items.push(reporter(conn, name, (sequence, at)).await?);
    }
    Ok(Page { items, next: found.next })
}

async fn reporter(conn: &mut DbConnection, reporter: String, last: (i64, i64)) -> Result<Reporter, Failure> {
    let chains = chains(conn, &reporter, CHAINS).await?;
    let query = "SELECT count(*), CAST(coalesce(sum(to_seq - from_seq + 1), 0) AS BIGINT) FROM audit_findings \
                 WHERE reporter = $1 AND kind = 'gap' AND resolved_at IS NULL";
    let open_gaps: (i64, i64) = sqlx::query_as(query).bind(&reporter).fetch_one(&mut *conn).await?;
    let query = "SELECT count(*) FROM audit_findings WHERE reporter = $1 AND kind = 'fork'";
    let forks: i64 = sqlx::query_scalar(query).bind(&reporter).fetch_one(conn).await?;
    Ok(Reporter { reporter, last, chains, open_gaps, forks })
}
