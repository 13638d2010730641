//! Dropping bodies by age. What the tree is made of stays: it has only their hashes.

use super::super::acting::Done;
use super::super::driver::{DbConnection, Failure};
use crate::store::Dropped;

/// Events of one transaction: whoever writes next waits for it.
const EVENTS: i64 = 1_000;

/// Bodies after which it is told that some are gone, though there are more to go.
const TOLD: i64 = 100_000;

/// Drops the next bodies of events that were received before `before`.
pub(in super::super) async fn drop_bodies(conn: &mut DbConnection, before: i64) -> Result<Done<Dropped>, Failure> {
    let (from, untold): (i64, i64) =
        sqlx::query_as("SELECT dropped_to, untold FROM audit_retention WHERE id = 1").fetch_one(&mut *conn).await?;
    let next = "SELECT sequence, received_at FROM audit_events WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let next: Vec<(i64, i64)> = sqlx::query_as(next).bind(from).bind(EVENTS).fetch_all(&mut *conn).await?;
    // Up to the first that is younger: one that came out of its order, by a clock that was set, waits for those before it.
    let old: Vec<i64> = next.iter().take_while(|(_, received_at)| *received_at < before).map(|(sequence, _)| *sequence).collect();
    let to = old.last().copied().unwrap_or(from);
    let more = i64::try_from(old.len()) == Ok(EVENTS);
    let mut bodies = untold;
    if to > from {
        // How far it goes is said first: the database lets no body go beyond that.
        sqlx::query("UPDATE audit_retention SET dropped_to = $1 WHERE id = 1").bind(to).execute(&mut *conn).await?;
        let drop = sqlx::query("UPDATE audit_events SET body = '' WHERE sequence > $1 AND sequence <= $2 AND body <> ''");
        let dropped = drop.bind(from).bind(to).execute(&mut *conn).await?.rows_affected();
        bodies = bodies.saturating_add(i64::try_from(dropped).unwrap_or(i64::MAX));
    }
    let tells = bodies > 0 && (!more || bodies >= TOLD);
    let untold = if tells { 0 } else { bodies };
    sqlx::query("UPDATE audit_retention SET untold = $1 WHERE id = 1").bind(untold).execute(conn).await?;
    let dropped = Dropped { bodies, to, more };
    Ok(if tells { Done::Changed(dropped) } else { Done::Unchanged(dropped) })
}
