//! The chains of reporters: what does not follow is found, and told, when it comes.

use std::sync::Arc;

use super::{Backend, NOW, decision, event, hash_of};
use crate::store::{
    AppendOutcome, AuditFilter, Batch, EventKind, Finding, FindingFilter, FindingKind, Link, Plain, Reported, SecretSeed, Store,
};

/// An event of a chain: `seq`, and the number of the event that it says was before.
fn linked(seq: i64, before: Option<i64>) -> Reported {
    let name = |seq: i64| format!("r{seq}");
    let event = crate::store::NewEvent { seq: Some(seq), ..decision(&name(seq), &name(seq)) };
    Reported { event, link: Some(Link { previous: before.map(|before| hash_of(&name(before))), count: 1 }), plain: None }
}

async fn report(store: &dyn Store, events: &[Reported]) -> AppendOutcome {
    let alarm = Arc::new(|findings: &[Finding]| {
        let mut told = event(u32::try_from(findings[0].sequence).unwrap());
        told.event.action = Some(format!("found {}", findings.len()));
        Ok(Some(told))
    });
    store.append_events(Batch { reporter: "shop".to_owned(), maker: None, events: events.to_vec(), alarm }).await.unwrap()
}

/// Kind, first and last number, and whether it is resolved.
async fn found(store: &dyn Store) -> Vec<(FindingKind, i64, i64, bool)> {
    let page = store.findings(FindingFilter { limit: 100, ..FindingFilter::default() }).await.unwrap();
    let mut found: Vec<_> =
        page.items.into_iter().map(|finding| (finding.kind, finding.from_seq, finding.to_seq, finding.resolved_at.is_some())).collect();
    found.sort_by_key(|(_, from, _, _)| *from);
    found
}

pub(crate) async fn a_chain_that_goes_on_is_silent_and_a_gap_is_told_at_once(backend: impl Backend) {
    let store = backend.open().await;
    assert_eq!(report(store.as_ref(), &[linked(10, None), linked(11, Some(10))]).await.findings, []);
    assert_eq!(report(store.as_ref(), &[linked(12, Some(11))]).await.findings, []);
    let told = report(store.as_ref(), &[linked(13, Some(12)), linked(17, Some(16)), linked(18, Some(17))]).await;
    let gap = Finding {
        kind: FindingKind::Gap,
        reporter: "shop".to_owned(),
        from_seq: 14,
        to_seq: 16,
        sequence: 5,
        found_at: NOW + 5,
        resolved_at: None,
    };
    assert_eq!(told.findings, [gap]);
    // It is in the log itself, written with the batch.
    let newest = store.events(AuditFilter { limit: 1, ..AuditFilter::default() }).await.unwrap().items.remove(0);
    assert_eq!((newest.kind, newest.sequence, newest.event.action.as_deref()), (EventKind::Admin, told.log_size, Some("found 1")));
    let chains = store.chains("shop", 10).await.unwrap();
    assert_eq!(chains.iter().map(|chain| (chain.first_seq, chain.last_seq)).collect::<Vec<_>>(), [(10, 18)]);
}

pub(crate) async fn a_gap_closes_as_its_numbers_come(backend: impl Backend) {
    let store = backend.open().await;
    report(store.as_ref(), &[linked(1, None), linked(7, Some(6))]).await;
    assert_eq!(found(store.as_ref()).await, [(FindingKind::Gap, 2, 6, false)]);
    report(store.as_ref(), &[linked(4, Some(3))]).await;
    assert_eq!(
        found(store.as_ref()).await,
        [(FindingKind::Gap, 2, 3, false), (FindingKind::Gap, 4, 4, true), (FindingKind::Gap, 5, 6, false)]
    );
    report(store.as_ref(), &[linked(2, Some(1)), linked(3, Some(2)), linked(5, Some(4)), linked(6, Some(5)), linked(8, Some(7))]).await;
    assert!(found(store.as_ref()).await.iter().all(|(_, _, _, resolved)| *resolved));
    let open = store.findings(FindingFilter { open: true, limit: 10, ..FindingFilter::default() }).await.unwrap();
    assert_eq!(open.items, []);
}

pub(crate) async fn a_fork_is_found_by_its_hash_or_by_its_number(backend: impl Backend) {
    let store = backend.open().await;
    report(store.as_ref(), &[linked(1, None), linked(2, Some(1))]).await;
    // The next number, after another event than the one that came.
    let mut other = linked(3, Some(2));
    other.link = Some(Link { previous: Some(hash_of("another")), count: 1 });
    assert_eq!(report(store.as_ref(), &[other]).await.findings.len(), 1);
    // A number that was taken, by an event of another name.
    let mut again = linked(2, Some(1));
    again.event.request_id = "r2-again".to_owned();
    again.event.body_hash = hash_of("r2-again");
    assert_eq!(report(store.as_ref(), &[again]).await.findings.len(), 1);
    assert_eq!(found(store.as_ref()).await, [(FindingKind::Fork, 2, 2, false), (FindingKind::Fork, 3, 3, false)]);
}

/// What is sent again, whole or in part, alone or at the same time, is a duplicate and no finding.
pub(crate) async fn what_is_sent_again_is_no_fork(backend: impl Backend) {
    let store = backend.open().await;
    let batch = [linked(1, None), linked(2, Some(1)), linked(3, Some(2))];
    let sends = (0..4).map(|_| {
        let (store, batch) = (Arc::clone(&store), batch.clone());
        tokio::spawn(async move { report(store.as_ref(), &batch).await })
    });
    let sends: Vec<_> = sends.collect();
    let mut accepted = 0;
    for send in sends {
        let done = send.await.unwrap();
        assert_eq!(done.findings, []);
        accepted += done.accepted;
    }
    assert_eq!(accepted, 3);
    let done = report(store.as_ref(), &[linked(3, Some(2)), linked(4, Some(3))]).await;
    assert_eq!((done.accepted, done.duplicates, done.findings.len()), (1, 1, 0));
}

/// The same request id with the next number is found to be taken, though it looks like a new event.
pub(crate) async fn a_new_number_makes_no_new_event_of_an_old_id(backend: impl Backend) {
    let store = backend.open().await;
    report(store.as_ref(), &[linked(1, None), linked(2, Some(1))]).await;
    let mut same = linked(3, Some(2));
    same.event.request_id = "r1".to_owned();
    let done = report(store.as_ref(), &[same.clone()]).await;
    assert_eq!((done.accepted, done.conflicts), (0, 1), "kept beside the first");
    assert_eq!(report(store.as_ref(), &[same]).await.duplicates, 1);
}

pub(crate) async fn a_gap_record_takes_as_many_numbers_as_it_stands_for(backend: impl Backend) {
    let store = backend.open().await;
    let mut lost = linked(7, Some(1));
    lost.link = Some(Link { previous: Some(hash_of("r1")), count: 6 });
    lost.event.outcome = None;
    assert_eq!(report(store.as_ref(), &[linked(1, None), lost, linked(8, Some(7))]).await.findings, []);
}

/// A reporter that starts anew, or is several, has several chains; what goes on with none that is known begins one, and
/// what is before it is missing.
pub(crate) async fn each_chain_of_a_reporter_goes_on_by_itself(backend: impl Backend) {
    let store = backend.open().await;
    report(store.as_ref(), &[linked(1, None), linked(2, Some(1))]).await;
    assert_eq!(report(store.as_ref(), &[linked(1_000, None), linked(1_001, Some(1_000))]).await.findings, []);
    assert_eq!(report(store.as_ref(), &[linked(3, Some(2)), linked(1_002, Some(1_001)), linked(4, Some(3))]).await.findings, []);
    assert_eq!(store.chains("shop", 10).await.unwrap().len(), 2);
    let told = store
        .append_events(Batch {
            reporter: "bank".to_owned(),
            maker: None,
            events: vec![linked(50, Some(49))],
            alarm: Arc::new(|_| Ok(None)),
        })
        .await
        .unwrap();
    assert_eq!(
        told.findings.iter().map(|found| (found.kind, found.from_seq, found.to_seq)).collect::<Vec<_>>(),
        [(FindingKind::Gap, 49, 49)]
    );
}

pub(crate) async fn each_reporter_is_listed_with_what_it_lacks(backend: impl Backend) {
    let store = backend.open().await;
    // Who changes something at the issuer is no reporter for that.
    store.create_agent(super::agent("z"), event(9_000)).await.unwrap();
    report(store.as_ref(), &[linked(1, None), linked(4, Some(3)), linked(9, Some(8))]).await;
    super::append(store.as_ref(), "bank", None, vec![decision("r1", "h1")]).await.unwrap();
    let page = store.reporters(None, 1).await.unwrap();
    let bank = &page.items[0];
    assert_eq!((bank.reporter.as_str(), bank.chains.len(), bank.open_gaps, bank.forks), ("bank", 0, (0, 0), 0));
    assert_eq!(bank.last.1, NOW + 5);
    let page = store.reporters(page.next.as_deref(), 1).await.unwrap();
    let shop = &page.items[0];
    assert_eq!((shop.reporter.as_str(), shop.chains[0].last_seq, shop.open_gaps, shop.forks), ("shop", 9, (2, 6), 0));
    assert_eq!(shop.last, (4, NOW + 5));
    assert_eq!(page.next, None);
}

pub(crate) async fn an_event_that_is_hidden_is_told_by_a_hash_of_its_own_and_by_the_one_it_was_reported_with(backend: impl Backend) {
    let store = backend.open().await;
    let plain = |seq: i64| hash_of(&format!("r{seq}"));
    let salted = |seq: i64| hash_of(&format!("salted {seq}"));
    let hidden = |seq: i64, before: Option<i64>| {
        let mut reported = linked(seq, before);
        reported.event.event_id = format!("evt_hidden_{seq}");
        reported.event.body_hash = hash_of(&format!("stored {seq}"));
        reported.event.reported_hash = Some(salted(seq));
        reported.link = Some(Link { previous: before.map(salted), count: 1 });
        reported.plain = Some(Box::new(Plain { hash: plain(seq), previous: before.map(plain) }));
        reported
    };
    let counts = |outcome: AppendOutcome| (outcome.accepted, outcome.duplicates, outcome.conflicts, outcome.findings.len());
    assert_eq!(counts(report(store.as_ref(), &[linked(1, None)]).await), (1, 0, 0, 0), "from before anything was hidden");
    assert_eq!(counts(report(store.as_ref(), &[hidden(1, None), hidden(2, Some(1)), hidden(3, Some(2))]).await), (2, 1, 0, 0));
    assert_eq!(counts(report(store.as_ref(), &[hidden(3, Some(2)), hidden(4, Some(3))]).await), (1, 1, 0, 0));
    let mut other = hidden(4, Some(3));
    (other.event.reported_hash, other.plain) = (Some(hash_of("other")), None);
    other.event.event_id = "evt_other".to_owned();
    assert_eq!(counts(report(store.as_ref(), &[other.clone()]).await), (0, 0, 1, 1));
    assert_eq!(counts(report(store.as_ref(), &[other, hidden(4, Some(3))]).await), (0, 2, 0, 0));
    let kept = store.log_from(0, 10).await.unwrap().items;
    let hashes: Vec<_> = kept.iter().filter(|event| event.kind == EventKind::Decision).map(|event| event.event.reported_hash).collect();
    assert_eq!(hashes, [None, Some(salted(2)), Some(salted(3)), Some(salted(4)), Some(hash_of("other"))]);
    let (first, second) = (SecretSeed { salt: [1; 32], hash: [2; 32] }, SecretSeed { salt: [3; 32], hash: [4; 32] });
    assert_eq!(store.hiding_seed().await.unwrap(), None);
    assert_eq!(store.keep_hiding_seed(first.clone()).await.unwrap(), first);
    assert_eq!(store.keep_hiding_seed(second).await.unwrap(), first);
    assert_eq!(store.hiding_seed().await.unwrap(), Some(first));
}
