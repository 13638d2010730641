//! Feature `kept`: decisions on a passport whose issuer has kept what it signed.

use std::sync::Arc;

use passport_shared::key_set::KeyId;
use passport_shared::passport::Passport;
use passport_shared::request::Request;

use super::Verifier;
use crate::decision::{Circumstances, Decision, Denied, Seen};
use crate::signed::SignedPassport;
use crate::verified::VerifiedPassport;

/// For an issuer alone: it signed these claims itself, and its caller has proved in another way (a session) that they are
/// its own. Whoever only has claims from somewhere must not call this: nothing here looks at a signature.
impl Verifier {
    /// [`Verifier::decide`] but for the signature: keys, audience, times, revocation and grants as they are at `now`.
    pub fn decide_kept<'r>(&self, key_id: KeyId, claims: Passport, request: &'r Request, now: i64) -> Decision<'r> {
        let trust = self.load();
        let signed = Arc::new(SignedPassport::new(&[], key_id, claims));
        let asked = Circumstances { request: Some(request), now, trust: trust.sequence() };
        match self.check_again(&trust, &signed, now) {
            Ok(()) => {
                let verdict = self.judge(&signed.claims, request, now);
                self.answer(asked, || Seen::Fresh(signed), request, verdict)
            }
            Err(refusal) => asked.deny(Seen::Fresh(signed), refusal).into(),
        }
    }

    /// [`Verifier::verify`] but for the signature.
    ///
    /// # Errors
    /// What is wrong with it at `now`.
    pub fn verify_kept(&self, key_id: KeyId, claims: Passport, now: i64) -> Result<VerifiedPassport, Denied<'static>> {
        let trust = self.load();
        let signed = Arc::new(SignedPassport::new(&[], key_id, claims));
        match self.check_again(&trust, &signed, now) {
            Ok(()) => Ok(VerifiedPassport::new(self.clone(), signed)),
            Err(refusal) => {
                let asked = Circumstances { request: None, now, trust: trust.sequence() };
                Err(asked.deny(Seen::Fresh(signed), refusal))
            }
        }
    }
}
