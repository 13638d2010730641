//! The long poll of the trust bundle.

use std::sync::Arc;
use std::time::Duration;

use passport_verifier::Trust;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tower::ServiceExt as _;

use super::sockets::{SOON, Server, answer, ended, patient};
use super::{Fixture, Limits, Reply, request};
use crate::http::router::{assemble, routes};

async fn sequence(fixture: &Fixture) -> i64 {
    let bundle = fixture.issuer.trust_bundle().await.unwrap();
    Trust::from_bundle(bundle.body.as_bytes(), fixture.issuer.now()).unwrap().sequence().unwrap()
}

fn path(after: i64, wait: u32) -> String {
    format!("/v1/trust-bundle?after={after}&wait={wait}")
}

#[tokio::test]
async fn who_lags_behind_gets_the_bundle_and_who_does_not_gets_304() {
    let fixture = Fixture::new().await;
    let now = sequence(&fixture).await;
    let get = async |path: &str| fixture.send(request("GET", path, None, None)).await;
    let plain = get("/v1/trust-bundle").await;
    let newer = get(&path(now - 1, 30)).await;
    assert_eq!((newer.status.as_u16(), &newer.body), (200, &plain.body));
    for path in [path(now, 0), format!("/v1/trust-bundle?after={now}"), path(i64::MAX, 0)] {
        let same = get(&path).await;
        assert_eq!((same.status.as_u16(), same.body.as_str()), (304, ""), "{path}");
        for name in ["etag", "cache-control", "access-control-allow-origin"] {
            assert_eq!(same.header(name), plain.header(name), "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn a_wait_that_cannot_be_had_is_an_invalid_query() {
    let fixture = Fixture::new().await;
    for query in [
        "after=x",
        "after=",
        "after=1.5",
        "after=9223372036854775808",
        "after=0&after=1",
        "after=0&wait=31",
        "after=0&wait=-1",
        "after=0&wait=1.5",
        "after=0&wait=x",
        "wait=25",
        "after=0&until=1",
    ] {
        let reply = fixture.send(request("GET", &format!("/v1/trust-bundle?{query}"), None, None)).await;
        reply.assert_problem(400, "invalid_query");
    }
    assert_eq!(fixture.send(request("GET", "/v1/trust-bundle?after=0&wait=30", None, None)).await.status, 200);
}

#[tokio::test]
async fn a_revocation_is_the_answer_to_all_that_wait() {
    let fixture = Arc::new(Fixture::new().await);
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
    let passport = fixture.passport_for("https://shop.example", "ollie", grants).await;
    let id = passport_shared::unverified::UnverifiedPassport::read(passport.as_bytes()).unwrap().claims().id.clone();
    let now = sequence(&fixture).await;
    let server = Server::start(&fixture, patient()).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect().await;
        stream.write_all(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path(now, 30)).as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    assert_eq!(fixture.admin("POST", &format!("/v1/passports/{id}/revoke"), Some(json!({}))).await.status, 200);
    for mut stream in waiting {
        let told = answer(&mut stream).await;
        assert!(told.starts_with("HTTP/1.1 200 OK\r\n"), "{told}");
        let bundle = told.split_once("\r\n\r\n").unwrap().1;
        assert!(Trust::from_bundle(bundle.as_bytes(), fixture.issuer.now()).unwrap().sequence().unwrap() > now);
    }
    server.end().await;
}

#[tokio::test]
async fn a_stop_waits_for_nobody_that_only_waits() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, patient()).await;
    let mut stream = server.connect().await;
    let now = sequence(&fixture).await;
    stream.write_all(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path(now, 30)).as_bytes()).await.unwrap();
    // One that came later and was answered: the first is being worked on.
    let mut other = server.connect().await;
    other.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    answer(&mut other).await;
    server.end().await;
    assert!(ended(&mut stream).await);
}

/// A router whose places for those that wait can be counted.
pub(super) async fn counted(fixture: &Fixture, waiters: usize) -> (axum::Router, Arc<tokio::sync::Semaphore>) {
    let app = fixture.app(Limits { waiters, ..Limits::default() });
    let places = Arc::clone(&app.waiters);
    (assemble(routes().0, app), places)
}

pub(super) async fn until(condition: impl Fn() -> bool) {
    let told = tokio::time::timeout(Duration::from_secs(60), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(told.await.is_ok(), "it did not come to that");
}

#[tokio::test]
async fn one_too_many_is_answered_without_waiting() {
    let fixture = Fixture::new().await;
    let (router, places) = counted(&fixture, 1).await;
    let ask = path(sequence(&fixture).await, 30);
    let first = tokio::spawn(router.clone().oneshot(request("GET", &ask, None, None)));
    until(|| places.available_permits() == 0).await;
    let second = Reply::of(router.clone().oneshot(request("GET", &ask, None, None)).await.unwrap()).await;
    assert_eq!(second.status, 304);
    assert!(!first.is_finished(), "it waits on");
    assert_eq!(fixture.admin("POST", "/v1/keys/rotate", None).await.status, 200);
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn who_goes_away_leaves_its_place() {
    let fixture = Fixture::new().await;
    let (router, places) = counted(&fixture, 1).await;
    let ask = path(sequence(&fixture).await, 30);
    let asked = tokio::spawn(router.oneshot(request("GET", &ask, None, None)));
    until(|| places.available_permits() == 0).await;
    asked.abort();
    until(|| places.available_permits() == 1).await;
}

#[tokio::test]
async fn what_is_waited_for_does_not_count_against_the_deadline_of_an_answer() {
    let fixture = Fixture::new().await;
    let app = fixture.app(Limits { request_timeout: SOON, ..Limits::default() });
    let router = assemble(routes().0, app);
    let reply = router.oneshot(request("GET", &path(sequence(&fixture).await, 1), None, None)).await.unwrap();
    assert_eq!(reply.status(), 304);
}
