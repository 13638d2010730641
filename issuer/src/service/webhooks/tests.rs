use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use passport_shared::api::audit::ReportEvents;
use serde_json::Value;
use serde_json::value::RawValue;

use super::worker::Worker;
use super::*;
use crate::service::Settings;
use crate::service::testing::{Place as Data, World, pointers, settings};
use crate::webhooks::{Reach, signature};

/// A receiver: what it got, and what it answers.
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    async fn new() -> Self {
        let (got, status) = (Arc::<Mutex<Vec<(HeaderMap, String)>>>::default(), Arc::new(AtomicU16::new(204)));
        let (kept, said) = (got.clone(), status.clone());
        let answer = move |headers: HeaderMap, body: String| async move {
            let status = said.load(Ordering::SeqCst);
            if status == 204 {
                kept.lock().unwrap().push((headers, body));
            }
            let location = [("location", "http://127.0.0.1:1/"), ("retry-after", "60")];
            (StatusCode::from_u16(status).unwrap(), location)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?key=s3cret", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
        Self { url, got, status }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// The types of what it got since it was last asked, and the ids.
    fn got(&self) -> Vec<(String, String)> {
        let got = std::mem::take(&mut *self.got.lock().unwrap());
        let told = got.into_iter().map(|(headers, body)| {
            let body: Value = serde_json::from_str(&body).unwrap();
            (body["type"].as_str().unwrap().to_owned(), headers["webhook-id"].to_str().unwrap().to_owned())
        });
        told.collect()
    }

    fn types(&self) -> Vec<String> {
        self.got().into_iter().map(|(kind, _)| kind).collect()
    }
}

async fn world(webhooks_to: Reach) -> World {
    let place = Data::new();
    let (issuer, issued) = place.try_start(Settings { webhooks_to, ..settings() }).await.unwrap();
    World { issuer, admin: issued.unwrap().passport, place }
}

async fn writer(world: &World) -> Caller {
    world.admin("webhooks.write", "issuer/webhooks").await
}

async fn create(world: &World, url: &str, events: &[&str]) -> Webhook {
    let events = events.iter().map(ToString::to_string).collect();
    let body = CreateWebhook { url: url.to_owned(), events, filter: None, description: None };
    world.issuer.create_webhook(&writer(world).await, body).await.unwrap()
}

/// Reports decisions with these outcomes.
async fn report(world: &World, first: i64, outcomes: &[&str]) {
    let token = world.role("reporter").await;
    let caller = world.issuer.authorize(Some(&token), "audit.write", "issuer/audit", &[]).await.unwrap();
    let events = outcomes.iter().zip(first..).map(|(outcome, seq)| {
        let text = format!(
            r#"{{"seq":{seq},"requestId":"req_{seq}","outcome":"{outcome}","reason":"x","agentId":"ollie","evaluatedAt":"2026-11-18T11:00:00Z"}}"#
        );
        RawValue::from_string(text).unwrap()
    });
    let body = ReportEvents { reporter: "the-reporter".into(), events: events.collect() };
    world.issuer.report_events(&caller, body).await.unwrap();
}

/// Looks until there is nothing more to send now.
async fn send(worker: &mut Worker) {
    while worker.look().await.unwrap() > 0 {
        worker.all().await;
    }
}

async fn states(world: &World, id: &str) -> Vec<(String, i64, Option<String>)> {
    let page = world.issuer.webhook_deliveries(id, None, None, None).await.unwrap();
    page.items.into_iter().map(|delivery| (delivery.state, delivery.attempts, delivery.last_error)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_delivered_once_and_signed() {
    let (world, receiver) = (world(Reach::this_machine()).await, Receiver::new().await);
    report(&world, 1, &["deny"]).await;
    let webhook = create(&world, &receiver.url, &["decision.denied", "approval.*"]).await;
    report(&world, 2, &["allow", "deny", "approval_required"]).await;
    let mut worker = Worker::new(world.issuer.clone());
    send(&mut worker).await;
    send(&mut worker).await;
    // After a restart too.
    send(&mut Worker::new(world.issuer.clone())).await;

    let got = std::mem::take(&mut *receiver.got.lock().unwrap());
    let [(headers, text)] = &got[..] else { panic!("{got:?}") };
    let secret = STANDARD.decode(webhook.secret.unwrap().strip_prefix("whsec_").unwrap()).unwrap();
    let header = |name: &str| headers[name].to_str().unwrap();
    let at = header("webhook-timestamp").parse().unwrap();
    let expected = signature::header(&[Secret::new(secret.try_into().unwrap())], header("webhook-id"), at, text.as_bytes());
    assert_eq!((header("webhook-signature"), at), (expected.as_str(), world.issuer.now()));
    let body: Value = serde_json::from_str(text).unwrap();
    assert_eq!((&body["type"], &body["timestamp"]), (&"decision.denied".into(), &"2026-11-18T11:00:00Z".into()));
    assert_eq!((&body["data"]["requestId"], &body["data"]["reporter"]), (&"req_3".into(), &"the-reporter".into()));
    assert!(states(&world, &webhook.webhook_id).await.is_empty(), "what went well has no row");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_under_the_same_id_and_holds_up_nobody_else() {
    let (world, receiver, other) = (world(Reach::this_machine()).await, Receiver::new().await, Receiver::new().await);
    let webhook = create(&world, &receiver.url, &["decision.denied"]).await;
    create(&world, &other.url, &["decision.*"]).await;
    receiver.answers(500);
    report(&world, 1, &["deny", "allow", "deny"]).await;
    let mut worker = Worker::new(world.issuer.clone());
    send(&mut worker).await;
    assert_eq!(other.types(), ["decision.denied", "decision.allowed", "decision.denied"]);
    let why = Some("it answered 500".to_owned());
    assert_eq!(states(&world, &webhook.webhook_id).await, [("pending".to_owned(), 1, why.clone()), ("pending".to_owned(), 1, why.clone())]);
    let ids: Vec<String> = {
        let page = world.issuer.webhook_deliveries(&webhook.webhook_id, Some("pending".into()), None, None).await.unwrap();
        page.items.into_iter().rev().map(|delivery| delivery.message_id).collect()
    };
    receiver.answers(204);
    send(&mut worker).await;
    assert_eq!(receiver.got(), [], "not before its time");
    world.place.clock.advance(7);
    send(&mut worker).await;
    assert_eq!(receiver.got().into_iter().map(|(_, id)| id).collect::<Vec<_>>(), ids);
    assert_eq!(states(&world, &webhook.webhook_id).await, [("done".to_owned(), 2, why.clone()), ("done".to_owned(), 2, why)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_down_for_long_is_left_alone_and_gets_all_in_the_end() {
    let (world, receiver) = (world(Reach::this_machine()).await, Receiver::new().await);
    let webhook = create(&world, &receiver.url, &["decision.denied"]).await;
    receiver.answers(503);
    report(&world, 1, &["deny"; 40]).await;
    let mut worker = Worker::new(world.issuer.clone());
    send(&mut worker).await;
    // It asks for a minute: the first to fail is the last for that time.
    assert_eq!(states(&world, &webhook.webhook_id).await.len(), 1);
    receiver.answers(302);
    for _ in 0..20 {
        world.place.clock.advance(30);
        send(&mut worker).await;
    }
    let waiting = states(&world, &webhook.webhook_id).await;
    assert!((3..40).contains(&waiting.len()), "a dead receiver makes few rows: {}", waiting.len());
    assert!(waiting.iter().any(|(.., why)| why.as_deref() == Some("it answered 302, and redirects are not followed")));
    receiver.answers(204);
    for _ in 0..60 {
        world.place.clock.advance(600);
        send(&mut worker).await;
    }
    let mut ids: Vec<_> = receiver.got().into_iter().map(|(_, id)| id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 40, "nothing is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_kept_and_replayed_and_so_is_what_was_sent() {
    let (world, receiver) = (world(Reach::this_machine()).await, Receiver::new().await);
    let webhook = create(&world, &receiver.url, &["decision.denied"]).await;
    receiver.answers(400);
    report(&world, 1, &["deny"]).await;
    let mut worker = Worker::new(world.issuer.clone());
    for _ in 0..20 {
        send(&mut worker).await;
        world.place.clock.advance(104_000);
    }
    assert_eq!(states(&world, &webhook.webhook_id).await, [("dead".to_owned(), 10, Some("it answered 400".to_owned()))]);
    receiver.answers(204);
    send(&mut worker).await;
    assert_eq!(receiver.got(), [], "given up is given up");

    // The first passport has expired meanwhile.
    let admin = world.issuer.admin_passport().await.unwrap().passport;
    let caller = world.issuer.authorize(Some(&admin), "webhooks.write", "issuer/webhooks", &[]).await.unwrap();
    let replay = |since| world.issuer.replay_webhook(&caller, &webhook.webhook_id, ReplayWebhook { since });
    assert_eq!(replay(None).await.unwrap().replayed, 1);
    send(&mut worker).await;
    let first = receiver.got();
    assert_eq!(first.len(), 1);
    assert!(replay(Some(webhook.sequence + 1)).await.unwrap().replayed > 0);
    send(&mut worker).await;
    assert_eq!(receiver.got(), first, "the same again, under the same id");
    assert_eq!(replay(Some(0)).await.unwrap_err().code(), "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_disabled_and_goes_on_where_it_stopped() {
    let (world, receiver, watcher) = (world(Reach::this_machine()).await, Receiver::new().await, Receiver::new().await);
    let webhook = create(&world, &receiver.url, &["decision.denied", "admin.*"]).await;
    create(&world, &watcher.url, &["admin.webhook_disabled"]).await;
    let mut worker = Worker::new(world.issuer.clone());
    send(&mut worker).await;
    assert_eq!(receiver.types(), ["admin.webhook_created"], "of the other, not of itself");
    receiver.answers(410);
    report(&world, 1, &["deny"]).await;
    send(&mut worker).await;
    let now = world.issuer.webhook(&webhook.webhook_id).await.unwrap();
    assert_eq!(now.disabled_because.as_deref(), Some("it answered 410 Gone"));
    assert_eq!(watcher.types(), ["admin.webhook_disabled"]);
    receiver.answers(204);
    send(&mut worker).await;
    assert_eq!(receiver.got(), []);
    world.issuer.enable_webhook(&writer(&world).await, &webhook.webhook_id).await.unwrap();
    send(&mut worker).await;
    assert!(receiver.types().contains(&"decision.denied".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_this_machine_is_sent_nothing_unless_it_is_allowed() {
    let (world, receiver) = (world(Reach::default()).await, Receiver::new().await);
    let url = receiver.url.replace("http://127.0.0.1", "https://localhost");
    let webhook = create(&world, &url, &["decision.denied"]).await;
    report(&world, 1, &["deny"]).await;
    send(&mut Worker::new(world.issuer.clone())).await;
    let states = states(&world, &webhook.webhook_id).await;
    assert!(states[0].2.as_deref().is_some_and(|why| why.contains("not public")), "{states:?}");
    for url in ["http://localhost/", "https://127.0.0.1/", "https://[::1]/"] {
        let body = CreateWebhook { url: url.into(), events: vec!["no".into()], filter: None, description: None };
        let error = world.issuer.create_webhook(&writer(&world).await, body).await.unwrap_err();
        assert_eq!(pointers(&error), ["/url", "/events/0"], "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_secret_signs_beside_the_new_one_for_a_day_and_none_is_stored_or_told() {
    let (world, receiver) = (world(Reach::this_machine()).await, Receiver::new().await);
    let made = create(&world, &receiver.url, &["decision.denied"]).await;
    let rotated = world.issuer.rotate_webhook_secret(&writer(&world).await, &made.webhook_id).await.unwrap();
    assert_ne!(made.secret, rotated.secret);
    let mut worker = Worker::new(world.issuer.clone());
    let mut signatures = Vec::new();
    for seq in 1..=2 {
        report(&world, seq, &["deny"]).await;
        send(&mut worker).await;
        let got = std::mem::take(&mut *receiver.got.lock().unwrap());
        signatures.push(got[0].0["webhook-signature"].to_str().unwrap().split(' ').count());
        world.place.clock.advance(86_400);
    }
    assert_eq!(signatures, [2, 1]);
    let shown = world.issuer.webhook(&made.webhook_id).await.unwrap();
    assert_eq!((shown.secret, shown.old_secret_until), (None, None));
    let told: String = world.log().await.into_iter().map(|event| event.event.body).collect();
    assert!(!told.contains("whsec_") && !told.contains("s3cret") && told.contains("webhook_secret_rotated"));
    world.issuer.close().await.unwrap();
    let database = std::fs::read(world.place.path().join("passport.db")).unwrap();
    for secret in [made.secret.unwrap(), rotated.secret.unwrap()] {
        let bytes = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert!(!database.windows(32).any(|window| window == bytes), "a secret is in the database");
    }
    // The next start knows the key that they are made of, and makes the same.
    let (issuer, _) = world.place.start().await;
    let webhook = issuer.store().webhook(&made.webhook_id).await.unwrap();
    assert_eq!(issuer.secrets(&webhook, world.issuer.now()).await.unwrap().len(), 1);
}
