//! Checks permission passports offline: signature, expiry, revocation and grants, for every single action, without a
//! network hop.
//!
//! The core is [`Verifier`]: it does no I/O, reads no clock and takes no lock. It holds no code that can sign.

mod decision;
mod trust;
mod trusted_key;
mod verified;
mod verifier;

pub use decision::{Decision, Denied, Granted, Pending};
pub use passport_shared::decision::{Concern, DecisionProblem, DecisionRecord, Outcome, Reason, Unmet};
pub use passport_shared::judge::ResourcePolicy;
pub use passport_shared::key_set::{KeyId, KeySet};
pub use passport_shared::passport::Passport;
pub use passport_shared::request::Request;
pub use passport_shared::scalar::{Attribute, Number};
pub use passport_shared::unverified::UnverifiedPassport;
pub use trust::{Trust, TrustError};
pub use verified::VerifiedPassport;
pub use verifier::{MaxAge, StatusPolicy, Verifier};
