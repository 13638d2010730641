//! Webhooks and their deliveries.

use std::sync::Arc;

use super::templates::telling;
use super::{Backend, NOW, append, decision, event};
use crate::store::{
    AuditFilter, Delivery, DeliveryCounts, DeliveryFilter, DeliveryState, NewWebhook, Replay, SecretSeed, Sent, Store, StoreError, Webhook,
    WebhookChange,
};

fn webhook(id: &str) -> NewWebhook {
    NewWebhook {
        webhook_id: id.to_owned(),
        url: "https://hooks.example/é?x=1".to_owned(),
        events: r#"["decision.denied"]"#.to_owned(),
        filter: r#"{"agentId":"ollie"}"#.to_owned(),
        description: Some("for\nthe team".to_owned()),
        secret: seed(1),
        created_at: NOW,
        created_by: "agent_admin".to_owned(),
    }
}

fn seed(number: u8) -> SecretSeed {
    SecretSeed { salt: [number; 32], hash: [number.wrapping_add(100); 32] }
}

fn delivery(id: &str, sequence: i64, state: DeliveryState, next_at: i64) -> Delivery {
    Delivery {
        webhook_id: id.to_owned(),
        sequence,
        message_id: format!("msg_{sequence}"),
        state,
        attempts: 2,
        tried_at: NOW,
        next_at,
        last_error: (sequence % 2 == 0).then(|| "it answered 500".to_owned()),
    }
}

fn sent(id: &str, from: i64, to: i64, deliveries: Vec<Delivery>) -> Sent {
    Sent { webhook_id: id.to_owned(), holder: "one".to_owned(), from, to, deliveries, most: 3 }
}

async fn log(store: &dyn Store) -> usize {
    store.events(AuditFilter { limit: 1_000, ..AuditFilter::default() }).await.unwrap().items.len()
}

async fn listed(store: &dyn Store, state: Option<DeliveryState>) -> Vec<i64> {
    let filter = DeliveryFilter { webhook_id: "wh_1".to_owned(), state, cursor: None, limit: 100 };
    store.deliveries(filter).await.unwrap().items.into_iter().map(|delivery| delivery.sequence).collect()
}

/// A store with ten events and the webhook `wh_1` after them; `one` sends.
async fn with_webhook(backend: &impl Backend) -> Arc<dyn Store> {
    let store = backend.open().await;
    let events = (0..10).map(|number| decision(&format!("r{number}"), "h")).collect();
    append(store.as_ref(), "shop", None, events).await.unwrap();
    assert!(store.lead_webhooks("one", NOW, NOW + 15).await.unwrap());
    store.create_webhook(webhook("wh_1"), 2, event(1)).await.unwrap();
    store
}

pub(crate) async fn a_webhook_is_kept_as_given_and_changes_with_its_event(backend: impl Backend) {
    let store = with_webhook(&backend).await;
    let expected = Webhook { made: webhook("wh_1"), old: None, cursor: 10, disabled: None };
    assert_eq!((store.webhook("wh_1").await.unwrap(), store.webhooks().await.unwrap()), (expected.clone(), vec![expected.clone()]));
    assert!(matches!(store.create_webhook(webhook("wh_1"), 2, event(2)).await, Err(StoreError::Conflict { .. })));
    store.create_webhook(webhook("wh_2"), 2, event(3)).await.unwrap();
    let third = store.create_webhook(webhook("wh_3"), 2, event(4)).await;
    assert!(matches!(third, Err(StoreError::Conflict { problem, .. }) if problem.contains("one too many")));

    let disable = |why: &str| WebhookChange::Disable { at: NOW + 1, why: why.to_owned() };
    let disabled = store.change_webhook("wh_1", disable("é"), event(5)).await.unwrap();
    assert_eq!(disabled, Webhook { disabled: Some((NOW + 1, "é".to_owned())), ..expected.clone() });
    assert_eq!(store.change_webhook("wh_1", disable("again"), event(6)).await.unwrap(), disabled);
    assert_eq!(store.change_webhook("wh_1", WebhookChange::Enable, event(7)).await.unwrap(), expected);
    assert_eq!(store.change_webhook("wh_1", WebhookChange::Enable, event(8)).await.unwrap(), expected);
    let rotate = WebhookChange::Rotate { secret: seed(2), old_until: NOW + 9 };
    let rotated = store.change_webhook("wh_1", rotate, event(9)).await.unwrap();
    assert_eq!((rotated.made.secret, rotated.old), (seed(2), Some((seed(1), NOW + 9))));
    store.delete_webhook("wh_1", event(10)).await.unwrap();
    assert_eq!(log(store.as_ref()).await, 10 + 6, "what was refused or changed nothing wrote no event");
    assert!(matches!(store.webhook("wh_1").await, Err(StoreError::NotFound { what: "webhook", .. })));
    assert!(matches!(store.delete_webhook("wh_1", event(11)).await, Err(StoreError::NotFound { .. })));
    assert!(matches!(store.change_webhook("wh_1", WebhookChange::Enable, event(12)).await, Err(StoreError::NotFound { .. })));
    assert!(matches!(store.replay_webhook("wh_1", Replay::Since(1), event(13)).await, Err(StoreError::NotFound { .. })));
}

pub(crate) async fn what_was_sent_is_noted_with_the_cursor_or_not_at_all(backend: impl Backend) {
    let store = with_webhook(&backend).await;
    let store = store.as_ref();
    let failed = vec![delivery("wh_1", 12, DeliveryState::Pending, NOW + 5), delivery("wh_1", 11, DeliveryState::Pending, NOW + 300)];
    assert_eq!(store.record_sent(sent("wh_1", 10, 13, failed.clone()), telling(2)).await.unwrap(), 0);
    assert_eq!(store.webhook("wh_1").await.unwrap().cursor, 13);
    assert_eq!(store.due_deliveries("wh_1", NOW + 300, 10).await.unwrap(), [failed[1].clone(), failed[0].clone()]);
    assert_eq!(store.due_deliveries("wh_1", NOW + 299, 10).await.unwrap(), failed[..1]);
    assert_eq!((store.due_webhooks(NOW + 4).await.unwrap(), store.due_webhooks(NOW + 5).await.unwrap()), (vec![], vec!["wh_1".to_owned()]));

    // Neither half of what comes too late, or from another, is kept.
    let late = vec![delivery("wh_1", 14, DeliveryState::Pending, NOW)];
    for refused in [
        sent("wh_1", 10, 14, late.clone()),
        Sent { holder: "two".to_owned(), ..sent("wh_1", 13, 14, late.clone()) },
        sent("wh_none", 13, 14, late.clone()),
    ] {
        assert!(matches!(store.record_sent(refused, telling(3)).await, Err(StoreError::Conflict { .. })));
    }
    assert_eq!((store.webhook("wh_1").await.unwrap().cursor, listed(store, None).await), (13, vec![12, 11]));

    let done = vec![Delivery { state: DeliveryState::Done, attempts: 3, ..failed[0].clone() }];
    store.record_sent(sent("wh_1", 13, 13, done.clone()), telling(4)).await.unwrap();
    assert_eq!((listed(store, Some(DeliveryState::Done)).await, listed(store, Some(DeliveryState::Pending)).await), (vec![12], vec![11]));
    assert_eq!(store.delivery_counts().await.unwrap(), DeliveryCounts { pending: 1, dead: 0 });
    assert_eq!(log(store).await, 11, "no event of any of it");
    store.delete_webhook("wh_1", event(5)).await.unwrap();
    assert_eq!(store.delivery_counts().await.unwrap(), DeliveryCounts::default());
}

pub(crate) async fn the_oldest_are_given_up_where_too_many_are_pending(backend: impl Backend) {
    let store = with_webhook(&backend).await;
    let store = store.as_ref();
    let many = (11..=15).map(|sequence| delivery("wh_1", sequence, DeliveryState::Pending, NOW)).collect();
    assert_eq!(store.record_sent(sent("wh_1", 10, 15, many), telling(2)).await.unwrap(), 2);
    assert_eq!(listed(store, Some(DeliveryState::Dead)).await, [12, 11]);
    let told = store.events(AuditFilter { limit: 1, ..AuditFilter::default() }).await.unwrap();
    assert_eq!(told.items[0].event.body, r#"{"done":"2"}"#, "with an event");
    let filter = |cursor| DeliveryFilter { webhook_id: "wh_1".to_owned(), state: None, cursor, limit: 3 };
    let first = store.deliveries(filter(None)).await.unwrap();
    assert_eq!((first.items.len(), first.next), (3, Some(13)));
    assert_eq!(store.deliveries(filter(first.next)).await.unwrap().items.len(), 2);
}

pub(crate) async fn what_was_given_up_and_what_was_sent_can_be_sent_again(backend: impl Backend) {
    let store = with_webhook(&backend).await;
    let store = store.as_ref();
    let some = [(11, DeliveryState::Dead), (12, DeliveryState::Pending), (13, DeliveryState::Dead), (14, DeliveryState::Done)];
    let some = some.map(|(sequence, state)| delivery("wh_1", sequence, state, NOW + 99)).to_vec();
    store.record_sent(sent("wh_1", 10, 15, some), telling(2)).await.unwrap();
    assert_eq!(store.replay_webhook("wh_1", Replay::Dead { now: NOW }, event(3)).await.unwrap(), 2);
    let due = store.due_deliveries("wh_1", NOW, 10).await.unwrap();
    assert_eq!(due.iter().map(|due| (due.sequence, due.attempts)).collect::<Vec<_>>(), [(11, 0), (13, 0)]);
    assert_eq!(store.replay_webhook("wh_1", Replay::Dead { now: NOW }, event(4)).await.unwrap(), 0);

    assert_eq!(store.replay_webhook("wh_1", Replay::Since(13), event(5)).await.unwrap(), 3);
    assert_eq!((store.webhook("wh_1").await.unwrap().cursor, listed(store, None).await), (12, vec![12, 11]));
    assert_eq!(store.replay_webhook("wh_1", Replay::Since(13), event(6)).await.unwrap(), 0, "it is there already");
    assert_eq!(store.replay_webhook("wh_1", Replay::Since(1), event(7)).await.unwrap(), 12);
    assert_eq!(store.webhook("wh_1").await.unwrap().cursor, 0);
    assert_eq!(log(store).await, 11 + 3, "what changed nothing wrote no event");
}

pub(crate) async fn one_issuer_sends_at_a_time(backend: impl Backend) {
    let store = backend.open().await;
    for (holder, at, leads) in
        [("one", 0, true), ("two", 1, false), ("one", 5, true), ("two", 19, false), ("two", 20, true), ("one", 21, false)]
    {
        assert_eq!(store.lead_webhooks(holder, NOW + at, NOW + at + 15).await.unwrap(), leads, "{holder} at {at}");
    }
}

pub(crate) async fn the_key_of_secrets_is_kept_once(backend: impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.webhook_key().await.unwrap(), None);
    assert_eq!(store.keep_webhook_key("k1").await.unwrap(), "k1");
    assert_eq!(store.keep_webhook_key("k2").await.unwrap(), "k1");
    assert_eq!(store.webhook_key().await.unwrap().as_deref(), Some("k1"));
}
