//! The committed OpenAPI document is the one that the code makes.

use std::path::Path;

use super::{Fixture, openapi, request};

#[test]
fn the_committed_openapi_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = openapi::write(&openapi());
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    assert!(
        committed == made,
        "issuer/openapi.json is not what the code makes; run `UPDATE_SNAPSHOTS=1 cargo test -p passport-issuer openapi` and commit the \
         difference once you have read it"
    );
}

#[test]
fn every_operation_is_described_whole() {
    let document = serde_json::to_value(openapi()).unwrap();
    assert_eq!(document["components"]["securitySchemes"]["passport"]["scheme"], "bearer");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{at}: an id that stands twice");
            assert!(operation["summary"].is_string(), "{at}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{at}");
            for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
                let response = match response["$ref"].as_str() {
                    Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
                    None => response,
                };
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{at}: {status}");
            }
        }
    }
}

#[test]
fn no_reference_in_the_document_leads_nowhere() {
    fn references<'v>(value: &'v serde_json::Value, found: &mut Vec<&'v str>) {
        match value {
            serde_json::Value::Object(members) => {
                found.extend(members.get("$ref").and_then(serde_json::Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = serde_json::to_value(openapi()).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_service_answers_with_the_committed_document() {
    let reply = Fixture::new().await.send(request("GET", "/openapi.json", None, None)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body.as_bytes(), openapi::write(&openapi()));
}
