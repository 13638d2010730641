//! A passport is renewed, and what came of it falls with it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use passport_tests::process::{Issuer, passport};
use serde_json::{Value, json};

const SHOP: &str = "https://shop.example";

#[test]
fn a_renewed_passport_counts_offline_and_falls_with_the_first_or_with_the_key_that_signed_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = Issuer::start(&folder.path().join("data"));
    let admin = issuer.admin();
    admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    let trust = folder.path().join("trust.bundle");
    let run = |args: &[&str], file: Option<&Path>| {
        let mut command = passport();
        command.args(args).args(["--url", &issuer.url()]);
        if let Some(file) = file {
            command.arg("--passport-file").arg(file);
        }
        let output = command.output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned(), told)
    };
    let own = folder.path().join("admin");
    std::fs::write(&own, &admin.passport).expect("written");
    let grant = r#"{"resource":"commerce","allowedActions":["purchase"]}"#;
    let issue = |more: &[&str]| {
        let args = ["issue", "--agent", "ollie", "--audience", SHOP, "--grant", grant, "--expires-in", "1h"];
        run(&[&args, more].concat(), Some(&own))
    };
    // Offline: a bundle that was fetched before, and no issuer.
    let reason = |token: &str| {
        let mut command = passport();
        command.args(["verify", token, "--audience", SHOP, "--action", "purchase", "--resource", "commerce", "--json", "--trust"]);
        let output = command.arg(&trust).output().expect("it runs");
        let decision: Value = serde_json::from_slice(&output.stdout).expect("a decision");
        decision["reason"].as_str().expect("a reason").to_owned()
    };
    let fetch = || assert_eq!(run(&["trust", "fetch", "-o", trust.to_str().expect("a path")], None).0, Some(0));

    let (code, first, told) = issue(&["--renew-for", "30d"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("it can be renewed until"), "{told}");
    let file = folder.path().join("ollie.passport");
    std::fs::write(&file, &first).expect("written");
    // In place of the old one, whole and for its owner alone; nothing goes to standard output.
    let (code, out, told) = run(&["renew", "-o", file.to_str().expect("a path")], Some(&file));
    assert_eq!((code, out.as_str()), (Some(0), ""), "{told}");
    let second = std::fs::read_to_string(&file).expect("read").trim().to_owned();
    assert_ne!(first, second);
    assert_eq!(file.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    let (code, third, told) = run(&["renew", "--expires-in", "10m", "--grant", grant], Some(&file));
    assert_eq!(code, Some(0), "{told}");
    let (code, _, told) = run(&["renew", "--grant", r#"{"resource":"**","allowedActions":["*"]}"#], Some(&file));
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("/grants/0") && told.contains("do not hold"), "{told}");
    fetch();
    for token in [&first, &second, &third] {
        assert_eq!(reason(token), "granted");
    }

    let id = |token: &str| {
        let (code, out, told) = run_inspect(token);
        assert_eq!(code, Some(0), "{told}");
        let read: Value = serde_json::from_str(&out).expect("JSON");
        read["passportId"].as_str().expect("an id").to_owned()
    };
    let (code, _, told) = run(&["passports", "revoke", &id(&first), "--reason", "lost"], Some(&own));
    assert_eq!(code, Some(0), "{told}");
    let (code, _, told) = run(&["renew"], Some(&file));
    assert_eq!(code, Some(4), "what has fallen is renewed no more: {told}");
    fetch();
    for token in [&first, &second, &third] {
        assert_eq!(reason(token), "revoked");
    }

    // A thief has the key that signed the first; the next one has signed its renewal.
    let (_, first, _) = issue(&["--renew-for", "30d"]);
    std::fs::write(&file, &first).expect("written");
    let key = admin.post("/v1/keys/rotate", &json!({}));
    let retired = key["items"].as_array().expect("keys").iter().find(|key| key["state"] == "retired").expect("the old one");
    let (code, renewed, told) = run(&["renew"], Some(&file));
    assert_eq!(code, Some(0), "{told}");
    let (_, stranger, _) = issue(&[]);
    fetch();
    assert_eq!((reason(&first).as_str(), reason(&renewed).as_str()), ("granted", "granted"));
    let kid = retired["keyId"].as_str().expect("a thumbprint");
    let (code, _, told) = run(&["keys", "revoke", kid, "--reason", "stolen"], Some(&own));
    assert_eq!(code, Some(0), "{told}");
    fetch();
    assert_eq!((reason(&first).as_str(), reason(&renewed).as_str()), ("key_revoked", "revoked"));
    assert_eq!(reason(&stranger), "granted", "what the next key signed by itself stays");
}

fn run_inspect(token: &str) -> (Option<i32>, String, String) {
    let output = passport().args(["inspect", token, "--json"]).output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}
