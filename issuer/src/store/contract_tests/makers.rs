//! Who makes a change is looked at again when it is made.

use super::{Backend, NOW, agent, all_agents, append, decision, event, just, key, passport, with_ollie};
use crate::store::{AdminEvent, AuditFilter, KeyState, Maker, NewPassport, RevokeKey, RotateKeys, Store, StoreError};

/// When the changes are made: the time of receipt of the suite's events.
const AT: i64 = NOW + 5;

/// An admin's event, made with this passport.
fn by(number: u32, passport_id: &str) -> AdminEvent {
    let mut event = event(number);
    event.event.passport_id = Some(passport_id.to_owned());
    event
}

fn maker(passport_id: &str) -> Option<Maker> {
    Some(Maker { passport_id: passport_id.to_owned(), at: AT })
}

fn revoke_key(key_id: &str, expected_state: KeyState) -> RevokeKey {
    let promote = (expected_state == KeyState::Active).then(|| "k3".to_owned());
    let fresh_next = promote.is_some().then(|| key("k9", NOW));
    RevokeKey { key_id: key_id.to_owned(), expected_state, promote, fresh_next, reason: "r".to_owned(), now: NOW }
}

/// Passports whose holders may change nothing at [`AT`], and `pp_live` whose holder may. Key `k1` is revoked, `k2` signs and
/// `k3` is next; agent `off` is disabled, and `pp_victim` is `ollie`'s.
async fn world(backend: &impl Backend) -> std::sync::Arc<dyn Store> {
    let store = with_ollie(backend).await;
    for (number, id) in (100..).zip(["off", "loner"]) {
        store.create_agent(agent(id), event(number)).await.unwrap();
    }
    let mut number = 0;
    let mut issue = async |id: &str, agent_id: &str, key_id: &str, expires_at: i64| {
        number += 1;
        let new = NewPassport {
            passport_id: id.to_owned(),
            agent_id: agent_id.to_owned(),
            key_id: key_id.to_owned(),
            expires_at,
            ..passport(i64::from(number))
        };
        store.insert_passport(new, event(number)).await.unwrap();
    };
    issue("pp_key", "ollie", "k1", NOW + 3_600).await;
    let rotation = RotateKeys {
        expected_active: "k1".to_owned(),
        expected_next: "k2".to_owned(),
        fresh_next: key("k3", NOW),
        retire_until: NOW,
        now: NOW,
    };
    store.rotate_keys(rotation, event(200)).await.unwrap();
    store.revoke_key(revoke_key("k1", KeyState::Retired), event(201)).await.unwrap();
    issue("pp_live", "ollie", "k2", AT + 1).await;
    issue("pp_victim", "ollie", "k2", NOW + 3_600).await;
    issue("pp_loner", "loner", "k2", NOW + 3_600).await;
    issue("pp_revoked", "ollie", "k2", NOW + 3_600).await;
    issue("pp_expired", "ollie", "k2", AT).await;
    // Not revoked with its agent, as the clock was ahead then.
    issue("pp_off", "off", "k2", NOW + 3_600).await;
    store.revoke_passport("pp_revoked", None, NOW, None, just(event(202))).await.unwrap();
    store.disable_agent("off", "r", NOW + 3_600, event(203)).await.unwrap();
    assert_eq!(store.passport("pp_off").await.unwrap().revoked_at, None);
    store
}

/// Every kind of change but the first keys, each by this maker.
async fn every_change(store: &dyn Store, id: &str) -> Vec<(&'static str, Result<(), StoreError>)> {
    let rotation = RotateKeys {
        expected_active: "k2".to_owned(),
        expected_next: "k3".to_owned(),
        fresh_next: key("k9", NOW),
        retire_until: NOW,
        now: NOW,
    };
    let new = NewPassport { key_id: "k2".to_owned(), ..passport(500) };
    vec![
        ("create an agent", store.create_agent(agent("new"), by(900, id)).await.map(drop)),
        ("disable an agent", store.disable_agent("loner", "r", NOW, by(901, id)).await.map(drop)),
        ("disable one again", store.disable_agent("off", "r", NOW, by(902, id)).await.map(drop)),
        ("enable an agent", store.enable_agent("off", by(903, id)).await.map(drop)),
        ("issue", store.insert_passport(new, by(904, id)).await),
        ("revoke a passport", store.revoke_passport("pp_victim", None, NOW, maker(id), just(by(905, id))).await.map(drop)),
        ("rotate", store.rotate_keys(rotation, by(906, id)).await.map(drop)),
        ("revoke a key", store.revoke_key(revoke_key("k2", KeyState::Active), by(907, id)).await.map(drop)),
        ("report", append(store, "shop", maker(id), vec![decision("r1", "h1")]).await.map(drop)),
    ]
}

pub(crate) async fn a_maker_that_counts_no_more_changes_nothing(backend: impl Backend) {
    let store = world(&backend).await;
    let state = async || {
        (
            store.agents(all_agents()).await.unwrap(),
            store.passport("pp_victim").await.unwrap(),
            store.status_lists().await.unwrap(),
            store.trust_snapshot().await.unwrap(),
            store.events(AuditFilter { limit: 100, ..AuditFilter::default() }).await.unwrap(),
        )
    };
    let before = state().await;
    for id in ["pp_revoked", "pp_key", "pp_off", "pp_unknown", "pp_expired"] {
        for (change, outcome) in every_change(store.as_ref(), id).await {
            let told = match outcome {
                Err(StoreError::MakerExpired { passport_id }) => (passport_id, "expired"),
                Err(StoreError::MakerRevoked { passport_id }) => (passport_id, "revoked"),
                other => panic!("{change} with {id}: {other:?}"),
            };
            let expected = if id == "pp_expired" { "expired" } else { "revoked" };
            assert_eq!((told.0.as_str(), told.1), (id, expected), "{change}");
        }
        assert_eq!(before, state().await, "{id}");
    }
}

/// Who reports is known from one batch to the next, and not a moment longer than it may.
pub(crate) async fn a_maker_that_has_reported_is_refused_from_the_change_on_that_ends_it(backend: impl Backend) {
    let store = world(&backend).await;
    let mut number = 0;
    let mut may_report = async |id: &str, at: i64| {
        number += 1;
        let maker = Maker { passport_id: id.to_owned(), at };
        let outcome = append(store.as_ref(), "shop", Some(maker), vec![decision(&format!("r{number}"), "h")]).await;
        outcome.map(|outcome| assert_eq!(outcome.accepted, 1)).map_err(|error| error.to_string())
    };
    for id in ["pp_live", "pp_victim", "pp_loner", "pp_live", "pp_victim", "pp_loner"] {
        may_report(id, AT).await.unwrap();
    }
    assert!(may_report("pp_live", AT + 1).await.unwrap_err().contains("pp_live"), "its time is over");
    may_report("pp_live", AT).await.unwrap();
    store.revoke_passport("pp_victim", None, NOW, None, just(event(910))).await.unwrap();
    assert!(may_report("pp_victim", AT).await.is_err());
    may_report("pp_loner", AT).await.unwrap();
    // By a clock that is ahead, so that its passport is not revoked with it.
    store.disable_agent("loner", "r", NOW + 3_600, event(911)).await.unwrap();
    assert!(may_report("pp_loner", AT).await.is_err());
    may_report("pp_live", AT).await.unwrap();
    store.revoke_key(revoke_key("k2", KeyState::Active), event(912)).await.unwrap();
    assert!(may_report("pp_live", AT).await.is_err());
}

pub(crate) async fn first_keys_are_made_by_no_passport(backend: impl Backend) {
    let store = backend.open().await;
    let refused = store.insert_first_keys(key("k1", NOW), key("k2", NOW), by(1, "pp_unknown")).await;
    assert!(matches!(refused, Err(StoreError::MakerRevoked { .. })));
    assert_eq!(store.keys().await.unwrap(), []);
    store.insert_first_keys(key("k1", NOW), key("k2", NOW), event(1)).await.unwrap();
}

pub(crate) async fn a_live_maker_makes_each_change(backend: impl Backend) {
    let store = world(&backend).await;
    // The active key goes last: it has signed the maker's own passport.
    for (change, outcome) in every_change(store.as_ref(), "pp_live").await {
        // It is retired by then: the rotation was made.
        let outdated = change == "revoke a key" && matches!(outcome, Err(StoreError::Conflict { .. }));
        assert!(outcome.is_ok() || outdated, "{change}: {outcome:?}");
    }
    let events = store.events(AuditFilter { passport_id: Some("pp_live".to_owned()), limit: 100, ..AuditFilter::default() });
    assert_eq!(events.await.unwrap().items.len(), 6, "each change that was one has its event");
    store.revoke_key(revoke_key("k2", KeyState::Retired), by(950, "pp_live")).await.unwrap();
    let after = store.create_agent(agent("late"), by(951, "pp_live")).await;
    assert!(matches!(after, Err(StoreError::MakerRevoked { .. })), "{after:?}");
}

/// Whoever acts may lay down what they act with: they are looked at before the change.
pub(crate) async fn a_maker_can_revoke_itself_once(backend: impl Backend) {
    let store = world(&backend).await;
    assert!(store.revoke_passport("pp_live", None, NOW, maker("pp_live"), just(by(1_000, "pp_live"))).await.unwrap().changed);
    let again = store.revoke_passport("pp_live", None, NOW, maker("pp_live"), just(by(1_001, "pp_live"))).await;
    assert!(matches!(again, Err(StoreError::MakerRevoked { .. })));
    assert!(store.disable_agent("loner", "r", NOW, by(1_002, "pp_loner")).await.unwrap().changed);
    assert!(matches!(store.enable_agent("loner", by(1_003, "pp_loner")).await, Err(StoreError::MakerRevoked { .. })));
}
