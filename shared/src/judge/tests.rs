use super::*;

const NOW: i64 = 1_700_000_100;

fn passport(grants: &str) -> Passport {
    let claims = format!(
        r#"{{"iss":"https://issuer.example","sub":"agent","aud":["a"],"iat":1700000000,"exp":1700003600,"jti":"pp_1","authorization_details":{grants}}}"#
    );
    Passport::read(claims.as_bytes()).unwrap_or_else(|error| panic!("{grants}: {error}"))
}

fn grant(rest: &str) -> String {
    format!(r#"{{"type":"permission_passport",{rest}}}"#)
}

fn verdict(grants: &[String], request: &str) -> Verdict {
    judge(&passport(&format!("[{}]", grants.join(","))), &Request::parse(request.as_bytes()), ResourcePolicy::MayOmit, NOW)
}

fn reason(grants: &[String], request: &str) -> &'static str {
    verdict(grants, request).reason().code()
}

const ENDED: &str = r#""expiresAt":"2023-01-01T00:00:00Z""#;

#[test]
fn a_block_wins_over_everything_and_ends_with_its_grant() {
    let allow = grant(r#""resource":"**","allowedActions":["*"]"#);
    let block = grant(r#""resource":"drive/**","allowedActions":[],"blockedActions":["share"]"#);
    assert_eq!(reason(&[allow.clone(), block.clone()], r#"{"action":"share","resource":"drive/q3"}"#), "action_blocked");
    assert_eq!(reason(&[allow.clone(), block.clone()], r#"{"action":"share","resource":"mail"}"#), "granted");
    assert_eq!(reason(&[allow.clone(), block], r#"{"action":"share"}"#), "action_blocked", "without a resource, any block counts");
    let ended = grant(&format!(r#""resource":"drive/**","allowedActions":[],"blockedActions":["share"],{ENDED}"#));
    assert_eq!(reason(&[allow.clone(), ended], r#"{"action":"share","resource":"drive/q3"}"#), "granted");
    let unknown = grant(r#""resource":"drive/**","allowedActions":["*"],"blockedActions":["share"],"colour":1"#);
    assert_eq!(
        reason(&[allow, unknown], r#"{"action":"share","resource":"drive/q3"}"#),
        "action_blocked",
        "a block holds though its grant is not understood"
    );
}

#[test]
fn the_first_reason_that_is_so_is_given() {
    let unknown = grant(r#""resource":"a","allowedActions":["x"],"colour":1"#);
    let ended = grant(&format!(r#""resource":"a","allowedActions":["x"],{ENDED}"#));
    let other = grant(r#""resource":"a","allowedActions":["y"]"#);
    let request = r#"{"action":"x","resource":"a"}"#;
    assert_eq!(reason(&[other.clone(), ended.clone(), unknown], request), "unsupported_grant");
    assert_eq!(reason(&[other.clone(), ended], request), "grant_expired");
    assert_eq!(reason(std::slice::from_ref(&other), request), "action_not_granted");
    assert_eq!(reason(&[other], r#"{"action":"x","resource":"b"}"#), "resource_not_granted");
    let ended_block = grant(&format!(r#""resource":"a","allowedActions":["x"],"blockedActions":["x"],{ENDED}"#));
    assert_eq!(reason(&[ended_block], request), "resource_not_granted", "it would have blocked it");
    assert_eq!(reason(&[], r#"{"action":"x"}"#), "resource_not_granted");
}

#[test]
fn no_approval_wins_then_the_lowest_index() {
    let ask = grant(r#""resource":"a","allowedActions":["x"],"requiresApproval":true"#);
    let free = grant(r#""resource":"a","allowedActions":["x"]"#);
    let request = r#"{"action":"x","resource":"a"}"#;
    assert_eq!(verdict(&[ask.clone(), free.clone(), free.clone()], request), Verdict::Allow { grant: 1 });
    assert_eq!(verdict(&[ask.clone(), ask.clone()], request), Verdict::NeedsApproval { grant: 0, approvers: 1 });
    let given = r#"{"action":"x","resource":"a","approval":"t"}"#;
    assert_eq!(
        verdict(std::slice::from_ref(&ask), given),
        Verdict::NeedsApproval { grant: 0, approvers: 1 },
        "whoever has keys looks at it"
    );
    let two = grant(r#""resource":"a","allowedActions":["x"],"requiresApproval":true,"approvers":2"#);
    assert_eq!(verdict(&[two.clone(), two.clone()], request), Verdict::NeedsApproval { grant: 0, approvers: 2 });
    assert_eq!(verdict(&[two.clone(), ask.clone(), two], request), Verdict::NeedsApproval { grant: 1, approvers: 1 }, "the fewest people");
    assert_eq!(
        verdict(&[ask, free], r#"{"action":"x","resource":"a","approval":"t"}"#),
        Verdict::Allow { grant: 1 },
        "one that is not needed is not looked at"
    );
}

#[test]
fn every_unmet_clause_of_every_candidate_is_listed_in_order() {
    let one = grant(r#""resource":"a","allowedActions":["x"],"constraints":{"z":{"max":"500.00","equals":1},"amount":{"max":"500.00"}}"#);
    let two = grant(r#""resource":"a","allowedActions":["x"],"constraints":{"amount":{},"note":{}}"#);
    let Verdict::Deny(refusal) = verdict(&[one, two], r#"{"action":"x","resource":"a","amount":742}"#) else { panic!("denied") };
    let listed: Vec<_> = refusal.details.iter().map(|unmet| (unmet.grant, unmet.attribute.as_str(), unmet.operator)).collect();
    assert_eq!(listed, [(0, "amount", Some("max")), (0, "z", Some("equals")), (0, "z", Some("max")), (1, "note", None)]);
    assert_eq!(refusal.message, "`amount` is 742, over the maximum of 500.00; 3 more demands are not met");
    assert_eq!(
        serde_json::to_string(&refusal.details[..2]).expect("json"),
        r#"[{"grant":0,"attribute":"amount","operator":"max","expected":"500.00","actual":"742"},{"grant":0,"attribute":"z","operator":"equals","expected":1,"actual":null}]"#
    );
}

#[test]
fn a_request_is_checked_before_the_grants() {
    let free = [grant(r#""resource":"a","allowedActions":["x"]"#)];
    assert_eq!(reason(&free, r#"{"action":"x","a":null}"#), "invalid_request");
    assert_eq!(reason(&free, r#"{"action":"x","agentId":"other"}"#), "agent_mismatch");
    assert_eq!(reason(&free, r#"{"action":"x","agentId":"agent"}"#), "granted");
    let request = Request::new("x");
    assert_eq!(judge(&passport(&format!("[{}]", free[0])), &request, ResourcePolicy::MustName, NOW).reason(), Reason::InvalidRequest);
    assert_eq!(judge(&passport(&format!("[{}]", free[0])), &request.on("a"), ResourcePolicy::MustName, NOW).reason(), Reason::Granted);
}

#[test]
fn late_is_never_forgiven_and_early_by_the_leeway() {
    let passport = passport("[]");
    let at = |now, leeway| check_times(&passport, now, leeway).map(|refusal| refusal.reason);
    assert_eq!(at(passport.expires_at - 1, 30), None);
    assert_eq!(at(passport.expires_at, 30), Some(Reason::Expired));
    assert_eq!(at(passport.issued_at - 30, 30), None);
    assert_eq!(at(passport.issued_at - 31, 30), Some(Reason::NotYetValid));
    let later = Passport { not_before: Some(passport.issued_at + 100), ..passport.clone() };
    assert_eq!(check_times(&later, passport.issued_at + 69, 30).map(|refusal| refusal.reason), Some(Reason::NotYetValid));
    assert_eq!(check_times(&later, passport.issued_at + 70, 30), None);
}
