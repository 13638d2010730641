use std::sync::Arc;

use super::*;
use crate::guard::{RecordError, Recorded, Recorder, TrustKeeper};
use crate::testing::{AUDIENCE, HandClock, ISSUER, NOW, TestIssuer, purchase};
use crate::{Decision, Request, StatusPolicy, Trust, Verifier, fixture};

/// A recorder and a keeper that say what they are told to.
struct Says(RecorderHealth, KeeperHealth);

impl Recorder for Says {
    fn record(&self, decision: &Decision<'_>) -> Result<Recorded, RecordError> {
        match decision.details() {
            [] => Ok(Recorded::Done),
            _ => Err(RecordError::Stopped),
        }
    }

    fn health(&self) -> Option<RecorderHealth> {
        Some(self.0.clone())
    }
}

impl TrustKeeper for Says {
    fn ask(&self) {}

    fn health(&self) -> KeeperHealth {
        self.1.clone()
    }
}

fn guard(issuer: &TestIssuer) -> Guard {
    Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW))
}

fn saying(recorder: RecorderHealth, keeper: KeeperHealth) -> Health {
    let says = Arc::new(Says(recorder, keeper));
    guard(&TestIssuer::new()).with_recorder(Arc::clone(&says)).with_trust_keeper(says).health()
}

/// A verifier that believes a bundle of `NOW` with a status list that was issued `before` seconds earlier.
fn bundled(before: i64) -> Verifier {
    let key = fixture::key();
    let token = fixture::bundle(&key, &[&key], &[], &[fixture::list(&key, &[], NOW - before)], 7, NOW);
    Verifier::new(Trust::from_bundle(token.as_bytes(), NOW).expect("trust"), AUDIENCE)
}

#[test]
fn nothing_wrong_is_healthy_and_says_what_is_there() {
    let health = Guard::new(bundled(60)).with_clock(HandClock::at(NOW + 100)).health();
    assert_eq!((health.problems(), health.verdict(), health.is_healthy()), (vec![], Verdict::Healthy, true));
    let trust = &health.trust;
    assert_eq!((trust.issuer.as_str(), trust.sequence, trust.keys, trust.issued_at), (ISSUER, Some(7), 1, Some(NOW)));
    assert_eq!((trust.age, trust.status_age), (Some(100), Some(160)));
    assert_eq!((trust.max_age, trust.max_status_age), (MaxAge::Seconds(86_400), Some(MaxAge::Seconds(3_600))));
    assert_eq!((health.clock.now, health.clock.behind, health.clock.trusted), (NOW + 100, 0, true));
    assert_eq!((health.keeper, health.recorder, health.unrecorded), (None, None, 0));
    // A plain set of keys has no age.
    let health = guard(&TestIssuer::new()).health();
    assert_eq!((health.trust.sequence, health.trust.age, health.trust.status_age, health.is_healthy()), (None, None, None, true));
}

#[test]
fn what_denies_everything_is_told_as_soon_as_it_does() {
    let no_keys = Guard::new(Verifier::new(Trust::none(ISSUER), AUDIENCE)).with_clock(HandClock::at(NOW)).health();
    assert_eq!((no_keys.problems(), no_keys.verdict()), (vec![HealthProblem::NoKeys], Verdict::Denying));

    let aged = |now| Guard::new(bundled(0).with_max_status_age(MaxAge::Unlimited)).with_clock(HandClock::at(now)).health().problems();
    assert_eq!(aged(NOW + 86_400), []);
    assert_eq!(aged(NOW + 86_401), [HealthProblem::KeysTooOld { age: 86_401 }]);

    let status = |verifier: Verifier| Guard::new(verifier).with_clock(HandClock::at(NOW)).health().problems();
    assert_eq!(status(bundled(3_600)), []);
    assert_eq!(status(bundled(3_601)), [HealthProblem::StatusTooOld { age: 3_601 }]);
    assert_eq!(status(bundled(3_601).with_status_policy(StatusPolicy::AllowUnavailable)), []);
}

#[test]
fn health_and_decisions_agree_about_the_clock() {
    let issuer = TestIssuer::new();
    let clock = Arc::new(HandClock::at(NOW + 10));
    let guard = Guard::new(issuer.verifier()).with_clock(Arc::clone(&clock));
    for (now, behind) in [(NOW + 10, 0), (NOW + 5, 5), (NOW + 4, 6), (-1, 0), (i64::MAX, 0), (NOW + 11, 0)] {
        clock.set(now);
        let health = guard.health();
        let decided = guard.decide(issuer.passport(), &purchase(1)).is_allowed();
        assert_eq!((health.clock.trusted, health.clock.behind, health.is_healthy()), (decided, behind, decided), "{now}");
        assert_eq!(health.problems().iter().any(|problem| matches!(problem, HealthProblem::ClockUntrusted { .. })), !decided);
    }
}

#[test]
fn what_goes_wrong_around_the_guard_is_told_for_what_it_is() {
    let keeper = |refusing| KeeperHealth { refusing, last_error: Some("why".into()), ..KeeperHealth::default() };
    let recorder = |change: fn(&mut RecorderHealth)| {
        let mut health = RecorderHealth::default();
        change(&mut health);
        health
    };
    let fine = KeeperHealth::default;
    let why = || "why".to_owned();
    for (health, expected) in [
        (saying(RecorderHealth::default(), keeper(false)), Some(HealthProblem::TrustUnreachable { why: why() })),
        (saying(RecorderHealth::default(), keeper(true)), Some(HealthProblem::TrustRefused { why: why() })),
        (saying(RecorderHealth::default(), KeeperHealth { save_failures: 4, ..fine() }), Some(HealthProblem::TrustUnsaved { times: 4 })),
        (
            saying(recorder(|it| (it.waiting, it.oldest_waiting, it.last_error) = (3, Some(60), Some("why".into()))), fine()),
            Some(HealthProblem::Undelivered { waiting: 3, seconds: 60, why: why() }),
        ),
        (saying(recorder(|it| (it.waiting, it.oldest_waiting, it.last_error) = (3, Some(59), Some("why".into()))), fine()), None),
        (saying(recorder(|it| (it.waiting, it.delivered, it.failed_attempts) = (3, 9, 9)), fine()), None),
        (
            saying(recorder(|it| (it.refusing, it.last_error) = (true, Some("why".into()))), fine()),
            Some(HealthProblem::NothingRecorded { why: why() }),
        ),
        (
            saying(recorder(|it| (it.spool_bytes, it.spool_quota) = (Some(90), Some(100))), fine()),
            Some(HealthProblem::SpoolNearlyFull { bytes: 90, quota: 100 }),
        ),
        (saying(recorder(|it| (it.spool_bytes, it.spool_quota) = (Some(89), Some(100))), fine()), None),
        (saying(recorder(|it| it.disk_errors = 2), fine()), Some(HealthProblem::SpoolUnwritable { times: 2 })),
        (
            saying(recorder(|it| (it.lost, it.rejected) = (1, 2)), fine()),
            Some(HealthProblem::RecordsMissing { unrecorded: 0, lost: 1, rejected: 2 }),
        ),
    ] {
        let verdict = match &expected {
            None => Verdict::Healthy,
            Some(problem) if problem.denies() => Verdict::Denying,
            Some(_) => Verdict::Degraded,
        };
        assert_eq!((health.problems(), health.verdict()), (expected.into_iter().collect(), verdict));
    }
}

#[test]
fn a_decision_that_could_not_be_recorded_is_not_forgotten() {
    let issuer = TestIssuer::new();
    let guard = guard(&issuer).with_recorder(Says(RecorderHealth::default(), KeeperHealth::default()));
    let (good, over) = (purchase(1), purchase(501));
    let _ = guard.decide(issuer.passport(), &good);
    assert!(guard.health().is_healthy());
    let _ = guard.decide(issuer.passport(), &over);
    let problems = guard.health().problems();
    assert_eq!(problems, [HealthProblem::RecordsMissing { unrecorded: 1, lost: 0, rejected: 0 }]);
}

#[test]
fn every_problem_says_what_to_look_at_in_one_line() {
    let none = Guard::new(Verifier::new(Trust::none(ISSUER), AUDIENCE)).with_clock(HandClock::at(-1));
    let _ = none.decide("x", &Request::new("purchase"));
    assert_eq!(
        none.health().to_string(),
        "the clock says -1 and is 0 seconds behind the latest time seen, so everything is denied; set the clock; \
         no keys are loaded, so every passport is denied; see whether a trust bundle can be had"
    );
    assert_eq!(guard(&TestIssuer::new()).health().to_string(), "healthy");
}
