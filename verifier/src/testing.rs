//! What the tests of the feature modules share: an issuer with a key of its own, clocks and randomness to order.

use std::sync::atomic::{AtomicI64, Ordering};

use passport_keys::SigningKey;

pub(crate) use crate::fixture::{AUDIENCE, ISSUER, NOW};
use crate::guard::{Clock, Randomness, RandomnessError};
use crate::{Request, Trust, Verifier, fixture};
#[cfg(feature = "tower")]
pub(crate) use notes::Notes;

#[cfg(any(feature = "refresh", feature = "report"))]
pub(crate) mod server;

#[cfg(feature = "tower")]
mod notes;

/// An issuer that signs what it is told to.
pub(crate) struct TestIssuer(SigningKey);

impl TestIssuer {
    pub(crate) fn new() -> Self {
        Self(fixture::key())
    }

    #[cfg(feature = "refresh")]
    pub(crate) fn key_id(&self) -> passport_shared::key_set::KeyId {
        *self.0.id()
    }

    /// Ollie's passport for an hour: purchases up to 500.00, and refunds with approval.
    pub(crate) fn passport(&self) -> String {
        self.passport_of("agent_ollie")
    }

    pub(crate) fn passport_of(&self, agent: &str) -> String {
        let grants = serde_json::json!([
            {"type": "permission_passport", "resource": "commerce", "allowedActions": ["purchase"],
             "constraints": {"amount": {"max": "500.00"}}},
            {"type": "permission_passport", "resource": "commerce", "allowedActions": ["refund"], "requiresApproval": true},
        ]);
        self.passport_for(agent, AUDIENCE, &grants)
    }

    /// A passport for an hour, for whom and with what one likes.
    pub(crate) fn passport_for(&self, agent: &str, audience: &str, grants: &serde_json::Value) -> String {
        let claims = serde_json::json!({
            "iss": ISSUER, "sub": agent, "aud": [audience], "iat": NOW, "exp": NOW + 3_600, "jti": "pp_1",
            "authorization_details": grants,
        });
        fixture::passport(&self.0, &claims.to_string())
    }

    /// A passport for an hour that hides attributes.
    #[cfg(feature = "report")]
    pub(crate) fn passport_hiding(&self, grants: &serde_json::Value, hidden: &serde_json::Value) -> String {
        let claims = serde_json::json!({
            "iss": ISSUER, "sub": "agent_ollie", "aud": [AUDIENCE], "iat": NOW, "exp": NOW + 3_600, "jti": "pp_1",
            "authorization_details": grants, "hiddenAttributes": hidden,
        });
        fixture::passport(&self.0, &claims.to_string())
    }

    /// A trust bundle for a day, with the keys of `others` beside its own.
    #[cfg(feature = "refresh")]
    pub(crate) fn bundle(&self, sequence: i64, issued_at: i64, others: &[&Self]) -> String {
        let mut keys = vec![&self.0];
        keys.extend(others.iter().map(|other| &other.0));
        fixture::bundle(&self.0, &keys, &[], &[], sequence, issued_at)
    }

    /// Trust in its own key, out of a bundle of this sequence.
    #[cfg(feature = "report")]
    pub(crate) fn trust_of_sequence(&self, sequence: i64) -> Trust {
        let bundle = fixture::bundle(&self.0, &[&self.0], &[], &[], sequence, NOW);
        Trust::from_bundle(bundle.as_bytes(), NOW).expect("trust")
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(Trust::from_key_set(ISSUER, &fixture::jwks(&[&self.0])).expect("trust"), AUDIENCE)
    }
}

/// A purchase of so much.
pub(crate) fn purchase(amount: u32) -> Request {
    Request::new("purchase").on("commerce").with("amount", amount)
}

/// A clock that stands where it is put.
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn at(now: i64) -> Self {
        Self(AtomicI64::new(now))
    }

    pub(crate) fn set(&self, now: i64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Always the same bytes, over and over.
pub(crate) struct FixedRandomness(pub(crate) [u8; 10]);

impl Randomness for FixedRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        for (byte, fixed) in bytes.iter_mut().zip(self.0.iter().cycle()) {
            *byte = *fixed;
        }
        Ok(())
    }
}

/// None.
pub(crate) struct NoRandomness;

impl Randomness for NoRandomness {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessError> {
        Err(RandomnessError)
    }
}
