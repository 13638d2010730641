//! Whether who makes a change may still make it, asked in the change's own transaction.

use super::driver::{DbConnection, Failure};
use crate::store::{Maker, StoreError};

/// Fails unless the maker's passport is there, not revoked (itself or with its key), its agent enabled, and its end
/// later than the change. Called before the change is made, so that a maker can revoke what it acts with.
pub(super) async fn check(conn: &mut DbConnection, maker: &Maker) -> Result<(), Failure> {
    let found: Option<(i64, i64)> = sqlx::query_as(
        "SELECT CASE WHEN p.revoked_at IS NULL AND k.state <> 'revoked' AND a.disabled_at IS NULL THEN CAST(1 AS BIGINT) ELSE 0 END, p.expires_at \
         FROM passports p JOIN keys k ON k.key_id = p.key_id JOIN agents a ON a.agent_id = p.agent_id WHERE p.passport_id = $1",
    )
    .bind(&maker.passport_id)
    .fetch_optional(conn)
    .await?;
    let passport_id = maker.passport_id.clone();
    match found {
        Some((1, expires_at)) if expires_at > maker.at => Ok(()),
        Some((1, _)) => Err(Failure::Refused(StoreError::MakerExpired { passport_id })),
        _ => Err(Failure::Refused(StoreError::MakerRevoked { passport_id })),
    }
}
