//! What each key has signed.

use sqlx::{QueryBuilder, Row};

use super::driver::{Db, DbConnection, Failure};
use super::passports::{self, SELECT};
use crate::store::paging::page_size;
use crate::store::{KeyUse, Page, WentWithKey};

pub(super) async fn passports(
    conn: &mut DbConnection,
    key_id: &str,
    now: i64,
    after: Option<i64>,
    limit: u32,
) -> Result<Page<WentWithKey, i64>, Failure> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT w.*, (SELECT q.passport_id FROM passports q WHERE (q.lineage = w.lineage OR q.passport_id = w.lineage) AND ",
    );
    went_with(&mut query, "q", key_id, now);
    query.push(" ORDER BY q.ordinal DESC LIMIT 1) AS newest FROM (").push(SELECT);
    went_with(&mut query, "p", key_id, now);
    query.push(" AND p.ordinal > ").push_bind(after.unwrap_or(0));
    query.push(" ORDER BY p.ordinal LIMIT ").push_bind(page_size(limit) + 1).push(") w ORDER BY w.ordinal");
    let rows = query.build().fetch_all(conn).await?;
    let page = passports::read_page(&rows, limit)?;
    let newest = rows.iter().map(|row| row.try_get("newest")).collect::<Result<Vec<String>, _>>()?;
    let items = page.items.into_iter().zip(newest).map(|(passport, newest)| WentWithKey { passport, newest }).collect();
    Ok(Page { items, next: page.next })
}

/// That the passport would be live, had this key not been revoked: by the passport's own revocation, whatever has become of
/// the key.
fn went_with(query: &mut QueryBuilder<Db>, passport: &str, key_id: &str, now: i64) {
    query.push(format!("(({passport}.revoked_at IS NULL AND {passport}.key_id = ")).push_bind(key_id.to_owned());
    query.push(format!(") OR {passport}.revoked_with_key = ")).push_bind(key_id.to_owned());
    query.push(format!(") AND {passport}.expires_at > ")).push_bind(now);
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
