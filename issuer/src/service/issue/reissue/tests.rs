use passport_shared::api::keys::{RevokeKey, RevokedKey};
use passport_shared::api::passports::PassportState;
use passport_shared::json::{Controls, Document};
use serde_json::{Value, json};

use super::*;
use crate::service::preset;
use crate::service::testing::{ISSUER, NOW, SHOP, SHOPPING, World, order};

fn body(reissue: bool) -> RevokeKey {
    RevokeKey { reason: "stolen".into(), reissue, after: None }
}

async fn active(world: &World) -> String {
    world.issuer.keys().await.unwrap().items.into_iter().find(|key| key.state == "active").unwrap().key_id
}

async fn revoke(world: &World, token: &str, kid: &str, body: RevokeKey) -> RevokedKey {
    let caller = world.issuer.authorize(Some(token), "keys.revoke", "issuer/keys", &[]).await.unwrap();
    world.issuer.revoke_key(&caller, kid, body).await.unwrap()
}

fn claims(token: &str) -> Value {
    let payload = passport_shared::jose::decode(token.split('.').nth(1).unwrap()).unwrap();
    Document::read(&payload, Controls::Refused).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[tokio::test]
async fn one_call_revokes_a_key_and_gives_everybody_a_passport_in_place_of_theirs() {
    let world = World::new().await;
    world.agent("ollie").await;
    let mut wanted = order("ollie", SHOP, SHOPPING);
    wanted.on_behalf_of = Some("Finance".into());
    wanted.cnf = Some(RawValue::from_string(r#"{"jkt":"x"}"#.into()).unwrap());
    let old = world.issuer.issue_passport(&world.minter().await, wanted).await.unwrap();
    let plain = world.ollie().await;
    world.place.clock.advance(600);
    let kid = active(&world).await;
    let answer = revoke(&world, &world.admin, &kid, body(true)).await;
    assert_eq!((answer.affected.len(), answer.affected_next), (3, None));

    let own = &answer.affected[0];
    assert_eq!(own.agent_id, "admin", "the caller's own is the first");
    let fresh = own.reissued.as_ref().unwrap();
    assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "key_revoked");
    assert_eq!(world.gate(&fresh.passport, "keys.read", "issuer/keys").await, "granted");

    let entry = answer.affected.iter().find(|entry| entry.passport_id == old.passport_id).unwrap();
    let again = entry.reissued.as_ref().unwrap();
    assert!(entry.refused.is_none());
    assert_ne!(again.key_id, kid);
    let (before, after) = (claims(&old.passport), claims(&again.passport));
    for same in ["iss", "sub", "aud", "exp", "onBehalfOf", "cnf", "authorization_details"] {
        assert_eq!(before[same], after[same], "{same}");
        assert!(!after[same].is_null(), "{same}");
    }
    assert_eq!(after["iat"], NOW + 600);
    for new in ["jti", "status"] {
        assert_ne!(before[new], after[new], "{new}");
    }
    let plain_again = answer.affected.iter().find(|entry| entry.passport_id == plain.passport_id).unwrap().reissued.as_ref().unwrap();
    assert_eq!(world.reason(&plain.passport).await, "key_revoked");
    assert_eq!(world.reason(&plain_again.passport).await, "granted");

    // Each has its event, which names what it replaces and the request that asked for it.
    let log = world.log().await;
    let request = log.iter().find(|event| event.event.body.contains("\"key_revoked\"")).unwrap().event.request_id.clone();
    let changes: Vec<Value> = log.iter().map(|event| serde_json::from_str::<Value>(&event.event.body).unwrap()["change"].clone()).collect();
    let change = changes.iter().find(|change| change["replaces"] == json!(old.passport_id)).unwrap();
    assert_eq!((&change["passportId"], &change["forRequestId"]), (&json!(again.passport_id), &json!(request)));
}

#[tokio::test]
async fn who_only_revokes_is_told_what_went_with_the_key_and_gets_no_passport() {
    let world = World::new().await;
    let (ollie, gone) = (world.ollie().await, world.ollie().await);
    let caller = world.admin("passports.revoke", "issuer/passports").await;
    world.issuer.revoke_passport(&caller, &gone.passport_id, Default::default()).await.unwrap();
    let answer = revoke(&world, &world.admin, &active(&world).await, body(false)).await;
    let ids: Vec<&str> = answer.affected.iter().map(|entry| entry.passport_id.as_str()).collect();
    assert_eq!(ids[1..], [ollie.passport_id.as_str()], "the caller's own first, then the others; not what was revoked before");
    assert!(answer.affected.iter().all(|entry| entry.reissued.is_none() && entry.refused.is_none()));
}

#[tokio::test]
async fn what_cannot_be_issued_anew_is_said_and_is_in_nobodys_way() {
    let world = World::new().await;
    let ollie = world.ollie().await;
    world.agent("mallory").await;
    let mallory = world.passport("mallory", SHOP, SHOPPING).await;
    let auditor = world.passport("the-auditor", ISSUER, &serde_json::to_string(&preset("auditor").unwrap()).unwrap()).await;
    let kid = active(&world).await;
    // One who revokes keys and issues, but holds nothing of an auditor's.
    let grants = r#"[{"resource":"issuer/keys","allowedActions":["keys.revoke"]},{"resource":"issuer/passports","allowedActions":["passports.issue"]}]"#;
    world.issuer.rotate_keys(&world.admin("keys.rotate", "issuer/keys").await).await.unwrap();
    let keeper = world.passport("keeper", ISSUER, grants).await;
    revoke(&world, &keeper.passport, &kid, body(false)).await;
    let fresh_admin = world.issuer.admin_passport().await.unwrap().passport;
    let writer = world.issuer.authorize(Some(&fresh_admin), "agents.write", "issuer/agents", &[]).await.unwrap();
    world.issuer.disable_agent(&writer, "mallory", serde_json::from_str("{}").unwrap()).await.unwrap();

    let answer = revoke(&world, &keeper.passport, &kid, body(true)).await;
    let code = |id: &str| {
        let entry = answer.affected.iter().find(|entry| entry.passport_id == id).unwrap();
        assert_ne!(entry.reissued.is_some(), entry.refused.is_some());
        entry.refused.as_ref().map(|refused| refused.code.clone())
    };
    assert_eq!(code(&ollie.passport_id), None);
    assert!(code(&mallory.passport_id).is_some(), "its agent is disabled");
    assert_eq!(code(&auditor.passport_id).as_deref(), Some("not_held"), "nobody mints more than they hold");
}

#[tokio::test]
async fn who_may_not_issue_has_nothing_issued_anew_and_nothing_is_revoked() {
    let world = World::new().await;
    let kid = active(&world).await;
    let grants = r#"[{"resource":"issuer/keys","allowedActions":["keys.revoke"]}]"#;
    let keeper = world.passport("keeper", ISSUER, grants).await;
    let caller = world.issuer.authorize(Some(&keeper.passport), "keys.revoke", "issuer/keys", &[]).await.unwrap();
    let refused = world.issuer.revoke_key(&caller, &kid, body(true)).await.unwrap_err();
    assert_eq!(refused.code(), "not_held");
    assert_eq!(active(&world).await, kid, "nothing is half done");
    assert!(world.issuer.revoke_key(&caller, &kid, body(false)).await.is_ok());
}

#[tokio::test]
async fn many_passports_are_issued_anew_page_by_page_each_once() {
    let world = World::new().await;
    for _ in 0..105 {
        world.ollie().await;
    }
    let kid = active(&world).await;
    let first = revoke(&world, &world.admin, &kid, body(true)).await;
    assert!(first.affected_next.is_some());
    let fresh = first.affected[0].reissued.as_ref().unwrap().passport.clone();
    let second = revoke(&world, &fresh, &kid, RevokeKey { after: first.affected_next.clone(), ..body(true) }).await;
    assert_eq!(second.affected_next, None);
    let mut ids: Vec<String> = first.affected.iter().chain(&second.affected).map(|entry| entry.passport_id.clone()).collect();
    assert!(first.affected.iter().chain(&second.affected).all(|entry| entry.reissued.is_some()));
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), first.affected.len() + second.affected.len()), (106, 106), "the admin's and 105 others");
    let states = world.issuer.passport(&ids[0]).await.unwrap().state;
    assert_eq!(states, PassportState::Revoked);
    assert!(After::read(Some("x")).is_err() && After::read(Some("01")).is_err());
}

#[tokio::test]
async fn who_comes_with_a_passport_of_the_stolen_key_after_its_revocation_gets_none_in_its_place() {
    let world = World::new().await;
    let kid = active(&world).await;
    // Both were let through the gate before either acted: the thief's comes second.
    let caller = world.admin("keys.revoke", "issuer/keys").await;
    let late = world.admin("keys.revoke", "issuer/keys").await;
    world.issuer.revoke_key(&caller, &kid, body(false)).await.unwrap();
    let before = world.log().await.len();
    let answer = world.issuer.revoke_key(&late, &kid, body(true)).await.unwrap();
    assert!(answer.affected.iter().all(|entry| entry.reissued.is_none() && entry.refused.is_some()), "{answer:?}");
    assert_eq!((answer.affected.len(), world.log().await.len()), (1, before));
}
