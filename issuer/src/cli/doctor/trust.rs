//! What an issuer publishes, as a verifier would see it, and this machine's clock beside its.

use passport_shared::limits::TRUST_BUNDLE_BYTES;
use passport_verifier::Trust;

use super::Finding;
use crate::cli::client::Client;
use crate::cli::words::when;

/// A bundle is made anew each minute; one that is older by this says that it is not, or that the clocks differ.
const OLD: i64 = 300;
/// So far ahead of ours an issuer's clock may be, in seconds.
const AHEAD: i64 = 30;

pub(super) fn look(url: &str, now: i64) -> Vec<Finding> {
    let fetched = Client::at(url, None).and_then(|client| client.fetch("/v1/trust-bundle", TRUST_BUNDLE_BYTES));
    let text = match fetched {
        Ok(text) => text,
        Err(error) => {
            let why = error.what().unwrap_or_default();
            return vec![Finding::wrong("trust", why, "see whether the issuer runs, and whether it can be reached from here")];
        }
    };
    let trust = match Trust::from_bundle(text.trim_end().as_bytes(), now) {
        Ok(trust) => trust,
        Err(error) => {
            let advice = "verifiers refuse it too: see to the clocks of this machine and of the issuer, and to its log";
            return vec![Finding::wrong("trust", format!("the bundle is refused: {error}"), advice)];
        }
    };
    let Some(issued_at) = trust.issued_at() else { return Vec::new() };
    let sequence = trust.sequence().unwrap_or_default();
    let age = now.saturating_sub(issued_at);
    let said = format!("sequence {sequence}, made {}", when(issued_at, now));
    let clock = match age {
        ..0 if age < -AHEAD => {
            Finding::wrong("clock", format!("the issuer is {} s ahead of this machine", age.saturating_neg()), "set both by network time")
        }
        _ => Finding::ok("clock", "not behind the issuer's"),
    };
    let fresh = match age > OLD {
        true => Finding::care("trust", said, "it should be a minute old at most: see the issuer's log, and compare the clocks"),
        false => Finding::ok("trust", said),
    };
    vec![fresh, clock]
}
