//! Checks permission passports offline: signature, expiry, revocation and grants, for every single action, without a
//! network hop.
//!
//! The core is [`Verifier`]: it does no I/O, reads no clock and takes no lock. It holds no code that can sign.
//!
//! What a service needs around it stands behind features. `guard` is on unless `default-features = false` is said; the
//! others are asked for:
//!
//! | feature | |
//! | --- | --- |
//! | `guard` | `Guard`: verifier, clock, request ids and record in one call |
//! | `refresh` | `Refresher`: keeps trust fresh, from threads of its own |
//! | `report` | `Reporter`: delivers decisions to the issuer's audit log, from a thread of its own |
//! | `tower` | [`tower`]: a layer that decides before a route is called; for every HTTP service, no runtime needed |
//! | `axum` | [`axum`]: `Passport` and `Allowed` as arguments of a handler, and rejections as answers |
//! | `metrics` | decisions, trust and reports as metrics, by the facade of the crate `metrics`; see `Guard::publish_metrics` |
//!
//! Nothing here needs an async runtime: `Guard` can be called from any thread, and `Refresher` and `Reporter` have
//! threads of their own.

mod approvals;
#[cfg(feature = "axum")]
pub mod axum;
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
pub mod log;
#[cfg(feature = "refresh")]
mod refresh;
#[cfg(feature = "report")]
mod report;
mod signed;
mod status_lists;
mod strict;
#[cfg(test)]
#[cfg(feature = "guard")]
mod testing;
#[cfg(feature = "tower")]
pub mod tower;
mod trust;
mod trusted_key;
mod verified;
mod verifier;

pub use decision::{Decision, Denied, Granted, Pending};
#[cfg(feature = "guard")]
pub use guard::{Clock, Guard, Randomness, RandomnessError, Rejection, SystemClock, SystemRandomness};
#[cfg(feature = "guard")]
pub use guard::{ClockHealth, Health, HealthProblem, KeeperHealth, RecorderHealth, TrustHealth, TrustKeeper, Verdict};
#[cfg(feature = "guard")]
pub use guard::{RecordError, RecordPolicy, Recorded, Recorder, Settler, Ticket};
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
pub use report::{Delivery, OtherReporter, RejectedRecord, Reporter, ReporterError, ReporterPassport, ReporterSettings, ReporterStats};
#[cfg(feature = "report")]
pub use report::{SpoolError, SpoolSummary, UnknownDelivery, Unsent, look_into_spool, spooled_events};
pub use strict::SignatureMethod;
pub use trust::{Trust, TrustError};
pub use verified::VerifiedPassport;
pub use verifier::{CacheStats, MaxAge, StatusPolicy, Verifier};
