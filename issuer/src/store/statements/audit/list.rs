//! Looking for events. Which spans can have any is asked first, by their terms and times; then those are read, one after the
//! other, until the page is full.

use futures_util::TryStreamExt as _;
use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure};
use super::head::{self, SPAN};
use super::rows::{self, SELECT};
use super::terms::Term;
use crate::store::attributes;
use crate::store::paging::{page, page_size};
use crate::store::{AuditEvent, AuditFilter, MAX_PAGE_BYTES, Order, Page};

/// Spans that are asked for at once.
const SPANS: i64 = 64;

/// The most spans that one page reads. Beyond them it ends, with a cursor to go on with: it bounds the work of a request.
const MOST_SPANS: i64 = 128;

/// Spans that one statement reads at first; each next one reads four times as many. Most of the cost of a span of which few
/// events are wanted is the way to the database and back.
const FIRST_SPANS: usize = 2;

/// The most of them where each body has to be read: some 16,000.
const MOST_SPANS_OF_BODIES: i64 = 64;

/// The most bytes of bodies that are read for their attributes, and one body.
const MOST_BYTES_LOOKED_AT: usize = 32 << 20;

/// Audit events.
pub(in super::super) async fn list(conn: &mut DbConnection, filter: AuditFilter) -> Result<Page<AuditEvent, i64>, Failure> {
    let wanted = usize::try_from(page_size(filter.limit) + 1).unwrap_or(usize::MAX);
    let mut found = Found { items: Vec::new(), bytes: 0, looked_at: 0, wanted };
    let terms = terms(&filter);
    let newest_first = filter.order == Order::NewestFirst;
    let mut place = filter.cursor.unwrap_or(if newest_first { i64::MAX } else { 0 });
    if terms.is_empty() && filter.from.is_none() && filter.to.is_none() && filter.attributes.is_empty() {
        let (after, before) = if newest_first { (i64::MIN, place) } else { (place, i64::MAX) };
        read(conn, &filter, &terms, after, before, &mut found).await?;
        return Ok(found.page(filter.limit, None));
    }
    let most = if filter.attributes.is_empty() { MOST_SPANS } else { MOST_SPANS_OF_BODIES };
    let (mut seen, mut broken_off, mut at_once) = (0, false, FIRST_SPANS);
    while !found.is_full() && !broken_off && seen < most {
        let spans = spans(conn, &filter, &terms, place).await?;
        let last = i64::try_from(spans.len()).unwrap_or(i64::MAX) < SPANS;
        let mut spans = &spans[..];
        while !spans.is_empty() && !found.is_full() && !broken_off {
            // Where bodies are looked at it may have to stop after any of them.
            let many = if filter.attributes.is_empty() { at_once.min(spans.len()) } else { 1 };
            let (part, rest) = spans.split_at(many);
            (spans, at_once) = (rest, at_once.saturating_mul(4));
            // A span has the sequences from `first` + 1 to `end`.
            let ranges = part.iter().map(|span| {
                let (first, end) = (span.saturating_mul(SPAN), span.saturating_add(1).saturating_mul(SPAN));
                if newest_first { (first, place.min(end + 1)) } else { (first.max(place), end + 1) }
            });
            let ranges: Vec<(i64, i64)> = ranges.collect();
            let stopped = match &ranges[..] {
                [(after, before)] => read(conn, &filter, &terms, *after, *before, &mut found).await?,
                ranges => read_spans(conn, &filter, &terms, ranges, &mut found).await?,
            };
            broken_off = stopped.is_some();
            let through = ranges.last().map_or(place, |(after, before)| if newest_first { after + 1 } else { before - 1 });
            place = stopped.unwrap_or(through);
            seen += i64::try_from(many).unwrap_or(i64::MAX);
        }
        if last && !found.is_full() && !broken_off {
            return Ok(found.page(filter.limit, None));
        }
    }
    // What comes next into the last span is not looked at yet.
    let place = if newest_first { place } else { place.min(head::stored(conn).await?.0) };
    Ok(found.page(filter.limit, Some(place)))
}

/// What was found so far, for one page.
struct Found {
    items: Vec<AuditEvent>,
    bytes: usize,
    /// Bytes of bodies that were read for their attributes.
    looked_at: usize,
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

/// The next spans from `place` on that can have such an event.
async fn spans(conn: &mut DbConnection, filter: &AuditFilter, terms: &[(Term, String)], place: i64) -> Result<Vec<i64>, Failure> {
    let (from, order) = match filter.order {
        // That of the event before the place.
        Order::NewestFirst => (place.saturating_sub(2).div_euclid(SPAN), ("<= ", "DESC")),
        // That of the event after it.
        Order::OldestFirst => (place.div_euclid(SPAN), (">= ", "ASC")),
    };
    let mut query = QueryBuilder::<Db>::new("SELECT s.span FROM ");
    let mut rest = terms;
    match terms.split_first() {
        Some(((term, value), others)) => {
            query.push("audit_terms s WHERE s.term = ").push_bind(term.number()).push(" AND s.value = ").push_bind(value);
            query.push(" AND s.span ").push(order.0).push_bind(from);
            rest = others;
        }
        None => {
            query.push("audit_spans s WHERE s.span ").push(order.0).push_bind(from);
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
    query.push(" ORDER BY s.span ").push(order.1).push(" LIMIT ").push_bind(SPANS);
    Ok(query.build_query_scalar().persistent(false).fetch_all(conn).await?)
}

/// Reads those that hold of the events after `after` and before `before`, in their order. Gives the last that was looked at,
/// where it had to stop before it was through.
async fn read(
    conn: &mut DbConnection,
    filter: &AuditFilter,
    terms: &[(Term, String)],
    after: i64,
    before: i64,
    found: &mut Found,
) -> Result<Option<i64>, Failure> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push("sequence > ").push_bind(after).push(" AND sequence < ").push_bind(before);
    push_conditions(&mut query, filter, terms);
    let left = if filter.attributes.is_empty() { found.wanted.saturating_sub(found.items.len()) } else { usize::MAX };
    query.push(" ORDER BY sequence ").push(if filter.order == Order::NewestFirst { "DESC" } else { "ASC" });
    query.push(" LIMIT ").push_bind(i64::try_from(left).unwrap_or(i64::MAX));
    // Row by row: a thousand bodies of a megabyte never stand in memory together.
    let mut rows = query.build().fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let event = rows::read(&row)?;
        let (sequence, length) = (event.sequence, event.event.body.len());
        if attributes::hold(&event.event.body, &filter.attributes) {
            found.bytes = found.bytes.saturating_add(length);
            found.items.push(event);
            if found.is_full() {
                break;
            }
        }
        if !filter.attributes.is_empty() {
            found.looked_at = found.looked_at.saturating_add(length);
            if found.looked_at > MOST_BYTES_LOOKED_AT {
                return Ok(Some(sequence));
            }
        }
    }
    Ok(None)
}

/// The same for several spans: which of their events hold is asked in one statement, and those are read.
async fn read_spans(
    conn: &mut DbConnection,
    filter: &AuditFilter,
    terms: &[(Term, String)],
    ranges: &[(i64, i64)],
    found: &mut Found,
) -> Result<Option<i64>, Failure> {
    let order = if filter.order == Order::NewestFirst { "DESC" } else { "ASC" };
    let mut query = QueryBuilder::<Db>::new("WITH s (after_, before_) AS (");
    query.push_values(ranges, |mut values, (after, before)| {
        values.push_bind(*after).push_bind(*before);
    });
    // The spans first, whatever the database thinks of it.
    query.push(") SELECT sequence FROM s CROSS JOIN audit_events WHERE sequence > s.after_ AND sequence < s.before_");
    push_conditions(&mut query, filter, terms);
    let left = i64::try_from(found.wanted.saturating_sub(found.items.len())).unwrap_or(i64::MAX);
    query.push(" ORDER BY sequence ").push(order).push(" LIMIT ").push_bind(left);
    let sequences: Vec<i64> = query.build_query_scalar().persistent(false).fetch_all(&mut *conn).await?;
    if sequences.is_empty() {
        return Ok(None);
    }
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push("sequence IN (");
    let mut wanted = query.separated(", ");
    for sequence in sequences {
        wanted.push_bind(sequence);
    }
    query.push(") ORDER BY sequence ").push(order);
    let mut rows = query.build().persistent(false).fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let event = rows::read(&row)?;
        found.bytes = found.bytes.saturating_add(event.event.body.len());
        found.items.push(event);
        if found.is_full() {
            break;
        }
    }
    Ok(None)
}

/// What must hold for an event.
fn push_conditions(query: &mut QueryBuilder<Db>, filter: &AuditFilter, terms: &[(Term, String)]) {
    for (term, value) in terms {
        query.push(" AND ").push(term.column()).push(" = ").push_bind(value.clone());
    }
    if let Some(from) = filter.from {
        query.push(" AND coalesce(evaluated_at, received_at) >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" AND coalesce(evaluated_at, received_at) < ").push_bind(to);
    }
}
