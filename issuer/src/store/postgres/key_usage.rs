//! What each key has signed. One statement, so that all counts are of one moment.

use sqlx::{PgConnection, Row};

use super::driver::Failure;
use crate::store::KeyUsage;

/// `passports_of_key` serves both counts: the first by itself, the second for the range of what has not expired.
pub(super) async fn count(conn: &mut PgConnection, now: i64) -> Result<Vec<KeyUsage>, Failure> {
    let rows = sqlx::query(
        "SELECT k.key_id, (SELECT count(*) FROM passports p WHERE p.key_id = k.key_id) AS signed, \
         CASE WHEN k.state = 'revoked' THEN 0::bigint ELSE (SELECT count(*) FROM passports p \
         WHERE p.key_id = k.key_id AND p.expires_at > $1 AND p.revoked_at IS NULL) END AS live \
         FROM keys k ORDER BY k.created_at, k.key_id",
    )
    .bind(now)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| Ok(KeyUsage { key_id: row.try_get("key_id")?, signed: row.try_get("signed")?, live: row.try_get("live")? }))
        .collect()
}
