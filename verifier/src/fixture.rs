//! What the tests of several files use: a key, tokens of any content, and trust.

use passport_keys::SigningKey;
use passport_shared::jose::{Algorithm, TokenType};
use passport_shared::key_set::{KeyId, KeySet};
use passport_shared::status_list::StatusList;
use passport_shared::trust_bundle::{EndorsementClaims, NewTrustBundleClaims};

pub(crate) const NOW: i64 = 1_700_000_100;
pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "https://shop.example";
pub(crate) const LIST: &str = "https://issuer.example/v1/status/1";

pub(crate) fn key() -> SigningKey {
    SigningKey::generate(&mut rand::rng())
}

/// Sound claims, with a status at `index` where there is one.
pub(crate) fn claims(index: Option<u64>) -> String {
    let status = index.map(|index| format!(r#","status":{{"status_list":{{"idx":{index},"uri":"{LIST}"}}}}"#)).unwrap_or_default();
    format!(
        r#"{{"iss":"{ISSUER}","sub":"agent","aud":["{AUDIENCE}"],"iat":1700000000,"exp":1700003600,"jti":"pp_1"{status},"authorization_details":[{{"type":"permission_passport","resource":"commerce","allowedActions":["purchase"]}}]}}"#
    )
}

pub(crate) fn passport(key: &SigningKey, claims: &str) -> String {
    key.sign_token(TokenType::Passport, Algorithm::EdDsa, claims.as_bytes())
}

pub(crate) fn jwks(keys: &[&SigningKey]) -> Vec<u8> {
    serde_json::to_vec(&KeySet { keys: keys.iter().map(|key| key.public().clone()).collect() }).expect("json")
}

/// A status list of 64 entries as of `issued_at`.
pub(crate) fn list(key: &SigningKey, revoked: &[u64], issued_at: i64) -> String {
    let lst = StatusList::new(64, revoked.iter().copied()).encode();
    let claims = format!(r#"{{"sub":"{LIST}","iat":{issued_at},"status_list":{{"bits":1,"lst":"{lst}"}}}}"#);
    key.sign_token(TokenType::StatusList, Algorithm::EdDsa, claims.as_bytes())
}

/// The word of `by` for `key`, for a day.
pub(crate) fn endorsement(by: &SigningKey, key: &SigningKey, issuer: &str, issued_at: i64) -> String {
    let claims = EndorsementClaims { issuer: issuer.to_owned(), key_id: key.id().to_string(), issued_at, expires_at: issued_at + 86_400 };
    by.sign_token(TokenType::KeyEndorsement, Algorithm::EdDsa, &serde_json::to_vec(&claims).expect("json"))
}

/// A trust bundle as of `issued_at`, for a day.
pub(crate) fn bundle(
    signer: &SigningKey,
    keys: &[&SigningKey],
    revoked: &[&SigningKey],
    lists: &[String],
    sequence: i64,
    issued_at: i64,
) -> String {
    endorsed_bundle(signer, keys, revoked, lists, sequence, issued_at, &[])
}

/// A trust bundle with the endorsements of older keys.
pub(crate) fn endorsed_bundle(
    signer: &SigningKey,
    keys: &[&SigningKey],
    revoked: &[&SigningKey],
    lists: &[String],
    sequence: i64,
    issued_at: i64,
    endorsements: &[String],
) -> String {
    let jwks = KeySet { keys: keys.iter().map(|key| key.public().clone()).collect() };
    let revoked: Vec<KeyId> = revoked.iter().map(|key| *key.id()).collect();
    let claims = NewTrustBundleClaims {
        issuer: ISSUER,
        issued_at,
        expires_at: issued_at + 86_400,
        sequence,
        jwks: &jwks,
        revoked_keys: &revoked,
        status_lists: lists,
        endorsements,
    };
    signer.sign_token(TokenType::TrustBundle, Algorithm::EdDsa, &serde_json::to_vec(&claims).expect("json"))
}
