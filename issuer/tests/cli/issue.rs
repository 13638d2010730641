//! What is shown of a passport before it is issued, and after.

use std::path::Path;

use crate::support::{Run, Served, passport, run_with_input};

const GRANT: &str = r#"{"resource":"commerce/**","allowedActions":["purchase"],"constraints":{"amount":{"max":"500.00"}},
    "sensitiveAttributes":["card","email"]}"#;

/// The command, with an issuer and its admin.
fn call(directory: &Path, served: &Served, arguments: &[&str]) -> Run {
    let mut command = passport(directory);
    command.args(arguments).envs([("PASSPORT_URL", served.url.as_str()), ("PASSPORT_FILE", "data/admin.passport")]);
    command.output().expect("it runs").into()
}

fn fits(text: &str) {
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_dry_run_shows_what_would_be_issued_and_issues_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let served = Served::start(path);
    call(path, &served, &["agents", "create", "Ollie", "--id", "agent_ollie"]).ended(0);
    let issue = ["issue", "--agent", "agent_ollie", "--audience", "https://shop.example", "--expires-in", "1h", "--grant", GRANT];
    let more = ["--on-behalf-of", "Kim", "--renew-for", "30d"];
    let events = || call(path, &served, &["audit", "list", "--json"]).ended(0).json()["items"].as_array().expect("events").len();
    let before = events();

    let told = call(path, &served, &[&issue[..], &more, &["--dry-run"]].concat()).ended(0);
    fits(&told.out);
    for shown in [
        "agent_ollie",
        "https://shop.example",
        "on behalf of  Kim",
        "may `purchase` on `commerce/**`, with `amount` at most 500.00",
        "hides `card` and `email` of requests on `commerce/**`",
        "bytes; verifiers take 8192",
    ] {
        assert!(told.out.contains(shown), "{shown} is not in\n{}", told.out);
    }
    assert!(told.told().contains("nothing was issued"), "{}", told.err);
    let json = call(path, &served, &[&issue[..], &["--dry-run", "--json"]].concat()).ended(0).json();
    assert_eq!((json["agentId"].as_str(), json["claims"]["sub"].as_str()), (Some("agent_ollie"), Some("agent_ollie")));

    // What is wrong is said as issuing says it, and a file for nothing is a wrong call.
    let nobody = issue.map(|part| if part == "agent_ollie" { "nobody" } else { part });
    let refused = |more: &[&str]| call(path, &served, &[&nobody[..], more].concat()).ended(1).told();
    assert_eq!(refused(&["--dry-run"]), refused(&[]));
    call(path, &served, &[&issue[..], &["--dry-run", "-o", "ollie.passport"]].concat()).ended(2);

    let listed = call(path, &served, &["passports", "list", "--agent", "agent_ollie", "--json"]).ended(0).json();
    assert_eq!((listed["items"].as_array().map(Vec::len), events()), (Some(0), before), "nothing was made");
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn what_a_passport_hides_is_told_in_words_to_who_holds_it_and_who_issued_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let served = Served::start(path);
    call(path, &served, &["agents", "create", "Ollie", "--id", "agent_ollie"]).ended(0);
    let issue = ["issue", "--agent", "agent_ollie", "--audience", "https://shop.example", "--expires-in", "1h", "--json", "--grant"];
    let issued = call(path, &served, &[&issue[..], &[GRANT]].concat()).ended(0).json();
    let token = issued["passport"].as_str().expect("a token");
    let id = issued["passportId"].as_str().expect("an id");
    let inspect = |more: &[&str]| run_with_input(path, &[&["inspect"], more].concat(), token.as_bytes()).ended(0);

    for told in [inspect(&[]).out, call(path, &served, &["passports", "show", id]).ended(0).out] {
        fits(&told);
        let hidden = "From the audit log it\n  - hides `card` and `email` of requests on `commerce/**`";
        assert!(told.contains(hidden), "{told}");
    }
    let claim = serde_json::json!([{"resource": "commerce/**", "sensitive": ["card", "email"]}]);
    assert_eq!(inspect(&["--json"]).json()["hiddenAttributes"], claim);

    let plain = call(path, &served, &[&issue[..], &[r#"{"resource":"r","allowedActions":["a"]}"#]].concat()).ended(0).json();
    let plain = plain["passport"].as_str().expect("a token");
    let told = run_with_input(path, &["inspect"], plain.as_bytes()).ended(0);
    assert!(!told.out.contains("hides"), "{}", told.out);
    assert!(run_with_input(path, &["inspect", "--json"], plain.as_bytes()).ended(0).json()["hiddenAttributes"].is_null());
    assert_eq!(served.stop(), Some(0));
}
