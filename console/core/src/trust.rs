//! `trust`: what a text of trust says, a trust bundle or a JWK set; and how other acts read it.

use passport_shared::jose::{Compact, TokenType};
use passport_shared::limits::TRUST_BUNDLE_BYTES;
use passport_shared::text::quote;
use passport_shared::trust_bundle::TrustBundleClaims;
use passport_verifier::Trust;
use serde::{Deserialize, Serialize};

use crate::Failed;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReadTrust {
    trust: String,
    issuer: Option<String>,
    now: i64,
}

impl ReadTrust {
    pub(crate) fn answer(&self) -> Result<Told, Failed> {
        Ok(TrustText::read(&self.trust, self.issuer.as_deref())?.told(self.now))
    }
}

/// What is told of trust.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    issuer: String,
    key_ids: Vec<String>,
    /// `None` for a JWK set, which has no age and knows of no revocation.
    bundle: Option<ToldBundle>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldBundle {
    signed_by: String,
    sequence: i64,
    issued_at: i64,
    expires_at: i64,
    expired: bool,
    revoked_keys: Vec<String>,
    status_lists: usize,
}

/// Trust, and what is told of a bundle beyond what a verifier keeps.
pub(crate) struct TrustText {
    pub(crate) trust: Trust,
    bundle: Option<(String, TrustBundleClaims)>,
}

impl TrustText {
    /// Reads a trust bundle that the reader vouches for, or a JWK set of `issuer`. Whether a bundle has expired is left to
    /// whoever knows what time it is to be. White space around it is no part of it.
    pub(crate) fn read(text: &str, issuer: Option<&str>) -> Result<Self, Failed> {
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        if text.starts_with('{') {
            let Some(issuer) = issuer else {
                return Err(Failed::new(
                    "this is a JWK set, which does not say whose keys it holds: name the issuer that you trust them for",
                ));
            };
            let trust = Trust::from_key_set(issuer, text.as_bytes()).map_err(|error| Failed::new(error.to_string()))?;
            return Ok(Self { trust, bundle: None });
        }
        // At no time has it expired.
        let trust = Trust::from_bundle(text.as_bytes(), -1)
            .map_err(|error| Failed::new(format!("this is neither a trust bundle nor a JWK set that can be trusted: {error}")))?;
        if let Some(issuer) = issuer.filter(|issuer| *issuer != trust.issuer()) {
            return Err(Failed::new(format!("this is the trust bundle of {}, not of {}", quote(trust.issuer()), quote(issuer))));
        }
        let told = |error: String| Failed::new(format!("the trust bundle cannot be read: {error}"));
        let compact = Compact::split(text.as_bytes(), TRUST_BUNDLE_BYTES).map_err(|error| told(error.to_string()))?;
        let signed_by = compact.key_id(TokenType::TrustBundle).map_err(|error| told(error.to_string()))?;
        let claims = TrustBundleClaims::read(&compact.payload).map_err(|error| told(error.to_string()))?;
        Ok(Self { trust, bundle: Some((signed_by, claims)) })
    }

    /// Whether it is a bundle that has expired.
    pub(crate) fn expired(&self, now: i64) -> bool {
        self.bundle.as_ref().is_some_and(|(_, claims)| claims.expires_at <= now)
    }

    /// Whether it can say of a passport that it was revoked.
    pub(crate) fn knows_of_revocation(&self) -> bool {
        self.bundle.is_some()
    }

    pub(crate) fn told(&self, now: i64) -> Told {
        let bundle = self.bundle.as_ref().map(|(signed_by, claims)| ToldBundle {
            signed_by: signed_by.clone(),
            sequence: claims.sequence,
            issued_at: claims.issued_at,
            expires_at: claims.expires_at,
            expired: claims.expires_at <= now,
            revoked_keys: claims.revoked_keys.iter().map(ToString::to_string).collect(),
            status_lists: claims.status_lists.len(),
        });
        Told { issuer: self.trust.issuer().to_owned(), key_ids: self.trust.key_ids().map(|id| id.to_string()).collect(), bundle }
    }
}
