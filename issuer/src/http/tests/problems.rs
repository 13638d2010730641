//! Everything that can be wrong with a request, and that the answer is a problem that says so.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::routing::get;
use serde_json::json;
use tower::ServiceExt as _;

use super::{Fixture, ISSUER, Limits, NOW, Reply, request};
use crate::http::router::assemble;

/// A POST as the admin, of this type and with this body.
fn post(fixture: &Fixture, path: &str, kind: Option<&str>, body: &str) -> Request<Body> {
    let mut request = request("POST", path, Some(&fixture.admin), None);
    if let Some(kind) = kind {
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
    }
    *request.body_mut() = Body::from(body.to_owned());
    request
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let fixture = Fixture::new().await;
    for path in
        ["/", "/v1", "/v1/", "/v1/agents/", "/v1/templates/none", "/v1/audit/none", "/consoles", "/v1/agents/a/b/c", "/healthz/", "//"]
    {
        fixture.admin("GET", path, None).await.assert_problem(404, "not_found");
    }
    for path in
        ["/v1/agents/none", "/v1/passports/none", "/v1/status/7", "/v1/status/x", "/v1/agents/%ff", "/v1/status/-1", "/v1/agents/%00"]
    {
        fixture.admin("GET", path, None).await.assert_problem(404, "not_found");
    }
    for path in ["/v1/agents/none/disable", "/v1/agents/none/enable", "/v1/passports/none/revoke"] {
        fixture.admin("POST", path, None).await.assert_problem(404, "not_found");
    }
    fixture.admin("POST", "/v1/keys/none/revoke", Some(json!({"reason": "x"}))).await.assert_problem(404, "not_found");
}

#[tokio::test]
async fn an_id_in_a_path_is_decoded_once() {
    let fixture = Fixture::new().await;
    for (id, path) in [("a/b c", "/v1/agents/a%2Fb%20c"), ("100%25", "/v1/agents/100%2525"), ("é?#", "/v1/agents/%C3%A9%3F%23")] {
        let created = fixture.admin("POST", "/v1/agents", Some(json!({"agentId": id, "name": "x"}))).await;
        assert_eq!(created.status, 201, "{created:?}");
        assert_eq!(created.header("location"), Some(path));
        assert_eq!(fixture.admin("GET", path, None).await.json()["agentId"], id);
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_415() {
    let fixture = Fixture::new().await;
    let body = r#"{"name": "x"}"#;
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/json-patch+json"), Some("json")] {
        fixture.send(post(&fixture, "/v1/agents", kind, body)).await.assert_problem(415, "unsupported_media_type");
    }
    fixture.send(post(&fixture, "/v1/introspect", Some("application/json"), "{}")).await.assert_problem(415, "unsupported_media_type");
    fixture.send(post(&fixture, "/v1/agents/admin/disable", None, "{}")).await.assert_problem(415, "unsupported_media_type");
    let mut coded = post(&fixture, "/v1/agents", Some("application/json"), body);
    coded.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    fixture.send(coded).await.assert_problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn json_that_is_not_sound_is_400_and_says_where() {
    let fixture = Fixture::new().await;
    for body in ["", "{", r#"{"name": "a", "name": "b"}"#, r#"{"name": "x"} x"#, "[]", "null", r#"{"name": NaN}"#, r#"{"name": "\udfff"}"#]
    {
        let reply = fixture.send(post(&fixture, "/v1/agents", Some("application/json"), body)).await;
        reply.assert_problem(400, "malformed_json");
        assert!(reply.json()["detail"].as_str().unwrap().contains("at byte"), "{reply:?}");
    }
    let deep = format!(r#"{{"name": {}1{}}}"#, "[".repeat(500_000), "]".repeat(500_000));
    fixture.send(post(&fixture, "/v1/agents", Some("application/json"), &deep)).await.assert_problem(400, "malformed_json");
}

#[tokio::test]
async fn a_body_of_the_wrong_form_is_422_with_a_pointer() {
    let fixture = Fixture::new().await;
    for (path, body, pointer) in [
        ("/v1/agents", r#"{"name": 1}"#, "/name"),
        ("/v1/agents", r#"{"name": "x", "admin": true}"#, "/admin"),
        ("/v1/agents", "{}", ""),
        ("/v1/agents", r#"{"name": ""}"#, "/name"),
        ("/v1/passports", r#"{"agentId": "admin", "audience": "x", "grants": [], "expiresIn": 60}"#, "/audience"),
        ("/v1/passports", r#"{"agentId": "admin", "audience": ["x"], "grants": [], "expiresIn": -1}"#, "/expiresIn"),
        ("/v1/keys/none/revoke", r#"{"reason": null}"#, "/reason"),
        ("/v1/agents/admin/disable", r#"{"why": "x"}"#, "/why"),
        ("/v1/verify", r#"{"passport": "x", "audience": ["x"], "request": {}}"#, "/audience"),
    ] {
        let reply = fixture.send(post(&fixture, path, Some("application/json"), body)).await;
        reply.assert_problem(422, "invalid_body");
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{reply:?}");
        assert!(!reply.json()["errors"][0]["detail"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let fixture = Fixture::new().await;
    let limits = Limits { body_bytes: 100, audit_body_bytes: 200, ..Limits::default() };
    let send = async |path: &str, kind: &str, bytes: usize| {
        let body = format!("{{\"name\": \"{}\"}}", "x".repeat(bytes - 12));
        assert_eq!(body.len(), bytes);
        let router = crate::http::router(fixture.issuer.clone(), limits);
        Reply::of(router.oneshot(post(&fixture, path, Some(kind), &body)).await.unwrap()).await
    };
    assert_eq!(send("/v1/agents", "application/json", 100).await.status, 201);
    send("/v1/agents", "application/json", 101).await.assert_problem(413, "body_too_large");
    send("/v1/introspect", "application/x-www-form-urlencoded", 101).await.assert_problem(413, "body_too_large");
    send("/v1/agents/admin/enable", "application/json", 100).await;
    send("/v1/agents/admin/disable", "application/json", 101).await.assert_problem(413, "body_too_large");
    send("/v1/audit/events", "application/json", 200).await.assert_problem(422, "invalid_body");
    send("/v1/audit/events", "application/json", 201).await.assert_problem(413, "body_too_large");
}

#[tokio::test]
async fn reports_may_come_in_gzip_and_are_bounded_as_they_inflate() {
    let fixture = Fixture::new().await;
    let limits = Limits { audit_body_bytes: 2_000, ..Limits::default() };
    let send = async |path: &str, coding: &'static str, body: String| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, body.as_bytes()).unwrap();
        let mut request = post(&fixture, path, Some("application/json"), "");
        request.headers_mut().insert(header::CONTENT_ENCODING, coding.parse().unwrap());
        *request.body_mut() = Body::from(encoder.finish().unwrap());
        Reply::of(crate::http::router(fixture.issuer.clone(), limits).oneshot(request).await.unwrap()).await
    };
    let event = json!({"seq": 1, "previous": null, "requestId": "r1", "outcome": "deny", "reason": "expired", "evaluatedAt": null});
    let report = |note: usize| json!({"reporter": "admin", "events": [event], "x": "x".repeat(note)}).to_string();
    let sound = json!({"reporter": "admin", "events": [event]}).to_string();
    let answer = send("/v1/audit/events", "gzip", sound.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.json()["accepted"].as_u64()), (200, Some(1)));
    send("/v1/audit/events", "gzip", report(1_000)).await.assert_problem(422, "invalid_body");
    send("/v1/audit/events", "gzip", report(2_000)).await.assert_problem(413, "body_too_large");
    send("/v1/audit/events", "gzip", report(8 << 20)).await.assert_problem(413, "body_too_large");
    send("/v1/audit/events", "br", sound.clone()).await.assert_problem(415, "unsupported_media_type");
    send("/v1/audit/events", "gzip, gzip", sound).await.assert_problem(415, "unsupported_media_type");
    send("/v1/agents", "gzip", json!({"name": "x"}).to_string()).await.assert_problem(415, "unsupported_media_type");
    let mut plain = post(&fixture, "/v1/audit/events", Some("application/json"), "{}");
    plain.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    fixture.send(plain).await.assert_problem(400, "incomplete_body");
}

#[tokio::test]
async fn a_passport_that_is_not_one_is_401_and_says_why() {
    let fixture = Fixture::new().await;
    let tampered = format!("{}A", fixture.admin);
    let elsewhere = fixture.passport_for("https://shop.example", "elsewhere", json!([])).await;
    for (token, code) in [("x", "malformed_token"), (tampered.as_str(), "malformed_token"), (elsewhere.as_str(), "wrong_audience")] {
        let reply = fixture.send(request("GET", "/v1/agents", Some(token), None)).await;
        reply.assert_problem(401, code);
        assert!(reply.header("www-authenticate").unwrap().contains("error=\"invalid_token\""), "{reply:?}");
    }
    // The same passport, once it has expired.
    let short = fixture.passport("short", json!([{"resource": "issuer/agents", "allowedActions": ["agents.read"]}])).await;
    assert_eq!(fixture.send(request("GET", "/v1/agents", Some(&short), None)).await.status, 200);
    fixture.clock.0.store(NOW + 3_600, std::sync::atomic::Ordering::SeqCst);
    fixture.send(request("GET", "/v1/agents", Some(&short), None)).await.assert_problem(401, "expired");
}

#[tokio::test]
async fn two_authorization_headers_are_400() {
    let fixture = Fixture::new().await;
    let mut request = request("GET", "/v1/agents", Some(&fixture.admin), None);
    request.headers_mut().append(header::AUTHORIZATION, format!("Bearer {}", fixture.admin).parse().unwrap());
    let reply = fixture.send(request).await;
    reply.assert_problem(400, "invalid_request");
    assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_request\""));
}

#[tokio::test]
async fn another_scheme_or_a_token_elsewhere_is_no_token() {
    let fixture = Fixture::new().await;
    let mut basic = request("GET", "/v1/agents", None, None);
    basic.headers_mut().insert(header::AUTHORIZATION, format!("Basic {}", fixture.admin).parse().unwrap());
    fixture.send(basic).await.assert_problem(401, "missing_token");
    let query = format!("/v1/agents?access_token={}", fixture.admin);
    fixture.send(request("GET", &query, None, None)).await.assert_problem(401, "missing_token");
}

#[tokio::test]
async fn a_form_without_one_token_is_400() {
    let fixture = Fixture::new().await;
    let form = Some("application/x-www-form-urlencoded");
    for body in ["", "token_type_hint=x", "token=a&token=a"] {
        let reply = fixture.send(post(&fixture, "/v1/introspect", form, body)).await;
        reply.assert_problem(400, "invalid_request");
        assert_eq!(reply.json()["errors"][0]["pointer"], "/token");
    }
    let reply = fixture.send(post(&fixture, "/v1/introspect", form, "token=a&token_type_hint=access_token&more=1")).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, r#"{"active":false}"#));
}

#[tokio::test]
async fn a_grant_on_one_agent_reaches_no_other() {
    let fixture = Fixture::new().await;
    let grants = json!([{"resource": "issuer/agents", "allowedActions": ["agents.*"], "constraints": {"agent": {"equals": "mine"}}}]);
    let token = fixture.passport("mine", grants).await;
    assert_eq!(fixture.send(request("GET", "/v1/agents/mine", Some(&token), None)).await.status, 200);
    for path in ["/v1/agents/admin", "/v1/agents", "/v1/agents/%ff", "/v1/agents/mine%2F..%2Fadmin"] {
        fixture.send(request("GET", path, Some(&token), None)).await.assert_problem(403, "constraint_unmet");
    }
}

/// The service with one more route, that does this.
fn with_route<H, T>(fixture: &Fixture, limits: Limits, handler: H) -> Router
where
    H: axum::handler::Handler<T, crate::http::App>,
    T: 'static,
{
    assemble(Router::new().route("/test", get(handler)), fixture.app(limits))
}

#[tokio::test]
async fn a_panic_is_a_500_that_says_nothing_of_it() {
    let fixture = Fixture::new().await;
    let router = with_route(&fixture, Limits::default(), async || -> () { panic!("the password is hunter2") });
    let reply = Reply::of(router.oneshot(request("GET", "/test", None, None)).await.unwrap()).await;
    reply.assert_problem(500, "internal_error");
    assert!(!reply.body.contains("hunter2"));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_done_in_time_is_408_and_is_still_done() {
    let (done, was_done) = tokio::sync::oneshot::channel();
    let done = std::sync::Arc::new(std::sync::Mutex::new(Some(done)));
    let handler = async move || {
        tokio::time::sleep(Duration::from_secs(31)).await;
        done.lock().unwrap().take().unwrap().send(()).unwrap();
    };
    // The clock of the runtime stands still while the store works in threads of its own, so it is made outside.
    let fixture =
        std::thread::spawn(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(Fixture::new()));
    let fixture = tokio::task::spawn_blocking(|| fixture.join().unwrap()).await.unwrap();
    let router = with_route(&fixture, Limits::default(), handler);
    let reply = Reply::of(router.oneshot(request("GET", "/test", None, None)).await.unwrap()).await;
    reply.assert_problem(408, "request_timeout");
    was_done.await.unwrap();
}

#[tokio::test]
async fn who_asks_for_less_than_the_issuer_itself_gets_a_problem_of_the_service() {
    let fixture = Fixture::new().await;
    let minter = json!([{"resource": "issuer/passports", "allowedActions": ["passports.issue"]}]);
    let token = fixture.passport("minter", minter).await;
    let body = json!({
        "agentId": "minter", "audience": [ISSUER], "expiresIn": 60,
        "grants": [{"resource": "issuer/keys", "allowedActions": ["keys.rotate"]}],
    });
    fixture.send(request("POST", "/v1/passports", Some(&token), Some(body))).await.assert_problem(403, "not_held");
    fixture.admin("POST", "/v1/agents", Some(json!({"agentId": "minter", "name": "x"}))).await.assert_problem(409, "conflict");
    let nobody = json!({"agentId": "nobody", "audience": ["x"], "grants": [], "expiresIn": 60});
    fixture.admin("POST", "/v1/passports", Some(nobody)).await.assert_problem(404, "not_found");
    fixture.admin("GET", "/v1/agents?limit=0", None).await.assert_problem(400, "invalid_query");
    fixture.admin("GET", "/v1/audit/events?from=yesterday", None).await.assert_problem(400, "invalid_query");
    fixture.admin("GET", "/v1/passports?state=lost", None).await.assert_problem(400, "invalid_query");
}
