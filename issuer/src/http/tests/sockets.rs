//! The service over real sockets: deadlines, bounds, keeping alive, stopping. Times here are only ever waited for, never
//! compared: a limit is set either so short that it must pass or so long that it cannot.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::{Fixture, Limits};
use crate::http::router::assemble;
use crate::http::serve;

/// Far longer than a test runs.
pub(super) const NEVER: Duration = Duration::from_secs(3_600);
pub(super) const SOON: Duration = Duration::from_millis(100);

/// Limits that end nothing by themselves.
pub(super) fn patient() -> Limits {
    Limits { header_timeout: NEVER, body_timeout: NEVER, request_timeout: NEVER, write_timeout: NEVER, drain: NEVER, ..Limits::default() }
}

pub(super) struct Server {
    address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(fixture: &Fixture, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let issuer = fixture.issuer.clone();
        let task = tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap_or_default() };
            serve(listener, issuer, limits, stopped).await.unwrap();
        });
        Self { address, stop, task }
    }

    /// One whose `GET /slow` waits until it is told to go on.
    async fn with_slow_route(fixture: &Fixture, limits: Limits) -> (Self, Arc<Notify>, Arc<Notify>) {
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (Arc::clone(&begun), Arc::clone(&go_on));
        let slow = get(async move || {
            tell.notify_one();
            wait.notified().await;
            "done"
        });
        let router = assemble(Router::new().route("/slow", slow).route("/quick", get(async || "done")), fixture.app(limits));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task =
            tokio::spawn(async move { serve::run(listener, None, router, limits, async { stopped.await.unwrap_or_default() }).await });
        (Self { address, stop, task }, begun, go_on)
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub(super) async fn end(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

/// Reads one answer: its head, and as much of a body as it announces.
pub(super) async fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    loop {
        let whole = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = whole.split_once("\r\n\r\n") {
            let announced = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= announced.map_or(0, |length| length.trim().parse().unwrap()) {
                return whole;
            }
        }
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        assert_ne!(read, 0, "the connection ended within an answer: {whole}");
        text.extend_from_slice(&chunk[..read]);
    }
}

/// Whether the peer has ended the connection, whatever it said before.
pub(super) async fn ended(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    // A reset is an end too.
    stream.read_to_end(&mut rest).await.map_or(true, |_| true)
}

fn post(fixture: &Fixture, path: &str, more: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n{more}\r\n\r\n",
        fixture.admin
    )
}

#[tokio::test]
async fn a_connection_is_kept_alive_from_request_to_request() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, patient()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    server.end().await;
    assert!(ended(&mut stream).await, "an idle connection ends when the service stops");
}

#[tokio::test]
async fn headers_that_do_not_come_cut_the_connection() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, Limits { header_timeout: SOON, ..patient() }).await;
    for begun in ["", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut stream = server.connect().await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        assert!(ended(&mut stream).await, "{begun:?}");
    }
    server.end().await;
}

#[tokio::test]
async fn headers_beyond_the_bounds_are_refused() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, patient()).await;
    let many: String = (0..101).map(|n| format!("X-{n}: 1\r\n")).collect();
    let large = format!("X-Large: {}\r\n", "x".repeat(200_000));
    for headers in [many, large] {
        let mut stream = server.connect().await;
        // The service may end the connection before it has taken everything.
        let _ = stream.write_all(format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes()).await;
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 431 "), "{said}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_408() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, Limits { body_timeout: SOON, ..patient() }).await;
    let mut stream = server.connect().await;
    stream.write_all(post(&fixture, "/v1/agents", "Content-Length: 100").as_bytes()).await.unwrap();
    stream.write_all(b"{\"name\"").await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n") && answer.contains("\"request_timeout\""), "{answer}");
    assert!(ended(&mut stream).await, "what comes now is no request");
    server.end().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_is_not_read_to_its_end() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, patient()).await;
    // Announced, and more than is ever thrown away: not a byte of it is sent.
    let mut stream = server.connect().await;
    stream.write_all(post(&fixture, "/v1/agents", "Content-Length: 99999999999").as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413 "));
    // A client that asks before it sends is told at once.
    let mut stream = server.connect().await;
    stream.write_all(post(&fixture, "/v1/agents", "Content-Length: 5000000\r\nExpect: 100-continue").as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413 "));
    // Not announced, and without an end: answered once as much as is ever thrown away has come.
    let mut stream = server.connect().await;
    stream.write_all(post(&fixture, "/v1/agents", "Transfer-Encoding: chunked").as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(65_536));
    for _ in 0..256 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    stream.write_all(b"1\r\nx\r\n").await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413 "));
    server.end().await;
}

#[tokio::test]
async fn a_client_that_sends_before_it_reads_still_reads_the_413() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, patient()).await;
    let chunked = format!("{}0\r\n\r\n", format!("10000\r\n{}\r\n", "x".repeat(65_536)).repeat(80));
    let bodies = [("Content-Length: 5242880", "x".repeat(5_242_880)), ("Transfer-Encoding: chunked", chunked)];
    for (framing, body) in bodies {
        let mut stream = server.connect().await;
        stream.write_all(post(&fixture, "/v1/agents", framing).as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let told = answer(&mut stream).await;
        assert!(told.starts_with("HTTP/1.1 413 ") && told.contains("\"body_too_large\""), "{framing}: {told}");
        // All of it was taken, so the connection goes on.
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 "), "{framing}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_body_over_the_limit_that_does_not_end_is_413_in_the_end() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, Limits { body_timeout: SOON, body_bytes: 100, ..patient() }).await;
    for (framing, begun) in [("Content-Length: 200", "x"), ("Transfer-Encoding: chunked", &format!("65\r\n{}\r\n", "x".repeat(101)))] {
        let mut stream = server.connect().await;
        stream.write_all(post(&fixture, "/v1/agents", framing).as_bytes()).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413 "), "{framing}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_passport_revoked_before_the_body_came_makes_no_change() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, patient()).await;
    let grants = json!([{"resource": "issuer/agents", "allowedActions": ["agents.*"]}]);
    let token = fixture.passport("slow", grants).await;
    let body = r#"{"agentId": "late", "name": "x"}"#;
    let mut stream = server.connect().await;
    let head = format!(
        "POST /v1/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The service asks for the body once the gate has let the request through.
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 100 Continue\r\n"));
    assert_eq!(fixture.admin("POST", "/v1/agents/slow/disable", None).await.status, 200);
    stream.write_all(body.as_bytes()).await.unwrap();
    let told = answer(&mut stream).await;
    assert!(told.starts_with("HTTP/1.1 401 ") && told.contains("\"code\":\"revoked\""), "{told}");
    assert!(told.to_lowercase().contains("www-authenticate: bearer error=\"invalid_token\"\r\n"), "{told}");
    assert_eq!(fixture.admin("GET", "/v1/agents/late", None).await.status, 404);
    server.end().await;
}

#[tokio::test]
async fn what_is_no_http_is_refused_with_an_empty_answer() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, patient()).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(70_000));
    let many: String = (0..101).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    for (sent, status) in
        [("this is no request\r\n\r\n", 400), ("GET /a b HTTP/1.1\r\n\r\n", 400), (long.as_str(), 414), (many.as_str(), 431)]
    {
        let mut stream = server.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let told = answer(&mut stream).await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{told}");
        assert!(told.ends_with("\r\n\r\n"), "there is no body: {told}");
        assert!(ended(&mut stream).await);
    }
    server.end().await;
}

#[tokio::test]
async fn a_body_that_ends_early_is_no_request() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, patient()).await;
    let mut stream = server.connect().await;
    stream.write_all(post(&fixture, "/v1/agents", "Content-Length: 100").as_bytes()).await.unwrap();
    stream.write_all(b"{\"agentId\": \"half\", \"name\": \"x\"}").await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(ended(&mut stream).await);
    server.end().await;
    assert_eq!(fixture.admin("GET", "/v1/agents/half", None).await.status, 404);
}

#[tokio::test]
async fn a_client_that_takes_no_answer_is_cut_off() {
    let fixture = Fixture::new().await;
    let limits = Limits { write_timeout: SOON, ..patient() };
    let begun = Arc::new(Notify::new());
    let tell = Arc::clone(&begun);
    let large = get(async move || {
        tell.notify_one();
        vec![0_u8; 64 << 20]
    });
    let router = assemble(Router::new().route("/large", large), fixture.app(limits));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(async move { serve::run(listener, None, router, limits, async { stopped.await.unwrap_or_default() }).await });
    let mut greedy = TcpStream::connect(address).await.unwrap();
    greedy.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    begun.notified().await;
    // A stop waits for it for ever, unless it is cut off.
    stop.send(()).unwrap();
    task.await.unwrap();
}

#[tokio::test]
async fn who_only_waits_makes_room_for_another_and_who_has_asked_does_not() {
    let fixture = Fixture::new().await;
    let (server, begun, go_on) = Server::with_slow_route(&fixture, Limits { connections: 2, ..patient() }).await;
    let mut asking = server.connect().await;
    asking.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    begun.notified().await;
    let mut slow = server.connect().await;
    slow.write_all(b"GET /quick HTTP/1.1\r\nHost: ").await.unwrap();
    for _ in 0..5 {
        let mut honest = server.connect().await;
        honest.write_all(b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert!(answer(&mut honest).await.ends_with("done"));
    }
    assert!(ended(&mut slow).await);
    go_on.notify_one();
    assert!(answer(&mut asking).await.ends_with("done"));
    server.end().await;
}

#[tokio::test]
async fn one_connection_too_many_waits_for_a_place() {
    let fixture = Fixture::new().await;
    let (server, begun, go_on) = Server::with_slow_route(&fixture, Limits { connections: 1, ..patient() }).await;
    let mut first = server.connect().await;
    first.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    begun.notified().await;
    let mut second = server.connect().await;
    second.write_all(b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut byte = [0];
    assert!(tokio::time::timeout(SOON, second.read(&mut byte)).await.is_err(), "there is no place yet");
    go_on.notify_one();
    assert!(answer(&mut first).await.ends_with("done"));
    assert!(answer(&mut second).await.ends_with("done"));
    server.end().await;
}

#[tokio::test]
async fn a_stop_lets_what_is_in_flight_end_and_takes_nothing_new() {
    let fixture = Fixture::new().await;
    let (server, begun, go_on) = Server::with_slow_route(&fixture, patient()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    begun.notified().await;
    server.stop.send(()).unwrap();
    // The listener goes first.
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.task.is_finished(), "it waits for the request");
    go_on.notify_one();
    assert!(answer(&mut stream).await.ends_with("done"));
    server.task.await.unwrap();
    assert!(ended(&mut stream).await);
}

#[tokio::test]
async fn a_stop_cuts_what_does_not_end() {
    let fixture = Fixture::new().await;
    let (server, begun, _go_on) = Server::with_slow_route(&fixture, Limits { drain: SOON, ..patient() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    begun.notified().await;
    server.end().await;
    assert!(ended(&mut stream).await);
}

#[tokio::test]
async fn work_whose_client_went_away_is_ended_before_the_service_stops() {
    let fixture = Fixture::new().await;
    let (server, begun, go_on) = Server::with_slow_route(&fixture, patient()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    begun.notified().await;
    drop(stream);
    server.stop.send(()).unwrap();
    let mut task = server.task;
    assert!(tokio::time::timeout(SOON, &mut task).await.is_err(), "the work is not done yet");
    go_on.notify_one();
    task.await.unwrap();
}
