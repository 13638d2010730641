//! Renewals: what came of one passport is a lineage, and falls as one.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Backend, NOW, agent, event, just, key, passport, with_ollie};
use crate::store::{
    KeyState, LiveFilter, Maker, MatchedPassports, NewPassport, PassportFilter, PassportState, Renews, RevokeKey, RotateKeys, Store,
    StoreError,
};

/// Passport `number`, which renews another, by this key.
fn renewal(number: i64, of: i64, key_id: &str) -> NewPassport {
    let renews = Some(Renews { passport_id: format!("pp_{of}"), most: 8, lately: 60 });
    NewPassport { key_id: key_id.to_owned(), renew_until: Some(NOW + 90_000), renews, ..passport(number) }
}

async fn rotate(store: &dyn Store, from: &str, to: &str, fresh: &str, number: u32) {
    let rotation = RotateKeys {
        expected_active: from.to_owned(),
        expected_next: to.to_owned(),
        fresh_next: key(fresh, NOW + i64::from(number)),
        retire_until: NOW + 99_999,
        now: NOW,
    };
    store.rotate_keys(rotation, event(number)).await.unwrap();
}

fn revocation(key_id: &str, expected_state: KeyState) -> RevokeKey {
    RevokeKey { key_id: key_id.to_owned(), expected_state, promote: None, fresh_next: None, reason: "stolen".to_owned(), now: NOW + 10 }
}

/// `pp_0` by `k1`, `pp_1` that renews it and `pp_2` that renews that by `k2`; and `pp_9`, which nobody renews, by each.
async fn world(backend: &impl Backend) -> Arc<dyn Store> {
    let store = with_ollie(backend).await;
    store.insert_passport(NewPassport { renew_until: Some(NOW + 90_000), ..passport(0) }, event(1)).await.unwrap();
    store.insert_passport(passport(8), event(2)).await.unwrap();
    rotate(store.as_ref(), "k1", "k2", "k3", 3).await;
    store.insert_passport(renewal(1, 0, "k2"), event(4)).await.unwrap();
    store.insert_passport(renewal(2, 1, "k2"), event(5)).await.unwrap();
    store.insert_passport(NewPassport { key_id: "k2".to_owned(), ..passport(9) }, event(6)).await.unwrap();
    store
}

async fn live(store: &dyn Store) -> Vec<String> {
    let state = Some(PassportState::Live);
    let filter = PassportFilter { state, now: NOW + 10, limit: 1_000, ..PassportFilter::default() };
    let mut ids: Vec<String> = store.passports(filter).await.unwrap().items.into_iter().map(|one| one.passport_id).collect();
    ids.sort();
    ids
}

pub(crate) async fn a_renewal_comes_into_the_lineage_of_what_it_renews(backend: impl Backend) {
    let store = world(&backend).await;
    for (id, renewed_from) in [("pp_0", None), ("pp_1", Some("pp_0")), ("pp_2", Some("pp_1"))] {
        let kept = store.passport(id).await.unwrap();
        assert_eq!((kept.lineage.as_str(), kept.renewed_from.as_deref()), ("pp_0", renewed_from), "{id}");
        assert_eq!((kept.renew_until, kept.revoked_with_key), (Some(NOW + 90_000), None));
    }
    let alone = store.passport("pp_9").await.unwrap();
    assert_eq!((alone.lineage.as_str(), alone.renew_until, alone.renewed_from), ("pp_9", None, None));
}

pub(crate) async fn whichever_of_a_lineage_is_revoked_all_its_live_ones_are(backend: impl Backend) {
    let store = world(&backend).await;
    store.insert_passport(NewPassport { expires_at: NOW + 10, ..renewal(3, 0, "k2") }, event(7)).await.unwrap();
    let sequence = store.trust_sequence().await.unwrap();
    // The one that is said falls though it is over; of the others, the live ones.
    let done = store.revoke_passport("pp_3", Some("lost"), NOW + 10, None, just(event(10))).await.unwrap();
    let all = MatchedPassports { count: 4, passport_ids: ["pp_0", "pp_1", "pp_2", "pp_3"].map(str::to_owned).into() };
    assert_eq!((done.changed, done.matched, done.trust_sequence), (true, all, sequence + 1));
    assert_eq!(live(store.as_ref()).await, ["pp_8", "pp_9"]);
    assert_eq!(store.revoked_indexes(0).await.unwrap(), [0, 1, 2, 3]);
    for id in ["pp_0", "pp_2"] {
        let kept = store.passport(id).await.unwrap();
        assert_eq!((kept.revoked_at, kept.revoke_reason.as_deref()), (Some(NOW + 10), Some("lost")));
        let again = store.revoke_passport(id, None, NOW + 20, None, just(event(11))).await.unwrap();
        assert_eq!((again.changed, again.matched, again.trust_sequence), (false, MatchedPassports::default(), sequence + 1));
    }
}

pub(crate) async fn a_filter_that_finds_one_of_a_lineage_revokes_all_its_live_ones(backend: impl Backend) {
    let store = world(&backend).await;
    store.insert_passport(NewPassport { issued_at: NOW - 100, expires_at: NOW + 5, ..renewal(3, 1, "k2") }, event(7)).await.unwrap();
    let ids = |list: &[&str]| list.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let at = LiveFilter { now: NOW + 10, ..LiveFilter::default() };
    let by_key = LiveFilter { key_id: Some("k1".to_owned()), ..at.clone() };
    // `pp_3` is over, and who held it can have renewed it.
    let by_time = LiveFilter { issued_before: Some(NOW), ..at.clone() };
    for (filter, expected) in [(by_key, ids(&["pp_0", "pp_8", "pp_1", "pp_2"])), (by_time.clone(), ids(&["pp_0", "pp_1", "pp_2"]))] {
        let found = store.find_passports(filter).await.unwrap();
        assert_eq!((found.count, found.passport_ids), (u64::try_from(expected.len()).unwrap(), expected));
    }
    let found = store.find_passports(by_time.clone()).await.unwrap();
    let done = store.revoke_passports(by_time, "r", None, just(event(20))).await.unwrap();
    assert_eq!(done.matched, found, "what was counted is what is revoked");
    assert_eq!(live(store.as_ref()).await, ["pp_8", "pp_9"]);
    assert_eq!(store.passport("pp_3").await.unwrap().revoked_at, None, "it is over");
}

pub(crate) async fn a_revoked_key_takes_every_lineage_that_it_signed_any_of(backend: impl Backend) {
    let store = world(&backend).await;
    // Another lineage, whose first is by `k2` and whose renewal by `k3`; and one by `k3` that is nobody's kin.
    store.insert_passport(NewPassport { key_id: "k2".to_owned(), ..passport(20) }, event(7)).await.unwrap();
    rotate(store.as_ref(), "k2", "k3", "k4", 8).await;
    store.insert_passport(renewal(21, 20, "k3"), event(9)).await.unwrap();
    store.insert_passport(NewPassport { key_id: "k3".to_owned(), ..passport(30) }, event(10)).await.unwrap();

    store.revoke_key(revocation("k1", KeyState::Retired), event(11)).await.unwrap();
    assert_eq!(live(store.as_ref()).await, ["pp_20", "pp_21", "pp_30", "pp_9"]);
    assert_eq!(store.revoked_indexes(0).await.unwrap(), [0, 1, 2, 8]);
    let fell = store.passport("pp_2").await.unwrap();
    assert_eq!((fell.revoked_at, fell.revoke_reason.as_deref()), (Some(NOW + 10), Some("stolen")));
    assert_eq!(fell.revoked_with_key.as_deref(), Some("k1"));
    let gone = |kid: &'static str| {
        let store = Arc::clone(&store);
        async move {
            let page = store.passports_of_key(kid, NOW + 10, None, 100).await.unwrap();
            page.items.into_iter().map(|gone| (gone.passport.passport_id, gone.newest)).collect::<Vec<_>>()
        }
    };
    let pairs = |list: &[(&str, &str)]| list.iter().map(|(one, newest)| ((*one).to_owned(), (*newest).to_owned())).collect::<Vec<_>>();
    assert_eq!(gone("k1").await, pairs(&[("pp_0", "pp_2"), ("pp_8", "pp_8"), ("pp_1", "pp_2"), ("pp_2", "pp_2")]));
    let uses = store.key_uses(NOW + 10).await.unwrap();
    let counted: Vec<(&str, i64, i64)> = uses.iter().map(|used| (used.key_id.as_str(), used.signed, used.live)).collect();
    assert_eq!(counted, [("k1", 2, 0), ("k2", 4, 2), ("k3", 2, 2)]);
    let all = LiveFilter { now: NOW + 10, ..LiveFilter::default() };
    assert_eq!(store.find_passports(all).await.unwrap().count, 4, "the same as the lists and the keys say");

    // What fell with one key does not go with another: nothing is issued anew for it twice.
    store.revoke_key(revocation("k2", KeyState::Retired), event(12)).await.unwrap();
    assert_eq!(gone("k2").await, pairs(&[("pp_9", "pp_9"), ("pp_20", "pp_21"), ("pp_21", "pp_21")]));
    assert_eq!(live(store.as_ref()).await, ["pp_30"]);
    assert_eq!(store.trust_snapshot().await.unwrap().lists[0].revoked, [0, 1, 2, 8, 9, 20, 21]);
}

pub(crate) async fn nothing_is_renewed_into_a_lineage_that_has_fallen(backend: impl Backend) {
    let store = world(&backend).await;
    store.create_agent(agent("other"), event(7)).await.unwrap();
    let others = NewPassport { agent_id: "other".to_owned(), ..renewal(40, 1, "k2") };
    assert!(matches!(store.insert_passport(others, event(8)).await, Err(StoreError::Conflict { what: "passport", .. })));
    let refused = |outcome: Result<(), StoreError>| matches!(outcome, Err(StoreError::MakerRevoked { .. }));
    // The clock of another issuer: what it revokes has long ended for it, and `pp_2` is not touched.
    store.revoke_passport("pp_0", None, NOW + 9_999, None, just(event(9))).await.unwrap();
    assert_eq!(store.passport("pp_2").await.unwrap().revoked_at, None);
    assert!(refused(store.insert_passport(renewal(41, 2, "k2"), event(10)).await), "one of its kin was revoked");
    store.insert_passport(renewal(42, 8, "k2"), event(11)).await.unwrap();
    store.revoke_key(RevokeKey { now: NOW + 9_999, ..revocation("k1", KeyState::Retired) }, event(12)).await.unwrap();
    assert!(refused(store.insert_passport(renewal(43, 42, "k2"), event(13)).await), "a revoked key has signed one of its kin");
    assert!(matches!(store.insert_passport(renewal(44, 77, "k2"), event(14)).await, Err(StoreError::NotFound { .. })));
    store.insert_passport(renewal(45, 9, "k2"), event(15)).await.unwrap();
}

pub(crate) async fn a_lineage_has_so_many_at_once(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    let at = |number: i64, from: i64, life: i64| {
        let renews = Some(Renews { passport_id: "pp_0".to_owned(), most: 3, lately: 60 });
        NewPassport { issued_at: NOW + from, expires_at: NOW + from + life, renews, ..passport(number) }
    };
    store.insert_passport(at(1, 1, 10), event(2)).await.unwrap();
    store.insert_passport(at(2, 2, 1_000), event(3)).await.unwrap();
    // `pp_1` is over, and was issued lately: short lives make no more of them.
    for from in [3, 20, 60] {
        let refused = store.insert_passport(at(3, from, 10), event(4)).await;
        let Err(StoreError::TooManyRenewed { most: 3, seconds, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(from + seconds, 61);
    }
    store.insert_passport(at(4, 61, 2_000), event(5)).await.unwrap();
    let refused = store.insert_passport(at(5, 200, 10), event(6)).await;
    assert!(matches!(refused, Err(StoreError::TooManyRenewed { seconds: 802, .. })), "{refused:?}");
    store.insert_passport(at(6, 1_002, 10), event(7)).await.unwrap();
    store.insert_passport(passport(7), event(8)).await.unwrap();
}

/// Four renew without pause what another revokes, by itself or with its key: none of what they are given is live afterwards.
pub(crate) async fn a_renewal_never_outlives_what_it_came_of(backend: impl Backend) {
    let store = world(&backend).await;
    for round in 0..6_i64 {
        let first = 100 + round * 100;
        let number = |place: i64| u32::try_from(place).unwrap();
        store.insert_passport(NewPassport { key_id: "k2".to_owned(), ..passport(first) }, event(number(first))).await.unwrap();
        let mut renewing = JoinSet::new();
        for lane in 0..4 {
            let store = Arc::clone(&store);
            renewing.spawn(async move {
                let (mut from, mut renewed) = (first, 0);
                for step in 0..20 {
                    let place = first + 1 + lane * 20 + step;
                    let mut event = event(u32::try_from(place).unwrap());
                    event.event.passport_id = Some(format!("pp_{from}"));
                    let renews = Some(Renews { passport_id: format!("pp_{from}"), most: 1_000, lately: 60 });
                    match store.insert_passport(NewPassport { renews, ..renewal(place, from, "k2") }, event).await {
                        Ok(()) => (from, renewed) = (place, renewed + 1),
                        Err(StoreError::MakerRevoked { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
                renewed
            });
        }
        while store.find_passports(LiveFilter { now: NOW, ..LiveFilter::default() }).await.unwrap().count < 8 {
            tokio::task::yield_now().await;
        }
        let maker = Maker { passport_id: "pp_9".to_owned(), at: NOW };
        store.revoke_passport(&format!("pp_{first}"), None, NOW, Some(maker), just(event(10_000 + number(round)))).await.unwrap();
        let renewed: i64 = renewing.join_all().await.into_iter().sum();
        assert!(renewed > 0);
        assert_eq!(live(store.as_ref()).await, ["pp_0", "pp_1", "pp_2", "pp_8", "pp_9"]);
    }
    // The key that signed the first is revoked while another signs.
    let mut renewing = JoinSet::new();
    for lane in 0..4 {
        let store = Arc::clone(&store);
        renewing.spawn(async move {
            for step in 0..20 {
                let place = 801 + lane * 20 + step;
                let renews = Some(Renews { passport_id: "pp_2".to_owned(), most: 1_000, lately: 60 });
                let new = NewPassport { renews, ..renewal(place, 2, "k2") };
                match store.insert_passport(new, event(u32::try_from(place).unwrap())).await {
                    Ok(()) | Err(StoreError::MakerRevoked { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    store.revoke_key(revocation("k1", KeyState::Retired), event(20_000)).await.unwrap();
    renewing.join_all().await;
    assert_eq!(live(store.as_ref()).await, ["pp_9"]);
}
