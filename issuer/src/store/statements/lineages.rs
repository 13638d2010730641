//! Lineages: a passport and all that came of it by renewal. They fall as one, and no renewal comes into one that has fallen.

use super::acting::Done;
use super::driver::{DbConnection, Failure, corrupt};
use super::{passports, trust};
use crate::store::{MatchedPassports, NAMED_PASSPORTS, Renews, RevokedPassport, StoreError};

/// Of the lineage `$1`: its first, or a renewal.
const MEMBER: &str = "(p.lineage = $1 OR p.passport_id = $1)";

/// The passport `$2` whether or not it is over, and the live ones of its lineage.
const FALLS: &str = "p.revoked_at IS NULL AND p.key_id NOT IN (SELECT key_id FROM keys WHERE state = 'revoked') \
     AND (p.passport_id = $2 OR p.expires_at > $3)";

/// Revokes a passport and the live ones of its lineage: who stole one of them can have renewed it.
pub(super) async fn revoke(
    conn: &mut DbConnection,
    passport_id: &str,
    reason: Option<&str>,
    now: i64,
) -> Result<Done<RevokedPassport>, Failure> {
    let passport = passports::get(conn, passport_id).await?;
    if passport.revoked_at.is_some() {
        let trust_sequence = trust::sequence(conn).await?;
        return Ok(Done::Unchanged(RevokedPassport { changed: false, matched: MatchedPassports::default(), trust_sequence }));
    }
    let select = format!("SELECT p.passport_id FROM passports p WHERE {MEMBER} AND {FALLS} ORDER BY p.ordinal LIMIT $4");
    let passport_ids: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(select))
        .bind(&passport.lineage)
        .bind(passport_id)
        .bind(now)
        .bind(i64::from(NAMED_PASSPORTS))
        .fetch_all(&mut *conn)
        .await?;
    let update = format!("UPDATE passports AS p SET revoked_at = $3, revoke_reason = $4 WHERE {MEMBER} AND {FALLS}");
    let count = sqlx::query(sqlx::AssertSqlSafe(update))
        .bind(&passport.lineage)
        .bind(passport_id)
        .bind(now)
        .bind(reason)
        .execute(&mut *conn)
        .await?
        .rows_affected();
    let matched = MatchedPassports { count, passport_ids };
    Ok(Done::Changed(RevokedPassport { changed: true, matched, trust_sequence: trust::bump(conn).await? }))
}

/// Revokes the live passports that other keys have signed, of each lineage in which this key has signed any: a thief who had
/// the key can have forged that one and renewed the forgery, or what the forgery was good for.
pub(super) async fn fall_with_key(conn: &mut DbConnection, key_id: &str, reason: &str, now: i64) -> Result<(), Failure> {
    sqlx::query(
        "UPDATE passports AS p SET revoked_at = $1, revoke_reason = $2, revoked_with_key = $3 \
         WHERE p.revoked_at IS NULL AND p.expires_at > $1 AND p.key_id <> $3 \
         AND p.key_id NOT IN (SELECT key_id FROM keys WHERE state = 'revoked') \
         AND p.passport_id IN ( \
             SELECT r.passport_id FROM passports q JOIN passports r ON r.lineage = coalesce(q.lineage, q.passport_id) WHERE q.key_id = $3 \
             UNION SELECT q.lineage FROM passports q WHERE q.key_id = $3 AND q.lineage IS NOT NULL)",
    )
    .bind(now)
    .bind(reason)
    .bind(key_id)
    .execute(conn)
    .await?;
    Ok(())
}

/// The lineage that a renewal comes into, unless anything of it was ever revoked or as many of it are about as may be.
pub(super) async fn admit(conn: &mut DbConnection, renews: &Renews, agent_id: &str, at: i64) -> Result<String, Failure> {
    let source = passports::get(conn, &renews.passport_id).await?;
    if source.agent_id != agent_id {
        return Err(Failure::Refused(StoreError::Conflict {
            what: "passport",
            id: source.passport_id,
            problem: "is another agent's; nobody renews that".to_owned(),
        }));
    }
    let fallen = format!(
        "SELECT count(*) FROM passports p JOIN keys k ON k.key_id = p.key_id WHERE {MEMBER} AND (p.revoked_at IS NOT NULL OR k.state = 'revoked')"
    );
    let fallen: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(fallen)).bind(&source.lineage).fetch_one(&mut *conn).await?;
    if fallen > 0 {
        return Err(Failure::Refused(StoreError::MakerRevoked { passport_id: source.passport_id }));
    }
    let about = format!("SELECT p.expires_at, p.issued_at FROM passports p WHERE {MEMBER} AND (p.expires_at > $2 OR p.issued_at > $3)");
    let about: Vec<(i64, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(about))
        .bind(&source.lineage)
        .bind(at)
        .bind(at.saturating_sub(renews.lately))
        .fetch_all(conn)
        .await?;
    // When each makes room: it is over, and was not issued lately either.
    let mut room: Vec<i64> = about.into_iter().map(|(ends, issued)| ends.max(issued.saturating_add(renews.lately))).collect();
    room.sort_unstable();
    let most = usize::try_from(renews.most).map_err(|error| corrupt("a number of passports", error))?;
    match room.len().checked_sub(most).and_then(|over| room.get(over)) {
        None => Ok(source.lineage),
        Some(then) => Err(Failure::Refused(StoreError::TooManyRenewed {
            passport_id: source.passport_id,
            most: renews.most,
            seconds: then.saturating_sub(at),
        })),
    }
}
