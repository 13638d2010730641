//! Secret keys and their life: generate, seal, rotate, sign (contract section 4).
//!
//! Two things are kept apart. A [`KeyVault`] holds secret keys and signs with them; the [`KeyRing`] says, from public halves
//! alone, which key signs, which are published and which are revoked. The ring is pure: it is told the time,
//! and each change gives a new ring. Randomness comes from the caller, as a [`CryptoRng`].
//!
//! Nothing here can verify a passport, and no verifier depends on this crate. No `Debug`, no message and no error shows a secret.
//!
//! ```
//! use passport_keys::{FileVault, KeyDir, KeyRing, KeyVault as _, Passphrase, Protection, sign_token};
//! use passport_shared::jose::{Algorithm, TokenType};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let directory = directory.path().join("keys");
//! # let (mut rng, now) = (rand::rng(), 1_780_099_200);
//! let passphrase = Passphrase::from_text("correct horse battery staple")?;
//! let vault = FileVault::new(KeyDir::open(directory, Protection::Sealed(passphrase))?);
//!
//! // The first two keys: one signs, one is published ahead of its turn.
//! let ring = KeyRing::default().bootstrap(vault.create(&mut rng)?, vault.create(&mut rng)?, now)?;
//! let signing = ring.signing().ok_or("no key signs")?;
//! let token = sign_token(&vault, signing.id(), TokenType::Passport, Algorithm::EdDsa, br#"{"sub":"ollie"}"#)?;
//! assert_eq!(token.split('.').count(), 3);
//!
//! // A day later the next key takes over; the old one stays published while its passports live.
//! let ring = ring.rotate(vault.create(&mut rng)?, Some(now + 3_600), now + 86_400)?;
//! assert_eq!(ring.key_set(now + 86_400).keys.len(), 3);
//! # Ok(())
//! # }
//! ```

mod file;
mod log_key;
mod passphrase;
mod pem;
mod pkcs11;
mod ring;
mod rotation;
mod schedule;
mod seal;
mod signing_key;
mod state;
#[cfg(test)]
mod testing;
mod vault;

pub use file::{FileError, KeyDir, Protection, read_passphrase_file};
pub use log_key::{LogKey, LogKeyError};
pub use passphrase::{Passphrase, PassphraseError};
pub use pem::{from_plain_pem, public_pem, to_plain_pem};
pub use pkcs11::{Pkcs11Settings, Pkcs11Vault};
pub use rand_core::CryptoRng;
pub use ring::{KeyRing, RingError};
pub use rotation::PUBLISHED_AFTER_EXPIRY;
pub use seal::{SealError, seal, unseal};
pub use signing_key::SigningKey;
pub use state::{KeyRecord, KeyState, UnknownKeyState};
pub use vault::{FileVault, KeyVault, VaultError, sign_token};
