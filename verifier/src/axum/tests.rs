use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::*;
use crate::testing::{AUDIENCE, HandClock, ISSUER, NOW, Notes, TestIssuer};
use crate::tower::Act;
use crate::{Trust, Verifier};

#[derive(Clone)]
struct Shop {
    guard: Arc<Guard>,
    sold: Arc<AtomicUsize>,
}

impl FromRef<Shop> for Arc<Guard> {
    fn from_ref(shop: &Shop) -> Self {
        Arc::clone(&shop.guard)
    }
}

impl FromRef<Shop> for Arc<AtomicUsize> {
    fn from_ref(shop: &Shop) -> Self {
        Arc::clone(&shop.sold)
    }
}

#[derive(serde::Deserialize)]
struct Order {
    amount: String,
}

/// Decides by itself, on the body.
async fn purchase(State(sold): State<Arc<AtomicUsize>>, passport: Passport, Json(order): Json<Order>) -> Result<String, Rejection> {
    let request = Request::new("purchase").on("commerce").with("amount", order.amount);
    let granted = passport.authorize(&request).await?;
    sold.fetch_add(1, Ordering::SeqCst);
    Ok(format!("{} by grant {}", passport.claims().agent_id, granted.grant()))
}

/// Is called for what the layer let through.
async fn buy(State(sold): State<Arc<AtomicUsize>>, allowed: Allowed, note: String) -> String {
    sold.fetch_add(1, Ordering::SeqCst);
    format!("{} {}: {note}", allowed.agent_id(), allowed.request().attributes().iter().count())
}

/// A shop on a port of this machine.
struct Stand {
    issuer: TestIssuer,
    notes: Arc<Notes>,
    sold: Arc<AtomicUsize>,
    address: SocketAddr,
}

impl Stand {
    async fn open() -> Self {
        Self::with(|issuer| Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW))).await
    }

    async fn with(guard: impl FnOnce(&TestIssuer) -> Guard) -> Self {
        let (issuer, notes, sold) = (TestIssuer::new(), Arc::new(Notes::default()), Arc::new(AtomicUsize::new(0)));
        let guard = Arc::new(guard(&issuer).with_recorder(Arc::clone(&notes)));
        let nested = Router::new().route("/{file}", get(buy).layer(guard.layer(Act::to("read").on("drive/{file}").at("/{file}"))));
        let app = Router::new()
            .route("/purchase", post(purchase))
            .route("/buy", post(buy).layer(guard.layer(Act::to("purchase").on("commerce").with_query("amount"))))
            .route("/refund", post(buy).layer(guard.layer(Act::to("refund").on("commerce"))))
            .route("/drive/{*file}", get(buy).layer(guard.layer(Act::to("read").on("drive/{file}").at("/drive/{*file}"))))
            .route("/forgotten", post(buy))
            .nest("/nested", nested)
            .with_state(Shop { guard, sold: Arc::clone(&sold) });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { issuer, notes, sold, address }
    }

    /// Ollie's header, with the right to read `drive/q3` as well.
    fn header(&self) -> String {
        let grants = json!([
            {"type": "permission_passport", "resource": "commerce", "allowedActions": ["purchase"], "constraints": {"amount": {"max": "500.00"}}},
            {"type": "permission_passport", "resource": "commerce", "allowedActions": ["refund"], "requiresApproval": true},
            {"type": "permission_passport", "resource": "drive/*", "allowedActions": ["read"]},
        ]);
        format!("Authorization: Bearer {}", self.issuer.passport_for("agent_ollie", AUDIENCE, &grants))
    }

    /// What comes back for exactly these bytes.
    fn send(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        let mut head = format!("{line} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for header in headers {
            head.push_str(&format!("{header}\r\n"));
        }
        let mut stream = self.connect();
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        Answer(text)
    }

    fn connect(&self) -> TcpStream {
        #[expect(clippy::disallowed_methods, reason = "this test speaks HTTP byte by byte")]
        let stream = TcpStream::connect(self.address).expect("the shop is open");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
        stream
    }

    fn sold(&self) -> usize {
        self.sold.load(Ordering::SeqCst)
    }
}

struct Answer(String);

impl Answer {
    fn status(&self) -> u16 {
        self.0.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{}", self.0))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.split_once(": ").filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value))
    }

    fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(self.body()).unwrap_or_else(|error| panic!("{error}: {}", self.0));
        assert_eq!(body["status"], self.status());
        body["code"].as_str().expect("a code").to_owned()
    }
}

const INVALID: Option<&str> = Some(r#"Bearer error="invalid_token""#);
const SCOPE: Option<&str> = Some(r#"Bearer error="insufficient_scope""#);

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_the_contract_is_given_and_no_handler_runs_for_a_no() {
    let stand = Stand::open().await;
    let ollie = stand.header();
    let casino = format!("Authorization: Bearer {}", stand.issuer.passport_for("agent_ollie", "https://casino.example", &json!([])));
    let stranger = format!("Authorization: Bearer {}", TestIssuer::new().passport());
    let json = "Content-Type: application/json";
    let none: &[&str] = &[];
    let over = r#"{"amount":"500.01"}"#;
    for (line, headers, body, status, code, challenge) in [
        ("POST /buy?amount=1", none, "", 401, "missing_token", Some("Bearer")),
        ("POST /buy?amount=1", &["Authorization: Basic YTpi"], "", 401, "missing_token", Some("Bearer")),
        ("POST /buy?amount=1", &["Authorization: Bearer x"], "", 401, "malformed_token", INVALID),
        ("POST /buy?amount=1", &[&ollie, &ollie], "", 401, "malformed_token", INVALID),
        ("POST /buy?amount=1", &[&stranger], "", 401, "unknown_key", INVALID),
        ("POST /buy?amount=1", &[&casino], "", 401, "wrong_audience", INVALID),
        ("POST /buy?amount=500.01", &[&ollie], "", 403, "constraint_unmet", SCOPE),
        ("POST /buy", &[&ollie], "", 403, "constraint_unmet", SCOPE),
        ("POST /buy?amount=1&amount=1", &[&ollie], "", 400, "invalid_request", None),
        ("POST /refund", &[&ollie], "", 403, "approval_required", SCOPE),
        ("GET /drive/a/b", &[&ollie], "", 403, "resource_not_granted", SCOPE),
        ("GET /drive/../q3", &[&ollie], "", 400, "invalid_request", None),
        ("GET /drive/q3%2f", &[&ollie], "", 400, "invalid_request", None),
        ("GET /drive//q3", &[&ollie], "", 400, "invalid_request", None),
        ("GET /nested/..", &[&ollie], "", 400, "invalid_request", None),
        ("POST /forgotten", &[&ollie], "", 500, "internal_error", None),
        ("POST /purchase", none, over, 401, "missing_token", Some("Bearer")),
        ("POST /purchase", &[&casino, json], over, 401, "wrong_audience", INVALID),
        ("POST /purchase", &[&ollie, &ollie, json], over, 401, "malformed_token", INVALID),
        ("POST /purchase", &[&ollie, json], over, 403, "constraint_unmet", SCOPE),
    ] {
        let answer = stand.send(line, headers, body);
        assert_eq!((answer.status(), answer.code().as_str()), (status, code), "{line}");
        assert_eq!((answer.header("www-authenticate"), answer.header("retry-after")), (challenge, None), "{line}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{line}");
    }
    assert_eq!(stand.sold(), 0);
    let taken = ["missing_token", "internal_error"];
    assert_eq!(stand.notes.entries().len(), 20 - 4, "every decision is recorded: {:?}, and {taken:?} are none", stand.notes.reasons());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_is_called_for_what_is_allowed_and_each_decision_is_recorded_once() {
    let stand = Stand::open().await;
    let ollie = stand.header();
    let answer = stand.send("POST /buy?amount=500.00&other=1", &[&ollie], "for mum");
    assert_eq!((answer.status(), answer.body()), (200, "agent_ollie 1: for mum"));
    let answer = stand.send("POST /purchase", &[&ollie, "Content-Type: application/json"], r#"{"amount":"500.00"}"#);
    assert_eq!((answer.status(), answer.body()), (200, "agent_ollie by grant 0"));
    let answer = stand.send("GET /drive/q3", &[&ollie], "");
    assert_eq!((answer.status(), answer.body()), (200, "agent_ollie 0: "));
    let answer = stand.send("GET /nested/q3", &[&ollie], "");
    assert_eq!((answer.status(), answer.body()), (200, "agent_ollie 0: "));
    let entries: Vec<_> =
        stand.notes.entries().iter().map(|entry| (entry["reason"].clone(), entry["action"].clone(), entry["resource"].clone())).collect();
    let granted = |action: &str, resource: &str| (json!("granted"), json!(action), json!(resource));
    assert_eq!(
        entries,
        [granted("purchase", "commerce"), granted("purchase", "commerce"), granted("read", "drive/q3"), granted("read", "drive/q3")]
    );
    assert_eq!(stand.sold(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unavailable_is_503_with_a_time_to_try_again() {
    let unknown = Stand::with(|issuer| Guard::new(issuer.verifier()).with_clock(HandClock::at(-1))).await;
    let no_keys = Stand::with(|_| Guard::new(Verifier::new(Trust::none(ISSUER), AUDIENCE)).with_clock(HandClock::at(NOW))).await;
    for (stand, code) in [(unknown, "clock_untrusted"), (no_keys, "keys_unavailable")] {
        for line in ["POST /buy?amount=1", "POST /purchase"] {
            let answer = stand.send(line, &[&stand.header()], "");
            assert_eq!((answer.status(), answer.code().as_str()), (503, code));
            assert_eq!((answer.header("retry-after"), answer.header("www-authenticate")), (Some("5"), None));
        }
        assert_eq!((stand.sold(), stand.notes.entries().len()), (0, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_is_asked_for_only_once_the_passport_is_good() {
    let stand = Stand::open().await;
    let ollie = stand.header();
    // A client that waits for `100 Continue` is told when the server begins to read the body.
    let wait = |line: &str, header: &str| {
        let mut stream = stand.connect();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: shop\r\n{header}\r\nContent-Type: application/json\r\nContent-Length: 16\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let mut first = [0; 12];
        stream.read_exact(&mut first).expect("an answer");
        String::from_utf8(first.to_vec()).expect("text")
    };
    assert_eq!(wait("POST /buy?amount=501", &ollie), "HTTP/1.1 403");
    assert_eq!(wait("POST /buy?amount=1", "Authorization: Bearer x"), "HTTP/1.1 401");
    assert_eq!(wait("POST /purchase", "Authorization: Bearer x"), "HTTP/1.1 401");
    assert_eq!(wait("POST /refund", &ollie), "HTTP/1.1 403");
    assert_eq!(wait("POST /buy?amount=1", &ollie), "HTTP/1.1 100");
    assert_eq!(wait("POST /purchase", &ollie), "HTTP/1.1 100");
}

#[test]
fn a_passport_shows_what_it_says_and_not_its_token() {
    let issuer = TestIssuer::new();
    let token = issuer.passport();
    let guard = Arc::new(Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW)));
    let verified = guard.verify(Some(&format!("Bearer {token}"))).expect("good");
    let shown = format!("{:?}", Passport { guard, verified });
    assert!(shown.contains("agent_ollie"), "{shown}");
    assert!(token.split('.').all(|part| !shown.contains(part)), "{shown}");
}
