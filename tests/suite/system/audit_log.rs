//! The audit log, from a decision at a service to somebody who trusts nobody but the log's key.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use passport_tests::process::{Client, Issuer, passport};
use passport_tests::tile_reader::TileReader;
use passport_verifier::log::LogVerifier;
use passport_verifier::{Guard, Reporter, ReporterPassport, ReporterSettings, Request, StatusPolicy, Trust, Verifier};
use serde_json::{Value, json};

const SHOP: &str = "https://shop.example";

fn issue(admin: &Client, agent: &str, audience: &str, grants: &Value) -> String {
    admin.post("/v1/agents", &json!({"agentId": agent, "name": agent}));
    let order = json!({"agentId": agent, "audience": [audience], "grants": grants, "expiresIn": 3600});
    admin.post("/v1/passports", &order)["passport"].as_str().expect("a passport").to_owned()
}

/// A service of its own decides so many times and reports it; gives the ids of the requests.
fn decide(issuer: &Issuer, admin: &Client, spool: &Path, times: u64) -> Vec<String> {
    let ollie = issue(
        admin,
        "ollie",
        SHOP,
        &json!([{"resource": "commerce", "allowedActions": ["purchase"], "constraints": {"amount": {"max": "50"}}}]),
    );
    let desk = issue(admin, "shop", &issuer.url(), &json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}]));
    let trust = Trust::from_key_set(issuer.url(), admin.text("/.well-known/jwks.json").as_bytes()).expect("keys");
    let verifier = Verifier::new(trust, SHOP).with_status_policy(StatusPolicy::AllowUnavailable);
    let settings = ReporterSettings::new(issuer.url().parse().expect("a url"), ReporterPassport::read(&desk).expect("one"), spool);
    let reporter = Arc::new(Reporter::start(settings.with_linger(Duration::from_millis(20))).expect("a spool"));
    let guard = Guard::new(verifier).with_recorder(Arc::clone(&reporter));
    let header = format!("Bearer {ollie}");
    for amount in 0..times {
        let request = Request::new("purchase").on("commerce").with("amount", amount);
        assert_eq!(guard.authorize(Some(&header), &request).is_ok(), amount <= 50, "{amount}");
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let events = admin.list("/v1/audit/events?reporter=shop");
        let ids: Vec<String> = events
            .iter()
            .filter(|event| event["kind"] == "decision")
            .map(|event| event["requestId"].as_str().expect("an id").to_owned())
            .collect();
        if ids.len() as u64 == times {
            return ids;
        }
        assert!(Instant::now() < deadline, "{} of {times} were reported", ids.len());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn run(arguments: &[&str]) -> Output {
    passport().args(["audit"]).args(arguments).output().expect("it runs")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// A file of the log; with the passport where there is one.
fn file(client: &Client, path: &str) -> Option<Vec<u8>> {
    let answer =
        ureq::get(format!("{}/v1/audit/log/{path}", client.url)).header("authorization", format!("Bearer {}", client.passport)).call();
    answer.ok().and_then(|mut answer| answer.body_mut().read_to_vec().ok())
}

#[test]
fn a_decision_of_a_service_is_proved_on_a_machine_that_has_only_the_key_and_its_log_can_be_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, proof) = (folder.path().join("data"), folder.path().join("decision.proof"));
    let issuer = Issuer::start(&data);
    let admin = issuer.admin();
    let ids = decide(&issuer, &admin, &folder.path().join("spool"), 300);

    // Who asks, and who checks.
    let key = run(&["key", "--url", &issuer.url()]);
    let key = String::from_utf8(key.stdout).expect("text").trim().to_owned();
    let caller = ["--url", &issuer.url(), "--passport-file", &data.join("admin.passport").display().to_string()].map(str::to_owned);
    let caller: Vec<&str> = caller.iter().map(String::as_str).collect();
    let shown = proof.display().to_string();
    let fetched = run(&[&["prove", &ids[7], "-o", &shown], &caller[..]].concat());
    assert_eq!(fetched.status.code(), Some(0), "{}", told(&fetched));

    // A second reader, from the specification alone; then from where it was, after more was taken in.
    let files = |path: &str| file(&admin, path);
    let first = TileReader::open(&files, &key).expect("a checkpoint");
    let entries = first.check().expect("all of it agrees");
    assert!(entries.len() > 300 && entries.iter().any(|entry| String::from_utf8_lossy(entry).contains(&ids[7])));
    let log = LogVerifier::new(&key).expect("a key");
    let before = log.checkpoint(&files("checkpoint").expect("there")).expect("signed");
    admin.post("/v1/agents", &json!({"agentId": "more", "name": "More"}));
    std::thread::sleep(Duration::from_millis(1_100));
    let note = files("checkpoint").expect("there");
    let now = TileReader::open(&files, &key).expect("a checkpoint");
    assert!(now.size > before.size());
    log.follow(&before, &note, &now.proof(before.size(), now.size).expect("from tiles")).expect("it only grew");
    // Hashes are for anyone, and entries are not.
    let stranger = Client { passport: "none".to_owned(), ..admin.clone() };
    assert!(file(&stranger, "tile/0/000").is_some() && file(&stranger, "tile/entries/000").is_none());

    // With the issuer away: the proof, the whole log, and both no more once something was changed.
    assert!(issuer.stop());
    let checked = run(&["verify", "--proof", &shown, "--key", &key, "--json"]);
    assert_eq!(checked.status.code(), Some(0), "{}", told(&checked));
    let checked: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    assert_eq!(
        (&checked["requestId"], &checked["body"]["requestId"], &checked["reporter"]),
        (&json!(ids[7]), &json!(ids[7]), &json!("shop"))
    );
    let changed = std::fs::read_to_string(&proof).expect("read").replace(r#"\"allowed\":false"#, r#"\"allowed\":true"#);
    std::fs::write(&proof, changed).expect("written");
    let refused = run(&["verify", "--proof", &shown, "--key", &key]);
    assert!(refused.status.code() == Some(1) && told(&refused).contains("the body is not the one"), "{}", told(&refused));

    let kept = folder.path().join("kept.checkpoint");
    std::fs::write(&kept, &note).expect("written");
    let (kept, data) = (kept.display().to_string(), data.display().to_string());
    let whole = run(&["verify", "--data", &data, "--key", &key, "--checkpoint", &kept]);
    assert!(whole.status.code() == Some(0) && told(&whole).contains("sound"), "{}", told(&whole));
    let other = run(&["verify", "--data", &data, "--key", &key.replacen("127", "128", 1)]);
    assert_ne!(other.status.code(), Some(0), "{}", told(&other));
}

#[test]
fn a_restored_log_signs_no_more_until_an_admin_has_looked() {
    let folder = tempfile::tempdir().expect("a folder");
    let [data, restored, backup] = ["data", "restored", "a.backup"].map(|name| folder.path().join(name).display().to_string());
    let issuer = Issuer::start(Path::new(&data));
    let address = issuer.address().to_owned();
    let saved = passport().args(["backup", &backup, "--data", &data]).output().expect("it runs");
    assert_eq!(saved.status.code(), Some(0), "{}", told(&saved));
    issuer.kill();
    let back = passport().args(["restore", &backup, "--data", &restored]).output().expect("it runs");
    assert!(back.status.code() == Some(0) && told(&back).contains("passport audit resume"), "{}", told(&back));
    std::fs::copy(Path::new(&data).join("admin.passport"), Path::new(&restored).join("admin.passport")).expect("copied");

    let doctor = || told(&passport().args(["doctor", "--data", &restored]).output().expect("it runs"));
    assert!(doctor().contains("it signs no checkpoints"), "{}", doctor());
    let issuer = Issuer::start_at(Path::new(&restored), &address);
    let size = |client: &Client| client.text("/v1/audit/log/checkpoint").lines().nth(1).expect("a size").to_owned();
    let before = size(&issuer.admin());
    issuer.admin().post("/v1/agents", &json!({"agentId": "more", "name": "More"}));
    std::thread::sleep(Duration::from_millis(1_100));
    assert_eq!(size(&issuer.admin()), before);
    assert!(issuer.log().contains("signs no checkpoints"), "{}", issuer.log());
    assert!(issuer.stop());

    let resumed = run(&["resume", "--dev", "--data", &restored]);
    assert!(resumed.status.code() == Some(0) && told(&resumed).contains("again"), "{}", told(&resumed));
    let issuer = Issuer::start_at(Path::new(&restored), &address);
    assert_ne!(size(&issuer.admin()), before);
    assert!(issuer.stop());
    let whole = run(&["verify", "--data", &restored]);
    assert!(whole.status.code() == Some(0) && doctor().contains("newest checkpoint"), "{}{}", told(&whole), doctor());
}
