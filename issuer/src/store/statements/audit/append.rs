//! Appending what verifiers report: many batches in one transaction.

use std::collections::BTreeMap;

use futures_util::future::join;

use super::super::driver::{DbConnection, Failure};
use super::head::Head;
use super::settled::Moved;
use super::taken;
use super::taking::{Chains, Taking};
use crate::store::{AdminEvent, AppendOutcome, Batch, EventKind, StoreError};

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
    let refused = head.makers.refused(conn, trust, group.iter().map(|batch| batch.maker.as_ref())).await?;
    let mut alarms = Vec::new();
    let mut taking = Taking::new(head, group, refused, careful);
    write(conn, &mut taking, &mut alarms).await?;
    for alarm in &alarms {
        taking.push(EventKind::Admin, &alarm.reporter, &alarm.event, false);
    }
    // No batch is left that could raise another.
    write(conn, &mut taking, &mut Vec::new()).await?;
    let Taking { mut head, mut outcomes, rows, moved, .. } = taking;
    if !rows.is_empty() {
        head.write(conn, &rows, in_order(moved)).await?;
    }
    let size = head.size();
    for outcome in outcomes.iter_mut().flatten() {
        outcome.log_size = size;
    }
    Ok((head, outcomes))
}

/// Writes the rows part by part, until there are no more. While the database takes in one, so does the tree, and the next is made
/// ready: what else there is to do with each event costs no time of its own.
async fn write(conn: &mut DbConnection, taking: &mut Taking<'_>, alarms: &mut Vec<AdminEvent>) -> Result<(), Failure> {
    let mut ready = taking.next(conn, alarms).await?;
    while let Some(part) = ready {
        let meanwhile = async { taking.grow(&part.rows).and_then(|()| taking.ready()) };
        let (written, next) = join(part.statement.execute(&mut *conn), meanwhile).await;
        written.map_err(|error| taken(error.into(), "of this batch"))?;
        ready = match next? {
            None => taking.next(conn, alarms).await?,
            next => next,
        };
    }
    Ok(())
}

/// In the order of the table.
fn in_order(moved: Chains<'_>) -> Vec<Moved<'_>> {
    let of_one = |(reporter, chains): (_, BTreeMap<_, _>)| chains.into_values().map(move |(chain, at)| Moved { reporter, chain, at });
    let mut all: Vec<_> = moved.into_iter().flat_map(of_one).collect();
    all.sort_unstable_by_key(|moved| (moved.reporter, moved.chain.first_seq));
    all
}
