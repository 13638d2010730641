//! Many passports at once: which a filter finds, and their revocation.

use sqlx::QueryBuilder;

use super::acting::Done;
use super::driver::{Db, DbConnection, Failure, corrupt};
use super::trust;
use crate::store::{LiveFilter, MatchedPassports, NAMED_PASSPORTS, RevokedPassports};

/// What the filter finds now: passports that are neither expired nor revoked, themselves or with their key.
pub(super) async fn find(conn: &mut DbConnection, filter: &LiveFilter) -> Result<MatchedPassports, Failure> {
    let mut query = QueryBuilder::<Db>::new("SELECT count(*) FROM passports p");
    narrow(&mut query, filter);
    let count: i64 = query.build_query_scalar().fetch_one(&mut *conn).await?;
    let mut query = QueryBuilder::<Db>::new("SELECT p.passport_id FROM passports p");
    narrow(&mut query, filter);
    query.push(" ORDER BY p.ordinal LIMIT ").push_bind(i64::from(NAMED_PASSPORTS));
    let passport_ids = query.build_query_scalar().fetch_all(conn).await?;
    Ok(MatchedPassports { count: u64::try_from(count).map_err(|error| corrupt("a number of passports", error))?, passport_ids })
}

/// Revokes what the filter finds, all of it by the one statement, with one step of trust.
pub(super) async fn revoke(conn: &mut DbConnection, filter: &LiveFilter, reason: &str) -> Result<Done<RevokedPassports>, Failure> {
    let matched = find(conn, filter).await?;
    if matched.count == 0 {
        return Ok(Done::Unchanged(RevokedPassports { matched, trust_sequence: trust::sequence(conn).await? }));
    }
    let mut query = QueryBuilder::<Db>::new("UPDATE passports AS p SET revoked_at = ");
    query.push_bind(filter.now).push(", revoke_reason = ").push_bind(reason);
    narrow(&mut query, filter);
    // Where other writers may come between the two statements, it is this number that counts.
    let count = query.build().execute(&mut *conn).await?.rows_affected();
    let trust_sequence = trust::bump(conn).await?;
    Ok(Done::Changed(RevokedPassports { matched: MatchedPassports { count, ..matched }, trust_sequence }))
}

/// Live passports that the filter finds, or whose lineage has one that it finds: one that is over too, for whoever held
/// that one can have renewed it. Each part begins with what the filter finds, for which there are indexes.
fn narrow(query: &mut QueryBuilder<Db>, filter: &LiveFilter) {
    query.push(" WHERE p.revoked_at IS NULL AND p.expires_at > ").push_bind(filter.now);
    query.push(" AND p.key_id NOT IN (SELECT key_id FROM keys WHERE revoked_at IS NOT NULL)");
    query.push(" AND p.ordinal IN (SELECT q.ordinal FROM passports q WHERE 1 = 1");
    matching(query, filter);
    query.push(" UNION SELECT r.ordinal FROM passports q JOIN passports r ON r.lineage = coalesce(q.lineage, q.passport_id) WHERE 1 = 1");
    matching(query, filter);
    query.push(" UNION SELECT r.ordinal FROM passports q JOIN passports r ON r.passport_id = q.lineage WHERE 1 = 1");
    matching(query, filter);
    query.push(")");
}

/// That the filter finds `q`, live or not.
fn matching(query: &mut QueryBuilder<Db>, filter: &LiveFilter) {
    let equal = [
        ("q.agent_id", &filter.agent_id),
        ("q.key_id", &filter.key_id),
        ("q.issued_by", &filter.issued_by),
        ("q.template", &filter.template),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            query.push(" AND ").push(column).push(" = ").push_bind(value.clone());
        }
    }
    if let Some(from) = filter.issued_from {
        query.push(" AND q.issued_at >= ").push_bind(from);
    }
    if let Some(before) = filter.issued_before {
        query.push(" AND q.issued_at < ").push_bind(before);
    }
}
