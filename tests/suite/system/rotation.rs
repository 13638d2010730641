//! Trust follows the issuer through its rotations.

use passport_tests::process::{Issuer, passport};
use serde_json::json;

#[test]
fn whoever_missed_rotations_catches_up_and_a_stranger_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = Issuer::start(&folder.path().join("data"));
    let stranger = Issuer::start(&folder.path().join("other"));
    let file = folder.path().join("trust.bundle");
    let fetch = |from: &Issuer| {
        let output = passport().args(["trust", "fetch", "--url", &from.url(), "-o"]).arg(&file).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(fetch(&issuer).0, Some(0));
    let admin = issuer.admin();
    admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    for _ in 0..3 {
        admin.post("/v1/keys/rotate", &json!({}));
    }
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
    let issued =
        admin.post("/v1/passports", &json!({"agentId": "ollie", "audience": ["https://shop.example"], "grants": grants, "expiresIn": 600}));
    let verify = || {
        let mut command = passport();
        command.args(["verify", issued["passport"].as_str().expect("a token"), "--audience", "https://shop.example"]);
        let output =
            command.args(["--action", "purchase", "--resource", "commerce", "--json", "--trust"]).arg(&file).output().expect("it runs");
        let decision: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a decision");
        decision["reason"].as_str().expect("a reason").to_owned()
    };
    assert_eq!(verify(), "unknown_key", "three rotations were missed");
    let (code, told) = fetch(&issuer);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(verify(), "granted");
    let (code, told) = fetch(&stranger);
    assert_eq!(code, Some(1), "{told}");
    assert_eq!(verify(), "granted", "what was there is kept");
}
