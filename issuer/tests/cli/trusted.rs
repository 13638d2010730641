//! `inspect` and `verify`: what is said of a passport, and with which exit code.

use crate::support::{NOW, Run, Signer, run, run_with_input};

const JWKS: [&str; 4] = ["--trust", "jwks.json", "--issuer", "https://i.example"];

fn verify(signer: &Signer, token: &str, more: &[&str]) -> Run {
    let at = (NOW + 60).to_string();
    let common = ["verify", "--audience", "https://shop.example", "--at", &at];
    run(signer.path(), &[&common[..], &JWKS, more, &["--", token]].concat())
}

#[test]
fn the_exit_code_says_what_was_decided() {
    let signer = Signer::new();
    let token = signer.passport();
    let buy = ["--action", "purchase", "--resource", "commerce", "--attr", "vendor=coachella.com"];
    let decided = |token: &str, more: &[&str], exit: i32, reason: &str| {
        let record = verify(&signer, token, &[more, &["--json"]].concat()).ended(exit).json();
        assert_eq!((record["reason"].as_str(), record["allowed"].as_bool()), (Some(reason), Some(exit == 0)), "{more:?}");
        assert!(record["requestId"].as_str().is_some_and(|id| id.starts_with("req_")));
        let told = verify(&signer, token, more).ended(exit);
        assert!(told.out.contains(reason) && told.out.lines().all(|line| line.chars().count() <= 80), "{}", told.out);
    };
    decided(&token, &[&buy[..], &["--attr", "amount:=500.00"]].concat(), 0, "granted");
    decided(&token, &[&buy[..], &["--attr", "amount:=500.01"]].concat(), 3, "constraint_unmet");
    decided(&token, &[&buy[..], &["--attr", "amount=500"]].concat(), 0, "granted");
    decided(&token, &[&buy[..], &["--attr", "amount:=null"]].concat(), 3, "invalid_request");
    decided(&token, &[&buy[..], &["--attr", "amount:=1", "--attr", "amount:=2"]].concat(), 3, "invalid_request");
    decided(&token, &[&buy[..], &["--attr", "amount:=1", "--agent", "other"]].concat(), 3, "agent_mismatch");
    decided(&token, &["--action", "refund", "--resource", "commerce"], 3, "action_blocked");
    decided(&token, &["--action", "send", "--resource", "contracts/a"], 5, "approval_required");
    decided(&token, &["--request", r#"{"action":"send","resource":"contracts/a"}"#], 5, "approval_required");
    decided(&token, &["--action", "send"], 5, "approval_required");
    decided(&token, &["--action", "send", "--require-resource"], 3, "invalid_request");
    decided(&token, &["--request", "nonsense"], 3, "invalid_request");
    decided("", &["--action", "send"], 4, "malformed_token");
    decided(&format!("{token}\n"), &["--action", "send"], 4, "malformed_token");
    decided(&token.replacen("ey", "eY", 1), &["--action", "send"], 4, "malformed_token");
    let other = Signer::new();
    decided(&other.passport(), &["--action", "send"], 4, "unknown_key");
}

#[test]
fn one_final_newline_of_standard_input_is_dropped() {
    let signer = Signer::new();
    let token = signer.passport();
    let at = NOW.to_string();
    let common = [&["verify", "--audience", "https://shop.example", "--action", "send", "--at", &at][..], &JWKS].concat();
    for (input, exit) in [(token.clone(), 5), (format!("{token}\n"), 5), (format!("{token}\n\n"), 4), (format!(" {token}"), 4)] {
        run_with_input(signer.path(), &common, input.as_bytes()).ended(exit);
        run_with_input(signer.path(), &[&common[..], &["-"]].concat(), input.as_bytes()).ended(exit);
    }
}

#[test]
fn a_status_that_cannot_be_had_denies_unless_allowed_by_name() {
    let signer = Signer::new();
    let token = signer.passport_with(r#","status":{"status_list":{"idx":1,"uri":"https://i.example/v1/status/0"}}"#);
    let send = ["--action", "send"];
    verify(&signer, &token, &send).ended(1);
    verify(&signer, &token, &[&send[..], &["--allow-unavailable-status"]].concat()).ended(5);
}

#[test]
fn a_jwk_set_needs_an_issuer_and_a_bundle_names_its_own() {
    let signer = Signer::new();
    let token = signer.passport();
    let at = NOW.to_string();
    let call = |more: &[&str]| {
        let common = ["verify", &token, "--audience", "https://shop.example", "--action", "send", "--at", &at, "--trust"];
        run(signer.path(), &[&common[..], more].concat())
    };
    let told = call(&["jwks.json"]).ended(2);
    assert!(told.told().contains("hint: name the issuer"), "{}", told.err);
    signer.bundle(NOW - 10, NOW + 100);
    call(&["trust.bundle"]).ended(5);
    call(&["trust.bundle", "--issuer", "https://i.example"]).ended(5);
    call(&["trust.bundle", "--issuer", "https://other.example"]).ended(1);
    call(&["none"]).ended(1);
    std::fs::write(signer.path().join("odd"), &token).expect("written");
    let told = call(&["odd"]).ended(1);
    assert!(told.told().contains("neither a trust bundle nor a JWK set"), "{}", told.err);
}

#[test]
fn the_age_of_keys_counts_by_the_clock_and_not_at_a_time_given_by_hand() {
    let signer = Signer::new();
    // By the machine's clock these passports and this bundle have long expired, or are not valid yet.
    signer.bundle(1_000, 2_000);
    let token = signer.passport();
    let at = NOW.to_string();
    let common = ["verify", &token, "--audience", "https://shop.example", "--action", "send", "--trust", "trust.bundle", "--json"];
    assert_eq!(run(signer.path(), &[&common[..], &["--at", &at]].concat()).ended(5).json()["reason"], "approval_required");
    let by_clock = run(signer.path(), &common).ended(1);
    assert_eq!(by_clock.json()["reason"], "keys_unavailable");
    assert!(by_clock.told().contains("has expired"), "{}", by_clock.err);
    let lines = format!(
        "{{\"token\":\"{token}\",\"request\":{{\"action\":\"send\"}},\"at\":{NOW}}}\n{{\"token\":\"{token}\",\"request\":{{\"action\":\"send\"}}}}"
    );
    let batch = ["verify", "--audience", "https://shop.example", "--trust", "trust.bundle", "--batch", "-"];
    let answers = run_with_input(signer.path(), &batch, lines.as_bytes()).ended(0);
    let reasons: Vec<_> =
        answers.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["reason"].clone()).collect();
    assert_eq!(reasons, ["approval_required", "keys_unavailable"]);
}

#[test]
fn a_batch_takes_no_token_and_no_request() {
    let signer = Signer::new();
    let batch = [&["verify", "--audience", "a", "--batch", "none"][..], &JWKS].concat();
    run(signer.path(), &batch).ended(1);
    for more in [&["token"][..], &["--action", "x"], &["--request", "{}"], &["--at", "1"]] {
        run(signer.path(), &[&batch[..], more].concat()).ended(2);
    }
}

#[test]
fn what_a_passport_says_is_marked_unverified_until_it_is_verified() {
    let signer = Signer::new();
    let token = signer.passport_with(r#","onBehalfOf":"team \u202e \u0022x\u0022""#);
    let at = (NOW + 60).to_string();
    let call = |more: &[&str]| run(signer.path(), &[&["inspect", &token, "--at", &at][..], more].concat());
    let told = call(&[]).ended(0);
    assert!(told.out.starts_with("UNVERIFIED\n") && told.err.is_empty(), "{}", told.out);
    for words in ["agent_ollie", "1 minute ago", "in 59 minutes", "`purchase` on `commerce`, with `amount` at most 500.00", "`refund` on"] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    assert!(told.out.lines().all(|line| line.chars().count() <= 80) && !told.out.contains('\u{202e}'), "{}", told.out);
    assert_eq!(call(&["--json"]).ended(0).json()["verified"], false);

    let told = call(&JWKS).ended(0);
    assert!(told.out.starts_with("VERIFIED\nChecked: signature, issuer, times; it has no status"), "{}", told.out);
    assert_eq!(call(&[&JWKS[..], &["--json"]].concat()).ended(0).json()["verified"], true);

    let late = (NOW + 3_600).to_string();
    let expired = run(signer.path(), &[&["inspect", &token, "--at", &late][..], &JWKS].concat()).ended(4);
    assert!(expired.out.starts_with("NOT VALID  expired\nThe signature holds, and still"), "{}", expired.out);
    let other = Signer::new();
    let forged = run(signer.path(), &[&["inspect", &other.passport(), "--at", &at][..], &JWKS].concat()).ended(4);
    assert!(forged.out.starts_with("NOT VALID  unknown_key\nNothing below is proved"), "{}", forged.out);
}

#[test]
fn a_passport_is_told_as_a_prompt_and_requests_are_tried_on_it() {
    let signer = Signer::new();
    let token = signer.passport();
    let at = NOW.to_string();
    let call = |more: &[&str]| run(signer.path(), &[&["inspect", &token, "--at", &at][..], more].concat());
    let prompt = call(&["--as", "prompt"]).ended(0);
    assert!(prompt.out.starts_with("You are the agent `agent_ollie`."), "{}", prompt.out);
    assert!(prompt.err.starts_with("UNVERIFIED"), "{}", prompt.err);
    for (request, exit, reason) in [
        (r#"{"action":"purchase","resource":"commerce","amount":1,"vendor":"coachella.com"}"#, 0, "granted"),
        (r#"{"action":"purchase","resource":"commerce","amount":742,"vendor":"coachella.com"}"#, 3, "constraint_unmet"),
        (r#"{"action":"send","resource":"contracts/x"}"#, 5, "approval_required"),
        (r#"{"resource":"contracts/x"}"#, 3, "invalid_request"),
    ] {
        let told = call(&["--try", request]).ended(exit);
        assert!(told.out.contains("a preview on unverified claims") && told.out.contains(reason), "{}", told.out);
        let json = call(&["--try", request, "--json"]).ended(exit).json();
        assert_eq!((&json["preview"]["reason"], &json["verified"]), (&reason.into(), &false.into()));
    }
    // What is no request is decided as such, as `verify --request` does.
    for odd in ["nonsense", "", "[]", "{", r#"{"action":"send","action":"send"}"#, &format!(r#"{{"action":"{}"}}"#, "x".repeat(70_000))] {
        let preview = call(&["--try", odd, "--json"]).ended(3).json()["preview"]["reason"].clone();
        let decided = verify(&signer, &token, &["--request", odd, "--json"]).ended(3).json()["reason"].clone();
        assert_eq!((preview, decided), ("invalid_request".into(), "invalid_request".into()), "{odd}");
    }
    let late = (NOW + 3_600).to_string();
    let expired = run(signer.path(), &["inspect", &token, "--at", &late, "--try", r#"{"action":"send"}"#]).ended(4);
    assert!(expired.out.contains("expired"), "{}", expired.out);
}
