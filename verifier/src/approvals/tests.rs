use passport_keys::SigningKey;
use passport_shared::approval::NewApprovalClaims;
use passport_shared::jose::{Algorithm, TokenType};

use super::*;
use crate::fixture::{AUDIENCE, ISSUER, NOW, bundle, jwks, key, passport};
use crate::{Decision, Verifier};

/// A passport whose refunds need approval, by one person on `commerce` and by two on `bank`.
fn claims(agent: &str, id: &str) -> String {
    serde_json::json!({
        "iss": ISSUER, "sub": agent, "aud": [AUDIENCE], "iat": NOW - 100, "exp": NOW + 3_600, "jti": id,
        "authorization_details": [
            {"type": "permission_passport", "resource": "commerce", "allowedActions": ["refund"], "requiresApproval": true},
            {"type": "permission_passport", "resource": "bank", "allowedActions": ["refund"], "requiresApproval": true, "approvers": 2},
        ],
    })
    .to_string()
}

fn refund() -> Request {
    Request::new("refund").on("commerce").with("amount", 5)
}

/// An approval as an issuer makes it, but for what `change` does to it.
fn approval(key: &SigningKey, request: &Request, change: impl FnOnce(&mut NewApprovalClaims<'_>)) -> String {
    let (hash, ann) = (request.hash("agent"), ["ann".to_owned()]);
    let mut claims = NewApprovalClaims {
        issuer: ISSUER,
        agent_id: "agent",
        audience: None,
        issued_at: NOW,
        expires_at: NOW + 900,
        id: "apr_1",
        passport_id: "pp_1",
        request_hash: &hash,
        approvers: &ann,
    };
    change(&mut claims);
    key.sign_token(TokenType::Approval, Algorithm::EdDsa, &serde_json::to_vec(&claims).expect("json"))
}

fn verifier(key: &SigningKey) -> Verifier {
    Verifier::new(Trust::from_key_set(ISSUER, &jwks(&[key])).expect("keys"), AUDIENCE)
}

/// Reason and message.
fn decided(verifier: &Verifier, token: &str, request: &Request, now: i64) -> (Reason, String) {
    let decision = verifier.decide(token, request, now);
    (decision.reason(), decision.record().message)
}

#[test]
fn an_approval_is_good_once_and_its_use_is_told() {
    let (key, request) = (key(), refund());
    let (verifier, token) = (verifier(&key), passport(&key, &claims("agent", "pp_1")));
    assert_eq!(decided(&verifier, &token, &request, NOW).0, Reason::ApprovalRequired);
    let given = request.clone().approved(approval(&key, &request, |_| {})).identified("req_1");
    let decision = verifier.decide(&token, &given, NOW);
    assert!(matches!(&decision, Decision::Allow(granted) if granted.grant() == 0), "{decision:?}");
    assert_eq!(decision.approval_id(), Some("apr_1"));
    assert_eq!(serde_json::to_value(decision.record()).expect("json")["approvalId"], "apr_1");
    let (reason, message) = decided(&verifier, &token, &given, NOW + 1);
    assert_eq!((reason, message.as_str()), (Reason::ApprovalInvalid, "the approval given does not hold: it was used before"));
    // A clone is the same verifier, and a passport that is held asks it too.
    assert_eq!(decided(&verifier.clone(), &token, &given, NOW).0, Reason::ApprovalInvalid);
    let held = verifier.verify(&token, NOW).expect("sound");
    assert_eq!(held.decide(&given, NOW).reason(), Reason::ApprovalInvalid);
}

#[test]
fn two_verifiers_that_do_not_talk_each_let_an_approval_through_once() {
    let (key, request) = (key(), refund());
    let token = passport(&key, &claims("agent", "pp_1"));
    let given = request.clone().approved(approval(&key, &request, |_| {}));
    for verifier in [verifier(&key), verifier(&key)] {
        assert_eq!(decided(&verifier, &token, &given, NOW).0, Reason::Granted);
        assert_eq!(decided(&verifier, &token, &given, NOW).0, Reason::ApprovalInvalid);
    }
}

#[test]
fn of_many_threads_with_one_approval_one_is_let_through() {
    let (key, request) = (key(), refund());
    let (verifier, token) = (verifier(&key), passport(&key, &claims("agent", "pp_1")));
    let given = request.clone().approved(approval(&key, &request, |_| {}));
    let allowed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| verifier.decide(&token, &given, NOW).is_allowed())).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).filter(|allowed| *allowed).count()
    });
    assert_eq!(allowed, 1);
}

#[test]
fn an_approval_for_anything_else_does_not_hold_and_is_not_used_up() {
    let (issuer_key, request) = (key(), refund());
    let verifier = verifier(&issuer_key);
    let token = passport(&issuer_key, &claims("agent", "pp_1"));
    let elsewhere: &'static [String; 1] = Box::leak(Box::new(["https://other.example".to_owned()]));
    let ask = |request: &Request, approval: String, now| decided(&verifier, &token, &request.clone().approved(approval), now);
    let own = |change: fn(&mut NewApprovalClaims<'_>)| approval(&issuer_key, &request, change);
    let sound = || own(|_| {});
    let refused = [
        (ask(&refund().with("more", true), sound(), NOW), "another request"),
        (ask(&Request::new("refund").on("commerce").with("amount", 6), sound(), NOW), "another request"),
        (ask(&request, own(|claims| claims.passport_id = "pp_2"), NOW), "another passport"),
        (ask(&request, own(|claims| claims.agent_id = "other"), NOW), "another passport"),
        (ask(&request, own(|claims| claims.issuer = "https://other.example"), NOW), "another issuer"),
        (ask(&request, approval(&issuer_key, &request, |claims| claims.audience = Some(elsewhere)), NOW), "other services"),
        (ask(&request, sound(), NOW + 900), "expired"),
        (ask(&request, sound(), NOW - 31), "not valid yet"),
        (ask(&request, own(|claims| claims.expires_at = NOW + 901), NOW), "900 seconds"),
        (ask(&request, approval(&key(), &request, |_| {}), NOW), "not trusted"),
        (ask(&request, "x.y.z".to_owned(), NOW), "base64url"),
        // A passport, which the issuer has signed too, is no approval.
        (ask(&request, token.clone(), NOW), "kind"),
    ];
    for ((reason, message), why) in refused {
        assert_eq!(reason, Reason::ApprovalInvalid, "{why}: {message}");
        assert!(message.contains(why) || why == "kind", "{why}: {message}");
    }
    let mut flipped = sound().into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    assert_eq!(ask(&request, String::from_utf8(flipped).expect("text"), NOW).0, Reason::ApprovalInvalid);
    // Another agent's passport, with the same approval.
    let others = passport(&issuer_key, &claims("other", "pp_2"));
    assert_eq!(decided(&verifier, &others, &request.clone().approved(sound()), NOW).0, Reason::ApprovalInvalid);
    // After all of that it is still good, once.
    assert_eq!(ask(&request, sound(), NOW + 899).0, Reason::Granted);
    assert_eq!(ask(&request, sound(), NOW + 899).0, Reason::ApprovalInvalid);
}

#[test]
fn a_grant_that_asks_for_two_people_takes_no_approval_of_one() {
    let (key, request) = (key(), Request::new("refund").on("bank"));
    let (verifier, token) = (verifier(&key), passport(&key, &claims("agent", "pp_1")));
    assert!(matches!(verifier.decide(&token, &request, NOW), Decision::NeedsApproval(pending) if pending.approvers() == 2));
    let (reason, message) = decided(&verifier, &token, &request.clone().approved(approval(&key, &request, |_| {})), NOW);
    assert_eq!(reason, Reason::ApprovalInvalid);
    assert!(message.contains("fewer people"), "{message}");
    let both: &'static [String; 2] = Box::leak(Box::new(["ann".to_owned(), "bob".to_owned()]));
    let given = request.clone().approved(approval(&key, &request, |claims| claims.approvers = both));
    assert_eq!(decided(&verifier, &token, &given, NOW).0, Reason::Granted);
}

#[test]
fn an_approval_by_a_revoked_key_does_not_hold() {
    let (old, new, request) = (key(), key(), refund());
    let trust =
        |revoked: &[&SigningKey]| Trust::from_bundle(bundle(&new, &[&new, &old], revoked, &[], 1, NOW).as_bytes(), NOW).expect("trust");
    let token = passport(&new, &claims("agent", "pp_1"));
    let given = request.clone().approved(approval(&old, &request, |_| {}));
    assert_eq!(decided(&Verifier::new(trust(&[]), AUDIENCE), &token, &given, NOW).0, Reason::Granted);
    assert_eq!(decided(&Verifier::new(trust(&[&old]), AUDIENCE), &token, &given, NOW).0, Reason::ApprovalInvalid);
}

#[test]
fn used_approvals_are_bounded_and_none_is_forgotten_before_its_time() {
    let used = Used::default();
    let name = |number: usize| ("i".to_owned(), number.to_string());
    for number in 0..REMEMBERED {
        assert_eq!(used.note(name(number), 100, 1), Ok(()));
    }
    assert!(used.note(name(REMEMBERED), 100, 99).is_err(), "there is no room while all are alive");
    assert!(used.note(name(0), 100, 99).is_err(), "it was used before");
    assert_eq!(used.note(name(REMEMBERED), 200, 100), Ok(()), "what has expired makes room");
    assert_eq!(used.memory.lock().expect("no panic").until.len(), 1);
}

#[test]
fn a_clock_that_jumps_ahead_and_back_lets_no_approval_through_twice() {
    let used = Used::default();
    let name = |number: usize| ("i".to_owned(), number.to_string());
    for number in 0..REMEMBERED {
        assert_eq!(used.note(name(number), 100, 1), Ok(()));
    }
    // Far ahead there is room again, since all are forgotten; then the clock is put right.
    assert_eq!(used.note(name(REMEMBERED), 1_000, 500), Ok(()));
    assert!(used.note(name(0), 100, 2).is_err_and(|why| why.contains("the clock went back")), "it was used before");
    assert!(used.note(name(REMEMBERED + 1), 500, 2).is_err(), "nothing that may be forgotten holds");
    assert_eq!(used.note(name(REMEMBERED + 2), 501, 2), Ok(()), "nothing that lives longer was forgotten");
}
