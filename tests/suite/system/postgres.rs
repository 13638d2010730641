//! Two issuers on one PostgreSQL are one issuer to everybody else.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use passport_tests::postgres::PrivateServer;
use passport_tests::process::{Client, Issuer, passport};
use passport_verifier::{Reason, RefreshSettings, Refresher, Request, Trust, Verifier};
use serde_json::{Value, json};

const ISSUER: &str = "http://issuer.test";
const SHOP: &str = "https://shop.example";

/// What the project promises a connected verifier for a revocation.
const PROMISED: Duration = Duration::from_secs(2);

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").to_string()
}

fn start(data: &Path, address: &str, database: &str) -> Issuer {
    Issuer::start_with(data, address, &["--issuer", ISSUER, "--database", database])
}

fn until(what: &str, holds: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "it did not come to that: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}

fn issue(at: &Client) -> Value {
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
    at.post("/v1/passports", &json!({"agentId": "ollie", "audience": [SHOP], "grants": grants, "expiresIn": 600}))
}

/// Reports a denial of a chain of the admin's own, with what it names as the event before.
fn report(at: &Client, seq: i64, previous: Value) {
    let event = json!({"seq": seq, "previous": previous, "requestId": format!("req_{seq}"), "outcome": "deny", "reason": "expired", "evaluatedAt": null});
    at.post("/v1/audit/events", &json!({"reporter": "admin", "events": [event]}));
}

fn active(at: &Client) -> String {
    let keys = at.get("/v1/keys");
    let key = keys["items"].as_array().expect("keys").iter().find(|key| key["state"] == "active").expect("one is active");
    key["keyId"].as_str().expect("a thumbprint").to_owned()
}

/// A verifier that follows one issuer by the long poll: no fetch but the first comes by itself.
fn follow(issuer: &Issuer, pin: &str) -> (Verifier, Refresher) {
    let verifier = Verifier::new(Trust::none(ISSUER), SHOP);
    let settings = RefreshSettings::new(issuer.url().parse().expect("a url")).with_pin(pin.parse().expect("a thumbprint"));
    let refresher = Refresher::start(&verifier, settings.with_interval(Duration::from_secs(7 * 86_400))).expect("threads");
    refresher.refresh_now(Duration::from_secs(30)).expect("the first");
    until("it follows", || refresher.stats().following);
    (verifier, refresher)
}

fn reason(verifier: &Verifier, issued: &Value) -> Reason {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let request = Request::new("purchase").on("commerce");
    verifier.decide(issued["passport"].as_str().expect("a token"), &request, i64::try_from(now).expect("seconds")).reason()
}

#[test]
fn what_one_issuer_does_holds_at_another_on_the_same_database() {
    let server = PrivateServer::start(true);
    let database = server.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let (one_data, other_data) = (folder.path().join("one"), folder.path().join("other"));
    let one_address = free_address();
    let one = start(&one_data, &one_address, &database);
    let other = start(&other_data, &free_address(), &database);
    let at_one = one.admin();
    let at_other = Client { url: other.url(), passport: at_one.passport.clone() };
    at_one.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    let (verifier, _refresher) = follow(&other, &active(&at_other));

    let issued = issue(&at_one);
    until("the first passport's list is known", || reason(&verifier, &issued) == Reason::Granted);
    let id = issued["passportId"].as_str().expect("an id");
    at_one.post(&format!("/v1/passports/{id}/revoke"), &json!({"reason": "lost"}));
    let took = until("the revocation is here", || reason(&verifier, &issued) == Reason::Revoked);
    assert!(took < PROMISED, "{took:?}");

    // Rotated twice at one, so that the other must take a key that it has never seen out of the database.
    for _ in 0..2 {
        at_one.post("/v1/keys/rotate", &json!({}));
    }
    let issued = issue(&at_other);
    assert_eq!(issued["keyId"].as_str(), Some(active(&at_one).as_str()), "it signs with the key that is active now");
    until("its passport is taken", || reason(&verifier, &issued) == Reason::Granted);

    // One is gone for a while. The other goes on, and one knows all of it when it is back.
    one.kill();
    let meanwhile = issue(&at_other);
    assert_eq!(reason(&verifier, &meanwhile), Reason::Granted);
    at_other.post("/v1/keys/rotate", &json!({}));
    let one = start(&one_data, &one_address, &database);
    let (verifier, _refresher) = follow(&one, &active(&at_one));
    assert_eq!(reason(&verifier, &meanwhile), Reason::Granted);
    let id = meanwhile["passportId"].as_str().expect("an id");
    at_other.post(&format!("/v1/passports/{id}/revoke"), &json!({}));
    let took = until("the revocation is here", || reason(&verifier, &meanwhile) == Reason::Revoked);
    assert!(took < PROMISED, "{took:?}");
}

#[test]
fn an_inbox_that_waits_at_one_issuer_hears_of_what_is_asked_and_decided_at_another() {
    let server = PrivateServer::start(true);
    let database = server.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let one = start(&folder.path().join("one"), &free_address(), &database);
    let other = start(&folder.path().join("other"), &free_address(), &database);
    let at_one = one.admin();
    let at_other = Client { url: other.url(), passport: at_one.passport.clone() };
    at_one.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    let grants = json!([{"resource": "drive", "allowedActions": ["write"], "requiresApproval": true}]);
    let issued = at_one.post("/v1/passports", &json!({"agentId": "ollie", "audience": [SHOP], "grants": grants, "expiresIn": 600}));
    let asker = Client { url: one.url(), passport: issued["passport"].as_str().expect("a token").to_owned() };
    let version = |page: &Value| page["version"].as_str().expect("a version").to_owned();
    let waiting = |known: String| {
        let at_other = Client { url: at_other.url.clone(), passport: at_other.passport.clone() };
        std::thread::spawn(move || at_other.get(&format!("/v1/approvals?state=pending&unless={known}&wait=15")))
    };
    let empty = version(&at_other.get("/v1/approvals?state=pending"));

    let inbox = waiting(empty.clone());
    let asked = asker.post("/v1/approvals", &json!({"request": {"action": "write", "resource": "drive"}}));
    let heard = inbox.join().expect("an answer");
    assert_eq!(heard["items"][0]["approvalId"], asked["approvalId"], "{heard}");

    let inbox = waiting(version(&heard));
    let id = asked["approvalId"].as_str().expect("an id");
    at_one.post(&format!("/v1/approvals/{id}/deny"), &json!({}));
    assert_eq!(version(&inbox.join().expect("an answer")), empty);
}

#[test]
fn issuers_that_start_together_on_an_empty_database_share_one_pair_of_keys() {
    let server = PrivateServer::start(true);
    let database = server.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    std::thread::scope(|scope| {
        let start = |name: &str| start(&folder.path().join(name), &free_address(), &database);
        let others: Vec<_> = ["one", "two", "three"].map(|name| scope.spawn(move || start(name))).into_iter().collect();
        let issuers: Vec<Issuer> = others.into_iter().map(|thread| thread.join().expect("it started")).collect();
        assert_eq!(server.psql("test_0", "SELECT count(*) FROM keys"), "2");
        assert_eq!(server.psql("test_0", "SELECT count(*) FROM sealed_keys"), "3", "the audit log's own among them");
        let admin = issuers.iter().find(|issuer| issuer.log().contains("this is a new issuer")).expect("one made the passport").admin();
        admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
        for issuer in &issuers {
            issue(&Client { url: issuer.url(), passport: admin.passport.clone() });
        }
    });
}

#[test]
fn an_issuer_refuses_a_database_that_may_lose_what_it_acknowledged() {
    let server = PrivateServer::start(false);
    let database = server.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let output = passport()
        .args([
            "serve",
            "--dev",
            "--listen",
            "127.0.0.1:0",
            "--issuer",
            ISSUER,
            "--database",
            &database.replace("passport@", "passport:s3cret@"),
        ])
        .arg("--data")
        .arg(folder.path())
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("fsync"), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn a_migrated_issuer_goes_on_where_it_was_and_the_move_is_proved() {
    let server = PrivateServer::start(true);
    let database = server.new_database();
    let name = "test_0";
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let address = free_address();
    let issuer = Issuer::start_with(&data, &address, &["--issuer", ISSUER]);
    let admin = issuer.admin();
    admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie \u{e9}\u{4e16}"}));
    let (kept, revoked) = (issue(&admin), issue(&admin));
    admin.post(&format!("/v1/passports/{}/revoke", revoked["passportId"].as_str().expect("an id")), &json!({}));
    let template = json!({"name": "of \u{e9}", "parameters": {"x": {"type": "number"}}, "grants": [
        {"resource": "r", "allowedActions": ["a"], "constraints": {"n": {"max": {"$param": "x"}}}}]});
    admin.post("/v1/templates", &template);
    let by = json!({"agentId": "ollie", "audience": ["https://shop.example"], "expiresIn": 60, "template": "of \u{e9}", "parameters": {"x": 1.50}});
    admin.post("/v1/passports", &by);
    let webhook = admin.post("/v1/webhooks", &json!({"url": "http://127.0.0.1:1/hook", "events": ["admin.agent_created"]}));
    let webhook = webhook["webhookId"].as_str().expect("an id").to_owned();
    admin.post("/v1/agents", &json!({"agentId": "told", "name": "Nobody hears of it"}));
    admin.post("/v1/keys/rotate", &json!({}));
    let key = active(&admin);
    let named = "A".repeat(43);
    report(&admin, 1, Value::Null);
    report(&admin, 5, json!(named));
    let told = |client: &Client| ["/v1/agents", "/v1/passports", "/v1/audit/events", "/v1/templates"].map(|path| client.list(path));
    let before = told(&admin);
    let migrate = |more: &[&str]| {
        let source = format!("sqlite:{}", data.join("passport.db").display());
        passport().args(["migrate", "--json", "--from", &source, "--to", &database]).args(more).output().expect("it runs")
    };
    let refused = |output: std::process::Output, why: &str| {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(why), "{told}");
    };
    refused(migrate(&["--dev"]), "an issuer is running");
    issuer.kill();
    refused(migrate(&[]), "rests unsealed");
    let output = migrate(&["--dev"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let moved: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows =
        |table: &str| moved["tables"].as_array().expect("tables").iter().find(|row| row["table"] == table).expect("there")["rows"].clone();
    assert_eq!((rows("passports"), rows("keys"), rows("sealed_keys")), (json!(4), json!(3), json!(5)));
    assert_eq!((rows("templates"), rows("webhooks"), rows("webhook_key")), (json!(1), json!(1), json!(1)));
    assert_eq!(rows("audit_events"), json!(before[2].len()));
    refused(migrate(&["--dev"]), "not empty");

    let issuer = start(&folder.path().join("new"), &address, &database);
    let admin = Client { url: issuer.url(), passport: admin.passport };
    assert_eq!(told(&admin), before);
    // The key that the secrets of webhooks are made of has come along.
    let rotated = admin.post(&format!("/v1/webhooks/{webhook}/rotate-secret"), &json!({}));
    assert!(rotated["secret"].as_str().expect("a secret").starts_with("whsec_"));
    let (verifier, _refresher) = follow(&issuer, &key);
    assert_eq!((reason(&verifier, &kept), reason(&verifier, &revoked)), (Reason::Granted, Reason::Revoked));
    let next = issue(&admin);
    assert_eq!(next["keyId"].as_str(), Some(key.as_str()));
    assert_eq!(admin.list("/v1/passports").len(), before[1].len() + 1);
    // Some of the gap closes, and what comes next names another event than the last.
    report(&admin, 3, json!(named));
    report(&admin, 6, json!(named));
    let findings = admin.list("/v1/audit/findings");
    assert_eq!(findings.iter().map(|found| found["kind"].as_str().expect("a kind")).collect::<Vec<_>>(), ["fork", "gap", "gap", "gap"]);
    let checked = passport().args(["audit", "verify", "--json", "--database", &database]).output().expect("it runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    server.psql(name, "UPDATE audit_findings SET to_seq = to_seq + 1 WHERE kind = 'gap' AND from_seq = 4");
    let checked = passport().args(["audit", "verify", "--json", "--database", &database]).output().expect("it runs");
    let told: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    assert_eq!((checked.status.code(), &told["problems"][0]["place"]), (Some(1), &json!("reporter `admin`")), "{told}");
    server.psql(name, "ALTER TABLE audit_events DISABLE TRIGGER ALL; UPDATE audit_events SET outcome = 'deny' WHERE sequence = 3");
    let checked = passport().args(["audit", "verify", "--json", "--database", &database]).output().expect("it runs");
    let told: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    assert_eq!((checked.status.code(), &told["problems"][0]["place"]), (Some(1), &json!("event 3")), "{told}");
}
