//! Webhooks, and which issuer sends for them.

use sqlx::Row as _;

use super::acting::Done;
use super::driver::{DbConnection, DbRow, Failure, corrupt, exists, not_found, unique_or};
use crate::store::{NewWebhook, Replay, SecretSeed, StoreError, Webhook, WebhookChange};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT webhook_id, url, events, filter, description, salt, secret_hash, old_salt, old_hash, old_until, cursor, created_at, \
             created_by, disabled_at, disabled_why FROM webhooks ",
            $rest
        )
    };
}

/// Adds a webhook, which is told of what comes after the last event of the log.
pub(super) async fn create(conn: &mut DbConnection, new: NewWebhook, most: u32) -> Result<Done<Webhook>, Failure> {
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM webhooks").fetch_one(&mut *conn).await?;
    if there >= i64::from(most) {
        let problem = format!("is one too many: there are {there} webhooks already; delete one first");
        return Err(StoreError::Conflict { what: "webhook", id: new.webhook_id, problem }.into());
    }
    sqlx::query(
        "INSERT INTO webhooks (webhook_id, url, events, filter, description, salt, secret_hash, created_at, created_by, cursor) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, size FROM audit_head WHERE id = 1",
    )
    .bind(&new.webhook_id)
    .bind(&new.url)
    .bind(&new.events)
    .bind(&new.filter)
    .bind(&new.description)
    .bind(new.secret.salt.as_slice())
    .bind(new.secret.hash.as_slice())
    .bind(new.created_at)
    .bind(&new.created_by)
    .execute(&mut *conn)
    .await
    .map_err(|error| unique_or(error, || exists("webhook", &new.webhook_id)))?;
    get(conn, &new.webhook_id).await.map(Done::Changed)
}

pub(super) async fn get(conn: &mut DbConnection, webhook_id: &str) -> Result<Webhook, Failure> {
    let row = sqlx::query(select!("WHERE webhook_id = $1")).bind(webhook_id).fetch_optional(conn).await?;
    read(&row.ok_or_else(|| not_found("webhook", webhook_id))?)
}

pub(super) async fn list(conn: &mut DbConnection) -> Result<Vec<Webhook>, Failure> {
    let rows = sqlx::query(select!("ORDER BY webhook_id")).fetch_all(conn).await?;
    rows.iter().map(read).collect()
}

pub(super) async fn change(conn: &mut DbConnection, webhook_id: &str, change: WebhookChange) -> Result<Done<Webhook>, Failure> {
    let before = get(conn, webhook_id).await?;
    match change {
        WebhookChange::Rotate { secret, old_until } => {
            sqlx::query(
                "UPDATE webhooks SET old_salt = salt, old_hash = secret_hash, old_until = $1, salt = $2, secret_hash = $3 \
                 WHERE webhook_id = $4",
            )
            .bind(old_until)
            .bind(secret.salt.as_slice())
            .bind(secret.hash.as_slice())
            .bind(webhook_id)
            .execute(&mut *conn)
            .await?;
        }
        WebhookChange::Disable { .. } if before.disabled.is_some() => return Ok(Done::Unchanged(before)),
        WebhookChange::Enable if before.disabled.is_none() => return Ok(Done::Unchanged(before)),
        WebhookChange::Disable { at, why } => disabled(conn, webhook_id, Some(at), Some(why)).await?,
        WebhookChange::Enable => disabled(conn, webhook_id, None, None).await?,
    }
    get(conn, webhook_id).await.map(Done::Changed)
}

async fn disabled(conn: &mut DbConnection, webhook_id: &str, at: Option<i64>, why: Option<String>) -> Result<(), Failure> {
    let query = sqlx::query("UPDATE webhooks SET disabled_at = $1, disabled_why = $2 WHERE webhook_id = $3");
    query.bind(at).bind(why).bind(webhook_id).execute(conn).await?;
    Ok(())
}

/// Removes a webhook, and what waits for it.
pub(super) async fn delete(conn: &mut DbConnection, webhook_id: &str) -> Result<Done<()>, Failure> {
    get(conn, webhook_id).await?;
    for statement in ["DELETE FROM webhook_deliveries WHERE webhook_id = $1", "DELETE FROM webhooks WHERE webhook_id = $1"] {
        sqlx::query(statement).bind(webhook_id).execute(&mut *conn).await?;
    }
    Ok(Done::Changed(()))
}

/// Has deliveries made again. Gives how many events or dead letters that is, those that the webhook is not for included.
pub(super) async fn replay(conn: &mut DbConnection, webhook_id: &str, replay: Replay) -> Result<Done<i64>, Failure> {
    let cursor = get(conn, webhook_id).await?.cursor;
    let again = match replay {
        Replay::Dead { now } => {
            let query = sqlx::query(
                "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_at = $1 WHERE webhook_id = $2 AND state = 'dead'",
            );
            let done = query.bind(now).bind(webhook_id).execute(conn).await?;
            i64::try_from(done.rows_affected()).unwrap_or(i64::MAX)
        }
        Replay::Since(sequence) => {
            let before = sequence.max(1).saturating_sub(1).min(cursor);
            // The cursor comes by these again.
            sqlx::query("DELETE FROM webhook_deliveries WHERE webhook_id = $1 AND sequence > $2 AND sequence <= $3")
                .bind(webhook_id)
                .bind(before)
                .bind(cursor)
                .execute(&mut *conn)
                .await?;
            sqlx::query("UPDATE webhooks SET cursor = $1 WHERE webhook_id = $2").bind(before).bind(webhook_id).execute(conn).await?;
            cursor.saturating_sub(before)
        }
    };
    Ok(if again > 0 { Done::Changed(again) } else { Done::Unchanged(0) })
}

/// The key that secrets are made of.
pub(super) async fn key(conn: &mut DbConnection) -> Result<Option<String>, Failure> {
    Ok(sqlx::query_scalar("SELECT key_id FROM webhook_key WHERE id = 1").fetch_optional(conn).await?)
}

/// Keeps a key for that, unless there is one. Gives the one that there is now.
pub(super) async fn keep_key(conn: &mut DbConnection, key_id: &str) -> Result<String, Failure> {
    let query = sqlx::query("INSERT INTO webhook_key (id, key_id) VALUES (1, $1) ON CONFLICT (id) DO NOTHING");
    query.bind(key_id).execute(&mut *conn).await?;
    key(conn).await?.ok_or_else(|| corrupt("the key of webhooks", "it is not there"))
}

/// Whether `holder` may send until `until`: nobody else does at `now`.
pub(super) async fn lead(conn: &mut DbConnection, holder: &str, now: i64, until: i64) -> Result<bool, Failure> {
    let query = sqlx::query(
        "INSERT INTO webhook_sender (id, holder, held_until) VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE \
         SET holder = excluded.holder, held_until = excluded.held_until \
         WHERE webhook_sender.holder = excluded.holder OR webhook_sender.held_until <= $3",
    );
    let done = query.bind(holder).bind(until).bind(now).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Fails unless it is `holder` that sends.
pub(super) async fn check_holder(conn: &mut DbConnection, holder: &str) -> Result<(), Failure> {
    let held: Option<String> = sqlx::query_scalar("SELECT holder FROM webhook_sender WHERE id = 1").fetch_optional(conn).await?;
    match held.as_deref() == Some(holder) {
        true => Ok(()),
        false => {
            let problem = "is another issuer by now".to_owned();
            Err(StoreError::Conflict { what: "sender of webhooks", id: held.unwrap_or_default(), problem }.into())
        }
    }
}

/// What a secret is made of, out of the bytes of two columns.
pub(super) fn seed(salt: Vec<u8>, hash: Vec<u8>, what: &'static str) -> Result<SecretSeed, Failure> {
    let wrong = |_| corrupt(what, "it has not 32 bytes");
    Ok(SecretSeed { salt: salt.try_into().map_err(wrong)?, hash: hash.try_into().map_err(wrong)? })
}

fn read(row: &DbRow) -> Result<Webhook, Failure> {
    let seed = |salt, hash| seed(salt, hash, "a webhook's secret");
    let old: (Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>) =
        (row.try_get("old_salt")?, row.try_get("old_hash")?, row.try_get("old_until")?);
    let old = match old {
        (Some(salt), Some(hash), Some(until)) => Some((seed(salt, hash)?, until)),
        _ => None,
    };
    let since: Option<i64> = row.try_get("disabled_at")?;
    let why: Option<String> = row.try_get("disabled_why")?;
    Ok(Webhook {
        made: NewWebhook {
            webhook_id: row.try_get("webhook_id")?,
            url: row.try_get("url")?,
            events: row.try_get("events")?,
            filter: row.try_get("filter")?,
            description: row.try_get("description")?,
            secret: seed(row.try_get("salt")?, row.try_get("secret_hash")?)?,
            created_at: row.try_get("created_at")?,
            created_by: row.try_get("created_by")?,
        },
        old,
        cursor: row.try_get("cursor")?,
        disabled: since.map(|since| (since, why.unwrap_or_default())),
    })
}
