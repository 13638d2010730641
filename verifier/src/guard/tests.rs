use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use super::*;
use crate::testing::{FixedRandomness, HandClock, NOW, NoRandomness, TestIssuer, purchase};
use crate::{KeySet, Outcome, Trust};

/// Takes the first `room` records as JSON, and no more.
struct Notebook {
    room: usize,
    pages: Mutex<Vec<serde_json::Value>>,
}

impl Notebook {
    fn with_room_for(room: usize) -> Arc<Self> {
        Arc::new(Self { room, pages: Mutex::default() })
    }

    fn reasons(&self) -> Vec<String> {
        self.pages.lock().expect("lock").iter().map(|page| page["reason"].as_str().expect("a reason").to_owned()).collect()
    }
}

impl Recorder for Notebook {
    fn record(&self, decision: &Decision<'_>) -> Result<Recorded, RecordError> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() == self.room {
            return Err(RecordError::Full { waiting: self.room });
        }
        pages.push(serde_json::to_value(decision.record()).map_err(|error| RecordError::Failed(error.to_string()))?);
        Ok(Recorded::Done)
    }
}

fn guard(issuer: &TestIssuer) -> Guard {
    Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW))
}

fn body(rejection: &Rejection) -> serde_json::Value {
    serde_json::from_str(rejection.body()).expect("json")
}

#[test]
fn an_allow_is_handed_over_and_every_refusal_has_its_answer() {
    let issuer = TestIssuer::new();
    let guard = guard(&issuer);
    let header = format!("bearer {}", issuer.passport());
    let request = purchase(500);
    let granted = guard.authorize(Some(&header), &request).expect("allowed");
    assert_eq!((granted.grant(), granted.passport().map(|passport| passport.agent_id.as_str())), (0, Some("agent_ollie")));

    let stranger = format!("Bearer {}", TestIssuer::new().passport());
    let malformed = Request::new("purchase").with("action", "twice");
    let scope = Some(r#"Bearer error="insufficient_scope""#);
    let invalid = Some(r#"Bearer error="invalid_token""#);
    for (header, request, status, code, challenge) in [
        (None, purchase(1), 401, "missing_token", Some("Bearer")),
        (Some("Basic YTpi"), purchase(1), 401, "missing_token", Some("Bearer")),
        (Some("Bearer x"), purchase(1), 401, "malformed_token", invalid),
        (Some(&stranger), purchase(1), 401, "unknown_key", invalid),
        (Some(&header), purchase(501), 403, "constraint_unmet", scope),
        (Some(&header), Request::new("refund").on("commerce"), 403, "approval_required", scope),
        (Some(&header), Request::new("sell").on("commerce"), 403, "action_not_granted", scope),
        (Some(&header), malformed, 400, "invalid_request", None),
    ] {
        let rejection = guard.authorize(header, &request).expect_err(code);
        assert_eq!((rejection.status(), rejection.code(), rejection.challenge()), (status, code, challenge));
        assert_eq!((rejection.retry_after(), rejection.to_string()), (None, format!("rejected with {status}: {code}")));
        let body = body(&rejection);
        assert_eq!((&body["status"], &body["code"]), (&status.into(), &code.into()), "{body}");
        assert_eq!(body["requestId"].is_string(), code != "missing_token", "{body}");
    }
}

#[test]
fn a_rejection_has_the_fields_of_the_decision_with_numbers_as_they_were_written() {
    let issuer = TestIssuer::new();
    let header = format!("Bearer {}", issuer.passport());
    let request = Request::parse(br#"{"action":"purchase","resource":"commerce","requestId":"r1","amount":742.10}"#);
    let rejection = guard(&issuer).authorize(Some(&header), &request).expect_err("over the limit");
    assert!(rejection.body().contains(r#""attributes":{"amount":742.10}"#), "{}", rejection.body());
    let body = body(&rejection);
    assert_eq!(body["requestId"], "r1");
    assert_eq!(body["outcome"], "deny");
    assert_eq!(body["details"][0]["expected"], "500.00");
    assert_eq!(body["detail"], body["message"]);
}

#[test]
fn a_decision_without_a_callers_id_gets_one() {
    let issuer = TestIssuer::new();
    let guard = guard(&issuer).with_randomness(FixedRandomness([0; 10]));
    let given = purchase(1).identified("mine");
    assert_eq!(guard.decide(issuer.passport(), &given).request_id(), Some("mine"));
    let expected = "req_018bcfe6-eea0-7000-8000-000000000000";
    assert_eq!(guard.decide(issuer.passport(), &purchase(1)).request_id(), Some(expected));
    assert_eq!(guard.decide("x", &purchase(1)).request_id(), Some(expected));
}

#[test]
fn without_randomness_an_allow_becomes_an_internal_error() {
    let issuer = TestIssuer::new();
    let notebook = Notebook::with_room_for(9);
    let guard = guard(&issuer).with_randomness(NoRandomness).with_recorder(Arc::clone(&notebook));
    let request = purchase(1);
    let decision = guard.decide(issuer.passport(), &request);
    assert_eq!((decision.outcome(), decision.reason(), decision.request_id()), (Outcome::Deny, Reason::InternalError, None));
    assert_eq!((notebook.reasons().len(), guard.unrecorded()), (0, 1), "what has no id cannot be recorded, and counts as lost");
    let given = purchase(1).identified("mine");
    assert!(guard.decide(issuer.passport(), &given).is_allowed(), "none is needed");
}

#[test]
fn a_clock_that_steps_back_denies_until_it_has_caught_up() {
    let issuer = TestIssuer::new();
    let clock = Arc::new(HandClock::at(NOW + 100));
    let guard = Guard::new(issuer.verifier()).with_clock(Arc::clone(&clock));
    let (token, request) = (issuer.passport(), purchase(1));
    let reason_at = |now| {
        clock.set(now);
        guard.decide(&token, &request).reason()
    };
    assert_eq!(reason_at(NOW + 100), Reason::Granted);
    assert_eq!(reason_at(NOW + 95), Reason::Granted);
    assert_eq!(reason_at(NOW + 94), Reason::ClockUntrusted);
    assert_eq!(reason_at(0), Reason::ClockUntrusted);
    assert_eq!(reason_at(-1), Reason::ClockUntrusted);
    assert_eq!(reason_at(i64::MAX), Reason::ClockUntrusted);
    assert_eq!(reason_at(NOW + 96), Reason::Granted, "a time that is none is not remembered");
    // What has expired stays so, even within the tolerance.
    assert_eq!(reason_at(NOW + 3_600), Reason::Expired);
    assert_eq!(reason_at(NOW + 3_599), Reason::Expired);
    assert_eq!(guard.latest_time(), NOW + 3_600);

    clock.set(NOW);
    let rejection = guard.authorize(Some(&format!("Bearer {token}")), &request).expect_err("the clock went back");
    assert_eq!((rejection.status(), rejection.code(), rejection.challenge()), (503, "clock_untrusted", None));
    assert!(rejection.retry_after().is_some());
}

#[test]
fn the_latest_time_of_an_earlier_run_and_the_tolerance_are_heeded() {
    let issuer = TestIssuer::new();
    let (token, request) = (issuer.passport(), purchase(1));
    let reason = |guard: Guard| guard.decide(&token, &request).reason();
    assert_eq!(reason(guard(&issuer).with_latest_time(NOW + 5)), Reason::Granted);
    assert_eq!(reason(guard(&issuer).with_latest_time(NOW + 6)), Reason::ClockUntrusted);
    assert_eq!(reason(guard(&issuer).with_latest_time(NOW + 6).with_clock_tolerance(6)), Reason::Granted);
    assert_eq!(reason(guard(&issuer).with_latest_time(NOW + 5).with_clock_tolerance(4)), Reason::ClockUntrusted);
}

#[test]
fn every_decision_is_recorded_as_it_is_answered() {
    let issuer = TestIssuer::new();
    let notebook = Notebook::with_room_for(9);
    let guard = guard(&issuer).with_recorder(Arc::clone(&notebook));
    let (good, token) = (purchase(1), issuer.passport());
    let id = guard.decide(&token, &good).request_id().map(str::to_owned);
    let _ = guard.decide(&token, &purchase(501));
    let _ = guard.decide(&token, &Request::new("refund").on("commerce"));
    let _ = guard.decide("x", &good);
    assert_eq!(notebook.reasons(), ["granted", "constraint_unmet", "approval_required", "malformed_token"]);
    assert_eq!(notebook.pages.lock().expect("lock")[0]["requestId"].as_str(), id.as_deref());
    assert_eq!(guard.unrecorded(), 0);
}

#[test]
fn an_allow_that_cannot_be_recorded_is_denied() {
    let issuer = TestIssuer::new();
    let guard = guard(&issuer).with_recorder(Notebook::with_room_for(1));
    let (token, good, over) = (issuer.passport(), purchase(1), purchase(501));
    let refund = Request::new("refund").on("commerce");
    assert_eq!(guard.decide(&token, &good).reason(), Reason::Granted);
    let decision = guard.decide(&token, &good);
    assert_eq!((decision.outcome(), decision.reason()), (Outcome::Deny, Reason::AuditUnavailable));
    assert!(decision.request_id().is_some());
    let rejection = guard.authorize(Some(&format!("Bearer {token}")), &good).expect_err("denied");
    assert_eq!((rejection.status(), rejection.retry_after().is_some()), (503, true));
    assert_eq!(guard.unrecorded(), 2);
    // What is no allow stays what it is, and its loss is counted.
    assert_eq!(guard.decide(&token, &over).reason(), Reason::ConstraintUnmet);
    assert_eq!(guard.decide(&token, &refund).reason(), Reason::ApprovalRequired);
    assert_eq!(guard.unrecorded(), 4);
}

#[test]
fn by_explicit_choice_an_unrecorded_allow_stands_and_is_counted() {
    let issuer = TestIssuer::new();
    let guard = guard(&issuer).with_recorder(Notebook::with_room_for(0)).with_record_policy(RecordPolicy::AllowUnrecorded);
    assert!(guard.decide(issuer.passport(), &purchase(1)).is_allowed());
    assert!(!guard.decide(issuer.passport(), &purchase(501)).is_allowed());
    assert_eq!(guard.unrecorded(), 2);
}

/// Settles each ticket from another thread, by what it was told.
struct Later(Result<(), RecordError>);

impl Recorder for Later {
    fn record(&self, _: &Decision<'_>) -> Result<Recorded, RecordError> {
        let ((settler, ticket), result) = (Ticket::new(), self.0.clone());
        std::thread::Builder::new().spawn(move || settler.settle(result)).map_err(|error| RecordError::Failed(error.to_string()))?;
        Ok(Recorded::Pending(ticket))
    }
}

#[test]
fn an_allow_whose_record_does_not_become_durable_is_denied() {
    let issuer = TestIssuer::new();
    let (token, good, over) = (issuer.passport(), purchase(1), purchase(501));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (result, allowed, denied) in
        [(Ok(()), Reason::Granted, 0), (Err(RecordError::Failed("no disk".into())), Reason::AuditUnavailable, 4)]
    {
        let guard = guard(&issuer).with_recorder(Later(result));
        assert_eq!(guard.decide(&token, &good).reason(), allowed);
        assert_eq!(guard.decide(&token, &over).reason(), Reason::ConstraintUnmet);
        assert_eq!(runtime.block_on(guard.decide_async(&token, &good)).reason(), allowed);
        let header = format!("Bearer {token}");
        let answer = runtime.block_on(guard.authorize_async(Some(&header), &good));
        assert_eq!(answer.err().map(|rejection| rejection.status()), (allowed != Reason::Granted).then_some(503));
        assert_eq!(guard.unrecorded(), denied);
    }
    let kept = guard(&issuer).with_recorder(Later(Err(RecordError::Stopped))).with_record_policy(RecordPolicy::AllowUnrecorded);
    assert!(kept.decide(&token, &good).is_allowed());
    fn is_send(_: &impl Send) {}
    is_send(&kept.decide_async(&token, &good));
}

#[test]
fn an_unknown_key_and_nothing_else_asks_for_a_refresh() {
    let issuer = TestIssuer::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let guard = guard(&issuer).on_unknown_key(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    for token in [issuer.passport(), "x".into(), String::new()] {
        let _ = guard.decide(token, &purchase(501));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    let stranger = TestIssuer::new().passport();
    assert_eq!(guard.decide(stranger, &purchase(1)).reason(), Reason::UnknownKey);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn no_keys_is_an_answer_to_try_again() {
    let empty = serde_json::to_vec(&KeySet::default()).expect("json");
    let trust = Trust::from_key_set(crate::testing::ISSUER, &empty).expect("an empty set");
    let guard = Guard::new(Verifier::new(trust, crate::testing::AUDIENCE)).with_clock(HandClock::at(NOW));
    let header = format!("Bearer {}", TestIssuer::new().passport());
    let request = purchase(1);
    let rejection = guard.authorize(Some(&header), &request).expect_err("denied");
    assert_eq!((rejection.status(), rejection.code(), rejection.retry_after().is_some()), (503, "keys_unavailable", true));
}

#[test]
fn debug_shows_no_recorder_and_no_secret() {
    let shown = format!("{:?}", guard(&TestIssuer::new()).with_recorder(Notebook::with_room_for(0)));
    assert!(shown.contains("records: true"), "{shown}");
}
