use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::service::testing::{ISSUER, NOW, Place, SHOP, SHOPPING, World, order, settings};
use crate::service::{ServiceError, Settings};

fn claims_of(token: &str) -> Value {
    serde_json::from_slice(&jose::decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn header_of(token: &str) -> Value {
    serde_json::from_slice(&jose::decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap()
}

/// A body with every member that an order can have.
fn full() -> IssuePassport {
    IssuePassport {
        not_before: passport_shared::time::format(NOW + 10),
        on_behalf_of: Some("Finance".into()),
        renew_until: passport_shared::time::format(NOW + 86_400),
        ..order("ollie", SHOP, SHOPPING)
    }
}

#[tokio::test]
async fn a_preview_says_to_the_byte_what_issuing_the_same_then_signs() {
    let world = World::new().await;
    world.agent("ollie").await;
    let caller = world.minter().await;
    let mut exact = 0;
    for _ in 0..8 {
        let preview = world.issuer.preview_passport(&caller, full()).await.unwrap();
        let issued = world.issuer.issue_passport(&caller, full()).await.unwrap();
        assert_eq!(value(&preview.header), header_of(&issued.passport));
        let (mut said, signed) = (value(&preview.claims), claims_of(&issued.passport));
        assert_eq!(said["jti"], "pp_00000000-0000-0000-0000-000000000000");
        said["jti"] = signed["jti"].clone();
        said["status"]["status_list"]["idx"] = signed["status"]["status_list"]["idx"].clone();
        assert_eq!(said, signed);
        assert_eq!((preview.issued_at, preview.expires_at, preview.renew_until), (issued.issued_at, issued.expires_at, issued.renew_until));
        assert_eq!(value(&preview.grants), signed["authorization_details"]);
        // The lists of this world have 64 places.
        let bytes = issued.passport.len() as u64;
        let two_digits = signed["status"]["status_list"]["idx"].as_u64().unwrap() >= 10;
        assert!(bytes == preview.token_bytes || !two_digits && (1..=2).contains(&(preview.token_bytes - bytes)), "{bytes}");
        exact += u32::from(two_digits);
    }
    assert!(exact > 0);
    let preview = world.issuer.preview_passport(&caller, full()).await.unwrap();
    assert_eq!(preview.describe, ["may `purchase` on `commerce`, with `amount` at most 500.00"]);
    assert_eq!(preview.max_token_bytes, 8_192);
}

#[tokio::test]
async fn a_preview_leaves_nothing_behind() {
    // Lists of eight places are half full with four passports, so that the next one needs a new list.
    let place = Place::new();
    let (issuer, admin) = place.try_start(Settings { status_list_size: 8, ..settings() }).await.unwrap();
    let admin = admin.unwrap().passport;
    let caller = issuer.authorize(Some(&admin), "passports.issue", "issuer/passports", &[]).await.unwrap();
    for _ in 0..3 {
        issuer.issue_passport(&caller, order("admin", SHOP, SHOPPING)).await.unwrap();
    }
    let seen = async || {
        let events = issuer.store().events(crate::store::AuditFilter { limit: 1_000, ..Default::default() }).await.unwrap().items;
        let passports = issuer.passports(crate::service::PassportQuery::default()).await.unwrap().items.len();
        (events.len(), passports, issuer.store().status_lists().await.unwrap(), issuer.edition().await.unwrap().sequence())
    };
    let before = seen().await;
    let preview = issuer.preview_passport(&caller, order("admin", SHOP, SHOPPING)).await.unwrap();
    assert_eq!(value(&preview.claims)["status"]["status_list"], json!({"idx": 7, "uri": format!("{ISSUER}/v1/status/1")}));
    assert_eq!(seen().await, before);
    issuer.issue_passport(&caller, order("admin", SHOP, SHOPPING)).await.unwrap();
    assert_ne!(seen().await, before);
}

/// Status, code and faults.
fn told(error: &ServiceError) -> (u16, &'static str, String, String) {
    let errors = match error {
        ServiceError::Invalid { errors } | ServiceError::Forbidden { errors, .. } => format!("{errors:?}"),
        _ => String::new(),
    };
    (error.status(), error.code(), error.to_string(), errors)
}

#[tokio::test]
async fn what_is_wrong_with_an_order_is_said_by_its_preview_as_by_issuing_it() {
    let world = World::new().await;
    world.agent("ollie").await;
    world.agent("off").await;
    let writer = world.admin("agents.write", "issuer/agents").await;
    world.issuer.disable_agent(&writer, "off", Default::default()).await.unwrap();
    let role = world.role("issuer").await;
    let caller = world.issuer.authorize(Some(&role), "passports.issue", "issuer/passports", &[]).await.unwrap();
    let sound = || order("ollie", SHOP, SHOPPING);
    let long = format!(r#"[{{"resource":"commerce","allowedActions":["{}"]}}]"#, vec![format!("{:0>100}", 1); 70].join(r#"",""#));
    let unique = (0..70).map(|n| format!(r#""{n:0>100}""#)).collect::<Vec<_>>().join(",");
    let bodies = [
        order("", SHOP, SHOPPING),
        order("nobody", SHOP, SHOPPING),
        order("off", SHOP, SHOPPING),
        order("ollie", SHOP, r#"[{"resource":"commerce","allowedActions":["buy"],"constraints":{"amount":{"max":true}}}]"#),
        order("ollie", SHOP, r#"[{"resource":"a"},{"resource":"","allowedActions":["x"],"requiresApproval":1}]"#),
        order("ollie", SHOP, &long),
        order("ollie", SHOP, &format!(r#"[{{"resource":"commerce","allowedActions":[{unique}]}}]"#)),
        order("ollie", ISSUER, r#"[{"resource":"issuer/keys","allowedActions":["keys.rotate"]}]"#),
        IssuePassport { audience: Vec::new(), ..sound() },
        IssuePassport { expires_in: Some(0), renew_until: Some("soon".into()), ..sound() },
        IssuePassport { expires_at: Some("2027-01-01T00:00:00Z".into()), ..sound() },
        IssuePassport { template: Some("none".into()), grants: None, ..sound() },
        IssuePassport { template: Some("none".into()), ..sound() },
        IssuePassport { parameters: Some(RawValue::from_string("{}".into()).unwrap()), ..sound() },
    ];
    let mut codes = std::collections::BTreeSet::new();
    for body in bodies {
        let what = format!("{body:?}");
        let previewed = world.issuer.preview_passport(&caller, body.clone()).await.expect_err(&what);
        let issued = world.issuer.issue_passport(&caller, body).await.expect_err(&what);
        assert_eq!(told(&previewed), told(&issued), "{what}");
        codes.insert(issued.code());
    }
    assert!(codes.is_superset(&["conflict", "invalid_body", "not_found", "not_held"].into()), "{codes:?}");
}

#[tokio::test]
async fn whether_an_order_is_too_long_is_no_matter_of_chance() {
    let world = World::new().await;
    world.agent("ollie").await;
    let caller = world.minter().await;
    let body = |length: usize| {
        let name = |n: usize, bytes: usize| format!("\"{n:0>bytes$}\"");
        let actions: Vec<_> = (0..56).map(|n| name(n, 96)).chain([name(99, length)]).collect();
        order("ollie", SHOP, &format!(r#"[{{"resource":"commerce","allowedActions":[{}]}}]"#, actions.join(",")))
    };
    let mut length = 2;
    while world.issuer.preview_passport(&caller, body(length + 1)).await.is_ok() {
        length += 1;
    }
    let bytes = world.issuer.preview_passport(&caller, body(length)).await.unwrap().token_bytes;
    assert!((8_190..=8_192).contains(&bytes), "{bytes}");
    for _ in 0..24 {
        let issued = world.issuer.issue_passport(&caller, body(length)).await.unwrap();
        assert!((bytes - 2..=bytes).contains(&(issued.passport.len() as u64)));
        assert_eq!(world.issuer.issue_passport(&caller, body(length + 1)).await.unwrap_err().code(), "invalid_body");
    }
}
