//! What each key has signed.

use sqlx::QueryBuilder;

use super::driver::{Db, DbConnection, Failure};
use super::passports::{self, SELECT};
use crate::store::paging::page_size;
use crate::store::{KeyUse, Page, Passport};

pub(super) async fn passports(
    conn: &mut DbConnection,
    key_id: &str,
    now: i64,
    after: Option<i64>,
    limit: u32,
) -> Result<Page<Passport, i64>, Failure> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    // The passport's own revocation, whatever has become of the key.
    query.push("p.revoked_at IS NULL AND p.key_id = ").push_bind(key_id);
    query.push(" AND p.expires_at > ").push_bind(now);
    query.push(" AND p.ordinal > ").push_bind(after.unwrap_or(0));
    let rows = query.push(" ORDER BY p.ordinal LIMIT ").push_bind(page_size(limit) + 1).build().fetch_all(conn).await?;
    passports::read_page(&rows, limit)
}

pub(super) async fn counts(conn: &mut DbConnection, now: i64) -> Result<Vec<KeyUse>, Failure> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT p.key_id, count(*), \
         CAST(coalesce(sum(CASE WHEN p.revoked_at IS NULL AND k.revoked_at IS NULL AND p.expires_at > $1 THEN 1 ELSE 0 END), 0) AS BIGINT) \
         FROM passports p JOIN keys k ON k.key_id = p.key_id GROUP BY p.key_id ORDER BY p.key_id",
    )
    .bind(now)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(key_id, signed, live)| KeyUse { key_id, signed, live }).collect())
}
