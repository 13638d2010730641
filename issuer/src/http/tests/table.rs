//! Every route there is, with what it takes to call it. A route that is not here fails a test.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header;
use hyper::body::Frame;
use serde_json::{Value, json};

use super::{Fixture, openapi, request};

/// A route: method, path as declared, a path to call, a body, and the action and resource that guard it.
struct Route(&'static str, &'static str, &'static str, Sent, Option<(&'static str, &'static str)>);

enum Sent {
    Nothing,
    Json(&'static str),
    Form(&'static str),
}

use Sent::{Form, Json, Nothing};

/// Guards a route that takes any passport which is good now.
const OWN: Option<(&str, &str)> = Some(("own", "passport"));

/// Stands at the routes of the console's own sessions, which no passport in a header opens.
const SESSION: Option<(&str, &str)> = Some(("session", "console"));

const ROUTES: &[Route] = &[
    Route("POST", "/console/session", "/console/session", Json(r#"{"link": "none"}"#), SESSION),
    Route("GET", "/console/session", "/console/session", Nothing, SESSION),
    Route("DELETE", "/console/session", "/console/session", Nothing, SESSION),
    Route("POST", "/v1/console/links", "/v1/console/links", Nothing, OWN),
    Route("POST", "/v1/approvals", "/v1/approvals", Json(r#"{"request": {"action": "x", "resource": "y"}}"#), OWN),
    Route("GET", "/v1/approvals", "/v1/approvals", Nothing, Some(("approvals.read", "issuer/approvals"))),
    Route("GET", "/v1/approvals/{id}", "/v1/approvals/apr_none", Nothing, OWN),
    Route("POST", "/v1/approvals/{id}/approve", "/v1/approvals/apr_none/approve", Nothing, Some(("approvals.decide", "issuer/approvals"))),
    Route("POST", "/v1/approvals/{id}/deny", "/v1/approvals/apr_none/deny", Nothing, Some(("approvals.decide", "issuer/approvals"))),
    Route("POST", "/v1/agents", "/v1/agents", Json(r#"{"name": "x"}"#), Some(("agents.write", "issuer/agents"))),
    Route("GET", "/v1/agents", "/v1/agents", Nothing, Some(("agents.read", "issuer/agents"))),
    Route("GET", "/v1/agents/{id}", "/v1/agents/admin", Nothing, Some(("agents.read", "issuer/agents"))),
    Route("POST", "/v1/agents/{id}/disable", "/v1/agents/nobody/disable", Nothing, Some(("agents.write", "issuer/agents"))),
    Route("POST", "/v1/agents/{id}/enable", "/v1/agents/nobody/enable", Nothing, Some(("agents.write", "issuer/agents"))),
    Route(
        "POST",
        "/v1/passports",
        "/v1/passports",
        Json(r#"{"agentId": "admin", "audience": ["https://shop.example"], "grants": [], "expiresIn": 60}"#),
        Some(("passports.issue", "issuer/passports")),
    ),
    Route(
        "POST",
        "/v1/passports/preview",
        "/v1/passports/preview",
        Json(r#"{"agentId": "admin", "audience": ["https://shop.example"], "grants": [], "expiresIn": 60}"#),
        Some(("passports.issue", "issuer/passports")),
    ),
    Route("POST", "/v1/passports/renew", "/v1/passports/renew", Json("{}"), OWN),
    Route("GET", "/v1/passports", "/v1/passports", Nothing, Some(("passports.read", "issuer/passports"))),
    Route(
        "POST",
        "/v1/passports/revoke",
        "/v1/passports/revoke",
        Json(r#"{"agentId": "nobody", "reason": "x"}"#),
        Some(("passports.revoke", "issuer/passports")),
    ),
    Route("GET", "/v1/passports/{id}", "/v1/passports/pp_none", Nothing, Some(("passports.read", "issuer/passports"))),
    Route("POST", "/v1/passports/{id}/revoke", "/v1/passports/pp_none/revoke", Nothing, Some(("passports.revoke", "issuer/passports"))),
    Route("POST", "/v1/templates", "/v1/templates", Json(r#"{"name": "x", "grants": []}"#), Some(("templates.write", "issuer/templates"))),
    Route("GET", "/v1/templates", "/v1/templates", Nothing, Some(("templates.read", "issuer/templates"))),
    Route("GET", "/v1/templates/{name}", "/v1/templates/none", Nothing, Some(("templates.read", "issuer/templates"))),
    Route(
        "PUT",
        "/v1/templates/{name}",
        "/v1/templates/none",
        Json(r#"{"name": "none", "revision": 1, "grants": []}"#),
        Some(("templates.write", "issuer/templates")),
    ),
    Route("DELETE", "/v1/templates/{name}", "/v1/templates/none", Nothing, Some(("templates.write", "issuer/templates"))),
    Route("POST", "/v1/templates/{name}/expand", "/v1/templates/none/expand", Nothing, Some(("templates.read", "issuer/templates"))),
    Route(
        "POST",
        "/v1/templates/{name}/preview",
        "/v1/templates/none/preview",
        Json(r#"{"grants": []}"#),
        Some(("templates.write", "issuer/templates")),
    ),
    Route(
        "POST",
        "/v1/webhooks",
        "/v1/webhooks",
        Json(r#"{"url": "https://hooks.example", "events": ["decision.denied"]}"#),
        Some(("webhooks.write", "issuer/webhooks")),
    ),
    Route("GET", "/v1/webhooks", "/v1/webhooks", Nothing, Some(("webhooks.read", "issuer/webhooks"))),
    Route("GET", "/v1/webhooks/{id}", "/v1/webhooks/wh_none", Nothing, Some(("webhooks.read", "issuer/webhooks"))),
    Route("DELETE", "/v1/webhooks/{id}", "/v1/webhooks/wh_none", Nothing, Some(("webhooks.write", "issuer/webhooks"))),
    Route(
        "POST",
        "/v1/webhooks/{id}/rotate-secret",
        "/v1/webhooks/wh_none/rotate-secret",
        Nothing,
        Some(("webhooks.write", "issuer/webhooks")),
    ),
    Route("POST", "/v1/webhooks/{id}/enable", "/v1/webhooks/wh_none/enable", Nothing, Some(("webhooks.write", "issuer/webhooks"))),
    Route("POST", "/v1/webhooks/{id}/disable", "/v1/webhooks/wh_none/disable", Nothing, Some(("webhooks.write", "issuer/webhooks"))),
    Route("GET", "/v1/webhooks/{id}/deliveries", "/v1/webhooks/wh_none/deliveries", Nothing, Some(("webhooks.read", "issuer/webhooks"))),
    Route("POST", "/v1/webhooks/{id}/replay", "/v1/webhooks/wh_none/replay", Nothing, Some(("webhooks.write", "issuer/webhooks"))),
    Route("GET", "/v1/keys", "/v1/keys", Nothing, Some(("keys.read", "issuer/keys"))),
    Route("POST", "/v1/keys/rotate", "/v1/keys/rotate", Nothing, Some(("keys.rotate", "issuer/keys"))),
    Route("POST", "/v1/keys/{kid}/revoke", "/v1/keys/none/revoke", Json(r#"{"reason": "x"}"#), Some(("keys.revoke", "issuer/keys"))),
    Route(
        "POST",
        "/v1/audit/events",
        "/v1/audit/events",
        Json(r#"{"reporter": "holder", "events": []}"#),
        Some(("audit.write", "issuer/audit")),
    ),
    Route("GET", "/v1/audit/events", "/v1/audit/events", Nothing, Some(("audit.read", "issuer/audit"))),
    Route("GET", "/v1/audit/checkpoint", "/v1/audit/checkpoint", Nothing, Some(("audit.read", "issuer/audit"))),
    Route("GET", "/v1/audit/proof", "/v1/audit/proof?requestId=req_none", Nothing, Some(("audit.read", "issuer/audit"))),
    Route("GET", "/v1/audit/why", "/v1/audit/why?requestId=req_none", Nothing, Some(("audit.read", "issuer/audit"))),
    Route("GET", "/v1/audit/log/checkpoint", "/v1/audit/log/checkpoint", Nothing, None),
    Route("GET", "/v1/audit/log/tile/{level}/{number}", "/v1/audit/log/tile/0/000.p/1", Nothing, None),
    Route(
        "GET",
        "/v1/audit/log/tile/entries/{number}",
        "/v1/audit/log/tile/entries/000.p/1",
        Nothing,
        Some(("audit.read", "issuer/audit")),
    ),
    Route("GET", "/v1/audit/counts", "/v1/audit/counts", Nothing, Some(("audit.read", "issuer/audit"))),
    Route("GET", "/v1/audit/findings", "/v1/audit/findings", Nothing, Some(("audit.read", "issuer/audit"))),
    Route("GET", "/v1/audit/reporters", "/v1/audit/reporters", Nothing, Some(("audit.read", "issuer/audit"))),
    Route("GET", "/v1/audit/stream", "/v1/audit/stream", Nothing, Some(("audit.read", "issuer/audit"))),
    Route("GET", "/v1/audit/differences", "/v1/audit/differences", Nothing, Some(("audit.read", "issuer/audit"))),
    Route(
        "POST",
        "/v1/verify",
        "/v1/verify",
        Json(r#"{"passport": "x", "audience": "https://shop.example", "request": {"action": "buy"}}"#),
        Some(("verify", "issuer/verify")),
    ),
    Route("POST", "/v1/introspect", "/v1/introspect", Form("token=x"), Some(("verify", "issuer/verify"))),
    Route("GET", "/v1/status/{list}", "/v1/status/0", Nothing, None),
    Route("GET", "/v1/trust-bundle", "/v1/trust-bundle", Nothing, None),
    Route("GET", "/.well-known/jwks.json", "/.well-known/jwks.json", Nothing, None),
    Route("GET", "/.well-known/passport-issuer", "/.well-known/passport-issuer", Nothing, None),
    Route("GET", "/healthz", "/healthz", Nothing, None),
    Route("GET", "/readyz", "/readyz", Nothing, None),
    Route("GET", "/openapi.json", "/openapi.json", Nothing, None),
];

impl Route {
    fn request(&self, token: Option<&str>, query: &str) -> axum::http::Request<Body> {
        let Self(method, _, path, sent, _) = self;
        // Some have one already.
        let query = if path.contains('?') { query.replacen('?', "&", 1) } else { query.to_owned() };
        let mut request = request(method, &format!("{path}{query}"), token, None);
        let (kind, text) = match sent {
            Nothing => return request,
            Json(text) => ("application/json", text),
            Form(text) => ("application/x-www-form-urlencoded", text),
        };
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        *request.body_mut() = Body::from(*text);
        request
    }
}

/// A body that cannot be read without being noticed.
struct Untouchable;

impl HttpBody for Untouchable {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body was read");
    }
}

/// A fixture whose streams end at once, as nobody may wait any more.
async fn at_rest() -> Fixture {
    let fixture = Fixture::new().await;
    fixture.issuer.end_waits();
    fixture
}

fn grant((action, resource): (&str, &str)) -> Value {
    json!({"resource": resource, "allowedActions": [action]})
}

fn guards() -> BTreeSet<(&'static str, &'static str)> {
    ROUTES.iter().filter_map(|route| route.4).filter(|guard| Some(*guard) != OWN && Some(*guard) != SESSION).collect()
}

#[test]
fn the_table_and_the_openapi_document_name_the_same_routes_and_permissions() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["tags"][0] == "console" && operation["security"][0].get("passport").is_none() {
                documented.insert((method.to_uppercase(), path.clone(), Some("session on console".to_owned())));
                continue;
            }
            // A list of no scopes: any passport that is good.
            let scopes = operation["security"][0]["passport"].as_array().cloned();
            let scope = scopes.map(|scopes| scopes.first().map_or("own on passport".into(), |scope| scope.as_str().unwrap().to_owned()));
            documented.insert((method.to_uppercase(), path.clone(), scope));
        }
    }
    let listed: BTreeSet<_> = ROUTES
        .iter()
        .map(|Route(method, path, _, _, guard)| {
            ((*method).to_owned(), (*path).to_owned(), guard.map(|(action, resource)| format!("{action} on {resource}")))
        })
        .collect();
    assert_eq!(documented, listed);
}

#[tokio::test]
async fn without_a_passport_only_public_routes_answer() {
    let fixture = Fixture::new().await;
    for route in ROUTES {
        let reply = fixture.send(route.request(None, "")).await;
        if route.4.is_some() {
            // Signing in is asked without a session.
            let code = if route.0 == "POST" && route.4 == SESSION { "invalid_link" } else { "missing_token" };
            reply.assert_problem(401, code);
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{}", route.2);
        } else {
            assert!(reply.status.is_success(), "{}: {reply:?}", route.2);
        }
    }
}

#[tokio::test]
async fn a_passport_that_allows_everything_else_is_refused() {
    let fixture = Fixture::new().await;
    for guard in guards() {
        let others: Vec<Value> = guards().into_iter().filter(|other| *other != guard).map(grant).collect();
        let token = fixture.passport("lacking", json!(others)).await;
        for route in ROUTES.iter().filter(|route| route.4 == Some(guard)) {
            let reply = fixture.send(route.request(Some(&token), "")).await;
            assert_eq!(reply.status, 403, "{}: {reply:?}", route.2);
            let code = reply.json()["code"].as_str().unwrap().to_owned();
            assert!(["action_not_granted", "resource_not_granted"].contains(&code.as_str()), "{}: {code}", route.2);
            assert!(reply.header("www-authenticate").unwrap().contains("error=\"insufficient_scope\""));
            assert_eq!(reply.json()["action"], guard.0);
            assert_eq!(reply.json()["resource"], guard.1);
        }
    }
}

#[tokio::test]
async fn a_passport_that_allows_just_that_is_let_through() {
    let fixture = at_rest().await;
    for guard in guards() {
        let token = fixture.passport("holder", json!([grant(guard)])).await;
        for route in ROUTES.iter().filter(|route| route.4 == Some(guard)) {
            let reply = fixture.send(route.request(Some(&token), "")).await;
            assert!(reply.status.is_success() || [404, 409, 422].contains(&reply.status.as_u16()), "{}: {reply:?}", route.2);
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{}", route.2);
            assert_eq!(reply.header("access-control-allow-origin"), None, "{}", route.2);
        }
    }
}

#[tokio::test]
async fn a_passport_is_asked_for_before_anything_of_the_body_is_read() {
    let fixture = Fixture::new().await;
    for route in ROUTES.iter().filter(|route| route.4.is_some() && route.4 != SESSION && !matches!(route.3, Nothing)) {
        let mut request = route.request(None, "?x=1");
        *request.body_mut() = Body::new(Untouchable);
        fixture.send(request).await.assert_problem(401, "missing_token");
        let mut request = route.request(Some(&fixture.admin), "");
        *request.body_mut() = Body::new(Untouchable);
        fixture.send(request).await.assert_problem(500, "internal_error");
    }
}

#[tokio::test]
async fn no_route_takes_a_parameter_that_it_does_not_know() {
    let fixture = at_rest().await;
    for route in ROUTES {
        let reply = fixture.send(route.request(Some(&fixture.admin), "?surprise=1")).await;
        reply.assert_problem(400, "invalid_query");
        assert!(reply.json()["detail"].as_str().unwrap().contains("`surprise`"), "{reply:?}");
    }
}

#[tokio::test]
async fn head_answers_like_get_without_the_body() {
    let fixture = at_rest().await;
    for route in ROUTES.iter().filter(|route| route.0 == "GET") {
        let get = fixture.send(route.request(Some(&fixture.admin), "")).await;
        let mut request = route.request(Some(&fixture.admin), "");
        *request.method_mut() = axum::http::Method::HEAD;
        let head = fixture.send(request).await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{}", route.2);
        assert_eq!(head.header("content-type"), get.header("content-type"), "{}", route.2);
    }
}

#[tokio::test]
async fn another_method_is_405_with_those_that_there_are() {
    let fixture = Fixture::new().await;
    for route in ROUTES {
        let there = |method: &&str| ROUTES.iter().any(|other| other.0 == *method && other.1 == route.1);
        for method in ["PUT", "DELETE", "OPTIONS", "PATCH", "BREW"].into_iter().filter(|method| !there(method)) {
            let reply = fixture.send(request(method, route.2, Some(&fixture.admin), None)).await;
            reply.assert_problem(405, "method_not_allowed");
            assert!(reply.header("allow").unwrap().contains(route.0), "{}: {reply:?}", route.2);
        }
    }
}
