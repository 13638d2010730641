//! Steps 6 to 9.

use super::*;

const READ: &str = r#"{"action":"read"}"#;

fn at(claims: &str, now: i64) -> &'static str {
    decide_claims(&world(), claims.as_bytes(), READ.as_bytes(), now).reason
}

#[test]
fn issuer_and_audience_are_compared_exactly() {
    let ask = |name, value| ask(&claims(&[(name, value)]), READ).reason;
    assert_eq!(ask("iss", r#""https://issuer.example/""#), "wrong_issuer");
    assert_eq!(ask("aud", r#""https://shop.example""#), "resource_not_granted");
    assert_eq!(ask("aud", r#"["x","https://shop.example"]"#), "resource_not_granted");
    assert_eq!(ask("aud", r#"["https://SHOP.example"]"#), "wrong_audience");
    assert_eq!(super::ask(&claims(&[("iss", "\"x\""), ("aud", "\"x\""), ("exp", "0")]), READ).reason, "wrong_issuer");
}

#[test]
fn only_what_lies_ahead_has_leeway() {
    let times = |iat: i64, nbf: i64, exp: i64| claims(&[("iat", &iat.to_string()), ("nbf", &nbf.to_string()), ("exp", &exp.to_string())]);
    assert_eq!(at(&times(NOW + 30, NOW + 30, NOW + 1), NOW), "resource_not_granted");
    assert_eq!(at(&times(NOW + 31, NOW, NOW + 99), NOW), "not_yet_valid");
    assert_eq!(at(&times(NOW, NOW + 31, NOW + 99), NOW), "not_yet_valid");
    assert_eq!(at(&times(NOW, NOW, NOW), NOW), "expired");
    assert_eq!(at(&times(NOW + 31, NOW, NOW), NOW), "not_yet_valid");
    assert_eq!(at(&times(0, 0, LAST_SECOND), LAST_SECOND - 1), "resource_not_granted");
    assert_eq!(at(&times(0, 0, LAST_SECOND), LAST_SECOND), "expired");
    assert_eq!(at(&times(0, 0, LAST_SECOND), LAST_SECOND + 1), "clock_untrusted");
    assert_eq!(at(&times(0, 0, LAST_SECOND), i64::MAX), "clock_untrusted");
    assert_eq!(at("", -1), "clock_untrusted");
}

#[test]
fn status_is_asked_only_where_the_token_has_it() {
    let with = claims(&[("status", r#"{"status_list":{"idx":9007199254740991,"uri":"https://issuer.example/v1/status/1","x":1},"y":2}"#)]);
    for (status, reason) in
        [(StatusAnswer::Valid, "invalid_request"), (StatusAnswer::Revoked, "revoked"), (StatusAnswer::Unavailable, "status_unavailable")]
    {
        let world = World { status, ..world() };
        assert_eq!(decide_claims(&world, with.as_bytes(), b"", NOW).reason, reason);
        assert_eq!(decide_claims(&world, claims(&[]).as_bytes(), b"", NOW).reason, "invalid_request");
    }
}

#[test]
fn the_row_of_step_9_goes_in_its_order() {
    let cnf = claims(&[("cnf", r#"{"jkt":1}"#)]);
    assert_eq!(ask(&cnf, r#"{"action":"read","agentId":"other","x":null}"#).reason, "invalid_request");
    assert_eq!(ask(&cnf, r#"{"action":"read","agentId":"other"}"#).reason, "agent_mismatch");
    assert_eq!(ask(&cnf, r#"{"action":"read","agentId":"agent_ollie"}"#).reason, "proof_required");
    assert_eq!(ask(&cnf, r#"{"action":"read","proof":"x"}"#).reason, "proof_required");
    assert_eq!(ask(&claims(&[]), r#"{"action":"read","proof":"x"}"#).reason, "resource_not_granted");
    let strict = World { require_resource: true, ..world() };
    let decide = |request: &str| decide_claims(&strict, claims(&[]).as_bytes(), request.as_bytes(), NOW).reason;
    assert_eq!(decide(READ), "invalid_request");
    assert_eq!(decide(r#"{"action":"read","resource":"r"}"#), "resource_not_granted");
}

fn is_valid(members: &str) -> bool {
    match ask(&claims(&[]), &format!("{{{members}}}")).reason {
        "resource_not_granted" | "agent_mismatch" => true,
        "invalid_request" => false,
        other => panic!("{other}"),
    }
}

#[test]
fn well_formed_requests() {
    let long = |n: usize| "x".repeat(n);
    let many = |n: usize| (0..n).map(|i| format!(",\"a{i}\":{i}")).collect::<String>();
    let items = |n: usize| vec!["\"\""; n].join(",");
    let action = |rest: &str| format!(r#""action":"a"{rest}"#);
    for good in [
        action(""),
        action(r#","x":"\u0000\n\u009f","y":["\t",""],"z":[],"b":true,"n":1.50E+1"#),
        action(r#","resource":"a b/…/é~:?[]""#),
        action(r#","requestId":"r","approval":"a","proof":"p""#),
        action(&format!(r#","{}":1"#, long(256))),
        action(&many(64)),
        action(&format!(r#","x":"{}","y":["{}"]"#, long(4096), long(4096))),
        action(&format!(r#","x":[{}]"#, items(128))),
        format!(r#""action":"{}","resource":"{}","agentId":"{}","requestId":"{}""#, long(256), long(256), long(256), long(256)),
        action(&format!(r#","approval":"{}","proof":"{}""#, long(4096), long(4096))),
        action(r#","x":1e27,"y":1e-28,"Action":1,"type":"x""#),
    ] {
        assert!(is_valid(&good), "{good}");
    }
    for bad in [
        String::new(),
        r#""resource":"a""#.into(),
        r#""action":"""#.into(),
        r#""action":"*""#.into(),
        r#""action":"a*b""#.into(),
        r#""action":1"#.into(),
        r#""action":"a\u0001""#.into(),
        r#""action":["a"]"#.into(),
        format!(r#""action":"{}""#, long(257)),
        action(r#","action":"b""#),
        action(r#","x":null"#),
        action(r#","x":{}"#),
        action(r#","x":[1]"#),
        action(r#","x":[["a"]]"#),
        action(r#","x":1e28"#),
        action(r#","x":1e-29"#),
        action(r#","x":1e400"#),
        action(r#","":1"#),
        action(r#","\u0007":1"#),
        action(r#","a\u0085":1"#),
        action(&format!(r#","{}":1"#, long(257))),
        action(&many(65)),
        action(&format!(r#","x":"{}""#, long(4097))),
        action(&format!(r#","x":["{}"]"#, long(4097))),
        action(&format!(r#","x":[{}]"#, items(129))),
        action(r#","agentId":"""#),
        action(r#","requestId":"""#),
        action(r#","approval":"""#),
        action(r#","proof":"""#),
        action(r#","approval":true"#),
        action(r#","requestId":null"#),
        action(r#","agentId":1"#),
        action(r#","requestId":"a\nb""#),
        action(r#","proof":"a\u007f""#),
        action(&format!(r#","approval":"{}""#, long(4097))),
        action(&format!(r#","requestId":"{}""#, long(257))),
    ] {
        assert!(!is_valid(&bad), "{bad}");
    }
    for bad in ["", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "*", "a/*", "a*", "a%2fb", "%", "a\\\\b", "a\\u0000"] {
        assert!(!is_valid(&action(&format!(r#","resource":"{bad}""#))), "{bad}");
    }
    assert!(!is_valid(&action(&format!(r#","resource":"{}""#, long(257)))));
}

#[test]
fn a_request_has_at_most_a_mebibyte() {
    let padded = |size: usize| format!("{READ}{}", " ".repeat(size - READ.len()));
    assert_eq!(ask(&claims(&[]), &padded(1 << 20)).reason, "resource_not_granted");
    assert_eq!(ask(&claims(&[]), &padded((1 << 20) + 1)).reason, "invalid_request");
}
