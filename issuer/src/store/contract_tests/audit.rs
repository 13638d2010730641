//! The audit log, and that no change goes without its event.

use passport_shared::constraint::Operator;
use passport_shared::scalar::Scalar;

use super::{Backend, NOW, agent, all_agents, append, decision, event, hash_of, just, key, passport, with_ollie};
use crate::store::{
    AppendOutcome, AuditEvent, AuditFilter, EventKind, KeyState, MAX_PAGE_BYTES, Maker, NewEvent, Order, RevokeKey, RotateKeys, Store,
    StoreError,
};

/// How many were accepted, duplicates and conflicts.
fn counted(outcome: &AppendOutcome) -> (u64, u64, u64) {
    (outcome.accepted, outcome.duplicates, outcome.conflicts)
}

fn any() -> AuditFilter {
    AuditFilter { limit: 100, ..AuditFilter::default() }
}

async fn all(store: &dyn Store) -> Vec<AuditEvent> {
    store.events(any()).await.unwrap().items
}

pub(crate) async fn a_batch_is_kept_exactly_and_in_order(backend: impl Backend) {
    let store = backend.open().await;
    let full = NewEvent {
        seq: Some(7),
        agent_id: Some("ollie".to_owned()),
        passport_id: Some("pp_1".to_owned()),
        outcome: Some("deny".to_owned()),
        reason: Some("constraint_unmet".to_owned()),
        action: Some("purchase".to_owned()),
        resource: Some("commerce".to_owned()),
        ..decision("r1", "h1")
    };
    let bare = NewEvent { evaluated_at: None, ..decision("r2", "h2") };
    let done = append(store.as_ref(), "shop", None, vec![full.clone(), bare.clone()]).await.unwrap();
    assert_eq!((done.log_size, counted(&done)), (2, (2, 0, 0)));

    let kept = all(store.as_ref()).await;
    assert!((kept[0].sequence, kept[1].sequence) == (2, 1));
    for (kept, given) in kept.iter().rev().zip([full, bare]) {
        assert_eq!(kept.kind, EventKind::Decision);
        assert_eq!(kept.reporter, "shop");
        assert!(!kept.conflict);
        assert_eq!(kept.event, given);
    }
    assert_eq!(counted(&append(store.as_ref(), "shop", None, Vec::new()).await.unwrap()), (0, 0, 0));
}

pub(crate) async fn the_same_body_again_is_a_duplicate(backend: impl Backend) {
    let store = backend.open().await;
    let first = decision("r1", "h1");
    // Whether the issuer gives the retry an id of its own or the same one does not matter.
    let renamed = NewEvent { event_id: "evt_retry".to_owned(), ..first.clone() };
    let batch = vec![first.clone(), first.clone(), renamed.clone()];
    assert_eq!(counted(&append(store.as_ref(), "shop", None, batch.clone()).await.unwrap()), (1, 2, 0));
    assert_eq!(counted(&append(store.as_ref(), "shop", None, batch).await.unwrap()), (0, 3, 0));
    assert_eq!(all(store.as_ref()).await.len(), 1);
}

pub(crate) async fn another_body_is_kept_beside_the_first_once(backend: impl Backend) {
    let store = backend.open().await;
    let batch = vec![decision("r1", "h1"), decision("r1", "h2"), decision("r1", "h2"), decision("r1", "h3"), decision("r1", "h1")];
    assert_eq!(counted(&append(store.as_ref(), "shop", None, batch.clone()).await.unwrap()), (1, 2, 2));
    assert_eq!(counted(&append(store.as_ref(), "shop", None, batch).await.unwrap()), (0, 5, 0));
    let kept: Vec<_> = all(store.as_ref()).await.into_iter().map(|kept| (kept.event.body_hash, kept.conflict)).collect();
    let expected = [("h3", true), ("h2", true), ("h1", false)];
    assert_eq!(kept, expected.map(|(hash, is)| (hash_of(hash), is)));
}

pub(crate) async fn request_ids_belong_to_their_reporter(backend: impl Backend) {
    let store = backend.open().await;
    let mut theirs = decision("r1", "h1");
    theirs.event_id = "evt_theirs".to_owned();
    for (reporter, new) in [("shop", decision("r1", "h1")), ("bank", theirs)] {
        let done = append(store.as_ref(), reporter, None, vec![new]).await.unwrap();
        assert_eq!(counted(&done), (1, 0, 0));
    }
}

pub(crate) async fn a_reported_id_blocks_no_admin_change(backend: impl Backend) {
    let store = backend.open().await;
    let claimed = event(1);
    let mut early = claimed.event.clone();
    early.event_id = "evt_early".to_owned();
    append(store.as_ref(), &claimed.reporter, None, vec![early]).await.unwrap();
    store.create_agent(agent("ollie"), claimed).await.unwrap();
    let kinds: Vec<_> = all(store.as_ref()).await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Admin, EventKind::Decision]);
}

/// Batches that are written together: one whose maker may not report is refused whole, and is in nobody's way.
pub(crate) async fn a_batch_is_written_whole_or_not_at_all(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    store.insert_passport(passport(1), event(2)).await.unwrap();
    store.revoke_passport("pp_0", None, NOW, None, just(event(3))).await.unwrap();
    let report = |lane: usize| {
        let store = std::sync::Arc::clone(&store);
        let events = (0..3).map(|number| decision(&format!("{lane}-{number}"), "h")).collect();
        let maker = Maker { passport_id: format!("pp_{}", lane % 2), at: NOW };
        tokio::spawn(async move { append(store.as_ref(), &format!("shop-{lane}"), Some(maker), events).await })
    };
    let reports: Vec<_> = (0..20).map(report).collect();
    for (lane, report) in reports.into_iter().enumerate() {
        match report.await.unwrap() {
            Ok(done) => assert_eq!((lane % 2, counted(&done)), (1, (3, 0, 0))),
            Err(error) => assert!(lane % 2 == 0 && matches!(error, StoreError::MakerRevoked { .. }), "{error}"),
        }
    }
    let kept = all(store.as_ref()).await;
    let decisions: Vec<_> = kept.iter().filter(|kept| kept.kind == EventKind::Decision).collect();
    assert_eq!(decisions.len(), 30);
    for three in decisions.chunks(3) {
        assert!(three.iter().all(|kept| kept.reporter == three[0].reporter), "a batch stands together");
    }
}

pub(crate) async fn each_filter_narrows_the_list(backend: impl Backend) {
    let store = backend.open().await;
    let some = |text: &str| Some(text.to_owned());
    let wanted = NewEvent {
        agent_id: some("a"),
        passport_id: some("p"),
        outcome: some("deny"),
        reason: some("expired"),
        action: some("buy"),
        resource: some("shop/x"),
        ..decision("r1", "h1")
    };
    let undated = NewEvent { evaluated_at: None, ..decision("r2", "h2") };
    append(store.as_ref(), "shop", None, vec![wanted, undated]).await.unwrap();
    store.create_agent(agent("z"), event(1)).await.unwrap();

    let none = "' OR 1=1 --";
    let pick = |change: &dyn Fn(&mut AuditFilter, &str), value: &str| {
        let mut filter = any();
        change(&mut filter, value);
        filter
    };
    type Change<'a> = (&'a dyn Fn(&mut AuditFilter, &str), &'a str, usize);
    let text: [Change<'_>; 7] = [
        (&|f, v| f.agent_id = Some(v.to_owned()), "a", 1),
        (&|f, v| f.passport_id = Some(v.to_owned()), "p", 1),
        (&|f, v| f.outcome = Some(v.to_owned()), "deny", 1),
        (&|f, v| f.reason = Some(v.to_owned()), "expired", 1),
        (&|f, v| f.action = Some(v.to_owned()), "buy", 1),
        (&|f, v| f.resource = Some(v.to_owned()), "shop/x", 1),
        (&|f, v| f.reporter = Some(v.to_owned()), "shop", 2),
    ];
    for (change, value, found) in text {
        let there = store.events(pick(change, value)).await.unwrap().items;
        assert_eq!(there.len(), found, "{value}");
        let absent = store.events(pick(change, none)).await.unwrap().items;
        assert_eq!(absent.len(), 0, "{value}");
    }
    let count = async |filter: AuditFilter| store.events(filter).await.unwrap().items.len();
    for (kind, found) in [(EventKind::Admin, 1), (EventKind::Decision, 2)] {
        let kind = Some(kind);
        assert_eq!(count(AuditFilter { kind, ..any() }).await, found);
    }
    // By the time of the decision (NOW), or of receipt (NOW + 5) where there is none; `to` is not included.
    for (from, to, found) in [(NOW, NOW + 6, 3), (NOW, NOW + 5, 2), (NOW + 1, NOW + 6, 1), (NOW + 6, NOW + 9, 0)] {
        let (from, to) = (Some(from), Some(to));
        assert_eq!(count(AuditFilter { from, to, ..any() }).await, found);
    }
}

pub(crate) async fn events_are_listed_newest_first_in_pages(backend: impl Backend) {
    let store = backend.open().await;
    let batch = ["e", "b", "d", "a", "c"].map(|id| decision(id, "h"));
    append(store.as_ref(), "shop", None, batch.to_vec()).await.unwrap();
    let mut seen = Vec::new();
    let mut cursor = None;
    for size in [2, 2, 1] {
        let filter = AuditFilter { cursor, limit: 2, ..any() };
        let page = store.events(filter).await.unwrap();
        assert_eq!(page.items.len(), size);
        seen.extend(page.items.into_iter().map(|kept| kept.event.request_id));
        cursor = page.next;
    }
    assert_eq!((seen.concat().as_str(), cursor), ("cadbe", None));
}

/// By a filter and without one, over more than one span, and what comes after the last page is found from there.
pub(crate) async fn pages_of_either_order_meet_over_many_spans(backend: impl Backend) {
    let store = backend.open().await;
    let numbered = |number: usize| NewEvent { agent_id: Some(format!("a{}", number % 2)), ..decision(&number.to_string(), "h") };
    append(store.as_ref(), "shop", None, (1..=1_000).map(numbered).collect()).await.unwrap();
    let oldest = |cursor| AuditFilter { order: Order::OldestFirst, limit: 97, cursor, ..AuditFilter::default() };
    let narrowed = [(None, None), (Some("a1".to_owned()), None), (Some("a1".to_owned()), Some(NOW))];
    for ((agent_id, from), order) in narrowed.into_iter().flat_map(|one| [(one.clone(), Order::OldestFirst), (one, Order::NewestFirst)]) {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.events(AuditFilter { agent_id: agent_id.clone(), from, order, ..oldest(cursor) }).await.unwrap();
            seen.extend(page.items.into_iter().map(|kept| kept.sequence));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if order == Order::NewestFirst {
            seen.reverse();
        }
        let expected: Vec<i64> = (1..=1_000).filter(|number| agent_id.is_none() || number % 2 == 1).collect();
        assert_eq!(seen, expected, "{order:?}");
    }
    append(store.as_ref(), "shop", None, vec![numbered(1_001)]).await.unwrap();
    let page = store.events(AuditFilter { agent_id: Some("a1".to_owned()), ..oldest(Some(1_000)) }).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));
}

/// The bodies before and behind the one that is looked for are more than one page reads.
pub(crate) async fn looking_for_attributes_takes_a_bounded_time_and_goes_on(backend: impl Backend) {
    let store = backend.open().await;
    let bodied = |number: usize, attributes: &str| NewEvent {
        body: format!("{{\"attributes\":{{{attributes}}},\"x\":\"{}\"}}", "x".repeat(1 << 20)),
        ..decision(&number.to_string(), "h")
    };
    for part in 0..8 {
        let events = (part * 10..part * 10 + 10).map(|number| bodied(number, if number == 40 { "\"amount\":1.0" } else { "\"amount\":2" }));
        append(store.as_ref(), "shop", None, events.collect()).await.unwrap();
    }
    let one = vec![("amount".to_owned(), Operator::Equals(Scalar::Number(1.into())))];
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let (mut pages, mut seen, mut cursor) = (0, Vec::new(), None);
        loop {
            let page = store.events(AuditFilter { attributes: one.clone(), order, cursor, ..any() }).await.unwrap();
            seen.extend(page.items.into_iter().map(|kept| kept.event.request_id));
            (pages, cursor) = (pages + 1, page.next);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), (vec!["40".to_owned()], 3), "{order:?}");
    }
}

pub(crate) async fn a_write_is_told_once_it_can_be_read(backend: impl Backend) {
    let store = backend.open().await;
    let mut written = store.written();
    written.mark_unchanged();
    append(store.as_ref(), "shop", None, vec![decision("r1", "h")]).await.unwrap();
    written.changed().await.unwrap();
    assert_eq!(store.log_head().await.unwrap().size, 1);
    written.mark_unchanged();
    store.create_agent(agent("z"), event(1)).await.unwrap();
    written.changed().await.unwrap();
    assert_eq!(store.log_head().await.unwrap().size, 2);
}

/// Of three bodies that fill a page, the third is on the next one; and a body that fills one alone has a page of its own.
pub(crate) async fn a_page_of_events_is_bounded_in_bytes(backend: impl Backend) {
    let store = backend.open().await;
    let sized = |id: &str, bytes: usize| NewEvent { body: "x".repeat(bytes), ..decision(id, "h") };
    let half = MAX_PAGE_BYTES / 2;
    let batch = vec![sized("e", 10), sized("d", half), sized("c", half), sized("b", MAX_PAGE_BYTES + 1), sized("a", 1)];
    append(store.as_ref(), "shop", None, batch).await.unwrap();
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.events(AuditFilter { cursor, ..any() }).await.unwrap();
        let ids: Vec<_> = page.items.iter().map(|kept| kept.event.request_id.as_str()).collect();
        pages.push(ids.concat());
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, ["a", "b", "cd", "e"]);
    // What does not fit is looked for again from there, with a limit too.
    let two = store.events(AuditFilter { limit: 2, ..any() }).await.unwrap();
    assert_eq!((two.items.len(), two.next), (1, Some(two.items[0].sequence)));
}

/// Every kind of change, each with an event whose id is taken: none may be written.
pub(crate) async fn a_change_without_its_event_is_rolled_back(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.create_agent(agent("off"), event(1)).await.unwrap();
    store.disable_agent("off", "r", NOW, event(2)).await.unwrap();
    store.insert_passport(passport(0), event(3)).await.unwrap();
    let state = async || {
        (
            store.agents(all_agents()).await.unwrap(),
            store.passport("pp_0").await.unwrap(),
            store.status_lists().await.unwrap(),
            store.trust_snapshot().await.unwrap(),
            all(store.as_ref()).await,
        )
    };
    let before = state().await;
    let taken = || event(1);
    let refused = |result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::Conflict { what: "audit event", .. })));
    };
    refused(store.create_agent(agent("new"), taken()).await.map(|_| ()));
    let disabled = store.disable_agent("ollie", "r", NOW, taken()).await;
    refused(disabled.map(|_| ()));
    refused(store.enable_agent("off", taken()).await.map(|_| ()));
    refused(store.insert_passport(passport(1), taken()).await);
    let revoked = store.revoke_passport("pp_0", None, NOW, None, just(taken())).await;
    refused(revoked.map(|_| ()));
    let rotation = RotateKeys {
        expected_active: "k1".to_owned(),
        expected_next: "k2".to_owned(),
        fresh_next: key("k3", NOW),
        retire_until: NOW,
        now: NOW,
    };
    refused(store.rotate_keys(rotation, taken()).await.map(|_| ()));
    let plan = RevokeKey {
        key_id: "k1".to_owned(),
        expected_state: KeyState::Active,
        promote: Some("k2".to_owned()),
        fresh_next: Some(key("k3", NOW)),
        reason: "r".to_owned(),
        now: NOW,
    };
    refused(store.revoke_key(plan, taken()).await.map(|_| ()));
    assert_eq!(before, state().await);
}

/// The same for the first keys, which need an empty store.
pub(crate) async fn first_keys_without_their_event_are_rolled_back(backend: impl Backend) {
    let store = backend.open().await;
    store.create_agent(agent("ollie"), event(1)).await.unwrap();
    let refused = store.insert_first_keys(key("k1", NOW), key("k2", NOW), event(1)).await;
    assert!(matches!(refused, Err(StoreError::Conflict { what: "audit event", .. })));
    assert_eq!(store.keys().await.unwrap(), []);
    assert_eq!(store.trust_sequence().await.unwrap(), 0);
}

pub(crate) async fn a_change_that_is_none_writes_no_event(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    store.revoke_passport("pp_0", None, NOW, None, just(event(2))).await.unwrap();
    store.disable_agent("ollie", "r", NOW, event(3)).await.unwrap();
    let before = all(store.as_ref()).await;
    assert_eq!(before.len(), 5);
    store.revoke_passport("pp_0", None, NOW, None, just(event(4))).await.unwrap();
    store.disable_agent("ollie", "r", NOW, event(5)).await.unwrap();
    assert_eq!(before, all(store.as_ref()).await);
    store.enable_agent("ollie", event(6)).await.unwrap();
    store.enable_agent("ollie", event(7)).await.unwrap();
    assert_eq!(all(store.as_ref()).await.len(), 6);
}
