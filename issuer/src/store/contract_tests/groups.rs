//! Batches that are written together: each comes to what it would have come to alone.

use std::sync::Arc;

use futures_util::future::join_all;
use passport_shared::log::merkle;

use super::{Backend, decision, hash_of};
use crate::store::{AppendOutcome, Batch, FindingKind, Link, NewEvent, Reported, Store};

/// Events that a reporter has sent before, and the last that it sends.
const BEFORE: i64 = 50;
const LAST: i64 = 170;

/// An event of this reporter's chain.
fn linked(reporter: &str, seq: i64) -> Reported {
    let name = |seq: i64| format!("{reporter}-{seq}");
    let event = NewEvent { seq: Some(seq), ..decision(&name(seq), &name(seq)) };
    let previous = (seq > 1).then(|| hash_of(&name(seq - 1)));
    Reported { event, link: Some(Link { previous, count: 1 }), plain: None }
}

fn batch(reporter: &str, events: Vec<Reported>) -> Batch {
    Batch { reporter: reporter.to_owned(), maker: None, events, alarm: Arc::new(|_| Ok(None)) }
}

/// Events that are accepted, are there already, and contradict one that is; and what was found: its kind, from where to where.
type Counted = (u64, u64, u64, Vec<(FindingKind, i64, i64)>);

fn counted(outcome: &AppendOutcome) -> Counted {
    let findings = outcome.findings.iter().map(|finding| (finding.kind, finding.from_seq, finding.to_seq)).collect();
    (outcome.accepted, outcome.duplicates, outcome.conflicts, findings)
}

/// What the reporter of this number sends, and what comes of it: most go on with their chain, and some have to be looked at.
fn sent(number: usize) -> (Vec<Reported>, Counted) {
    let reporter = format!("shop-{number}");
    let chain = |from: i64, to: i64| (from..=to).map(|seq| linked(&reporter, seq)).collect::<Vec<_>>();
    let renamed = |mut events: Vec<Reported>, place: usize, id: i64| {
        events[place].event.request_id = format!("{reporter}-{id}");
        events
    };
    match number % 6 {
        1 => (chain(BEFORE - 9, LAST), (120, 10, 0, vec![])),
        2 => ([chain(BEFORE + 1, 60), chain(62, LAST)].concat(), (119, 0, 0, vec![(FindingKind::Gap, 61, 61)])),
        3 => (chain(BEFORE + 1, LAST).into_iter().map(|reported| Reported { link: None, ..reported }).collect(), (120, 0, 0, vec![])),
        // The id of an event of the same batch, and of one that was sent before.
        4 => (renamed(chain(BEFORE + 1, LAST), 7, BEFORE + 1), (119, 0, 1, vec![])),
        5 => (renamed(chain(BEFORE + 1, LAST), 119, 3), (119, 0, 1, vec![])),
        _ => (chain(BEFORE + 1, LAST), (120, 0, 0, vec![])),
    }
}

pub(crate) async fn batches_that_are_written_together_come_to_what_each_would_alone(backend: impl Backend) {
    let store = backend.open().await;
    let reporters = || (0..18).map(|number| format!("shop-{number}"));
    for reporter in reporters() {
        store.append_events(batch(&reporter, (1..=BEFORE).map(|seq| linked(&reporter, seq)).collect())).await.unwrap();
    }
    // All at once: while the first is written, the others gather.
    let outcomes = join_all(reporters().enumerate().map(|(number, reporter)| store.append_events(batch(&reporter, sent(number).0)))).await;
    for (number, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(counted(&outcome.unwrap()), sent(number).1, "reporter {number}");
    }
    in_order(store.as_ref()).await;
    // And so does what they send next.
    let next = join_all(reporters().map(|reporter| store.append_events(batch(&reporter, vec![linked(&reporter, LAST + 1)])))).await;
    for (number, outcome) in next.into_iter().enumerate() {
        let late = if number % 6 == 3 { vec![(FindingKind::Gap, BEFORE + 1, LAST)] } else { vec![] };
        assert_eq!(counted(&outcome.unwrap()), (1, 0, 0, late), "reporter {number}");
    }
    in_order(store.as_ref()).await;
}

/// That the log is in one piece, its tree over it, and each reporter's events in their order.
async fn in_order(store: &dyn Store) {
    let (mut leaves, mut after, mut last) = (Vec::new(), Some(0), std::collections::HashMap::new());
    while let Some(from) = after {
        let page = store.log_from(from, 1_000).await.unwrap();
        for kept in &page.items {
            leaves.push(kept.entry().leaf().unwrap());
            assert_eq!(usize::try_from(kept.sequence).unwrap(), leaves.len());
            let before = last.insert(kept.reporter.clone(), kept.event.seq);
            assert!(before.unwrap_or_default() < kept.event.seq, "{kept:?}");
        }
        after = page.next;
    }
    assert_eq!(store.log_head().await.unwrap().root, merkle::root(&leaves));
}
