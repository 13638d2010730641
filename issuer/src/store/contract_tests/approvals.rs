//! Approvals.

use super::{Backend, NOW, event, passport, with_ollie};
use crate::store::{ApprovalFilter, ApprovalState, NewApproval, StoreError, Vote};

fn new(number: i64) -> NewApproval {
    NewApproval {
        approval_id: format!("apr_{number}"),
        passport_id: "pp_0".to_owned(),
        agent_id: "ollie".to_owned(),
        request: "{\"action\":\"x\"}".to_owned(),
        request_hash: format!("hash-{number}"),
        audience: "https://shop.example".to_owned(),
        approvers: 2,
        asked_at: NOW,
        pending_until: NOW + 100,
    }
}

fn vote(number: i64, by: &str, approves: bool) -> Vote {
    let reason = Some(format!("says {by}"));
    Vote { approval_id: format!("apr_{number}"), decided_by: by.to_owned(), approves, reason, now: NOW + 1, request: None }
}

pub(crate) async fn an_approval_is_asked_once_and_kept_as_given(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    let asked = store.ask_approval(new(1), 2, event(2)).await.unwrap();
    assert_eq!((&asked.asked, asked.state, asked.approved_by.len()), (&new(1), ApprovalState::Pending, 0));
    assert_eq!(store.approval("apr_1", NOW).await.unwrap(), asked);
    // The same request again is the same approval.
    let again = NewApproval { approval_id: "apr_9".to_owned(), ..new(1) };
    assert_eq!(store.ask_approval(again, 2, event(3)).await.unwrap(), asked);
    // To another service it is another one.
    let elsewhere = NewApproval { audience: "https://other.example".to_owned(), approval_id: "apr_2".to_owned(), ..new(1) };
    assert_eq!(store.ask_approval(elsewhere, 2, event(4)).await.unwrap().asked.audience, "https://other.example");
    let error = store.ask_approval(new(3), 2, event(5)).await.unwrap_err();
    assert!(matches!(error, StoreError::TooManyPending { most: 2, .. }), "{error}");
    // Once their time is over there is room, and the same may be asked again.
    let later = NewApproval { asked_at: NOW + 100, pending_until: NOW + 200, approval_id: "apr_4".to_owned(), ..new(1) };
    assert_eq!(store.ask_approval(later, 2, event(6)).await.unwrap().asked.approval_id, "apr_4");
    assert_eq!(store.approval("apr_2", NOW + 99).await.unwrap().state, ApprovalState::Expired, "it was written down");
    assert!(matches!(store.approval("apr_3", NOW).await, Err(StoreError::NotFound { what: "approval", .. })));
    let all = ApprovalFilter { state: None, now: NOW + 100, cursor: None, limit: 2 };
    let page = store.approvals(all.clone()).await.unwrap();
    assert_eq!(page.items.iter().map(|one| one.asked.approval_id.as_str()).collect::<Vec<_>>(), ["apr_4", "apr_2"]);
    let rest = store.approvals(ApprovalFilter { cursor: page.next, ..all.clone() }).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    // Those whose time is over are told as such, whether or not it was written down.
    let ids = async |state, now, cursor, limit| {
        let page = store.approvals(ApprovalFilter { state: Some(state), now, cursor, limit }).await.unwrap();
        (page.items.into_iter().map(|one| one.asked.approval_id).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(ids(ApprovalState::Pending, NOW + 199, None, 9).await.0, ["apr_4"]);
    assert_eq!(ids(ApprovalState::Expired, NOW + 199, None, 9).await.0, ["apr_2", "apr_1"]);
    assert_eq!(ids(ApprovalState::Pending, NOW + 200, None, 9).await.0, [""; 0]);
    let (first, next) = ids(ApprovalState::Expired, NOW + 200, None, 2).await;
    assert_eq!(first, ["apr_4", "apr_2"]);
    assert_eq!(ids(ApprovalState::Expired, NOW + 200, next, 2).await, (vec!["apr_1".to_owned()], None));
}

pub(crate) async fn as_many_people_as_are_asked_for_approve(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
    for (number, mark) in (1..=3).zip(11..) {
        store.ask_approval(new(number), 9, event(mark)).await.unwrap();
    }
    let once = store.decide_approval(vote(1, "bob", true), event(20)).await.unwrap();
    assert_eq!((once.state, once.decided_at, once.approved_by), (ApprovalState::Pending, None, vec!["bob".to_owned()]));
    let error = store.decide_approval(vote(1, "bob", true), event(21)).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { what: "approval", .. }), "{error}");
    let twice = store.decide_approval(vote(1, "ann", true), event(22)).await.unwrap();
    assert_eq!((twice.state, twice.decided_at), (ApprovalState::Approved, Some(NOW + 1)));
    assert_eq!((twice.approved_by, twice.reason.as_deref()), (vec!["ann".to_owned(), "bob".to_owned()], Some("says ann")));
    assert!(store.decide_approval(vote(1, "eve", false), event(23)).await.is_err(), "it is decided");
    let denied = store.decide_approval(vote(2, "eve", false), event(24)).await.unwrap();
    assert_eq!((denied.state, denied.denied_by.as_deref()), (ApprovalState::Denied, Some("eve")));
    assert!(store.decide_approval(vote(2, "ann", true), event(25)).await.is_err());
    let late = Vote { now: NOW + 100, ..vote(3, "ann", true) };
    assert!(store.decide_approval(late, event(26)).await.is_err(), "its time is over");
    assert!(matches!(store.decide_approval(vote(7, "ann", true), event(27)).await, Err(StoreError::NotFound { .. })));
    for (state, id) in [(ApprovalState::Approved, "apr_1"), (ApprovalState::Denied, "apr_2"), (ApprovalState::Pending, "apr_3")] {
        let listed = store.approvals(ApprovalFilter { state: Some(state), now: NOW, cursor: None, limit: 9 }).await.unwrap().items;
        assert_eq!(listed.iter().map(|one| one.asked.approval_id.as_str()).collect::<Vec<_>>(), [id]);
    }
    // What was refused left no event.
    let filter = crate::store::AuditFilter { limit: 1_000, ..Default::default() };
    let events = store.events(filter).await.unwrap().items;
    assert_eq!(events.len(), 3 + 3 + 3, "set-up, asks and votes: {events:?}");
}
