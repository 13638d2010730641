//! Agents.

use super::{Backend, NOW, agent, event, just, passport, with_ollie};
use crate::store::{Disabled, NewAgent, StoreError};

pub(crate) async fn an_agent_is_created_once(backend: impl Backend) {
    let store = backend.open().await;
    let new = NewAgent { description: Some("buys tickets".to_owned()), ..agent("ollie") };
    let made = store.create_agent(new, event(1)).await.unwrap();
    assert_eq!(made, store.agent("ollie").await.unwrap());
    assert_eq!(made.description.as_deref(), Some("buys tickets"));
    assert_eq!((made.disabled_at, made.created_at), (None, NOW));

    let again = store.create_agent(agent("ollie"), event(2)).await;
    assert!(matches!(again, Err(StoreError::Conflict { what: "agent", .. })));
    assert_eq!(made, store.agent("ollie").await.unwrap());
}

pub(crate) async fn agents_are_listed_by_id_in_pages(backend: impl Backend) {
    let store = backend.open().await;
    for (number, id) in (0..).zip(["d", "a", "c", "b"]) {
        store.create_agent(agent(id), event(number)).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.agents(after.as_deref(), 2).await.unwrap();
        assert_eq!(page.items.len(), 2);
        seen.extend(page.items.into_iter().map(|agent| agent.agent_id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d"]);
    // A limit of zero is read as one.
    assert_eq!(store.agents(None, 0).await.unwrap().items.len(), 1);
    assert_eq!(store.agents(Some("d"), 9).await.unwrap().items, []);
}

pub(crate) async fn disabling_revokes_live_passports_only(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.create_agent(agent("other"), event(1)).await.unwrap();
    let mut expired = passport(1);
    expired.expires_at = NOW + 10;
    let mut others = passport(2);
    others.agent_id = "other".to_owned();
    for (number, new) in (10..).zip([passport(0), expired, others, passport(3), passport(4)]) {
        store.insert_passport(new, event(number)).await.unwrap();
    }
    store.revoke_passport("pp_3", Some("lost"), NOW, None, just(event(20))).await.unwrap();
    let before = store.trust_sequence().await.unwrap();

    let done = store.disable_agent("ollie", "agent disabled", NOW + 10, event(21)).await.unwrap();
    assert_eq!(done, Disabled { changed: true, revoked: 2, trust_sequence: before + 1 });
    assert_eq!(store.agent("ollie").await.unwrap().disabled_at, Some(NOW + 10));
    let revoked = store.passport("pp_0").await.unwrap();
    assert_eq!(revoked.revoked_at, Some(NOW + 10));
    assert_eq!(revoked.revoke_reason.as_deref(), Some("agent disabled"));
    // It had expired at that very second, it is another agent's, or it was revoked before.
    assert_eq!(store.passport("pp_1").await.unwrap().revoked_at, None);
    assert_eq!(store.passport("pp_2").await.unwrap().revoked_at, None);
    let earlier = store.passport("pp_3").await.unwrap();
    assert_eq!(earlier.revoke_reason.as_deref(), Some("lost"));
    assert_eq!(store.revoked_indexes(0).await.unwrap(), [0, 3, 4]);
}

pub(crate) async fn disabling_twice_changes_nothing(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let first = store.disable_agent("ollie", "r", NOW + 1, event(1)).await.unwrap();
    let second = store.disable_agent("ollie", "r", NOW + 2, event(2)).await.unwrap();
    assert!(first.changed && !second.changed);
    assert_eq!(second.revoked, 0);
    assert_eq!(second.trust_sequence, first.trust_sequence);
    assert_eq!(store.agent("ollie").await.unwrap().disabled_at, Some(NOW + 1));
}

pub(crate) async fn enabling_revives_no_passport(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    assert!(!store.enable_agent("ollie", event(2)).await.unwrap());
    store.disable_agent("ollie", "r", NOW, event(3)).await.unwrap();
    assert!(store.enable_agent("ollie", event(4)).await.unwrap());
    assert_eq!(store.agent("ollie").await.unwrap().disabled_at, None);
    assert_eq!(store.passport("pp_0").await.unwrap().revoked_at, Some(NOW));
    store.insert_passport(passport(1), event(5)).await.unwrap();
}

pub(crate) async fn an_unknown_agent_is_not_found(backend: impl Backend) {
    let store = backend.open().await;
    let none = |result: Result<(), StoreError>| {
        assert!(matches!(
            result,
            Err(StoreError::NotFound { what: "agent", id }) if id == "nobody"
        ));
    };
    none(store.agent("nobody").await.map(|_| ()));
    none(store.disable_agent("nobody", "r", NOW, event(1)).await.map(|_| ()));
    none(store.enable_agent("nobody", event(2)).await.map(|_| ()));
    let mut lost = passport(0);
    lost.agent_id = "nobody".to_owned();
    none(store.insert_passport(lost, event(3)).await);
}
