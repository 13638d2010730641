//! A key is stolen: from the one command to the last deny.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use passport_tests::process::{Issuer, passport};
use passport_verifier::{Guard, RefreshSettings, Refresher, Request, Trust, Verifier};
use serde_json::{Value, json};

const SHOP: &str = "https://shop.example";

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "it did not come to that: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn one_command_ends_a_stolen_key_and_gives_everybody_a_passport_that_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = Issuer::start(&folder.path().join("data"));
    let admin = issuer.admin();
    admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
    let body = json!({"agentId": "ollie", "audience": [SHOP], "grants": grants, "expiresIn": 3_600});
    let issued: Vec<Value> = (0..120).map(|_| admin.post("/v1/passports", &body)).collect();
    let old = issued[0]["passport"].as_str().expect("a token").to_owned();
    let key = issued[0]["keyId"].as_str().expect("a thumbprint").to_owned();

    let verifier = Verifier::new(Trust::none(&admin.url), SHOP);
    let settings = RefreshSettings::new(admin.url.parse().expect("a url")).with_pin(key.parse().expect("a thumbprint"));
    let refresher = Refresher::start(&verifier, settings.with_interval(Duration::from_secs(7 * 86_400))).expect("threads");
    refresher.refresh_now(Duration::from_secs(30)).expect("the first");
    until("it follows", || refresher.stats().following);
    let guard = Guard::new(verifier);
    let reason = |token: &str| {
        let request = Request::new("purchase").on("commerce");
        match guard.authorize(Some(&format!("Bearer {token}")), &request) {
            Ok(_) => "granted".to_owned(),
            Err(rejection) => rejection.code().to_owned(),
        }
    };
    assert_eq!(reason(&old), "granted");

    let (file, fresh) = (folder.path().join("mine"), folder.path().join("fresh"));
    std::fs::write(&file, &admin.passport).expect("written");
    let revoke = |more: &[&str]| {
        let mut command = passport();
        command.args(["keys", "revoke", &key, "--reason", "stolen"]).args(more);
        command.args(["--url", &admin.url, "--passport-file"]).arg(&file).output().expect("it runs")
    };
    // Where the new passports could not be put anywhere, nothing is revoked.
    assert_eq!(revoke(&["--reissue", "/dev/null/none"]).status.code(), Some(1));
    assert_eq!(reason(&old), "granted");

    let output = revoke(&["--json", "--reissue", fresh.to_str().expect("a path")]);
    let (out, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{told}");
    assert!(!out.contains("eyJ") && !told.contains("eyJ"), "no token is told");
    until("what the stolen key signed is denied", || reason(&old) == "key_revoked");

    // More than one call can carry, and the command's own passport was among them.
    let answer: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(answer["affected"].as_array().expect("a list").len(), 121);
    for (at, passport) in issued.iter().enumerate() {
        let path = fresh.join(passport["passportId"].as_str().expect("an id"));
        assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        let token = std::fs::read_to_string(&path).expect("read");
        if !(3..=117).contains(&at) {
            until("the one in its place is allowed", || reason(token.trim()) == "granted");
        }
    }
    let own = answer["affected"].as_array().and_then(|all| all.iter().find(|entry| entry["own"] == true)).expect("its own");
    let list = |passport: &std::path::Path| {
        let mut command = passport_command(&admin.url);
        command.arg(passport).output().expect("it runs")
    };
    assert_eq!(list(&file).status.code(), Some(4), "the old one is over");
    let listed = list(std::path::Path::new(own["reissued"]["file"].as_str().expect("a file")));
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert_eq!(listed.status.code(), Some(0), "{text}");
    assert!(text.contains("0/121") && text.contains("121/121"), "what each has signed: {text}");
    let mut command = passport();
    command.args([
        "passports",
        "list",
        "--key",
        &key,
        "--state",
        "revoked",
        "--limit",
        "1000",
        "--json",
        "--url",
        &admin.url,
        "--passport-file",
    ]);
    let output = command.arg(own["reissued"]["file"].as_str().expect("a file")).output().expect("it runs");
    let gone: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(gone["items"].as_array().expect("a list").len(), 121);
    assert_eq!(refresher.stats().refused, 0);
}

fn passport_command(url: &str) -> std::process::Command {
    let mut command = passport();
    command.args(["keys", "list", "--url", url, "--passport-file"]);
    command
}
