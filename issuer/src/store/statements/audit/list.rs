//! Looking for events. The block that is not full is read through; of the others it is asked which of their spans can have any,
//! by terms and times, and those are read, the newest first, until the page is full.

use futures_util::TryStreamExt as _;
use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure};
use super::head;
use super::rows::{self, SELECT};
use super::terms::{BLOCK, SPAN, Term};
use crate::store::paging::{page, page_size};
use crate::store::{AuditEvent, AuditFilter, MAX_PAGE_BYTES, Page};

/// Blocks that are asked for at once.
const BLOCKS: i64 = 16;

/// The most spans that one page reads. Beyond them it ends, with a cursor to go on with: it bounds the work of a request.
const MOST_SPANS: i64 = 1_024;

/// Audit events, newest first.
pub(in super::super) async fn list(conn: &mut DbConnection, filter: AuditFilter) -> Result<Page<AuditEvent, i64>, Failure> {
    let mut found = Found { items: Vec::new(), bytes: 0, wanted: usize::try_from(page_size(filter.limit) + 1).unwrap_or(usize::MAX) };
    let terms = terms(&filter);
    let mut before = filter.cursor.unwrap_or(i64::MAX);
    let everything = terms.is_empty() && filter.from.is_none() && filter.to.is_none();
    // The block that is not full is in no index.
    let full = if everything { 0 } else { head::stored(conn).await?.0 / BLOCK };
    let first = full.saturating_mul(BLOCK);
    read(conn, &filter, &terms, first, before, &mut found).await?;
    before = before.min(first.saturating_add(1));
    let mut seen = 0;
    while !found.is_full() && before > 1 && seen < MOST_SPANS {
        let blocks = blocks(conn, &filter, &terms, (before - 2).div_euclid(BLOCK)).await?;
        let last = i64::try_from(blocks.len()).unwrap_or(i64::MAX) < BLOCKS;
        for (block, spans) in blocks {
            for span in (0..16).rev().filter(|span| spans & (1 << span) != 0) {
                let first = block * BLOCK + span * SPAN;
                if first >= before - 1 || found.is_full() || seen >= MOST_SPANS {
                    continue;
                }
                read(conn, &filter, &terms, first, before.min(first + SPAN + 1), &mut found).await?;
                before = first + 1;
                seen += 1;
            }
            if found.is_full() || seen >= MOST_SPANS {
                break;
            }
            before = before.min(block * BLOCK + 1);
        }
        if last && !found.is_full() && seen < MOST_SPANS {
            before = 1;
        }
    }
    Ok(found.page(filter.limit, (before > 1).then_some(before)))
}

/// What was found so far, for one page.
struct Found {
    items: Vec<AuditEvent>,
    bytes: usize,
    /// One more than the page holds: whether there is a next one.
    wanted: usize,
}

impl Found {
    fn is_full(&self) -> bool {
        self.items.len() >= self.wanted || (self.bytes > MAX_PAGE_BYTES && self.items.len() > 1)
    }

    /// The page; `rest` is where looking goes on if it was broken off before the page was full.
    fn page(mut self, limit: u32, rest: Option<i64>) -> Page<AuditEvent, i64> {
        if self.bytes > MAX_PAGE_BYTES && self.items.len() > 1 {
            self.items.pop();
            let next = self.items.last().map(|last| last.sequence);
            return Page { items: self.items, next };
        }
        let is_full = self.is_full();
        let mut page = page(self.items, limit, |event| event.sequence);
        if page.next.is_none() && !is_full {
            page.next = rest;
        }
        page
    }
}

/// The terms that all must hold, those first that few events have.
fn terms(filter: &AuditFilter) -> Vec<(Term, String)> {
    let kind = filter.kind.map(|kind| kind.as_str().to_owned());
    let all = [
        (Term::Passport, filter.passport_id.clone()),
        (Term::Agent, filter.agent_id.clone()),
        (Term::Resource, filter.resource.clone()),
        (Term::Action, filter.action.clone()),
        (Term::Reason, filter.reason.clone()),
        (Term::Reporter, filter.reporter.clone()),
        (Term::Outcome, filter.outcome.clone()),
        (Term::Kind, kind),
    ];
    all.into_iter().filter_map(|(term, value)| Some((term, value?))).collect()
}

/// The newest blocks up to this one that can have such an event, and which of their spans can.
async fn blocks(conn: &mut DbConnection, filter: &AuditFilter, terms: &[(Term, String)], newest: i64) -> Result<Vec<(i64, i64)>, Failure> {
    // All spans of a block, where only its times are known.
    let mut spans = vec!["CAST(65535 AS BIGINT)".to_owned()];
    spans.extend((0..terms.len()).map(|number| format!("t{number}.spans")));
    let spans = spans.join(" & ");
    let mut query = QueryBuilder::<Db>::new("SELECT b.block, ");
    query.push(&spans).push(" FROM audit_blocks b");
    for (number, (term, value)) in terms.iter().enumerate() {
        query.push(format!(" JOIN audit_terms t{number} ON t{number}.block = b.block AND t{number}.term = ")).push_bind(term.number());
        query.push(format!(" AND t{number}.value = ")).push_bind(value);
    }
    query.push(" WHERE b.block <= ").push_bind(newest).push(" AND (").push(&spans).push(") <> 0");
    if let Some(from) = filter.from {
        query.push(" AND b.max_time >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" AND b.min_time < ").push_bind(to);
    }
    query.push(" ORDER BY b.block DESC LIMIT ").push_bind(BLOCKS);
    Ok(query.build_query_as().persistent(false).fetch_all(conn).await?)
}

/// Reads those that hold of the events after `after` and before `before`, the newest first.
async fn read(
    conn: &mut DbConnection,
    filter: &AuditFilter,
    terms: &[(Term, String)],
    after: i64,
    before: i64,
    found: &mut Found,
) -> Result<(), Failure> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push("sequence > ").push_bind(after).push(" AND sequence < ").push_bind(before);
    for (term, value) in terms {
        query.push(" AND ").push(term.column()).push(" = ").push_bind(value);
    }
    if let Some(from) = filter.from {
        query.push(" AND coalesce(evaluated_at, received_at) >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" AND coalesce(evaluated_at, received_at) < ").push_bind(to);
    }
    let left = i64::try_from(found.wanted.saturating_sub(found.items.len())).unwrap_or(i64::MAX);
    query.push(" ORDER BY sequence DESC LIMIT ").push_bind(left);
    // Row by row: a thousand bodies of a megabyte never stand in memory together.
    let mut rows = query.build().fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let event = rows::read(&row)?;
        found.bytes = found.bytes.saturating_add(event.event.body.len());
        found.items.push(event);
        if found.is_full() {
            break;
        }
    }
    Ok(())
}
