//! Keys as PEM text (RFC 7468) without encryption: plain PKCS#8 (RFC 5958, RFC 8410) for development, and public keys.

use ed25519::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, KeypairBytes, PublicKeyBytes};
use passport_shared::key_set::PublicKey;
use pkcs8::{LineEnding, PrivateKeyInfoRef, SecretDocument, der};
use zeroize::Zeroizing;

use crate::seal::SealError;
use crate::signing_key::SigningKey;

/// The longest key file, in bytes. Ours have some 350.
pub(crate) const PEM_BYTES: usize = 4096;

/// The first line of a plain key, between `BEGIN` and its dashes.
pub(crate) const PLAIN_LABEL: &str = "PRIVATE KEY";

/// The first line of a sealed key.
pub(crate) const SEALED_LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// `key` as plain PKCS#8 in PEM form, which whoever reads it can sign with: for development only.
///
/// It is version 1, without the public half: OpenSSL 3.0 does not read version 2.
///
/// # Errors
/// [`SealError::Encoding`] if the library cannot write it, which is not known to happen.
pub fn to_plain_pem(key: &SigningKey) -> Result<Zeroizing<String>, SealError> {
    Ok(to_der(key)?.to_pem(PLAIN_LABEL, LineEnding::LF)?)
}

/// Reads what [`to_plain_pem`] or `openssl genpkey -algorithm ed25519` wrote.
///
/// # Errors
/// [`SealError`]; an encrypted key is [`SealError::Sealed`].
pub fn from_plain_pem(pem: &str) -> Result<SigningKey, SealError> {
    let (label, document) = read_pem(pem)?;
    match label {
        PLAIN_LABEL => from_der(document.as_bytes()),
        SEALED_LABEL => Err(SealError::Sealed),
        _ => Err(SealError::NotAKeyFile("it holds something other than a private key")),
    }
}

/// `key` as a SubjectPublicKeyInfo in PEM form (RFC 5280, RFC 8410), for OpenSSL and others.
///
/// # Errors
/// [`SealError::Encoding`] if the library cannot write it, which is not known to happen.
pub fn public_pem(key: &PublicKey) -> Result<String, SealError> {
    let document = PublicKeyBytes(key.bytes).to_public_key_der().map_err(pkcs8::Error::from)?;
    Ok(document.to_pem("PUBLIC KEY", LineEnding::LF)?)
}

/// The PKCS#8 version 1 document of `key`.
pub(crate) fn to_der(key: &SigningKey) -> Result<SecretDocument, SealError> {
    Ok(KeypairBytes { secret_key: *key.seed(), public_key: None }.to_pkcs8_der()?)
}

/// Reads a PKCS#8 document, version 1 or 2. A public half in it must be that of the secret one.
pub(crate) fn from_der(der: &[u8]) -> Result<SigningKey, SealError> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| SealError::NotAKeyFile("what it holds is not PKCS#8"))?;
    if info.algorithm.oid != ed25519::pkcs8::ALGORITHM_OID {
        return Err(SealError::NotEd25519);
    }
    let pair = KeypairBytes::try_from(info).map_err(|_| SealError::NotAKeyFile("its Ed25519 key is damaged"))?;
    let key = SigningKey::from_seed(&pair.secret_key);
    match pair.public_key {
        Some(public) if public.0 != key.public().bytes => Err(SealError::NotAKeyFile("its public half is not that of its secret half")),
        _ => Ok(key),
    }
}

/// Reads PEM text: its label and what it holds. The length is looked at first.
pub(crate) fn read_pem(pem: &str) -> Result<(&str, SecretDocument), SealError> {
    if pem.len() > PEM_BYTES {
        return Err(SealError::NotAKeyFile("it has more than 4096 bytes"));
    }
    SecretDocument::from_pem(pem).map_err(|_: der::Error| SealError::NotAKeyFile("it is not PEM text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::openssl;

    #[test]
    fn a_plain_key_is_read_back_and_read_by_openssl() {
        let key = SigningKey::generate(&mut rand::rng());
        let pem = to_plain_pem(&key).expect("written");
        assert_eq!(from_plain_pem(&pem).expect("read").id(), key.id());
        assert_eq!(openssl(&["pkey", "-pubout"], &pem), public_pem(key.public()).expect("written"));
    }

    #[test]
    fn openssl_reads_an_exported_public_key() {
        let key = SigningKey::generate(&mut rand::rng());
        let text = openssl(&["pkey", "-pubin", "-noout", "-text"], &public_pem(key.public()).expect("written"));
        assert!(text.starts_with("ED25519 Public-Key:"), "{text}");
        let hex: String = key.public().bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown: String = text.chars().skip_while(|c| *c != '\n').filter(char::is_ascii_hexdigit).collect();
        assert!(shown.contains(&hex), "{text} does not show {hex}");
    }

    #[test]
    fn a_key_that_openssl_made_is_read() {
        let pem = openssl(&["genpkey", "-algorithm", "ed25519"], "");
        let key = from_plain_pem(&pem).expect("read");
        assert_eq!(openssl(&["pkey", "-pubout"], &pem), public_pem(key.public()).expect("written"));
    }

    #[test]
    fn what_is_not_a_plain_ed25519_key_is_refused_with_its_reason() {
        let other = openssl(&["genpkey", "-algorithm", "x25519"], "");
        assert!(matches!(from_plain_pem(&other), Err(SealError::NotEd25519)));
        let public = public_pem(SigningKey::generate(&mut rand::rng()).public()).expect("written");
        for text in [public.as_str(), "", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(matches!(from_plain_pem(text), Err(SealError::NotAKeyFile(_))), "{text}");
        }
        assert!(matches!(from_plain_pem(&"-".repeat(PEM_BYTES + 1)), Err(SealError::NotAKeyFile("it has more than 4096 bytes"))));
    }

    #[test]
    fn a_public_half_that_is_anothers_is_refused() {
        let (key, other) = (SigningKey::generate(&mut rand::rng()), SigningKey::generate(&mut rand::rng()));
        let pair = |public: &SigningKey| {
            let pair = KeypairBytes { secret_key: *key.seed(), public_key: Some(PublicKeyBytes(public.public().bytes)) };
            pair.to_pkcs8_der().expect("written")
        };
        assert_eq!(from_der(pair(&key).as_bytes()).expect("read").id(), key.id());
        assert!(matches!(from_der(pair(&other).as_bytes()), Err(SealError::NotAKeyFile(_))));
    }
}
