//! What events are found and counted by. A span of events is noted under each thing that any of them has: to write that for
//! each event would cost more than the event itself.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure};
use super::head::{SPAN, is_decision};
use super::rows::Row;

/// Rows that one statement writes.
const ROWS: usize = 100;

/// What can be asked for by an index. The numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Term {
    Agent = 1,
    Passport = 2,
    Reporter = 3,
    Outcome = 4,
    Reason = 5,
    Action = 6,
    Resource = 7,
    Kind = 8,
}

impl Term {
    pub(super) const fn number(self) -> i64 {
        self as i64
    }

    /// The column of an event that has it.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Agent => "agent_id",
            Self::Passport => "passport_id",
            Self::Reporter => "reporter",
            Self::Outcome => "outcome",
            Self::Reason => "reason",
            Self::Action => "action",
            Self::Resource => "resource",
            Self::Kind => "kind",
        }
    }
}

/// What this event is found by.
pub(super) fn of<'e>(row: &Row<'e>) -> impl Iterator<Item = (Term, &'e str)> {
    let event = row.event;
    let some = [
        (Term::Agent, event.agent_id.as_deref()),
        (Term::Passport, event.passport_id.as_deref()),
        (Term::Reporter, Some(row.reporter)),
        (Term::Outcome, event.outcome.as_deref()),
        (Term::Reason, event.reason.as_deref()),
        (Term::Action, event.action.as_deref()),
        (Term::Resource, event.resource.as_deref()),
        (Term::Kind, Some(row.kind.as_str())),
    ];
    some.into_iter().filter_map(|(term, value)| Some((term, value?)))
}

/// Notes each span under its terms. One that is noted already is left.
pub(super) async fn write(conn: &mut DbConnection, new: &[(Term, &str, i64)]) -> Result<(), Failure> {
    for part in new.chunks(ROWS) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO audit_terms (term, value, span) ");
        query.push_values(part, |mut values, (term, value, span)| {
            values.push_bind(term.number()).push_bind(*value).push_bind(*span);
        });
        query.push(" ON CONFLICT (term, value, span) DO NOTHING");
        query.build().persistent(part.len() == ROWS).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Widens the times of the spans to those of the rows.
pub(super) async fn widen_spans(conn: &mut DbConnection, rows: &[Row<'_>]) -> Result<(), Failure> {
    let mut spans = BTreeMap::<i64, (i64, i64)>::new();
    for row in rows {
        let time = row.time();
        let (min, max) = spans.entry((row.sequence - 1) / SPAN).or_insert((time, time));
        (*min, *max) = (time.min(*min), time.max(*max));
    }
    let spans: Vec<_> = spans.into_iter().collect();
    for part in spans.chunks(ROWS) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO audit_spans (span, min_time, max_time) ");
        query.push_values(part, |mut values, (span, (min, max))| {
            values.push_bind(*span).push_bind(*min).push_bind(*max);
        });
        query.push(
            " ON CONFLICT (span) DO UPDATE SET \
             min_time = CASE WHEN excluded.min_time < audit_spans.min_time THEN excluded.min_time ELSE audit_spans.min_time END, \
             max_time = CASE WHEN excluded.max_time > audit_spans.max_time THEN excluded.max_time ELSE audit_spans.max_time END",
        );
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Counts the decisions among the rows.
pub(super) async fn count(conn: &mut DbConnection, rows: &[Row<'_>]) -> Result<(), Failure> {
    let mut counts = BTreeMap::<(i64, &str, &str, &str), i64>::new();
    for row in rows.iter().filter(|row| is_decision(row)) {
        let event = row.event;
        let [agent, outcome, reason] = [&event.agent_id, &event.outcome, &event.reason].map(|text| text.as_deref().unwrap_or(""));
        let key = (row.time().div_euclid(3_600), agent, outcome, reason);
        *counts.entry(key).or_default() += 1;
    }
    let counts: Vec<_> = counts.into_iter().collect();
    for part in counts.chunks(ROWS) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO audit_counts (hour, agent_id, outcome, reason, count) ");
        query.push_values(part, |mut values, ((hour, agent, outcome, reason), count)| {
            values.push_bind(*hour).push_bind(*agent).push_bind(*outcome).push_bind(*reason).push_bind(*count);
        });
        query.push(" ON CONFLICT (hour, agent_id, outcome, reason) DO UPDATE SET count = audit_counts.count + excluded.count");
        query.build().persistent(part.len() == ROWS).execute(&mut *conn).await?;
    }
    Ok(())
}
