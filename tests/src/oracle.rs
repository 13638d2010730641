//! The oracle: a second, plain, deliberately naive implementation of the Passport decision.
//!
//! It is written from sections 1 to 3 of the wire contract alone and shares no code with the verifier, not even
//! a JSON reader. It is slow, allocates freely and has no clever part: property tests hold the real decision
//! against it, so it has to be easy to check by eye, clause by clause.

mod base64url;
mod claims;
mod constraint;
mod decimal;
mod grant;
mod header;
mod json;
mod names;
mod request;
mod steps;
mod time;

/// What a verifier knows before it sees a token.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The one issuer that is trusted; compared exactly (step 6).
    pub issuer: &'a str,
    /// The verifier's own name; has to stand in `aud` exactly (step 6).
    pub audience: &'a str,
    /// Key id to state. An empty slice is "no keys loaded" (step 3).
    pub keys: &'a [(&'a str, KeyState)],
    /// How old the keys are in seconds; `None` is a plain JWK set, which has no age.
    pub keys_age: Option<i64>,
    /// What looking up the passport's status would give; used only where the token has `status` (step 8).
    pub status: StatusAnswer,
    /// The most bytes that a token may have (step 1); 8192 unless set otherwise.
    pub max_token_bytes: usize,
    /// Seconds that `nbf` and `iat` may lie ahead (step 7); 30 unless set otherwise.
    pub leeway: i64,
    /// Whether a request without `resource` is refused as `invalid_request`.
    pub require_resource: bool,
}

/// Whether a key that is in the trust may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// In the key set.
    Known,
    /// Listed as revoked.
    Revoked,
}

/// What a status look-up gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusAnswer {
    /// A fresh list says valid.
    Valid,
    /// A list, however old, says revoked.
    Revoked,
    /// No list, a stale list, or an index outside of it.
    Unavailable,
}

/// The three outcomes of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Allowed; the reason is `granted`.
    Allow,
    /// Denied.
    Deny,
    /// Allowed once a person approves; the reason is `approval_required`.
    ApprovalRequired,
}

/// A constraint clause that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unmet {
    /// Index of the grant in `authorization_details`.
    pub grant: usize,
    /// Name of the attribute.
    pub attribute: String,
    /// Name of the operator; `None` for `{}`, which only asks that the attribute is there.
    pub operator: Option<String>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// One of the three outcomes.
    pub outcome: Outcome,
    /// The reason code of section 3.
    pub reason: &'static str,
    /// Index in `authorization_details` of the grant that decided, for `Allow` and `ApprovalRequired`.
    pub grant: Option<usize>,
    /// For `constraint_unmet`: every unmet clause, by grant, then attribute, then operator (byte order).
    pub details: Vec<Unmet>,
}

/// Keys older than this many seconds are as good as none (step 3).
pub const MAX_KEY_AGE: i64 = 86_400;

/// The last second of the year 9999: the latest `now`, `iat`, `nbf` and `exp`.
pub const LAST_SECOND: i64 = 253_402_300_799;

/// Says of a key id, a signing input and the 64 bytes of a signature whether the signature is good.
pub type SignatureCheck<'a> = &'a dyn Fn(&str, &[u8], &[u8]) -> bool;

/// Decides a token and a request at `now` (seconds since 1970), steps 1 to 13.
///
/// `signature_is_good` is asked only for a key that the world knows and has not revoked.
pub fn decide(world: &World<'_>, token: &[u8], signature_is_good: SignatureCheck<'_>, request_json: &[u8], now: i64) -> Verdict {
    match steps::payload_of(world, token, signature_is_good, now) {
        Ok(payload) => decide_claims(world, &payload, request_json, now),
        Err(reason) => Verdict::deny(reason),
    }
}

/// Decides the payload of a token as though steps 1 to 4 had passed: steps 5 to 13.
///
/// A `now` outside 0 to [`LAST_SECOND`] is `clock_untrusted` here too.
pub fn decide_claims(world: &World<'_>, payload_json: &[u8], request_json: &[u8], now: i64) -> Verdict {
    steps::from_step_5(world, payload_json, request_json, now).unwrap_or_else(Verdict::deny)
}

impl Verdict {
    fn deny(reason: &'static str) -> Verdict {
        Verdict { outcome: Outcome::Deny, reason, grant: None, details: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
