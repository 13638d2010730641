//! Appending what verifiers report: many batches in one transaction.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure};
use super::adding;
use super::chains::{self, Chain, Place, Step};
use super::head::Head;
use super::rows::Row;
use super::settled::Moved;
use super::taken;
use crate::store::{AdminEvent, AppendOutcome, Batch, EventKind, Finding, FindingKind, Reported, StoreError};

/// What became of each batch, in their order.
pub(in super::super) type Outcomes = Vec<Result<AppendOutcome, StoreError>>;

/// Appends the batches, each whole or not at all: one whose maker may not report any more is refused, and the others are
/// written.
///
/// An event with the next number of its reporter's chain is taken for new without being looked for. Where one was there all
/// the same this is [`StoreError::Conflict`], and has to be done again with `careful`, which looks for each.
pub(in super::super) async fn append(
    conn: &mut DbConnection,
    head: Head,
    group: &[Batch],
    careful: bool,
) -> Result<(Head, Outcomes), Failure> {
    let (mut head, trust) = head.check(conn).await?;
    let mut refused = head.makers.refused(conn, trust, group.iter().map(|batch| batch.maker.as_ref())).await?;
    let (mut outcomes, mut alarms) = (Outcomes::with_capacity(group.len()), Vec::new());
    let mut appending = Appending { sequence: head.size(), head, careful, rows: Vec::new(), written: HashMap::new(), moved: Chains::new() };
    for (index, batch) in group.iter().enumerate() {
        outcomes.push(match refused.remove(&index) {
            Some(error) => Err(error),
            None => Ok(appending.take(conn, batch, &mut alarms).await?),
        });
    }
    for alarm in &alarms {
        appending.push(EventKind::Admin, &alarm.reporter, &alarm.event, false);
    }
    let Appending { mut head, rows, moved, .. } = appending;
    if !rows.is_empty() {
        adding::add(conn, &rows, |part| head.grow(part)).await.map_err(|failure| taken(failure, "of this batch"))?;
        head.write(conn, &rows, in_order(moved)).await?;
    }
    let size = head.size();
    for outcome in outcomes.iter_mut().flatten() {
        outcome.log_size = size;
    }
    Ok((head, outcomes))
}

/// Chains that have moved, by reporter and first number, and when.
type Chains<'g> = HashMap<&'g str, BTreeMap<i64, (Chain, i64)>>;

/// In the order of the table.
fn in_order(moved: Chains<'_>) -> Vec<Moved<'_>> {
    let of_one = |(reporter, chains): (_, BTreeMap<_, _>)| chains.into_values().map(move |(chain, at)| Moved { reporter, chain, at });
    let mut all: Vec<_> = moved.into_iter().flat_map(of_one).collect();
    all.sort_unstable_by_key(|moved| (moved.reporter, moved.chain.first_seq));
    all
}

struct Appending<'g> {
    head: Head,
    careful: bool,
    /// The last number given out.
    sequence: i64,
    rows: Vec<Row<'g>>,
    /// The first event under each request id, of those that are written here.
    written: HashMap<(&'g str, &'g str), [u8; 32]>,
    moved: Chains<'g>,
}

impl<'g> Appending<'g> {
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

    fn push(&mut self, kind: EventKind, reporter: &'g str, event: &'g crate::store::NewEvent, conflict: bool) {
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
            match self.head.chains.get_mut(&batch.reporter) {
                Some(kept) => *kept = chain,
                None => {
                    self.head.chains.insert(batch.reporter.clone(), chain);
                }
            }
            self.moved.entry(&batch.reporter).or_default().insert(chain.first_seq, (chain, found_at));
        }
        // At once, so that what fills it in the same group finds it.
        chains::record(conn, finding.as_slice()).await?;
        Ok(finding)
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
