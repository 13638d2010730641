//! The log as a whole: its tree, and what it counts.

use std::collections::BTreeMap;

use passport_shared::log::merkle::{self, Frontier};

use super::{Backend, NOW, agent, append, decision, event};
use crate::store::{AuditFilter, Count, CountFilter, Dropped, EventKind, NewEvent};

/// More than a tile: reported in batches of odd sizes, with changes between them.
pub(crate) async fn the_tree_is_made_of_every_event_in_order(backend: impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.log_head().await.unwrap(), crate::store::LogHead { size: 0, root: Frontier::default().root() });
    let mut number = 0;
    for size in [1, 255, 1, 300, 7, 120] {
        let batch = (0..size).map(|part| decision(&format!("{number}-{part}"), "h")).collect();
        number += 1;
        append(store.as_ref(), "shop", None, batch).await.unwrap();
        store.create_agent(agent(&format!("a{number}")), event(number)).await.unwrap();
    }
    let (mut leaves, mut next) = (Vec::new(), Some(0));
    while let Some(after) = next {
        let page = store.log_from(after, 100).await.unwrap();
        for kept in &page.items {
            leaves.push(kept.entry().leaf().unwrap());
            assert_eq!(usize::try_from(kept.sequence).unwrap(), leaves.len());
        }
        next = page.next;
    }
    assert_eq!(leaves.len(), 690);
    let head = store.log_head().await.unwrap();
    assert_eq!((head.size, head.root), (690, merkle::root(&leaves)));
    let tiles = store.tiles(vec![(0, 0), (0, 2), (1, 0), (0, 3)]).await.unwrap();
    assert_eq!(tiles[0].as_deref(), Some(leaves[..256].as_flattened()));
    assert_eq!(tiles[1].as_deref(), Some(leaves[512..].as_flattened()));
    assert_eq!(tiles[2].as_ref().map(Vec::len), Some(64));
    assert_eq!(tiles[3], None);
    // The next to open it goes on from there.
    store.close().await.unwrap();
    let store = backend.open().await;
    append(store.as_ref(), "shop", None, vec![decision("last", "h")]).await.unwrap();
    let last = store.log_from(690, 10).await.unwrap().items.remove(0);
    leaves.push(last.entry().leaf().unwrap());
    assert_eq!(store.log_head().await.unwrap().root, merkle::root(&leaves));
}

pub(crate) async fn a_decision_is_found_by_its_request(backend: impl Backend) {
    let store = backend.open().await;
    for reporter in ["bank", "shop", "zoo"] {
        append(store.as_ref(), reporter, None, vec![decision("r1", reporter), decision("r2", "h")]).await.unwrap();
    }
    append(store.as_ref(), "shop", None, vec![decision("r1", "other")]).await.unwrap();
    store.create_agent(agent("a"), event(1)).await.unwrap();
    let found = async |id: &str| {
        let found = store.events_of_request(id).await.unwrap();
        found.into_iter().map(|kept| (kept.sequence, kept.reporter, kept.conflict)).collect::<Vec<_>>()
    };
    let named = |name: &str| name.to_owned();
    assert_eq!(
        found("r1").await,
        [(1, named("bank"), false), (3, named("shop"), false), (5, named("zoo"), false), (7, named("shop"), true)]
    );
    assert_eq!(found("admin-1").await, [(8, named("agent_admin"), false)]);
    assert_eq!(found("r3").await, []);
}

pub(crate) async fn events_are_counted_by_hour_agent_and_reason(backend: impl Backend) {
    let store = backend.open().await;
    let one = |id: &str, agent: &str, outcome: &str, reason: &str, at: i64| NewEvent {
        agent_id: Some(agent.to_owned()),
        outcome: Some(outcome.to_owned()),
        reason: Some(reason.to_owned()),
        evaluated_at: Some(at),
        ..decision(id, "h")
    };
    let hour = NOW.div_euclid(3_600);
    let lost = NewEvent { agent_id: Some("a".to_owned()), outcome: None, ..decision("gap", "h") };
    let batch = vec![
        one("1", "a", "allow", "granted", NOW),
        one("2", "a", "allow", "granted", NOW),
        one("3", "b", "deny", "expired", NOW),
        one("4", "a", "deny", "expired", NOW + 3_600),
        lost,
    ];
    for _ in 0..2 {
        append(store.as_ref(), "shop", None, batch.clone()).await.unwrap();
    }
    let all = CountFilter { from_hour: hour, to_hour: hour + 2, ..CountFilter::default() };
    let total = |outcome: &str, count| Count { hour: None, agent_id: None, outcome: outcome.to_owned(), reason: None, count };
    assert_eq!(store.counts(all.clone()).await.unwrap(), [total("allow", 2), total("deny", 2)]);
    let of_a = CountFilter { agent_id: Some("a".to_owned()), by_hour: true, by_agent: true, by_reason: true, ..all.clone() };
    let exact = |hour, outcome: &str, reason: &str, count| Count {
        hour: Some(hour),
        agent_id: Some("a".to_owned()),
        outcome: outcome.to_owned(),
        reason: Some(reason.to_owned()),
        count,
    };
    assert_eq!(store.counts(of_a).await.unwrap(), [exact(hour, "allow", "granted", 2), exact(hour + 1, "deny", "expired", 1)]);
    assert_eq!(store.counts(CountFilter { to_hour: hour, ..all }).await.unwrap(), []);
    // An admin's change is no decision.
    store.create_agent(agent("z"), event(1)).await.unwrap();
    assert_eq!(store.log_from(0, 100).await.unwrap().items.last().map(|last| last.kind), Some(EventKind::Admin));
}

/// Decisions of full blocks and of the one that fills are counted alike, over the hours and the agents that either has.
pub(crate) async fn decisions_are_counted_once_whether_their_block_is_full_or_fills(backend: impl Backend) {
    let store = backend.open().await;
    let one = |number: i64| NewEvent {
        agent_id: (number % 5 != 0).then(|| format!("agent-{}", number % 3)),
        outcome: Some(if number % 7 == 0 { "deny" } else { "allow" }.to_owned()),
        reason: Some(if number % 7 == 0 { "expired" } else { "granted" }.to_owned()),
        // From before 1970 too: an hour begins at its full hour on that side as well.
        evaluated_at: Some(number * 3 - 4_000),
        ..decision(&format!("r{number}"), "h")
    };
    let mut written = 0_i64;
    // Nothing full, all full, and two blocks full at once with one that fills.
    for upto in [900, 4_096, 13_000] {
        while written < upto {
            let next = (written + 900).min(upto);
            append(store.as_ref(), "shop", None, (written..next).map(one).collect()).await.unwrap();
            written = next;
        }
        let mut expected = BTreeMap::<(i64, String, String, String), i64>::new();
        for event in (0..written).map(one) {
            let key = (event.evaluated_at.unwrap().div_euclid(3_600), event.agent_id.unwrap_or_default());
            *expected.entry((key.0, key.1, event.outcome.unwrap(), event.reason.unwrap())).or_default() += 1;
        }
        let all = CountFilter { from_hour: -10, to_hour: 100, by_hour: true, by_agent: true, by_reason: true, ..CountFilter::default() };
        let counted = store.counts(all).await.unwrap().into_iter();
        let counted = counted.map(|one| ((one.hour.unwrap(), one.agent_id.unwrap(), one.outcome, one.reason.unwrap()), one.count));
        assert_eq!(counted.collect::<BTreeMap<_, _>>(), expected, "{upto}");
    }
}

/// Over several blocks of the index and one that is not full, whatever is looked for is what reading everything finds.
pub(crate) async fn what_is_looked_for_is_found_wherever_it_stands(backend: impl Backend) {
    let store = backend.open().await;
    let total: i64 = 9_000;
    let one = |number: i64| NewEvent {
        agent_id: Some(format!("agent-{}", number % 3)),
        // A few, far from each other; and one that is in one block alone.
        passport_id: match number {
            5_000..5_010 => Some("pp_once".to_owned()),
            _ => (number % 1_500 == 7).then(|| "pp_rare".to_owned()),
        },
        outcome: Some(if number % 100 == 0 { "deny" } else { "allow" }.to_owned()),
        reason: Some("granted".to_owned()),
        evaluated_at: Some(NOW + number / 10),
        ..decision(&format!("r{number}"), "h")
    };
    for from in (0..total).step_by(900) {
        append(store.as_ref(), "shop", None, (from..from + 900).map(one).collect()).await.unwrap();
    }
    let text = |text: &str| Some(text.to_owned());
    let any = AuditFilter::default;
    let filters = [
        AuditFilter { passport_id: text("pp_rare"), ..any() },
        AuditFilter { passport_id: text("pp_once"), ..any() },
        AuditFilter { passport_id: text("pp_rare"), agent_id: text("agent-1"), ..any() },
        AuditFilter { outcome: text("deny"), agent_id: text("agent-2"), ..any() },
        AuditFilter { agent_id: text("nobody"), ..any() },
        AuditFilter { from: Some(NOW + 400), to: Some(NOW + 420), ..any() },
        AuditFilter { outcome: text("deny"), from: Some(NOW + 100), to: Some(NOW + 850), ..any() },
        AuditFilter { kind: Some(EventKind::Admin), ..any() },
    ];
    for filter in filters {
        let holds = |number: &i64| {
            let event = one(*number);
            let same = |wanted: &Option<String>, found: Option<String>| wanted.is_none() || *wanted == found;
            let time = event.evaluated_at.unwrap();
            same(&filter.passport_id, event.passport_id)
                && same(&filter.agent_id, event.agent_id)
                && same(&filter.outcome, event.outcome)
                && filter.kind.is_none()
                && filter.from.is_none_or(|from| time >= from)
                && filter.to.is_none_or(|to| time < to)
        };
        let expected: Vec<i64> = (0..total).rev().filter(holds).map(|number| number + 1).collect();
        for limit in [7, 1_000] {
            let (mut found, mut cursor, mut pages) = (Vec::new(), None, 0);
            loop {
                let page = store.events(AuditFilter { cursor, limit, ..filter.clone() }).await.unwrap();
                found.extend(page.items.into_iter().map(|kept| kept.sequence));
                cursor = page.next;
                pages += 1;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "{filter:?} by {limit}");
            assert!(pages <= expected.len() / limit as usize + 2, "{pages} pages for {filter:?}");
        }
    }
}

pub(crate) async fn bodies_go_some_at_a_time_and_are_told_once(backend: impl Backend) {
    let store = backend.open().await;
    for part in 0..3 {
        let events = (0..500).map(|number| NewEvent { received_at: NOW + part, ..decision(&format!("{part}-{number}"), "h") });
        append(store.as_ref(), "shop", None, events.collect()).await.unwrap();
    }
    let telling = || -> crate::store::EventOf<Dropped> { Box::new(|dropped| Ok(event(u32::try_from(dropped.bodies).unwrap()))) };
    let head = store.log_head().await.unwrap();
    let none = store.drop_bodies(NOW, telling()).await.unwrap();
    assert_eq!((none, store.log_head().await.unwrap()), (Dropped { bodies: 0, to: 0, more: false }, head));
    // A thousand, and it is not told yet; then the rest, with one event for all.
    let first = store.drop_bodies(NOW + 3, telling()).await.unwrap();
    assert_eq!((first, store.log_head().await.unwrap()), (Dropped { bodies: 1_000, to: 1_000, more: true }, head));
    let rest = store.drop_bodies(NOW + 3, telling()).await.unwrap();
    assert_eq!(rest, Dropped { bodies: 1_500, to: 1_500, more: false });
    assert_eq!(store.log_head().await.unwrap().size, 1_501);
    let page = store.log_from(1_498, 10).await.unwrap().items;
    assert_eq!(page.iter().map(|kept| kept.event.body.is_empty()).collect::<Vec<_>>(), [true, true, false]);
    // It is a duplicate all the same.
    let again = NewEvent { received_at: NOW, ..decision("0-1", "h") };
    let outcome = append(store.as_ref(), "shop", None, vec![again]).await.unwrap();
    assert_eq!((outcome.accepted, outcome.duplicates), (0, 1));
}
