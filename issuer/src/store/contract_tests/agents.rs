//! Agents.

use super::{Backend, NOW, agent, all_agents, event, just, passport, with_ollie};
use crate::store::{AgentFilter, Disabled, NewAgent, StoreError};

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
    let mut cursor = None;
    loop {
        let page = store.agents(AgentFilter { cursor, limit: 2, ..AgentFilter::default() }).await.unwrap();
        assert_eq!(page.items.len(), 2);
        seen.extend(page.items.into_iter().map(|agent| agent.agent_id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d"]);
    // A limit of zero is read as one.
    assert_eq!(store.agents(AgentFilter::default()).await.unwrap().items.len(), 1);
    let after = AgentFilter { cursor: Some("d".to_owned()), ..all_agents() };
    assert_eq!(store.agents(after).await.unwrap().items, []);
}

pub(crate) async fn agents_are_found_by_a_part_of_their_id_or_name(backend: impl Backend) {
    let store = backend.open().await;
    // What a pattern would mean by itself (`%`, `_`) is text here, and letters beyond ASCII are as they stand, in any database.
    let named = [("a-1", "Ollie"), ("b_2", "OLIVE Oil"), ("c%3", "Ågren"), ("olga", "Ben"), ("z", "ågot")];
    for (number, (id, name)) in (0..).zip(named) {
        store.create_agent(NewAgent { name: name.to_owned(), ..agent(id) }, event(number)).await.unwrap();
    }
    store.disable_agent("olga", "r", NOW, event(10)).await.unwrap();
    let found = async |text: &str, disabled: Option<bool>, cursor: Option<&str>| {
        let filter = AgentFilter { text: Some(text.to_owned()), disabled, cursor: cursor.map(str::to_owned), limit: 2 };
        let page = store.agents(filter).await.unwrap();
        (page.items.into_iter().map(|agent| agent.agent_id).collect::<Vec<_>>(), page.next)
    };
    for (text, ids) in [
        ("OLLI", vec!["a-1"]),
        ("_", vec!["b_2"]),
        ("%", vec!["c%3"]),
        ("å", vec!["z"]),
        ("Å", vec!["c%3"]),
        ("olive oil", vec!["b_2"]),
        ("\\", vec![]),
    ] {
        assert_eq!(found(text, None, None).await.0, ids, "{text}");
    }
    let (first, next) = found("ol", None, None).await;
    assert_eq!(first, ["a-1", "b_2"]);
    assert_eq!(found("ol", None, next.as_deref()).await, (vec!["olga".to_owned()], None));
    assert_eq!(found("ol", Some(true), None).await.0, ["olga"]);
    assert_eq!(found("ol", Some(false), None).await, (vec!["a-1".to_owned(), "b_2".to_owned()], None));
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
