//! What the key is made of by which attributes are hidden.

use super::driver::{DbConnection, Failure, corrupt};
use crate::store::SecretSeed;

pub(super) async fn seed(conn: &mut DbConnection) -> Result<Option<SecretSeed>, Failure> {
    let found: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as("SELECT salt, hash FROM audit_hiding WHERE id = 1").fetch_optional(conn).await?;
    let part = |bytes: Vec<u8>| bytes.try_into().map_err(|_| corrupt("what attributes are hidden by", "it has not 32 bytes"));
    found.map(|(salt, hash)| Ok(SecretSeed { salt: part(salt)?, hash: part(hash)? })).transpose()
}

/// Keeps this, unless there is one. Gives the one that there is now.
pub(super) async fn keep(conn: &mut DbConnection, new: SecretSeed) -> Result<SecretSeed, Failure> {
    sqlx::query("INSERT INTO audit_hiding (id, salt, hash) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING")
        .bind(new.salt.to_vec())
        .bind(new.hash.to_vec())
        .execute(&mut *conn)
        .await?;
    seed(conn).await?.ok_or_else(|| corrupt("what attributes are hidden by", "it is not there"))
}
