//! What the log says of a request, and what it never does.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::header;
use serde_json::json;
use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing_subscriber::fmt::MakeWriter;

use super::{Fixture, request};

/// Everything that was logged, at every level.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Captures what this thread logs until the guards are dropped.
    ///
    /// The second dispatcher hears nothing. It is there because with one alone, a place in the code that another test's
    /// thread comes to first is asked about in that thread, found to interest nobody, and never asked about again.
    fn start(&self) -> (DefaultGuard, Dispatch) {
        let second = Dispatch::new(NoSubscriber::default());
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(self.clone()).finish();
        (tracing::subscriber::set_default(subscriber), second)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Captured {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_that_is_sent_to_any_route_is_logged() {
    let fixture = Fixture::new().await;
    // A stream ends at once.
    fixture.issuer.end_waits();
    let captured = Captured::default();
    let guard = captured.start();
    let document = serde_json::to_value(super::openapi()).unwrap();
    let mut sent = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let path = path.replace("{id}", "hidden-path").replace("{kid}", "hidden-path").replace("{list}", "hidden-path");
            for token in [Some(fixture.admin.as_str()), Some("hidden.bearer.token"), None] {
                for (kind, body) in [
                    (
                        "application/json",
                        json!({"passport": fixture.admin, "audience": "hidden-body", "request": {"action": "hidden-body"}}),
                    ),
                    ("application/json", json!({"name": {"hidden-body": 1}})),
                    ("application/json", json!({"reason": "hidden-body", "reporter": "hidden-body", "events": [{"x": "hidden-body"}]})),
                    ("application/x-www-form-urlencoded", json!("token=hidden-body")),
                    ("hidden/type", json!("hidden-body")),
                ] {
                    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
                    for query in ["", "?access_token=hidden-query", "?cursor=hidden-query"] {
                        let mut request = request(&method.to_uppercase(), &format!("{path}{query}"), token, None);
                        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
                        request.headers_mut().insert("x-secret", "hidden-header".parse().unwrap());
                        *request.body_mut() = Body::from(text.clone());
                        fixture.send(request).await;
                        sent += 1;
                    }
                }
            }
        }
    }
    fixture.send(request("GET", "/hidden-path", None, None)).await;
    fixture.send(request("HIDDEN", "/v1/agents", None, None)).await;
    drop(guard);
    let log = captured.text();
    let lines = log.lines().filter(|line| line.contains("passport_issuer::http::access_log")).count();
    assert_eq!(lines, sent + 2, "one line a request");
    // In any case of letters, whole or in part.
    for part in fixture.admin.split('.') {
        assert!(!log.contains(part), "a part of a token is in the log");
    }
    for line in log.lines() {
        assert!(!line.to_lowercase().contains("hidden"), "{line}");
    }
}

#[tokio::test]
async fn a_line_says_what_was_asked_for_by_whom_and_what_came_of_it() {
    let fixture = Fixture::new().await;
    let captured = Captured::default();
    let guard = captured.start();
    fixture.admin("GET", "/v1/agents/nobody", None).await;
    let denied = fixture.send(request("POST", "/v1/keys/rotate", Some("x"), None)).await;
    drop(guard);
    let log = captured.text();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("access_log")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    for part in [
        "method=\"GET\"",
        "route=\"/v1/agents/{id}\"",
        "status=404",
        "code=\"not_found\"",
        "ms=",
        "request_id=\"req_",
        "agent_id=\"admin\"",
        "jti=\"pp_",
    ] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    let request_id = format!("request_id={}", denied.json()["requestId"]);
    for part in ["route=\"/v1/keys/rotate\"", "status=401", "code=\"malformed_token\"", request_id.as_str()] {
        assert!(lines[1].contains(part), "{part}: {}", lines[1]);
    }
    assert!(!lines[1].contains("jti"), "nothing of a token that was not verified: {}", lines[1]);
}
