use passport_keys::KeyVault as _;
use passport_shared::log::note::VerifierKey;
use passport_verifier::log::LogVerifier;
use serde_json::Value;

use super::*;
use crate::service::testing::{World, settings};
use crate::service::{Settings, StartError};

fn verifier(world: &World) -> LogVerifier {
    LogVerifier::new(&world.issuer.log_key().to_string()).unwrap()
}

async fn log_event(world: &World, kind: &str) -> bool {
    let bodies = world.log().await.into_iter().map(|event| serde_json::from_str::<Value>(&event.event.body).unwrap());
    bodies.filter(|body| body["change"]["type"] == kind).count() == 1
}

/// Past the second in which the last one is good enough.
async fn next(issuer: &Issuer) -> Result<SignedCheckpoint, ServiceError> {
    *issuer.inner.log.seen.lock().await = None;
    issuer.checkpoint().await
}

#[tokio::test]
async fn the_logs_key_is_made_once_and_signs_nothing_but_for_the_log() {
    let world = World::new().await;
    let key = world.issuer.log_key().clone();
    assert_eq!(key.name(), "issuer.example/v1/audit/log");
    assert!(log_event(&world, "log_key_created").await);
    let held = world.place.vault().holds().unwrap();
    assert!(held.contains(&vault_id(&world.issuer.inner.log.key)));
    let published = world.issuer.key_set().await.unwrap().body;
    assert!(!published.contains(vault_id(&world.issuer.inner.log.key).as_str()), "no verifier believes it");
    world.issuer.close().await.unwrap();
    let (again, _) = world.place.start().await;
    assert_eq!((again.log_key(), world.place.vault().holds().unwrap()), (&key, held));
    again.close().await.unwrap();
    world.place.vault().forget(&vault_id(&again.inner.log.key)).unwrap();
    let refused = world.place.try_start(settings()).await.map(|_| ());
    assert!(matches!(&refused, Err(StartError::Key { state: "audit log's", .. })), "{refused:?}");
}

#[tokio::test]
async fn a_checkpoint_is_signed_where_the_log_has_grown_and_at_most_one_a_second() {
    let world = World::new().await;
    let first = world.issuer.checkpoint().await.unwrap();
    let head = world.issuer.store().log_head().await.unwrap();
    let signed = verifier(&world).checkpoint(first.note.as_bytes()).unwrap();
    assert_eq!((first.size, signed.root()), (head.size, &head.root));
    world.agent("a").await;
    assert_eq!(world.issuer.checkpoint().await.unwrap(), first, "within the second");
    let second = next(&world.issuer).await.unwrap();
    assert_eq!(second.size, first.size + 1);
    assert_eq!(next(&world.issuer).await.unwrap(), second, "nothing was added");
    assert_eq!(world.issuer.store().checkpoints(0, 10).await.unwrap().items, [first, second]);
}

#[tokio::test]
async fn two_issuers_on_one_database_sign_one_note_for_a_size() {
    let world = World::new().await;
    let (other, _) = world.place.start().await;
    let (one, two) = tokio::join!(world.issuer.checkpoint(), other.checkpoint());
    assert_eq!(one.unwrap(), two.unwrap());
}

#[tokio::test]
async fn a_log_that_went_back_behind_its_checkpoint_signs_no_more_until_an_admin_says_so() {
    let world = World::new().await;
    let early = world.place.path().join("early.db");
    crate::store::sqlite::copy(&world.place.path().join("passport.db"), &early, &mut |_, _| {}).await.unwrap();
    world.agent("a").await;
    world.agent("b").await;
    let last = world.issuer.checkpoint().await.unwrap();
    world.issuer.close().await.unwrap();
    // As after a restore that kept what was signed, and nothing else.
    let database = world.place.path().join("passport.db");
    std::fs::copy(&early, &database).unwrap();
    let (issuer, _) = world.place.start().await;
    let world = World { issuer, ..world };
    assert_eq!(world.issuer.store().log_state().await.unwrap().last, None);
    put(&database, &last).await;
    assert_eq!(world.issuer.checkpoint().await.unwrap(), last, "what was signed stays");
    assert!(log_event(&world, "log_held").await);
    let why = world.issuer.store().log_state().await.unwrap().hold.unwrap().why;
    assert!(why.contains("are missing"), "{why}");
    for agent in ["c", "d", "e"] {
        world.agent(agent).await;
    }
    assert_eq!(next(&world.issuer).await.unwrap(), last, "grown again, and still held");
    assert!(world.issuer.resume_log().await.unwrap());
    assert!(!world.issuer.resume_log().await.unwrap());
    assert!(log_event(&world, "log_resumed").await);
    let after = next(&world.issuer).await.unwrap();
    assert!(after.size > last.size);
    assert_eq!(next(&world.issuer).await.unwrap(), after);
}

async fn put(database: &std::path::Path, checkpoint: &SignedCheckpoint) {
    use sqlx::ConnectOptions as _;
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(database).connect().await.unwrap();
    let insert = sqlx::query("INSERT INTO audit_checkpoints (size, note, signed_at) VALUES ($1, $2, $3)");
    insert.bind(checkpoint.size).bind(&checkpoint.note).bind(checkpoint.signed_at).execute(&mut conn).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_put_back_under_a_running_issuer_is_held_too() {
    let world = World::new().await;
    let last = world.issuer.checkpoint().await.unwrap();
    // What it has seen signed, and its database has not.
    let ahead = SignedCheckpoint { size: last.size + 10, ..last.clone() };
    *world.issuer.inner.log.seen.lock().await = Some((ahead, Instant::now() - PAUSE));
    assert_eq!(world.issuer.checkpoint().await.unwrap(), last);
    let why = world.issuer.store().log_state().await.unwrap().hold.unwrap().why;
    assert!(why.contains("no longer there"), "{why}");
}

#[tokio::test]
async fn an_event_is_proved_to_who_has_only_the_key() {
    let world = World::new().await;
    for agent in 0..5 {
        world.agent(&format!("a{agent}")).await;
    }
    let event = world.log().await.remove(2);
    let proofs = world.issuer.log_proofs(&event.event.request_id, None).await.unwrap();
    assert_eq!(proofs.len(), 1);
    let proved = verifier(&world).prove(proofs[0].to_json().as_bytes()).unwrap();
    assert_eq!((proved.entry.sequence, proved.body), (event.sequence, Some(event.event.body)));
    let none = world.issuer.log_proofs(&event.event.request_id, Some("nobody")).await.unwrap_err();
    assert_eq!(none.code(), "not_found");
}

#[tokio::test]
async fn an_issuer_with_a_name_that_no_note_can_carry_has_a_log_all_the_same() {
    let place = crate::service::testing::Place::new();
    let (issuer, _) = place.try_start(Settings { issuer: "https://issuer.example/a+b".into(), ..settings() }).await.unwrap();
    let key = VerifierKey::parse(&issuer.log_key().to_string()).unwrap();
    assert_eq!(key.name(), "issuer.example/a%2Bb/v1/audit/log");
}
