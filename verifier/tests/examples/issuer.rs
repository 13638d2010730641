//! An issuer that publishes its trust and keeps what is reported, and the programs that believe it.

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

/// A program, which ends with the test.
pub(crate) struct Program {
    child: Child,
    /// Its reporter's passport and its spool, which are there as long as it is.
    _directory: tempfile::TempDir,
}

impl Program {
    /// Starts the example `name` for the issuer at `url`, with the reporter's passport in a file and a spool beside it, and says where it
    /// listens.
    pub(crate) fn start(name: &str, url: &str, pin: &str, reporter: &str) -> (Self, String) {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("reporter.passport");
        std::fs::write(&file, format!("{reporter}\n")).expect("written");
        let listen = Port::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port").to_string();
        // Tests stand in `deps`, examples beside it.
        let program = std::env::current_exe().expect("this program").with_file_name(format!("../examples/{name}"));
        let child = Command::new(&program).args([&listen, url, pin]).arg(&file).arg(directory.path().join("spool")).spawn();
        let child = child.expect("`cargo build --examples --all-features` makes the program");
        (Self { child, _directory: directory }, listen)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether `is` comes true within half a minute.
pub(crate) fn soon(mut is: impl FnMut() -> bool) -> bool {
    (0..600).any(|_| {
        std::thread::park_timeout(Duration::from_millis(50));
        is()
    })
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}

/// A passport of `agent` for the service `audience`, which may buy and browse.
pub(crate) fn passport(key: &SigningKey, issuer: &str, agent: &str, audience: &str) -> String {
    let claims = json!({
        "iss": issuer, "sub": agent, "aud": [audience], "iat": now(), "exp": now() + 600, "jti": "pp_1",
        "authorization_details": [
            {"type": "permission_passport", "resource": "commerce", "allowedActions": ["purchase"],
             "constraints": {"amount": {"max": "500.00"}, "currency": {"equals": "USD"}, "vendor": {"oneOf": ["coachella.com"]}}},
            {"type": "permission_passport", "resource": "shelf/*", "allowedActions": ["browse"]},
        ],
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
pub(crate) async fn issuer(key: &SigningKey) -> (String, Arc<Mutex<Vec<Value>>>) {
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
