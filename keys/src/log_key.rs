//! The key of the audit log: it signs checkpoints and receipts and nothing else, and no key of passports signs one.

use std::fmt;
use std::sync::Arc;

use passport_shared::jose::{Algorithm, TokenType};
use passport_shared::key_set::KeyId;
use passport_shared::log::checkpoint::Checkpoint;
use passport_shared::log::note::{self, KeyError, VerifierKey};
use passport_shared::text::quote;
use rand_core::CryptoRng;

use crate::vault::{KeyVault, VaultError, sign_token};

/// A log's key where it lives, and the name that it signs under.
///
/// It may lie in the vault of the keys of passports; a [`KeyRing`](crate::KeyRing) never has it among them, and no key set
/// publishes it. A checkpoint has three lines, and what is signed for a token has no line feed at all, so that neither is ever
/// good for the other.
///
/// ```
/// use std::sync::Arc;
///
/// use passport_keys::{FileVault, KeyDir, LogKey, Protection};
/// use passport_shared::log::checkpoint::Checkpoint;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let directory = directory.path().join("log-key");
/// let vault = Arc::new(FileVault::new(KeyDir::open(directory, Protection::PlainForDevelopment)?));
/// let key = LogKey::create(vault.clone(), "issuer.example/log", &mut rand::rng())?;
/// let note = key.sign(&Checkpoint::new("issuer.example/log", 1, [7; 32])?)?;
/// assert!(note.starts_with("issuer.example/log\n1\n"));
///
/// // The verifier key is what is kept, and what monitors are told.
/// let again = LogKey::new(vault, key.verifier_key().clone());
/// assert_eq!(again.sign(&Checkpoint::new("issuer.example/log", 1, [7; 32])?)?, note);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct LogKey {
    vault: Arc<dyn KeyVault>,
    id: KeyId,
    public: VerifierKey,
}

/// Why a log's key cannot be made or cannot sign.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum LogKeyError {
    /// The name cannot stand in a note.
    #[error(transparent)]
    Name(#[from] KeyError),
    /// The place where the key lives.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The checkpoint is another log's.
    #[error("the key of the log {} does not sign a checkpoint of {}", quote(key), quote(origin))]
    OtherLog {
        /// The key's name.
        key: String,
        /// The log that the checkpoint names.
        origin: String,
    },
}

impl LogKey {
    /// Makes a fresh key for the log `origin` and keeps it in `vault`.
    ///
    /// # Errors
    /// [`LogKeyError`] if a note cannot carry the name, or the key could not be kept.
    pub fn create(vault: Arc<dyn KeyVault>, origin: &str, rng: &mut dyn CryptoRng) -> Result<Self, LogKeyError> {
        // Before there is a key: one whose name is refused would be left behind.
        VerifierKey::new(origin, [0; 32])?;
        let public = vault.create(rng)?;
        Ok(Self { vault, id: public.id, public: VerifierKey::new(origin, public.bytes)? })
    }

    /// The key that `vault` holds for this verifier key. Nothing is looked at before it signs.
    #[must_use]
    pub fn new(vault: Arc<dyn KeyVault>, public: VerifierKey) -> Self {
        Self { vault, id: KeyId::of(public.key()), public }
    }

    /// What its notes are checked with.
    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.public
    }

    /// The signed note of a checkpoint. The caller sees to it that each continues the one before: what was signed once stays
    /// true of the log for ever.
    ///
    /// # Errors
    /// [`LogKeyError::OtherLog`], or as [`KeyVault::sign`].
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<String, LogKeyError> {
        if checkpoint.origin() != self.public.name() {
            return Err(LogKeyError::OtherLog { key: self.public.name().to_owned(), origin: checkpoint.origin().to_owned() });
        }
        let text = checkpoint.text();
        let signature = self.vault.sign(&self.id, text.as_bytes())?;
        Ok(note::assemble(&text, &self.public, &signature))
    }
}

impl LogKey {
    /// The receipt with this payload: a compact JWS of the type `passport-receipt+jwt`.
    ///
    /// # Errors
    /// As [`KeyVault::sign`].
    pub fn sign_receipt(&self, algorithm: Algorithm, payload: &[u8]) -> Result<String, LogKeyError> {
        Ok(sign_token(&*self.vault, &self.id, TokenType::Receipt, algorithm, payload)?)
    }

    /// As [`KeyVault::signs_at_once`].
    #[must_use]
    pub fn signs_at_once(&self) -> bool {
        self.vault.signs_at_once(&self.id)
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogKey").field("public", &self.public.to_string()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::log::note::Note;

    use super::*;
    use crate::{FileError, FileVault, KeyDir, Protection, SigningKey};

    fn vault(above: &std::path::Path) -> Arc<FileVault> {
        Arc::new(FileVault::new(KeyDir::open(above.join("log-key"), Protection::PlainForDevelopment).expect("opened")))
    }

    fn holds(key: &[u8; 32], text: &[u8], signature: &[u8; 64]) -> bool {
        let key = ed25519_dalek::VerifyingKey::from_bytes(key).expect("a point");
        key.verify_strict(text, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }

    #[test]
    fn a_checkpoint_is_signed_by_the_logs_key_and_holds_after_a_restart() {
        let above = tempfile::tempdir().expect("a directory");
        let key = LogKey::create(vault(above.path()), "issuer.example/log", &mut rand::rng()).expect("made");
        let checkpoint = Checkpoint::new("issuer.example/log", 3, [5; 32]).expect("sound");
        let note = key.sign(&checkpoint).expect("signed");
        let opened = Note::parse(note.as_bytes()).expect("a note");
        assert_eq!(opened.open(key.verifier_key(), holds), Ok(checkpoint.text().as_str()));
        let kept = VerifierKey::parse(&key.verifier_key().to_string()).expect("as written");
        assert_eq!(LogKey::new(vault(above.path()), kept).sign(&checkpoint).expect("signed"), note);
    }

    #[test]
    fn a_log_key_signs_for_its_own_log_alone_and_leaves_no_key_for_a_name_that_is_refused() {
        let above = tempfile::tempdir().expect("a directory");
        let vault = vault(above.path());
        assert!(matches!(LogKey::create(vault.clone(), "two words", &mut rand::rng()), Err(LogKeyError::Name(_))));
        assert!(vault.holds().expect("listed").is_empty());
        let key = LogKey::create(vault.clone(), "issuer.example/log", &mut rand::rng()).expect("made");
        let other = Checkpoint::new("another.example/log", 3, [5; 32]).expect("sound");
        assert!(matches!(key.sign(&other), Err(LogKeyError::OtherLog { .. })));
        let absent = VerifierKey::new("another.example/log", SigningKey::generate(&mut rand::rng()).public().bytes).expect("a name");
        let refused = LogKey::new(vault, absent).sign(&other);
        assert!(matches!(refused, Err(LogKeyError::Vault(VaultError::File(FileError::NotHeld { .. })))));
    }
}
