//! Whether who makes a change may still make it, asked in the change's own transaction.

use hashbrown::HashMap;
use sqlx::QueryBuilder;

use super::driver::{Db, DbConnection, Failure};
use super::pieces::filled;
use crate::store::{Maker, StoreError};

/// Fails unless the maker's passport is there, not revoked (itself or with its key), its agent enabled, and its end
/// later than the change. Called before the change is made, so that a maker can revoke what it acts with.
pub(super) async fn check(conn: &mut DbConnection, maker: &Maker) -> Result<(), Failure> {
    let ends = good(conn, &[&maker.passport_id]).await?;
    refusal(&ends, maker).map_or(Ok(()), |error| Err(Failure::Refused(error)))
}

/// Makers that were found good, and nothing has been revoked since: whatever revokes a passport, a key or an agent raises the trust
/// sequence in its own transaction.
#[derive(Default)]
pub(super) struct Known {
    sequence: i64,
    /// When the passport of each ends.
    ends: HashMap<String, i64>,
}

/// The most makers that are known. One that is not is asked for.
const MOST: usize = 10_000;

impl Known {
    /// Those makers that may not, by their index, and why. `sequence` is the trust sequence in this transaction.
    pub(super) async fn refused(
        &mut self,
        conn: &mut DbConnection,
        sequence: i64,
        makers: impl Iterator<Item = Option<&Maker>> + Clone,
    ) -> Result<HashMap<usize, StoreError>, Failure> {
        if self.sequence != sequence || self.ends.len() > MOST {
            *self = Self { sequence, ends: HashMap::new() };
        }
        let ids = makers.clone().flatten().map(|maker| maker.passport_id.as_str());
        let mut ids: Vec<&str> = ids.filter(|id| !self.ends.contains_key(*id)).collect();
        ids.sort_unstable();
        ids.dedup();
        self.ends.extend(good(conn, &ids).await?);
        Ok(makers.enumerate().filter_map(|(index, maker)| Some((index, refusal(&self.ends, maker?)?))).collect())
    }
}

fn refusal(ends: &HashMap<String, i64>, maker: &Maker) -> Option<StoreError> {
    let passport_id = || maker.passport_id.clone();
    match ends.get(&maker.passport_id) {
        Some(end) if *end > maker.at => None,
        Some(_) => Some(StoreError::MakerExpired { passport_id: passport_id() }),
        None => Some(StoreError::MakerRevoked { passport_id: passport_id() }),
    }
}

/// Those of these passports that are good but for their time, and when they end.
async fn good(conn: &mut DbConnection, ids: &[&str]) -> Result<HashMap<String, i64>, Failure> {
    let mut ends = HashMap::new();
    for part in filled(ids) {
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
        let found: Vec<(String, i64)> = query.build_query_as().fetch_all(&mut *conn).await?;
        ends.extend(found);
    }
    Ok(ends)
}
