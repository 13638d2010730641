use passport_shared::api::passports::RevokePassport;
use passport_verifier::Trust;

use super::*;
use crate::service::testing::World;

const NEVER: Duration = Duration::from_secs(3_600);

async fn sequence(world: &World) -> i64 {
    let bundle = world.issuer.trust_bundle().await.unwrap();
    Trust::from_bundle(bundle.body.as_bytes(), world.issuer.now()).unwrap().sequence().unwrap()
}

async fn revoke_something(world: &World) {
    let passport = world.ollie().await.passport_id;
    let caller = world.admin("passports.revoke", "issuer/passports").await;
    world.issuer.revoke_passport(&caller, &passport, RevokePassport::default()).await.unwrap();
}

#[tokio::test]
async fn who_waits_is_given_the_bundle_that_has_the_change() {
    let world = World::new().await;
    world.agent("ollie").await;
    let before = sequence(&world).await;
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let issuer = world.issuer.clone();
            tokio::spawn(async move { issuer.trust_bundle_after(before, NEVER).await })
        })
        .collect();
    // Nothing of this is for them: it changes no trust.
    world.ollie().await;
    world.place.clock.advance(60);
    assert_eq!(sequence(&world).await, before, "the bundle is made anew, with the same number");
    assert!(waiting.iter().all(|task| !task.is_finished()));
    revoke_something(&world).await;
    let after = world.issuer.trust_bundle().await.unwrap();
    for task in waiting {
        assert_eq!(task.await.unwrap().unwrap(), Followed::Newer(after.clone()));
    }
}

#[tokio::test]
async fn who_lags_behind_does_not_wait_and_who_is_ahead_does() {
    let world = World::new().await;
    let (now, bundle) = (sequence(&world).await, world.issuer.trust_bundle().await.unwrap());
    for after in [now - 1, 0, -1, i64::MIN] {
        assert_eq!(world.issuer.trust_bundle_after(after, NEVER).await.unwrap(), Followed::Newer(bundle.clone()));
    }
    for after in [now, now + 1, i64::MAX] {
        let found = world.issuer.trust_bundle_after(after, Duration::from_millis(1)).await.unwrap();
        assert_eq!(found, Followed::Unchanged(bundle.clone()));
    }
}

#[tokio::test]
async fn an_issuer_that_is_about_to_stop_lets_nobody_wait() {
    let world = World::new().await;
    let now = sequence(&world).await;
    let issuer = world.issuer.clone();
    let waiting = tokio::spawn(async move { issuer.trust_bundle_after(now, NEVER).await });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    world.issuer.end_waits();
    assert!(matches!(waiting.await.unwrap(), Ok(Followed::Unchanged(_))));
    assert!(matches!(world.issuer.trust_bundle_after(now, NEVER).await, Ok(Followed::Unchanged(_))));
    assert!(matches!(world.issuer.trust_bundle_after(now - 1, NEVER).await, Ok(Followed::Newer(_))));
}

#[tokio::test]
async fn who_waits_is_told_when_a_change_cannot_be_published() {
    let world = World::new().await;
    world.issuer.close().await.unwrap();
    world.issuer.doubt();
    assert_eq!(world.issuer.trust_bundle_after(0, NEVER).await.unwrap_err().code(), "unavailable");
}
