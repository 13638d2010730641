//! Passports.

use super::{Backend, NOW, agent, event, just, key, passport, with_ollie};
use crate::store::{PassportFilter, PassportState, RotateKeys, Store, StoreError};

pub(crate) async fn a_passport_is_kept_exactly_as_given(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let mut new = passport(7);
    new.claims = "{ \"jti\":\"pp_7\",\n\t\"aud\": [ \"é\\u0041\" ] }".to_owned();
    new.audience = vec!["https://a.example".to_owned(), "b \"quoted\"".to_owned()];
    new.not_before = Some(NOW + 60);
    store.insert_passport(new.clone(), event(1)).await.unwrap();
    let kept = store.passport("pp_7").await.unwrap();
    assert_eq!(kept.claims, new.claims);
    assert_eq!(kept.audience, new.audience);
    assert_eq!((kept.issued_at, kept.not_before, kept.expires_at), (new.issued_at, new.not_before, new.expires_at));
    assert_eq!((kept.status_list, kept.status_index), (0, 7));
    assert_eq!((kept.revoked_at, kept.revoke_reason), (None, None));
    assert_eq!([kept.agent_id, kept.key_id, kept.issued_by], [new.agent_id, new.key_id, new.issued_by]);
    assert!(matches!(
        store.passport("pp_8").await,
        Err(StoreError::NotFound { what: "passport", id }) if id == "pp_8"
    ));
}

pub(crate) async fn no_passport_for_a_missing_or_disabled_agent(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.disable_agent("ollie", "r", NOW, event(1)).await.unwrap();
    assert!(matches!(
        store.insert_passport(passport(0), event(2)).await,
        Err(StoreError::AgentDisabled { agent_id }) if agent_id == "ollie"
    ));
    let mut lost = passport(0);
    lost.agent_id = "nobody".to_owned();
    assert!(matches!(store.insert_passport(lost, event(3)).await, Err(StoreError::NotFound { what: "agent", .. })));
    assert_eq!(store.status_lists().await.unwrap()[0].used, 0);
}

pub(crate) async fn no_passport_by_a_key_that_is_not_active(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    for (number, key_id) in (1..).zip(["k2", "k3"]) {
        let mut new = passport(0);
        new.key_id = key_id.to_owned();
        assert!(matches!(
            store.insert_passport(new, event(number)).await,
            Err(StoreError::KeyNotActive { key_id: told }) if told == key_id
        ));
    }
    let rotation = RotateKeys {
        expected_active: "k1".to_owned(),
        expected_next: "k2".to_owned(),
        fresh_next: key("k3", NOW + 2),
        retire_until: NOW,
        now: NOW,
    };
    store.rotate_keys(rotation, event(10)).await.unwrap();
    assert!(matches!(store.insert_passport(passport(0), event(11)).await, Err(StoreError::KeyNotActive { .. })));
    let mut new = passport(0);
    new.key_id = "k2".to_owned();
    store.insert_passport(new, event(12)).await.unwrap();
}

pub(crate) async fn a_status_index_is_given_once_and_never_outside_its_list(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(5), event(1)).await.unwrap();
    let mut same = passport(6);
    same.status_index = 5;
    assert!(matches!(store.insert_passport(same, event(2)).await, Err(StoreError::StatusIndexTaken { list: 0, index: 5 })));
    for (number, (list, index)) in (3..).zip([(0, 1_000), (0, -1), (1, 0)]) {
        let mut outside = passport(6);
        (outside.status_list, outside.status_index) = (list, index);
        assert!(matches!(store.insert_passport(outside, event(number)).await, Err(StoreError::NotFound { .. })));
    }
    store.insert_passport(passport(999), event(10)).await.unwrap();
    assert_eq!(store.status_lists().await.unwrap()[0].used, 2);
}

pub(crate) async fn a_passport_id_is_given_once(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(5), event(1)).await.unwrap();
    let mut same = passport(5);
    same.status_index = 6;
    assert!(matches!(
        store.insert_passport(same, event(2)).await,
        Err(StoreError::Conflict { what: "passport", id, .. }) if id == "pp_5"
    ));
    // The place it would have had is free still.
    assert_eq!(store.status_lists().await.unwrap()[0].used, 1);
    store.insert_passport(passport(6), event(3)).await.unwrap();
}

async fn ids(store: &dyn Store, filter: PassportFilter) -> Vec<String> {
    let page = store.passports(filter).await.unwrap();
    assert_eq!(page.next, None);
    page.items.into_iter().map(|p| p.passport_id).collect()
}

fn filter(agent_id: Option<&str>, state: Option<PassportState>, now: i64) -> PassportFilter {
    PassportFilter { agent_id: agent_id.map(str::to_owned), state, now, limit: 100, ..PassportFilter::default() }
}

pub(crate) async fn passports_are_filtered_by_agent_and_state(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.create_agent(agent("other"), event(1)).await.unwrap();
    let mut short = passport(1);
    short.expires_at = NOW + 10;
    let mut others = passport(2);
    others.agent_id = "other".to_owned();
    for (number, new) in (10..).zip([passport(0), short, others, passport(3)]) {
        store.insert_passport(new, event(number)).await.unwrap();
    }
    store.revoke_passport("pp_3", None, NOW, None, just(event(20))).await.unwrap();
    let store = store.as_ref();
    let all = ["pp_3", "pp_2", "pp_1", "pp_0"];
    assert_eq!(ids(store, filter(None, None, NOW)).await, all);
    assert_eq!(ids(store, filter(Some("other"), None, NOW)).await, ["pp_2"]);
    let live = Some(PassportState::Live);
    assert_eq!(ids(store, filter(None, live, NOW + 9)).await, ["pp_2", "pp_1", "pp_0"]);
    // From the second of its expiry on, a passport is expired.
    assert_eq!(ids(store, filter(None, live, NOW + 10)).await, ["pp_2", "pp_0"]);
    let expired = Some(PassportState::Expired);
    assert_eq!(ids(store, filter(Some("ollie"), expired, NOW + 10)).await, ["pp_1"]);
    // Revoked wins over expired.
    let revoked = Some(PassportState::Revoked);
    assert_eq!(ids(store, filter(None, revoked, NOW + 9_999)).await, ["pp_3"]);
}

pub(crate) async fn passports_are_found_by_a_part_of_an_id_and_by_their_end(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.create_agent(agent("Other"), event(1)).await.unwrap();
    for (number, place) in (0..).zip([0, 1, 2, 3]) {
        let mut new = passport(place);
        new.expires_at = NOW + 10 * (number + 1);
        if place == 2 {
            new.agent_id = "Other".to_owned();
        }
        store.insert_passport(new, event(10 + u32::try_from(number).unwrap())).await.unwrap();
    }
    let store = store.as_ref();
    let text = |text: &str| PassportFilter { text: Some(text.to_owned()), ..filter(None, None, NOW) };
    assert_eq!(ids(store, text("PP_1")).await, ["pp_1"]);
    assert_eq!(ids(store, text("oth")).await, ["pp_2"]);
    assert_eq!(ids(store, text("%")).await, Vec::<String>::new());
    let before = |end, state| PassportFilter { expires_before: Some(end), ..filter(None, state, NOW + 10) };
    // One that ends at that very second does not end before it.
    assert_eq!(ids(store, before(NOW + 30, None)).await, ["pp_1", "pp_0"]);
    assert_eq!(ids(store, before(NOW + 30, Some(PassportState::Live))).await, ["pp_1"]);
    let page = store.passports(PassportFilter { limit: 2, ..text("ollie") }).await.unwrap();
    assert_eq!(page.items.iter().map(|p| p.passport_id.as_str()).collect::<Vec<_>>(), ["pp_3", "pp_1"]);
    let rest = PassportFilter { cursor: page.next, ..text("ollie") };
    assert_eq!(ids(store, rest).await, ["pp_0"]);
}

pub(crate) async fn passports_are_listed_newest_first_in_pages(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    // The ids are in no order, and all are of the same second.
    for (number, place) in (1..).zip([4, 2, 9, 1, 7]) {
        store.insert_passport(passport(place), event(number)).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    for size in [2, 2, 1] {
        let page = store.passports(PassportFilter { cursor, limit: 2, ..filter(Some("ollie"), None, NOW) }).await.unwrap();
        assert_eq!(page.items.len(), size);
        seen.extend(page.items.into_iter().map(|p| p.status_index));
        cursor = page.next;
    }
    assert_eq!(seen, [7, 1, 9, 2, 4]);
    assert_eq!(cursor, None);
}

pub(crate) async fn revoking_twice_changes_nothing(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    let first = store.revoke_passport("pp_0", Some("lost"), NOW + 9_999, None, just(event(2))).await.unwrap();
    let second = store.revoke_passport("pp_0", Some("other"), NOW + 10_000, None, just(event(3))).await.unwrap();
    assert!(first.changed && !second.changed);
    assert_eq!(first.trust_sequence, second.trust_sequence);
    let kept = store.passport("pp_0").await.unwrap();
    assert_eq!(kept.revoked_at, Some(NOW + 9_999));
    assert_eq!(kept.revoke_reason.as_deref(), Some("lost"));
    assert!(matches!(
        store.revoke_passport("pp_1", None, NOW, None, just(event(4))).await,
        Err(StoreError::NotFound { what: "passport", .. })
    ));
}
