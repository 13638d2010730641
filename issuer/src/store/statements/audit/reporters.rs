//! Who reports, and how it is with what came.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure};
use super::super::pieces::pieces;
use super::findings::chains;
use super::rows::Row;
use crate::store::paging::{page, page_size};
use crate::store::{EventKind, Page, Reporter};

/// The most chains of one reporter that are given.
const CHAINS: u32 = 10;

/// Notes who has reported these rows.
pub(super) async fn note(conn: &mut DbConnection, rows: &[Row<'_>]) -> Result<(), Failure> {
    let mut last = BTreeMap::<&str, (i64, i64)>::new();
    for row in rows.iter().filter(|row| row.kind == EventKind::Decision) {
        last.insert(row.reporter, (row.sequence, row.event.received_at));
    }
    let last: Vec<_> = last.into_iter().collect();
    for piece in pieces(&last) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO audit_reporters (reporter, last_sequence, last_at) ");
        query.push_values(piece, |mut values, (reporter, (sequence, at))| {
            values.push_bind(*reporter).push_bind(*sequence).push_bind(*at);
        });
        query.push(" ON CONFLICT (reporter) DO UPDATE SET last_sequence = excluded.last_sequence, last_at = excluded.last_at");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
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
