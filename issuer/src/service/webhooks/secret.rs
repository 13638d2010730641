//! Secrets of webhooks: none is stored.
//!
//! A secret is SHA-256 over a signature that a key in the vault makes over the webhook's salt. Ed25519 gives the same signature
//! each time (RFC 8032), and one that nobody can know who has not the key. So secrets rest as keys do, wherever those are (files,
//! rows of a database, a token): who has the database alone has salts.

use std::sync::Arc;

use passport_keys::{KeyVault, VaultError};
use passport_shared::key_set::KeyId;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::super::{Issuer, Parts, ServiceError, keys};
use crate::store::{SecretSeed, Webhook};
use crate::webhooks::signature::Secret;

/// What a secret is for: no two purposes have the same.
pub(in crate::service) struct Purpose {
    /// What the key signs begins with this. It is no token, which begins with `eyJ`, and no checkpoint.
    pub(in crate::service) context: &'static [u8],
    /// What it is made for, as errors say it.
    pub(in crate::service) act: &'static str,
}

const PURPOSE: Purpose = Purpose { context: b"passport webhook secret\n", act: "make a webhook's secret" };

const NO_NAME: &str = "its key has no name";

impl Issuer {
    /// A new secret.
    pub(super) async fn new_secret(&self) -> Result<(SecretSeed, Secret), ServiceError> {
        let (seed, secret) = self.new_seed(&PURPOSE).await?;
        Ok((seed, Secret::new(*secret)))
    }

    /// The secrets that messages are signed with at `now`, the present one first.
    pub(super) async fn secrets(&self, webhook: &Webhook, now: i64) -> Result<Vec<Secret>, ServiceError> {
        let id = self.store().webhook_key().await?.ok_or_else(|| ServiceError::internal(PURPOSE.act, "there is no key for it"))?;
        let key = id.parse().map_err(|_| ServiceError::internal(PURPOSE.act, NO_NAME))?;
        let old = webhook.old.iter().filter(|(_, until)| *until > now).map(|(seed, _)| seed);
        let mut secrets = Vec::new();
        for seed in std::iter::once(&webhook.made.secret).chain(old) {
            secrets.push(Secret::new(*self.of_seed(key, &PURPOSE, seed).await?));
        }
        Ok(secrets)
    }

    /// A fresh secret for this purpose, and what it can be made of again.
    pub(in crate::service) async fn new_seed(&self, purpose: &'static Purpose) -> Result<(SecretSeed, Zeroizing<[u8; 32]>), ServiceError> {
        let key = self.secrets_key().await?;
        let mut salt = [0; 32];
        self.inner.parts.entropy.fill(&mut salt);
        let (first, second) = (self.derive(key, purpose, salt).await?, self.derive(key, purpose, salt).await?);
        if first != second {
            return Err(ServiceError::internal(
                purpose.act,
                "the vault's signatures differ from one time to the next: it is not Ed25519 as it must be",
            ));
        }
        Ok((SecretSeed { salt, hash: Sha256::digest(first).into() }, Zeroizing::new(first)))
    }

    /// The secret that was made with this seed.
    pub(in crate::service) async fn of_seed(
        &self,
        key: KeyId,
        purpose: &'static Purpose,
        seed: &SecretSeed,
    ) -> Result<Zeroizing<[u8; 32]>, ServiceError> {
        let secret = Zeroizing::new(self.derive(key, purpose, seed.salt).await?);
        if <[u8; 32]>::from(Sha256::digest(secret.as_slice())) != seed.hash {
            let wrong = "the vault makes another one than before: was its key restored from elsewhere?";
            return Err(ServiceError::internal(purpose.act, wrong));
        }
        Ok(secret)
    }

    async fn derive(&self, key: KeyId, purpose: &'static Purpose, salt: [u8; 32]) -> Result<[u8; 32], ServiceError> {
        let vault = Arc::clone(&self.inner.parts.vault);
        let derived = tokio::task::spawn_blocking(move || derive(&*vault, &key, purpose.context, &salt)).await;
        derived.map_err(|error| ServiceError::internal(purpose.act, error))?.map_err(|error| ServiceError::internal(purpose.act, error))
    }

    /// The key, which is made with the first secret.
    pub(in crate::service) async fn secrets_key(&self) -> Result<KeyId, ServiceError> {
        let issuer = self.clone();
        self.see_through(async move {
            let parts = &issuer.inner.parts;
            let name = match issuer.store().webhook_key().await? {
                Some(name) => name,
                None => make_key(parts).await?,
            };
            name.parse().map_err(|_| ServiceError::internal(PURPOSE.act, NO_NAME))
        })
        .await
    }
}

async fn make_key(parts: &Parts) -> Result<String, ServiceError> {
    let made = keys::create_key(parts).await?;
    let kept = parts.store.keep_webhook_key(&made.id.to_string()).await;
    // Another was first, or it is not known whether this one is kept: then it stays.
    if let Ok(kept) = &kept
        && *kept != made.id.to_string()
    {
        keys::forget_key(parts, &made.id).await;
    }
    Ok(kept?)
}

fn derive(vault: &dyn KeyVault, key: &KeyId, context: &[u8], salt: &[u8; 32]) -> Result<[u8; 32], VaultError> {
    let signature = Zeroizing::new(vault.sign(key, &[context, salt].concat())?);
    Ok(Sha256::new_with_prefix(context).chain_update(signature.as_slice()).finalize().into())
}
