//! One secret key: it signs, and shows nothing of itself but its name.

use std::fmt;

use ed25519_dalek::Signer as _;
use passport_shared::jose::{self, Algorithm, SIGNATURE_BYTES, TokenType};
use passport_shared::key_set::{KeyId, PublicKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Bytes of the secret seed of an Ed25519 key (RFC 8032, section 5.1.5).
pub(crate) const SEED_BYTES: usize = 32;

/// An Ed25519 secret key (RFC 8032) with its public half.
///
/// It cannot be copied or serialized, its `Debug` shows the thumbprint alone, and its memory is wiped when it is
/// dropped. The one way out is [`seal`](crate::seal()), or [`to_plain_pem`](crate::to_plain_pem) in development.
///
/// ```compile_fail
/// fn copied<T: Clone>() {}
/// copied::<passport_keys::SigningKey>();
/// ```
///
/// ```compile_fail
/// fn written<T: serde::Serialize>() {}
/// written::<passport_keys::SigningKey>();
/// ```
pub struct SigningKey {
    // Boxed, so that moving the key about does not leave copies of the secret behind.
    secret: Box<ed25519_dalek::SigningKey>,
    public: PublicKey,
}

impl SigningKey {
    /// A fresh key, its 32 secret bytes drawn from `rng`.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        rng.fill_bytes(seed.as_mut());
        Self::from_seed(&seed)
    }

    /// The key with this seed.
    pub(crate) fn from_seed(seed: &[u8; SEED_BYTES]) -> Self {
        let secret = Box::new(ed25519_dalek::SigningKey::from_bytes(seed));
        let public = PublicKey::new(secret.verifying_key().to_bytes());
        Self { secret, public }
    }

    /// The secret bytes, for what writes a key file.
    pub(crate) fn seed(&self) -> &[u8; SEED_BYTES] {
        self.secret.as_bytes()
    }

    /// Its name: the RFC 7638 thumbprint of the public half.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.public.id
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The Ed25519 signature over `bytes` (RFC 8032, section 5.1.6). The same bytes always give the same signature.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.secret.sign(bytes).to_bytes()
    }

    /// A signed token of this `kind` over `payload`, as a compact JWS (RFC 7515) with this key's `kid`.
    #[must_use]
    pub fn sign_token(&self, kind: TokenType, algorithm: Algorithm, payload: &[u8]) -> String {
        let input = jose::signing_input(kind, algorithm, self.id(), payload);
        jose::assemble(&input, &self.sign(input.as_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.public.id.as_str()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use passport_shared::jose::Compact;
    use zeroize::ZeroizeOnDrop;

    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_8037() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/rfc8037/jws.json");
        let Ok(text) = std::fs::read(&path) else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} must be there in CI", path.display());
            println!("passed over: {} is not there", path.display());
            return;
        };
        let vector: serde_json::Value = serde_json::from_slice(&text).expect("json");
        let seed = jose::decode(vector["input"]["key"]["d"].as_str().expect("d")).expect("base64url");
        let key = SigningKey::from_seed(&seed.try_into().expect("32 bytes"));
        assert_eq!(jose::encode(key.public().bytes), vector["input"]["key"]["x"].as_str().expect("x"));
        let signature = key.sign(vector["signing"]["sig-input"].as_str().expect("input").as_bytes());
        assert_eq!(jose::encode(signature), vector["signing"]["sig"].as_str().expect("sig"));
    }

    #[test]
    fn a_token_names_its_key_and_is_signed_over_its_own_bytes() {
        let key = SigningKey::generate(&mut rand::rng());
        for kind in TokenType::ALL {
            let token = key.sign_token(kind, Algorithm::EdDsa, b"{\"a\":1}");
            let read = Compact::split(token.as_bytes(), 8192).expect("compact");
            assert_eq!(read.key_id(kind).as_deref(), Ok(key.id().as_str()));
            assert_eq!(read.payload, b"{\"a\":1}");
            let public = ed25519_dalek::VerifyingKey::from_bytes(&key.public().bytes).expect("a point");
            let signature = ed25519_dalek::Signature::from_bytes(&read.signature);
            public.verify_strict(read.signing_input, &signature).expect("the signature is good");
        }
    }

    #[test]
    fn two_fresh_keys_differ() {
        let mut rng = rand::rng();
        assert_ne!(SigningKey::generate(&mut rng).id(), SigningKey::generate(&mut rng).id());
    }

    #[test]
    fn the_secret_is_wiped_when_dropped() {
        fn is_wiped<T: ZeroizeOnDrop>() {}
        is_wiped::<ed25519_dalek::SigningKey>();
    }
}
