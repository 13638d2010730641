//! Whether what is kept of reporters says what their events say (docs/audit.md A18): the last event of each, its chains, and what was
//! found wrong with them. The events are taken in once more, in their order, by the same rules as when they came.
//!
//! Of a reporter with an event whose body was dropped by age that cannot be done, for the body says what came before: then each of its
//! chains has to end at an event that there is, and each finding has to be of one.

#[path = "trail/tables.rs"]
mod tables;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use futures_util::TryStreamExt as _;
use sqlx::Row as _;

use super::super::driver::{DbConnection, Failure};
use super::chains::{Chain, Place, Step, step};
use super::check::text;
use crate::store::{AuditEvent, EventKind, FindingKind, Link};

/// What the tables have to say, as far as events were seen.
pub(super) struct Trail {
    key: RandomState,
    reporters: HashMap<String, Reporter>,
    /// Findings so far, of all reporters: their order is that of the table.
    found: u64,
    /// The sum of all findings with their numbers.
    order: u64,
    /// The events at which a fork was found, where only the store can tell: at the first that was hidden of a chain.
    forks: HashSet<i64>,
    /// Where stored chains end, and whether an event was seen that ends there.
    ends: HashMap<u64, bool>,
}

/// What was seen of one.
#[derive(Default)]
struct Reporter {
    /// Number and time of its last event.
    last: (i64, i64),
    /// Its chains by their first number: how far each has come, when, and whether its last event was stored as it was reported.
    chains: BTreeMap<i64, (Chain, i64, bool)>,
    /// The chain that its last event went on with.
    moved: Option<i64>,
    /// Gaps that are open, by their first number.
    open: BTreeMap<i64, Vec<Gap>>,
    /// The sum of what was found and does not change any more.
    findings: u64,
    /// Whether it cannot be said what the tables have to say.
    is_unknown: bool,
}

/// A gap that is open.
#[derive(Clone, Copy)]
struct Gap {
    number: u64,
    to: i64,
    sequence: i64,
    found_at: i64,
}

/// A row of the table.
#[derive(Hash)]
struct Found<'r> {
    kind: &'r str,
    reporter: &'r str,
    from_seq: i64,
    to_seq: i64,
    sequence: i64,
    found_at: i64,
    resolved_at: Option<i64>,
}

impl Trail {
    /// `is_hiding`: whether events may have been hidden; `has_dropped`: whether bodies were dropped.
    pub(super) async fn new(conn: &mut DbConnection, is_hiding: bool, has_dropped: bool) -> Result<Self, Failure> {
        let mut trail =
            Self { key: RandomState::new(), reporters: HashMap::new(), found: 0, order: 0, forks: HashSet::new(), ends: HashMap::new() };
        if is_hiding {
            let mut rows = sqlx::query_scalar("SELECT sequence FROM audit_findings WHERE kind = 'fork'").fetch(&mut *conn);
            while let Some(sequence) = rows.try_next().await? {
                trail.forks.insert(sequence);
            }
        }
        if has_dropped {
            let mut rows = sqlx::query("SELECT reporter, last_seq, last_hash, last_at FROM audit_chains").fetch(conn);
            while let Some(row) = rows.try_next().await? {
                let hash: Vec<u8> = row.try_get("last_hash")?;
                let end = trail.end(&text(&row, "reporter"), row.try_get("last_seq")?, &hash, row.try_get("last_at")?);
                trail.ends.insert(end, false);
            }
        }
        Ok(trail)
    }

    fn end(&self, reporter: &str, seq: i64, hash: &[u8], at: i64) -> u64 {
        self.key.hash_one((reporter, seq, hash, at))
    }

    /// Takes in the next event, and how it hangs on the one before.
    pub(super) fn take_in(&mut self, kept: &AuditEvent, link: Option<Link>) {
        if kept.kind != EventKind::Decision {
            return;
        }
        let (event, name) = (&kept.event, kept.reporter.as_str());
        if !self.reporters.contains_key(name) {
            self.reporters.insert(name.to_owned(), Reporter::default());
        }
        if !self.ends.is_empty() {
            let end = self.end(name, event.seq.unwrap_or_default(), &event.told_by(), event.received_at);
            self.ends.entry(end).and_modify(|seen| *seen = true);
        }
        let Some(reporter) = self.reporters.get_mut(name) else { return };
        reporter.last = (kept.sequence, event.received_at);
        reporter.is_unknown |= event.body.is_empty();
        let (Some(link), Some(seq), false) = (link, event.seq, reporter.is_unknown) else { return };
        let place = Place::stored(link, seq, event.told_by());
        let chain = reporter.chains.range(..=place.first()).next_back().map(|(_, chain)| *chain);
        // A hidden event names the one before by what it would be told by if that were hidden too.
        let first_hidden = |plain: bool| plain && event.reported_hash.is_some();
        // The chain that moved last may have been gone on with, or the one that begins at the greatest number: the issuer knows both
        // ways. Where they part, nobody can say which it was.
        let moved = reporter.moved.and_then(|first| reporter.chains.get(&first));
        if let (Some((moved, _, plain)), Some((chain, ..))) = (moved, &chain)
            && moved.first_seq != chain.first_seq
            && (place.follows(moved) || (first_hidden(*plain) && place.first() == moved.last_seq.saturating_add(1)))
        {
            reporter.is_unknown = true;
            return;
        }
        let found = |kind: FindingKind, from_seq, to_seq, resolved_at| Found {
            kind: kind.as_str(),
            reporter: name,
            from_seq,
            to_seq,
            sequence: kept.sequence,
            found_at: event.received_at,
            resolved_at,
        };
        let fork = found(FindingKind::Fork, place.first(), place.last(), None);
        let (gone, fork) = match step(chain.as_ref().map(|(chain, ..)| chain), &place) {
            Step::Goes(gone) => (Some(gone), None),
            Step::Misses(gone, from, to) => {
                reporter.open(from, Gap { number: self.found, to, sequence: kept.sequence, found_at: event.received_at });
                self.found += 1;
                (Some(gone), None)
            }
            Step::Forks(gone) => {
                let is_told = !chain.is_some_and(|(_, _, plain)| first_hidden(plain)) || self.forks.contains(&kept.sequence);
                (Some(gone), is_told.then_some(fork))
            }
            Step::Late => match reporter.fill(&place) {
                Ok((from, gap)) => {
                    let row = found(FindingKind::Gap, place.first(), place.last(), Some(event.received_at));
                    let row = Found { sequence: gap.sequence, found_at: gap.found_at, ..row };
                    reporter.findings = reporter.findings.wrapping_add(self.key.hash_one(&row));
                    self.order = self.order.wrapping_add(self.key.hash_one((gap.number, &row)));
                    let left = [(from, place.first().saturating_sub(1)), (place.last().saturating_add(1), gap.to)];
                    for (from, to) in left.into_iter().filter(|(from, to)| from <= to) {
                        reporter.open(from, Gap { number: self.found, to, ..gap });
                        self.found += 1;
                    }
                    (None, None)
                }
                Err(true) => {
                    reporter.is_unknown = true;
                    return;
                }
                Err(false) => (None, Some(fork)),
            },
        };
        if let Some(gone) = gone {
            reporter.moved = Some(gone.first_seq);
            reporter.chains.insert(gone.first_seq, (gone, event.received_at, event.reported_hash.is_none()));
        }
        if let Some(fork) = fork {
            reporter.findings = reporter.findings.wrapping_add(self.key.hash_one(&fork));
            self.order = self.order.wrapping_add(self.key.hash_one((self.found, &fork)));
            self.found += 1;
        }
    }
}

impl Reporter {
    fn open(&mut self, from: i64, gap: Gap) {
        self.open.entry(from).or_default().push(gap);
    }

    /// Takes the gap out that these numbers lie in: of several, the one that begins last. `Err` where there is none; with
    /// `true`, where it cannot be said which it was.
    fn fill(&mut self, place: &Place) -> Result<(i64, Gap), bool> {
        let around = |gap: &Gap| gap.to >= place.last();
        let (from, gaps) = self.open.range_mut(..=place.first()).rev().find(|(_, gaps)| gaps.iter().any(around)).ok_or(false)?;
        if gaps.iter().filter(|gap| around(gap)).count() > 1 {
            return Err(true);
        }
        let (from, index) = (*from, gaps.iter().position(around).ok_or(false)?);
        let gap = gaps.swap_remove(index);
        if gaps.is_empty() {
            self.open.remove(&from);
        }
        Ok((from, gap))
    }
}
