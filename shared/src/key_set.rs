//! Public keys on the wire: JWK sets (RFC 7517) of OKP Ed25519 keys (RFC 8037), named by their thumbprint (RFC 7638).

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::jose;
use crate::json::{Controls, Document, Fault, Value};
use crate::limits::{KEY_SET_BYTES, KEYS};
use crate::text::quote;

/// The bytes of an Ed25519 public key.
pub type PublicKeyBytes = [u8; 32];

/// The RFC 7638 SHA-256 thumbprint of a public key: 43 characters of base64url. The only name that a key has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyId([u8; KeyId::CHARS]);

impl KeyId {
    /// Characters of base64url for 32 bytes.
    const CHARS: usize = 43;

    /// The thumbprint of an OKP Ed25519 key with these bytes.
    #[must_use]
    pub fn of(key: &PublicKeyBytes) -> Self {
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, jose::encode(key));
        let mut text = [0; Self::CHARS];
        for (to, from) in text.iter_mut().zip(jose::encode(Sha256::digest(canonical)).bytes()) {
            *to = from;
        }
        Self(text)
    }

    /// The 43 characters, as bytes.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The 43 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ever made of base64url's letters.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl Serialize for KeyId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl TryFrom<String> for KeyId {
    type Error = KeySetError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digest = jose::decode(&text).filter(|digest| digest.len() == 32);
        match (digest, text.as_bytes().try_into()) {
            (Some(_), Ok(characters)) => Ok(Self(characters)),
            _ => Err(KeySetError::NotAThumbprint { text }),
        }
    }
}

impl std::str::FromStr for KeyId {
    type Err = KeySetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

/// Why a JWK set is refused. It is read whole: one bad key refuses the set.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Longer than the bound.
    #[error("the key set has {bytes} bytes, more than the {KEY_SET_BYTES} that are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not sound JSON.
    #[error("the key set is not sound JSON: {0}")]
    Json(#[from] Fault),
    /// No array `keys`, or something in it that is not a JWK.
    #[error("the key set is not a JWK set (RFC 7517): {0}")]
    NotAKeySet(&'static str),
    /// More keys than the bound.
    #[error("the key set has more than the {KEYS} keys that are accepted")]
    TooMany,
    /// An Ed25519 key without a usable `x`.
    #[error("key {index} of the set is not a 32-byte Ed25519 public key")]
    BadKey {
        /// Where it stands in `keys`, from 0.
        index: usize,
    },
    /// A `kid` that does not name its key.
    #[error("key {index} of the set has a `kid` that is not its RFC 7638 thumbprint, {thumbprint}")]
    KidMismatch {
        /// Where it stands in `keys`, from 0.
        index: usize,
        /// What the `kid` should be.
        thumbprint: KeyId,
    },
    /// A key that stands twice.
    #[error("key {kid} stands twice in the set")]
    Duplicate {
        /// Its name.
        kid: KeyId,
    },
    /// A text that cannot be the name of a key.
    #[error("{} is not a key's thumbprint: 43 characters of base64url are", quote(text))]
    NotAThumbprint {
        /// What was given.
        text: String,
    },
}

/// One public key with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its thumbprint.
    pub id: KeyId,
    /// Its bytes. Whether they are a point that may be trusted is for the verifier to say.
    pub bytes: PublicKeyBytes,
}

impl PublicKey {
    /// The key with these bytes.
    #[must_use]
    pub fn new(bytes: PublicKeyBytes) -> Self {
        Self { id: KeyId::of(&bytes), bytes }
    }
}

/// A JWK as published: exactly what PyJWT, jose and others need, and nothing that they stumble on.
#[derive(Serialize)]
struct Jwk<'a> {
    kty: &'static str,
    crv: &'static str,
    x: String,
    kid: &'a KeyId,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Jwk { kty: "OKP", crv: "Ed25519", x: jose::encode(self.bytes), kid: &self.id, usage: "sig", alg: jose::Algorithm::EdDsa.name() }
            .serialize(serializer)
    }
}

/// A set of public keys, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeySet {
    /// The keys in the order written.
    pub keys: Vec<PublicKey>,
}

impl KeySet {
    /// Reads a JWK set. Keys that are not OKP Ed25519 keys for signing are passed over; a key that is one and is
    /// wrong refuses the set.
    pub fn parse(json: &[u8]) -> Result<Self, KeySetError> {
        if json.len() > KEY_SET_BYTES {
            return Err(KeySetError::TooLong { bytes: json.len() });
        }
        let document = Document::read(json, Controls::Refused)?;
        Self::from_value(document.root())
    }

    /// Reads a JWK set that stands inside another document.
    pub fn from_value(value: Value<'_>) -> Result<Self, KeySetError> {
        let items = value.get("keys").and_then(Value::items).ok_or(KeySetError::NotAKeySet("it has no array `keys`"))?;
        if items.clone().nth(KEYS).is_some() {
            return Err(KeySetError::TooMany);
        }
        let mut keys: Vec<PublicKey> = Vec::new();
        let mut seen = HashSet::new();
        for (index, jwk) in items.enumerate() {
            let Some(key) = read_key(index, jwk)? else { continue };
            if !seen.insert(key.id) {
                return Err(KeySetError::Duplicate { kid: key.id });
            }
            keys.push(key);
        }
        Ok(Self { keys })
    }
}

fn read_key(index: usize, jwk: Value<'_>) -> Result<Option<PublicKey>, KeySetError> {
    if jwk.members().is_none() {
        return Err(KeySetError::NotAKeySet("something in `keys` is not an object"));
    }
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let says_otherwise =
        |name: &str, wanted: &[&str]| jwk.get(name).is_some_and(|value| !value.as_str().is_some_and(|text| wanted.contains(&text)));
    if text("kty") != Some("OKP")
        || text("crv") != Some("Ed25519")
        || says_otherwise("use", &["sig"])
        || says_otherwise("alg", &["EdDSA", "Ed25519"])
    {
        return Ok(None);
    }
    if let Some(operations) = jwk.get("key_ops")
        && !operations.items().is_some_and(|mut items| items.any(|item| item.as_str() == Some("verify")))
    {
        return Ok(None);
    }
    let bytes = text("x").and_then(jose::decode).and_then(|x| PublicKeyBytes::try_from(x).ok()).ok_or(KeySetError::BadKey { index })?;
    let key = PublicKey::new(bytes);
    // A key without a name is still named by its thumbprint; a wrong name is a lie or a mistake.
    match jwk.get("kid") {
        Some(kid) if kid.as_str() != Some(key.id.as_str()) => Err(KeySetError::KidMismatch { index, thumbprint: key.id }),
        _ => Ok(Some(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.2 and A.3.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    fn parse(json: &str) -> Result<KeySet, KeySetError> {
        KeySet::parse(json.as_bytes())
    }

    #[test]
    fn a_thumbprint_is_that_of_rfc_8037() {
        let bytes = jose::decode(X).and_then(|x| PublicKeyBytes::try_from(x).ok()).expect("32 bytes");
        assert_eq!(KeyId::of(&bytes).as_str(), THUMBPRINT);
    }

    #[test]
    fn a_set_is_read_whole_or_refused() {
        let key = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","kid":"{THUMBPRINT}","use":"sig","alg":"EdDSA"}}"#);
        let set = parse(&format!(r#"{{"keys":[{key},{{"kty":"RSA","n":"x"}},{{"kty":"OKP","crv":"X25519","x":"x"}}]}}"#)).expect("a set");
        assert_eq!(set.keys.len(), 1);
        assert_eq!(parse(&serde_json::to_string(&set).expect("json")), Ok(set));
        assert!(matches!(parse(&format!(r#"{{"keys":[{key},{key}]}}"#)), Err(KeySetError::Duplicate { .. })));
        assert!(matches!(
            parse(&format!(r#"{{"keys":[{}]}}"#, key.replace(THUMBPRINT, "mine"))),
            Err(KeySetError::KidMismatch { index: 0, .. })
        ));
        assert!(matches!(parse(&format!(r#"{{"keys":[{}]}}"#, key.replace(X, "AAAA"))), Err(KeySetError::BadKey { index: 0 })));
        assert!(matches!(parse(r#"{"keys":{}}"#), Err(KeySetError::NotAKeySet(_))));
        assert!(matches!(parse(r#"{"keys":[5]}"#), Err(KeySetError::NotAKeySet(_))));
        assert!(matches!(parse(r#"{"keys":[],"keys":[]}"#), Err(KeySetError::Json(_))));
    }

    #[test]
    fn a_key_for_something_else_is_passed_over() {
        let key = |more: &str| format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{X}"{more}}}]}}"#);
        assert_eq!(parse(&key("")).expect("a set").keys.len(), 1);
        for more in [r#","use":"enc""#, r#","alg":"ES256""#, r#","key_ops":["sign"]"#, r#","use":5"#] {
            assert_eq!(parse(&key(more)).expect(more).keys.len(), 0, "{more}");
        }
        assert_eq!(parse(&key(r#","key_ops":["verify"]"#)).expect("a set").keys.len(), 1);
    }

    #[test]
    fn a_private_part_is_never_kept() {
        let set =
            parse(&format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{X}","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}}]}}"#))
                .expect("a set");
        assert!(!serde_json::to_string(&set).expect("json").contains("nWGx"));
    }
}
