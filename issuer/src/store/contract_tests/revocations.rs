//! Many passports at once.

use std::sync::Arc;

use super::{Backend, NOW, agent, event, just, passport, with_ollie};
use crate::store::{
    AuditFilter, EventOf, LiveFilter, Maker, MatchedPassports, NAMED_PASSPORTS, NewPassport, RotateKeys, Store, StoreError,
};

fn telling(number: u32) -> EventOf<MatchedPassports> {
    Box::new(move |matched| {
        let mut told = event(number);
        told.event.body = format!("{{\"count\":{},\"ids\":\"{}\"}}", matched.count, matched.passport_ids.join(" "));
        Ok(told)
    })
}

fn live() -> LiveFilter {
    LiveFilter { now: NOW, ..LiveFilter::default() }
}

fn of(agent_id: &str) -> LiveFilter {
    LiveFilter { agent_id: Some(agent_id.to_owned()), ..live() }
}

async fn events(store: &dyn Store) -> Vec<String> {
    let page = store.events(AuditFilter { limit: 1_000, ..AuditFilter::default() }).await.unwrap();
    page.items.into_iter().map(|event| event.event.body).collect()
}

/// Three of `ollie`'s, issued at `NOW`, ten seconds later by another maker, and by key `k2`; and one of `other`'s.
async fn world(backend: &impl Backend) -> Arc<dyn Store> {
    let store = with_ollie(backend).await;
    store.create_agent(agent("other"), event(1)).await.unwrap();
    store.insert_passport(passport(0), event(2)).await.unwrap();
    let later = NewPassport { issued_at: NOW + 10, issued_by: "deputy".to_owned(), ..passport(1) };
    store.insert_passport(later, event(3)).await.unwrap();
    store.insert_passport(NewPassport { agent_id: "other".to_owned(), ..passport(2) }, event(4)).await.unwrap();
    let rotation = RotateKeys {
        expected_active: "k1".to_owned(),
        expected_next: "k2".to_owned(),
        fresh_next: super::key("k3", NOW),
        retire_until: NOW + 9_999,
        now: NOW,
    };
    store.rotate_keys(rotation, event(5)).await.unwrap();
    store.insert_passport(NewPassport { key_id: "k2".to_owned(), ..passport(3) }, event(6)).await.unwrap();
    store
}

pub(crate) async fn each_filter_narrows_what_is_revoked(backend: impl Backend) {
    let store = world(&backend).await;
    let cases: [(LiveFilter, &[&str]); 7] = [
        (live(), &["pp_0", "pp_1", "pp_2", "pp_3"]),
        (of("ollie"), &["pp_0", "pp_1", "pp_3"]),
        (LiveFilter { key_id: Some("k2".to_owned()), ..live() }, &["pp_3"]),
        (LiveFilter { issued_by: Some("deputy".to_owned()), ..live() }, &["pp_1"]),
        (LiveFilter { issued_from: Some(NOW + 10), ..live() }, &["pp_1"]),
        (LiveFilter { issued_before: Some(NOW + 10), ..of("ollie") }, &["pp_0", "pp_3"]),
        (LiveFilter { issued_from: Some(NOW + 11), ..live() }, &[]),
    ];
    for (filter, ids) in cases {
        let found = store.find_passports(filter.clone()).await.unwrap();
        assert_eq!(found.passport_ids, ids, "{filter:?}");
        assert_eq!(found.count, u64::try_from(ids.len()).unwrap());
    }
    // The same filter finds the same when it revokes, and nothing else goes.
    let filter = LiveFilter { issued_before: Some(NOW + 10), ..of("ollie") };
    store.revoke_passports(filter, "r", None, telling(50)).await.unwrap();
    for (id, revoked) in [("pp_0", true), ("pp_1", false), ("pp_2", false), ("pp_3", true)] {
        assert_eq!(store.passport(id).await.unwrap().revoked_at.is_some(), revoked, "{id}");
    }
}

pub(crate) async fn many_are_revoked_in_one_step_with_one_event(backend: impl Backend) {
    let store = world(&backend).await;
    let (before, sequence) = (events(store.as_ref()).await.len(), store.trust_snapshot().await.unwrap().sequence);
    let done = store.revoke_passports(of("ollie"), "stolen", None, telling(50)).await.unwrap();
    assert_eq!(done.matched, MatchedPassports { count: 3, passport_ids: vec!["pp_0".into(), "pp_1".into(), "pp_3".into()] });
    assert_eq!(done.trust_sequence, sequence + 1);
    let snapshot = store.trust_snapshot().await.unwrap();
    assert_eq!((snapshot.sequence, snapshot.lists[0].revoked.as_slice()), (sequence + 1, [0, 1, 3].as_slice()));
    let kept = store.passport("pp_3").await.unwrap();
    assert_eq!((kept.revoked_at, kept.revoke_reason.as_deref()), (Some(NOW), Some("stolen")));
    let log = events(store.as_ref()).await;
    assert_eq!(log.len(), before + 1);
    assert_eq!(log[0], r#"{"count":3,"ids":"pp_0 pp_1 pp_3"}"#);
}

pub(crate) async fn what_is_dead_already_is_left_as_it_was(backend: impl Backend) {
    let store = world(&backend).await;
    store.revoke_passport("pp_0", Some("first"), NOW, None, just(event(40))).await.unwrap();
    store.insert_passport(NewPassport { key_id: "k2".to_owned(), expires_at: NOW, ..passport(4) }, event(41)).await.unwrap();
    let done = store.revoke_passports(live(), "second", None, telling(50)).await.unwrap();
    assert_eq!(done.matched.passport_ids, ["pp_1", "pp_2", "pp_3"]);
    assert_eq!(store.passport("pp_0").await.unwrap().revoke_reason.as_deref(), Some("first"));
    assert_eq!(store.passport("pp_4").await.unwrap().revoked_at, None, "it has expired");
}

pub(crate) async fn a_revocation_of_many_without_its_event_is_rolled_back(backend: impl Backend) {
    let store = world(&backend).await;
    let sequence = store.trust_snapshot().await.unwrap().sequence;
    let fails: EventOf<MatchedPassports> = Box::new(|_| Err(StoreError::Corrupt { what: "an event", source: "it cannot be made".into() }));
    assert!(matches!(store.revoke_passports(live(), "r", None, fails).await, Err(StoreError::Corrupt { .. })));
    // An event id that is there already.
    let twice: EventOf<MatchedPassports> = Box::new(|_| Ok(event(1)));
    assert!(store.revoke_passports(live(), "r", None, twice).await.is_err());
    assert_eq!(store.find_passports(live()).await.unwrap().count, 4);
    assert_eq!(store.trust_snapshot().await.unwrap().sequence, sequence);
    store.revoke_passports(live(), "r", None, telling(50)).await.unwrap();
}

pub(crate) async fn a_revocation_of_none_writes_nothing(backend: impl Backend) {
    let store = world(&backend).await;
    let (before, sequence) = (events(store.as_ref()).await, store.trust_snapshot().await.unwrap().sequence);
    let done = store.revoke_passports(of("nobody"), "r", None, telling(50)).await.unwrap();
    assert_eq!((done.matched, done.trust_sequence), (MatchedPassports::default(), sequence));
    assert_eq!(events(store.as_ref()).await, before);
}

pub(crate) async fn many_are_not_revoked_by_a_maker_that_counts_no_more(backend: impl Backend) {
    let store = world(&backend).await;
    store.revoke_passport("pp_2", None, NOW, None, just(event(40))).await.unwrap();
    let by = |id: &str| Some(Maker { passport_id: id.to_owned(), at: NOW });
    for id in ["pp_2", "pp_none"] {
        let refused = store.revoke_passports(live(), "r", by(id), telling(50)).await;
        assert!(matches!(refused, Err(StoreError::MakerRevoked { .. })), "{id}: {refused:?}");
    }
    assert_eq!(store.find_passports(live()).await.unwrap().count, 3);
    // One that lives may, and takes itself along.
    assert_eq!(store.revoke_passports(live(), "r", by("pp_0"), telling(50)).await.unwrap().matched.count, 3);
    assert!(store.passport("pp_0").await.unwrap().revoked_at.is_some());
}

pub(crate) async fn the_named_ones_are_bounded_and_the_count_is_not(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let bound = i64::from(NAMED_PASSPORTS);
    for (number, place) in (1..).zip(0..=bound) {
        store.insert_passport(passport(place), event(number)).await.unwrap();
    }
    let done = store.revoke_passports(of("ollie"), "r", None, telling(500)).await.unwrap();
    assert_eq!(done.matched.count, u64::from(NAMED_PASSPORTS) + 1);
    assert_eq!(i64::try_from(done.matched.passport_ids.len()).unwrap(), bound);
    assert_eq!(store.find_passports(live()).await.unwrap().count, 0);
}
