//! Who asks too often waits, and nobody else does.

use tokio::io::AsyncWriteExt as _;

use super::sockets::{Server, answer, patient};
use super::{Fixture, Limits, NOW};
use crate::http::{Rate, Rates};

/// So slow that nothing comes back while a test runs.
const fn of(burst: u32) -> Rate {
    Rate { per_second: 1, burst }
}

const NONE: Rate = Rate { per_second: 0, burst: 1 };
const OFF: Rates = Rates { public: NONE, source: NONE, agent: NONE, lockout_after: 0 };

fn limits(rates: Rates) -> Limits {
    Limits { rates, ..patient() }
}

async fn get(server: &Server, path: &str, token: Option<&str>) -> String {
    let mut stream = server.connect().await;
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{token}\r\n").as_bytes()).await.unwrap();
    answer(&mut stream).await
}

/// How many of `count` requests are refused; each refusal is as it should be.
async fn refused(server: &Server, path: &str, token: Option<&str>, count: usize, code: &str) -> usize {
    let mut refused = 0;
    for _ in 0..count {
        let text = get(server, path, token).await;
        if text.starts_with("HTTP/1.1 429 Too Many Requests\r\n") {
            refused += 1;
            let lower = text.to_lowercase();
            assert!(lower.contains("\r\nretry-after: ") && lower.contains("\r\ncontent-type: application/problem+json"), "{text}");
            assert!(text.contains(&format!("\"code\":\"{code}\"")), "{text}");
        }
    }
    refused
}

#[tokio::test]
async fn each_limit_holds_for_its_own_routes_and_health_has_none() {
    let fixture = Fixture::new().await;
    let admin = fixture.admin.as_str();
    let (guarded, public) = ("/v1/agents", "/v1/trust-bundle");
    for (rates, path, other) in [
        (Rates { public: of(3), ..OFF }, public, guarded),
        (Rates { source: of(3), ..OFF }, guarded, public),
        (Rates { agent: of(3), ..OFF }, guarded, public),
    ] {
        let server = Server::start(&fixture, limits(rates)).await;
        assert!(refused(&server, path, Some(admin), 40, "rate_limited").await > 20, "{rates:?}");
        assert_eq!(refused(&server, other, Some(admin), 40, "").await, 0, "{rates:?}");
        assert_eq!(refused(&server, "/healthz", None, 40, "").await, 0);
        server.end().await;
    }
}

#[tokio::test]
async fn one_agent_over_its_limit_takes_nothing_from_another() {
    let fixture = Fixture::new().await;
    let grants = serde_json::json!([{"resource": "issuer/agents", "allowedActions": ["agents.read"]}]);
    let ollie = fixture.passport("ollie", grants).await;
    let server = Server::start(&fixture, limits(Rates { agent: of(3), ..OFF })).await;
    assert!(refused(&server, "/v1/agents", Some(&ollie), 40, "rate_limited").await > 20);
    assert_eq!(refused(&server, "/v1/agents", Some(&fixture.admin), 1, "").await, 0);
    server.end().await;
}

#[tokio::test]
async fn the_limit_by_agent_holds_for_what_every_passport_opens_to_its_holder() {
    let fixture = Fixture::new().await;
    let ollie = fixture.passport("ollie", serde_json::json!([])).await;
    let server = Server::start(&fixture, limits(Rates { agent: of(3), ..OFF })).await;
    assert!(refused(&server, "/v1/approvals/apr_none", Some(&ollie), 40, "rate_limited").await > 20);
    let mut stream = server.connect().await;
    let renew = format!("POST /v1/passports/renew HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ollie}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(renew.as_bytes()).await.unwrap();
    let text = answer(&mut stream).await;
    assert!(text.starts_with("HTTP/1.1 429 "), "{text}");
    server.end().await;
}

#[tokio::test]
async fn a_source_that_guesses_is_locked_out_and_verifiers_beside_it_are_not() {
    let fixture = Fixture::new().await;
    let server = Server::start(&fixture, limits(Rates { lockout_after: 5, ..OFF })).await;
    assert_eq!(refused(&server, "/v1/agents", None, 20, "").await, 0, "no passport is no guess");
    assert_eq!(refused(&server, "/v1/agents", Some("guess"), 20, "locked_out").await, 15);
    assert_eq!(refused(&server, "/v1/agents", Some(&fixture.admin), 1, "locked_out").await, 1, "a good one from there waits too");
    assert_eq!(refused(&server, "/v1/trust-bundle", None, 5, "").await, 0, "trust is for everyone");
    server.end().await;
}

/// The status of signing in with this body.
async fn sign_in(server: &Server, body: &serde_json::Value) -> String {
    let (mut stream, body) = (server.connect().await, body.to_string());
    let head =
        format!("POST /console/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    answer(&mut stream).await.get(9..12).unwrap().to_owned()
}

#[tokio::test]
async fn who_guesses_at_the_consoles_door_is_locked_out_whatever_is_guessed() {
    let fixture = Fixture::new().await;
    let good = serde_json::json!({ "passport": fixture.admin });
    for guess in [serde_json::json!({"passport": "guess"}), serde_json::json!({"link": "guess"})] {
        let server = Server::start(&fixture, limits(Rates { lockout_after: 5, ..OFF })).await;
        assert_eq!(sign_in(&server, &good).await, "200");
        for _ in 0..5 {
            assert_eq!(sign_in(&server, &guess).await, "401");
        }
        assert_eq!(sign_in(&server, &guess).await, "429");
        assert_eq!(sign_in(&server, &good).await, "429", "a good one from there waits too");
        assert_eq!(refused(&server, "/v1/agents", Some(&fixture.admin), 1, "locked_out").await, 1, "and so does every guarded route");
        assert_eq!(refused(&server, "/console", None, 5, "").await, 0, "the pages are for everyone");
        server.end().await;
    }
    // What somebody brings in a cookie is a guess like any other.
    let server = Server::start(&fixture, limits(Rates { lockout_after: 5, ..OFF })).await;
    for status in ["401", "401", "401", "401", "401", "429"] {
        let mut stream = server.connect().await;
        let head = "GET /console/session HTTP/1.1\r\nHost: x\r\nCookie: __Host-passport-console=guess\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(answer(&mut stream).await.get(9..12), Some(status));
    }
    server.end().await;
}

#[tokio::test]
async fn a_sign_in_that_has_to_wait_leaves_nothing_behind_and_uses_no_link_up() {
    let fixture = Fixture::new().await;
    let (limited, open) =
        (Server::start(&fixture, limits(Rates { agent: of(3), ..OFF })).await, Server::start(&fixture, limits(OFF)).await);
    let events = async || fixture.admin("GET", "/v1/audit/events?limit=1000", None).await.json()["items"].as_array().unwrap().len();
    // A second that has passed lets one in: then it is tried again.
    for _ in 0..20 {
        let link = fixture.admin("POST", "/v1/console/links", None).await.json();
        let code = link["url"].as_str().unwrap().split_once("#link=").unwrap().1.to_owned();
        let (by_link, by_passport) = (serde_json::json!({ "link": code }), serde_json::json!({ "passport": fixture.admin }));
        assert!(refused(&limited, "/v1/agents", Some(&fixture.admin), 10, "rate_limited").await > 0);
        let before = events().await;
        if [sign_in(&limited, &by_passport).await, sign_in(&limited, &by_link).await] == ["429", "429"] {
            assert_eq!(events().await, before, "nobody has signed in");
            assert_eq!(sign_in(&open, &by_link).await, "200");
            assert_eq!(events().await, before + 1);
            limited.end().await;
            return open.end().await;
        }
    }
    panic!("the limit never held");
}

#[tokio::test]
async fn a_passport_that_has_expired_is_no_guess() {
    let fixture = Fixture::new().await;
    fixture.clock.0.store(NOW + 365 * 86_400, std::sync::atomic::Ordering::SeqCst);
    let server = Server::start(&fixture, limits(Rates { lockout_after: 5, ..OFF })).await;
    assert_eq!(refused(&server, "/v1/agents", Some(&fixture.admin), 20, "").await, 0);
    server.end().await;
}
