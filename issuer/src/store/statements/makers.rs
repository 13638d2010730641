//! Whether who makes a change may still make it, asked in the change's own transaction.

use std::collections::HashMap;

use sqlx::QueryBuilder;

use super::driver::{Db, DbConnection, Failure};
use super::pieces::filled;
use crate::store::{Maker, StoreError};

/// Fails unless the maker's passport is there, not revoked (itself or with its key), its agent enabled, and its end
/// later than the change. Called before the change is made, so that a maker can revoke what it acts with.
pub(super) async fn check(conn: &mut DbConnection, maker: &Maker) -> Result<(), Failure> {
    match refused(conn, [Some(maker)].into_iter()).await?.remove(&0) {
        None => Ok(()),
        Some(error) => Err(Failure::Refused(error)),
    }
}

/// Those makers that may not, by their index, and why.
pub(super) async fn refused(
    conn: &mut DbConnection,
    makers: impl Iterator<Item = Option<&Maker>> + Clone,
) -> Result<HashMap<usize, StoreError>, Failure> {
    let mut ends = HashMap::new();
    let mut ids: Vec<&str> = makers.clone().flatten().map(|maker| maker.passport_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    for part in filled(&ids) {
        let mut query = QueryBuilder::<Db>::new(
            "SELECT p.passport_id, p.expires_at FROM passports p JOIN keys k ON k.key_id = p.key_id \
             JOIN agents a ON a.agent_id = p.agent_id \
             WHERE p.revoked_at IS NULL AND k.state <> 'revoked' AND a.disabled_at IS NULL AND p.passport_id IN (",
        );
        let mut values = query.separated(", ");
        for id in part {
            values.push_bind(id);
        }
        query.push(")");
        let good: Vec<(String, i64)> = query.build_query_as().fetch_all(&mut *conn).await?;
        ends.extend(good);
    }
    let why = |maker: &Maker| {
        let passport_id = maker.passport_id.clone();
        match ends.get(&maker.passport_id) {
            Some(end) if *end > maker.at => None,
            Some(_) => Some(StoreError::MakerExpired { passport_id }),
            None => Some(StoreError::MakerRevoked { passport_id }),
        }
    };
    Ok(makers.enumerate().filter_map(|(index, maker)| Some((index, why(maker?)?))).collect())
}
