//! The guard in two steps: verify once, decide many times.

use passport_shared::request::Request;

use super::authorization::bearer_token;
use super::{Guard, Noted, Rejection, untrusted};
use crate::decision::{Decision, Denied, Granted};
use crate::verified::VerifiedPassport;

impl Guard {
    /// Whether the passport in the `Authorization` header counts now: steps 1 to 8 of the decision (docs/format.md
    /// F3.15). It allows nothing yet: ask [`authorize_verified`](Self::authorize_verified). One that does not count is a
    /// denial of whatever was wanted, and is recorded.
    pub fn verify(&self, authorization: Option<&str>) -> Result<VerifiedPassport, Rejection> {
        let token = authorization.and_then(bearer_token).ok_or_else(Rejection::missing_token)?;
        let (denied, millis) = match self.verify_now(token) {
            Ok(passport) => return Ok(passport),
            Err(denied) => denied,
        };
        Err(refusal(self.note(denied.into(), millis).wait(self)))
    }

    /// The same without blocking the thread.
    pub async fn verify_async(&self, authorization: Option<&str>) -> Result<VerifiedPassport, Rejection> {
        let token = authorization.and_then(bearer_token).ok_or_else(Rejection::missing_token)?;
        let (denied, millis) = match self.verify_now(token) {
            Ok(passport) => return Ok(passport),
            Err(denied) => denied,
        };
        Err(refusal(self.note(denied.into(), millis).settled(self).await))
    }

    /// Decides, now, whether the holder of a passport that was verified may do what `request` says, and records it.
    /// Everything that can have changed since is looked at again. It blocks where [`decide`](Self::decide) does.
    pub fn decide_verified<'r>(&self, passport: &'r VerifiedPassport, request: &'r Request) -> Decision<'r> {
        self.decide_again(passport, request).wait(self)
    }

    /// The same without blocking the thread.
    pub async fn decide_verified_async<'r>(&self, passport: &'r VerifiedPassport, request: &'r Request) -> Decision<'r> {
        self.decide_again(passport, request).settled(self).await
    }

    /// The same as [`decide_verified`](Self::decide_verified) for a service that speaks HTTP: the proof of an allow, or
    /// the answer to give.
    pub fn authorize_verified<'r>(&self, passport: &'r VerifiedPassport, request: &'r Request) -> Result<Granted<'r>, Rejection> {
        self.decide_verified(passport, request).into_granted()
    }

    /// The passport, or its denial and the time of it in milliseconds.
    fn verify_now(&self, token: &str) -> Result<VerifiedPassport, (Denied<'static>, i64)> {
        let millis = self.clock.now_millis();
        let result = match self.latest.observe(millis.div_euclid(1_000)) {
            Ok(now) => self.verifier.verify(token, now),
            Err(stepped_back) => Err(untrusted(stepped_back, None)),
        };
        result.map_err(|denied| (denied, millis))
    }

    fn decide_again<'r>(&self, passport: &'r VerifiedPassport, request: &'r Request) -> Noted<'r> {
        let millis = self.clock.now_millis();
        let decision = match self.latest.observe(millis.div_euclid(1_000)) {
            Ok(now) => passport.decide(request, now),
            Err(stepped_back) => untrusted(stepped_back, Some(request)).into(),
        };
        self.note(decision, millis)
    }
}

/// The answer to a passport that does not count. A denial stays one whatever became of its record.
fn refusal(decision: Decision<'_>) -> Rejection {
    match decision.into_granted() {
        Err(rejection) => rejection,
        Ok(_) => Rejection::internal("a passport that was refused came back as an allow"),
    }
}

impl<'r> Decision<'r> {
    /// The proof of an allow, or the answer to give over HTTP.
    pub fn into_granted(self) -> Result<Granted<'r>, Rejection> {
        match self {
            Self::Allow(granted) => Ok(granted),
            Self::Deny(denied) => Err(denied.into()),
            Self::NeedsApproval(pending) => Err(pending.into()),
        }
    }
}
