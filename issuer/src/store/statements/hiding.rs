//! What the key is made of by which attributes are hidden.

use super::driver::{DbConnection, Failure, corrupt};
use super::webhooks;
use crate::store::SecretSeed;

/// As errors name it.
const WHAT: &str = "what attributes are hidden by";

pub(super) async fn seed(conn: &mut DbConnection) -> Result<Option<SecretSeed>, Failure> {
    let found: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as("SELECT salt, hash FROM audit_hiding WHERE id = 1").fetch_optional(conn).await?;
    found.map(|(salt, hash)| webhooks::seed(salt, hash, WHAT)).transpose()
}

/// Keeps this, unless there is one. Gives the one that there is now.
pub(super) async fn keep(conn: &mut DbConnection, new: SecretSeed) -> Result<SecretSeed, Failure> {
    sqlx::query("INSERT INTO audit_hiding (id, salt, hash) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING")
        .bind(new.salt.to_vec())
        .bind(new.hash.to_vec())
        .execute(&mut *conn)
        .await?;
    seed(conn).await?.ok_or_else(|| corrupt(WHAT, "it is not there"))
}
