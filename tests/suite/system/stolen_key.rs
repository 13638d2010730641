//! A key is stolen: from the one command to the last denial, at a connected verifier.

use std::time::{Duration, Instant};

use passport_tests::process::{Issuer, passport};
use passport_verifier::{RefreshSettings, Refresher, Request, Trust, Verifier};
use serde_json::{Value, json};

const SHOP: &str = "https://shop.example";

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}

#[test]
fn one_command_ends_a_stolen_key_at_a_connected_verifier_and_work_goes_on_with_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let issuer = Issuer::start(&data);
    let admin = issuer.admin();
    admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    // The admin's own passport is by the first key, Ollie's by the one that will be stolen.
    admin.post("/v1/keys/rotate", &json!({}));
    let issue = || {
        let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
        admin.post("/v1/passports", &json!({"agentId": "ollie", "audience": [SHOP], "grants": grants, "expiresIn": 600}))
    };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let before = issue();
    let stolen = text(&before["keyId"]);

    let verifier = Verifier::new(Trust::none(&admin.url), SHOP);
    let settings = RefreshSettings::new(issuer.url().parse().expect("a url")).with_pin(stolen.parse().expect("a thumbprint"));
    // No fetch but the first: what comes, comes by itself.
    let refresher = Refresher::start(&verifier, settings.with_interval(Duration::from_secs(7 * 86_400))).expect("threads");
    refresher.refresh_now(Duration::from_secs(30)).expect("the first");
    let reason = |issued: &Value| {
        let request = Request::new("purchase").on("commerce");
        verifier.decide(issued["passport"].as_str().expect("a token"), &request, now()).reason().code()
    };
    assert_eq!(reason(&before), "granted");

    let run = |arguments: &[&str]| {
        let mut command = passport();
        command.args(arguments).args(["--json", "--url", &issuer.url(), "--passport-file"]).arg(data.join("admin.passport"));
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let keys = run(&["keys", "revoke", &stolen, "--reason", "stolen"]);
    let key = keys["items"].as_array().and_then(|keys| keys.iter().find(|key| key["keyId"] == *stolen)).expect("the key").clone();
    assert_eq!((&key["state"], &key["signed"], &key["live"]), (&json!("revoked"), &json!(1), &json!(0)));

    let deadline = Instant::now() + Duration::from_secs(60);
    while reason(&before) != "key_revoked" {
        assert!(Instant::now() < deadline, "the verifier still says {}", reason(&before));
        std::thread::sleep(Duration::from_millis(10));
    }
    // The verifier knew the next key ahead: what it signs is good at once.
    let after = issue();
    assert_ne!(text(&after["keyId"]), stolen);
    assert_eq!(reason(&after), "granted");
    let affected = run(&["passports", "list", "--key", &stolen]);
    let affected: Vec<&Value> = affected["items"].as_array().expect("passports").iter().map(|item| &item["passportId"]).collect();
    assert_eq!(affected, [&before["passportId"]]);
    assert_eq!(refresher.stats().refused, 0);
}
