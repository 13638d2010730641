//! Reading what is known of reporters' chains.

use sqlx::{QueryBuilder, Row as _};

use super::super::driver::{Db, DbConnection, Failure, corrupt};
use crate::store::paging::{page, page_size};
use crate::store::{Finding, FindingFilter, FindingKind, Page, ReporterChain};

/// Findings, newest first.
pub(in super::super) async fn findings(conn: &mut DbConnection, filter: &FindingFilter) -> Result<Page<Finding, i64>, Failure> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT finding, kind, reporter, from_seq, to_seq, sequence, found_at, resolved_at FROM audit_findings WHERE finding < ",
    );
    query.push_bind(filter.cursor.unwrap_or(i64::MAX));
    if let Some(reporter) = &filter.reporter {
        query.push(" AND reporter = ").push_bind(reporter);
    }
    if filter.open {
        query.push(" AND resolved_at IS NULL");
    }
    query.push(" ORDER BY finding DESC LIMIT ").push_bind(page_size(filter.limit) + 1);
    let mut items = Vec::new();
    for row in query.build().fetch_all(conn).await? {
        let kind: String = row.try_get("kind")?;
        let finding = Finding {
            kind: FindingKind::parse(&kind).ok_or_else(|| corrupt("a finding's kind", format!("`{kind}` is no kind")))?,
            reporter: row.try_get("reporter")?,
            from_seq: row.try_get("from_seq")?,
            to_seq: row.try_get("to_seq")?,
            sequence: row.try_get("sequence")?,
            found_at: row.try_get("found_at")?,
            resolved_at: row.try_get("resolved_at")?,
        };
        items.push((row.try_get::<i64, _>("finding")?, finding));
    }
    let page = page(items, filter.limit, |(number, _)| *number);
    Ok(Page { items: page.items.into_iter().map(|(_, finding)| finding).collect(), next: page.next })
}

/// The chains of a reporter, the last moved first.
pub(in super::super) async fn chains(conn: &mut DbConnection, reporter: &str, limit: u32) -> Result<Vec<ReporterChain>, Failure> {
    let query = "SELECT first_seq, last_seq, last_at FROM audit_chains WHERE reporter = $1 ORDER BY last_at DESC, first_seq DESC LIMIT $2";
    let found: Vec<(i64, i64, i64)> = sqlx::query_as(query).bind(reporter).bind(page_size(limit)).fetch_all(conn).await?;
    Ok(found.into_iter().map(|(first_seq, last_seq, last_at)| ReporterChain { first_seq, last_seq, last_at }).collect())
}
