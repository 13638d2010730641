use passport_keys::KeyVault as _;
use serde_json::Value;

use super::*;
use crate::service::testing::{ISSUER, Place, SHOP, SHOPPING, World};

/// Every action of the API with its resource (contract section 7), and the roles that may do it.
const ACTIONS: [(&str, &str, &[&str]); 13] = [
    ("agents.write", "issuer/agents", &["admin", "issuer"]),
    ("agents.read", "issuer/agents", &["admin", "issuer", "auditor"]),
    ("passports.issue", "issuer/passports", &["admin", "issuer"]),
    ("passports.read", "issuer/passports", &["admin", "issuer", "auditor"]),
    ("passports.revoke", "issuer/passports", &["admin", "issuer"]),
    ("keys.read", "issuer/keys", &["admin", "auditor"]),
    ("keys.rotate", "issuer/keys", &["admin"]),
    ("keys.revoke", "issuer/keys", &["admin"]),
    ("approvals.read", "issuer/approvals", &["admin", "approver"]),
    ("approvals.decide", "issuer/approvals", &["admin", "approver"]),
    ("audit.write", "issuer/audit", &["admin", "reporter"]),
    ("audit.read", "issuer/audit", &["admin", "auditor"]),
    ("verify", "issuer/verify", &["admin"]),
];

#[tokio::test]
async fn each_role_may_do_what_it_is_for_and_nothing_else() {
    let world = World::new().await;
    for role in ["admin", "issuer", "auditor", "approver", "reporter"] {
        let token = world.role(role).await;
        for (action, resource, roles) in ACTIONS {
            let granted = world.gate(&token, action, resource).await == "granted";
            assert_eq!(granted, roles.contains(&role), "{role}: {action} on {resource}");
        }
    }
}

#[tokio::test]
async fn a_caller_is_who_the_passport_says_and_the_decision_is_its_own() {
    let world = World::new().await;
    let caller = world.admin("keys.read", "issuer/keys").await;
    assert_eq!(caller.agent_id(), "admin");
    assert_eq!(caller.claims().audience.as_slice(), [ISSUER]);
    let decision: Value = serde_json::from_str(caller.decision()).unwrap();
    assert_eq!(decision["requestId"], caller.request_id());
    assert_eq!(decision["passportId"], caller.passport_id());
    assert_eq!(
        (&decision["outcome"], &decision["action"], &decision["resource"]),
        (&"allow".into(), &"keys.read".into(), &"issuer/keys".into())
    );
    assert!(caller.request_id().starts_with("req_"));
    assert_ne!(world.admin("keys.read", "issuer/keys").await.request_id(), caller.request_id());
}

#[tokio::test]
async fn a_passport_for_another_service_or_from_another_issuer_opens_nothing() {
    let world = World::new().await;
    // All that there is to be had, but for the shop.
    let elsewhere = world.passport("ollie", SHOP, r#"[{"resource":"**","allowedActions":["*"]}]"#).await.passport;
    assert_eq!(world.gate(&elsewhere, "keys.read", "issuer/keys").await, "wrong_audience");
    let other = Place::new();
    other.clock.advance(1);
    // The same chance makes the same keys, so this one draws another first.
    crate::entropy::below(&*other.parts().await.entropy, 1_000);
    let (_, admin) = other.start().await;
    assert_eq!(world.gate(&admin.unwrap().passport, "keys.read", "issuer/keys").await, "unknown_key");
    for token in ["", "x", "a.b.c"] {
        assert_eq!(world.gate(token, "keys.read", "issuer/keys").await, "malformed_token");
    }
    world.place.clock.advance(90 * 86_400);
    assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "expired");
}

#[tokio::test]
async fn a_denial_says_how_to_answer_and_shows_no_token() {
    let world = World::new().await;
    let none = world.issuer.authorize(Credential::Nothing, "keys.read", "issuer/keys", &[]).await.unwrap_err();
    assert_eq!((none.status(), none.challenge(), none.code()), (401, Some("Bearer"), "missing_token"));
    let role = world.role("reporter").await;
    for (token, status, challenge, code) in [
        ("x", 401, r#"Bearer error="invalid_token""#, "malformed_token"),
        (role.as_str(), 403, r#"Bearer error="insufficient_scope""#, "resource_not_granted"),
    ] {
        let denial = world.issuer.authorize(Some(token), "keys.rotate", "issuer/keys", &[]).await.unwrap_err();
        assert_eq!((denial.status(), denial.challenge(), denial.code()), (status, Some(challenge), code));
        let body: Value = serde_json::from_str(&denial.body()).unwrap();
        assert_eq!((&body["status"], &body["code"]), (&status.into(), &code.into()));
        assert!(body["requestId"].as_str().unwrap().starts_with("req_"));
        assert!(!denial.body().contains("eyJ"));
    }
    let body: Value = serde_json::from_str(&none.body()).unwrap();
    assert_eq!((&body["status"], &body["code"]), (&401.into(), &"missing_token".into()));
}

#[tokio::test]
async fn a_denial_is_no_audit_event() {
    let world = World::new().await;
    let role = world.role("reporter").await;
    let before = world.log().await.len();
    assert_eq!(world.gate(&role, "keys.rotate", "issuer/keys").await, "resource_not_granted");
    assert_eq!(world.log().await.len(), before);
}

#[tokio::test]
async fn a_grant_can_constrain_what_a_call_is_about() {
    let world = World::new().await;
    let grants = r#"[{"resource":"issuer/agents","allowedActions":["agents.read"],"constraints":{"agent":{"equals":"ollie"}}}]"#;
    let token = world.passport("helper", ISSUER, grants).await.passport;
    let ask = async |attributes: &[(&str, &str)]| {
        world.issuer.authorize(Some(&token), "agents.read", "issuer/agents", attributes).await.map(|_| ()).map_err(|denial| denial.code())
    };
    assert_eq!(ask(&[("agent", "ollie")]).await, Ok(()));
    assert_eq!(ask(&[("agent", "admin")]).await, Err("constraint_unmet"));
    assert_eq!(ask(&[]).await, Err("constraint_unmet"));
    assert_eq!(ask(&[("agent", &"x".repeat(5_000))]).await, Err("invalid_request"));
}

#[tokio::test]
async fn what_needs_approval_or_a_proof_is_not_let_through() {
    let world = World::new().await;
    let grants = r#"[{"resource":"issuer/**","allowedActions":["*"],"requiresApproval":true}]"#;
    let token = world.passport("careful", ISSUER, grants).await.passport;
    assert_eq!(world.gate(&token, "keys.rotate", "issuer/keys").await, "approval_required");
    let mut body = crate::service::testing::order("careful", ISSUER, r#"[{"resource":"issuer/**","allowedActions":["*"]}]"#);
    body.cnf = Some(serde_json::value::RawValue::from_string(r#"{"kid":"k"}"#.into()).unwrap());
    let bound = world.issuer.issue_passport(&world.minter().await, body).await.unwrap();
    assert_eq!(world.gate(&bound.passport, "keys.rotate", "issuer/keys").await, "proof_required");
}

#[tokio::test]
async fn an_issuer_without_its_store_lets_nobody_through_for_long() {
    let world = World::new().await;
    world.issuer.close().await.unwrap();
    assert_eq!(world.issuer.ready().await.unwrap_err().code(), "unavailable");
    // What is known is good for an hour, and then it is not.
    world.place.clock.advance(3_500);
    assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "granted");
    world.place.clock.advance(200);
    assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "status_unavailable");
    // And no change is made meanwhile.
    let caller = Caller {
        passport: passport_shared::unverified::UnverifiedPassport::read(world.admin.as_bytes()).unwrap().claims().clone(),
        author: world.issuer.inner.parts.own_author(ISSUER, "x", "x").unwrap(),
    };
    let refused = world.issuer.issue_passport(&caller, crate::service::testing::order("ollie", SHOP, SHOPPING)).await;
    assert_eq!(refused.unwrap_err().status(), 503);
}

/// Between the gate and the change a request may wait for its body.
#[tokio::test]
async fn who_was_let_through_and_is_revoked_since_changes_nothing() {
    let world = World::new().await;
    let victim = world.ollie().await;
    let keys = world.issuer.keys().await.unwrap().items;
    let active = keys.iter().find(|key| key.state == "active").unwrap().key_id.clone();
    for (name, code) in [("disabled", "revoked"), ("revoked", "revoked"), ("expired", "expired")] {
        let everything = r#"[{"resource":"issuer/**","allowedActions":["*"]}]"#;
        let issued = world.passport(name, ISSUER, everything).await;
        let caller = &world.issuer.authorize(Some(&issued.passport), "keys.rotate", "issuer/keys", &[]).await.unwrap();
        match name {
            "disabled" => {
                world.issuer.disable_agent(&world.admin("agents.write", "issuer/agents").await, name, Default::default()).await.unwrap();
            }
            "revoked" => {
                let caller = world.admin("passports.revoke", "issuer/passports").await;
                world.issuer.revoke_passport(&caller, &issued.passport_id, Default::default()).await.unwrap();
            }
            _ => world.place.clock.advance(3_600),
        }
        let issuer = &world.issuer;
        let before = (world.log().await.len(), world.place.vault().holds().unwrap().len());
        let agent = passport_shared::api::agents::NewAgent { agent_id: Some("new".into()), name: "x".into(), description: None };
        let reason = passport_shared::api::keys::RevokeKey { reason: "x".into(), ..Default::default() };
        let event = r#"{"seq":1,"requestId":"r","outcome":"deny","reason":"expired","evaluatedAt":null}"#;
        let report = passport_shared::api::audit::ReportEvents {
            reporter: name.into(),
            events: vec![serde_json::value::RawValue::from_string(event.into()).unwrap()],
        };
        let mut order = crate::service::testing::order("ollie", SHOP, SHOPPING);
        order.expires_in = Some(60);
        let many = passport_shared::api::passports::RevokePassports {
            agent_id: Some("ollie".into()),
            reason: Some("x".into()),
            ..Default::default()
        };
        for outcome in [
            issuer.revoke_passports(caller, many).await.map(drop),
            issuer.create_agent(caller, agent).await.map(drop),
            issuer.disable_agent(caller, "ollie", Default::default()).await.map(drop),
            issuer.enable_agent(caller, "ollie").await.map(drop),
            issuer.issue_passport(caller, order).await.map(drop),
            issuer.revoke_passport(caller, &victim.passport_id, Default::default()).await.map(drop),
            issuer.rotate_keys(caller).await.map(drop),
            issuer.revoke_key(caller, &active, reason).await.map(drop),
            issuer.report_events(caller, report).await.map(drop),
        ] {
            let error = outcome.unwrap_err();
            assert_eq!((error.status(), error.code()), (401, code), "{name}: {error:?}");
            assert_eq!(error.challenge(), Some(r#"Bearer error="invalid_token""#));
        }
        assert_eq!(before, (world.log().await.len(), world.place.vault().holds().unwrap().len()), "no event, and no key left over");
    }
}
