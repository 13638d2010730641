use passport_shared::decision::Verdict;
use passport_shared::judge::{ResourcePolicy, judge};
use passport_shared::request::Request;
use passport_shared::time;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_795_000_000;

fn grants(json: &Value) -> Vec<Grant> {
    Grant::read_all(&json.to_string(), "").unwrap_or_else(|faults| panic!("{json}: {faults:?}"))
}

fn passport(grants: Vec<Grant>, expires_at: i64) -> Passport {
    Passport {
        issuer: "https://issuer.example".into(),
        agent_id: "maker".into(),
        audience: ["https://issuer.example".into()].into(),
        issued_at: NOW,
        expires_at,
        not_before: None,
        id: "pp_maker".into(),
        grants: grants.into_iter().enumerate().collect(),
        status: None,
        on_behalf_of: None,
        needs_proof: false,
        hidden: None,
    }
}

fn decide(maker: &Value, new: &Value) -> Result<(), String> {
    let maker = passport(grants(maker), NOW + 1_000);
    check(&maker, &grants(new), End { at: NOW + 500, pointer: "/expiresIn" }, NOW).map_err(|error| match error {
        ServiceError::Forbidden { code: "not_held", errors, .. } => format!("{} {}", errors[0].pointer, errors[0].detail),
        other => panic!("{other:?}"),
    })
}

#[test]
fn what_is_held_can_be_given_whole_or_in_part() {
    let maker = json!([{"resource": "issuer/**", "allowedActions": ["agents.*", "keys.read"]}]);
    for new in [
        json!([]),
        json!([{"resource": "issuer/**", "allowedActions": ["agents.*", "keys.read"]}]),
        json!([{"resource": "issuer/agents", "allowedActions": ["agents.read"], "constraints": {"agent": {"equals": "ollie"}}}]),
        json!([{"resource": "issuer/*", "allowedActions": ["agents.r*"], "requiresApproval": true}]),
        json!([{"resource": "issuer", "allowedActions": [], "blockedActions": ["*"]}]),
        // Not on the issuer, so not the maker's business here.
        json!([{"resource": "commerce", "allowedActions": ["*"]}, {"resource": "issuers/x", "allowedActions": ["*"]}]),
    ] {
        assert_eq!(decide(&maker, &new), Ok(()), "{new}");
    }
}

#[test]
fn what_is_not_held_is_refused_and_named() {
    let maker = json!([
        {"resource": "issuer/agents", "allowedActions": ["agents.*"], "constraints": {"agent": {"glob": "team-*", "notEquals": "team-x"}}},
        {"resource": "issuer/keys", "allowedActions": ["keys.rotate"], "requiresApproval": true},
        {"resource": "issuer/audit", "allowedActions": ["audit.read"], "expiresAt": time::format(NOW + 400).unwrap()},
        {"resource": "issuer/verify", "allowedActions": ["verify"], "expiresAt": time::format(NOW).unwrap()},
        {"resource": "issuer/passports", "allowedActions": ["passports.*"]},
        {"resource": "issuer/*", "allowedActions": [], "blockedActions": ["passports.revoke"]},
    ]);
    for (new, said) in [
        (json!({"resource": "issuer/agents", "allowedActions": ["agents.read"]}), "under a constraint on `agent`"),
        (
            json!({"resource": "issuer/agents", "allowedActions": ["agents.read"], "constraints": {"agent": {"glob": "team-*"}}}),
            "under a constraint on `agent`",
        ),
        (json!({"resource": "issuer/keys", "allowedActions": ["keys.rotate"]}), "with approval only"),
        (
            json!({"resource": "issuer/keys", "allowedActions": ["keys.*"], "requiresApproval": true}),
            "do not hold `keys.*` on `issuer/keys`",
        ),
        (json!({"resource": "issuer/audit", "allowedActions": ["audit.read"]}), "only; give this grant an `expiresAt`"),
        (json!({"resource": "issuer/verify", "allowedActions": ["verify"]}), "do not hold `verify`"),
        (json!({"resource": "issuer/**", "allowedActions": ["agents.read"]}), "do not hold `agents.read` on `issuer/**`"),
        (json!({"resource": "issuer/passports", "allowedActions": ["passports.*"]}), "blocked from `passports.revoke` on `issuer/*`"),
        (json!({"resource": "**", "allowedActions": ["x"]}), "do not hold `x` on `**`"),
    ] {
        let refused = decide(&maker, &json!([{"resource": "calendar", "allowedActions": ["*"]}, new])).expect_err("refused");
        assert!(refused.starts_with("/grants/1 ") && refused.contains(said), "{new}: {refused}");
    }
    for new in [
        json!({"resource": "issuer/agents", "allowedActions": ["agents.read"], "constraints": {"agent": {"notEquals": "team-x", "glob": "team-*"}}}),
        json!({"resource": "issuer/keys", "allowedActions": ["keys.rotate"], "requiresApproval": true}),
        json!({"resource": "issuer/audit", "allowedActions": ["audit.read"], "expiresAt": time::format(NOW + 400).unwrap()}),
        json!({"resource": "issuer/passports", "allowedActions": ["passports.*"], "blockedActions": ["passports.revoke"]}),
        json!({"resource": "issuer/passports", "allowedActions": ["passports.*"], "blockedActions": ["passports.re*"]}),
        json!({"resource": "issuer/passports", "allowedActions": ["passports.issue"]}),
    ] {
        assert_eq!(decide(&maker, &json!([new])), Ok(()), "{new}");
    }
}

#[test]
fn a_grant_that_is_not_understood_gives_nothing_and_still_blocks() {
    let mut held = grants(
        &json!([{"resource": "issuer/**", "allowedActions": ["*"]}, {"resource": "issuer/keys", "allowedActions": [], "blockedActions": ["keys.revoke"]}]),
    );
    let new = grants(&json!([{"resource": "issuer/keys", "allowedActions": ["keys.*"]}]));
    let end = End { at: NOW + 1, pointer: "/expiresIn" };
    held[1].understood = false;
    assert!(check(&passport(held.clone(), NOW + 1), &new, end, NOW).is_err(), "the block holds");
    held[0].understood = false;
    let read = grants(&json!([{"resource": "issuer/keys", "allowedActions": ["keys.read"]}]));
    assert!(check(&passport(held, NOW + 1), &read, end, NOW).is_err(), "it gives nothing");
}

#[test]
fn a_passport_ends_no_later_than_its_makers() {
    let all = grants(&json!([{"resource": "issuer/**", "allowedActions": ["*"]}]));
    let maker = passport(all.clone(), NOW + 100);
    let end = |at| End { at, pointer: "/expiresAt" };
    assert!(check(&maker, &all, end(NOW + 100), NOW).is_ok());
    let error = check(&maker, &all, end(NOW + 101), NOW).unwrap_err();
    assert_eq!(crate::service::testing::pointers(&error), ["/expiresAt"]);
}

fn action_patterns() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(prop_oneof![Just("*"), Just("a*"), Just("ab*"), Just("a"), Just("ab"), Just("b")], 0..3)
}

/// Half of the grants are the maker's own with changes, so that the rule accepts often enough to mean something.
fn some_grant() -> impl Strategy<Value = Value> {
    let resource = prop_oneof![
        Just("issuer/**"),
        Just("issuer/*"),
        Just("issuer/x"),
        Just("issuer/y"),
        Just("issuer"),
        Just("*/x"),
        Just("**"),
        Just("other/x")
    ];
    let constraint = prop_oneof![
        3 => Just(json!({})),
        1 => Just(json!({"n": {"max": "5"}})),
        1 => Just(json!({"n": {"max": "5", "min": "2"}})),
        1 => Just(json!({"n": {}})),
        1 => Just(json!({"n": {"max": "3"}, "s": {"equals": "x"}})),
    ];
    let expiry = prop_oneof![4 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(10)), 1 => Just(Some(20))];
    let approval = (proptest::bool::weighted(0.2), 1..3_u8);
    (resource, action_patterns(), action_patterns(), approval, proptest::bool::weighted(0.3), expiry, constraint).prop_map(
        |(resource, allowed, blocked, (approval, approvers), blocks, expiry, constraints)| {
            let mut grant = json!({
                "resource": resource, "allowedActions": allowed, "requiresApproval": approval, "constraints": constraints,
                "blockedActions": if blocks { blocked } else { Vec::new() },
            });
            if approval {
                grant["approvers"] = approvers.into();
            }
            if let Some(seconds) = expiry {
                grant["expiresAt"] = time::format(NOW + seconds).unwrap().into();
            }
            grant
        },
    )
}

fn some_request() -> impl Strategy<Value = (Request, i64)> {
    let resource = prop_oneof![Just("issuer"), Just("issuer/x"), Just("issuer/y"), Just("issuer/x/y")];
    let action = prop_oneof![Just("a"), Just("ab"), Just("abc"), Just("b"), Just("c")];
    let number = prop_oneof![Just(None), Just(Some(1)), Just(Some(2)), Just(Some(4)), Just(Some(6))];
    (resource, action, number, any::<bool>(), prop_oneof![Just(0_i64), Just(9), Just(10), Just(15), Just(25)]).prop_map(
        |(resource, action, number, text, after)| {
            let mut request = Request::new(action).on(resource);
            if let Some(number) = number {
                request = request.with("n", number);
            }
            if text {
                request = request.with("s", "x");
            }
            (request, NOW + after)
        },
    )
}

const MEMBERS: [&str; 5] = ["resource", "allowedActions", "blockedActions", "requiresApproval", "constraints"];

/// The maker's grants, and new ones: some of the maker's own, some of them with one member changed, and strangers.
fn maker_and_new() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    proptest::collection::vec(some_grant(), 1..4).prop_flat_map(|held| {
        let one = held.clone();
        let own = (0..held.len()).prop_map(move |index| one[index].clone());
        let changed = (own.clone(), some_grant(), proptest::sample::select(&MEMBERS[..])).prop_map(|(mut own, other, member)| {
            own[member] = other[member].clone();
            if member == "requiresApproval" {
                own.as_object_mut().unwrap().remove("approvers");
                own.as_object_mut().unwrap().extend(other.get("approvers").map(|count| ("approvers".to_owned(), count.clone())));
            }
            own
        });
        let new = proptest::collection::vec(prop_oneof![2 => own, 3 => changed, 1 => some_grant()], 1..3);
        (Just(held), new)
    })
}

/// How much is given: nothing, with approval by so many people, everything.
fn rank(verdict: &Verdict) -> i32 {
    match verdict {
        Verdict::Deny(_) => -100,
        Verdict::NeedsApproval { approvers, .. } => -i32::from(*approvers),
        Verdict::Allow { .. } => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Held against the real decision: whatever the rule lets be minted allows no request on `issuer/**` that its maker
    /// is not allowed, now or later.
    #[test]
    fn what_is_accepted_allows_no_more_than_its_makers(
        (held, new) in maker_and_new(), requests in proptest::collection::vec(some_request(), 8), unknown in proptest::bool::weighted(0.1),
    ) {
        let mut held = grants(&json!(held));
        if unknown {
            held[0].understood = false;
        }
        let (maker, new) = (passport(held, NOW + 30), grants(&json!(new)));
        let end = End { at: NOW + 20, pointer: "/expiresIn" };
        if check(&maker, &new, end, NOW).is_ok() {
            let minted = passport(new, end.at);
            for (request, at) in requests.iter().filter(|(_, at)| *at < end.at) {
                let (theirs, own) = (judge(&minted, request, ResourcePolicy::MustName, *at), judge(&maker, request, ResourcePolicy::MustName, *at));
                prop_assert!(rank(&theirs) <= rank(&own), "{theirs:?} where the maker has {own:?}: {request:?} at +{}", at - NOW);
            }
        }
    }
}

#[test]
fn the_property_is_about_something() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut accepted, mut allowed) = (0, 0);
    for _ in 0..2_000 {
        let (held, new) = maker_and_new().new_tree(&mut runner).unwrap().current();
        let (request, at) = some_request().new_tree(&mut runner).unwrap().current();
        let (maker, new) = (passport(grants(&json!(held)), NOW + 30), grants(&json!(new)));
        if check(&maker, &new, End { at: NOW + 30, pointer: "" }, NOW).is_ok() {
            accepted += 1;
            allowed += usize::from(rank(&judge(&passport(new, NOW + 30), &request, ResourcePolicy::MustName, at)) == 0);
        }
    }
    assert!((300..1_700).contains(&accepted), "{accepted} of 2000 are accepted");
    assert!(allowed > 30, "{allowed} requests are allowed by what was accepted");
}

mod renewed;
mod shrunk;
