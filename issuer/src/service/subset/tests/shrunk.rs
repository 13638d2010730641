//! What grants are shrunk to is no more than is held, by the very rule.

use passport_shared::decision::Outcome;
use passport_shared::recorded::{Asked, Recorded};
use passport_shared::shrink::Shrink;

use super::renewed::any_request;
use super::*;

fn allowed(request: &Request) -> Recorded {
    Recorded {
        request_id: "r".to_owned(),
        outcome: Outcome::Allow,
        reason: "granted".to_owned(),
        grant: None,
        agent_id: None,
        passport_id: None,
        issuer: None,
        key_id: None,
        approval_id: Some("apr_1".to_owned()),
        evaluated_at: Some(NOW),
        trust_sequence: None,
        engine: None,
        asked: Asked::Whole(request.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_grants_are_shrunk_to_can_be_had_by_renewal(
        held in proptest::collection::vec(some_grant(), 1..5),
        requests in proptest::collection::vec(any_request(), 1..12),
        generalise in any::<bool>(),
    ) {
        let held = grants(&json!(held));
        let old = passport(held.clone(), NOW + 40);
        let mut shrink = Shrink::new(&old, NOW);
        requests.iter().for_each(|(request, _)| shrink.take(&allowed(request)));
        let shrunk = shrink.end(generalise);
        let checked = check_renewed(&held, &shrunk.grants, NOW + 40, NOW);
        prop_assert!(checked.is_ok(), "{:?}: {}", checked, json!(shrunk.grants));
    }
}
