//! What events are found and counted by. The spans of a block are noted under each thing that any event in them has, when the
//! block is full: to write that for each event would cost more than the event itself, since each value has a place of its
//! own in the index.

use futures_util::TryStreamExt as _;
use hashbrown::HashMap;
use sqlx::QueryBuilder;

use super::super::driver::{Db, DbConnection, Failure};
use super::super::pieces::pieces;
use super::counts::{Counts, Tally};
use super::rows::{self, Row};

/// Events of one span: as many as a tile of the tree has hashes.
pub(super) const SPAN: i64 = 256;

/// Events of one block. The last that is not full is read through, whatever is looked for.
pub(super) const BLOCK: i64 = 16 * SPAN;

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

/// How many there are. They are numbered from 1 on, one after the other.
const TERMS: usize = Term::Kind.index() + 1;

impl Term {
    pub(super) const fn number(self) -> i64 {
        self as i64
    }

    /// Its place among all terms.
    const fn index(self) -> usize {
        self as usize - 1
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

/// What the events of one block have, as far as they were seen.
#[derive(Default)]
pub(super) struct Noted {
    /// The first sequence seen; none yet where it is 0.
    first: i64,
    /// For each term, which spans have what, by bit.
    spans: [HashMap<String, i64>; TERMS],
    times: Option<(i64, i64)>,
    tally: Tally,
}

impl Noted {
    /// Takes in the row that follows those that were seen. Gives the block that it fills, with its number.
    pub(super) fn take_in(&mut self, row: &Row<'_>) -> Option<(i64, Self)> {
        self.note(row);
        (row.sequence % BLOCK == 0).then(|| (row.sequence / BLOCK - 1, std::mem::take(self)))
    }

    fn note(&mut self, row: &Row<'_>) {
        if self.first == 0 {
            self.first = row.sequence;
        }
        self.tally.take_in(row);
        let time = row.time();
        let (min, max) = self.times.unwrap_or((time, time));
        self.times = Some((time.min(min), time.max(max)));
        let bit = 1 << ((row.sequence - 1) % BLOCK / SPAN);
        for (term, value) in of(row) {
            if let Some(values) = self.spans.get_mut(term.index()) {
                // Copied where it is not there yet: most are.
                *values.entry_ref(value).or_default() |= bit;
            }
        }
    }

    /// The block that begins with this sequence, out of the table.
    async fn read(conn: &mut DbConnection, first: i64) -> Result<Self, Failure> {
        let mut query = QueryBuilder::<Db>::new(rows::SELECT);
        query.push("sequence >= ").push_bind(first).push(" AND sequence < ").push_bind(first + BLOCK).push(" ORDER BY sequence");
        let mut noted = Self::default();
        let mut found = query.build().fetch(conn);
        while let Some(row) = found.try_next().await? {
            noted.note(&Row::from(&rows::read(&row)?));
        }
        Ok(noted)
    }

    /// Writes a block that is full, whose rows are written. Its decisions go to `counts`.
    pub(super) async fn write(self, conn: &mut DbConnection, block: i64, counts: &mut Counts) -> Result<(), Failure> {
        let first = block * BLOCK + 1;
        // Who has not seen it from its beginning on looks at all of it.
        let whole = if self.first == first { self } else { Self::read(conn, first).await? };
        counts.add(whole.tally);
        let (min, max) = whole.times.unwrap_or_default();
        sqlx::query("INSERT INTO audit_blocks (block, min_time, max_time) VALUES ($1, $2, $3)")
            .bind(block)
            .bind(min)
            .bind(max)
            .execute(&mut *conn)
            .await?;
        let mut all: Vec<(i64, String, i64)> = Vec::new();
        for (number, values) in (1..).zip(whole.spans) {
            all.extend(values.into_iter().map(|(value, spans)| (number, value, spans)));
        }
        // In the index's own order, so that each of its pages is visited once.
        all.sort_unstable();
        for piece in pieces(&all) {
            let mut query = QueryBuilder::<Db>::new("INSERT INTO audit_terms (term, value, block, spans) ");
            query.push_values(piece, |mut values, (term, value, spans)| {
                values.push_bind(*term).push_bind(value).push_bind(block).push_bind(*spans);
            });
            query.build().execute(&mut *conn).await?;
        }
        Ok(())
    }
}
