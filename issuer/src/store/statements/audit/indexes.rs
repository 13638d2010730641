//! Whether the tables that events are found and counted by say what the events say (docs/audit.md A18).
//!
//! Both sides are summed up as hashes by a key of this check's own, block by block and hour by hour: one walk over the tables in
//! their own order, and a few bytes for each 4,096 events, however many there are.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use futures_util::TryStreamExt as _;
use sqlx::Row as _;

use super::super::driver::{DbConnection, Failure};
use super::check::text;
use super::counts::{self, HOUR};
use super::head::is_decision;
use super::rows::Row;
use super::terms::{BLOCK, SPAN, of};
use crate::store::check::{LogReport, Place};

/// Hours that are told apart: seven years of them. One that is further from another shares its place.
const HOURS: usize = 65_536;

/// What the tables have to say, as far as events were seen.
pub(super) struct Indexes {
    key: RandomState,
    /// The full blocks.
    blocks: Vec<Block>,
    /// Of the block that fills: which spans have what.
    filling: HashMap<(i64, String), i64>,
    times: (i64, i64),
    /// Its decisions: their hours and what they are counted by.
    uncounted: Vec<(i64, u64)>,
    /// For each place of an hour the sum of its decisions, and an hour that has it.
    hours: HashMap<usize, (u64, i64)>,
}

/// What is noted of one block: the sum of its terms, and the times that it lies between.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Block {
    terms: u64,
    times: Option<(i64, i64)>,
}

impl Indexes {
    pub(super) fn new() -> Self {
        Self {
            key: RandomState::new(),
            blocks: Vec::new(),
            filling: HashMap::new(),
            times: (i64::MAX, i64::MIN),
            uncounted: Vec::new(),
            hours: HashMap::new(),
        }
    }

    /// Takes in the next event.
    pub(super) fn take_in(&mut self, row: &Row<'_>) {
        let (time, bit) = (row.time(), 1 << (row.sequence.saturating_sub(1).rem_euclid(BLOCK) / SPAN));
        self.times = (self.times.0.min(time), self.times.1.max(time));
        for (term, value) in of(row) {
            *self.filling.entry((term.number(), value.to_owned())).or_default() |= bit;
        }
        if is_decision(row) {
            let ([agent, outcome, reason], hour) = (counts::of(row), time.div_euclid(HOUR));
            self.uncounted.push((hour, self.key.hash_one((hour, agent, outcome, reason))));
        }
        if row.sequence % BLOCK == 0 {
            let terms = self.filling.drain().map(|((term, value), spans)| hash_term(&self.key, term, &value, spans));
            let terms = terms.fold(0, u64::wrapping_add);
            self.blocks.push(Block { terms, times: Some(self.times) });
            for (hour, hash) in std::mem::take(&mut self.uncounted) {
                self.count(hour, hash, 1);
            }
            self.times = (i64::MAX, i64::MIN);
        }
    }

    /// Holds the tables against what was seen. For a log whose events are as they were; of another, this says nothing.
    pub(super) async fn compare(mut self, conn: &mut DbConnection, report: &mut LogReport) -> Result<(), Failure> {
        let stored = self.stored_blocks(conn).await?;
        for number in 0..self.blocks.len().max(stored.len()) {
            let seen = self.blocks.get(number);
            if seen != Some(&stored.get(number).copied().unwrap_or_default()) {
                let first = i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(BLOCK);
                let place = Place::Index(first.saturating_add(1), first.saturating_add(BLOCK));
                let what = match seen {
                    Some(_) => "the tables that these events are found by do not say what the events say",
                    None => "the tables that events are found by speak of events that there are not",
                };
                report.note(place, what.to_owned());
            }
        }
        let mut rows = sqlx::query("SELECT hour, agent_id, outcome, reason, count FROM audit_counts").fetch(conn);
        while let Some(row) = rows.try_next().await? {
            let [agent, outcome, reason] = ["agent_id", "outcome", "reason"].map(|column| text(&row, column));
            let (hour, count): (i64, i64) = (row.try_get("hour")?, row.try_get("count")?);
            let hash = self.key.hash_one((hour, agent.as_str(), outcome.as_str(), reason.as_str()));
            self.count(hour, hash, count.wrapping_neg());
        }
        let mut wrong: Vec<i64> = self.hours.values().filter(|(sum, _)| *sum != 0).map(|(_, hour)| *hour).collect();
        wrong.sort_unstable();
        for hour in wrong {
            report.note(Place::Counts(hour), "decisions are counted otherwise than there are".to_owned());
        }
        Ok(())
    }

    /// What the tables say of each block, from the first on; one that they do not speak of is empty.
    async fn stored_blocks(&self, conn: &mut DbConnection) -> Result<Vec<Block>, Failure> {
        let mut stored: HashMap<i64, Block> = HashMap::new();
        {
            let mut rows = sqlx::query("SELECT term, value, block, spans FROM audit_terms").fetch(&mut *conn);
            while let Some(row) = rows.try_next().await? {
                let block = stored.entry(self.named(row.try_get("block")?)).or_default();
                let hash = hash_term(&self.key, row.try_get("term")?, &text(&row, "value"), row.try_get("spans")?);
                block.terms = block.terms.wrapping_add(hash);
            }
        }
        let mut rows = sqlx::query_as::<_, (i64, i64, i64)>("SELECT block, min_time, max_time FROM audit_blocks").fetch(conn);
        while let Some((block, min, max)) = rows.try_next().await? {
            stored.entry(self.named(block)).or_default().times = Some((min, max));
        }
        let last = stored.keys().max().map_or(0, |last| last.saturating_add(1));
        Ok((0..last).map(|block| stored.get(&block).copied().unwrap_or_default()).collect())
    }

    /// A block's number. Whatever is none of those that there are is the one behind them.
    fn named(&self, block: i64) -> i64 {
        let behind = i64::try_from(self.blocks.len()).unwrap_or(i64::MAX);
        if (0..behind).contains(&block) { block } else { behind }
    }

    fn count(&mut self, hour: i64, hash: u64, count: i64) {
        let place = usize::try_from(hour.rem_euclid(i64::try_from(HOURS).unwrap_or(i64::MAX))).unwrap_or_default();
        let (sum, _) = self.hours.entry(place).or_insert((0, hour));
        *sum = sum.wrapping_add(hash.wrapping_mul(count.cast_unsigned()));
    }
}

fn hash_term(key: &RandomState, term: i64, value: &str, spans: i64) -> u64 {
    key.hash_one((term, value, spans))
}
