//! Requests that wait for people: they must be seen whole, and rest sealed until they are decided.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use passport_shared::jose;

/// What a sealed request begins with, which no JSON does.
const MARK: &str = "sealed:1:";

/// The bytes of a nonce.
const NONCE: usize = 12;

/// Seals with AES-256-GCM (NIST SP 800-38D), bound to the approval's id. `nonce` is fresh and random. `None` only if the cipher
/// did not take it.
pub(super) fn seal(key: &[u8; 32], nonce: [u8; NONCE], approval_id: &str, text: &str) -> Option<String> {
    let payload = Payload { msg: text.as_bytes(), aad: approval_id.as_bytes() };
    let sealed = Aes256Gcm::new_from_slice(key).ok()?.encrypt(&Nonce::from(nonce), payload).ok()?;
    Some(format!("{MARK}{}", jose::encode([nonce.as_slice(), &sealed].concat())))
}

/// Whether it is sealed.
pub(super) fn is_sealed(text: &str) -> bool {
    text.starts_with(MARK)
}

/// What was sealed for this approval by this key.
pub(super) fn open(key: &[u8; 32], approval_id: &str, text: &str) -> Option<String> {
    let bytes = jose::decode(text.strip_prefix(MARK)?)?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
    let payload = Payload { msg: sealed, aad: approval_id.as_bytes() };
    let opened = Aes256Gcm::new_from_slice(key).ok()?.decrypt(&Nonce::from(*nonce), payload).ok()?;
    String::from_utf8(opened).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_own_approval_by_its_own_key_as_it_was() {
        let text = r#"{"action":"buy","card":"4111"}"#;
        let sealed = seal(&[7; 32], [1; 12], "apr_1", text).unwrap();
        assert!(is_sealed(&sealed) && !is_sealed(text) && !sealed.contains("4111"));
        assert_eq!(open(&[7; 32], "apr_1", &sealed).as_deref(), Some(text));
        let mut other = sealed.clone();
        other.pop();
        for (key, id, sealed) in
            [([8; 32], "apr_1", &sealed), ([7; 32], "apr_2", &sealed), ([7; 32], "apr_1", &other), ([7; 32], "apr_1", &text.to_owned())]
        {
            assert_eq!(open(&key, id, sealed), None);
        }
    }
}
