//! What a collector is told of a request, what it never is, and that nobody waits for it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Request, header};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Told;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use prost::Message as _;
use serde_json::json;
use tower::ServiceExt as _;

use super::super::router::router_behind;
use super::{Fixture, Reply, request};
use crate::entropy::SystemEntropy;
use crate::http::{Front, Limits};
use crate::store::TracedStore;
use crate::traces::{Share, Traces};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Longer than any machine takes; what is waited for ends it.
const LONG: Duration = Duration::from_secs(120);

/// A collector: a real HTTP server that keeps the bytes that it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Bytes>>>);

impl Collector {
    async fn listen(&self) -> SocketAddr {
        let take = |State(Self(kept)): State<Self>, body: Bytes| async move { kept.lock().unwrap().push(body) };
        let router = Router::new().route("/v1/traces", post(take)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn spans(&self) -> Vec<Span> {
        let bodies = self.0.lock().unwrap().clone();
        let requests = bodies.into_iter().map(|body| ExportTraceServiceRequest::decode(body).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }
}

/// An issuer that is traced.
struct Traced {
    fixture: Fixture,
    router: Router,
    traces: Traces,
}

impl Traced {
    async fn to(address: SocketAddr, share: &str) -> Self {
        let fixture = Fixture::on(|store| Arc::new(TracedStore::new(store))).await;
        let share: Share = share.parse().unwrap();
        let traces = Traces::start(&format!("http://{address}").parse().unwrap(), share, Arc::new(SystemEntropy)).unwrap();
        let front = Front { tracer: Some(traces.tracer()), ..Front::default() };
        let router = router_behind(fixture.issuer.clone(), Limits::default(), front);
        Self { fixture, router, traces }
    }

    async fn send(&self, mut request: Request<axum::body::Body>, parent: Option<&str>) -> Reply {
        if let Some(parent) = parent {
            request.headers_mut().insert("traceparent", parent.parse().unwrap());
        }
        Reply::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    async fn end(self, within: Duration) -> bool {
        tokio::task::spawn_blocking(move || self.traces.end(within)).await.unwrap()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn said(span: &Span, key: &str) -> Option<String> {
    let value = span.attributes.iter().find(|attribute| attribute.key == key)?.value.clone()?.value?;
    match value {
        Told::StringValue(text) => Some(text),
        Told::IntValue(number) => Some(number.to_string()),
        other => panic!("{key}: {other:?}"),
    }
}

#[track_caller]
fn named<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let names: Vec<_> = spans.iter().map(|span| &span.name).collect();
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no `{name}` among {names:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_span_below_its_callers_with_what_it_waited_for_below_it() {
    let collector = Collector::default();
    let issuer = Traced::to(collector.listen().await, "0").await;
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let admin = issuer.fixture.admin.clone();
    issuer.fixture.admin("POST", "/v1/agents", Some(json!({"agentId": "ollie", "name": "Ollie"}))).await;
    let grants = json!([{"resource": "shop", "allowedActions": ["buy"]}]);
    let order = json!({"agentId": "ollie", "audience": ["https://shop.example"], "grants": grants, "expiresIn": 60});
    let issued = issuer.send(request("POST", "/v1/passports", Some(&admin), Some(order)), Some(&parent)).await;
    assert_eq!(issued.status, 201);
    let rotated = issuer.send(request("POST", "/v1/keys/rotate", Some(&admin), None), Some(&parent)).await;
    assert_eq!(rotated.status, 200);
    let denied = issuer.send(request("GET", "/v1/agents", Some("x"), None), Some(&parent)).await;
    assert_eq!(denied.status, 401);
    assert!(issuer.end(LONG).await, "all that waited was sent");

    let spans = collector.spans();
    for (name, below) in [
        ("POST /v1/passports", &["gate", "store.agent", "store.insert_passport", "sign"][..]),
        ("POST /v1/keys/rotate", &["gate", "store.rotate_keys", "publish"]),
        ("GET /v1/agents", &["gate"]),
    ] {
        let whole = named(&spans, name);
        assert_eq!((hex(&whole.trace_id).as_str(), hex(&whole.parent_span_id).as_str()), (TRACE, PARENT), "{name}");
        assert_eq!(whole.kind(), SpanKind::Server, "{name}");
        for part in below {
            let part = spans.iter().find(|span| span.name == *part && span.parent_span_id == whole.span_id);
            let part = part.unwrap_or_else(|| panic!("{name} has no {below:?}"));
            assert_eq!(part.trace_id, whole.trace_id);
            assert!(whole.start_time_unix_nano <= part.start_time_unix_nano && part.end_time_unix_nano <= whole.end_time_unix_nano);
        }
    }
    let publish = named(&spans, "publish");
    assert!(spans.iter().any(|span| span.name == "store.trust_snapshot" && span.parent_span_id == publish.span_id));

    let whole = named(&spans, "POST /v1/passports");
    assert_eq!(said(whole, "http.request.method").as_deref(), Some("POST"));
    assert_eq!(said(whole, "http.route").as_deref(), Some("/v1/passports"));
    assert_eq!(said(whole, "http.response.status_code").as_deref(), Some("201"));
    assert!(said(whole, "passport.request_id").is_some_and(|id| id.starts_with("req_")));
    assert!(said(whole, "passport.jti").is_some_and(|jti| jti.starts_with("pp_")));
    let refused = named(&spans, "GET /v1/agents");
    assert_eq!(said(refused, "passport.code").as_deref(), Some("malformed_token"));
    assert_eq!(said(refused, "passport.jti"), None, "nothing of a token that was not verified");
    let keys: BTreeSet<_> = spans.iter().flat_map(|span| &span.attributes).map(|attribute| attribute.key.as_str()).collect();
    let listed = BTreeSet::from([
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "passport.action",
        "passport.code",
        "passport.jti",
        "passport.request_id",
        "passport.resource",
    ]);
    assert_eq!(keys, listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_that_is_sent_to_any_route_reaches_the_collector() {
    let collector = Collector::default();
    let issuer = Traced::to(collector.listen().await, "1").await;
    let admin = issuer.fixture.admin.clone();
    let document = serde_json::to_value(super::openapi()).unwrap();
    let mut sent = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let path = path.replace("{id}", "hidden-path").replace("{kid}", "hidden-path").replace("{list}", "hidden-path");
            for token in [Some(admin.as_str()), Some("hidden.bearer.token"), None] {
                let body = json!({"passport": admin, "audience": "hidden-body", "request": {"action": "hidden-body"}});
                let mut request = request(&method.to_uppercase(), &format!("{path}?cursor=hidden-query"), token, Some(body));
                request.headers_mut().insert("x-secret", "hidden-header".parse().unwrap());
                request.headers_mut().insert("tracestate", "vendor=hidden-state".parse().unwrap());
                request.headers_mut().insert(header::COOKIE, "hidden=cookie".parse().unwrap());
                issuer.send(request, None).await;
                sent += 1;
            }
        }
    }
    issuer.send(request("HIDDEN", "/hidden-path", None, None), Some("00-hidden")).await;
    assert!(issuer.end(LONG).await);
    let whole = collector.spans().iter().filter(|span| span.kind() == SpanKind::Server).count();
    assert_eq!(whole, sent + 1, "a span for each request");
    let told: Vec<u8> = collector.0.lock().unwrap().concat();
    let told = String::from_utf8_lossy(&told).to_lowercase();
    assert!(!told.contains("hidden"), "something that was sent is told");
    for part in admin.split('.') {
        assert!(!told.contains(&part.to_lowercase()), "a part of a token is told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_traced_is_said_by_the_caller_and_else_by_the_share() {
    for (share, parent, traced) in [
        ("0", None, false),
        ("1", None, true),
        ("0", Some("01"), true),
        ("1", Some("00"), false),
        // No sound parent is none.
        ("1", Some("0"), true),
    ] {
        let collector = Collector::default();
        let issuer = Traced::to(collector.listen().await, share).await;
        let parent = parent.map(|flags| format!("00-{TRACE}-{PARENT}-{flags}"));
        assert_eq!(issuer.send(request("GET", "/healthz", None, None), parent.as_deref()).await.status, 200);
        assert!(issuer.end(LONG).await);
        let names: Vec<_> = collector.spans().into_iter().map(|span| span.name).collect();
        assert_eq!(names.contains(&"GET /healthz".to_owned()), traced, "share {share}, parent {parent:?}: {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_or_never_answers_holds_up_no_request() {
    // One address where nobody listens, and one where connections are taken and nothing is ever said.
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [away, silent.local_addr().unwrap()] {
        let issuer = Traced::to(address, "1").await;
        for _ in 0..300 {
            let admin = issuer.fixture.admin.clone();
            assert_eq!(issuer.send(request("GET", "/v1/agents", Some(&admin), None), None).await.status, 200);
        }
        // More than one batch waits, so the exporter is in the middle of a call that fails or hangs.
        assert!(!issuer.end(Duration::from_millis(50)).await, "it is said that spans are lost");
    }
    drop(silent);
}
