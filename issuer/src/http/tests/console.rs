//! The console's sessions: the cookie, and what another site's page cannot do with it.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

use super::{Fixture, Reply, request};

impl Fixture {
    /// Signs in with a passport: the cookie as a browser sends it back, and the session.
    async fn signed_in(&self, passport: &str) -> (String, Value) {
        let reply = self.send(request("POST", "/console/session", None, Some(json!({ "passport": passport })))).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        (cookie, reply.json())
    }

    async fn by_cookie(&self, method: &str, path: &str, cookie: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        let mut asked = request(method, path, None, body);
        asked.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        for (name, value) in headers {
            asked.headers_mut().append(axum::http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        self.send(asked).await
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_host_alone_and_no_script_reads_it() {
    let fixture = Fixture::new().await;
    let reply = fixture.send(request("POST", "/console/session", None, Some(json!({ "passport": fixture.admin })))).await;
    let cookie = reply.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.starts_with("__Host-passport-console=") && cookie.ends_with("; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
    assert_eq!((reply.header("cache-control"), reply.header("access-control-allow-origin")), (Some("no-store"), None));
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(!reply.body.contains(secret) && !reply.body.contains("eyJ"), "{}", reply.body);
    let session = reply.json();
    assert_eq!(
        (&session["agentId"], &session["name"], &session["issuer"]),
        (&json!("admin"), &json!("Administrator"), &json!(super::ISSUER))
    );
    assert!(session["may"].as_array().unwrap().contains(&json!("approvals.decide")));
}

#[tokio::test]
async fn the_cookie_ends_with_the_passport_where_that_is_sooner() {
    let fixture = Fixture::new().await;
    let hour = fixture.passport("hour", json!([])).await;
    fixture.clock.0.fetch_add(600, std::sync::atomic::Ordering::SeqCst);
    let reply = fixture.send(request("POST", "/console/session", None, Some(json!({ "passport": hour })))).await;
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.contains("; Max-Age=3000;"), "{cookie}");
}

#[tokio::test]
async fn every_route_takes_the_cookie_and_a_change_needs_the_token_that_only_its_page_has() {
    let fixture = Fixture::new().await;
    let (cookie, session) = fixture.signed_in(&fixture.admin).await;
    let csrf = session["csrf"].as_str().unwrap();
    for path in ["/v1/agents", "/v1/keys", "/v1/approvals", "/v1/audit/events", "/console/session"] {
        assert_eq!(fixture.by_cookie("GET", path, &cookie, &[], None).await.status, 200, "{path}");
    }
    let agent = || Some(json!({"agentId": "ollie", "name": "Ollie"}));
    let other = fixture.signed_in(&fixture.admin).await.1["csrf"].as_str().unwrap().to_owned();
    for wrong in [&[][..], &[("x-csrf-token", "")], &[("x-csrf-token", "x")], &[("x-csrf-token", other.as_str())]] {
        fixture.by_cookie("POST", "/v1/agents", &cookie, wrong, agent()).await.assert_problem(403, "csrf");
        fixture.by_cookie("DELETE", "/console/session", &cookie, wrong, None).await.assert_problem(403, "csrf");
    }
    assert_eq!(fixture.admin("GET", "/v1/agents/ollie", None).await.status, 404, "nothing was made");
    let made = fixture.by_cookie("POST", "/v1/agents", &cookie, &[("x-csrf-token", csrf)], agent()).await;
    assert_eq!(made.status, 201, "{made:?}");

    let over = fixture.by_cookie("DELETE", "/console/session", &cookie, &[("x-csrf-token", csrf)], None).await;
    assert_eq!(over.status, 204);
    assert!(over.header("set-cookie").unwrap().starts_with("__Host-passport-console=; Path=/; Max-Age=0;"), "{over:?}");
    fixture.by_cookie("GET", "/v1/agents", &cookie, &[], None).await.assert_problem(401, "invalid_session");
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_whatever_it_asks() {
    let fixture = Fixture::new().await;
    let (cookie, session) = fixture.signed_in(&fixture.admin).await;
    let csrf = ("x-csrf-token", session["csrf"].as_str().unwrap());
    for (site, refused) in [("same-origin", false), ("none", false), ("same-site", true), ("cross-site", true), ("", true)] {
        let asked = [("sec-fetch-site", site), csrf];
        for reply in [
            fixture.by_cookie("GET", "/v1/agents", &cookie, &asked, None).await,
            fixture.by_cookie("GET", "/console/session", &cookie, &asked, None).await,
        ] {
            match refused {
                true => reply.assert_problem(403, "cross_site"),
                false => assert_eq!(reply.status, 200, "{site}: {reply:?}"),
            }
        }
    }
    let mut asked = request("POST", "/console/session", None, Some(json!({ "passport": fixture.admin })));
    asked.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    fixture.send(asked).await.assert_problem(403, "cross_site");
}

#[tokio::test]
async fn a_bearer_token_goes_before_the_cookie_and_two_cookies_are_none() {
    let fixture = Fixture::new().await;
    let (cookie, _) = fixture.signed_in(&fixture.admin).await;
    let less = fixture.passport("less", json!([])).await;
    let bearer = format!("Bearer {less}");
    let reply = fixture.by_cookie("GET", "/v1/agents", &cookie, &[("authorization", &bearer)], None).await;
    assert_eq!(reply.status, 403, "{reply:?}");
    let reply = fixture.by_cookie("GET", "/v1/agents", &format!("{cookie}; {cookie}"), &[], None).await;
    reply.assert_problem(401, "missing_token");
    fixture.by_cookie("GET", "/v1/agents", "__Host-passport-console=x", &[], None).await.assert_problem(401, "invalid_session");
    // A session makes no link to another: it would outlive itself.
    let (cookie, session) = fixture.signed_in(&fixture.admin).await;
    let csrf = [("x-csrf-token", session["csrf"].as_str().unwrap())];
    fixture.by_cookie("POST", "/v1/console/links", &cookie, &csrf, None).await.assert_problem(401, "missing_token");
    let link = fixture.admin("POST", "/v1/console/links", None).await;
    let code = link.json()["url"].as_str().unwrap().split_once("#link=").unwrap().1.to_owned();
    let by_link = || request("POST", "/console/session", None, Some(json!({ "link": code })));
    assert_eq!(fixture.send(by_link()).await.status, 200);
    fixture.send(by_link()).await.assert_problem(401, "invalid_link");
}

#[tokio::test]
async fn the_apps_pages_are_served_under_a_strict_policy() {
    let fixture = Fixture::new().await;
    for path in ["/console", "/console/", "/console/approvals", "/console/agents/ollie"] {
        let reply = fixture.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        assert!(reply.body.contains("<title>"), "{}", reply.body);
    }
    for path in ["/console/assets/none.js", "/console/none.txt", "/console/../passport.db", "/console/%2e%2e/x.db"] {
        let reply = fixture.send(Request::get(path).body(Body::empty()).unwrap()).await;
        reply.assert_problem(404, "not_found");
    }
}
