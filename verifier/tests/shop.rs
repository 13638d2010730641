//! The shop of `examples/shop.rs`, run as the program that it is, against an issuer of the test's own.
#![expect(clippy::disallowed_methods, reason = "this test runs a program, on the system's clock")]
#![expect(clippy::expect_used, reason = "what helps a test may fail it")]

use std::net::TcpListener as Port;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::routing::{get, post};
use axum::{Json, Router};
use passport_keys::SigningKey;
use passport_shared::jose::{Algorithm, TokenType};
use passport_shared::key_set::KeySet;
use passport_shared::trust_bundle::NewTrustBundleClaims;
use serde_json::{Value, json};

const SHOP: &str = "https://shop.example";

/// The program, which ends with the test.
struct Shop(Child, #[expect(dead_code, reason = "its spool is there as long as it is")] tempfile::TempDir);

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}

fn passport(key: &SigningKey, issuer: &str, agent: &str) -> String {
    let claims = json!({
        "iss": issuer, "sub": agent, "aud": [SHOP], "iat": now(), "exp": now() + 600, "jti": "pp_1",
        "authorization_details": [{
            "type": "permission_passport", "resource": "commerce", "allowedActions": ["purchase"],
            "constraints": {"amount": {"max": "500.00"}, "currency": {"equals": "USD"}, "vendor": {"oneOf": ["coachella.com"]}},
        }],
    });
    key.sign_token(TokenType::Passport, Algorithm::EdDsa, claims.to_string().as_bytes())
}

fn bundle(key: &SigningKey, issuer: &str) -> String {
    let jwks = KeySet { keys: vec![key.public().clone()] };
    let claims = NewTrustBundleClaims {
        issuer,
        issued_at: now(),
        expires_at: now() + 600,
        sequence: 1,
        jwks: &jwks,
        revoked_keys: &[],
        status_lists: &[],
        endorsements: &[],
    };
    key.sign_token(TokenType::TrustBundle, Algorithm::EdDsa, &serde_json::to_vec(&claims).expect("json"))
}

/// An issuer that publishes its trust and keeps what is reported.
async fn issuer(key: &SigningKey) -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (token, log) = (bundle(key, &url), Arc::new(Mutex::new(Vec::new())));
    let kept = Arc::clone(&log);
    let report = async move |body: axum::body::Bytes| {
        let mut body: Value = serde_json::from_reader(flate2::read::GzDecoder::new(&*body)).expect("json in gzip");
        let events = body.get_mut("events").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
        let answer = json!({"accepted": events.len(), "duplicates": 0, "conflicts": 0});
        kept.lock().expect("lock").extend(events);
        Json(answer)
    };
    let app = Router::new().route("/v1/trust-bundle", get(async move || token)).route("/v1/audit/events", post(report));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, log)
}

fn start(url: &str, pin: &str, reporter: &str) -> (Shop, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("reporter.passport");
    std::fs::write(&file, format!("{reporter}\n")).expect("written");
    let listen = Port::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port").to_string();
    // Tests stand in `deps`, examples beside it.
    let program = std::env::current_exe().expect("this program").with_file_name("../examples/shop");
    let child = Command::new(&program).args([&listen, url, pin]).arg(&file).arg(directory.path().join("spool")).spawn();
    let shop = Shop(child.expect("`cargo build --example shop --all-features` makes the program"), directory);
    let agent = agent();
    // It is up once it answers, and ready once it trusts somebody.
    let up = (0..600).any(|_| {
        std::thread::park_timeout(Duration::from_millis(50));
        let order = json!({"vendor": "v", "amount": "1", "currency": "USD"}).to_string();
        let post = agent.post(format!("http://{listen}/purchase")).content_type("application/json");
        post.header("Authorization", format!("Bearer {reporter}")).send(order).is_ok_and(|response| response.status() == 403)
    });
    assert!(up, "the shop did not start");
    (shop, listen)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent()
}

fn buy(listen: &str, passport: Option<&str>, order: &Value) -> (u16, String) {
    let mut request = agent().post(format!("http://{listen}/purchase")).content_type("application/json");
    if let Some(passport) = passport {
        request = request.header("Authorization", format!("Bearer {passport}"));
    }
    let mut response = request.send(order.to_string()).expect("an answer");
    (response.status().as_u16(), response.body_mut().read_to_string().expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_sells_what_passports_allow_and_reports_all_of_it() {
    let key = SigningKey::generate(&mut rand::rng());
    let (url, log) = issuer(&key).await;
    let (ollie, reporter) = (passport(&key, &url, "agent_ollie"), passport(&key, &url, "agent_shop"));
    let (_shop, listen) = start(&url, key.id().as_str(), &reporter);
    let order = |amount: &str| json!({"vendor": "coachella.com", "amount": amount, "currency": "USD"});

    let (status, answer) = buy(&listen, Some(&ollie), &order("499.99"));
    assert_eq!(status, 200, "{answer}");
    assert!(answer.starts_with("bought at coachella.com for 499.99 USD (req_"), "{answer}");
    let (status, answer) = buy(&listen, Some(&ollie), &order("500.01"));
    assert_eq!(status, 403, "{answer}");
    assert!(answer.contains(r#""code":"constraint_unmet""#), "{answer}");
    let (status, answer) = buy(&listen, None, &order("1"));
    assert_eq!(status, 401, "{answer}");
    // No number format can round an amount: there is none.
    let (status, _) = buy(&listen, Some(&ollie), &json!({"vendor": "coachella.com", "amount": 0.1, "currency": "USD"}));
    assert_eq!(status, 422);

    let reported = || -> Vec<(Value, Value)> {
        let log = log.lock().expect("lock");
        log.iter()
            .filter(|event| event["agentId"] == "agent_ollie")
            .map(|event| (event["reason"].clone(), event["attributes"]["amount"].clone()))
            .collect()
    };
    let all = (0..600).any(|_| {
        std::thread::park_timeout(Duration::from_millis(50));
        reported().len() == 2
    });
    assert!(all, "{:?}", log.lock());
    assert_eq!(reported(), [("granted".into(), "499.99".into()), ("constraint_unmet".into(), "500.01".into())]);
}
