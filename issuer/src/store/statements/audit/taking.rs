//! What becomes of each event that is reported, and of its reporter's chain.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::ops::Range;
use std::slice::Iter;

use hashbrown::HashMap;
use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure};
use super::super::inserting::{Inserting, PART, statement};
use super::append::Outcomes;
use super::chains::{self, Chain, Place, Step};
use super::head::Head;
use super::rows::Row;
use crate::store::{AdminEvent, AppendOutcome, Batch, EventKind, Finding, FindingKind, Reported, StoreError};

/// Chains that have moved, by reporter and first number, and when.
pub(super) type Chains<'g> = HashMap<&'g str, BTreeMap<i64, (Chain, i64)>>;

/// Rows that are written at once.
pub(super) struct Part {
    /// Which of them all.
    pub(super) rows: Range<usize>,
    pub(super) statement: Inserting,
}

/// The batches of a group, as they are taken.
pub(super) struct Taking<'g> {
    pub(super) head: Head,
    pub(super) outcomes: Outcomes,
    pub(super) rows: Vec<Row<'g>>,
    pub(super) moved: Chains<'g>,
    careful: bool,
    /// The batches that are left, and those of them that are refused, by their number in the group.
    left: Enumerate<Iter<'g, Batch>>,
    refused: HashMap<usize, StoreError>,
    /// The last number given out.
    sequence: i64,
    /// Rows that were given to be written.
    given: usize,
    /// The first event under each request id, of those that are written here.
    written: HashMap<(&'g str, &'g str), [u8; 32]>,
}

impl<'g> Taking<'g> {
    pub(super) fn new(head: Head, group: &'g [Batch], refused: HashMap<usize, StoreError>, careful: bool) -> Self {
        Self {
            sequence: head.size(),
            head,
            outcomes: Outcomes::with_capacity(group.len()),
            rows: Vec::new(),
            moved: Chains::new(),
            careful,
            left: group.iter().enumerate(),
            refused,
            given: 0,
            written: HashMap::new(),
        }
    }

    /// Rows to be written next, and the statement that does it: as many as are written at once, as long as nothing has to be looked up
    /// for them. `None` where something has, or there are no more.
    pub(super) fn ready(&mut self) -> Result<Option<Part>, Failure> {
        while self.rows.len() - self.given < PART && self.go_on() {}
        let part = self.given..self.rows.len().min(self.given + PART);
        let rows = self.rows.get(part.clone()).filter(|rows| !rows.is_empty());
        let Some(rows) = rows else { return Ok(None) };
        let statement = statement(rows)?;
        self.given = part.end;
        Ok(Some(Part { rows: part, statement }))
    }

    /// The same, whatever has to be looked up. `None` at the end.
    pub(super) async fn next(&mut self, conn: &mut DbConnection, alarms: &mut Vec<AdminEvent>) -> Result<Option<Part>, Failure> {
        loop {
            if let Some(part) = self.ready()? {
                return Ok(Some(part));
            }
            let Some((_, batch)) = self.left.next() else { return Ok(None) };
            let outcome = self.take(conn, batch, alarms).await?;
            self.outcomes.push(Ok(outcome));
        }
    }

    /// The tree takes in what is being written.
    pub(super) fn grow(&mut self, part: &Range<usize>) -> Result<(), Failure> {
        self.head.grow(self.rows.get(part.clone()).unwrap_or_default())
    }

    /// Takes the next batch where nothing has to be looked up for it: one that is refused, or whose events go on with their
    /// reporter's chain one after the other. Else it does nothing, and says so.
    fn go_on(&mut self) -> bool {
        let Some((index, batch)) = self.left.clone().next() else { return false };
        let outcome = match self.refused.remove(&index) {
            Some(error) => Err(error),
            None => match self.take_next(batch) {
                Some(outcome) => Ok(outcome),
                None => return false,
            },
        };
        self.outcomes.push(outcome);
        self.left.next();
        true
    }

    fn take_next(&mut self, batch: &'g Batch) -> Option<AppendOutcome> {
        let mut chain = *self.head.chains.get(&batch.reporter).filter(|_| !self.careful)?;
        for (count, reported) in batch.events.iter().enumerate() {
            let key = (batch.reporter.as_str(), reported.event.request_id.as_str());
            let next = Place::of(reported).and_then(|place| place.next(&chain)).filter(|_| !self.written.contains_key(&key));
            let Some(next) = next else {
                for reported in batch.events.iter().take(count) {
                    self.written.remove(&(batch.reporter.as_str(), reported.event.request_id.as_str()));
                }
                return None;
            };
            self.written.insert(key, reported.event.told_by());
            chain = next;
        }
        self.moves(&batch.reporter, chain, batch.events.last()?.event.received_at);
        for reported in &batch.events {
            self.push(EventKind::Decision, &batch.reporter, &reported.event, false);
        }
        Some(AppendOutcome { accepted: u64::try_from(batch.events.len()).unwrap_or(u64::MAX), ..AppendOutcome::default() })
    }

    async fn take(&mut self, conn: &mut DbConnection, batch: &'g Batch, alarms: &mut Vec<AdminEvent>) -> Result<AppendOutcome, Failure> {
        let mut outcome = AppendOutcome::default();
        let mut known: Option<HashMap<String, Vec<u8>>> = None;
        let mut findings = Vec::new();
        for reported in &batch.events {
            let place = Place::of(reported);
            let step = match &place {
                Some(place) => Some(self.step(conn, &batch.reporter, place).await?),
                None => None,
            };
            let event = &reported.event;
            let key = (batch.reporter.as_str(), event.request_id.as_str());
            let mut first = self.written.get(&key).copied().map(|hash| hash.to_vec());
            if first.is_none() && (self.careful || matches!(step, None | Some(Step::Late))) {
                if known.is_none() {
                    known = Some(look_up(conn, batch).await?);
                }
                first = known.as_ref().and_then(|known| known.get(&event.request_id).cloned());
            }
            match first {
                None => {
                    self.written.insert(key, event.told_by());
                    self.push(EventKind::Decision, &batch.reporter, event, false);
                    outcome.accepted += 1;
                }
                Some(hash) if reported.is_told_by(&hash) || self.is_kept(conn, &batch.reporter, reported).await? => {
                    outcome.duplicates += 1;
                    continue;
                }
                Some(_) => {
                    self.push(EventKind::Decision, &batch.reporter, event, true);
                    outcome.conflicts += 1;
                }
            }
            if let (Some(place), Some(step)) = (place, step) {
                findings.extend(self.go(conn, batch, reported, &place, step).await?);
            }
        }
        if !findings.is_empty() {
            alarms.extend((batch.alarm)(&findings).map_err(Failure::Refused)?);
        }
        outcome.findings = findings;
        Ok(outcome)
    }

    pub(super) fn push(&mut self, kind: EventKind, reporter: &'g str, event: &'g crate::store::NewEvent, conflict: bool) {
        self.sequence = self.sequence.saturating_add(1);
        self.rows.push(Row { sequence: self.sequence, kind, reporter, conflict, event });
    }

    /// Whether this very event is kept already, beside the first under its request id.
    async fn is_kept(&self, conn: &mut DbConnection, reporter: &str, reported: &Reported) -> Result<bool, Failure> {
        let event = &reported.event;
        let here = |row: &Row<'_>| {
            row.conflict
                && row.reporter == reporter
                && row.event.request_id == event.request_id
                && reported.is_told_by(&row.event.told_by())
        };
        if self.rows.iter().any(here) {
            return Ok(true);
        }
        let there: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM audit_events WHERE reporter = $1 AND request_id = $2 AND coalesce(reported_hash, body_hash) IN ($3, $4) \
             AND kind = 'decision' AND conflict = 1",
        )
        .bind(reporter)
        .bind(&event.request_id)
        .bind(event.told_by().to_vec())
        .bind(reported.plain.as_ref().map_or(event.told_by(), |plain| plain.hash).to_vec())
        .fetch_one(conn)
        .await?;
        Ok(there > 0)
    }

    /// What the event does to its chain.
    async fn step(&mut self, conn: &mut DbConnection, reporter: &str, place: &Place) -> Result<Step, Failure> {
        if let Some(chain) = self.head.chains.get(reporter).filter(|chain| place.follows(chain)) {
            return Ok(chains::step(Some(chain), place));
        }
        let moved = self.moved.get(reporter).and_then(|chains| chains.range(..=place.first()).next_back());
        let moved = moved.map(|(_, (chain, _))| *chain);
        let kept = chains::find(conn, reporter, place.first()).await?;
        let chain = match (moved, kept) {
            (Some(moved), Some(kept)) if kept.first_seq > moved.first_seq => Some(kept),
            (moved, kept) => moved.or(kept),
        };
        Ok(chains::step(chain.as_ref(), place))
    }

    /// Takes the step. Gives what it shows to be wrong.
    async fn go(
        &mut self,
        conn: &mut DbConnection,
        batch: &'g Batch,
        reported: &Reported,
        place: &Place,
        step: Step,
    ) -> Result<Option<Finding>, Failure> {
        let found_at = reported.event.received_at;
        let finding = |kind, from_seq, to_seq| Finding {
            kind,
            reporter: batch.reporter.clone(),
            from_seq,
            to_seq,
            sequence: self.sequence,
            found_at,
            resolved_at: None,
        };
        let (chain, finding) = match step {
            Step::Goes(chain) => (Some(chain), None),
            Step::Misses(chain, from, to) => (Some(chain), Some(finding(FindingKind::Gap, from, to))),
            Step::Forks(chain) => (Some(chain), Some(finding(FindingKind::Fork, place.first(), place.last()))),
            Step::Late if chains::fill(conn, &batch.reporter, place, found_at).await? => (None, None),
            Step::Late => (None, Some(finding(FindingKind::Fork, place.first(), place.last()))),
        };
        if let Some(chain) = chain {
            self.moves(&batch.reporter, chain, found_at);
        }
        // At once, so that what fills it in the same group finds it.
        chains::record(conn, finding.as_slice()).await?;
        Ok(finding)
    }

    /// The reporter goes on with this chain, which has come so far.
    fn moves(&mut self, reporter: &'g str, chain: Chain, at: i64) {
        // The name is copied where it is not there yet: most are.
        self.head.chains.entry_ref(reporter).and_modify(|kept| *kept = chain).or_insert(chain);
        self.moved.entry(reporter).or_default().insert(chain.first_seq, (chain, at));
    }
}

/// Those of the batch's request ids that are taken, with the hash of the first event under each.
async fn look_up(conn: &mut DbConnection, batch: &Batch) -> Result<HashMap<String, Vec<u8>>, Failure> {
    let mut found = HashMap::new();
    for part in batch.events.chunks(100) {
        let mut query =
            QueryBuilder::<Db>::new("SELECT request_id, coalesce(reported_hash, body_hash) FROM audit_events WHERE reporter = ");
        query.push_bind(&batch.reporter).push(" AND kind = 'decision' AND conflict = 0 AND request_id IN (");
        let mut ids = query.separated(", ");
        for reported in part {
            ids.push_bind(&reported.event.request_id);
        }
        query.push(")");
        let statement = query.build_query_as::<(String, Vec<u8>)>().persistent(part.len() == 100);
        found.extend(statement.fetch_all(&mut *conn).await?);
    }
    Ok(found)
}
