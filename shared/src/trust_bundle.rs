//! The trust bundle: everything a verifier needs to decide offline, in one document signed by the active key.

use serde::Serialize;

use crate::json::{self, Controls, Document, Value};
use crate::key_set::{KeyId, KeySet, KeySetError};
use crate::limits::{ENDORSEMENTS, STRING_BYTES, TIME_MAX};

/// The claims of a trust bundle, read. Whether they may be believed is for a verifier to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustBundleClaims {
    /// `iss`: the issuer's URL.
    pub issuer: String,
    /// `iat`: when this was so, in seconds since 1970.
    pub issued_at: i64,
    /// `exp`, in seconds since 1970.
    pub expires_at: i64,
    /// `seq`: rises with every change to keys or status.
    pub sequence: i64,
    /// `jwks`: the keys that may have signed a passport.
    pub keys: KeySet,
    /// `revokedKeys`: keys that signed once and are believed no more.
    pub revoked_keys: Vec<KeyId>,
    /// `statusLists`: status list tokens, each signed by itself.
    pub status_lists: Vec<String>,
    /// `endorsements`: what older keys say of the one that signed, for a verifier that missed a rotation.
    pub endorsements: Vec<String>,
}

/// Why a trust bundle cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustBundleError {
    /// Not sound JSON.
    #[error("the trust bundle is not sound JSON: {0}")]
    Json(#[from] json::Fault),
    /// A claim is missing or malformed.
    #[error("the trust bundle's `{0}` is missing or malformed")]
    Claim(&'static str),
    /// The keys in it are refused.
    #[error("the trust bundle's keys are refused: {0}")]
    Keys(#[from] KeySetError),
}

impl TrustBundleClaims {
    /// Reads the claims from a token's payload.
    pub fn read(payload: &[u8]) -> Result<Self, TrustBundleError> {
        use TrustBundleError::Claim;
        let document = Document::read(payload, Controls::Refused)?;
        let root = document.root();
        let issuer = root.get("iss").and_then(Value::as_str).filter(|text| (1..=STRING_BYTES).contains(&text.len())).ok_or(Claim("iss"))?;
        let whole = |name: &'static str| root.get(name).and_then(|value| value.as_integer(TIME_MAX)).ok_or(Claim(name));
        let texts = |name: &'static str| -> Result<Vec<&str>, TrustBundleError> {
            let items = root.get(name).and_then(Value::items).ok_or(Claim(name))?;
            items.map(|item| item.as_str().ok_or(Claim(name))).collect()
        };
        let keys = KeySet::from_value(root.get("jwks").ok_or(Claim("jwks"))?)?;
        // Trust in nothing could be followed by anything.
        if keys.keys.is_empty() {
            return Err(Claim("jwks"));
        }
        let endorsements = match root.get("endorsements") {
            Some(_) => texts("endorsements")?,
            None => Vec::new(),
        };
        if endorsements.len() > ENDORSEMENTS {
            return Err(Claim("endorsements"));
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            issued_at: whole("iat")?,
            expires_at: whole("exp")?,
            sequence: whole("seq")?,
            keys,
            revoked_keys: texts("revokedKeys")?.into_iter().map(str::parse).collect::<Result<_, _>>()?,
            status_lists: texts("statusLists")?.into_iter().map(str::to_owned).collect(),
            endorsements: endorsements.into_iter().map(str::to_owned).collect(),
        })
    }
}

/// The claims of a trust bundle about to be signed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTrustBundleClaims<'a> {
    /// The issuer's URL.
    #[serde(rename = "iss")]
    pub issuer: &'a str,
    /// In seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// In seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: i64,
    /// Rises with every change to keys or status.
    #[serde(rename = "seq")]
    pub sequence: i64,
    /// The keys that are published.
    pub jwks: &'a KeySet,
    /// The keys that are believed no more.
    pub revoked_keys: &'a [KeyId],
    /// Status list tokens.
    pub status_lists: &'a [String],
    /// Key endorsement tokens.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub endorsements: &'a [String],
}

/// The claims of a key endorsement: the key that signs this says that `key_id` is the issuer's too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndorsementClaims {
    /// `iss`: the issuer's URL.
    #[serde(rename = "iss")]
    pub issuer: String,
    /// `sub`: the thumbprint of the key that is endorsed.
    #[serde(rename = "sub")]
    pub key_id: String,
    /// `iat`, in seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// `exp`, in seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: i64,
}

impl EndorsementClaims {
    /// Reads the claims from a token's payload.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let document = Document::read(payload, Controls::Refused).ok()?;
        let text = |name: &str| document.root().get(name).and_then(Value::as_str).map(str::to_owned);
        let time = |name: &str| document.root().get(name).and_then(|value| value.as_integer(TIME_MAX));
        Some(Self { issuer: text("iss")?, key_id: text("sub")?, issued_at: time("iat")?, expires_at: time("exp")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_set::PublicKey;

    #[test]
    fn claims_are_written_and_read_back_whole() {
        let jwks = KeySet { keys: vec![PublicKey::new([7; 32])] };
        let revoked = [KeyId::of(&[9; 32])];
        let lists = ["a.b.c".to_owned()];
        let claims = NewTrustBundleClaims {
            issuer: "https://issuer.example",
            issued_at: 5,
            expires_at: 9,
            sequence: 3,
            jwks: &jwks,
            revoked_keys: &revoked,
            status_lists: &lists,
            endorsements: &lists,
        };
        let json = serde_json::to_string(&claims).expect("json");
        let read = TrustBundleClaims::read(json.as_bytes()).expect("claims");
        assert_eq!(
            (read.sequence, &read.keys, read.revoked_keys.as_slice(), read.status_lists.as_slice()),
            (3, &jwks, &revoked[..], &lists[..])
        );
        for name in ["iss", "iat", "exp", "seq", "jwks", "revokedKeys", "statusLists"] {
            let without = json.replacen(&format!("\"{name}\""), "\"other\"", 1);
            assert!(TrustBundleClaims::read(without.as_bytes()).is_err(), "{name} is needed");
        }
        assert_eq!(read.endorsements, lists);
        let none = TrustBundleClaims::read(json.replacen("\"endorsements\"", "\"other\"", 1).as_bytes()).expect("they may be left out");
        assert!(none.endorsements.is_empty());
    }
}
