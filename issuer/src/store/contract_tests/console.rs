//! Sessions of the console, and the links that open one.

use std::sync::Arc;

use super::{Backend, NOW, event, passport, with_ollie};
use crate::store::{AuditFilter, ConsoleKey, Store, StoreError};

async fn signed_up(backend: &impl Backend) -> Arc<dyn Store> {
    let store = with_ollie(backend).await;
    for number in [1, 2] {
        store.insert_passport(passport(number), event(u32::try_from(number).unwrap())).await.unwrap();
    }
    store
}

fn key(hash: &str, number: i64, created_at: i64, life: i64) -> ConsoleKey {
    ConsoleKey { hash: hash.to_owned(), passport_id: format!("pp_{number}"), created_at, expires_at: created_at + life }
}

async fn log(store: &dyn Store) -> usize {
    store.events(AuditFilter { limit: 1_000, ..AuditFilter::default() }).await.unwrap().items.len()
}

pub(crate) async fn a_session_is_opened_and_closed_with_its_event(backend: impl Backend) {
    let store = signed_up(&backend).await;
    let (store, before) = (store.as_ref(), log(store.as_ref()).await);
    let one = key("h1", 1, NOW, 100);
    store.open_console_session(one.clone(), None, event(10)).await.unwrap();
    assert_eq!(store.console_session("h1").await.unwrap(), Some(one.clone()));
    assert_eq!(store.console_session("H1").await.unwrap(), None);
    let again = store.open_console_session(one, None, event(11)).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    assert!(store.close_console_session("h1", event(12)).await.unwrap());
    assert_eq!(store.console_session("h1").await.unwrap(), None);
    assert!(!store.close_console_session("h1", event(13)).await.unwrap());
    assert_eq!(log(store).await, before + 2, "what changed nothing wrote no event");

    // A maker that counts no more opens nothing.
    let mut by = event(14);
    by.event.passport_id = Some("pp_none".to_owned());
    let refused = store.open_console_session(key("h2", 1, NOW, 100), None, by).await;
    assert!(matches!(refused, Err(StoreError::MakerRevoked { .. })), "{refused:?}");
    assert_eq!(store.console_session("h2").await.unwrap(), None);
}

pub(crate) async fn a_link_opens_one_session_and_no_second(backend: impl Backend) {
    let store = signed_up(&backend).await;
    let store = store.as_ref();
    let link = key("l1", 1, NOW, 300);
    store.make_console_link(link.clone(), event(10)).await.unwrap();
    assert_eq!(store.console_link("l1").await.unwrap(), Some(link));
    let (one, two) = tokio::join!(
        store.open_console_session(key("h1", 1, NOW, 100), Some("l1".to_owned()), event(11)),
        store.open_console_session(key("h2", 1, NOW, 100), Some("l1".to_owned()), event(12)),
    );
    let refused = [&one, &two].into_iter().filter(|opened| matches!(opened, Err(StoreError::NotFound { .. }))).count();
    assert_eq!((one.is_ok() != two.is_ok(), refused), (true, 1), "{one:?} {two:?}");
    let there = [store.console_session("h1").await.unwrap(), store.console_session("h2").await.unwrap()];
    assert_eq!(there.iter().flatten().count(), 1, "what was refused left no session");
    assert_eq!(store.console_link("l1").await.unwrap(), None);
}

pub(crate) async fn what_is_over_goes_and_a_passport_has_so_many_at_once(backend: impl Backend) {
    let store = signed_up(&backend).await;
    let store = store.as_ref();
    store.open_console_session(key("old", 2, NOW, 10), None, event(10)).await.unwrap();
    store.make_console_link(key("old", 2, NOW, 10), event(11)).await.unwrap();
    for number in 0..33 {
        let at = NOW + 11 + i64::from(number);
        store.open_console_session(key(&format!("h{number}"), 1, at, 100), None, event(100 + number)).await.unwrap();
        store.make_console_link(key(&format!("l{number}"), 1, at, 100), event(200 + number)).await.unwrap();
    }
    // A session that is over is remembered for a day, a link is not.
    assert!(store.console_session("old").await.unwrap().is_some());
    assert!(store.console_link("old").await.unwrap().is_none());
    for (number, there) in [(0, false), (1, true), (32, true)] {
        assert_eq!(store.console_session(&format!("h{number}")).await.unwrap().is_some(), there, "{number}");
        assert_eq!(store.console_link(&format!("l{number}")).await.unwrap().is_some(), there, "{number}");
    }
    store.open_console_session(key("late", 1, NOW + 86_410, 100), None, event(300)).await.unwrap();
    assert!(store.console_session("old").await.unwrap().is_none());
}
