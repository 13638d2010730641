//! The trust sequence, status lists, the issuer's URL, and what is left after closing.

use super::{Backend, NOW, append, decision, event, just, key, passport, with_ollie};
use crate::store::{AuditFilter, KeyState, NewPassport, RevokeKey, RotateKeys, StatusList, StoreError};

pub(crate) async fn every_change_of_trust_raises_the_sequence_by_one(backend: impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.trust_sequence().await.unwrap(), 0);
    let told = store.insert_first_keys(key("k1", NOW), key("k2", NOW), event(1)).await.unwrap();
    assert_eq!(told, 1);
    assert_eq!(store.create_status_list(0, 10).await.unwrap(), 2);
    // Neither a new agent nor a new passport changes what verifiers trust.
    store.create_agent(super::agent("ollie"), event(2)).await.unwrap();
    store.insert_passport(passport(0), event(3)).await.unwrap();
    assert_eq!(store.trust_sequence().await.unwrap(), 2);
    let told = store.revoke_passport("pp_0", None, NOW, None, just(event(4))).await;
    assert_eq!(told.unwrap().trust_sequence, 3);
    let told = store.disable_agent("ollie", "r", NOW, event(5)).await;
    assert_eq!(told.unwrap().trust_sequence, 4);
    store.enable_agent("ollie", event(6)).await.unwrap();
    let rotation = RotateKeys {
        expected_active: "k1".to_owned(),
        expected_next: "k2".to_owned(),
        fresh_next: key("k3", NOW),
        retire_until: NOW,
        now: NOW,
    };
    assert_eq!(store.rotate_keys(rotation, event(7)).await.unwrap(), 5);
    let plan = RevokeKey {
        key_id: "k1".to_owned(),
        expected_state: KeyState::Retired,
        promote: None,
        fresh_next: None,
        reason: "r".to_owned(),
        now: NOW,
    };
    assert_eq!(store.revoke_key(plan, event(8)).await.unwrap(), 6);
    assert_eq!(store.trust_sequence().await.unwrap(), 6);
}

pub(crate) async fn a_database_belongs_to_one_issuer(backend: impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.bound_issuer().await.unwrap(), None);
    store.bind_issuer("https://a.example").await.unwrap();
    store.bind_issuer("https://a.example").await.unwrap();
    for other in ["https://b.example", "https://a.example/", "https://A.example"] {
        assert!(matches!(
            store.bind_issuer(other).await,
            Err(StoreError::Conflict { what: "issuer", id, .. }) if id == other
        ));
    }
    store.close().await.unwrap();
    let store = backend.open().await;
    assert_eq!(store.bound_issuer().await.unwrap().as_deref(), Some("https://a.example"));
    assert!(store.bind_issuer("https://b.example").await.is_err());
}

pub(crate) async fn a_snapshot_holds_keys_and_revocations_together(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.create_status_list(1, 8).await.unwrap();
    let mut second = passport(1);
    (second.status_list, second.status_index) = (1, 7);
    store.insert_passport(passport(9), event(1)).await.unwrap();
    store.insert_passport(second, event(2)).await.unwrap();
    let told = store.revoke_passport("pp_1", None, NOW, None, just(event(3))).await.unwrap();
    let snapshot = store.trust_snapshot().await.unwrap();
    assert_eq!(snapshot.sequence, told.trust_sequence);
    assert_eq!(snapshot.keys, store.keys().await.unwrap());
    let expected = [(0, 1_000, vec![]), (1, 8, vec![7])];
    let found: Vec<_> = snapshot.lists.into_iter().map(|list| (list.list, list.size, list.revoked)).collect();
    assert_eq!(found, expected);
    assert!(matches!(store.revoked_indexes(2).await, Err(StoreError::NotFound { what: "status list", .. })));
}

pub(crate) async fn status_lists_count_what_is_taken(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    assert!(matches!(store.create_status_list(0, 10).await, Err(StoreError::Conflict { what: "status list", .. })));
    store.create_status_list(7, 10).await.unwrap();
    for number in 0..3 {
        let new = passport(i64::from(number));
        store.insert_passport(new, event(number)).await.unwrap();
    }
    let list = |list, size, used, last_expiry| StatusList { list, size, used, last_expiry };
    assert_eq!(store.status_lists().await.unwrap(), [list(0, 1_000, 3, NOW + 3_600), list(7, 10, 0, 0)]);
    // A passport that ends earlier than others leaves the list's end where it is, a later one moves it.
    for (number, life) in [(3, 60), (4, 7_200)] {
        let new = NewPassport { expires_at: NOW + life, ..passport(i64::from(number)) };
        store.insert_passport(new, event(number)).await.unwrap();
        let end = NOW + life.max(3_600);
        assert_eq!(store.status_lists().await.unwrap()[0], list(0, 1_000, i64::from(number) + 1, end));
        assert_eq!(store.trust_snapshot().await.unwrap().lists[0].last_expiry, end);
    }
}

pub(crate) async fn everything_is_there_after_reopening(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    store.revoke_passport("pp_0", Some("lost"), NOW, None, just(event(2))).await.unwrap();
    let batch = vec![decision("r1", "h1"), decision("r1", "h2")];
    append(store.as_ref(), "shop", None, batch.clone()).await.unwrap();
    let filter = AuditFilter { limit: 100, ..AuditFilter::default() };
    let agent = store.agent("ollie").await.unwrap();
    let held = store.passport("pp_0").await.unwrap();
    let trust = store.trust_snapshot().await.unwrap();
    let events = store.events(filter.clone()).await.unwrap();
    store.close().await.unwrap();
    drop(store);

    let store = backend.open().await;
    store.ping().await.unwrap();
    assert_eq!(agent, store.agent("ollie").await.unwrap());
    assert_eq!(held, store.passport("pp_0").await.unwrap());
    assert_eq!(trust, store.trust_snapshot().await.unwrap());
    assert_eq!(events, store.events(filter).await.unwrap());
    let again = append(store.as_ref(), "shop", None, batch).await.unwrap();
    assert_eq!(again.duplicates, 2);
}

pub(crate) async fn a_closed_store_answers_nothing(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.ping().await.unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    assert!(matches!(store.insert_passport(passport(0), event(1)).await, Err(StoreError::Closed)));
    assert!(matches!(store.agent("ollie").await, Err(StoreError::Closed)));
    assert!(matches!(store.ping().await, Err(StoreError::Closed)));
}
