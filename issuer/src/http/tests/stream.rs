//! The stream of the audit log.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::ServiceExt as _;

use super::sockets::{SOON, Server, ended, patient};
use super::{Fixture, Limits, Reply, request};
use crate::http::router::{assemble, routes};

/// A client that reads a stream.
struct Reader {
    stream: TcpStream,
    text: String,
}

impl Reader {
    async fn open(server: &Server, token: &str, path: &str, more: &str) -> Self {
        let mut stream = server.connect().await;
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{more}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut reader = Self { stream, text: String::new() };
        reader.until("\r\n\r\n").await;
        assert!(reader.text.starts_with("HTTP/1.1 200 OK\r\n") && reader.text.contains("text/event-stream"), "{}", reader.text);
        reader
    }

    async fn until(&mut self, end: &str) {
        while !self.text.contains(end) {
            let mut chunk = [0; 4096];
            let read = self.stream.read(&mut chunk).await.unwrap();
            assert_ne!(read, 0, "it ended: {}", self.text);
            self.text.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        }
    }

    /// The next event: its id, its name and its object.
    async fn event(&mut self) -> (i64, String, Value) {
        loop {
            self.until("\n\n").await;
            let at = self.text.find("\n\n").unwrap();
            let block: String = self.text.drain(..at + 2).collect();
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            if let (Some(id), Some(name), Some(data)) = (field("id: "), field("event: "), field("data: ")) {
                return (id.parse().unwrap(), name, serde_json::from_str(&data).unwrap());
            }
        }
    }
}

async fn report(fixture: &Fixture, token: &str, ids: std::ops::Range<usize>) {
    let event = |id: usize| {
        let text = format!(
            "{{\"requestId\": \"r{id}\",\r\n\"seq\": {id}, \"outcome\": \"{}\", \"reason\": \"x\", \"evaluatedAt\": null}}",
            if id.is_multiple_of(2) { "allow" } else { "deny" }
        );
        serde_json::value::RawValue::from_string(text).unwrap()
    };
    let events: Vec<_> = ids.map(event).collect();
    let body = format!("{{\"reporter\": \"shop\", \"events\": {}}}", serde_json::to_string(&events).unwrap());
    let mut request = request("POST", "/v1/audit/events", Some(token), None);
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    *request.body_mut() = axum::body::Body::from(body);
    assert_eq!(fixture.send(request).await.status, 200);
}

async fn reporter(fixture: &Fixture) -> String {
    fixture.passport("shop", json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}])).await
}

async fn newest(fixture: &Fixture) -> i64 {
    fixture.admin("GET", "/v1/audit/events?limit=1", None).await.json()["items"][0]["sequence"].as_i64().unwrap()
}

#[tokio::test]
async fn a_stream_tells_of_each_event_as_it_comes_as_the_list_has_it() {
    let fixture = Fixture::new().await;
    let token = reporter(&fixture).await;
    let now = newest(&fixture).await;
    let server = Server::start(&fixture, patient()).await;
    let mut reader = Reader::open(&server, &fixture.admin, "/v1/audit/stream", "").await;
    report(&fixture, &token, 0..3).await;
    fixture.admin("POST", "/v1/agents", Some(json!({"agentId": "zoe", "name": "zoe"}))).await;
    let mut told = Vec::new();
    for number in 1..=4 {
        let (id, name, event) = reader.event().await;
        assert_eq!((id, event["sequence"].as_i64()), (now + number, Some(now + number)), "from now on, in order");
        assert_eq!((name.as_str(), event["kind"].as_str()), (if number < 4 { "decision" } else { "admin" }, Some(name.as_str())));
        told.insert(0, event);
    }
    let listed = fixture.admin("GET", "/v1/audit/events?limit=4", None).await.json();
    assert_eq!(listed["items"], Value::from(told));
    server.end().await;
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_broken_off_and_misses_nothing() {
    let fixture = Fixture::new().await;
    let token = reporter(&fixture).await;
    let now = newest(&fixture).await;
    let server = Server::start(&fixture, patient()).await;
    report(&fixture, &token, 0..250).await;
    let mut reader = Reader::open(&server, &fixture.admin, &format!("/v1/audit/stream?after={now}"), "").await;
    for number in 1..=120 {
        assert_eq!(reader.event().await.0, now + number);
    }
    drop(reader);
    report(&fixture, &token, 250..400).await;
    // What the browser says goes before what the address says.
    let again = format!("Last-Event-ID: {}\r\n", now + 120);
    let mut reader = Reader::open(&server, &fixture.admin, &format!("/v1/audit/stream?after={now}"), &again).await;
    for number in 121..=400 {
        assert_eq!(reader.event().await.0, now + number);
    }
    server.end().await;
}

#[tokio::test]
async fn a_stream_is_narrowed_as_the_list_is() {
    let fixture = Fixture::new().await;
    let token = reporter(&fixture).await;
    let now = newest(&fixture).await;
    let server = Server::start(&fixture, patient()).await;
    let mut reader = Reader::open(&server, &fixture.admin, "/v1/audit/stream?reporter=shop&outcome=deny", "").await;
    report(&fixture, &token, 0..4).await;
    report(&fixture, &token, 4..6).await;
    let ids = [reader.event().await.0, reader.event().await.0, reader.event().await.0];
    assert_eq!(ids, [now + 2, now + 4, now + 6]);
    server.end().await;
}

#[tokio::test]
async fn a_place_that_is_none_is_an_invalid_query() {
    let fixture = Fixture::new().await;
    for query in
        ["after=x", "after=-1", "after=1&after=2", "limit=1", "cursor=1", "order=oldest", "outcome=maybe", "kind=x", "attributes=[]"]
    {
        fixture.admin("GET", &format!("/v1/audit/stream?{query}"), None).await.assert_problem(400, "invalid_query");
    }
    for id in ["x", "-1", "1.0"] {
        let mut request = request("GET", "/v1/audit/stream", Some(&fixture.admin), None);
        request.headers_mut().insert("last-event-id", id.parse().unwrap());
        fixture.send(request).await.assert_problem(400, "invalid_query");
    }
}

#[tokio::test]
async fn one_stream_too_many_is_refused_and_who_goes_away_leaves_its_place() {
    let fixture = Fixture::new().await;
    let app = fixture.app(Limits { streams: 1, ..Limits::default() });
    let places = Arc::clone(&app.streams);
    let router = assemble(routes().0, app);
    let ask = || request("GET", "/v1/audit/stream", Some(&fixture.admin), None);
    let first = router.clone().oneshot(ask()).await.unwrap();
    assert_eq!((first.status().as_u16(), places.available_permits()), (200, 0));
    let second = Reply::of(router.clone().oneshot(ask()).await.unwrap()).await;
    second.assert_problem(429, "too_many_streams");
    assert_eq!(second.header("retry-after"), Some("10"));
    drop(first);
    assert_eq!(places.available_permits(), 1);
}

/// Neither the deadline of an answer nor that of headers ends it; a stop does, at once.
#[tokio::test]
async fn a_stream_goes_on_until_the_issuer_stops() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, Limits { request_timeout: SOON, header_timeout: SOON, ..patient() }).await;
    let mut reader = Reader::open(&server, &fixture.admin, "/v1/audit/stream", "").await;
    tokio::time::sleep(SOON * 3).await;
    fixture.admin("POST", "/v1/agents", Some(json!({"agentId": "zoe", "name": "zoe"}))).await;
    assert_eq!(reader.event().await.1, "admin");
    server.end().await;
    assert!(ended(&mut reader.stream).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_passport_is_revoked() {
    let fixture = Fixture::new().await;
    let grants = json!([{"resource": "issuer/audit", "allowedActions": ["audit.read"]}]);
    let token = fixture.passport("watcher", grants).await;
    let id = passport_shared::unverified::UnverifiedPassport::read(token.as_bytes()).unwrap().claims().id.clone();
    let server = Server::start(&fixture, patient()).await;
    let mut reader = Reader::open(&server, &token, "/v1/audit/stream", "").await;
    assert_eq!(fixture.admin("POST", &format!("/v1/passports/{id}/revoke"), Some(json!({}))).await.status, 200);
    // Within ten seconds, and not by anything that this test does.
    let end = tokio::time::timeout(std::time::Duration::from_secs(60), ended(&mut reader.stream)).await;
    assert!(end.is_ok_and(|ended| ended));
    server.end().await;
}

#[tokio::test]
async fn one_place_among_the_connections_is_kept_by_a_stream() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, Limits { connections: 2, ..patient() }).await;
    let mut reader = Reader::open(&server, &fixture.admin, "/v1/audit/stream", "").await;
    // Each that comes pushes out the one that only waits, and never the stream.
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut other = server.connect().await;
        other.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        super::sockets::answer(&mut other).await;
        waiting.push(other);
    }
    fixture.admin("POST", "/v1/agents", Some(json!({"agentId": "zoe", "name": "zoe"}))).await;
    assert_eq!(reader.event().await.1, "admin");
    drop(reader);
    server.end().await;
}
