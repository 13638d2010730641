//! The verifier that a time is checked with: by the clock, or by hand.

use passport_verifier::{MaxAge, ResourcePolicy, StatusPolicy, Trust, Verifier};

use crate::cli::error::CliError;
use crate::cli::trust::TrustFile;

/// One trust, and how it is held against a time.
#[derive(Debug)]
pub(super) struct Checker {
    /// By the clock: keys age.
    by_clock: Verifier,
    /// At a time given by hand: neither the age of the keys nor the bundle's expiry has a meaning.
    by_hand: Verifier,
    /// For a bundle that has expired by the clock: no keys.
    expired: Verifier,
    expires_at: Option<i64>,
}

impl Checker {
    pub(super) fn new(file: TrustFile, audience: &str, require_resource: bool, allow_unavailable: bool) -> Result<Self, CliError> {
        let expires_at = file.expires_at();
        let none = Trust::from_key_set(file.trust.issuer(), br#"{"keys":[]}"#)
            .map_err(|error| CliError::failed(format!("an empty key set is refused: {error}")))?;
        let resource = if require_resource { ResourcePolicy::MustName } else { ResourcePolicy::MayOmit };
        let status = if allow_unavailable { StatusPolicy::AllowUnavailable } else { StatusPolicy::DenyUnavailable };
        let build = |trust: Trust| Verifier::new(trust, audience).with_resource_policy(resource).with_status_policy(status);
        let by_clock = build(file.trust);
        Ok(Self { by_hand: by_clock.clone().with_max_key_age(MaxAge::Unlimited), by_clock, expired: build(none), expires_at })
    }

    /// Whether the bundle has expired.
    pub(super) fn expired(&self, now: i64) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// The verifier for a decision `at` a time given by hand, or else `now` by the clock.
    pub(super) fn verifier(&self, at: Option<i64>, now: i64) -> &Verifier {
        match at {
            Some(_) => &self.by_hand,
            None if self.expired(now) => &self.expired,
            None => &self.by_clock,
        }
    }
}
