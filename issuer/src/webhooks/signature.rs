//! The signature of a message: HMAC-SHA256 over its id, its time and its body (Standard Webhooks, `v1`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a secret begins with where it is shown.
const PREFIX: &str = "whsec_";

/// A webhook's secret. It is never shown but to who made it, once.
pub(crate) struct Secret(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret as its receiver keeps it: `whsec_` and base64.
    pub(crate) fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0.as_slice()))
    }

    /// The signature of one message; `at` is when it is sent, in seconds since 1970.
    fn sign(&self, id: &str, at: i64, body: &[u8]) -> Option<String> {
        sign(self.0.as_slice(), id, at, body)
    }
}

fn sign(secret: &[u8], id: &str, at: i64, body: &[u8]) -> Option<String> {
    // HMAC takes a key of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// The header `webhook-signature`: one signature by each secret, with spaces between.
pub(crate) fn header(secrets: &[Secret], id: &str, at: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = secrets.iter().filter_map(|secret| secret.sign(id, at, body)).collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_that_the_specifications_libraries_make() {
        // The vector that the libraries of the specification share.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn each_secret_signs_and_none_shows_itself() {
        let secrets = [Secret::new([1; 32]), Secret::new([2; 32])];
        let both = header(&secrets, "msg_1", 5, b"{}");
        let [one, two] = both.split(' ').collect::<Vec<_>>()[..] else { panic!("{both}") };
        assert_ne!(one, two);
        assert_eq!(Some(one.to_owned()), secrets[0].sign("msg_1", 5, b"{}"));
        for (id, at, body) in [("msg_2", 5, &b"{}"[..]), ("msg_1", 6, b"{}"), ("msg_1", 5, b"{ }")] {
            assert_ne!(secrets[0].sign(id, at, body).as_deref(), Some(one), "all three are signed");
        }
        assert!(secrets[0].reveal().starts_with("whsec_AQEB") && !format!("{secrets:?}").contains('1'));
    }
}
