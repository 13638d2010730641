use std::sync::atomic::{AtomicUsize, Ordering};

use passport_keys::SigningKey;
use passport_shared::jose::{self, Algorithm, TokenType};
use passport_shared::key_set::KeySet;
use passport_verifier::Trust;
use serde_json::Value;

use super::*;
use crate::cli::output::Output;
use crate::cli::trust::TrustFile;
use crate::clock::Clock;
use crate::config::SettingsFile;
use crate::entropy::SystemEntropy;

const NOW: i64 = 1_800_000_000;

#[derive(Debug)]
struct At;

impl Clock for At {
    fn now_millis(&self) -> i64 {
        NOW * 1_000
    }
}

fn session() -> Session {
    let (clock, entropy) = (Box::new(At), Box::new(SystemEntropy));
    Session { out: Output::new(false), settings: SettingsFile::default(), named: None, clock, entropy }
}

/// A passport and a verifier's file that trusts its key.
fn issued() -> (String, Checker) {
    let key = SigningKey::generate(&mut rand::rng());
    let claims = format!(
        r#"{{"iss":"https://i.example","sub":"ollie","aud":["https://a.example"],"iat":{},"exp":{},"jti":"pp_1","authorization_details":[{{"type":"permission_passport","resource":"shop","allowedActions":["buy"],"constraints":{{"amount":{{"max":"10"}}}}}}]}}"#,
        NOW - 10,
        NOW + 60
    );
    let input = jose::signing_input(TokenType::Passport, Algorithm::EdDsa, key.id(), claims.as_bytes());
    let token = jose::assemble(&input, &key.sign(input.as_bytes()));
    let set = serde_json::to_vec(&KeySet { keys: vec![key.public().clone()] }).expect("a key set");
    let trust = Trust::from_key_set("https://i.example", &set).expect("trust");
    let checker = Checker::new(TrustFile { trust, bundle: None }, "https://a.example", false, false).expect("a checker");
    (token, checker)
}

fn answers(input: &[u8], checker: &Checker) -> Vec<Value> {
    let mut out = Vec::new();
    answer_all(input, &mut out, checker, &session()).expect("answered");
    String::from_utf8(out).expect("text").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn reasons(input: &str, checker: &Checker) -> Vec<String> {
    answers(input.as_bytes(), checker).iter().map(|answer| answer["reason"].as_str().expect("a reason").to_owned()).collect()
}

#[test]
fn every_line_is_answered_in_order() {
    let (token, checker) = issued();
    let line = |amount: &str| format!(r#"{{"token":"{token}","request":{{"action":"buy","resource":"shop","amount":{amount}}}}}"#);
    let input = format!("{}\n{}\nnonsense\n\n{}\n", line("10.00"), line("10.01"), line("1e1"));
    assert_eq!(reasons(&input, &checker), ["granted", "constraint_unmet", "invalid_request", "invalid_request", "granted"]);
    assert_eq!(reasons(input.trim_end(), &checker).len(), 5, "the last newline may be missing");
    assert!(reasons("", &checker).is_empty());
    assert_eq!(reasons("\n", &checker), ["invalid_request"]);
    let mut out = Vec::new();
    answer_all(format!("{}\r\n", line("10.00")).as_bytes(), &mut out, &checker, &session()).expect("answered");
    assert!(String::from_utf8_lossy(&out).contains(r#"{"amount":10.00}"#), "numbers to the letter");
}

#[test]
fn a_line_that_cannot_be_read_is_an_invalid_request() {
    let (token, checker) = issued();
    let request = r#""request":{"action":"buy","resource":"shop","amount":1}"#;
    for line in [
        "[]".to_owned(),
        "{".to_owned(),
        "\u{feff}{}".to_owned(),
        format!("{{{request}}}"),
        format!(r#"{{"token":7,{request}}}"#),
        format!(r#"{{"token":null,{request}}}"#),
        format!(r#"{{"token":"\ud800",{request}}}"#),
        format!(r#"{{"token":"{token}"}}"#),
        format!(r#"{{"token":"{token}","token":"{token}",{request}}}"#),
        format!(r#"{{"token":"{token}",{request},"to\u006ben":"x"}}"#),
        format!(r#"{{"token":"{token}",{request},"x":1,"x":2}}"#),
        format!(r#"{{"token":"{token}",{request}}} trailing"#),
        format!(r#"{{"token":"{token}",{request},"at":1.5}}"#),
        format!(r#"{{"token":"{token}",{request},"at":1e3}}"#),
        format!(r#"{{"token":"{token}",{request},"at":"1800000000"}}"#),
        format!(r#"{{"token":"{token}",{request},"at":"tomorrow"}}"#),
        format!(r#"{{"token":"{token}",{request},"at":null}}"#),
    ] {
        let answers = answers(line.as_bytes(), &checker);
        assert_eq!(answers.len(), 1, "{line}");
        assert_eq!((&answers[0]["reason"], &answers[0]["allowed"]), (&"invalid_request".into(), &false.into()), "{line}");
        assert_eq!(answers[0]["passportId"], Value::Null, "{line}");
        assert!(answers[0]["requestId"].as_str().is_some_and(|id| id.starts_with("req_")), "{line}");
    }
    let not_text = answers(b"{\"token\":\"\xff\",\"request\":{}}\n", &checker);
    assert_eq!(not_text[0]["reason"], "invalid_request");
}

#[test]
fn a_token_may_be_any_string_and_a_request_any_value() {
    let (token, checker) = issued();
    for odd in ["", "a", "a\\nb", "\\u0000", "é", &format!("{token}\\n"), &format!(" {token}")] {
        let line = format!(r#"{{"token":"{odd}","request":{{"action":"buy","resource":"shop","amount":1}}}}"#);
        assert_eq!(reasons(&line, &checker), ["malformed_token"], "{odd:?}");
    }
    // A sound passport with a request that is not well formed: decided as such, and about that passport.
    let repeated = r#"{"action":"buy","action":"buy"}"#;
    let objects = [repeated, "{}", r#"{"action":"buy","x":null}"#, r#"{"action":"buy","x":1e400}"#];
    for odd in objects.into_iter().chain(["[]", "null", "5", "true", r#""{}""#]) {
        let answer = |token: &str, at: i64| {
            let mut answers = answers(format!(r#"{{"token":"{token}","request":{odd},"at":{at}}}"#).as_bytes(), &checker);
            assert_eq!(answers.len(), 1, "{odd}");
            answers.remove(0)
        };
        let decided = answer(&token, NOW + 7);
        assert_eq!((&decided["reason"], &decided["passportId"]), (&"invalid_request".into(), &"pp_1".into()), "{odd}");
        assert_eq!(decided["evaluatedAt"], time::format(NOW + 7).expect("a time"), "{odd}");
        // What is wrong with the token comes first.
        assert_eq!(answer("x", NOW)["reason"], "malformed_token", "{odd}");
        assert_eq!(answer(&token, NOW + 60)["reason"], "expired", "{odd}");
    }
    let escaped = token.replacen('e', "\\u0065", 1);
    let line = format!(r#"{{"token":"{escaped}","request":{{"action":"buy","amount":1,"requestId":"mine"}},"note":{{}}}}"#);
    let answers = answers(line.as_bytes(), &checker);
    assert_eq!((&answers[0]["reason"], &answers[0]["requestId"]), (&"granted".into(), &"mine".into()));
}

#[test]
fn a_line_names_its_time() {
    let (token, checker) = issued();
    for (at, reason) in [
        (NOW.to_string(), "granted"),
        ((NOW + 60).to_string(), "expired"),
        (format!("{:?}", time::format(NOW).expect("a time")), "granted"),
        (r#""2000-01-01T00:00:00+01:00""#.to_owned(), "not_yet_valid"),
        ("-1".to_owned(), "clock_untrusted"),
        ("99999999999999999999999".to_owned(), "clock_untrusted"),
        (r#""1969-12-31T23:59:59Z""#.to_owned(), "clock_untrusted"),
    ] {
        let line = format!(r#"{{"token":"{token}","request":{{"action":"buy","amount":1}},"at":{at}}}"#);
        assert_eq!(reasons(&line, &checker), [reason], "{at}");
    }
}

#[test]
fn a_line_over_its_bound_is_answered_and_passed_over() {
    let (token, checker) = issued();
    let good = format!(r#"{{"token":"{token}","request":{{"action":"buy","amount":1}}}}"#);
    let padded = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    let input = format!("{}\n{}\n{}\n{good}", padded(LINE_BYTES), padded(LINE_BYTES + 1), padded(3 * LINE_BYTES + 7));
    assert_eq!(reasons(&input, &checker), ["granted", "invalid_request", "invalid_request", "granted"]);
    assert_eq!(reasons(&padded(LINE_BYTES + 1), &checker), ["invalid_request"], "also as the last");
}

#[test]
fn no_answer_is_held_back_from_who_waits_for_it() {
    /// Gives one line at a time, and notes how many answers there were by then.
    struct Asker<'a> {
        lines: Vec<Vec<u8>>,
        answered: &'a AtomicUsize,
    }
    impl io::Read for Asker<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(line) = self.lines.pop() else { return Ok(0) };
            assert_eq!(self.answered.load(Ordering::Relaxed) + self.lines.len(), 2, "each line before this one is answered");
            buffer[..line.len()].copy_from_slice(&line);
            Ok(line.len())
        }
    }
    struct Counter<'a>(&'a AtomicUsize);
    impl Write for Counter<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.fetch_add(bytes.iter().filter(|byte| **byte == b'\n').count(), Ordering::Relaxed);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (_, checker) = issued();
    let answered = AtomicUsize::new(0);
    let asker = Asker { lines: vec![b"{}\n".to_vec(); 3], answered: &answered };
    answer_all(asker, &mut BufWriter::new(Counter(&answered)), &checker, &session()).expect("answered");
    assert_eq!(answered.load(Ordering::Relaxed), 3);
}
