//! Webhooks: what an issuer had acknowledged is told, whatever becomes of it and of the receiver.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use passport_tests::postgres::PrivateServer;
use passport_tests::process::{Client, Issuer, passport};
use serde_json::{Value, json};

/// What a receiver got: message ids and the agents that were created.
type Got = Arc<Mutex<Vec<(String, String)>>>;

/// Receives at `address` from now on.
fn receive(address: SocketAddr, got: &Got) {
    let got = Arc::clone(got);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let take = move |headers: HeaderMap, body: String| async move {
            let body: Value = serde_json::from_str(&body).expect("JSON");
            let header = |name: &str| headers[name].to_str().expect("text").to_owned();
            assert!(header("webhook-signature").starts_with("v1,") && body["type"] == "admin.agent_created");
            let agent = body["data"]["change"]["agentId"].as_str().expect("an agent").to_owned();
            got.lock().expect("sound").push((header("webhook-id"), agent));
        };
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind(address).await.expect("the address");
            axum::serve(listener, axum::Router::new().fallback(take)).await.expect("served");
        });
    });
}

fn agents(admin: &Client, round: usize) -> Vec<String> {
    let ids: Vec<String> = (0..15).map(|number| format!("agent_{round}_{number}")).collect();
    for id in &ids {
        admin.post("/v1/agents", &json!({"agentId": id, "name": "x"}));
    }
    ids
}

#[test]
fn what_happened_before_a_kill_9_is_told_after_it_and_a_receiver_that_was_down_gets_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let address = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut issuer = Issuer::start(&data);
    let at = issuer.address().to_owned();
    let call = |issuer: &Issuer, args: &[&str]| -> Value {
        let made = passport()
            .args(["webhooks", "--json"])
            .args(args)
            .args(["--url", &issuer.url(), "--passport-file"])
            .arg(data.join("admin.passport"))
            .output()
            .expect("it runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        serde_json::from_slice(&made.stdout).expect("JSON")
    };
    let webhook = call(&issuer, &["create", &format!("http://{address}/hook?key=s3cret"), "--event", "admin.agent_created"]);
    let id = webhook["webhookId"].as_str().expect("an id");
    let secret = webhook["secret"].as_str().expect("a secret").to_owned();

    // Nobody is there at first.
    let mut expected: BTreeSet<String> = agents(&issuer.admin(), 0).into_iter().collect();
    let failed = Instant::now() + Duration::from_secs(20);
    while call(&issuer, &["deliveries", id])["items"].as_array().is_none_or(Vec::is_empty) {
        assert!(Instant::now() < failed, "nothing was tried: {}", issuer.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut logs = issuer.log();
    issuer.kill();
    let got = Got::default();
    receive(address, &got);
    for round in 1..=3 {
        issuer = Issuer::start_at(&data, &at);
        expected.extend(agents(&issuer.admin(), round));
        std::thread::sleep(Duration::from_millis(100 * u64::try_from(round).expect("small")));
        logs.push_str(&issuer.log());
        issuer.kill();
    }
    issuer = Issuer::start_at(&data, &at);
    let agents = || -> BTreeSet<String> { got.lock().expect("sound").iter().map(|(_, agent)| agent.clone()).collect() };
    let deadline = Instant::now() + Duration::from_secs(60);
    while agents() != expected {
        assert!(Instant::now() < deadline, "lost: {:?}; {}", expected.difference(&agents()), issuer.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let ids: BTreeSet<(String, String)> = got.lock().expect("sound").iter().cloned().collect();
    assert_eq!(ids.len(), expected.len(), "what comes twice comes under one id");
    assert_eq!(call(&issuer, &["deliveries", id, "--state", "pending"])["items"], json!([]));
    assert_eq!(call(&issuer, &["show", id])["secret"], Value::Null);
    logs.push_str(&issuer.log());
    assert!(!logs.contains(&secret) && !logs.contains("s3cret"), "a secret is in the log");
    assert!(issuer.stop());
}

#[test]
fn of_several_issuers_one_sends_and_another_takes_over_when_it_is_killed() {
    let server = PrivateServer::start(true);
    let database = server.new_database();
    let folder = tempfile::tempdir().expect("a folder");
    let free = || std::net::TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port");
    let start = |name: &str| {
        let settings = ["--issuer", "https://issuer.test", "--database", &database];
        Issuer::start_with(&folder.path().join(name), &free().to_string(), &settings)
    };
    let first = start("first");
    let (got, address) = (Got::default(), free());
    receive(address, &got);
    let admin = first.admin();
    admin.post("/v1/webhooks", &json!({"url": format!("http://{address}/"), "events": ["admin.agent_created"]}));
    let wait = |count: usize| {
        let began = Instant::now();
        while got.lock().expect("sound").len() < count {
            assert!(began.elapsed() < Duration::from_secs(60), "{count} were expected: {got:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    agents(&admin, 1);
    wait(15);
    let second = start("second");
    let other = Client { url: second.url(), passport: admin.passport.clone() };
    agents(&other, 2);
    wait(30);
    // Long enough for the other to have sent them too, if it did.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(got.lock().expect("sound").len(), 30, "each once");
    first.kill();
    agents(&other, 3);
    wait(45);
}
