//! Checks permission passports offline: signature, expiry, revocation and grants, for every single action, without a
//! network hop.
//!
//! The core is [`Verifier`]: it does no I/O, reads no clock and takes no lock. It holds no code that can sign.
//!
//! What a service needs around it stands behind features, none of them on unless asked for:
//!
//! | feature | |
//! | --- | --- |
//! | `guard` | `Guard`: verifier, clock, request ids and record in one call |
//! | `refresh` | `Refresher`: keeps trust fresh, from threads of its own |
//! | `report` | `Reporter`: delivers decisions to the issuer's audit log, from a thread of its own |
//! | `axum` | rejections as answers, and the `Authorization` header as an extractor |

#[cfg(any(feature = "refresh", feature = "report"))]
mod backoff;
mod cache;
mod decision;
#[cfg(test)]
mod fixture;
#[cfg(feature = "guard")]
mod guard;
#[cfg(any(feature = "refresh", feature = "report"))]
mod issuer_link;
#[cfg(feature = "refresh")]
mod refresh;
#[cfg(feature = "report")]
mod report;
#[cfg(feature = "axum")]
mod respond;
mod signed;
mod status_lists;
mod strict;
#[cfg(test)]
#[cfg(feature = "guard")]
mod testing;
mod trust;
mod trusted_key;
mod verified;
mod verifier;

pub use decision::{Decision, Denied, Granted, Pending};
#[cfg(feature = "guard")]
pub use guard::{Clock, Guard, Randomness, RandomnessError, RecordError, RecordPolicy, Recorder, Rejection, SystemClock, SystemRandomness};
#[cfg(any(feature = "refresh", feature = "report"))]
pub use issuer_link::{IssuerUrl, IssuerUrlError, issuer_tls};
pub use passport_shared::decision::{Concern, DecisionProblem, DecisionRecord, Outcome, Reason, Unmet};
pub use passport_shared::judge::ResourcePolicy;
pub use passport_shared::key_set::{KeyId, KeySet};
pub use passport_shared::passport::Passport;
pub use passport_shared::request::Request;
pub use passport_shared::scalar::{Attribute, Number};
pub use passport_shared::unverified::{UnreadablePassport, UnverifiedPassport};
#[cfg(feature = "refresh")]
pub use refresh::{
    FetchError, RefreshError, RefreshSettings, RefreshStats, Refreshed, Refresher, SavedTrust, SavedTrustError, fetch_bundle,
};
#[cfg(feature = "report")]
pub use report::{OtherReporter, RejectedRecord, Reporter, ReporterPassport, ReporterSettings, ReporterStats, Unsent};
#[cfg(feature = "axum")]
pub use respond::Authorization;
pub use strict::SignatureMethod;
pub use trust::{Trust, TrustError};
pub use verified::VerifiedPassport;
pub use verifier::{CacheStats, MaxAge, StatusPolicy, Verifier};
