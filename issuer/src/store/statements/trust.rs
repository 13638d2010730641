//! The trust sequence, status lists, and the issuer that the database belongs to.

use sqlx::Row;

use super::driver::{DbConnection, Failure, exists, not_found, unique_or};
use super::keys;
use crate::store::{RevokedIndexes, StatusList, StoreError, TrustSnapshot};

pub(super) async fn sequence(conn: &mut DbConnection) -> Result<i64, Failure> {
    Ok(sqlx::query_scalar("SELECT sequence FROM trust WHERE id = 1").fetch_one(conn).await?)
}

/// Raises the sequence, inside the transaction that changes trust, once all is changed. What that has revoked is noted as
/// told by the new sequence.
pub(super) async fn bump(conn: &mut DbConnection) -> Result<i64, Failure> {
    let raise = "UPDATE trust SET sequence = sequence + 1 WHERE id = 1 RETURNING sequence";
    let sequence: i64 = sqlx::query_scalar(raise).fetch_one(&mut *conn).await?;
    for note in [
        "UPDATE passports SET revoked_sequence = $1 WHERE revoked_at IS NOT NULL AND revoked_sequence IS NULL",
        "UPDATE keys SET revoked_sequence = $1 WHERE revoked_at IS NOT NULL AND revoked_sequence IS NULL",
    ] {
        sqlx::query(note).bind(sequence).execute(&mut *conn).await?;
    }
    Ok(sequence)
}

/// Writes the sequence as it is: a real write that changes nothing, to see whether one goes through.
pub(super) async fn touch(conn: &mut DbConnection) -> Result<(), Failure> {
    sqlx::query("UPDATE trust SET sequence = sequence WHERE id = 1").execute(conn).await?;
    Ok(())
}

pub(super) async fn snapshot(conn: &mut DbConnection) -> Result<TrustSnapshot, Failure> {
    let sequence = sequence(conn).await?;
    let keys = keys::list(conn).await?;
    let mut found = Vec::new();
    for StatusList { list, size, used, last_expiry } in lists(conn).await? {
        let revoked = revoked(conn, list).await?;
        found.push(RevokedIndexes { list, size, used, last_expiry, revoked });
    }
    Ok(TrustSnapshot { sequence, keys, lists: found })
}

pub(super) async fn lists(conn: &mut DbConnection) -> Result<Vec<StatusList>, Failure> {
    let rows = sqlx::query("SELECT list, size, used, last_expiry FROM status_lists ORDER BY list").fetch_all(conn).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(StatusList {
            list: row.try_get("list")?,
            size: row.try_get("size")?,
            used: row.try_get("used")?,
            last_expiry: row.try_get("last_expiry")?,
        });
    }
    Ok(found)
}

pub(super) async fn create_list(conn: &mut DbConnection, list: i64, size: i64) -> Result<i64, Failure> {
    sqlx::query("INSERT INTO status_lists (list, size) VALUES ($1, $2)")
        .bind(list)
        .bind(size)
        .execute(&mut *conn)
        .await
        .map_err(|error| unique_or(error, || exists("status list", &list.to_string())))?;
    bump(conn).await
}

pub(super) async fn revoked_indexes(conn: &mut DbConnection, list: i64) -> Result<Vec<i64>, Failure> {
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM status_lists WHERE list = $1").bind(list).fetch_one(&mut *conn).await?;
    if there == 0 {
        return Err(not_found("status list", &list.to_string()).into());
    }
    revoked(conn, list).await
}

// Two halves, each with an index of its own: the lists are built often, and most passports are not revoked. SQLite
// takes the tables of a CROSS JOIN in the order written: the few revoked keys first, never every passport of a list.
async fn revoked(conn: &mut DbConnection, list: i64) -> Result<Vec<i64>, Failure> {
    Ok(sqlx::query_scalar(
        "SELECT status_index FROM passports WHERE status_list = $1 AND revoked_at IS NOT NULL \
         UNION \
         SELECT p.status_index FROM keys k CROSS JOIN passports p \
         WHERE p.key_id = k.key_id AND k.state = 'revoked' AND p.status_list = $1 \
         ORDER BY 1",
    )
    .bind(list)
    .fetch_all(conn)
    .await?)
}

pub(super) async fn bound_issuer(conn: &mut DbConnection) -> Result<Option<String>, Failure> {
    Ok(sqlx::query_scalar("SELECT issuer FROM issuer WHERE id = 1").fetch_optional(conn).await?)
}

pub(super) async fn bind_issuer(conn: &mut DbConnection, issuer: &str) -> Result<(), Failure> {
    match bound_issuer(conn).await? {
        Some(bound) if bound == issuer => Ok(()),
        Some(bound) => Err(Failure::Refused(StoreError::Conflict {
            what: "issuer",
            id: issuer.to_owned(),
            problem: format!("cannot use this database: it belongs to `{bound}`"),
        })),
        None => {
            sqlx::query("INSERT INTO issuer (id, issuer) VALUES (1, $1)").bind(issuer).execute(conn).await?;
            Ok(())
        }
    }
}
