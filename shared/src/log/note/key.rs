//! The public half of a note's key, and its name.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::ID_BYTES;
use crate::key_set::PublicKeyBytes;
use crate::limits::STRING_BYTES;

/// The signature type for Ed25519.
const ED25519: u8 = 1;

/// What a note is checked with: a name, and an Ed25519 public key. As text it is `<name>+<id in hex>+<Base64 of the type and
/// the key>`, which is how monitors and witnesses are told of a log.
///
/// ```
/// use passport_shared::log::note::VerifierKey;
///
/// let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
/// let key = VerifierKey::parse(text)?;
/// assert_eq!((key.name(), key.to_string().as_str()), ("PeterNeumann", text));
/// # Ok::<(), passport_shared::log::note::KeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: PublicKeyBytes,
    id: [u8; ID_BYTES],
}

/// Why a text is no verifier key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name cannot stand in a note.
    #[error("a log key's name has 1 to 256 bytes and no space, no `+` and no control character; name it like `example.com/log`")]
    Name,
    /// Not three parts, or one of them not as it should be.
    #[error("it is no verifier key: it should be `NAME+ID+BASE64`, as the log's owner gives it")]
    Malformed,
    /// Another kind of signature.
    #[error("the key is for signatures of type {0}, and those that are checked are Ed25519, type 1")]
    OtherType(u8),
    /// The id is not that of this name and key.
    #[error("the id in the verifier key is not that of its name and key: copy it again, whole")]
    OtherId,
}

impl VerifierKey {
    /// The key of this name.
    ///
    /// # Errors
    /// [`KeyError::Name`] if a note cannot carry the name.
    pub fn new(name: impl Into<String>, key: PublicKeyBytes) -> Result<Self, KeyError> {
        let name = name.into();
        if !is_name(&name) {
            return Err(KeyError::Name);
        }
        let hash: [u8; 32] = Sha256::new().chain_update(&name).chain_update([b'\n', ED25519]).chain_update(key).finalize().into();
        let [a, b, c, d, ..] = hash;
        Ok(Self { name, key, id: [a, b, c, d] })
    }

    /// Reads what `Display` writes.
    ///
    /// # Errors
    /// [`KeyError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        // The Base64 may have a plus of its own, the name may not.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Malformed)?;
        let (kind, key) = bytes.split_first().ok_or(KeyError::Malformed)?;
        if *kind != ED25519 {
            return Err(KeyError::OtherType(*kind));
        }
        let key = Self::new(name, key.try_into().map_err(|_| KeyError::Malformed)?)?;
        if id == key.id_hex() { Ok(key) } else { Err(KeyError::OtherId) }
    }

    /// Its name: for a log's key the origin of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Ed25519 public key. Whether it is a point, and one fit to be trusted, is for who checks with it to see.
    #[must_use]
    pub fn key(&self) -> &PublicKeyBytes {
        &self.key
    }

    /// The first four bytes of SHA-256 over the name, a line feed, the type and the key. It finds a key, and proves nothing.
    #[must_use]
    pub fn id(&self) -> &[u8; ID_BYTES] {
        &self.id
    }

    fn id_hex(&self) -> String {
        format!("{:08x}", u32::from_be_bytes(self.id))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([[ED25519].as_slice(), &self.key].concat());
        write!(f, "{}+{}+{key}", self.name, self.id_hex())
    }
}

/// Whether a note can carry this name.
pub(super) fn is_name(name: &str) -> bool {
    (1..=STRING_BYTES).contains(&name.len()) && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}
