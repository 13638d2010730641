//! What keys have signed.

use super::{Backend, NOW, event, key, passport, with_ollie};
use crate::store::{KeyState, KeyUsage, PassportFilter, RevokeKey, RotateKeys, Store};

async fn usage(store: &dyn Store, now: i64) -> Vec<(String, i64, i64)> {
    let usage = store.key_usage(now).await.unwrap();
    usage.into_iter().map(|KeyUsage { key_id, signed, live }| (key_id, signed, live)).collect()
}

fn counts<const N: usize>(counts: [(&str, i64, i64); N]) -> Vec<(String, i64, i64)> {
    counts.map(|(id, signed, live)| (id.to_owned(), signed, live)).to_vec()
}

pub(crate) async fn what_a_key_signed_is_counted_and_what_of_it_is_live(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let mut short = passport(1);
    short.expires_at = NOW + 10;
    for (number, new) in (1..).zip([passport(0), short, passport(2)]) {
        store.insert_passport(new, event(number)).await.unwrap();
    }
    assert_eq!(usage(store.as_ref(), NOW + 9).await, counts([("k1", 3, 3), ("k2", 0, 0)]));
    assert_eq!(usage(store.as_ref(), NOW + 10).await, counts([("k1", 3, 2), ("k2", 0, 0)]));
    store.revoke_passport("pp_2", None, NOW, event(10)).await.unwrap();
    assert_eq!(usage(store.as_ref(), NOW + 10).await, counts([("k1", 3, 1), ("k2", 0, 0)]));
}

pub(crate) async fn nothing_that_a_revoked_key_signed_is_live(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    let plan = RevokeKey {
        key_id: "k1".to_owned(),
        expected_state: KeyState::Active,
        promote: Some("k2".to_owned()),
        fresh_next: Some(key("k3", NOW + 2)),
        reason: "stolen".to_owned(),
        now: NOW + 2,
    };
    store.revoke_key(plan, event(2)).await.unwrap();
    assert_eq!(usage(store.as_ref(), NOW + 3).await, counts([("k1", 1, 0), ("k2", 0, 0), ("k3", 0, 0)]));
}

pub(crate) async fn passports_are_filtered_by_their_key(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    let rotation = RotateKeys {
        expected_active: "k1".to_owned(),
        expected_next: "k2".to_owned(),
        fresh_next: key("k3", NOW + 2),
        retire_until: NOW + 500,
        now: NOW + 2,
    };
    store.rotate_keys(rotation, event(2)).await.unwrap();
    let mut later = passport(1);
    later.key_id = "k2".to_owned();
    store.insert_passport(later, event(3)).await.unwrap();
    for (key_id, expected) in [(Some("k1"), vec!["pp_0"]), (Some("k2"), vec!["pp_1"]), (Some("k3"), vec![]), (None, vec!["pp_1", "pp_0"])] {
        let key_id = key_id.map(str::to_owned);
        let filter = PassportFilter { agent_id: None, key_id, state: None, now: NOW, cursor: None, limit: 10 };
        let found: Vec<String> = store.passports(filter).await.unwrap().items.into_iter().map(|passport| passport.passport_id).collect();
        assert_eq!(found, expected);
    }
}
