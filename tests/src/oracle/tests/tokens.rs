//! Steps 1 to 4.

use super::*;

const HEADER: &str = r#"{"alg":"EdDSA","typ":"passport+jwt","kid":"good"}"#;

fn encode(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        out.extend((0..=chunk.len()).map(|place| char::from(ALPHABET[number >> (18 - 6 * place) & 63])));
    }
    out
}

fn token(header: &str, payload: &str) -> String {
    format!("{}.{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()), encode(&[7; 64]))
}

fn decide_with(world: &World<'_>, token: &str) -> &'static str {
    let good = |kid: &str, input: &[u8], signature: &[u8]| kid == "good" && token.as_bytes().starts_with(input) && signature == [7; 64];
    decide(world, token.as_bytes(), &good, b"{\"action\":\"read\"}", NOW).reason
}

fn with_header(header: &str) -> &'static str {
    decide_with(&world(), &token(header, &claims(&[])))
}

#[test]
fn a_good_token_goes_on_to_step_5() {
    assert_eq!(with_header(HEADER), "resource_not_granted");
    assert_eq!(decide_with(&world(), &token(HEADER, "{}")), "malformed_token");
    assert_eq!(decide_with(&world(), &token(HEADER, "")), "malformed_token");
    assert_eq!(decide(&world(), b"", &|_, _, _| true, b"", -1).reason, "clock_untrusted");
}

#[test]
fn the_form_comes_before_everything() {
    let good = token(HEADER, &claims(&[]));
    let parts: Vec<&str> = good.split('.').collect();
    let none = World { keys: &[], ..world() };
    for bad in [
        "",
        ".",
        "..",
        "...",
        "a",
        &format!("{good}."),
        &format!("{good}="),
        &format!(" {good}"),
        &format!("{good}\n"),
        &format!("{}.{}", parts[0], parts[1]),
        &format!("{}.{}.", parts[0], parts[1]),
        &format!("{}.{}.{}", parts[0], parts[1], encode(&[7; 63])),
        &format!("{}.{}.{}", parts[0], parts[1], encode(&[7; 65])),
        &format!("{}.{}!.{}", parts[0], parts[1], parts[2]),
        &format!(".{}.{}", parts[1], parts[2]),
        &token("", "{}"),
        &token("[]", "{}"),
        &token("{\"alg\":1,\"alg\":1}", "{}"),
        &token("{\"a\":\"\\n\"}", "{}"),
    ] {
        assert_eq!(decide_with(&none, bad), "malformed_token", "{bad}");
    }
    assert_eq!(decide_with(&World { max_token_bytes: good.len(), ..world() }, &good), "resource_not_granted");
    assert_eq!(decide_with(&World { max_token_bytes: good.len() - 1, ..world() }, &good), "malformed_token");
}

#[test]
fn a_header_has_exactly_its_three_members() {
    for good in
        [r#"{"kid":"good","typ":"PASSPORT+JWT","alg":"Ed25519"}"#, r#"{"alg":"EdDSA","typ":"Application/Passport+jwt","kid":"good"}"#]
    {
        assert_eq!(with_header(good), "resource_not_granted", "{good}");
    }
    for bad in [
        "{}",
        r#"{"alg":"EdDSA","typ":"passport+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"good"}"#,
        r#"{"typ":"passport+jwt","kid":"good"}"#,
        r#"{"alg":"none","typ":"passport+jwt","kid":"good"}"#,
        r#"{"alg":"eddsa","typ":"passport+jwt","kid":"good"}"#,
        r#"{"alg":"EdDSA","typ":"JWT","kid":"good"}"#,
        r#"{"alg":"EdDSA","typ":"passport+jwt","kid":""}"#,
        r#"{"alg":"EdDSA","typ":"passport+jwt","kid":1}"#,
        r#"{"alg":["EdDSA"],"typ":"passport+jwt","kid":"good"}"#,
        r#"{"alg":"EdDSA","typ":"passport+jwt","kid":"good","crit":["x"]}"#,
        r#"{"alg":"EdDSA","typ":"passport+jwt","kid":"good","jku":"x"}"#,
        &format!(r#"{{"alg":"EdDSA","typ":"passport+jwt","kid":"{}"}}"#, "x".repeat(257)),
    ] {
        assert_eq!(with_header(bad), "unsupported_token", "{bad}");
    }
}

#[test]
fn keys_are_there_fresh_known_and_not_revoked() {
    let header = |kid: &str| format!(r#"{{"alg":"EdDSA","typ":"passport+jwt","kid":"{kid}"}}"#);
    let good = token(HEADER, &claims(&[]));
    assert_eq!(decide_with(&World { keys: &[], ..world() }, &good), "keys_unavailable");
    assert_eq!(decide_with(&World { keys_age: Some(86_401), ..world() }, &token(&header("stranger"), "")), "keys_unavailable");
    assert_eq!(decide_with(&World { keys_age: Some(86_400), ..world() }, &good), "resource_not_granted");
    assert_eq!(with_header(&header("stranger")), "unknown_key");
    assert_eq!(with_header(&header("GOOD")), "unknown_key");
    assert_eq!(with_header(&header("bad")), "key_revoked");
    assert_eq!(decide_with(&World { keys: &[("other", KeyState::Known)], ..world() }, &token(&header("other"), "")), "bad_signature");
}
