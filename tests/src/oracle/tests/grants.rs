//! Steps 10 to 13.

use super::*;

const FESTIVAL: &str = r#"{"type":"permission_passport","resource":"commerce","allowedActions":["browse","add_to_cart","purchase"],
  "blockedActions":["refund"],"requiresApproval":false,"expiresAt":"2027-05-30T00:00:00Z",
  "constraints":{"amount":{"max":"500.00"},"currency":{"equals":"USD"},"vendor":{"oneOf":["coachella.com","ticketmaster.com"]}}}"#;

fn purchase(amount: &str) -> String {
    format!(
        r#"{{"agentId":"agent_ollie","action":"purchase","resource":"commerce","vendor":"coachella.com","amount":{amount},"currency":"USD"}}"#
    )
}

#[test]
fn the_contracts_own_example() {
    let verdict = ask(&with_grants(&[FESTIVAL]), &purchase("742"));
    assert_eq!((verdict.outcome, verdict.reason, verdict.grant), (Outcome::Deny, "constraint_unmet", None));
    assert_eq!(verdict.details, [unmet(0, "amount", "max")]);

    for amount in ["500", "500.00", "5e2", "\"500.00\"", "-1", "0.1"] {
        let verdict = ask(&with_grants(&[FESTIVAL]), &purchase(amount));
        assert_eq!((verdict.outcome, verdict.reason, verdict.grant), (Outcome::Allow, "granted", Some(0)), "{amount}");
    }
    for amount in ["500.000000000000000000001", "\"5e2\"", "true", "[]", "[\"1\",\"501\"]", "\"\""] {
        assert_eq!(reason(&[FESTIVAL], &purchase(amount)), "constraint_unmet", "{amount}");
    }
    assert_eq!(reason(&[FESTIVAL], &purchase("[\"1\",\"500\"]")), "granted");
}

#[test]
fn every_unmet_clause_of_every_candidate_is_listed_in_order() {
    let second = grant("commerce", r#""allowedActions":["*"],"constraints":{"z":{},"a":{"notEquals":1,"glob":"x"}}"#);
    let verdict = ask(&with_grants(&["{\"type\":\"other\"}", FESTIVAL, &second]), r#"{"action":"browse","a":"1"}"#);
    let listed = [
        unmet(1, "amount", "max"),
        unmet(1, "currency", "equals"),
        unmet(1, "vendor", "oneOf"),
        unmet(2, "a", "glob"),
        unmet(2, "a", "notEquals"),
        Unmet { grant: 2, attribute: "z".into(), operator: None },
    ];
    assert_eq!(verdict.details, listed);
}

#[test]
fn resource_patterns_cover_by_whole_segments() {
    let covered = |pattern: &str, resource: &str| {
        let grant = grant(pattern, r#""allowedActions":["read"]"#);
        reason(&[&grant], &format!(r#"{{"action":"read","resource":"{resource}"}}"#)) == "granted"
    };
    for (pattern, resource) in [
        ("drive/*", "drive/q3"),
        ("drive/**", "drive/q3"),
        ("drive/**", "drive/q3/x"),
        ("drive/**", "drive"),
        ("commerce", "commerce"),
        ("**", "a/b"),
        ("*", "a"),
        ("*/b/**", "a/b"),
        ("a/*/c", "a/b/c"),
        ("...", "..."),
    ] {
        assert!(covered(pattern, resource), "{pattern} {resource}");
    }
    for (pattern, resource) in [
        ("drive/*", "drive/q3/x"),
        ("drive/*", "drive"),
        ("commerce", "commerce2"),
        ("commerce", "commerce/x"),
        ("drive/**", "drives"),
        ("*", "a/b"),
        ("a/*/c", "a/c"),
        ("Drive", "drive"),
    ] {
        assert!(!covered(pattern, resource), "{pattern} {resource}");
    }
}

#[test]
fn action_patterns_are_exact_or_a_prefix() {
    let allowed = |pattern: &str, action: &str| {
        let grant = grant("r", &format!(r#""allowedActions":["{pattern}"]"#));
        reason(&[&grant], &format!(r#"{{"action":"{action}","resource":"r"}}"#)) == "granted"
    };
    assert!(allowed("calendar.*", "calendar.read") && allowed("calendar.*", "calendar.") && allowed("*", "x") && allowed("read", "read"));
    assert!(!allowed("calendar.*", "calendar") && !allowed("read", "reads") && !allowed("read", "Read"));
}

#[test]
fn a_block_beats_everything_while_its_grant_lives() {
    let allow = grant("a/**", r#""allowedActions":["*"]"#);
    let request = r#"{"action":"refund","resource":"a/b","approval":"x"}"#;
    let block = |rest: &str| grant("a/b", &format!(r#""allowedActions":[],"blockedActions":["ref*"]{rest}"#));
    for rest in [
        "",
        r#","constraints":{"x":{"equals":1}}"#,
        r#","requiresApproval":true"#,
        r#","future":1"#,
        r#","expiresAt":"2026-11-23T18:00:01Z""#,
    ] {
        assert_eq!(reason(&[&allow, &block(rest)], request), "action_blocked", "{rest}");
    }
    assert_eq!(reason(&[&allow, &block(r#","expiresAt":"2026-11-23T18:00:00Z""#)], request), "granted");
    assert_eq!(reason(&[&allow, &block("")], r#"{"action":"refund","resource":"a/c"}"#), "granted");
    // Without a resource, a block in any grant denies.
    assert_eq!(reason(&[&allow, &block("")], r#"{"action":"refund"}"#), "action_blocked");
}

#[test]
fn step_11_names_the_first_reason_that_is_so() {
    let unsupported = grant("r", r#""allowedActions":["read"],"constraints":{"a":{"matches":"x"}}"#);
    let expired = grant("r", r#""allowedActions":["read"],"expiresAt":"2026-01-01T00:00:00Z""#);
    let expired_blocking = grant("r", r#""allowedActions":["*"],"blockedActions":["read"],"expiresAt":"2026-01-01T00:00:00Z""#);
    let expired_unsupported = grant("r", r#""allowedActions":["read"],"expiresAt":"2026-01-01T00:00:00Z","x":{}"#);
    let other_action = grant("r", r#""allowedActions":["write"]"#);
    let other_resource = grant("s", r#""allowedActions":["read"]"#);
    let request = r#"{"action":"read","resource":"r"}"#;
    assert_eq!(reason(&[&expired, &other_action, &unsupported], request), "unsupported_grant");
    assert_eq!(reason(&[&other_action, &expired], request), "grant_expired");
    assert_eq!(reason(&[&expired_unsupported], request), "grant_expired");
    assert_eq!(reason(&[&other_action, &expired_blocking], request), "action_not_granted");
    assert_eq!(reason(&[&expired_blocking, &other_resource], request), "resource_not_granted");
    assert_eq!(reason(&[], request), "resource_not_granted");
    assert_eq!(reason(&[&other_action], r#"{"action":"read"}"#), "action_not_granted");
    assert_eq!(reason(&[], r#"{"action":"read"}"#), "resource_not_granted");
    assert_eq!(reason(&[&unsupported, &other_resource], r#"{"action":"read"}"#), "granted");
}

#[test]
fn approval_comes_last_and_a_grant_without_it_wins() {
    let asks = grant("r", r#""allowedActions":["*"],"requiresApproval":true"#);
    let unmet_asks = grant("r", r#""allowedActions":["*"],"requiresApproval":true,"constraints":{"x":{}}"#);
    let plain = grant("r", r#""allowedActions":["*"]"#);
    let request = r#"{"action":"read","resource":"r"}"#;
    let verdict = ask(&with_grants(&[&unmet_asks, &asks, &asks]), request);
    assert_eq!((verdict.outcome, verdict.reason, verdict.grant), (Outcome::ApprovalRequired, "approval_required", Some(1)));
    assert!(verdict.details.is_empty());
    let verdict = ask(&with_grants(&[&asks]), r#"{"action":"read","resource":"r","approval":"x"}"#);
    assert_eq!((verdict.outcome, verdict.reason, verdict.grant), (Outcome::Deny, "approval_invalid", None));
    let verdict = ask(&with_grants(&[&asks, &unmet_asks, &plain, &plain]), r#"{"action":"read","resource":"r","approval":"x"}"#);
    assert_eq!((verdict.outcome, verdict.reason, verdict.grant), (Outcome::Allow, "granted", Some(2)));
    assert_eq!(reason(&[&unmet_asks], request), "constraint_unmet");
}

#[test]
fn operators_hold_for_the_type_they_ask_for() {
    let holds = |constraint: &str, attribute: &str| {
        let grant = grant("r", &format!(r#""allowedActions":["*"],"constraints":{{"x":{constraint}}}"#));
        let verdict = ask(&with_grants(&[&grant]), &format!(r#"{{"action":"read","x":{attribute}}}"#));
        assert!(matches!(verdict.reason, "granted" | "constraint_unmet"), "{constraint} {attribute} {verdict:?}");
        verdict.reason == "granted"
    };
    let good = [
        ("{}", "false"),
        ("{}", "\"\""),
        (r#"{"equals":"0.1"}"#, r#""0.1""#),
        (r#"{"equals":0.1}"#, "0.10"),
        (r#"{"equals":1e2}"#, "100"),
        (r#"{"equals":true}"#, "true"),
        (r#"{"equals":"é"}"#, r#""\u00e9""#),
        (r#"{"equals":-0}"#, "0.0"),
        (r#"{"notEquals":"a"}"#, r#""b""#),
        (r#"{"notEquals":1}"#, "2"),
        (r#"{"notEquals":"a"}"#, r#"["b","c"]"#),
        (r#"{"oneOf":["a",1,true]}"#, "1.0"),
        (r#"{"oneOf":["a","b"]}"#, r#"["b","a","b"]"#),
        (r#"{"noneOf":[]}"#, "1"),
        (r#"{"noneOf":[]}"#, r#"["a"]"#),
        (r#"{"noneOf":["a",1]}"#, "2"),
        (r#"{"min":"1","max":"2"}"#, "1.5"),
        (r#"{"min":-1.5}"#, "\"-1.50\""),
        (r#"{"max":0.1}"#, "\"0.10\""),
        (r#"{"glob":["x","d/*"]}"#, r#""d/e""#),
        (r#"{"under":["/a","b"]}"#, r#""b/c""#),
        (r#"{"host":["a.b","*.a.b"]}"#, r#""https://x.A.b/""#),
        (r#"{"cidr":["10.0.0.0/8","::/0"]}"#, r#"["10.1.1.1","::1"]"#),
    ];
    for (constraint, attribute) in good {
        assert!(holds(constraint, attribute), "{constraint} {attribute}");
    }
    let bad = [
        ("{}", "[]"),
        (r#"{"equals":"0.1"}"#, r#""0.10""#),
        (r#"{"equals":1}"#, r#""1""#),
        (r#"{"equals":"1"}"#, "1"),
        (r#"{"equals":true}"#, "\"true\""),
        (r#"{"equals":"é"}"#, r#""e\u0301""#),
        (r#"{"equals":"a"}"#, "[]"),
        (r#"{"equals":"a"}"#, r#"["a","b"]"#),
        (r#"{"notEquals":1}"#, "\"2\""),
        (r#"{"notEquals":1}"#, "1.0"),
        (r#"{"notEquals":"a"}"#, "[]"),
        (r#"{"notEquals":"a"}"#, r#"["b","a"]"#),
        (r#"{"oneOf":[]}"#, "\"\""),
        (r#"{"noneOf":["a"]}"#, "1"),
        (r#"{"noneOf":["a"]}"#, "\"a\""),
        (r#"{"noneOf":[]}"#, "[]"),
        (r#"{"noneOf":[1]}"#, r#"["a"]"#),
        (r#"{"min":1}"#, "0.9999"),
        (r#"{"max":1}"#, "1.0001"),
        (r#"{"max":1}"#, "\"01\""),
        (r#"{"max":1}"#, "\"0.00000000000000000000000000001\""),
        (r#"{"min":1,"max":0}"#, "1"),
        (r#"{"glob":[]}"#, "\"\""),
        (r#"{"glob":"*"}"#, "1"),
        (r#"{"under":[]}"#, "\"a\""),
        (r#"{"host":[]}"#, "\"a\""),
        (r#"{"cidr":[]}"#, "\"::1\""),
        (r#"{"cidr":"10.0.0.0/8"}"#, r#"["10.1.1.1","11.1.1.1"]"#),
        (r#"{"cidr":"0.0.0.0/0"}"#, "1"),
    ];
    for (constraint, attribute) in bad {
        assert!(!holds(constraint, attribute), "{constraint} {attribute}");
    }
}
