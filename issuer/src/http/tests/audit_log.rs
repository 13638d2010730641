//! The audit log as its readers see it.

use passport_shared::log::merkle::leaf_hash;
use passport_shared::log::tile::read_bundle;
use passport_verifier::log::LogVerifier;
use serde_json::json;

use super::{Fixture, request};

async fn verifier(fixture: &Fixture) -> LogVerifier {
    let told = fixture.send(request("GET", "/.well-known/passport-issuer", None, None)).await.json();
    assert_eq!(told["auditLog"]["prefix"], "https://issuer.example/v1/audit/log/");
    LogVerifier::new(told["auditLog"]["verifierKey"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn anyone_follows_the_hashes_and_only_readers_of_the_log_its_entries() {
    let fixture = Fixture::new().await;
    let log = verifier(&fixture).await;
    let note = fixture.send(request("GET", "/v1/audit/log/checkpoint", None, None)).await;
    assert_eq!(note.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!((note.header("cache-control"), note.header("access-control-allow-origin")), (Some("no-cache"), Some("*")));
    assert_eq!(fixture.admin("GET", "/v1/audit/checkpoint", None).await.body, note.body);
    let checkpoint = log.checkpoint(note.body.as_bytes()).unwrap();
    let size = checkpoint.size();
    assert!(size > 2);
    let tile = format!("/v1/audit/log/tile/0/000.p/{size}");
    let reply = fixture.send(request("GET", &tile, None, None)).await;
    assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
    assert!(reply.header("cache-control").unwrap().contains("immutable"));
    let more = format!("/v1/audit/log/tile/0/000.p/{}", size + 1);
    for absent in
        [more.as_str(), "/v1/audit/log/tile/0/000", "/v1/audit/log/tile/8/000", "/v1/audit/log/tile/0/0", "/v1/audit/log/tile/x/000"]
    {
        fixture.send(request("GET", absent, None, None)).await.assert_problem(404, "not_found");
    }
    let entries = format!("/v1/audit/log/tile/entries/000.p/{size}");
    fixture.send(request("GET", &entries, None, None)).await.assert_problem(401, "missing_token");
    let bundle = fixture.admin("GET", &entries, None).await;
    assert_eq!((bundle.header("cache-control"), bundle.header("access-control-allow-origin")), (Some("no-store"), None));
    let entries = read_bundle(&bundle.bytes, size).unwrap();
    let leaves: Vec<_> = entries.into_iter().map(leaf_hash).collect();
    assert_eq!(passport_shared::log::merkle::root(&leaves), *checkpoint.root());
}

#[tokio::test]
async fn every_event_of_a_request_is_proved_whoever_reported_it() {
    let fixture = Fixture::new().await;
    let log = verifier(&fixture).await;
    for reporter in ["shop", "bank"] {
        let token = fixture.passport(reporter, json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}])).await;
        let event = json!({"requestId": "req_1", "seq": 0, "outcome": "deny", "reason": "expired", "evaluatedAt": null});
        let body = json!({"reporter": reporter, "events": [event]});
        assert_eq!(fixture.send(request("POST", "/v1/audit/events", Some(&token), Some(body))).await.status, 200);
    }
    let proofs = async |query: &str| fixture.admin("GET", &format!("/v1/audit/proof?{query}"), None).await;
    let all = proofs("requestId=req_1").await.json();
    let reporters: Vec<String> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let proved = log.prove(item.to_string().as_bytes()).unwrap();
            assert!(proved.body.unwrap().contains("\"req_1\""));
            proved.entry.reporter.into_owned()
        })
        .collect();
    assert_eq!(reporters, ["shop", "bank"]);
    let one = proofs("requestId=req_1&reporter=bank").await.json();
    assert_eq!(one["items"].as_array().unwrap().as_slice(), &all["items"].as_array().unwrap()[1..]);
    proofs("requestId=req_2").await.assert_problem(404, "not_found");
    proofs("reporter=bank").await.assert_problem(400, "invalid_query");
}
