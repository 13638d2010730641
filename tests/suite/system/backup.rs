//! A backup is taken while the issuer works, and an issuer starts from it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use passport_tests::process::{Client, Issuer, passport};
use passport_verifier::Trust;
use serde_json::{Value, json};

fn issue(client: &Client) -> Option<(String, String)> {
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
    let body = json!({"agentId": "ollie", "audience": ["https://shop.example"], "grants": grants, "expiresIn": 3600});
    let (status, answer) = client.try_post("/v1/passports", &body)?;
    let text = |name: &str| answer[name].as_str().expect("a text").to_owned();
    (status == 201).then(|| (text("passportId"), text("passport")))
}

fn run(command: &str, file: &Path, data: &Path, more: &[&str]) -> Output {
    passport().args([command, "--json"]).arg(file).arg("--data").arg(data).args(more).output().expect("it runs")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn done(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", told(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()).expect("a time")
}

#[test]
fn a_backup_taken_in_the_middle_of_writes_is_an_issuer_that_starts_and_is_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, restored, file) = (folder.path().join("data"), folder.path().join("restored"), folder.path().join("a.backup"));
    let issuer = Issuer::start(&data);
    let (admin, address) = (issuer.admin(), issuer.address().to_owned());
    admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    let (issued, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let known = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                issued.lock().expect("no panic").extend(issue(&admin));
            }
        });
        // Keys change too, as they well may in the middle of a backup.
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                admin.post("/v1/keys/rotate", &json!({}));
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let deadline = Instant::now() + Duration::from_secs(30);
        while issued.lock().expect("no panic").len() < 20 {
            assert!(Instant::now() < deadline, "the issuer does too little");
            std::thread::sleep(Duration::from_millis(5));
        }
        let known = issued.lock().expect("no panic").clone();
        let taken = done(&run("backup", &file, &data, &[]));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(taken["sealed"], false, "{taken}");
        known
    });
    assert_eq!(file.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    // What verifiers have of the issuer is newer than the backup.
    let client = Client { url: admin.url.clone(), passport: admin.passport.clone() };
    let trusted = Trust::from_bundle(client.text("/v1/trust-bundle").as_bytes(), now()).expect("a bundle");
    issuer.kill();

    let found = done(&run("restore", &file, &restored, &[]));
    assert!(found["passports"].as_i64().expect("a count") > 20, "{found}");
    let again = Issuer::start_at(&restored, &address);
    let passports = admin.list("/v1/passports");
    let events = admin.list("/v1/audit/events");
    for (id, token) in &known {
        assert!(passports.iter().any(|passport| passport["passportId"] == **id), "{id} was there before the backup and is gone");
        let asked = json!({"passport": token, "audience": "https://shop.example",
            "request": {"action": "purchase", "resource": "commerce"}});
        let (status, decision) = admin.try_post("/v1/verify", &asked).expect("an answer");
        assert_eq!((status, &decision["allowed"]), (200, &json!(true)), "{decision}");
    }
    let issues = events.iter().filter(|event| event["action"] == "passports.issue").count();
    let listed = passports.iter().filter(|passport| passport["agentId"] == "ollie").count();
    assert_eq!(issues, listed, "passports and their audit events are of one moment");
    let next = trusted.successor(client.text("/v1/trust-bundle").as_bytes(), now()).expect("verifiers follow the restored issuer");
    assert!(next.sequence() > trusted.sequence());
    drop(again);
}

#[test]
fn a_backup_that_is_damaged_or_has_no_room_restores_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, file, target) = (folder.path().join("data"), folder.path().join("a.backup"), folder.path().join("restored"));
    Issuer::start(&data).kill();
    done(&run("backup", &file, &data, &[]));
    let second = run("backup", &file, &data, &[]);
    assert!(second.status.code() == Some(1) && told(&second).contains("is there already"), "{}", told(&second));
    let taken = run("restore", &file, &data, &[]);
    assert!(taken.status.code() == Some(1) && told(&taken).contains("is not empty"), "{}", told(&taken));

    let whole = std::fs::read(&file).expect("read");
    let bad = folder.path().join("bad.backup");
    let key = whole.windows(11).rposition(|window| window == b"PRIVATE KEY").expect("a key");
    let mut flipped = whole.clone();
    flipped[key - 60] ^= 1;
    let mut changed = whole.clone();
    // In the middle of the database.
    changed[20_000] ^= 1;
    for (bytes, what) in
        [(flipped, "a key"), (changed, "the database"), (whole[..whole.len() / 2].to_vec(), "half"), (Vec::new(), "nothing")]
    {
        std::fs::write(&bad, bytes).expect("written");
        let refused = run("restore", &bad, &target, &[]);
        assert_eq!(refused.status.code(), Some(1), "{what}");
        assert!(!target.exists(), "{what}: {}", told(&refused));
    }
    let left: Vec<_> = folder.path().read_dir().expect("read").map(|entry| entry.expect("an entry").file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "nothing is left beside it: {left:?}");
    done(&run("restore", &file, &target, &[]));
}

#[test]
fn sealed_keys_stay_sealed_in_a_backup_and_open_with_their_passphrase_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    for (name, passphrase) in [("right", "correct horse battery staple"), ("wrong", "something else altogether")] {
        std::fs::write(path(name), passphrase).expect("written");
        std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(0o600)).expect("set");
    }
    let data = path("data");
    let mut serve = passport();
    serve.args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"]).arg(&data).arg("--passphrase-file").arg(path("right"));
    let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let taken = run("backup", &path("a.backup"), &data, &[]);
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert_eq!(done(&taken)["sealed"], true);
    let bytes = std::fs::read(path("a.backup")).expect("read");
    let admin = std::fs::read(data.join("admin.passport")).expect("read");
    for secret in [b"-----BEGIN PRIVATE KEY".as_slice(), &admin[..40]] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "a secret is in the backup");
    }
    let wrong = run("restore", &path("a.backup"), &path("one"), &["--passphrase-file", path("wrong").to_str().expect("text")]);
    assert!(wrong.status.code() == Some(1) && !path("one").exists(), "{}", told(&wrong));
    let right = run("restore", &path("a.backup"), &path("two"), &["--passphrase-file", path("right").to_str().expect("text")]);
    assert_eq!(done(&right)["opened"], true);
}
