use super::*;

/// Sound claims with one member replaced (or, with an empty value, left out).
fn claims(name: &str, value: &str) -> String {
    let standard = [
        ("iss", r#""https://issuer.example""#),
        ("sub", r#""agent_ollie""#),
        ("aud", r#"["https://shop.example"]"#),
        ("iat", "1700000000"),
        ("exp", "1700003600"),
        ("jti", r#""pp_1""#),
        ("authorization_details", "[]"),
    ];
    let mut members: Vec<(&str, &str)> = standard.into_iter().filter(|(other, _)| *other != name).collect();
    if !value.is_empty() {
        members.push((name, value));
    }
    let members: Vec<String> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn read(name: &str, value: &str) -> Result<Passport, ClaimsError> {
    Passport::read(claims(name, value).as_bytes())
}

#[test]
fn required_claims_are_required_and_typed() {
    assert!(read("other", "{\"deep\":[1,null]}").is_ok());
    for name in ["iss", "sub", "aud", "iat", "exp", "jti", "authorization_details"] {
        for value in ["", "null", "true", "{}", "-1", "1.5", "\"\"", "[5]"] {
            assert!(read(name, value).is_err(), "{name} {value}");
        }
    }
    for name in ["iat", "exp", "nbf"] {
        for value in ["-0", "1e3", "1.0", "\"1700000000\"", "253402300800", "null", "[1]"] {
            assert!(read(name, value).is_err(), "{name} {value}");
        }
        assert!(read(name, "253402300799").is_ok() && read(name, "0").is_ok());
    }
    assert_eq!(read("aud", "\"one\"").expect("one string").audience.as_slice(), ["one"]);
    assert!(read("aud", "[]").is_err() && read("aud", "[\"\"]").is_err());
}

#[test]
fn optional_claims_are_absent_or_sound() {
    for (name, good, bad) in [
        ("onBehalfOf", r#""team""#, &["null", "5", "\"\""][..]),
        ("cnf", r#"{"jkt":"x"}"#, &["null", "{}", "\"x\"", "[]"]),
        (
            "status",
            r#"{"status_list":{"idx":5,"uri":"u","more":1},"other":{}}"#,
            &[
                "null",
                "{}",
                r#"{"status_list":{"idx":-1,"uri":"u"}}"#,
                r#"{"status_list":{"idx":1.0,"uri":"u"}}"#,
                r#"{"status_list":{"idx":1}}"#,
                r#"{"status_list":{"idx":1,"uri":""}}"#,
            ],
        ),
    ] {
        assert!(read(name, good).is_ok(), "{name} {good}");
        for value in bad {
            assert!(read(name, value).is_err(), "{name} {value}");
        }
    }
    assert!(read("cnf", r#"{"jkt":"x"}"#).expect("sound").needs_proof);
}

#[test]
fn entries_of_other_types_grant_nothing_but_keep_their_place() {
    let passport = read(
        "authorization_details",
        r#"[{"type":"payment","resource":5},{"type":"permission_passport","resource":"a","allowedActions":["x"]}]"#,
    )
    .expect("sound");
    assert_eq!(passport.grants.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1]);
    for entry in ["5", "{}", r#"{"type":5}"#, r#"{"type":""}"#, r#"{"resource":"a","allowedActions":["x"]}"#] {
        assert!(read("authorization_details", &format!("[{entry}]")).is_err(), "{entry}");
    }
}

#[test]
fn an_unknown_member_is_not_a_malformed_one() {
    let entry = |more: &str| {
        read("authorization_details", &format!(r#"[{{"type":"permission_passport","resource":"a","allowedActions":["x"]{more}}}]"#))
    };
    assert!(entry("").expect("sound").grants[0].1.understood);
    assert!(!entry(r#","colour":"red""#).expect("sound").grants[0].1.understood);
    assert!(!entry(r#","constraints":{"n":{"regex":"x"}}"#).expect("sound").grants[0].1.understood);
    assert!(entry(r#","requiresApproval":null"#).is_err());
    assert!(entry(r#","expiresAt":"2026-05-30T00:00:00+00:00""#).is_err());
    assert!(entry(r#","colour":"red","constraints":{"n":{"regex":"x","max":"y"}}"#).is_err());
    // What the first does not understand says nothing of the second.
    let two = read("authorization_details", r#"[{"type":"permission_passport","resource":"a","allowedActions":[],"constraints":{"n":{"regex":1}}},{"type":"permission_passport","resource":"a","allowedActions":[],"constraints":{"n":{}}}]"#).expect("sound");
    assert!(!two.grants[0].1.understood && two.grants[1].1.understood);
}

#[test]
fn claims_that_are_minted_are_read_back() {
    let grants = Grant::read_all(r#"[{"resource":"a","allowedActions":["x"],"constraints":{"amount":{"max":0.10}}}]"#, "").expect("grants");
    let status = StatusRef { index: 7, uri: "https://issuer.example/v1/status/1".into() };
    let confirmation = RawValue::from_string(r#"{"jkt":"x"}"#.into()).expect("json");
    let audience = ["https://shop.example".to_owned()];
    let claims = NewClaims {
        issuer: "https://issuer.example",
        agent_id: "agent",
        audience: &audience,
        issued_at: 1,
        not_before: Some(2),
        expires_at: 3,
        id: "pp_1",
        on_behalf_of: Some("team"),
        status: Some(&status),
        confirmation: Some(&confirmation),
        authorization_details: Cow::Borrowed(&grants),
        hidden: None,
    };
    let read = Passport::read(&serde_json::to_vec(&claims).expect("json")).expect("sound");
    assert_eq!(
        (read.issuer.as_str(), read.not_before, read.status, read.needs_proof),
        ("https://issuer.example", Some(2), Some(status), true)
    );
    assert_eq!(*read.grants, [(0, grants[0].clone())]);
}

#[test]
fn an_index_of_any_size_is_one_and_out_of_range_at_worst() {
    for (text, index) in [("0", 0), ("9007199254740992", 9_007_199_254_740_992), ("99999999999999999999999", u64::MAX)] {
        let status = read("status", &format!(r#"{{"status_list":{{"idx":{text},"uri":"u"}}}}"#)).expect("sound").status;
        assert_eq!(status.map(|status| status.index), Some(index));
    }
}

#[test]
fn a_name_from_the_document_cannot_break_out_of_the_message() {
    let entry = "[{\"type\":\"permission_passport\",\"resource\":\"a\",\"allowedActions\":[],\"constraints\":{\"a\u{202e}`b\":5}}]";
    let message = read("authorization_details", entry).expect_err("malformed").to_string();
    assert!(message.contains(r"a\u{202e}\`b") && !message.contains('\u{202e}'), "{message}");
}
