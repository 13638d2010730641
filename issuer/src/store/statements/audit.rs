//! The audit log: appended to, read, never changed but for bodies that are dropped by age (triggers in the schema see to that). Whatever is appended becomes a leaf
//! of the tree, and is noted where it is looked for and counted, in the same transaction.

#[path = "audit/append.rs"]
mod append;
#[path = "audit/beside.rs"]
mod beside;
#[path = "audit/chains.rs"]
mod chains;
#[path = "audit/check.rs"]
mod check;
#[path = "audit/checkpoints.rs"]
mod checkpoints;
#[path = "audit/counts.rs"]
mod counts;
#[path = "audit/findings.rs"]
mod findings;
#[path = "audit/head.rs"]
mod head;
#[path = "audit/indexes.rs"]
mod indexes;
#[path = "audit/list.rs"]
pub(super) mod list;
#[path = "audit/log.rs"]
mod log;
#[path = "audit/redecided.rs"]
pub(super) mod redecided;
#[path = "audit/reporters.rs"]
mod reporters;
#[path = "audit/retention.rs"]
mod retention;
#[path = "audit/rows.rs"]
pub(super) mod rows;
#[path = "audit/settled.rs"]
pub(super) mod settled;
#[path = "audit/taking.rs"]
mod taking;
#[path = "audit/terms.rs"]
mod terms;
#[path = "audit/trail.rs"]
mod trail;

pub(super) use append::{Outcomes, append};
pub(super) use check::check;
pub(super) use checkpoints::{checkpoints, hold, keep, keep_key, log_state, resume};
pub(super) use counts::counts;
pub(super) use findings::{chains, findings};
pub(super) use head::Head;
pub(super) use list::list;
pub(super) use log::{log_from, log_head, of_request, tiles};
pub(super) use reporters::reporters;
pub(super) use retention::drop_bodies;

use futures_util::TryStreamExt as _;
use sqlx::QueryBuilder;

use super::driver::{Db, DbConnection, Failure, exists, unique_or};
use super::inserting::statement;
use crate::store::{AdminEvent, EventKind};
use rows::Row;

/// Rows that are taken in at once, of those that are not in the tree yet.
const TAKEN_IN: i64 = 1_000;

/// Writes the event of an admin's change. Called by the writer alone, in the change's transaction.
pub(super) async fn insert_admin(conn: &mut DbConnection, admin: &AdminEvent) -> Result<(), Failure> {
    let mut head = Head::load(conn).await?;
    let row = Row {
        sequence: head.size().saturating_add(1),
        kind: EventKind::Admin,
        reporter: &admin.reporter,
        conflict: false,
        event: &admin.event,
    };
    let written = statement(&[row])?.execute(&mut *conn).await;
    written.map_err(|error| taken(error.into(), &admin.event.event_id))?;
    head.grow(&[row])?;
    head.write(conn, &[row], Vec::new()).await
}

/// An event that is there already, where the database says so.
fn taken(failure: Failure, event_id: &str) -> Failure {
    match failure {
        Failure::Driver(error) => unique_or(error, || exists("audit event", event_id)),
        Failure::Refused(error) => Failure::Refused(error),
    }
}

/// Takes in some of the rows that are in the table and not in the tree: those from before there was a tree. Gives whether
/// there may be more.
pub(super) async fn catch_up(conn: &mut DbConnection) -> Result<bool, Failure> {
    let mut head = Head::load(conn).await?;
    let mut query = QueryBuilder::<Db>::new(rows::SELECT);
    query.push("sequence > ").push_bind(head.size()).push(" ORDER BY sequence LIMIT ").push_bind(TAKEN_IN);
    let mut found = Vec::new();
    {
        let mut rows = query.build().fetch(&mut *conn);
        while let Some(row) = rows.try_next().await? {
            found.push(rows::read(&row)?);
        }
    }
    if found.is_empty() {
        return Ok(false);
    }
    let rows: Vec<_> = found.iter().map(Row::from).collect();
    head.take_in(conn, &rows).await?;
    Ok(true)
}
