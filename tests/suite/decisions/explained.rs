//! What a person is told of each grant adds up to the decision that was taken.

use std::collections::BTreeMap;

use passport_shared::decision::{Reason, Unmet};
use passport_shared::explain::{Says, explain};
use passport_shared::judge::{ResourcePolicy, judge};
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use passport_tests::generate::Gen;

#[test]
fn what_the_grants_say_adds_up_to_the_decision() {
    let mut generator = Gen::new(11);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for case in 0..40_000 {
        let (claims, request, now) = generator.case();
        let Ok(passport) = Passport::read(claims.as_bytes()) else { continue };
        let request = Request::parse(request.as_bytes());
        let verdict = judge(&passport, &request, ResourcePolicy::MayOmit, now);
        let told = explain(passport.grants.iter().map(|(index, grant)| (*index, grant)), &request, now);
        let first = |says: Says| told.iter().find(|explained| explained.says == says).map(|explained| explained.grant);
        let said = |says| first(says).is_some();
        let reason = verdict.reason();
        let context = format!("case {case}: {claims}\n{}\n{told:?}\n{verdict:?}", request.action());
        match reason {
            Reason::InvalidRequest => assert!(told.is_empty(), "{context}"),
            // Decided before any grant was looked at.
            Reason::AgentMismatch | Reason::ProofRequired => continue,
            _ => {
                let expected = [
                    (Says::Blocks, Reason::ActionBlocked),
                    (Says::Allows, Reason::Granted),
                    (Says::NeedsApproval, Reason::ApprovalRequired),
                    (Says::ConstraintUnmet, Reason::ConstraintUnmet),
                    (Says::NotUnderstood, Reason::UnsupportedGrant),
                ];
                match expected.into_iter().find(|(says, _)| said(*says)) {
                    Some((_, expected)) => assert_eq!(reason, expected, "{context}"),
                    None if reason == Reason::GrantExpired => assert!(said(Says::Ended), "{context}"),
                    None if said(Says::OtherAction) => assert_eq!(reason, Reason::ActionNotGranted, "{context}"),
                    None => assert_eq!(reason, Reason::ResourceNotGranted, "{context}"),
                }
            }
        }
        if reason == Reason::Granted {
            assert_eq!(first(Says::Allows), verdict.grant(), "{context}");
        }
        if reason == Reason::ConstraintUnmet {
            let mut clauses: Vec<Unmet> = told.iter().flat_map(|explained| &explained.unmet).map(|unmet| unmet.clause.clone()).collect();
            clauses.sort_by_cached_key(|clause| (clause.grant, clause.attribute.clone(), clause.operator));
            assert_eq!(clauses, verdict.details(), "{context}");
        }
        *reasons.entry(reason.code()).or_default() += 1;
    }
    for reason in
        ["granted", "action_blocked", "approval_required", "constraint_unmet", "unsupported_grant", "grant_expired", "invalid_request"]
    {
        assert!(reasons.get(reason).is_some_and(|count| *count > 20), "{reason} is too rare in {reasons:?}");
    }
}
