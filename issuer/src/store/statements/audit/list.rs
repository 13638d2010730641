//! Looking for events. Which spans can have any is asked first, by their terms and times; then those are read, the newest
//! first, until the page is full.

use futures_util::TryStreamExt as _;
use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure};
use super::head::SPAN;
use super::rows::{self, SELECT};
use super::terms::Term;
use crate::store::paging::{page, page_size};
use crate::store::{AuditEvent, AuditFilter, MAX_PAGE_BYTES, Page};

/// Spans that are asked for at once.
const SPANS: i64 = 64;

/// The most spans that one page reads. Beyond them it ends, with a cursor to go on with: it bounds the work of a request.
const MOST_SPANS: i64 = 1_024;

/// Audit events, newest first.
pub(in super::super) async fn list(conn: &mut DbConnection, filter: AuditFilter) -> Result<Page<AuditEvent, i64>, Failure> {
    let mut found = Found { items: Vec::new(), bytes: 0, wanted: usize::try_from(page_size(filter.limit) + 1).unwrap_or(usize::MAX) };
    let terms = terms(&filter);
    let mut before = filter.cursor.unwrap_or(i64::MAX);
    if terms.is_empty() && filter.from.is_none() && filter.to.is_none() {
        read(conn, &filter, &terms, i64::MIN, before, &mut found).await?;
        return Ok(found.page(filter.limit, None));
    }
    let mut seen = 0;
    while !found.is_full() && seen < MOST_SPANS {
        let spans = spans(conn, &filter, &terms, (before.saturating_sub(1)).saturating_sub(1).div_euclid(SPAN)).await?;
        let last = i64::try_from(spans.len()).unwrap_or(i64::MAX) < SPANS;
        for span in spans {
            let first = span.saturating_mul(SPAN);
            read(conn, &filter, &terms, first, before.min(first.saturating_add(SPAN + 1)), &mut found).await?;
            before = first.saturating_add(1);
            seen += 1;
            if found.is_full() {
                break;
            }
        }
        if last && !found.is_full() {
            return Ok(found.page(filter.limit, None));
        }
    }
    Ok(found.page(filter.limit, Some(before)))
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

/// The newest spans up to this one that can have such an event.
async fn spans(conn: &mut DbConnection, filter: &AuditFilter, terms: &[(Term, String)], newest: i64) -> Result<Vec<i64>, Failure> {
    let mut query = QueryBuilder::<Db>::new("SELECT s.span FROM ");
    let mut rest = terms;
    match terms.split_first() {
        Some(((term, value), others)) => {
            query.push("audit_terms s WHERE s.term = ").push_bind(term.number()).push(" AND s.value = ").push_bind(value);
            query.push(" AND s.span <= ").push_bind(newest);
            rest = others;
        }
        None => {
            query.push("audit_spans s WHERE s.span <= ").push_bind(newest);
        }
    }
    for (term, value) in rest {
        query.push(" AND EXISTS (SELECT 1 FROM audit_terms o WHERE o.term = ").push_bind(term.number());
        query.push(" AND o.value = ").push_bind(value).push(" AND o.span = s.span)");
    }
    if filter.from.is_some() || filter.to.is_some() {
        query.push(" AND EXISTS (SELECT 1 FROM audit_spans t WHERE t.span = s.span");
        if let Some(from) = filter.from {
            query.push(" AND t.max_time >= ").push_bind(from);
        }
        if let Some(to) = filter.to {
            query.push(" AND t.min_time < ").push_bind(to);
        }
        query.push(")");
    }
    query.push(" ORDER BY s.span DESC LIMIT ").push_bind(SPANS);
    Ok(query.build_query_scalar().persistent(false).fetch_all(conn).await?)
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
