//! A whole story with planted values: of those that are sensitive nothing is on disk, in a file, a message or a log afterwards.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use passport_tests::process::{Client, Issuer, passport};
use passport_verifier::{Guard, Reason, Reporter, ReporterPassport, ReporterSettings, Request, StatusPolicy, Trust, Verifier};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const SHOP: &str = "https://shop.example";

/// A value that stands nowhere else in the world.
fn planted(name: &str) -> String {
    let seed = format!("{name} {:?} {}", std::time::SystemTime::now(), std::process::id());
    let hex: String = Sha256::digest(seed).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("{name}{hex}")
}

/// The bodies that a receiver at `address` gets.
fn receive(address: SocketAddr) -> Arc<Mutex<Vec<u8>>> {
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let take = move |body: String| async move { kept.lock().expect("sound").extend_from_slice(body.as_bytes()) };
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind(address).await.expect("the address");
            axum::serve(listener, axum::Router::new().fallback(take)).await.expect("served");
        });
    });
    got
}

fn issue(admin: &Client, agent: &str, audience: &str, grants: &Value) -> (String, String) {
    admin.post("/v1/agents", &json!({"agentId": agent, "name": agent}));
    let order = json!({"agentId": agent, "audience": [audience], "grants": grants, "expiresIn": 3600});
    let issued = admin.post("/v1/passports", &order);
    let text = |name: &str| issued[name].as_str().expect("a text").to_owned();
    (text("passport"), text("passportId"))
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The names of the files below a directory that hold a text.
fn holding(directory: &Path, text: &str) -> Vec<String> {
    let read = |path: &PathBuf| std::fs::read(path).unwrap_or_default();
    files(directory).iter().filter(|path| holds(&read(path), text)).map(|path| path.display().to_string()).collect()
}

fn until(what: &str, look: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !look() {
        assert!(Instant::now() < deadline, "it did not come to that: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn run(arguments: &[&str]) -> Vec<u8> {
    let output = passport().args(arguments).output().expect("it runs");
    let both = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&both));
    both
}

/// What a service with the reporter of this project decides and reports, with no setting of its own.
fn decide(issuer: &Issuer, admin: &Client, spool: &Path, token: &str, requests: &[(Request, Reason)], delivered: bool) {
    let name = if delivered { "shop" } else { "away" };
    let desk = issue(admin, name, &issuer.url(), &json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}])).0;
    let trust = Trust::from_key_set(issuer.url(), admin.text("/.well-known/jwks.json").as_bytes()).expect("keys");
    let verifier = Verifier::new(trust, SHOP).with_status_policy(StatusPolicy::AllowUnavailable);
    let url = if delivered { issuer.url() } else { "http://127.0.0.1:1".to_owned() };
    let own = ReporterPassport::read(&desk).expect("one");
    let reporter = Arc::new(Reporter::start(ReporterSettings::new(url.parse().expect("a url"), own, spool)).expect("a spool"));
    let guard = Guard::new(verifier).with_recorder(Arc::clone(&reporter));
    for (request, reason) in requests {
        assert_eq!(guard.decide(token, request).reason(), *reason);
    }
    match delivered {
        true => reporter.flush(Duration::from_secs(60)).expect("reported"),
        false => drop(reporter.shutdown(Duration::from_millis(100))),
    }
}

#[test]
fn no_value_of_a_sensitive_attribute_is_in_anything_that_an_issuer_keeps_or_sends() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let (data, spool, away) = (place("data"), place("spool"), place("away"));
    // What a passport hides, what the issuer's setting hides, and what nobody does.
    let (iban, card, note) = (planted("iban"), planted("card"), planted("note"));
    let secrets = [&iban, &card];
    let free = || std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let (address, numbers, hook) = (free().to_string(), free(), free());
    let settings = ["--audit-sensitive-attributes", "card", "--log", "debug", "--metrics-listen", &numbers.to_string()].map(str::to_owned);
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let issuer = Issuer::start_with(&data, &address, &settings);
    let (admin, url, passport_file) = (issuer.admin(), issuer.url(), data.join("admin.passport").display().to_string());
    let caller = ["--url", &url, "--passport-file", &passport_file];
    let got = receive(hook);
    run(&[
        &["webhooks", "create", &format!("http://{hook}/hook"), "--event", "decision.*", "--event", "approval.*", "--event", "admin.*"],
        &caller[..],
    ]
    .concat());

    let grants = json!([
        {"resource": "commerce", "allowedActions": ["purchase"], "constraints": {"iban": {"glob": "iban*"}}, "sensitiveAttributes": ["iban"]},
        {"resource": "cards", "allowedActions": ["charge"], "requiresApproval": true, "sensitiveAttributes": ["iban"]},
    ]);
    let (token, passport_id) = issue(&admin, "ollie", SHOP, &grants);

    // By the reporter of this project: allowed, denied by a constraint, denied, not well formed, to be approved.
    let purchase = |action: &str, iban: &str| Request::new(action).on("commerce").with("iban", iban).with("note", note.as_str());
    let requests = [
        (purchase("purchase", &iban), Reason::Granted),
        (purchase("purchase", &format!("X{iban}")), Reason::ConstraintUnmet),
        (purchase("refund", &iban), Reason::ActionNotGranted),
        (Request::new("purchase").on("commerce").with("agentId", iban.as_str()), Reason::InvalidRequest),
        (Request::new("charge").on("cards").with("iban", iban.as_str()), Reason::ApprovalRequired),
    ];
    decide(&issuer, &admin, &spool, &token, &requests, true);
    decide(&issuer, &admin, &away, &token, &requests, false);
    let spooled = passport_verifier::spooled_events(&away, "away").expect("a spool").join("\n");
    assert!(spooled.contains(&note) && !spooled.contains(&iban), "what waits in a spool: {spooled}");

    // By another reporter, in clear.
    let (desk, _) = issue(&admin, "other", &url, &json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}]));
    let other = Client { passport: desk, ..admin.clone() };
    let event = |seq: i64, previous: Value, outcome: &str, more: Value| {
        let mut event = json!({
            "seq": seq, "previous": previous, "requestId": format!("other_{seq}"), "outcome": outcome, "reason": "constraint_unmet",
            "message": format!("`card` is {card}"), "passportId": passport_id, "action": "purchase", "resource": "commerce",
            "details": [{"grant": 0, "attribute": "card", "operator": "equals", "expected": card, "actual": card}],
            "attributes": {"card": card, "iban": iban, "note": note}, "evaluatedAt": null,
        });
        event.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        event.to_string()
    };
    let hash = |text: &str| json!(base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, Sha256::digest(text)));
    let first = event(1, Value::Null, "allow", json!({}));
    let second = event(2, hash(&first), "deny", json!({"trace": {"card": card}}));
    let batch = |events: &[&str]| format!(r#"{{"reporter":"other","events":[{}]}}"#, events.join(","));
    let report = |events: &[&str]| other.try_post_text("/v1/audit/events", batch(events)).expect("an answer").1;
    let told = report(&[&first, &second]);
    assert_eq!((&told["accepted"], &told["conflicts"]), (&json!(2), &json!(0)), "{told}");
    assert_eq!(report(&[&first, &second])["duplicates"], 2, "the same text is the same event");
    assert_eq!(report(&[&second.replace(&note, "changed")])["conflicts"], 1, "another text is not");

    // Found by who asks with the value, which is then in no log either.
    let found = |attributes: &Value| {
        let escaped: String = attributes.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        admin.list(&format!("/v1/audit/events?attributes={escaped}")).len()
    };
    assert_eq!((found(&json!({"card": card})), found(&json!({"card": "x"}))), (3, 0));

    // People see what they approve, and it rests sealed meanwhile.
    let ollie = Client { passport: token, ..admin.clone() };
    let asked = ollie
        .post("/v1/approvals", &json!({"request": {"action": "charge", "resource": "cards", "iban": iban, "card": card, "note": "n"}}));
    let id = asked["approvalId"].as_str().expect("an id");
    let denied = ollie.post("/v1/approvals", &json!({"request": {"action": "charge", "resource": "cards", "iban": iban, "card": "2"}}));
    let shown = admin.get("/v1/approvals?state=pending").to_string();
    assert!(secrets.iter().all(|secret| shown.contains(*secret)), "{shown}");
    admin.post(&format!("/v1/approvals/{id}/approve"), &json!({}));
    admin.post(&format!("/v1/approvals/{}/deny", denied["approvalId"].as_str().expect("an id")), &json!({}));
    let own = ollie.get(&format!("/v1/approvals/{id}"));
    assert!(own["approval"].is_string() && !own.to_string().contains(&card) && own["request"]["card"]["hmacSha256"].is_string(), "{own}");
    ollie.post("/v1/approvals", &json!({"request": {"action": "charge", "resource": "cards", "iban": iban, "card": "3"}}));

    until("webhooks are told", || {
        let got = got.lock().expect("sound");
        ["approval_denied", "other_2", "constraint_unmet"].iter().all(|text| holds(&got, text))
    });
    let note_of_log = admin.text("/v1/audit/checkpoint");
    let exported = folder.path().join("exported");
    std::fs::create_dir(&exported).expect("made");
    for format in ["jsonl", "csv", "parquet"] {
        let file = exported.join(format).display().to_string();
        run(&[&["audit", "export", "--format", format, "-o", &file], &caller[..]].concat());
    }
    let (backup, shown) = (exported.join("backup").display().to_string(), data.display().to_string());
    run(&["backup", &backup, "--data", &shown]);
    let metrics = ureq::get(format!("http://{numbers}/metrics")).call().expect("numbers").body_mut().read_to_string().expect("text");
    let log = issuer.log();

    let look = |when: &str| {
        for secret in secrets {
            let found = [holding(&data, secret), holding(&spool, secret), holding(&away, secret), holding(&exported, secret)].concat();
            assert_eq!(found, Vec::<String>::new(), "{when}");
            assert!(!holds(&got.lock().expect("sound"), secret), "a webhook was told, {when}");
            assert!(!log.contains(secret.as_str()) && !metrics.contains(secret.as_str()), "in the log or the metrics, {when}");
        }
        // That it would be found is shown by what is not sensitive.
        assert!(!holding(&data, &note).is_empty() && holds(&got.lock().expect("sound"), &note), "{when}");
        assert_eq!(holding(&exported, &note).len(), 4, "in each export and the backup: {:?}", holding(&exported, &note));
    };
    assert!(log.contains("DEBUG"), "the log is that of debugging");
    look("while it runs");
    let key = String::from_utf8(run(&["audit", "key", "--url", &url])).expect("text").trim().to_owned();
    assert!(issuer.stop());
    look("once it has stopped");

    // And everything that proves itself still does.
    std::fs::write(place("checkpoint"), note_of_log).expect("written");
    let (lines, checkpoint) = (exported.join("jsonl").display().to_string(), place("checkpoint").display().to_string());
    run(&["audit", "verify", "--data", &shown, "--key", &key, "--checkpoint", &checkpoint]);
    run(&["audit", "verify", "--export", &lines, "--key", &key, "--checkpoint", &checkpoint]);
}
