//! What holds when several callers act at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Backend, NOW, append, decision, event, key, passport, with_ollie};
use crate::store::{AuditFilter, PassportFilter, PassportState, RotateKeys, StoreError};

fn live(now: i64) -> PassportFilter {
    PassportFilter { agent_id: Some("ollie".to_owned()), state: Some(PassportState::Live), now, limit: 1_000, ..PassportFilter::default() }
}

/// Four issue without pause, while one disables and enables: at each moment when the agent is disabled, nothing is
/// live.
pub(crate) async fn a_disabled_agent_never_has_a_live_passport(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let mut issuing = JoinSet::new();
    for lane in 0..4_u32 {
        let store = Arc::clone(&store);
        issuing.spawn(async move {
            let mut issued = 0;
            for step in 0..25 {
                let number = lane * 25 + step;
                let new = passport(i64::from(number));
                match store.insert_passport(new, event(number)).await {
                    Ok(()) => issued += 1,
                    Err(StoreError::AgentDisabled { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            issued
        });
    }
    let mut revoked = 0;
    for round in 0..20_u32 {
        let done = store.disable_agent("ollie", "r", NOW + 1, event(1_000 + 2 * round)).await.unwrap();
        assert!(done.changed);
        revoked += done.revoked;
        let left = store.passports(live(NOW + 1)).await.unwrap();
        assert_eq!(left.items, []);
        if round < 19 {
            let event = event(1_001 + 2 * round);
            assert!(store.enable_agent("ollie", event).await.unwrap());
            tokio::task::yield_now().await;
        }
    }
    // The agent has stayed disabled.
    let issued: u64 = issuing.join_all().await.into_iter().sum();
    assert_eq!(issued, revoked);
    assert_eq!(store.passports(live(NOW + 1)).await.unwrap().items, []);
    let taken = store.status_lists().await.unwrap()[0].used;
    assert_eq!(u64::try_from(taken).unwrap(), issued);
}

pub(crate) async fn a_status_index_is_won_by_one(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let mut tasks = JoinSet::new();
    for number in 0..8_u32 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut new = passport(i64::from(number));
            new.status_index = 500;
            store.insert_passport(new, event(number)).await
        });
    }
    let results = tasks.join_all().await;
    let won = results.iter().filter(|result| result.is_ok()).count();
    let told = results.iter().filter(|result| matches!(result, Err(StoreError::StatusIndexTaken { list: 0, index: 500 }))).count();
    assert_eq!((won, told), (1, 7));
}

pub(crate) async fn one_of_two_rotations_wins(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let mut tasks = JoinSet::new();
    for (number, fresh) in (1..).zip(["k3", "k4"]) {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let rotation = RotateKeys {
                expected_active: "k1".to_owned(),
                expected_next: "k2".to_owned(),
                fresh_next: key(fresh, NOW),
                retire_until: NOW,
                now: NOW,
            };
            store.rotate_keys(rotation, event(number)).await
        });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().any(|result| matches!(result, Err(StoreError::Conflict { what: "key", .. }))));
    assert_eq!(store.keys().await.unwrap().len(), 3);
}

/// Callers that are cut off at any point of a write: each is either written with its event or not at all, and the
/// store goes on.
pub(crate) async fn a_caller_that_goes_away_leaves_nothing_half_done(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    for number in 0..50_u32 {
        let task = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                let new = passport(i64::from(number));
                store.insert_passport(new, event(number)).await
            }
        });
        for _ in 0..number {
            tokio::task::yield_now().await;
        }
        task.abort();
    }
    // A write that is still on its way is refused from here on: what is there does not change while it is counted.
    store.close().await.unwrap();
    let store = backend.open().await;
    let passports = store.passports(live(NOW)).await.unwrap().items;
    let events = store.events(AuditFilter { limit: 1_000, ..AuditFilter::default() });
    // The first keys and the agent have an event each.
    assert_eq!(events.await.unwrap().items.len(), passports.len() + 2);
    let taken = store.status_lists().await.unwrap()[0].used;
    assert_eq!(usize::try_from(taken).unwrap(), passports.len());
}

/// The one thread that all of the caller's tasks have is not free until what it asked for is on disk.
pub(crate) async fn a_write_waits_for_no_other_task(backend: impl Backend + Sync) {
    let store = with_ollie(&backend).await;
    let before = store.log_head().await.unwrap().size;
    let mut write = std::pin::pin!(append(&*store, "shop", None, vec![decision("r1", "h")]));
    assert!(futures_util::poll!(&mut write).is_pending(), "it is asked for");
    let look = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let other = backend.open().await;
            let deadline = Instant::now() + Duration::from_secs(60);
            while other.log_head().await.unwrap().size == before {
                assert!(Instant::now() < deadline, "it waits for who asked");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            other.close().await.unwrap();
        });
    };
    std::thread::scope(|scope| scope.spawn(look).join()).unwrap();
    assert_eq!(write.await.unwrap().accepted, 1);
}
