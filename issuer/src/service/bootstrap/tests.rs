use passport_keys::KeyVault as _;
use passport_shared::unverified::UnverifiedPassport;
use serde_json::Value;

use super::*;
use crate::service::testing::{ISSUER, NOW, Place, World, settings};
use crate::store::AuditFilter;

async fn refused(place: &Place, settings: Settings) -> StartError {
    place.try_start(settings).await.map(|_| ()).expect_err("refused")
}

#[tokio::test]
async fn a_first_start_makes_keys_and_an_admin_who_may_do_everything_for_90_days() {
    let world = World::new().await;
    let admin = UnverifiedPassport::read(world.admin.as_bytes()).unwrap().claims().clone();
    assert_eq!((admin.agent_id.as_str(), admin.audience.as_slice()), (ADMIN, [ISSUER.into()].as_slice()));
    assert_eq!(admin.expires_at, NOW + 90 * 86_400);
    assert_eq!(world.gate(&world.admin, "keys.rotate", "issuer/keys").await, "granted");
    let kinds: Vec<Value> =
        world.log().await.iter().map(|event| serde_json::from_str::<Value>(&event.event.body).unwrap()["change"]["type"].clone()).collect();
    assert_eq!(kinds, ["passport_issued", "agent_created", "log_key_created", "keys_created"], "newest first");
    assert!(world.log().await.iter().all(|event| event.reporter == ISSUER && event.event.agent_id.is_none()));
    assert!(world.issuer.ready().await.is_ok());
}

#[tokio::test]
async fn a_later_start_makes_nothing_and_old_passports_hold() {
    let world = World::new().await;
    let ollie = world.ollie().await;
    let caller = world.admin("keys.rotate", "issuer/keys").await;
    world.issuer.rotate_keys(&caller).await.unwrap();
    let (keys, events) = (world.place.vault().holds().unwrap(), world.log().await.len());
    world.issuer.close().await.unwrap();
    world.issuer.close().await.unwrap();
    let (issuer, none) = world.place.start().await;
    assert!(none.is_none());
    let world = World { issuer, admin: world.admin, place: world.place };
    assert_eq!(world.reason(&ollie.passport).await, "granted");
    assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "granted");
    assert_eq!((world.place.vault().holds().unwrap(), world.log().await.len()), (keys, events));
}

#[tokio::test]
async fn a_first_start_that_was_cut_short_is_taken_up_again() {
    // After the keys were made in the vault, and before the store had them.
    let place = Place::new();
    place.vault().create(&mut crate::entropy::EntropyRng::new(place.parts().await.entropy)).unwrap();
    // After the store had them.
    let parts = place.parts().await;
    bind(&parts, &settings()).await.unwrap();
    make_first_keys(&parts, &settings()).await.unwrap();
    let keys = parts.store.keys().await.unwrap();
    drop(parts);
    let (issuer, issued) = place.start().await;
    let token = issued.expect("no admin passport was issued yet").passport;
    assert!(issuer.authorize(Some(&token), "keys.read", "issuer/keys", &[]).await.is_ok());
    assert_eq!(issuer.store().keys().await.unwrap(), keys);
    assert_eq!(place.vault().holds().unwrap().len(), 4, "a key that nobody knows is named in the log and left alone");
}

#[tokio::test]
async fn a_first_start_that_was_cut_short_after_the_agent_still_issues_its_passport() {
    let place = Place::new();
    let parts = place.parts().await;
    bind(&parts, &settings()).await.unwrap();
    make_first_keys(&parts, &settings()).await.unwrap();
    let author = parts.own_author(ISSUER, "issuer.start", "x").unwrap();
    let event = parts.admin_event(&author, &json!({})).unwrap();
    let agent = NewAgent { agent_id: ADMIN.into(), name: "A".into(), description: None, created_at: NOW };
    parts.store.create_agent(agent, event).await.unwrap();
    let (_, issued) = place.start().await;
    assert!(issued.is_some());
    assert!(place.start().await.1.is_none());
}

#[tokio::test]
async fn data_belongs_to_one_url() {
    let world = World::new().await;
    world.issuer.close().await.unwrap();
    let error = refused(&world.place, Settings { issuer: "https://other.example".into(), ..settings() }).await;
    assert!(matches!(&error, StartError::OtherIssuer { bound, wanted } if bound == ISSUER && wanted == "https://other.example"));
    assert!(error.to_string().contains("--issuer https://issuer.example"), "{error}");
}

#[tokio::test]
async fn a_key_that_must_sign_and_cannot_is_named() {
    for (state, index) in [("active", 0), ("next", 1)] {
        let world = World::new().await;
        let key = world.issuer.store().keys().await.unwrap().into_iter().find(|key| key.state.name() == state).unwrap();
        world.issuer.close().await.unwrap();
        world.place.vault().forget(&key.key_id.parse().unwrap()).unwrap();
        let error = refused(&world.place, settings()).await;
        assert!(
            matches!(&error, StartError::Key { key_id, state: told, .. } if *key_id == key.key_id && *told == state),
            "{index}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_revoked_key_that_was_left_in_the_vault_is_destroyed_at_the_next_start() {
    let world = World::new().await;
    let active = world.issuer.keys().await.unwrap().items.into_iter().find(|key| key.state == "active").unwrap().key_id;
    let path = world.place.path().join("keys").join(format!("{active}.pem"));
    let file = std::fs::read(&path).unwrap();
    let caller = world.admin("keys.revoke", "issuer/keys").await;
    world
        .issuer
        .revoke_key(&caller, &active, passport_shared::api::keys::RevokeKey { reason: "x".into(), ..Default::default() })
        .await
        .unwrap();
    assert!(!path.exists());
    // As if destroying it had failed.
    std::fs::write(&path, file).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    world.issuer.close().await.unwrap();
    world.place.start().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_lost_admin_passport_is_replaced_by_who_runs_the_issuer() {
    let world = World::new().await;
    world.place.clock.advance(90 * 86_400);
    assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "expired");
    let fresh = world.issuer.admin_passport().await.unwrap();
    assert_eq!(world.gate(&fresh.passport, "keys.rotate", "issuer/keys").await, "granted");
    let event = world.issuer.store().events(AuditFilter { limit: 1, ..AuditFilter::default() }).await.unwrap().items.remove(0);
    assert_eq!((event.reporter.as_str(), event.event.passport_id), (ISSUER, None), "the issuer did it, nobody's passport");
}

#[tokio::test]
async fn an_admin_who_locked_everybody_out_is_let_in_again_by_who_runs_the_issuer() {
    let world = World::new().await;
    let caller = world.admin("agents.write", "issuer/agents").await;
    world.issuer.disable_agent(&caller, ADMIN, passport_shared::api::agents::DisableAgent::default()).await.unwrap();
    assert_eq!(world.gate(&world.admin, "agents.write", "issuer/agents").await, "revoked");
    let fresh = world.issuer.admin_passport().await.unwrap();
    assert_eq!(world.gate(&fresh.passport, "agents.write", "issuer/agents").await, "granted");
    let kinds: Vec<Value> =
        world.log().await.iter().map(|event| serde_json::from_str::<Value>(&event.event.body).unwrap()["change"]["type"].clone()).collect();
    assert_eq!(kinds[..3], ["passport_issued", "agent_enabled", "agent_disabled"], "newest first");
}

#[tokio::test]
async fn a_setting_that_cannot_be_is_named() {
    let place = Place::new();
    let bad: [(&str, Settings); 16] = [
        ("issuer", Settings::new("")),
        ("issuer", Settings::new("issuer.example")),
        ("issuer", Settings::new("https://")),
        ("issuer", Settings::new("https:///x")),
        ("issuer", Settings::new("https://issuer.example/")),
        ("issuer", Settings::new("https://issuer.example?x=1")),
        ("issuer", Settings::new("https://user@issuer.example")),
        ("issuer", Settings::new(format!("https://{}", "x".repeat(193)))),
        ("max_passport_life", Settings { max_passport_life: 0, ..settings() }),
        ("status_list_size", Settings { status_list_size: 0, ..settings() }),
        ("status_list_size", Settings { status_list_size: 12, ..settings() }),
        ("status_list_size", Settings { status_list_size: 8_388_616, ..settings() }),
        ("trust_life", Settings { trust_life: 599, ..settings() }),
        ("status_ttl", Settings { status_ttl: 0, ..settings() }),
        ("approval_wait", Settings { approval_wait: 59, ..settings() }),
        ("approval_wait", Settings { approval_wait: 604_801, ..settings() }),
    ];
    for (wanted, settings) in bad {
        let shown = format!("{settings:?}");
        assert!(matches!(refused(&place, settings).await, StartError::Setting { name, .. } if name == wanted), "{shown}");
    }
    let good = Settings {
        issuer: format!("https://{}", "x".repeat(192)),
        status_list_size: 8,
        trust_life: 600,
        status_ttl: 1,
        max_passport_life: 1,
        approval_wait: 60,
        ..settings()
    };
    assert!(place.try_start(good).await.is_ok());
}
