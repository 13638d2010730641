//! That the cases are worth running: every reason and every operator comes up, on both sides.

use std::collections::BTreeMap;

use super::*;
use crate::oracle::{self, KeyState, Outcome, StatusAnswer, Verdict, World};

const CASES: usize = 20_000;

fn world(status: StatusAnswer) -> World<'static> {
    World {
        issuer: ISSUER,
        audience: AUDIENCE,
        keys: &[("key", KeyState::Known)],
        keys_age: None,
        status,
        max_token_bytes: 8192,
        leeway: 30,
        require_resource: false,
    }
}

fn verdicts() -> Vec<(String, String, Verdict)> {
    let mut generator = Gen::new(1);
    (0..CASES)
        .map(|_| {
            let (claims, request, now) = generator.case();
            let status = generator.status();
            let verdict = oracle::decide_claims(&world(status), claims.as_bytes(), request.as_bytes(), now);
            (claims, request, verdict)
        })
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_cases() {
    let cases = |seed| {
        let mut generator = Gen::new(seed);
        (0..50).map(|_| generator.case()).collect::<Vec<_>>()
    };
    assert_eq!(cases(7), cases(7));
    assert_ne!(cases(7), cases(8));
}

#[test]
fn every_reason_of_steps_5_to_13_comes_up() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, _, verdict) in verdicts() {
        *counts.entry(verdict.reason).or_default() += 1;
    }
    println!("{counts:#?}");
    let reasons = [
        "malformed_token",
        "wrong_issuer",
        "wrong_audience",
        "not_yet_valid",
        "expired",
        "status_unavailable",
        "revoked",
        "invalid_request",
        "agent_mismatch",
        "proof_required",
        "action_blocked",
        "unsupported_grant",
        "grant_expired",
        "action_not_granted",
        "resource_not_granted",
        "constraint_unmet",
        "approval_required",
        "approval_invalid",
        "clock_untrusted",
        "granted",
    ];
    for reason in reasons {
        let count = counts.remove(reason).unwrap_or(0);
        assert!(count >= CASES / 500, "`{reason}` came up {count} times in {CASES}");
        assert!(reason != "granted" || count >= CASES / 10, "`granted` came up {count} times in {CASES}");
        assert!(reason != "malformed_token" || count <= CASES / 5, "`malformed_token` came up {count} times in {CASES}");
    }
    assert_eq!(counts, BTreeMap::new());
}

#[test]
fn every_operator_is_met_and_unmet() {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let operators = ["equals", "notEquals", "oneOf", "noneOf", "min", "max", "glob", "under", "host", "cidr"];
    for (claims, _, verdict) in verdicts() {
        for operator in operators {
            let (met, unmet) = counts.entry(operator).or_default();
            // One grant alone, so the operator that stands in the claims is one that held.
            let alone = claims.matches("permission_passport").count() == 1;
            *met += usize::from(verdict.outcome == Outcome::Allow && alone && claims.contains(&format!("\"{operator}\"")));
            *unmet += usize::from(verdict.details.iter().any(|clause| clause.operator.as_deref() == Some(operator)));
        }
        let (_, unmet) = counts.entry("(none)").or_default();
        *unmet += usize::from(verdict.details.iter().any(|clause| clause.operator.is_none()));
    }
    println!("{counts:#?}");
    for (operator, (met, unmet)) in counts {
        assert!(unmet >= 20, "`{operator}` was unmet {unmet} times");
        assert!(met >= 20 || operator == "(none)", "`{operator}` was met {met} times");
    }
}
