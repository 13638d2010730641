//! The service as its clients see it, over a real issuer: a real store, real keys, and a clock that a test sets.

mod audit_log;
mod console;
mod documents;
mod endpoints;
mod follow;
mod inbox;
mod log;
mod problems;
mod rates;
mod snapshot;
mod sockets;
mod stream;
mod table;
mod traces;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use passport_keys::{FileVault, KeyDir, Protection};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::{App, Front, Limits, openapi, router};
use crate::clock::Clock;
use crate::entropy::SystemEntropy;
use crate::service::{Issuer, Parts, Settings};
use crate::store::{SqliteStore, Store};

const ISSUER: &str = "https://issuer.example";

/// Noon on 2026-05-30.
const NOW: i64 = 1_780_142_400;

#[derive(Debug)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst) * 1_000
    }
}

struct Fixture {
    issuer: Issuer,
    /// The first passport: it may do everything here.
    admin: String,
    clock: Arc<TestClock>,
    _dir: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        Self::on(|store| store).await
    }

    /// On a store that is made of the usual one.
    async fn on(made: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(NOW)));
        let keys = KeyDir::open(dir.path().join("keys"), Protection::PlainForDevelopment).unwrap();
        let parts = Parts {
            store: made(Arc::new(SqliteStore::open(&dir.path().join("passport.db")).await.unwrap())),
            vault: Arc::new(FileVault::new(keys)),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SystemEntropy),
        };
        let (issuer, admin) = Issuer::start(parts, Settings::new(ISSUER)).await.unwrap();
        Self { issuer, admin: admin.unwrap().passport, clock, _dir: dir }
    }

    fn router(&self) -> Router {
        router(self.issuer.clone(), Limits::default())
    }

    fn app(&self, limits: Limits) -> App {
        App::new(self.issuer.clone(), limits, openapi::write(&openapi()), Front::default())
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        Reply::of(self.router().oneshot(request).await.unwrap()).await
    }

    /// As the admin, with a JSON body where one is given.
    async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.send(request(method, path, Some(&self.admin), body)).await
    }

    /// A passport for `agent_id` (created where it is missing) at this issuer, with these grants.
    async fn passport(&self, agent_id: &str, grants: Value) -> String {
        self.passport_for(ISSUER, agent_id, grants).await
    }

    async fn passport_for(&self, audience: &str, agent_id: &str, grants: Value) -> String {
        self.admin("POST", "/v1/agents", Some(json!({"agentId": agent_id, "name": agent_id}))).await;
        let body = json!({"agentId": agent_id, "audience": [audience], "grants": grants, "expiresIn": 3600});
        let issued = self.admin("POST", "/v1/passports", Some(body)).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        issued.json()["passport"].as_str().unwrap().to_owned()
    }
}

fn request(method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    match body {
        None => builder.body(Body::empty()).unwrap(),
        Some(body) => builder.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap(),
    }
}

#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    bytes: Vec<u8>,
}

impl Reply {
    async fn of(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned(), bytes: body.to_vec() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// That this is a problem as RFC 9457 and the contract want it, with this status and code.
    #[track_caller]
    fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self:?}");
        assert_eq!(problem["status"], status, "{self:?}");
        assert_eq!(problem["type"], "about:blank", "{self:?}");
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {self:?}");
        }
    }
}
