//! Deliveries of webhooks that did not come about at once.

use sqlx::{QueryBuilder, Row as _};

use super::acting::Done;
use super::driver::{Db, DbConnection, DbRow, Failure, corrupt};
use super::webhooks;
use crate::store::paging::{page, page_size};
use crate::store::{Delivery, DeliveryCounts, DeliveryFilter, DeliveryState, Page, Sent, StoreError};

/// How many that were given up, and that came about in the end, are kept of a webhook to be looked at.
const KEPT: [(DeliveryState, i64); 2] = [(DeliveryState::Dead, 10_000), (DeliveryState::Done, 1_000)];

const SELECT: &str =
    "SELECT webhook_id, sequence, message_id, state, attempts, tried_at, next_at, last_error FROM webhook_deliveries WHERE webhook_id = ";

/// Moves the cursor and notes the deliveries that failed, and those that had failed before. Gives how many were given up because
/// too many are pending; that is what there is an event of.
pub(super) async fn record(conn: &mut DbConnection, sent: Sent) -> Result<Done<i64>, Failure> {
    webhooks::check_holder(conn, &sent.holder).await?;
    let moved = sqlx::query("UPDATE webhooks SET cursor = $1 WHERE webhook_id = $2 AND cursor = $3")
        .bind(sent.to)
        .bind(&sent.webhook_id)
        .bind(sent.from)
        .execute(&mut *conn)
        .await?;
    if moved.rows_affected() != 1 {
        let problem = "was replayed or deleted meanwhile".to_owned();
        return Err(StoreError::Conflict { what: "webhook", id: sent.webhook_id, problem }.into());
    }
    for delivery in &sent.deliveries {
        write(conn, delivery).await?;
    }
    if sent.deliveries.is_empty() {
        return Ok(Done::Unchanged(0));
    }
    let given_up = give_up(conn, &sent.webhook_id, i64::from(sent.most)).await?;
    for (state, most) in KEPT {
        trim(conn, &sent.webhook_id, state, most).await?;
    }
    Ok(if given_up > 0 { Done::Changed(given_up) } else { Done::Unchanged(0) })
}

async fn write(conn: &mut DbConnection, delivery: &Delivery) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO webhook_deliveries (webhook_id, sequence, message_id, state, attempts, tried_at, next_at, last_error) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (webhook_id, sequence) DO UPDATE SET state = excluded.state, \
         attempts = excluded.attempts, tried_at = excluded.tried_at, next_at = excluded.next_at, last_error = excluded.last_error",
    )
    .bind(&delivery.webhook_id)
    .bind(delivery.sequence)
    .bind(&delivery.message_id)
    .bind(delivery.state.as_str())
    .bind(delivery.attempts)
    .bind(delivery.tried_at)
    .bind(delivery.next_at)
    .bind(&delivery.last_error)
    .execute(conn)
    .await?;
    Ok(())
}

async fn over(conn: &mut DbConnection, webhook_id: &str, state: DeliveryState, most: i64) -> Result<i64, Failure> {
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1 AND state = $2")
        .bind(webhook_id)
        .bind(state.as_str())
        .fetch_one(conn)
        .await?;
    Ok(there.saturating_sub(most).max(0))
}

/// Gives up the oldest pending deliveries beyond `most`.
async fn give_up(conn: &mut DbConnection, webhook_id: &str, most: i64) -> Result<i64, Failure> {
    let over = over(conn, webhook_id, DeliveryState::Pending, most).await?;
    if over > 0 {
        sqlx::query(
            "UPDATE webhook_deliveries SET state = 'dead' WHERE webhook_id = $1 AND sequence IN (SELECT sequence FROM webhook_deliveries \
             WHERE webhook_id = $1 AND state = 'pending' ORDER BY sequence LIMIT $2)",
        )
        .bind(webhook_id)
        .bind(over)
        .execute(conn)
        .await?;
    }
    Ok(over)
}

/// Forgets the oldest in this state beyond `most`. Their events are in the log still.
async fn trim(conn: &mut DbConnection, webhook_id: &str, state: DeliveryState, most: i64) -> Result<(), Failure> {
    let over = over(conn, webhook_id, state, most).await?;
    if over > 0 {
        sqlx::query(
            "DELETE FROM webhook_deliveries WHERE webhook_id = $1 AND sequence IN (SELECT sequence FROM webhook_deliveries \
             WHERE webhook_id = $1 AND state = $2 ORDER BY sequence LIMIT $3)",
        )
        .bind(webhook_id)
        .bind(state.as_str())
        .bind(over)
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Deliveries of a webhook, newest event first.
pub(super) async fn list(conn: &mut DbConnection, filter: DeliveryFilter) -> Result<Page<Delivery, i64>, Failure> {
    webhooks::get(conn, &filter.webhook_id).await?;
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push_bind(&filter.webhook_id);
    if let Some(state) = filter.state {
        query.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(cursor) = filter.cursor {
        query.push(" AND sequence < ").push_bind(cursor);
    }
    query.push(" ORDER BY sequence DESC LIMIT ").push_bind(page_size(filter.limit) + 1);
    let rows = query.build().fetch_all(conn).await?;
    let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, filter.limit, |delivery| delivery.sequence))
}

/// Those of a webhook that are to be tried again by `now`, the oldest event first.
pub(super) async fn due(conn: &mut DbConnection, webhook_id: &str, now: i64, limit: u32) -> Result<Vec<Delivery>, Failure> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push_bind(webhook_id).push(" AND state = 'pending' AND next_at <= ").push_bind(now);
    query.push(" ORDER BY sequence LIMIT ").push_bind(page_size(limit));
    query.build().fetch_all(conn).await?.iter().map(read).collect()
}

/// The webhooks that have any.
pub(super) async fn due_webhooks(conn: &mut DbConnection, now: i64) -> Result<Vec<String>, Failure> {
    let query = sqlx::query_scalar("SELECT DISTINCT webhook_id FROM webhook_deliveries WHERE state = 'pending' AND next_at <= $1");
    Ok(query.bind(now).fetch_all(conn).await?)
}

pub(super) async fn counts(conn: &mut DbConnection) -> Result<DeliveryCounts, Failure> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT state, count(*) FROM webhook_deliveries GROUP BY state ORDER BY state").fetch_all(conn).await?;
    let of = |state: DeliveryState| rows.iter().find(|(name, _)| name == state.as_str()).map_or(0, |(_, count)| *count);
    Ok(DeliveryCounts { pending: of(DeliveryState::Pending), dead: of(DeliveryState::Dead) })
}

fn read(row: &DbRow) -> Result<Delivery, Failure> {
    let state: String = row.try_get("state")?;
    Ok(Delivery {
        webhook_id: row.try_get("webhook_id")?,
        sequence: row.try_get("sequence")?,
        message_id: row.try_get("message_id")?,
        state: DeliveryState::parse(&state).ok_or_else(|| corrupt("a delivery's state", format!("`{state}` is no state")))?,
        attempts: row.try_get("attempts")?,
        tried_at: row.try_get("tried_at")?,
        next_at: row.try_get("next_at")?,
        last_error: row.try_get("last_error")?,
    })
}
