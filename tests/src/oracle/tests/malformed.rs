//! Step 5: what makes a token malformed, and what does not.

use super::*;

fn is_malformed(claims: &str) -> bool {
    ask(claims, r#"{"action":"read","resource":"r"}"#).reason == "malformed_token"
}

fn grant_is_malformed(members: &str) -> bool {
    is_malformed(&with_grants(&[&format!(r#"{{"type":"permission_passport",{members}}}"#)]))
}

fn constraint_is_malformed(constraint: &str) -> bool {
    grant_is_malformed(&format!(r#""resource":"r","allowedActions":["*"],"constraints":{{"x":{constraint}}}"#))
}

#[test]
fn each_claim_is_absent_valid_or_malformed() {
    let text = |n: usize| format!("\"{}\"", "x".repeat(n));
    assert!(!is_malformed(&claims(&[])));
    for name in ["iss", "sub", "aud", "iat", "exp", "jti", "authorization_details"] {
        assert!(is_malformed(&claims(&[(name, "")])), "{name} left out");
    }
    for name in ["iss", "sub", "aud", "jti", "onBehalfOf"] {
        assert!(!is_malformed(&claims(&[(name, &text(256))])), "{name}");
        for value in ["null", "1", "\"\"", "{}", "true", "[]", "[\"\"]", "\"a\\u0000\"", &text(257)] {
            assert!(is_malformed(&claims(&[(name, value)])), "{name} {value}");
        }
    }
    assert!(is_malformed(&claims(&[("aud", r#"["https://shop.example",1]"#)])));
    assert!(!is_malformed(&claims(&[("sub", &format!("\"{}\"", "é".repeat(128)))])));
    assert!(is_malformed(&claims(&[("sub", &format!("\"{}\"", "é".repeat(129)))])));
    for name in ["iat", "exp", "nbf"] {
        for value in ["null", "\"1\"", "-1", "-0", "1.0", "1e3", "0e0", "253402300800", "99999999999999999999", "true", "[]"] {
            assert!(is_malformed(&claims(&[(name, value)])), "{name} {value}");
        }
        assert!(!is_malformed(&claims(&[(name, "253402300799")])), "{name}");
        assert!(!is_malformed(&claims(&[(name, "0")])), "{name}");
    }
    for value in ["null", "{}", "[]", "\"x\"", "true"] {
        assert!(is_malformed(&claims(&[("cnf", value)])), "cnf {value}");
    }
    assert!(!is_malformed(&claims(&[("anything", r#"[null,{"a":1e99,"":""}]"#)])));
    assert!(is_malformed(&claims(&[("anything", r#"{"a":1,"a":2}"#)])));
    assert!(is_malformed(&claims(&[("anything", "1e999")])));
    assert!(is_malformed(&claims(&[("anything", "[[[[[[[[]]]]]]]]")])));
}

#[test]
fn status_has_a_list_with_an_index_and_an_address() {
    let status = |members: &str| is_malformed(&claims(&[("status", &format!(r#"{{"status_list":{{{members}}}}}"#))]));
    assert!(!status(r#""idx":0,"uri":"x""#));
    assert!(!status(r#""idx":99999999999999999999999,"uri":"x","more":[]"#));
    for members in [
        "",
        r#""idx":0"#,
        r#""uri":"x""#,
        r#""idx":-1,"uri":"x""#,
        r#""idx":1.0,"uri":"x""#,
        r#""idx":1e1,"uri":"x""#,
        r#""idx":-0,"uri":"x""#,
        r#""idx":"0","uri":"x""#,
        r#""idx":0,"uri":"""#,
        r#""idx":0,"uri":1"#,
    ] {
        assert!(status(members), "{members}");
    }
    for value in ["null", "{}", "[]", r#"{"status_list":[]}"#, r#"{"status_list":null}"#, r#"{"other":{"idx":0,"uri":"x"}}"#] {
        assert!(is_malformed(&claims(&[("status", value)])), "{value}");
    }
}

#[test]
fn authorization_details_are_objects_with_a_type() {
    let details = |value: &str| is_malformed(&claims(&[("authorization_details", value)]));
    let many = |n: usize| format!("[{}]", vec![r#"{"type":"x"}"#; n].join(","));
    assert!(!details("[]") && !details(r#"[{"type":"Permission_passport","resource":[null],"x":{}}]"#) && !details(&many(64)));
    for bad in [
        "null",
        "{}",
        "\"\"",
        "[null]",
        "[[]]",
        "[{}]",
        r#"[{"type":""}]"#,
        r#"[{"type":1}]"#,
        r#"[{"type":"permission_passport"}]"#,
        &many(65),
    ] {
        assert!(details(bad), "{bad}");
    }
}

#[test]
fn a_known_member_of_the_wrong_form_makes_the_token_malformed() {
    let list = |n: usize| format!("[{}]", vec!["\"a\""; n].join(","));
    let usual = r#""resource":"r","allowedActions":["a"]"#;
    assert!(!grant_is_malformed(usual));
    for good in [
        r#""resource":"r","allowedActions":[]"#,
        r#""resource":"a%b\\c/*/x/**","allowedActions":["*","a*"],"blockedActions":[]"#,
        &format!(r#""resource":"r","allowedActions":{}"#, list(64)),
        &format!(r#"{usual},"requiresApproval":true,"x":null"#),
        &format!(r#"{usual},"expiresAt":"2026-02-28T00:00:00Z","constraints":{{}}"#),
    ] {
        assert!(!grant_is_malformed(good), "{good}");
    }
    for bad in [
        r#""allowedActions":["a"]"#,
        r#""resource":"r""#,
        r#""resource":"r","allowedActions":"a""#,
        r#""resource":"r","allowedActions":null"#,
        r#""resource":"r","allowedActions":[""]"#,
        r#""resource":"r","allowedActions":[1]"#,
        r#""resource":"r","allowedActions":["**"]"#,
        r#""resource":"r","allowedActions":["a*b"]"#,
        r#""resource":"r","allowedActions":["*a"]"#,
        r#""resource":"r","allowedActions":["a**"]"#,
        &format!(r#""resource":"r","allowedActions":{}"#, list(65)),
        &format!(r#"{usual},"blockedActions":{}"#, list(65)),
        &format!(r#"{usual},"blockedActions":null"#),
        &format!(r#"{usual},"requiresApproval":null"#),
        &format!(r#"{usual},"requiresApproval":"true""#),
        &format!(r#"{usual},"expiresAt":null"#),
        &format!(r#"{usual},"expiresAt":1"#),
        &format!(r#"{usual},"expiresAt":"2026-02-29T00:00:00Z""#),
        &format!(r#"{usual},"constraints":null"#),
        &format!(r#"{usual},"constraints":[]"#),
        &format!(r#"{usual},"constraints":{{"x":1}}"#),
        &format!(r#"{usual},"constraints":{{"":{{}}}}"#),
        &format!(r#"{usual},"unknown":1,"requiresApproval":1"#),
    ] {
        assert!(grant_is_malformed(bad), "{bad}");
    }
    for bad in ["", "/", "/a", "a/", "a//b", ".", "a/..", "a*", "*a", "**/a", "a/***", "a/**b", "a/b*/c"] {
        assert!(grant_is_malformed(&format!(r#""resource":"{bad}","allowedActions":["a"]"#)), "{bad}");
    }
    for reserved in ["action", "resource", "agentId", "requestId", "approval", "proof"] {
        assert!(grant_is_malformed(&format!(r#"{usual},"constraints":{{"{reserved}":{{}}}}"#)), "{reserved}");
    }
    let attributes = |n: usize| (0..n).map(|i| format!("\"a{i}\":{{}}")).collect::<Vec<_>>().join(",");
    assert!(!grant_is_malformed(&format!(r#"{usual},"constraints":{{{}}}"#, attributes(16))));
    assert!(grant_is_malformed(&format!(r#"{usual},"constraints":{{{}}}"#, attributes(17))));
}

#[test]
fn a_known_operator_with_a_wrong_operand_makes_the_token_malformed() {
    let values = |n: usize| format!("[{}]", vec!["\"a\""; n].join(","));
    for operator in ["equals", "notEquals"] {
        for operand in ["null", "[]", "{}", "\"\"", "1e28", "1e-29", "[1]"] {
            assert!(constraint_is_malformed(&format!(r#"{{"{operator}":{operand}}}"#)), "{operator} {operand}");
        }
    }
    for operator in ["oneOf", "noneOf"] {
        for operand in ["null", "\"a\"", "1", "{}", "[\"\"]", "[null]", "[[]]", "[1e28]", &values(129)] {
            assert!(constraint_is_malformed(&format!(r#"{{"{operator}":{operand}}}"#)), "{operator} {operand}");
        }
        assert!(!constraint_is_malformed(&format!(r#"{{"{operator}":{}}}"#, values(128))));
    }
    for operator in ["min", "max"] {
        for operand in ["null", "true", "[]", "[1]", "\"\"", "\"1e2\"", "\"01\"", "1e28", "\"+1\"", "{}"] {
            assert!(constraint_is_malformed(&format!(r#"{{"{operator}":{operand}}}"#)), "{operator} {operand}");
        }
    }
    for operator in ["glob", "under", "host", "cidr"] {
        for operand in ["null", "true", "1", "{}", "\"\"", "[\"\"]", "[1]", &values(129), "[[\"a\"]]"] {
            assert!(constraint_is_malformed(&format!(r#"{{"{operator}":{operand}}}"#)), "{operator} {operand}");
        }
        assert!(!constraint_is_malformed(&format!(r#"{{"{operator}":[]}}"#)), "{operator}");
    }
    for bad in [
        r#"{"under":"/"}"#,
        r#"{"under":["a","b/"]}"#,
        r#"{"host":"1.2.3.4"}"#,
        r#"{"host":"https://a"}"#,
        r#"{"cidr":"10.0.0.1"}"#,
        r#"{"cidr":"10.0.0.1/8"}"#,
    ] {
        assert!(constraint_is_malformed(bad), "{bad}");
    }
    assert!(!constraint_is_malformed(r#"{"glob":"[/**/\\.."}"#));
    assert!(constraint_is_malformed(r#"{"unknown":1,"min":null}"#));
    assert!(!constraint_is_malformed(r#"{"unknown":null,"Equals":{},"":1}"#));
}
