//! Deciding again: how far it has come, who does it, and what was found.

use super::{Backend, NOW, event, just, passport, with_ollie};
use crate::store::{AuditFilter, Difference, DifferenceFilter, EventKind, Redecided, Store, StoreError};

fn difference(sequence: i64, reporter: &str) -> Difference {
    Difference {
        sequence,
        reporter: reporter.to_owned(),
        request_id: format!("r{sequence}"),
        passport_id: (sequence % 2 == 0).then(|| "pp_1".to_owned()),
        kind: "decision".to_owned(),
        reported: r#"{"outcome":"allow"}"#.to_owned(),
        expected: r#"{"outcome":"deny"}"#.to_owned(),
        found_at: NOW + sequence,
    }
}

fn done(holder: &str, from: i64, to: i64) -> Redecided {
    Redecided { holder: holder.to_owned(), until: NOW + 30, from, to, differences: Vec::new(), event: None }
}

async fn listed(store: &dyn Store, reporter: Option<&str>, cursor: Option<i64>, limit: u32) -> (Vec<i64>, Option<i64>) {
    let filter = DifferenceFilter { reporter: reporter.map(str::to_owned), cursor, limit };
    let page = store.differences(filter).await.unwrap();
    (page.items.iter().map(|difference| difference.sequence).collect(), page.next)
}

pub(crate) async fn one_at_a_time_decides_again_and_who_comes_after_goes_on(backend: impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.take_redecide("a", NOW, NOW + 30).await.unwrap(), Some(0));
    assert_eq!(store.take_redecide("b", NOW + 29, NOW + 60).await.unwrap(), None, "the first has it");
    assert_eq!(store.take_redecide("a", NOW + 1, NOW + 30).await.unwrap(), Some(0), "and keeps it");
    store.keep_redecided(done("a", 0, 500)).await.unwrap();
    // A step that another has made is not made a second time.
    for stale in [done("a", 0, 300), done("b", 500, 600)] {
        assert!(matches!(store.keep_redecided(stale).await, Err(StoreError::Conflict { .. })));
    }
    drop(store);
    let store = backend.open().await;
    assert_eq!(store.take_redecide("b", NOW + 30, NOW + 60).await.unwrap(), Some(500), "the lease is over, and it is all there");
}

pub(crate) async fn a_difference_its_event_and_the_step_are_one_transaction(backend: impl Backend) {
    let store = backend.open().await;
    store.take_redecide("a", NOW, NOW + 30).await.unwrap();
    let differences = vec![difference(3, "shop"), difference(4, "bank"), difference(7, "shop")];
    store.keep_redecided(Redecided { differences: differences.clone(), event: Some(event(1)), ..done("a", 0, 9) }).await.unwrap();
    let all = store.differences(DifferenceFilter { limit: 100, ..DifferenceFilter::default() }).await.unwrap();
    assert_eq!(all.items, differences.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(listed(store.as_ref(), Some("shop"), None, 1).await, (vec![7], Some(7)));
    assert_eq!(listed(store.as_ref(), Some("shop"), Some(7), 1).await, (vec![3], None));
    let told = async || store.events(AuditFilter { limit: 10, ..AuditFilter::default() }).await.unwrap().items;
    assert_eq!(told().await.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::Admin]);

    // The event is there already, so nothing of this is.
    let again = Redecided { differences: vec![difference(12, "shop")], event: Some(event(1)), ..done("a", 9, 20) };
    assert!(store.keep_redecided(again).await.is_err());
    assert_eq!(listed(store.as_ref(), None, None, 100).await.0, [7, 4, 3]);
    assert_eq!(store.take_redecide("a", NOW, NOW + 30).await.unwrap(), Some(9));
    assert_eq!(told().await.len(), 1);
}

pub(crate) async fn a_revocation_knows_which_trust_was_the_first_to_tell_of_it(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    for number in 1..=3 {
        store.insert_passport(passport(number), event(number.try_into().unwrap())).await.unwrap();
    }
    let told = async |id: &str| store.passport(id).await.unwrap().revoked_sequence;
    assert_eq!(told("pp_1").await, None);
    let first = store.revoke_passport("pp_1", None, NOW, None, just(event(10))).await.unwrap().trust_sequence;
    let second = store.revoke_passport("pp_2", None, NOW, None, just(event(11))).await.unwrap().trust_sequence;
    let disabled = store.disable_agent("ollie", "left", NOW, event(12)).await.unwrap().trust_sequence;
    assert_eq!((told("pp_1").await, told("pp_2").await, told("pp_3").await), (Some(first), Some(second), Some(disabled)));
    assert!(first < second && second < disabled);
}
