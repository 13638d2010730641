//! The secret keys of several issuers: rows of the database, sealed as the files of a data directory are.
//!
//! Whoever reads the database without the passphrase has nothing to sign with. As with files, a key is unsealed when it
//! first signs and kept in memory until it is forgotten.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use passport_keys::{CryptoRng, KeyVault, Protection, SigningKey, VaultError};
use passport_shared::key_set::{KeyId, PublicKey};
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::PostgresOptions;

/// How long one question may take, the connection included.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The longest PEM text that is looked at, in bytes. Ours have some 350.
const PEM_BYTES: usize = 4_096;

/// A [`KeyVault`] in the table `sealed_keys`.
///
/// A vault is asked without async, from wherever a key is needed, and the database is asked a few times in a process's
/// life: when a key is made, first used or forgotten. Each time a thread of its own opens a connection and ends with it,
/// so that no caller's runtime is needed and none is blocked from within.
pub struct PostgresVault {
    options: PostgresOptions,
    protection: Protection,
    unsealed: RwLock<HashMap<KeyId, Arc<SigningKey>>>,
}

impl std::fmt::Debug for PostgresVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresVault").field("options", &self.options).finish_non_exhaustive()
    }
}

impl PostgresVault {
    /// The vault in a database that [`PostgresStore::open`](super::PostgresStore::open) has brought up to date. Nothing
    /// is read yet.
    #[must_use]
    pub fn new(options: PostgresOptions, protection: Protection) -> Self {
        Self { options, protection, unsealed: RwLock::default() }
    }

    fn key(&self, id: &KeyId) -> Result<Arc<SigningKey>, VaultError> {
        if let Some(key) = self.unsealed.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Arc::clone(key));
        }
        // Held while unsealing, as `FileVault` does: nobody pays twice, and none brings back a key that is being forgotten.
        let mut unsealed = self.unsealed.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = unsealed.get(id) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(self.load(id)?);
        unsealed.insert(*id, Arc::clone(&key));
        Ok(key)
    }

    fn load(&self, id: &KeyId) -> Result<SigningKey, VaultError> {
        let name = id.to_string();
        let text: Option<String> = self.ask(async |conn| {
            sqlx::query_scalar("SELECT pem FROM sealed_keys WHERE key_id = $1 AND octet_length(pem) <= $2")
                .bind(&name)
                .bind(i32::try_from(PEM_BYTES).unwrap_or(i32::MAX))
                .fetch_optional(conn)
                .await
        })?;
        let text = zeroize::Zeroizing::new(text.ok_or_else(|| {
            self.failed(format!("key `{id}` is not in the table sealed_keys; restore it from a backup, or revoke the key"))
        })?);
        let key = self.protection.from_pem(&text).map_err(|error| self.failed(format!("key `{id}`: {error}")))?;
        match key.id() == id {
            true => Ok(key),
            false => Err(self.failed(format!("the row of key `{id}` holds another key; restore it from a backup"))),
        }
    }

    fn failed(&self, source: impl Into<Box<dyn Error + Send + Sync>>) -> VaultError {
        VaultError::Elsewhere { place: self.options.place(), source: source.into() }
    }

    /// Does `work` on a connection of its own.
    fn ask<T: Send>(&self, work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error> + Send) -> Result<T, VaultError> {
        let asked = || -> Result<T, Box<dyn Error + Send + Sync>> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let whole = async {
                    let mut conn = self.options.connect().connect().await?;
                    let value = work(&mut conn).await?;
                    // What was asked is done: how the goodbye goes does not matter.
                    let _ = conn.close().await;
                    Ok(value)
                };
                tokio::time::timeout(TIMEOUT, whole).await?
            })
        };
        let joined = std::thread::scope(|scope| match std::thread::Builder::new().spawn_scoped(scope, asked) {
            Ok(thread) => thread.join().unwrap_or_else(|_| Err("the thread that asked broke off".into())),
            Err(error) => Err(error.into()),
        });
        joined.map_err(|error| self.failed(error))
    }
}

impl KeyVault for PostgresVault {
    fn create(&self, rng: &mut dyn CryptoRng) -> Result<PublicKey, VaultError> {
        let key = SigningKey::generate(rng);
        let text = self.protection.to_pem(&key, rng).map_err(|error| self.failed(error))?;
        let (public, name) = (key.public().clone(), key.id().to_string());
        self.ask(async |conn| {
            sqlx::query("INSERT INTO sealed_keys (key_id, pem, created_at) VALUES ($1, $2, extract(epoch FROM now())::bigint)")
                .bind(&name)
                .bind(text.as_str())
                .execute(conn)
                .await
        })?;
        self.unsealed.write().unwrap_or_else(PoisonError::into_inner).insert(public.id, Arc::new(key));
        Ok(public)
    }

    fn sign(&self, id: &KeyId, bytes: &[u8]) -> Result<[u8; 64], VaultError> {
        Ok(self.key(id)?.sign(bytes))
    }

    fn forget(&self, id: &KeyId) -> Result<(), VaultError> {
        let mut unsealed = self.unsealed.write().unwrap_or_else(PoisonError::into_inner);
        // Out of memory first: a row that cannot be removed must not leave a key that still signs here.
        unsealed.remove(id);
        let name = id.to_string();
        self.ask(async |conn| sqlx::query("DELETE FROM sealed_keys WHERE key_id = $1").bind(&name).execute(conn).await)?;
        Ok(())
    }

    fn holds(&self) -> Result<Vec<KeyId>, VaultError> {
        let names: Vec<String> = self.ask(async |conn| sqlx::query_scalar("SELECT key_id FROM sealed_keys").fetch_all(conn).await)?;
        let mut ids: Vec<KeyId> = names.iter().filter_map(|name| name.parse().ok()).collect();
        ids.sort();
        Ok(ids)
    }

    fn signs_at_once(&self, id: &KeyId) -> bool {
        self.unsealed.try_read().is_ok_and(|unsealed| unsealed.contains_key(id))
    }
}
