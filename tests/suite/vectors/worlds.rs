//! The trusts that the vectors are decided under.

use passport_keys::SigningKey;
use passport_shared::status_list::StatusList;
use passport_tests::generate::ISSUER;
use passport_tests::mint::{self, Bundle};
use serde_json::{Value, json};

pub(super) const NOW: i64 = 1_795_456_800;
pub(super) const LIST: &str = "https://issuer.example/v1/status/1";

pub(super) struct Keys {
    pub(super) active: SigningKey,
    pub(super) revoked: SigningKey,
    pub(super) stranger: SigningKey,
}

impl Keys {
    pub(super) fn new() -> Self {
        let [active, revoked, stranger] = ["active", "revoked", "stranger"].map(|name| mint::key(&format!("vectors, {name}")));
        Self { active, revoked, stranger }
    }

    /// Name, and what a verifier loads: a JWK set of an issuer, or a bundle.
    pub(super) fn trusts(&self) -> Vec<(&'static str, Value)> {
        let jwks =
            |keys: &[&SigningKey]| json!({"issuer": ISSUER, "jwks": serde_json::from_str::<Value>(&mint::jwks(keys)).expect("json")});
        let list = mint::status_list(&self.active, LIST, &StatusList::new(1024, [7]), NOW - 60);
        let bundle = Bundle { revoked: vec![&self.revoked], lists: vec![list], issued_at: NOW - 60, ..Bundle::of(&self.active) };
        vec![("keys", jwks(&[&self.active])), ("noKeys", jwks(&[])), ("bundle", json!({"bundle": bundle.token()}))]
    }
}
