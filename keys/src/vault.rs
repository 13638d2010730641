//! Where secret keys live and sign: the trait, and the one place that there is today, files.
//!
//! A PKCS#11 token or a KMS is another implementation of [`KeyVault`]: the key never leaves it, and only bytes to sign go in.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use passport_shared::jose::{self, Algorithm, SIGNATURE_BYTES, TokenType};
use passport_shared::key_set::{KeyId, PublicKey};
use rand_core::CryptoRng;

use crate::file::{FileError, KeyDir};
use crate::signing_key::SigningKey;

/// Why a vault cannot do what was asked.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The files that keys are kept in.
    #[error(transparent)]
    File(#[from] FileError),
    /// A place that is no directory, such as a database. What it says never quotes a key.
    #[error("{place}: {source}")]
    Elsewhere {
        /// Where the key is, or should be.
        place: String,
        /// What went wrong there.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A place where secret keys live. It knows nothing of their states: which key signs is for the [`KeyRing`](crate::KeyRing) to say.
///
/// A vault is called from several threads at once, and may take its time: never from a thread that must not wait.
pub trait KeyVault: Send + Sync {
    /// Makes a fresh Ed25519 key and keeps it. When this returns, the key survives a crash. A place that
    /// makes its own randomness leaves `rng` alone.
    ///
    /// # Errors
    /// [`VaultError`] if it could not be kept; then there is no new key.
    fn create(&self, rng: &mut dyn CryptoRng) -> Result<PublicKey, VaultError>;

    /// The Ed25519 signature of key `id` over `bytes`.
    ///
    /// # Errors
    /// [`VaultError`] if the key is not here or cannot be used.
    fn sign(&self, id: &KeyId, bytes: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VaultError>;

    /// Destroys key `id`, which never signs again. A key that is not here is no error.
    ///
    /// # Errors
    /// [`VaultError`] if it could not be destroyed.
    fn forget(&self, id: &KeyId) -> Result<(), VaultError>;

    /// The names of all keys here, sorted.
    ///
    /// # Errors
    /// [`VaultError`] if they cannot be listed.
    fn holds(&self) -> Result<Vec<KeyId>, VaultError>;

    /// Whether key `id` signs in microseconds, without waiting for anything, now that it was used: then it may be asked
    /// from a thread that must not wait. `false` unless a place says otherwise.
    fn signs_at_once(&self, id: &KeyId) -> bool {
        let _ = id;
        false
    }
}

/// A token of this `kind` over `payload`, signed by key `id` where it lives: a compact JWS (RFC 7515).
///
/// # Errors
/// As [`KeyVault::sign`].
pub fn sign_token(vault: &dyn KeyVault, id: &KeyId, kind: TokenType, algorithm: Algorithm, payload: &[u8]) -> Result<String, VaultError> {
    let input = jose::signing_input(kind, algorithm, id, payload);
    let signature = vault.sign(id, input.as_bytes())?;
    Ok(jose::assemble(&input, &signature))
}

/// Keys in a directory. A key is read and unsealed when it first signs, then kept in memory until it is forgotten or the
/// vault is dropped, when it is wiped: a signature costs microseconds, not the tenth of a second that scrypt takes.
#[derive(Debug)]
pub struct FileVault {
    files: KeyDir,
    unsealed: RwLock<HashMap<KeyId, Arc<SigningKey>>>,
}

impl FileVault {
    /// The vault over this directory. No file is read yet.
    #[must_use]
    pub fn new(files: KeyDir) -> Self {
        Self { files, unsealed: RwLock::default() }
    }

    fn key(&self, id: &KeyId) -> Result<Arc<SigningKey>, VaultError> {
        // The map is whole at every moment, so a thread that panicked while it held the lock has broken nothing.
        if let Some(key) = self.unsealed.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Arc::clone(key));
        }
        // Held while unsealing, so that callers who come at once do not each pay for it, and none brings back a key
        // that is being forgotten.
        let mut unsealed = self.unsealed.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = unsealed.get(id) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(self.files.load(id)?);
        unsealed.insert(*id, Arc::clone(&key));
        Ok(key)
    }
}

impl KeyVault for FileVault {
    fn create(&self, rng: &mut dyn CryptoRng) -> Result<PublicKey, VaultError> {
        let key = SigningKey::generate(rng);
        self.files.store(&key, rng)?;
        let public = key.public().clone();
        self.unsealed.write().unwrap_or_else(PoisonError::into_inner).insert(public.id, Arc::new(key));
        Ok(public)
    }

    fn sign(&self, id: &KeyId, bytes: &[u8]) -> Result<[u8; SIGNATURE_BYTES], VaultError> {
        Ok(self.key(id)?.sign(bytes))
    }

    fn forget(&self, id: &KeyId) -> Result<(), VaultError> {
        let mut unsealed = self.unsealed.write().unwrap_or_else(PoisonError::into_inner);
        // Out of memory first: a file that cannot be removed must not leave a key that still signs here.
        unsealed.remove(id);
        Ok(self.files.remove(id)?)
    }

    fn holds(&self) -> Result<Vec<KeyId>, VaultError> {
        Ok(self.files.list()?)
    }

    fn signs_at_once(&self, id: &KeyId) -> bool {
        // Held for long by who unseals a key: then it waits.
        self.unsealed.try_read().is_ok_and(|unsealed| unsealed.contains_key(id))
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::jose::Compact;

    use super::*;
    use crate::{Passphrase, Protection};

    fn dir(above: &std::path::Path) -> KeyDir {
        KeyDir::open(above.join("keys"), Protection::Sealed(Passphrase::from_text("p").expect("one"))).expect("opened")
    }

    #[test]
    fn a_key_signs_where_it_lives_and_after_a_restart() {
        let above = tempfile::tempdir().expect("a directory");
        let vault: Box<dyn KeyVault> = Box::new(FileVault::new(dir(above.path())));
        let public = vault.create(&mut rand::rng()).expect("made");
        let token = sign_token(&*vault, &public.id, TokenType::Passport, Algorithm::EdDsa, b"{}").expect("signed");
        let read = Compact::split(token.as_bytes(), 8192).expect("compact");
        let key = ed25519_dalek::VerifyingKey::from_bytes(&public.bytes).expect("a point");
        key.verify_strict(read.signing_input, &ed25519_dalek::Signature::from_bytes(&read.signature)).expect("good");
        let again: Box<dyn KeyVault> = Box::new(FileVault::new(dir(above.path())));
        assert_eq!(again.holds().expect("listed"), [public.id]);
        assert_eq!(sign_token(&*again, &public.id, TokenType::Passport, Algorithm::EdDsa, b"{}").expect("signed"), token);
    }

    #[test]
    fn a_key_is_unsealed_once() {
        let above = tempfile::tempdir().expect("a directory");
        let public = FileVault::new(dir(above.path())).create(&mut rand::rng()).expect("made");
        let vault = FileVault::new(dir(above.path()));
        assert!(!vault.signs_at_once(&public.id), "it has to be unsealed first");
        let first = vault.sign(&public.id, b"x").expect("signed");
        assert!(vault.signs_at_once(&public.id));
        // With its file gone, it can only come from memory.
        dir(above.path()).remove(&public.id).expect("removed");
        assert_eq!(vault.sign(&public.id, b"x").expect("signed"), first);
    }

    #[test]
    fn a_forgotten_key_signs_no_more_and_others_do() {
        let above = tempfile::tempdir().expect("a directory");
        let vault = FileVault::new(dir(above.path()));
        let (gone, kept) = (vault.create(&mut rand::rng()).expect("made"), vault.create(&mut rand::rng()).expect("made"));
        for _ in 0..2 {
            vault.forget(&gone.id).expect("forgotten");
            assert!(matches!(vault.sign(&gone.id, b"x"), Err(VaultError::File(FileError::NotHeld { .. }))));
            assert_eq!(vault.holds().expect("listed"), [kept.id]);
        }
        assert!(vault.sign(&kept.id, b"x").is_ok());
    }

    #[test]
    fn many_threads_sign_at_once_with_a_key_that_is_still_sealed() {
        let above = tempfile::tempdir().expect("a directory");
        let public = FileVault::new(dir(above.path())).create(&mut rand::rng()).expect("made");
        let vault = FileVault::new(dir(above.path()));
        let signatures: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| vault.sign(&public.id, b"x").expect("signed"))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(signatures.iter().all(|signature| signature == &signatures[0]));
    }
}
