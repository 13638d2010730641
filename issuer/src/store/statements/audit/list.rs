//! Looking for events. The block that is not full is read through; of the others it is asked which of their spans can have any,
//! by terms and times, and those are read, one after the other, until the page is full.

use futures_util::TryStreamExt as _;
use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure};
use super::head;
use super::rows::{self, SELECT};
use super::terms::{BLOCK, SPAN, Term};
use crate::store::attributes;
use crate::store::paging::{page, page_size};
use crate::store::{AuditEvent, AuditFilter, MAX_PAGE_BYTES, Order, Page};

/// Blocks that are asked for at once.
const BLOCKS: i64 = 16;

/// The most spans that one page reads. Beyond them it ends, with a cursor to go on with: it bounds the work of a request.
const MOST_SPANS: i64 = 128;

/// Stretches that one statement reads at first; each next one reads four times as many. Most of the cost of a span of which few
/// events are wanted is the way to the database and back.
const FIRST_STRETCHES: usize = 2;

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
    let size = head::stored(conn).await?.0;
    let (mut seen, mut broken_off, mut at_once) = (0, false, FIRST_STRETCHES);
    while !found.is_full() && !broken_off && seen < most {
        let Next { stretches, through, last } = next(conn, &filter, &terms, place, size).await?;
        let mut stretches = &stretches[..];
        while !stretches.is_empty() && !found.is_full() && !broken_off && seen < most {
            // Where bodies are looked at it may have to stop after any of them.
            let many = if filter.attributes.is_empty() { at_once.min(stretches.len()) } else { 1 };
            let (part, rest) = stretches.split_at(many);
            (stretches, at_once) = (rest, at_once.saturating_mul(4));
            let ranges =
                part.iter().map(|(first, end)| if newest_first { (*first, place.min(end + 1)) } else { (place.max(*first), end + 1) });
            let ranges: Vec<(i64, i64)> = ranges.collect();
            let stopped = match &ranges[..] {
                [(after, before)] => read(conn, &filter, &terms, *after, *before, &mut found).await?,
                ranges => read_spans(conn, &filter, ranges, &mut found).await?,
            };
            broken_off = stopped.is_some();
            let read_to = ranges.last().map_or(place, |(after, before)| if newest_first { after + 1 } else { before - 1 });
            place = stopped.unwrap_or(read_to);
            seen += part.iter().map(|(first, end)| (end - first).div_euclid(SPAN).max(1)).sum::<i64>();
        }
        if !found.is_full() && !broken_off && seen < most {
            if last {
                return Ok(found.page(filter.limit, None));
            }
            place = if newest_first { place.min(through + 1) } else { place.max(through) };
        }
    }
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

/// Where such events can be.
struct Next {
    /// The sequences after the first and up to the second of each, in the order in which they are read.
    stretches: Vec<(i64, i64)>,
    /// The sequence up to which, or down to which, nothing else can be.
    through: i64,
    /// Whether nothing can be beyond.
    last: bool,
}

/// The next stretches from `place` on that can have such an event, in a log of this size.
async fn next(conn: &mut DbConnection, filter: &AuditFilter, terms: &[(Term, String)], place: i64, size: i64) -> Result<Next, Failure> {
    let tail = size / BLOCK * BLOCK;
    let newest_first = filter.order == Order::NewestFirst;
    // The block that is not full is in no index.
    if newest_first && place > tail + 1 {
        return Ok(Next { stretches: vec![(tail, size)], through: tail, last: tail == 0 });
    }
    if !newest_first && place >= tail {
        return Ok(Next { stretches: vec![(tail, size)], through: size, last: true });
    }
    let blocks = blocks(conn, filter, terms, place).await?;
    let ended = i64::try_from(blocks.len()).unwrap_or(i64::MAX) < BLOCKS;
    let mut stretches = Vec::new();
    let mut through = if newest_first { 0 } else { tail };
    for (block, spans) in blocks {
        let mut of_block: Vec<(i64, i64)> = (0..16)
            .filter(|span| spans & (1 << span) != 0)
            .map(|span| (block * BLOCK + span * SPAN, block * BLOCK + (span + 1) * SPAN))
            .filter(|(first, end)| if newest_first { *first < place - 1 } else { *end > place })
            .collect();
        if newest_first {
            of_block.reverse();
        }
        stretches.extend(of_block);
        if !ended {
            through = if newest_first { block * BLOCK } else { (block + 1) * BLOCK };
        }
    }
    Ok(Next { stretches, through, last: ended && newest_first })
}

/// The next blocks from `place` on that can have such an event, and which of their spans can.
async fn blocks(conn: &mut DbConnection, filter: &AuditFilter, terms: &[(Term, String)], place: i64) -> Result<Vec<(i64, i64)>, Failure> {
    let (from, order) = match filter.order {
        // That of the event before the place.
        Order::NewestFirst => (place.saturating_sub(2).div_euclid(BLOCK), ("<= ", "DESC")),
        // That of the event after it.
        Order::OldestFirst => (place.div_euclid(BLOCK), (">= ", "ASC")),
    };
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
    query.push(" WHERE b.block ").push(order.0).push_bind(from).push(" AND (").push(&spans).push(") <> 0");
    if let Some(from) = filter.from {
        query.push(" AND b.max_time >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" AND b.min_time < ").push_bind(to);
    }
    query.push(" ORDER BY b.block ").push(order.1).push(" LIMIT ").push_bind(BLOCKS);
    Ok(query.build_query_as().persistent(false).fetch_all(conn).await?)
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
    query.push(" ORDER BY sequence ").push(direction(filter));
    query.push(" LIMIT ").push_bind(i64::try_from(left).unwrap_or(i64::MAX));
    // Row by row: a thousand bodies of a megabyte never stand in memory together.
    let mut rows = query.build().fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let event = rows::read(&row)?;
        let (sequence, length) = (event.sequence, event.event.body.len());
        if attributes::hold(&event.event.body, &filter.attributes, &filter.hidden) {
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
    ranges: &[(i64, i64)],
    found: &mut Found,
) -> Result<Option<i64>, Failure> {
    let order = direction(filter);
    let left = i64::try_from(found.wanted.saturating_sub(found.items.len())).unwrap_or(i64::MAX);
    let mut query = in_spans("", filter, ranges, left);
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

/// The sequences of those that hold, at most so many.
pub(in super::super) fn in_spans(begin: &'static str, filter: &AuditFilter, ranges: &[(i64, i64)], most: i64) -> QueryBuilder<Db> {
    let mut query = QueryBuilder::<Db>::new(begin);
    query.push("WITH s (after_, before_) AS (");
    query.push_values(ranges, |mut values, (after, before)| {
        values.push_bind(*after).push_bind(*before);
    });
    // The spans first, whatever the database thinks of it.
    query.push(") SELECT sequence FROM s CROSS JOIN audit_events WHERE sequence > s.after_ AND sequence < s.before_");
    push_conditions(&mut query, filter, &terms(filter));
    query.push(" ORDER BY sequence ").push(direction(filter)).push(" LIMIT ").push_bind(most);
    query
}

fn direction(filter: &AuditFilter) -> &'static str {
    if filter.order == Order::NewestFirst { "DESC" } else { "ASC" }
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
