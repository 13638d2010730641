//! What a renewed passport may have.

use super::*;

fn decide(held: &Value, new: &Value) -> Result<(), String> {
    check_renewed(&grants(held), &grants(new), NOW + 500, NOW).map_err(|error| match error {
        ServiceError::Forbidden { code: "not_held", errors, .. } => format!("{} {}", errors[0].pointer, errors[0].detail),
        other => panic!("{other:?}"),
    })
}

fn held() -> Value {
    json!([
        {"resource": "commerce/**", "allowedActions": ["buy", "browse"], "constraints": {"amount": {"max": "500.00"}, "vendor": {"oneOf": ["a", "b"]}}},
        {"resource": "cards", "allowedActions": ["charge"], "requiresApproval": true, "approvers": 2},
        {"resource": "calendar", "allowedActions": ["read"], "expiresAt": time::format(NOW + 400).unwrap()},
        {"resource": "commerce/alcohol", "allowedActions": [], "blockedActions": ["buy"]},
        {"resource": "elsewhere", "allowedActions": [], "blockedActions": ["charge"], "expiresAt": time::format(NOW + 450).unwrap()},
    ])
}

#[test]
fn the_same_grants_and_narrower_ones_are_no_more_than_is_held() {
    let all = held();
    let (blocks, charges) = (all[3].clone(), all[4].clone());
    for new in [
        all.clone(),
        json!([]),
        json!([blocks]),
        json!([all[2]]),
        json!([{"resource": "commerce/x", "allowedActions": ["browse"],
            "constraints": {"amount": {"max": 499, "min": 1}, "vendor": {"oneOf": ["b"]}}}]),
        json!([{"resource": "commerce/**", "allowedActions": ["buy"], "blockedActions": ["b*"],
            "constraints": {"amount": {"max": 500}, "vendor": {"oneOf": []}}}]),
        json!([all[1], charges]),
        json!([{"resource": "cards", "allowedActions": ["charge"], "requiresApproval": true, "approvers": 4, "blockedActions": ["charge"]}]),
        // It is over, and allows nothing.
        json!([{"resource": "**", "allowedActions": ["*"], "expiresAt": time::format(NOW).unwrap()}]),
    ] {
        assert_eq!(decide(&all, &new), Ok(()), "{new}");
    }
}

#[test]
fn more_than_was_held_is_refused_and_named() {
    let all = held();
    let with = |member: &str, value: Value, of: &Value| {
        let mut grant = of.clone();
        grant[member] = value;
        grant
    };
    let (blocks, charges) = (all[3].clone(), all[4].clone());
    for (new, said) in [
        (json!([with("allowedActions", json!(["*"]), &all[0]), blocks]), "/grants/0 you do not hold `*` on `commerce/**`"),
        (json!([with("resource", json!("**"), &all[0]), blocks]), "/grants/0 you do not hold `buy` on `**`"),
        (
            json!([with("constraints", json!({"amount": {"max": "500.01"}, "vendor": {"oneOf": ["a"]}}), &all[0]), blocks]),
            "/grants/0 you hold `buy` on `commerce/**` under a constraint on `amount`",
        ),
        (
            json!([with("constraints", json!({"amount": {"max": "1"}, "vendor": {"oneOf": ["a", "c"]}}), &all[0]), blocks]),
            "/grants/0 you hold `buy` on `commerce/**` under a constraint on `vendor`",
        ),
        (json!([charges, with("approvers", json!(1), &all[1])]), "/grants/1 you hold `charge` on `cards` with approval by 2 people"),
        (
            json!([charges, {"resource": "cards", "allowedActions": ["charge"]}]),
            "/grants/1 you hold `charge` on `cards` with approval only",
        ),
        (json!([{"resource": "calendar", "allowedActions": ["read"]}]), "/grants/0 you hold `read` on `calendar` until"),
        // What takes away is kept: where it overlaps, and for requests that name no resource, which every grant speaks to.
        (json!([all[0]]), "/grants/0 you are blocked from `buy` on `commerce/alcohol`"),
        (json!([all[0], with("resource", json!("commerce/alcohol/strong"), &blocks)]), "/grants/0 you are blocked from `buy`"),
        (json!([all[0], with("expiresAt", json!(time::format(NOW + 499).unwrap()), &blocks)]), "/grants/0 you are blocked from `buy`"),
        (json!([all[1]]), "/grants/0 you are blocked from `charge` on `elsewhere`"),
        (json!([all[1], with("expiresAt", json!(time::format(NOW + 449).unwrap()), &charges)]), "/grants/0 you are blocked from `charge`"),
    ] {
        let refused = decide(&all, &new).expect_err("refused");
        assert!(refused.starts_with(said), "{new}: {refused}");
    }
}

/// Any request: without a resource too.
pub(super) fn any_request() -> impl Strategy<Value = (Request, i64)> {
    let other = (proptest::sample::select(&["other/x", "y/x"][..]), proptest::sample::select(&["a", "ab", "abc", "b", "c"][..]));
    let other = (other, 0..30_i64).prop_map(|((resource, action), after)| (Request::new(action).on(resource), NOW + after));
    let unnamed =
        (proptest::sample::select(&["a", "ab", "abc", "b", "c"][..]), any::<bool>(), 0..30_i64).prop_map(|(action, number, after)| {
            let request = Request::new(action);
            (if number { request.with("n", 3).with("s", "x") } else { request }, NOW + after)
        });
    prop_oneof![3 => some_request(), 1 => other, 2 => unnamed]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    /// Held against the real decision: whatever a renewed passport allows, the one that was exchanged for it allowed, with
    /// approval by no more people, were it to last as long.
    #[test]
    fn what_a_renewed_passport_allows_the_old_one_allowed(
        (held, new) in maker_and_new(), requests in proptest::collection::vec(any_request(), 8), unknown in proptest::bool::weighted(0.1),
    ) {
        let mut held = grants(&json!(held));
        if unknown {
            held[0].understood = false;
        }
        let new = grants(&json!(new));
        if check_renewed(&held, &new, NOW + 40, NOW).is_ok() {
            let (old, renewed) = (passport(held, NOW + 40), passport(new, NOW + 40));
            for (request, at) in &requests {
                let (theirs, own) = (judge(&renewed, request, ResourcePolicy::MayOmit, *at), judge(&old, request, ResourcePolicy::MayOmit, *at));
                prop_assert!(rank(&theirs) <= rank(&own), "{theirs:?} where the old one has {own:?}: {request:?} at +{}", at - NOW);
            }
        }
    }
}

#[test]
fn the_property_of_renewals_is_about_something() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut accepted, mut allowed) = (0, 0);
    for _ in 0..2_000 {
        let (held, new) = maker_and_new().new_tree(&mut runner).unwrap().current();
        let (request, at) = any_request().new_tree(&mut runner).unwrap().current();
        let (held, new) = (grants(&json!(held)), grants(&json!(new)));
        if check_renewed(&held, &new, NOW + 40, NOW).is_ok() {
            accepted += 1;
            allowed += usize::from(rank(&judge(&passport(new, NOW + 40), &request, ResourcePolicy::MayOmit, at)) == 0);
        }
    }
    assert!((300..1_700).contains(&accepted), "{accepted} of 2000 are accepted");
    assert!(allowed > 30, "{allowed} requests are allowed by what was accepted");
}
