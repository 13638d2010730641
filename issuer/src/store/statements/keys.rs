//! The issuer's public keys. Each change compares the states that the caller saw before it swaps them.

use sqlx::Row;

use super::acting::Done;
use super::driver::{DbConnection, DbRow, Failure, corrupt, exists, not_found, unique_or};
use super::{lineages, trust};
use crate::store::{Key, KeyState, NewKey, RevokeKey, RotateKeys, StoreError};

pub(super) async fn list(conn: &mut DbConnection) -> Result<Vec<Key>, Failure> {
    sqlx::query(
        "SELECT key_id, public_x, state, created_at, activated_at, retired_at, retire_until, \
         revoked_at, revoke_reason FROM keys ORDER BY created_at, key_id",
    )
    .fetch_all(conn)
    .await?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn insert_first(conn: &mut DbConnection, active: NewKey, next: NewKey) -> Result<Done<i64>, Failure> {
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM keys").fetch_one(&mut *conn).await?;
    if there > 0 {
        return Err(Failure::Refused(StoreError::Conflict {
            what: "key",
            id: active.key_id,
            problem: "cannot be the first: there are keys already".to_owned(),
        }));
    }
    insert(conn, &active, KeyState::Active).await?;
    insert(conn, &next, KeyState::Next).await?;
    Ok(Done::Changed(trust::bump(conn).await?))
}

pub(super) async fn rotate(conn: &mut DbConnection, rotation: RotateKeys) -> Result<Done<i64>, Failure> {
    expect(conn, &rotation.expected_active, KeyState::Active).await?;
    expect(conn, &rotation.expected_next, KeyState::Next).await?;
    // Read here, in the transaction: nothing can be signed between this and the change.
    let last_expiry = latest_expiry(conn, &rotation.expected_active).await?;
    let retire_until = last_expiry.map_or(rotation.retire_until, |last| last.max(rotation.retire_until));
    sqlx::query("UPDATE keys SET state = 'retired', retired_at = $1, retire_until = $2 WHERE key_id = $3")
        .bind(rotation.now)
        .bind(retire_until)
        .bind(&rotation.expected_active)
        .execute(&mut *conn)
        .await?;
    promote(conn, &rotation.expected_next, rotation.now).await?;
    insert(conn, &rotation.fresh_next, KeyState::Next).await?;
    Ok(Done::Changed(trust::bump(conn).await?))
}

pub(super) async fn revoke(conn: &mut DbConnection, plan: RevokeKey) -> Result<Done<i64>, Failure> {
    expect(conn, &plan.key_id, plan.expected_state).await?;
    if plan.expected_state == KeyState::Revoked {
        return Err(Failure::Refused(StoreError::Conflict { what: "key", id: plan.key_id, problem: "is revoked already".to_owned() }));
    }
    sqlx::query("UPDATE keys SET state = 'revoked', revoked_at = $1, revoke_reason = $2 WHERE key_id = $3")
        .bind(plan.now)
        .bind(&plan.reason)
        .bind(&plan.key_id)
        .execute(&mut *conn)
        .await?;
    lineages::fall_with_key(conn, &plan.key_id, &plan.reason, plan.now).await?;
    if let Some(key_id) = &plan.promote {
        expect(conn, key_id, KeyState::Next).await?;
        promote(conn, key_id, plan.now).await?;
    }
    if let Some(fresh) = &plan.fresh_next {
        insert(conn, fresh, KeyState::Next).await?;
    }
    Ok(Done::Changed(trust::bump(conn).await?))
}

pub(super) async fn latest_expiry(conn: &mut DbConnection, key_id: &str) -> Result<Option<i64>, Failure> {
    Ok(sqlx::query_scalar("SELECT max(expires_at) FROM passports WHERE key_id = $1").bind(key_id).fetch_one(conn).await?)
}

/// Fails unless the key is in the state that the caller saw.
async fn expect(conn: &mut DbConnection, key_id: &str, state: KeyState) -> Result<(), Failure> {
    let found: Option<String> = sqlx::query_scalar("SELECT state FROM keys WHERE key_id = $1").bind(key_id).fetch_optional(conn).await?;
    let found = found.ok_or_else(|| not_found("key", key_id))?;
    if found == state.name() {
        return Ok(());
    }
    Err(Failure::Refused(StoreError::Conflict {
        what: "key",
        id: key_id.to_owned(),
        problem: format!("is {found} and not {}; look at the keys again", state.name()),
    }))
}

/// next → active. The schema refuses a second active key.
async fn promote(conn: &mut DbConnection, key_id: &str, now: i64) -> Result<(), Failure> {
    sqlx::query("UPDATE keys SET state = 'active', activated_at = $1 WHERE key_id = $2")
        .bind(now)
        .bind(key_id)
        .execute(conn)
        .await
        .map_err(|error| {
            unique_or(error, || StoreError::Conflict {
                what: "key",
                id: key_id.to_owned(),
                problem: "cannot become active: another key is".to_owned(),
            })
        })?;
    Ok(())
}

async fn insert(conn: &mut DbConnection, key: &NewKey, state: KeyState) -> Result<(), Failure> {
    let same_id: i64 = sqlx::query_scalar("SELECT count(*) FROM keys WHERE key_id = $1").bind(&key.key_id).fetch_one(&mut *conn).await?;
    if same_id > 0 {
        return Err(exists("key", &key.key_id).into());
    }
    let activated_at = (state == KeyState::Active).then_some(key.created_at);
    sqlx::query(
        "INSERT INTO keys (key_id, public_x, state, created_at, activated_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&key.key_id)
    .bind(&key.public_x)
    .bind(state.name())
    .bind(key.created_at)
    .bind(activated_at)
    .execute(conn)
    .await
    .map_err(|error| {
        unique_or(error, || StoreError::Conflict {
            what: "key",
            id: key.key_id.clone(),
            problem: format!("cannot be {}: another key is", state.name()),
        })
    })?;
    Ok(())
}

fn read(row: &DbRow) -> Result<Key, Failure> {
    let state: String = row.try_get("state")?;
    Ok(Key {
        key_id: row.try_get("key_id")?,
        public_x: row.try_get("public_x")?,
        state: state.parse().map_err(|_| corrupt("a key's state", format!("`{state}` is no state")))?,
        created_at: row.try_get("created_at")?,
        activated_at: row.try_get("activated_at")?,
        retired_at: row.try_get("retired_at")?,
        retire_until: row.try_get("retire_until")?,
        revoked_at: row.try_get("revoked_at")?,
        revoke_reason: row.try_get("revoke_reason")?,
    })
}
