//! Each endpoint, used as it is meant to be.

use axum::body::Body;
use axum::http::header;
use serde_json::json;

use super::{Fixture, ISSUER, Reply, request};

#[tokio::test]
async fn an_agent_is_created_listed_disabled_and_enabled() {
    let fixture = Fixture::new().await;
    let created = fixture.admin("POST", "/v1/agents", Some(json!({"agentId": "ollie", "name": "Ollie", "description": "travel"}))).await;
    assert_eq!((created.status.as_u16(), created.header("location")), (201, Some("/v1/agents/ollie")));
    assert_eq!(created.header("content-type"), Some("application/json"));
    let got = fixture.admin("GET", created.header("location").unwrap(), None).await;
    assert_eq!(got.json(), created.json());
    assert_eq!(got.json()["state"], "enabled");

    let first = fixture.admin("GET", "/v1/agents?limit=1", None).await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = fixture.admin("GET", &format!("/v1/agents?limit=1&cursor={cursor}"), None).await.json();
    assert_ne!(second["items"][0]["agentId"], first["items"][0]["agentId"]);

    fixture.passport_for("https://shop.example", "ollie", json!([])).await;
    let disabled = fixture.admin("POST", "/v1/agents/ollie/disable", Some(json!({"reason": "holidays"}))).await.json();
    assert_eq!((disabled["state"].as_str(), disabled["revokedPassports"].as_u64()), (Some("disabled"), Some(1)));
    let enabled = fixture.admin("POST", "/v1/agents/ollie/enable", None).await.json();
    assert_eq!((enabled["state"].as_str(), enabled["revokedPassports"].as_u64()), (Some("enabled"), Some(0)));
}

#[tokio::test]
async fn a_passport_is_issued_used_listed_and_revoked() {
    let fixture = Fixture::new().await;
    let token = fixture.passport("reader", json!([{"resource": "issuer/agents", "allowedActions": ["agents.read"]}])).await;
    assert_eq!(fixture.send(request("GET", "/v1/agents", Some(&token), None)).await.status, 200);

    let listed = fixture.admin("GET", "/v1/passports?agentId=reader&state=live", None).await;
    let id = listed.json()["items"][0]["passportId"].as_str().unwrap().to_owned();
    let path = format!("/v1/passports/{id}");
    let got = fixture.admin("GET", &path, None).await;
    // By its id, it is told in words too.
    let mut told = listed.json()["items"][0].clone();
    told["describe"] = json!(["may `agents.read` on `issuer/agents`"]);
    told["hides"] = json!([]);
    assert_eq!(got.json(), told);
    for reply in [&listed, &got] {
        assert!(!reply.body.contains(&token) && !reply.body.contains(token.rsplit('.').next().unwrap()), "a token is listed");
    }

    let revoked = fixture.admin("POST", &format!("{path}/revoke"), None).await;
    assert_eq!((revoked.status.as_u16(), revoked.json()["state"].as_str()), (200, Some("revoked")));
    fixture.send(request("GET", "/v1/agents", Some(&token), None)).await.assert_problem(401, "revoked");
}

#[tokio::test]
async fn keys_are_listed_rotated_and_revoked() {
    let fixture = Fixture::new().await;
    let keys = fixture.admin("GET", "/v1/keys", None).await.json();
    assert_eq!(keys.get("nextCursor"), Some(&serde_json::Value::Null), "it is a list like the others");
    let active = keys["items"].as_array().unwrap().iter().find(|key| key["state"] == "active").unwrap()["keyId"].clone();
    let rotated = fixture.admin("POST", "/v1/keys/rotate", None).await;
    assert_eq!(rotated.status, 200);
    let state =
        |reply: &Reply| reply.json()["items"].as_array().unwrap().iter().find(|key| key["keyId"] == active).unwrap()["state"].clone();
    assert_eq!(state(&rotated), "retired");
    let path = format!("/v1/keys/{}/revoke", active.as_str().unwrap());
    let revoked = fixture.admin("POST", &path, Some(json!({"reason": "lost"}))).await;
    assert_eq!(state(&revoked), "revoked");
    // It signed the admin's own passport.
    fixture.admin("GET", "/v1/keys", None).await.assert_problem(401, "key_revoked");
}

#[tokio::test]
async fn a_decision_is_the_answer_whatever_it_is_and_can_be_reported_and_read_back() {
    let fixture = Fixture::new().await;
    let shop = "https://shop.example";
    let token = fixture.passport_for(shop, "ollie", json!([{"resource": "commerce", "allowedActions": ["purchase"]}])).await;
    let mut decisions = Vec::new();
    for (action, outcome) in [("purchase", "allow"), ("refund", "deny")] {
        let body = json!({"passport": token, "audience": shop, "request": {"action": action, "resource": "commerce", "amount": 1.50}});
        let reply = fixture.admin("POST", "/v1/verify", Some(body)).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, Some("application/json")));
        assert_eq!(reply.json()["outcome"], outcome);
        decisions.push(reply.json());
    }
    let reporter = fixture.passport("shop", json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}])).await;
    for (seq, decision) in decisions.iter_mut().enumerate() {
        decision["seq"] = json!(seq + 1);
    }
    let batch = json!({"reporter": "shop", "events": decisions});
    let send = async || fixture.send(request("POST", "/v1/audit/events", Some(&reporter), Some(batch.clone()))).await;
    for (accepted, duplicates) in [(2, 0), (0, 2)] {
        let mut answer = send().await.json();
        assert!(answer.as_object_mut().unwrap().remove("receipt").is_some_and(|receipt| receipt.is_string()));
        assert_eq!(answer, json!({"accepted": accepted, "duplicates": duplicates, "conflicts": 0}));
    }
    let read = fixture.admin("GET", "/v1/audit/events?outcome=deny&agentId=ollie&reporter=shop", None).await.json();
    assert_eq!(read["items"].as_array().unwrap().len(), 1);
    assert_eq!((&read["items"][0]["action"], &read["items"][0]["kind"]), (&json!("refund"), &json!("decision")));

    let other = json!({"reporter": "another", "events": []});
    fixture.send(request("POST", "/v1/audit/events", Some(&reporter), Some(other))).await.assert_problem(403, "reporter_mismatch");
}

#[tokio::test]
async fn a_token_is_introspected_as_rfc_7662_says() {
    let fixture = Fixture::new().await;
    let mut request = request("POST", "/v1/introspect", Some(&fixture.admin), None);
    request.headers_mut().insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
    *request.body_mut() = Body::from(format!("token={}", fixture.admin));
    let reply = fixture.send(request).await;
    assert_eq!(reply.json()["active"], true);
    assert_eq!((reply.json()["iss"].as_str(), reply.json()["sub"].as_str()), (Some(ISSUER), Some("admin")));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn the_metadata_names_paths_that_are_there() {
    let fixture = Fixture::new().await;
    let metadata = fixture.admin("GET", "/.well-known/passport-issuer", None).await.json();
    assert_eq!(metadata["issuer"], ISSUER);
    for (member, method) in [
        ("jwks_uri", "GET"),
        ("trustBundleUri", "GET"),
        ("openapiUri", "GET"),
        ("introspection_endpoint", "POST"),
        ("verifyEndpoint", "POST"),
        ("auditEndpoint", "POST"),
    ] {
        let path = metadata[member].as_str().unwrap().strip_prefix(ISSUER).unwrap();
        let status = fixture.admin(method, path, None).await.status.as_u16();
        assert!([200, 415].contains(&status), "{member}: {status}");
    }
}

#[tokio::test]
async fn a_template_is_created_changed_tried_used_and_deleted() {
    let fixture = Fixture::new().await;
    let mut body = json!({
        "name": "by team/1",
        "parameters": {"team": {"type": "string"}},
        "grants": [{"resource": "reports/${team}", "allowedActions": ["read"]}],
    });
    let created = fixture.admin("POST", "/v1/templates", Some(body.clone())).await;
    assert_eq!((created.status.as_u16(), created.header("location")), (201, Some("/v1/templates/by%20team%2F1")));
    let path = created.header("location").unwrap();
    assert_eq!(fixture.admin("GET", path, None).await.json(), created.json());
    fixture.admin("POST", "/v1/templates", Some(body.clone())).await.assert_problem(409, "conflict");

    body["grants"][0]["allowedActions"] = json!(["read", "list"]);
    fixture.admin("PUT", path, Some(body.clone())).await.assert_problem(422, "invalid_body");
    body["revision"] = json!(1);
    let changed = fixture.admin("PUT", path, Some(body.clone())).await;
    assert_eq!((changed.status.as_u16(), changed.json()["revision"].as_i64()), (200, Some(2)));
    assert_eq!(fixture.admin("GET", &format!("{path}?revision=1"), None).await.json(), created.json());
    fixture.admin("GET", &format!("{path}?revision=3"), None).await.assert_problem(404, "not_found");
    body["grants"] = json!([]);
    body["parameters"] = json!({});
    fixture.admin("PUT", path, Some(body)).await.assert_problem(409, "conflict");
    let listed = fixture.admin("GET", "/v1/templates?limit=1", None).await.json();
    assert_eq!((&listed["items"][0], &listed["nextCursor"]), (&changed.json(), &json!(null)));

    let values = json!({"parameters": {"team": "north"}});
    let expanded = fixture.admin("POST", &format!("{path}/expand"), Some(values)).await.json();
    let grants = json!([{"type": "permission_passport", "resource": "reports/north", "allowedActions": ["read", "list"]}]);
    assert_eq!((&expanded["grants"], &expanded["describe"]), (&grants, &json!(["may `read` or `list` on `reports/north`"])));
    let none = fixture.admin("POST", &format!("{path}/expand"), None).await;
    none.assert_problem(422, "invalid_body");
    assert_eq!(none.json()["errors"][0]["pointer"], "/parameters/team");

    fixture.admin("POST", "/v1/agents", Some(json!({"agentId": "ollie", "name": "Ollie"}))).await;
    let order = json!({"agentId": "ollie", "audience": ["https://shop.example"], "expiresIn": 60, "template": "by team/1", "parameters": {"team": "north"}});
    let issued = fixture.admin("POST", "/v1/passports", Some(order)).await.json();
    assert_eq!((&issued["template"], &issued["templateRevision"]), (&json!("by team/1"), &json!(2)));
    let of = fixture.admin("GET", "/v1/passports?template=by%20team/1", None).await.json();
    assert_eq!((of["items"].as_array().unwrap().len(), &of["items"][0]["passportId"]), (1, &issued["passportId"]));
    assert_eq!(of["items"][0]["templateParameters"], json!({"team": "north"}));
    let deleted = fixture.admin("DELETE", path, None).await;
    assert_eq!(deleted.json(), json!({"name": "by team/1", "revision": 2, "livePassports": 1}));
    fixture.admin("DELETE", path, None).await.assert_problem(404, "not_found");
    let body = json!({"template": "by team/1", "reason": "withdrawn"});
    assert_eq!(fixture.admin("POST", "/v1/passports/revoke", Some(body)).await.json()["revoked"], 1);
}
