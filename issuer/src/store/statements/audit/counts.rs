//! How many decisions there are of each kind in each hour: of the full blocks they are counted in a table, those of the block that
//! fills are counted when it is asked for them. To count each at once would be a page of the table for every agent of a group.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use sqlx::{QueryBuilder, Row as _};

use super::super::driver::{Db, DbConnection, Failure};
use super::head::is_decision;
use super::rows::Row;
use super::settled;
use super::terms::BLOCK;
use crate::store::{Count, CountFilter, MAX_COUNTS};

/// The decisions of a block, as far as they were seen: by agent, since most have one kind or a few.
#[derive(Default)]
pub(super) struct Tally(HashMap<String, Vec<Kind>>);

struct Kind {
    hour: i64,
    outcome: String,
    reason: String,
    count: i64,
}

impl Tally {
    /// Counts the row, where it is a decision.
    pub(super) fn take_in(&mut self, row: &Row<'_>) {
        if !is_decision(row) {
            return;
        }
        let [agent, outcome, reason] = of(row);
        let hour = row.time().div_euclid(HOUR);
        let kinds = self.0.entry_ref(agent).or_default();
        match kinds.iter_mut().find(|kind| kind.hour == hour && kind.outcome == outcome && kind.reason == reason) {
            Some(kind) => kind.count += 1,
            None => kinds.push(Kind { hour, outcome: outcome.to_owned(), reason: reason.to_owned(), count: 1 }),
        }
    }
}

/// Seconds of an hour.
pub(super) const HOUR: i64 = 3_600;

/// What a decision is counted by, besides its hour. What it has not got counts as empty.
pub(super) fn of<'e>(row: &Row<'e>) -> [&'e str; 3] {
    let event = row.event;
    [&event.agent_id, &event.outcome, &event.reason].map(|text| text.as_deref().unwrap_or_default())
}

/// What has become countable.
#[derive(Default)]
pub(super) struct Counts(BTreeMap<(i64, String, String, String), i64>);

impl Counts {
    /// Adds what one block has.
    pub(super) fn add(&mut self, tally: Tally) {
        for (agent, kinds) in tally.0 {
            for Kind { hour, outcome, reason, count } in kinds {
                *self.0.entry((hour, agent.clone(), outcome, reason)).or_default() += count;
            }
        }
    }

    /// In the order of the table.
    pub(super) fn in_order(self) -> Vec<settled::Count> {
        let count = |((hour, agent, outcome, reason), more)| settled::Count { hour, agent, outcome, reason, more };
        self.0.into_iter().map(count).collect()
    }
}

/// The decisions of the block that fills, as rows of the table. Both databases divide towards zero.
fn uncounted() -> String {
    format!(
        "SELECT (at - ((at % {HOUR}) + {HOUR}) % {HOUR}) / {HOUR} AS hour, agent_id, outcome, reason, 1 AS count FROM ( \
         SELECT coalesce(evaluated_at, received_at) AS at, coalesce(agent_id, '') AS agent_id, outcome, coalesce(reason, '') AS reason \
         FROM audit_events WHERE sequence > (SELECT size / {BLOCK} * {BLOCK} FROM audit_head WHERE id = 1) \
         AND kind = 'decision' AND outcome IS NOT NULL) filling"
    )
}

/// Counts, summed up.
pub(in super::super) async fn counts(conn: &mut DbConnection, filter: &CountFilter) -> Result<Vec<Count>, Failure> {
    let groups: Vec<&str> = [(filter.by_hour, "hour"), (filter.by_agent, "agent_id"), (true, "outcome"), (filter.by_reason, "reason")]
        .into_iter()
        .filter_map(|(wanted, column)| wanted.then_some(column))
        .collect();
    let groups = groups.join(", ");
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(&groups).push(", CAST(sum(count) AS BIGINT) AS count FROM (SELECT hour, agent_id, outcome, reason, count FROM audit_counts");
    query.push(" UNION ALL ").push(uncounted()).push(") decisions WHERE hour >= ");
    query.push_bind(filter.from_hour).push(" AND hour < ").push_bind(filter.to_hour);
    if let Some(agent_id) = &filter.agent_id {
        query.push(" AND agent_id = ").push_bind(agent_id);
    }
    query.push(" GROUP BY ").push(&groups).push(" ORDER BY ").push(&groups);
    query.push(" LIMIT ").push_bind(i64::try_from(MAX_COUNTS + 1).unwrap_or(i64::MAX));
    let mut counts = Vec::new();
    for row in query.build().persistent(false).fetch_all(conn).await? {
        counts.push(Count {
            hour: if filter.by_hour { Some(row.try_get("hour")?) } else { None },
            agent_id: if filter.by_agent { Some(row.try_get("agent_id")?) } else { None },
            outcome: row.try_get("outcome")?,
            reason: if filter.by_reason { Some(row.try_get("reason")?) } else { None },
            count: row.try_get("count")?,
        });
    }
    Ok(counts)
}
