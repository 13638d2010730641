//! Who reports, and how it is with what came.

use super::super::driver::{DbConnection, Failure};
use super::findings::chains;
use super::list::list;
use super::terms::Term;
use crate::store::paging::{page, page_size};
use crate::store::{AuditFilter, EventKind, Page, Reporter};

/// The most chains of one reporter that are given.
const CHAINS: u32 = 10;

/// Reporters by id. Who has made changes at the issuer and reported nothing is none.
pub(in super::super) async fn reporters(
    conn: &mut DbConnection,
    after: Option<&str>,
    limit: u32,
) -> Result<Page<Reporter, String>, Failure> {
    let (mut names, mut last) = (Vec::new(), after.unwrap_or_default().to_owned());
    // From one name to the next, over the many entries of each.
    while i64::try_from(names.len()).unwrap_or(i64::MAX) <= page_size(limit) {
        let query = sqlx::query_scalar("SELECT min(value) FROM audit_terms WHERE term = $1 AND value > $2");
        let next: Option<String> = query.bind(Term::Reporter.number()).bind(&last).fetch_one(&mut *conn).await?;
        let Some(name) = next else { break };
        let query =
            "SELECT count(*) FROM (SELECT 1 FROM audit_events WHERE reporter = $1 AND kind = 'decision' AND conflict = 0 LIMIT 1) r";
        let reported: i64 = sqlx::query_scalar(query).bind(&name).fetch_one(&mut *conn).await?;
        if reported > 0 {
            names.push(name.clone());
        }
        last = name;
    }
    let names = page(names, limit, Clone::clone);
    let mut items = Vec::with_capacity(names.items.len());
    for name in names.items {
        items.push(reporter(conn, name).await?);
    }
    Ok(Page { items, next: names.next })
}

async fn reporter(conn: &mut DbConnection, reporter: String) -> Result<Reporter, Failure> {
    let newest = AuditFilter { reporter: Some(reporter.clone()), kind: Some(EventKind::Decision), limit: 1, ..AuditFilter::default() };
    let last = list(conn, newest).await?.items.first().map(|event| (event.sequence, event.event.received_at));
    let chains = chains(conn, &reporter, CHAINS).await?;
    let query = "SELECT count(*), CAST(coalesce(sum(to_seq - from_seq + 1), 0) AS BIGINT) FROM audit_findings \
                 WHERE reporter = $1 AND kind = 'gap' AND resolved_at IS NULL";
    let open_gaps: (i64, i64) = sqlx::query_as(query).bind(&reporter).fetch_one(&mut *conn).await?;
    let query = "SELECT count(*) FROM audit_findings WHERE reporter = $1 AND kind = 'fork'";
    let forks: i64 = sqlx::query_scalar(query).bind(&reporter).fetch_one(conn).await?;
    Ok(Reporter { reporter, last, chains, open_gaps, forks })
}
