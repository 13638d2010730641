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
            Err(stepped_back) => Err(untrusted(stepped_back, None, None)),
        };
        result.map_err(|denied| (denied, millis))
    }

    fn decide_again<'r>(&self, passport: &'r VerifiedPassport, request: &'r Request) -> Noted<'r> {
        let millis = self.clock.now_millis();
        let decision = match self.latest.observe(millis.div_euclid(1_000)) {
            Ok(now) => passport.decide(request, now),
            Err(stepped_back) => untrusted(stepped_back, Some(request), passport.claims().hidden.clone()).into(),
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;
    use crate::guard::{KeeperHealth, RecordError, Recorded, Recorder, TrustKeeper};
    use crate::testing::{HandClock, NOW, TestIssuer, purchase};
    use crate::{Outcome, Reason};

    /// Counts what it is given, and takes no allow of over one unit.
    #[derive(Default)]
    struct Book {
        actions: Mutex<Vec<(Reason, Option<String>)>>,
        asked: AtomicUsize,
    }

    impl Recorder for Book {
        fn record(&self, decision: &Decision<'_>) -> Result<Recorded, RecordError> {
            let record = decision.record();
            self.actions.lock().unwrap_or_else(PoisonError::into_inner).push((record.reason, record.action.map(str::to_owned)));
            match decision.outcome() == Outcome::Allow && record.attributes.iter().any(|(_, value)| *value != 1.into()) {
                true => Err(RecordError::Stopped),
                false => Ok(Recorded::Done),
            }
        }
    }

    impl TrustKeeper for Book {
        fn ask(&self) {
            self.asked.fetch_add(1, Ordering::SeqCst);
        }

        fn health(&self) -> KeeperHealth {
            KeeperHealth::default()
        }
    }

    fn guard(issuer: &TestIssuer) -> (Guard, Arc<Book>, Arc<HandClock>) {
        let (book, clock) = (Arc::new(Book::default()), Arc::new(HandClock::at(NOW)));
        let guard = Guard::new(issuer.verifier()).with_clock(Arc::clone(&clock));
        (guard.with_recorder(Arc::clone(&book)).with_trust_keeper(Arc::clone(&book)), book, clock)
    }

    #[test]
    fn a_passport_that_does_not_count_is_recorded_as_a_denial_of_nothing_in_particular() {
        let issuer = TestIssuer::new();
        let (guard, book, clock) = guard(&issuer);
        let header = format!("Bearer {}", issuer.passport());
        let stranger = format!("Bearer {}", TestIssuer::new().passport());
        let answer = |header: Option<&str>| guard.verify(header).map_err(|rejection| (rejection.status(), rejection.code())).map(|_| ());
        assert_eq!(answer(Some(&header)), Ok(()));
        assert_eq!(answer(None), Err((401, "missing_token")));
        assert_eq!(answer(Some("Basic YTpi")), Err((401, "missing_token")));
        assert_eq!(book.actions.lock().expect("lock").len(), 0, "nothing was decided yet");
        assert_eq!(answer(Some("Bearer x")), Err((401, "malformed_token")));
        assert_eq!((answer(Some(&stranger)), book.asked.load(Ordering::SeqCst)), (Err((401, "unknown_key")), 1));
        clock.set(NOW - 6);
        assert_eq!(answer(Some(&header)), Err((503, "clock_untrusted")));
        let expected = [Reason::MalformedToken, Reason::UnknownKey, Reason::ClockUntrusted].map(|reason| (reason, None));
        assert_eq!(*book.actions.lock().expect("lock"), expected);
    }

    #[test]
    fn what_is_asked_of_a_verified_passport_is_looked_at_now_and_recorded_each_time() {
        let issuer = TestIssuer::new();
        let (guard, book, clock) = guard(&issuer);
        let passport = guard.verify(Some(&format!("Bearer {}", issuer.passport()))).expect("good");
        let (good, over, unrecorded) = (purchase(1), purchase(501), purchase(2));
        let granted = guard.authorize_verified(&passport, &good).expect("allowed");
        assert!(granted.request_id().is_some_and(|id| id.starts_with("req_")));
        assert_eq!(guard.decide_verified(&passport, &over).reason(), Reason::ConstraintUnmet);
        let rejection = guard.authorize_verified(&passport, &unrecorded).expect_err("not recorded");
        assert_eq!((rejection.status(), rejection.code(), guard.unrecorded()), (503, "audit_unavailable", 1));
        clock.set(NOW - 6);
        assert_eq!(guard.decide_verified(&passport, &good).reason(), Reason::ClockUntrusted);
        clock.set(NOW + 3_600);
        assert_eq!(guard.decide_verified(&passport, &good).reason(), Reason::Expired);
        let reasons: Vec<Reason> = book.actions.lock().expect("lock").iter().map(|(reason, _)| *reason).collect();
        assert_eq!(
            reasons,
            [Reason::Granted, Reason::ConstraintUnmet, Reason::Granted, Reason::ClockUntrusted, Reason::Expired],
            "the third was offered to the book and not taken"
        );
    }
}
