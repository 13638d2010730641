//! A mint for tests: keys that are the same in every run, tokens of any content, and trust to check them with.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use passport_keys::{FileVault, KeyDir, LogKey, Protection, SigningKey};
use passport_shared::jose::{self, Algorithm, TokenType};
use passport_shared::key_set::{KeyId, KeySet};
use passport_shared::status_list::StatusList;
use passport_shared::trust_bundle::NewTrustBundleClaims;
use passport_verifier::Trust;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};

use crate::generate::ISSUER;

/// Randomness that is none: the same for the same label, so that vectors can be made again to the byte.
struct Labelled {
    label: String,
    counter: u64,
}

impl TryRng for Labelled {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(32) {
            let block = Sha256::digest(format!("{} {}", self.label, self.counter));
            self.counter += 1;
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Labelled {}

/// The test key of this name. Anybody can make it, so nobody may trust it.
pub fn key(label: &str) -> SigningKey {
    SigningKey::generate(&mut Labelled { label: format!("passport tests, not secret: {label}"), counter: 0 })
}

/// The test key of the log `origin`, kept in a folder of its own below `folder`.
pub fn log_key(folder: &Path, origin: &str) -> LogKey {
    let files = KeyDir::open(folder.join("log-key"), Protection::PlainForDevelopment).expect("a folder for the key");
    let mut rng = Labelled { label: format!("passport tests, not secret: log {origin}"), counter: 0 };
    LogKey::create(Arc::new(FileVault::new(files)), origin, &mut rng).expect("a key")
}

/// A passport token with these claims.
pub fn passport(key: &SigningKey, claims: &str) -> String {
    key.sign_token(TokenType::Passport, Algorithm::EdDsa, claims.as_bytes())
}

/// A token with any header and payload, signed all the same.
pub fn raw(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", jose::encode(header), jose::encode(payload));
    jose::assemble(&input, &key.sign(input.as_bytes()))
}

/// The header that a passport of `kid` has.
pub fn header(kid: &KeyId) -> String {
    format!(r#"{{"alg":"EdDSA","typ":"passport+jwt","kid":"{kid}"}}"#)
}

/// A JWK set of these keys.
pub fn jwks(keys: &[&SigningKey]) -> String {
    let set = KeySet { keys: keys.iter().map(|key| key.public().clone()).collect() };
    serde_json::to_string(&set).expect("json")
}

/// A status list token of `uri`, as of `issued_at`.
pub fn status_list(key: &SigningKey, uri: &str, list: &StatusList, issued_at: i64) -> String {
    let lst = list.encode();
    let claims = format!(r#"{{"sub":"{uri}","iat":{issued_at},"ttl":300,"status_list":{{"bits":1,"lst":"{lst}"}}}}"#);
    key.sign_token(TokenType::StatusList, Algorithm::EdDsa, claims.as_bytes())
}

/// A trust bundle, to be changed where a test wants it otherwise.
pub struct Bundle<'a> {
    /// The key that signs it.
    pub signer: &'a SigningKey,
    /// The keys in it.
    pub keys: Vec<&'a SigningKey>,
    /// The keys that it calls revoked.
    pub revoked: Vec<&'a SigningKey>,
    /// Its status list tokens.
    pub lists: Vec<String>,
    /// Its issuer.
    pub issuer: &'a str,
    /// Its `iat`.
    pub issued_at: i64,
    /// Its `exp`.
    pub expires_at: i64,
    /// Its `seq`.
    pub sequence: i64,
}

impl<'a> Bundle<'a> {
    /// A bundle with one key, nothing revoked and no list, that never ends.
    pub fn of(signer: &'a SigningKey) -> Self {
        let expires_at = passport_shared::limits::TIME_MAX;
        Self { signer, keys: vec![signer], revoked: vec![], lists: vec![], issuer: ISSUER, issued_at: 0, expires_at, sequence: 1 }
    }

    /// The token.
    pub fn token(&self) -> String {
        let jwks = KeySet { keys: self.keys.iter().map(|key| key.public().clone()).collect() };
        let revoked: Vec<KeyId> = self.revoked.iter().map(|key| *key.id()).collect();
        let claims = NewTrustBundleClaims {
            issuer: self.issuer,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            sequence: self.sequence,
            jwks: &jwks,
            revoked_keys: &revoked,
            status_lists: &self.lists,
            endorsements: &[],
        };
        self.signer.sign_token(TokenType::TrustBundle, Algorithm::EdDsa, &serde_json::to_vec(&claims).expect("json"))
    }

    /// The trust that it makes.
    pub fn trust(&self) -> Trust {
        Trust::from_bundle(self.token().as_bytes(), 0).expect("a sound bundle")
    }
}
