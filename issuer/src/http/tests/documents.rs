//! The public documents: their types, their tags, how long they may be kept.

use super::{Fixture, Reply, request};

const TAGGED: [(&str, &str); 3] = [
    ("/.well-known/jwks.json", "application/jwk-set+json"),
    ("/v1/status/0", "application/statuslist+jwt"),
    ("/v1/trust-bundle", "application/jwt"),
];

async fn get(fixture: &Fixture, path: &str, tag: Option<&str>) -> Reply {
    let mut request = request("GET", path, None, None);
    if let Some(tag) = tag {
        request.headers_mut().insert("if-none-match", tag.parse().unwrap());
    }
    fixture.send(request).await
}

#[tokio::test]
async fn a_document_has_a_type_a_tag_and_an_age_and_is_for_any_origin() {
    let fixture = Fixture::new().await;
    for (path, kind) in TAGGED {
        let reply = get(&fixture, path, None).await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), Some(kind));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        let control = reply.header("cache-control").unwrap();
        assert!(control == "no-cache" || control.starts_with("public, max-age="), "{path}: {control}");
        assert!(reply.header("etag").unwrap().starts_with('"'), "{path}");
    }
    for path in ["/.well-known/passport-issuer", "/openapi.json"] {
        let reply = get(&fixture, path, None).await;
        assert_eq!(reply.header("content-type"), Some("application/json"), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(reply.header("cache-control"), Some("public, max-age=300"), "{path}");
    }
}

#[tokio::test]
async fn who_has_the_document_is_told_so_and_sent_nothing() {
    let fixture = Fixture::new().await;
    for (path, _) in TAGGED {
        let first = get(&fixture, path, None).await;
        let tag = first.header("etag").unwrap();
        let again = get(&fixture, path, Some(tag)).await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""), "{path}");
        for name in ["etag", "cache-control", "access-control-allow-origin"] {
            assert_eq!(again.header(name), first.header(name), "{path}: {name}");
        }
        assert_eq!(get(&fixture, path, Some("\"another\"")).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_change_of_trust_changes_the_tags() {
    let fixture = Fixture::new().await;
    let before = get(&fixture, "/.well-known/jwks.json", None).await;
    assert_eq!(fixture.admin("POST", "/v1/keys/rotate", None).await.status, 200);
    let after = get(&fixture, "/.well-known/jwks.json", Some(before.header("etag").unwrap())).await;
    assert_eq!(after.status, 200);
    assert_ne!(after.header("etag"), before.header("etag"));
    assert_eq!(after.json()["keys"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn health_says_that_it_runs_and_readiness_that_it_can_work() {
    let fixture = Fixture::new().await;
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let reply = get(&fixture, path, None).await;
        assert_eq!((reply.status.as_u16(), reply.json()["status"].as_str()), (200, Some(status)));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    fixture.issuer.close().await.unwrap();
    assert_eq!(get(&fixture, "/healthz", None).await.status, 200);
    let reply = get(&fixture, "/readyz", None).await;
    reply.assert_problem(503, "unavailable");
    assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
}
