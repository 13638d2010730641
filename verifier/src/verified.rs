//! A passport whose signature was good.

use std::fmt;
use std::sync::Arc;

use passport_shared::key_set::KeyId;
use passport_shared::passport::Passport;
use passport_shared::request::Request;

use crate::decision::{Context, Decision};
use crate::verifier::Verifier;

/// A passport that a [`Verifier`] has verified. There is no other way to one, so to hold it is the proof that the
/// signature was good; everything that can change since is looked at again for each decision.
#[derive(Clone)]
pub struct VerifiedPassport {
    verifier: Verifier,
    passport: Arc<Passport>,
    key_id: KeyId,
}

impl VerifiedPassport {
    pub(crate) fn new(verifier: Verifier, passport: Arc<Passport>, key_id: KeyId) -> Self {
        Self { verifier, passport, key_id }
    }

    /// Decides `request` at `now`, in seconds since 1970: keys, audience, times and revocation as they are then, and
    /// the grants.
    pub fn decide<'r>(&self, request: &'r Request, now: i64) -> Decision<'r> {
        match self.verifier.check_again(&self.passport, self.key_id, now) {
            Ok(()) => self.judge(request, now),
            Err(refusal) => self.context(request, now).deny(refusal).into(),
        }
    }

    /// Steps 9 to 13, for a passport that was verified at this very `now`.
    pub(crate) fn judge<'r>(&self, request: &'r Request, now: i64) -> Decision<'r> {
        let verdict = self.verifier.judge(&self.passport, request, now);
        self.context(request, now).decide(verdict)
    }

    fn context<'r>(&self, request: &'r Request, now: i64) -> Context<'r> {
        Context { request: Some(request), request_id: None, passport: Some(Arc::clone(&self.passport)), key_id: Some(self.key_id), now }
    }

    /// What it says.
    #[must_use]
    pub fn claims(&self) -> &Passport {
        &self.passport
    }

    /// The key that signed it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }
}

impl fmt::Debug for VerifiedPassport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedPassport").field("passport", &self.passport).field("key_id", &self.key_id).finish_non_exhaustive()
    }
}
