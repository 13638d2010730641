//! What is measured, made by the real parts: a key, trust with a status list, passports as an issuer mints them, and
//! the request that they allow.

use std::borrow::Cow;

use passport_keys::SigningKey;
use passport_shared::grant::Grant;
use passport_shared::jose::{Algorithm, TokenType};
use passport_shared::passport::{NewClaims, StatusRef};
use passport_shared::status_list::StatusList;
use passport_verifier::{Request, ResourcePolicy, Trust, Verifier};

use crate::mint::{self, Bundle};
use crate::reference::{ACTION, AGENT, AMOUNT, AUDIENCE, CURRENCY, ISSUER, RESOURCE, VENDOR, WRONG_VENDOR, grants};

/// How many grants a passport has where nothing else is said.
pub const USUAL_GRANTS: usize = 5;

/// Longest token of the scene: 64 grants need more than the 8,192 bytes that a verifier takes unless told otherwise.
const TOKEN_BYTES: usize = 16_384;

/// Places in the status list.
const PLACES: usize = 131_072;

/// An issuer's key, and the time.
pub struct Scene {
    key: SigningKey,
    now: i64,
    uri: String,
    audience: Vec<String>,
}

impl Scene {
    /// A scene at `now`, in seconds since 1970. At the same time it is the same to the byte.
    pub fn at(now: i64) -> Self {
        Self { key: mint::key("measured"), now, uri: format!("{ISSUER}/v1/status/1"), audience: vec![AUDIENCE.to_owned()] }
    }

    /// The time.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The issuer's key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// A trust bundle with the key and its status list, fresh.
    pub fn bundle(&self) -> String {
        let list = mint::status_list(&self.key, &self.uri, &StatusList::new(PLACES, []), self.now);
        Bundle { lists: vec![list], issuer: ISSUER, issued_at: self.now, ..Bundle::of(&self.key) }.token()
    }

    /// The trust that it makes.
    pub fn trust(&self) -> Trust {
        Trust::from_bundle(self.bundle().as_bytes(), self.now).expect("a sound bundle")
    }

    /// A verifier as a service sets it up, which has seen no passport yet.
    pub fn verifier(&self, trust: Trust) -> Verifier {
        Verifier::new(trust, AUDIENCE).with_resource_policy(ResourcePolicy::MustName).with_max_token_bytes(TOKEN_BYTES)
    }

    /// The same with room for `live` passports; as it is unless set, where that is enough.
    pub fn verifier_for(&self, trust: Trust, live: usize) -> Verifier {
        let verifier = self.verifier(trust);
        match live {
            ..=1_024 => verifier,
            // With room to spare, so that no set of places is too small by chance.
            _ => verifier.with_cache(4 * live, live << 14),
        }
    }

    /// The passport of number `serial` with these grants: claims to JSON, signed.
    pub fn mint(&self, serial: u64, grants: &[Grant]) -> String {
        let id = format!("pp_01a20b0c-9043-7799-a2c6-{serial:012x}");
        let status = StatusRef { index: serial % PLACES as u64, uri: self.uri.as_str().into() };
        let claims = NewClaims {
            issuer: ISSUER,
            agent_id: AGENT,
            audience: &self.audience,
            issued_at: self.now,
            not_before: None,
            expires_at: self.now + 3_600,
            id: &id,
            on_behalf_of: None,
            status: Some(&status),
            confirmation: None,
            authorization_details: Cow::Borrowed(grants),
            hidden: None,
        };
        let claims = serde_json::to_vec(&claims).expect("json");
        self.key.sign_token(TokenType::Passport, Algorithm::EdDsa, &claims)
    }

    /// `count` different passports of `granted` grants each.
    pub fn passports(&self, count: usize, granted: usize) -> Vec<String> {
        let grants = read_grants(granted);
        (0..count as u64).map(|serial| self.mint(serial, &grants)).collect()
    }
}

/// The reference grants, read.
pub fn read_grants(count: usize) -> Vec<Grant> {
    Grant::read_all(&grants(count), "").expect("sound grants")
}

/// The request that every reference passport allows.
pub fn request() -> Request {
    request_for(VENDOR)
}

/// The same with a vendor that none names.
pub fn denied_request() -> Request {
    request_for(WRONG_VENDOR)
}

fn request_for(vendor: &str) -> Request {
    Request::new(ACTION).on(RESOURCE).with("vendor", vendor).with("amount", AMOUNT).with("currency", CURRENCY)
}
