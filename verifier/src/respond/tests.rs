use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Router, body};
use http::Request as HttpRequest;

use super::*;
use crate::Guard;
use crate::testing::{HandClock, NOW, TestIssuer, purchase};

async fn buy(State(guard): State<Arc<Guard>>, authorization: Authorization) -> Result<String, Rejection> {
    let request = purchase(500);
    let granted = guard.authorize(authorization.as_deref(), &request)?;
    Ok(format!("grant {}", granted.grant()))
}

/// What a service with that handler answers.
async fn answer(guard: Guard, headers: &[&str]) -> (u16, Vec<String>, String) {
    use tower_service::Service as _;
    let mut app = Router::new().route("/", post(buy)).with_state(Arc::new(guard));
    let mut request = HttpRequest::post("/");
    for header in headers {
        request = request.header(AUTHORIZATION, *header);
    }
    let response = app.call(request.body(Body::empty()).expect("a request")).await.expect("infallible");
    let status = response.status().as_u16();
    let shown = [CONTENT_TYPE, WWW_AUTHENTICATE, RETRY_AFTER]
        .iter()
        .filter_map(|name| response.headers().get(name))
        .map(|value| value.to_str().expect("text").to_owned())
        .collect();
    let body = body::to_bytes(response.into_body(), 10_000).await.expect("a body");
    (status, shown, String::from_utf8(body.to_vec()).expect("text"))
}

fn guard(issuer: &TestIssuer, now: i64) -> Guard {
    Guard::new(issuer.verifier()).with_clock(HandClock::at(now))
}

#[tokio::test]
async fn a_service_answers_with_status_challenge_and_problem() {
    let issuer = TestIssuer::new();
    let header = format!("Bearer {}", issuer.passport());
    let problem = "application/problem+json";
    let (status, headers, body) = answer(guard(&issuer, NOW), &[&header]).await;
    assert_eq!((status, headers.len(), body.as_str()), (200, 1, "grant 0"));

    let (status, headers, body) = answer(guard(&issuer, NOW), &[]).await;
    assert_eq!((status, headers), (401, vec![problem.to_owned(), "Bearer".to_owned()]));
    assert!(body.contains(r#""code":"missing_token""#), "{body}");

    let (status, headers, body) = answer(guard(&issuer, NOW + 3_600), &[&header]).await;
    assert_eq!((status, headers), (401, vec![problem.to_owned(), r#"Bearer error="invalid_token""#.to_owned()]));
    assert!(body.contains(r#""code":"expired""#), "{body}");

    let (status, headers, body) = answer(guard(&issuer, -1), &[&header]).await;
    assert_eq!((status, headers), (503, vec![problem.to_owned(), "5".to_owned()]));
    assert!(body.contains(r#""code":"clock_untrusted""#), "{body}");
}

#[tokio::test]
async fn of_two_passports_in_one_request_neither_counts() {
    let issuer = TestIssuer::new();
    let header = format!("Bearer {}", issuer.passport());
    for headers in [[header.as_str(), header.as_str()], [&header, "Bearer x"], ["Bearer x", &header]] {
        let (status, _, body) = answer(guard(&issuer, NOW), &headers).await;
        assert_eq!(status, 401);
        assert!(body.contains(r#""code":"malformed_token""#), "{body}");
    }
}

#[test]
fn the_header_is_never_shown() {
    assert_eq!(format!("{:?}", Authorization(Some("Bearer a.b.c".into()))), "Authorization(redacted)");
}
