//! Attributes that the issuer keeps from its own audit log (docs/audit.md A26 to A29): what a reporter has sent in clear is
//! stored as keyed hashes, and so is everything that a value could be tried out by.
//!
//! One secret, which the store never has, is the root of two keys: that of the hashes of values, and that of the salts of
//! reported hashes.

mod rewrite;
mod sealed;

use hmac::{Hmac, KeyInit as _, Mac as _};
use passport_shared::hidden::{HiddenAttributes, Names};
use passport_shared::jose;
use passport_shared::request::Request;
use passport_shared::scalar::{Attribute, Scalar};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The member that stands in the place of a value.
const MEMBER: &str = "hmacSha256";

/// What hides, and by which setting.
pub(crate) struct Hider {
    /// The setting; empty where only passports hide.
    names: Names,
    values: Hmac<Sha256>,
    salts: Hmac<Sha256>,
    /// Of requests that wait for people.
    requests: Zeroizing<[u8; 32]>,
}

impl Hider {
    /// Of a secret. `None` only if HMAC did not take a key of 32 bytes.
    pub(crate) fn new(secret: &[u8; 32], names: Names) -> Option<Self> {
        let key = |purpose: &[u8]| Some(Zeroizing::new(keyed(secret)?.chain_update(purpose).finalize().into_bytes().into()));
        let (values, salts) = (keyed(&*key(b"passport hidden values")?)?, keyed(&*key(b"passport reported hashes")?)?);
        Some(Self { names, values, salts, requests: key(b"passport waiting requests")? })
    }

    /// What hides for one reporter.
    pub(crate) fn of_reporter(&self, reporter: &str) -> Option<ReporterHider<'_>> {
        let key: [u8; 32] = self.salts.clone().chain_update(reporter).finalize().into_bytes().into();
        Some(ReporterHider { hider: self, salts: keyed(&key)?, key })
    }

    /// What stands in the place of this value, as JSON.
    pub(crate) fn hash(&self, name: &str, value: &Attribute) -> String {
        self.hash_text(name, &canonical(value))
    }

    /// The hashes that stand in the places of values that an attribute equal to this one can have.
    pub(crate) fn hashes_of(&self, name: &str, value: &Scalar) -> Vec<String> {
        let list = match value {
            Scalar::Text(text) => Some(self.mac(name, &canonical(&Attribute::List(vec![text.to_string()])))),
            Scalar::Number(_) | Scalar::Bool(_) => None,
        };
        std::iter::once(self.mac(name, &canonical(&Attribute::Scalar(value.clone())))).chain(list).collect()
    }

    fn hash_text(&self, name: &str, text: &str) -> String {
        ["{\"", MEMBER, "\":\"", &self.mac(name, text), "\"}"].concat()
    }

    fn mac(&self, name: &str, text: &str) -> String {
        jose::encode(self.values.clone().chain_update(name).chain_update([0]).chain_update(text).finalize().into_bytes())
    }

    /// The event as it is stored. `previous` is what stands for the hash of the event before, where it names one; `text` is
    /// sound JSON, an object.
    pub(crate) fn rewrite(
        &self,
        text: &str,
        resource: Option<&str>,
        passport: Option<&HiddenAttributes>,
        previous: Option<&str>,
    ) -> Option<String> {
        rewrite::event(&rewrite::Rules { hider: self, passport, resource, previous }, text)
    }

    /// The request as it rests while people decide on it: sealed, where any of it is hidden. `None` only if it could not be.
    pub(crate) fn resting(
        &self,
        approval_id: &str,
        nonce: [u8; 12],
        text: &str,
        request: &Request,
        passport: Option<&HiddenAttributes>,
    ) -> Option<String> {
        match request.attributes().iter().any(|(name, _)| self.hides(name, request.resource(), passport)) {
            true => sealed::seal(&self.requests, nonce, approval_id, text),
            false => Some(text.to_owned()),
        }
    }

    /// A request out of the store: its text, where it is not sealed or opens.
    pub(crate) fn opened(&self, approval_id: &str, text: String) -> Option<String> {
        match sealed::is_sealed(&text) {
            true => sealed::open(&self.requests, approval_id, &text),
            false => Some(text),
        }
    }

    /// The request as it is kept once nobody decides on it any more; `None` for what is no JSON object.
    pub(crate) fn request(&self, text: &str, resource: Option<&str>, passport: Option<&HiddenAttributes>) -> Option<String> {
        rewrite::request(&rewrite::Rules { hider: self, passport, resource, previous: None }, text)
    }

    /// Whether anything is hidden of this attribute.
    fn hides(&self, name: &str, resource: Option<&str>, passport: Option<&HiddenAttributes>) -> bool {
        self.names.hide(name) || passport.is_some_and(|passport| passport.hides(resource, name))
    }
}

/// What hides for one reporter: whoever has its key, and the text of an event, can tell which reported hash is its own.
pub(crate) struct ReporterHider<'h> {
    pub(crate) hider: &'h Hider,
    salts: Hmac<Sha256>,
    key: [u8; 32],
}

impl ReporterHider<'_> {
    /// What is stored for the hash of the event that has the number `seq`: SHA-256 over a salt and that hash.
    pub(crate) fn reported_hash(&self, seq: i64, hash: [u8; 32]) -> [u8; 32] {
        let salt = self.salts.clone().chain_update(seq.to_be_bytes()).finalize().into_bytes();
        Sha256::new().chain_update(salt).chain_update(hash).finalize().into()
    }

    /// The key of its salts, for the reporter itself.
    pub(crate) fn reveal(&self) -> String {
        jose::encode(self.key)
    }
}

impl std::fmt::Debug for Hider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hider").field("names", &self.names).finish_non_exhaustive()
    }
}

fn keyed(key: &[u8; 32]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

/// One text for all that are equal: a number by its value.
fn canonical(value: &Attribute) -> String {
    match value {
        Attribute::Scalar(Scalar::Number(number)) => number.value().to_plain(),
        Attribute::Scalar(Scalar::Text(text)) => json!(text).to_string(),
        Attribute::Scalar(Scalar::Bool(value)) => json!(value).to_string(),
        Attribute::List(texts) => json!(texts).to_string(),
    }
}

#[cfg(test)]
mod tests;
