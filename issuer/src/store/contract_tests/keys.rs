//! Keys.

use super::{Backend, NOW, event, just, key, passport, with_ollie};
use crate::store::{KeyState, RevokeKey, RotateKeys, Store, StoreError};

fn rotation(active: &str, next: &str, fresh: &str) -> RotateKeys {
    RotateKeys {
        expected_active: active.to_owned(),
        expected_next: next.to_owned(),
        fresh_next: key(fresh, NOW + 100),
        retire_until: NOW + 500,
        now: NOW + 100,
    }
}

fn revocation(key_id: &str, expected_state: KeyState) -> RevokeKey {
    RevokeKey {
        key_id: key_id.to_owned(),
        expected_state,
        promote: None,
        fresh_next: None,
        reason: "key compromised".to_owned(),
        now: NOW + 200,
    }
}

async fn states(store: &dyn Store) -> Vec<(String, KeyState)> {
    let keys = store.keys().await.unwrap();
    keys.into_iter().map(|k| (k.key_id, k.state)).collect()
}

fn pairs<const N: usize>(pairs: [(&str, KeyState); N]) -> Vec<(String, KeyState)> {
    pairs.map(|(id, state)| (id.to_owned(), state)).to_vec()
}

pub(crate) async fn first_keys_come_once(backend: impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.keys().await.unwrap(), []);
    let same = store.insert_first_keys(key("k1", NOW), key("k1", NOW), event(1)).await;
    assert!(matches!(same, Err(StoreError::Conflict { what: "key", .. })));
    assert_eq!(store.keys().await.unwrap(), []);

    let sequence = store.insert_first_keys(key("k1", NOW), key("k2", NOW + 1), event(2)).await.unwrap();
    assert_eq!(sequence, 1);
    let keys = store.keys().await.unwrap();
    assert_eq!(keys[0].public_x, "x-of-k1");
    assert_eq!(keys[0].activated_at, Some(NOW));
    assert_eq!(keys[1].activated_at, None);
    let expected = pairs([("k1", KeyState::Active), ("k2", KeyState::Next)]);
    assert_eq!(states(store.as_ref()).await, expected);

    let again = store.insert_first_keys(key("k3", NOW), key("k4", NOW), event(3)).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })));
    assert_eq!(states(store.as_ref()).await, expected);
}

pub(crate) async fn rotation_moves_each_key_on(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let before = store.trust_sequence().await.unwrap();
    let sequence = store.rotate_keys(rotation("k1", "k2", "k3"), event(1)).await.unwrap();
    assert_eq!(sequence, before + 1);
    assert_eq!(states(store.as_ref()).await, pairs([("k1", KeyState::Retired), ("k2", KeyState::Active), ("k3", KeyState::Next)]));
    let keys = store.keys().await.unwrap();
    assert_eq!(keys[0].retired_at, Some(NOW + 100));
    assert_eq!(keys[0].retire_until, Some(NOW + 500));
    assert_eq!(keys[1].activated_at, Some(NOW + 100));
    store.rotate_keys(rotation("k2", "k3", "k4"), event(2)).await.unwrap();
}

pub(crate) async fn rotation_on_an_outdated_view_changes_nothing(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let before = (store.keys().await.unwrap(), store.trust_sequence().await.unwrap());
    for (number, plan) in (1..).zip([
        rotation("k2", "k1", "k3"),
        rotation("k0", "k2", "k3"),
        rotation("k1", "k0", "k3"),
        rotation("k1", "k1", "k3"),
        rotation("k1", "k2", "k1"),
    ]) {
        let refused = store.rotate_keys(plan.clone(), event(number)).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. } | StoreError::NotFound { .. })), "{plan:?}");
    }
    let after = (store.keys().await.unwrap(), store.trust_sequence().await.unwrap());
    assert_eq!(before, after);
}

pub(crate) async fn a_retired_key_outlives_what_it_signed(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    assert_eq!(store.latest_expiry("k1").await.unwrap(), None);
    let mut long = passport(0);
    long.expires_at = NOW + 86_400;
    store.insert_passport(long, event(1)).await.unwrap();
    store.insert_passport(passport(1), event(2)).await.unwrap();
    assert_eq!(store.latest_expiry("k1").await.unwrap(), Some(NOW + 86_400));
    // The caller did not know of the long one.
    store.rotate_keys(rotation("k1", "k2", "k3"), event(3)).await.unwrap();
    assert_eq!(store.keys().await.unwrap()[0].retire_until, Some(NOW + 86_400));
}

pub(crate) async fn revoking_the_active_key_promotes_the_next(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let plan = RevokeKey { promote: Some("k2".to_owned()), fresh_next: Some(key("k3", NOW + 200)), ..revocation("k1", KeyState::Active) };
    store.revoke_key(plan, event(1)).await.unwrap();
    assert_eq!(states(store.as_ref()).await, pairs([("k1", KeyState::Revoked), ("k2", KeyState::Active), ("k3", KeyState::Next)]));
    let keys = store.keys().await.unwrap();
    assert_eq!(keys[0].revoked_at, Some(NOW + 200));
    assert_eq!(keys[0].revoke_reason.as_deref(), Some("key compromised"));

    // The next key alone, replaced; and a retired one.
    let plan = RevokeKey { fresh_next: Some(key("k4", NOW + 201)), ..revocation("k3", KeyState::Next) };
    store.revoke_key(plan, event(2)).await.unwrap();
    store.rotate_keys(rotation("k2", "k4", "k5"), event(3)).await.unwrap();
    store.revoke_key(revocation("k2", KeyState::Retired), event(4)).await.unwrap();
    let gone = states(store.as_ref()).await;
    assert!(gone.contains(&("k2".to_owned(), KeyState::Revoked)));
    assert!(gone.contains(&("k3".to_owned(), KeyState::Revoked)));
}

pub(crate) async fn revoking_on_an_outdated_view_changes_nothing(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let before = (store.keys().await.unwrap(), store.trust_sequence().await.unwrap());
    let active = || revocation("k1", KeyState::Active);
    for (number, plan) in (1..).zip([
        revocation("k1", KeyState::Next),
        revocation("k2", KeyState::Retired),
        RevokeKey { promote: Some("k1".to_owned()), ..active() },
        RevokeKey { promote: Some("k2".to_owned()), fresh_next: Some(key("k1", NOW)), ..active() },
    ]) {
        let refused = store.revoke_key(plan.clone(), event(number)).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{plan:?}");
    }
    assert!(matches!(store.revoke_key(revocation("k9", KeyState::Active), event(10)).await, Err(StoreError::NotFound { what: "key", .. })));
    let after = (store.keys().await.unwrap(), store.trust_sequence().await.unwrap());
    assert_eq!(before, after);

    store.revoke_key(active(), event(11)).await.unwrap();
    for state in [KeyState::Active, KeyState::Revoked] {
        let again = store.revoke_key(revocation("k1", state), event(12)).await;
        assert!(matches!(again, Err(StoreError::Conflict { .. })));
    }
}

pub(crate) async fn two_keys_are_never_active_or_next(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.rotate_keys(rotation("k1", "k2", "k3"), event(1)).await.unwrap();
    let before = store.keys().await.unwrap();
    for (number, plan) in (2..).zip([
        RevokeKey { promote: Some("k3".to_owned()), ..revocation("k1", KeyState::Retired) },
        RevokeKey { fresh_next: Some(key("k4", NOW)), ..revocation("k1", KeyState::Retired) },
    ]) {
        let refused = store.revoke_key(plan, event(number)).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    }
    assert_eq!(before, store.keys().await.unwrap());
}

pub(crate) async fn revoking_a_key_revokes_all_it_signed(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(3), event(1)).await.unwrap();
    store.insert_passport(passport(1), event(2)).await.unwrap();
    store.revoke_passport("pp_3", Some("lost"), NOW, None, just(event(3))).await.unwrap();
    let plan = RevokeKey { promote: Some("k2".to_owned()), ..revocation("k1", KeyState::Active) };
    store.revoke_key(plan, event(4)).await.unwrap();
    let mut later = passport(2);
    later.key_id = "k2".to_owned();
    store.insert_passport(later, event(5)).await.unwrap();

    assert_eq!(store.revoked_indexes(0).await.unwrap(), [1, 3]);
    let with_key = store.passport("pp_1").await.unwrap();
    assert_eq!(with_key.revoked_at, Some(NOW + 200));
    assert_eq!(with_key.revoke_reason.as_deref(), Some("key compromised"));
    let itself = store.passport("pp_3").await.unwrap();
    assert_eq!(itself.revoked_at, Some(NOW));
    assert_eq!(itself.revoke_reason.as_deref(), Some("lost"));
    assert_eq!(store.passport("pp_2").await.unwrap().revoked_at, None);
    let again = store.revoke_passport("pp_1", None, NOW, None, just(event(6))).await.unwrap();
    assert!(!again.changed);
}
