//! Keys at rest: PKCS#8 sealed with a passphrase (RFC 5958, PBES2 of RFC 8018 with scrypt of RFC 7914).

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode as _};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{self, Kdf, ScryptParams};
use pkcs8::pkcs5::scrypt;
use pkcs8::{AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::passphrase::Passphrase;
use crate::pem::{self, PLAIN_LABEL, SEALED_LABEL};
use crate::signing_key::SigningKey;

/// log2 of scrypt's `N`. With `r` 8 and `p` 5 it is one of the sets that OWASP recommends. `N` = 2^15 would be the
/// rounder choice, but takes a little over 32 MiB, where OpenSSL 3 stops: a key could then not be rescued with
/// `openssl pkey`. 16 MiB five times over costs who guesses passphrases more than 32 MiB once: 5/4 of the memory held
/// times the time it is held.
const LOG_N: u8 = 14;
const R: u32 = 8;
const P: u32 = 5;

/// The most memory that a key file may ask for, as `N` x `r` in units of 128 bytes: 128 MiB.
const MAX_MEMORY: u64 = 1 << 20;

/// The most work that a key file may ask for, as `N` x `r` x `p`: some 6 times ours, a second or two.
const MAX_WORK: u64 = 1 << 22;

/// Why a key file cannot be read. What is said here never quotes it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The passphrase does not open it, or its bytes were changed: with this format the two look alike.
    #[error("the passphrase does not open the key; give the one that it was sealed with, or restore the file if it was damaged")]
    WrongPassphrase,
    /// Not a private key in PEM form.
    #[error("this is not a key file: {0}; one begins with `-----BEGIN ENCRYPTED PRIVATE KEY-----`")]
    NotAKeyFile(&'static str),
    /// A plain key where a sealed one is demanded.
    #[error("the key is not encrypted, and only encrypted keys are accepted here; encrypt it with `openssl pkcs8 -topk8 -scrypt`")]
    Plain,
    /// A sealed key where there is no passphrase.
    #[error("the key is encrypted, and no passphrase was given; give the one that it was sealed with")]
    Sealed,
    /// Sealed in a way other than PBES2 with scrypt and AES-256-CBC.
    #[error("the key is encrypted with something other than scrypt and AES-256-CBC; encrypt it anew with `openssl pkcs8 -topk8 -scrypt`")]
    UnsupportedEncryption,
    /// Opening it would take more memory or time than is accepted, or its parameters make no sense.
    #[error(
        "the key asks for scrypt with N={n}, r={r}, p={p}, which is not accepted: N is a power of two, N*r at most {MAX_MEMORY} and \
         N*r*p at most {MAX_WORK}; encrypt it anew with `openssl pkcs8 -topk8 -scrypt`"
    )]
    Cost {
        /// The cost `N`.
        n: u64,
        /// The block size.
        r: u16,
        /// The parallelization.
        p: u16,
    },
    /// A private key of another kind.
    #[error("the key is not an Ed25519 key; `openssl genpkey -algorithm ed25519` makes one")]
    NotEd25519,
    /// The library could not write a key.
    #[error("the key could not be written as PKCS#8: {0}")]
    Encoding(#[from] pkcs8::Error),
}

impl From<der::Error> for SealError {
    fn from(error: der::Error) -> Self {
        Self::Encoding(error.into())
    }
}

/// `key` sealed with `passphrase`: PEM text of kind `ENCRYPTED PRIVATE KEY`, AES-256-CBC under a key that scrypt
/// (N = 2^14, r = 8, p = 5) makes from the passphrase and a salt drawn from `rng`. Takes some 16 MiB and a tenth of a second.
/// OpenSSL reads it.
///
/// AES-CBC hides but does not authenticate. That nobody put another key in the file is known from the thumbprint
/// that the file is named by, which [`KeyDir`](crate::KeyDir) checks.
///
/// # Errors
/// [`SealError::Encoding`] if the library cannot write it, which is not known to happen.
pub fn seal(key: &SigningKey, passphrase: &Passphrase, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Zeroizing<String>, SealError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut iv);
    let cost = scrypt::Params::new(LOG_N, R, P).map_err(|_| pkcs8::Error::ParametersMalformed)?;
    let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, iv).map_err(pkcs8::Error::from)?;
    let plain = pem::to_der(key)?;
    let sealed = PrivateKeyInfoRef::try_from(plain.as_bytes())?.encrypt_with_params(parameters, passphrase.as_bytes())?;
    Ok(sealed.to_pem(SEALED_LABEL, LineEnding::LF)?)
}

/// Opens what [`seal`] or `openssl pkcs8 -topk8 -scrypt` wrote. What the file asks of scrypt is bounded before any of it is done.
///
/// # Errors
/// [`SealError`]; a key without encryption is [`SealError::Plain`].
pub fn unseal(pem: &str, passphrase: &Passphrase) -> Result<SigningKey, SealError> {
    let (label, document) = pem::read_pem(pem)?;
    match label {
        SEALED_LABEL => {}
        PLAIN_LABEL => return Err(SealError::Plain),
        _ => return Err(SealError::NotAKeyFile("it holds something other than a private key")),
    }
    let der = document.as_bytes();
    let sealed = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| match is_encrypted_pkcs8(der) {
        true => SealError::UnsupportedEncryption,
        false => SealError::NotAKeyFile("what it holds is not encrypted PKCS#8"),
    })?;
    check_cost(scrypt_of(&sealed.encryption_algorithm)?)?;
    let plain = sealed.decrypt(passphrase.as_bytes()).map_err(|_| SealError::WrongPassphrase)?;
    // One wrong passphrase in 256 or so gets past the padding and gives noise instead of a key.
    match pem::from_der(plain.as_bytes()) {
        Err(SealError::NotAKeyFile(_)) => Err(SealError::WrongPassphrase),
        read => read,
    }
}

/// Whether these bytes have the frame of an EncryptedPrivateKeyInfo (RFC 5958, section 3), whatever the encryption.
fn is_encrypted_pkcs8(der: &[u8]) -> bool {
    let frame = AnyRef::from_der(der).and_then(|any| {
        any.sequence(|inside| {
            AlgorithmIdentifierRef::decode(inside)?;
            <&OctetStringRef>::decode(inside)
        })
    });
    frame.is_ok()
}

/// The scrypt parameters of the one way of sealing that is accepted.
fn scrypt_of(scheme: &EncryptionScheme) -> Result<&ScryptParams, SealError> {
    match scheme {
        EncryptionScheme::Pbes2(pbes2::Parameters { kdf: Kdf::Scrypt(scrypt), encryption: pbes2::EncryptionScheme::Aes256Cbc { .. } }) => {
            Ok(scrypt)
        }
        _ => Err(SealError::UnsupportedEncryption),
    }
}

/// Bounds before work. `N` = 0 must not reach the library, which would panic.
fn check_cost(scrypt: &ScryptParams) -> Result<(), SealError> {
    let (n, r, p) = (scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization);
    let memory = n.saturating_mul(r.into());
    let sound = n.is_power_of_two() && n > 1 && r > 0 && p > 0;
    if sound && memory <= MAX_MEMORY && memory.saturating_mul(p.into()) <= MAX_WORK { Ok(()) } else { Err(SealError::Cost { n, r, p }) }
}

#[cfg(test)]
mod tests;
