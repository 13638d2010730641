//! A passport whose signature was good.

use std::fmt;
use std::sync::Arc;

use passport_shared::key_set::KeyId;
use passport_shared::passport::Passport;
use passport_shared::request::Request;

use crate::decision::{Circumstances, Decision, Seen};
use crate::signed::SignedPassport;
use crate::verifier::Verifier;

/// A passport that a [`Verifier`] has verified. There is no other way to one (but for an issuer that keeps what it signs,
/// feature `kept`), so to hold it is the proof that the
/// signature was good; everything that can change since is looked at again for each decision.
#[derive(Clone)]
pub struct VerifiedPassport {
    verifier: Verifier,
    signed: Arc<SignedPassport>,
}

impl VerifiedPassport {
    pub(crate) fn new(verifier: Verifier, signed: Arc<SignedPassport>) -> Self {
        Self { verifier, signed }
    }

    /// Decides `request` at `now`, in seconds since 1970: keys, audience, times and revocation as they are then, and
    /// the grants.
    pub fn decide<'r>(&'r self, request: &'r Request, now: i64) -> Decision<'r> {
        let trust = self.verifier.load();
        let asked = Circumstances { request: Some(request), now, trust: trust.sequence() };
        match self.verifier.check_again(&trust, &self.signed, now) {
            Ok(()) => {
                let verdict = self.verifier.judge(&self.signed.claims, request, now);
                self.verifier.answer(asked, || Seen::Held(&self.signed), request, verdict)
            }
            Err(refusal) => asked.deny(Seen::Held(&self.signed), refusal).into(),
        }
    }

    /// What it says.
    #[must_use]
    pub fn claims(&self) -> &Passport {
        &self.signed.claims
    }

    /// The key that signed it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.signed.key_id
    }
}

impl fmt::Debug for VerifiedPassport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedPassport").field("signed", &self.signed).finish_non_exhaustive()
    }
}
