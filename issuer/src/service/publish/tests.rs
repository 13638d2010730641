use passport_shared::api::agents::DisableAgent;
use passport_shared::api::passports::RevokePassport;
use passport_shared::key_set::KeySet;
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use passport_shared::unverified::UnverifiedPassport;
use passport_verifier::Verifier;

use super::*;
use crate::service::testing::{ISSUER, NOW, SHOP, World};
use crate::store::StatusList as StoredList;

async fn trust(world: &World) -> Trust {
    Trust::from_bundle(world.issuer.trust_bundle().await.unwrap().body.as_bytes(), world.issuer.now()).unwrap()
}

fn reason(trust: Trust, token: &str, now: i64) -> &'static str {
    let request = Request::new("purchase").on("commerce").with("amount", 5);
    Verifier::new(trust, SHOP).decide(token, &request, now).reason().code()
}

fn claims(token: &str) -> Passport {
    UnverifiedPassport::read(token.as_bytes()).unwrap().claims().clone()
}

#[tokio::test]
async fn whoever_has_the_bundle_decides_as_the_issuer_does() {
    let world = World::new().await;
    let ollie = world.ollie().await;
    let before = trust(&world).await;
    assert_eq!(reason(before.clone(), &ollie.passport, NOW), "granted");
    let caller = world.admin("passports.revoke", "issuer/passports").await;
    world.issuer.revoke_passport(&caller, &ollie.passport_id, RevokePassport::default()).await.unwrap();
    let bundle = world.issuer.trust_bundle().await.unwrap();
    let after = before.successor(bundle.body.as_bytes(), NOW).unwrap();
    assert!(after.sequence() > before.sequence());
    assert_eq!(reason(after, &ollie.passport, NOW), "revoked");
    assert_eq!(reason(before, &ollie.passport, NOW), "granted", "who has not asked does not know");
}

#[tokio::test]
async fn the_key_set_is_the_bundles_and_a_plain_verifier_reads_it() {
    let world = World::new().await;
    let set = world.issuer.key_set().await.unwrap();
    assert_eq!(KeySet::parse(set.body.as_bytes()).unwrap(), trust(&world).await.key_set());
    let plain = Trust::from_key_set(ISSUER, set.body.as_bytes()).unwrap();
    // A plain key set has no status lists, so what carries a status is denied.
    assert_eq!(reason(plain, &world.ollie().await.passport, NOW), "status_unavailable");
}

#[tokio::test]
async fn a_status_list_stands_at_the_uri_that_passports_name() {
    let world = World::new().await;
    let ollie = world.ollie().await;
    let status = claims(&ollie.passport).status.unwrap();
    assert_eq!(status.uri, format!("{ISSUER}/v1/status/0"));
    let list = world.issuer.status_list(0).await.unwrap();
    let compact = passport_shared::jose::Compact::split(list.body.as_bytes(), 65_536).unwrap();
    assert!(compact.key_id(TokenType::StatusList).is_ok());
    let read = passport_shared::status_list::StatusListClaims::read(&compact.payload).unwrap();
    assert_eq!((&*read.uri, read.issued_at, read.expires_at), (&*status.uri, NOW, Some(NOW + 7 * 86_400)));
    assert_eq!(read.list.get(status.index), Some(0));
    assert_eq!((list.max_age, world.issuer.trust_bundle().await.unwrap().max_age), (300, 0));
    assert_eq!(world.issuer.status_list(1).await.unwrap_err().code(), "not_found");
    assert_eq!(world.issuer.status_list(-1).await.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn documents_are_made_anew_when_they_age_and_when_trust_changes_and_not_else() {
    let world = World::new().await;
    world.agent("ollie").await;
    let tag = async || world.issuer.trust_bundle().await.unwrap().etag;
    let first = tag().await;
    assert!(first.starts_with('"') && first.ends_with('"') && first.len() == 34, "{first}");
    world.place.clock.advance(59);
    assert_eq!(tag().await, first);
    world.place.clock.advance(1);
    let second = tag().await;
    assert_ne!(second, first);
    let caller = world.admin("agents.write", "issuer/agents").await;
    world.ollie().await;
    assert_eq!(tag().await, second, "a passport that is issued changes nothing for others");
    world.issuer.disable_agent(&caller, "ollie", DisableAgent::default()).await.unwrap();
    let third = tag().await;
    assert_ne!(third, second);
    // A clock that goes back makes what is there older, never younger.
    world.place.clock.advance(-5);
    assert_ne!(tag().await, third);
}

#[tokio::test]
async fn a_change_that_may_be_on_disk_is_looked_for_before_anything_is_answered() {
    let world = World::new().await;
    let before = world.issuer.trust_bundle().await.unwrap();
    // Another process has changed trust, and this one only has a doubt.
    let other = world.place.store().await;
    other.create_status_list(7, 64).await.unwrap();
    assert_eq!(world.issuer.trust_bundle().await.unwrap(), before);
    let outcome: Result<i64, _> = Err(StoreError::Unavailable("the disk is slow".into()));
    assert!(world.issuer.after_change(outcome, |sequence| *sequence).await.is_err());
    assert_ne!(world.issuer.trust_bundle().await.unwrap(), before);
    assert!(world.issuer.status_list(7).await.is_ok());
}

#[tokio::test]
async fn nothing_is_answered_from_documents_that_lack_a_change() {
    let world = World::new().await;
    world.issuer.inner.press.needed.store(i64::MAX, Ordering::SeqCst);
    world.issuer.close().await.unwrap();
    assert_eq!(world.issuer.trust_bundle().await.unwrap_err().code(), "unavailable");
    assert_eq!(world.issuer.key_set().await.unwrap_err().code(), "unavailable");
    assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "unavailable");
    assert!(world.issuer.introspect(&world.admin).await.is_err());
}

#[tokio::test]
async fn places_in_lists_are_random_and_a_list_is_left_when_it_is_half_full() {
    let world = World::new().await;
    world.agent("ollie").await;
    let mut places = Vec::new();
    for _ in 0..40 {
        let status = claims(&world.ollie().await.passport).status.unwrap();
        places.push((status.uri, status.index));
    }
    let in_first: Vec<u64> = places.iter().filter(|(uri, _)| uri.ends_with("/0")).map(|(_, index)| *index).collect();
    // The admin's passport has a place too.
    assert_eq!(in_first.len(), 31);
    assert!(in_first.windows(2).any(|two| two[0] > two[1]) && in_first.iter().any(|index| *index >= 32), "{in_first:?}");
    let distinct: std::collections::HashSet<_> = places.iter().collect();
    assert_eq!(distinct.len(), 40, "no place is given twice");
    let lists: Vec<StoredList> = world.issuer.store().status_lists().await.unwrap();
    assert_eq!(lists.iter().map(|list| (list.list, list.size, list.used)).collect::<Vec<_>>(), [(0, 64, 32), (1, 64, 9)]);
    assert!(world.issuer.status_list(1).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn passports_issued_at_once_all_have_a_place_of_their_own() {
    let world = World::new().await;
    world.agent("ollie").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let (issuer, caller) = (world.issuer.clone(), world.minter().await);
        tasks.spawn(async move {
            let order = crate::service::testing::order("ollie", SHOP, crate::service::testing::SHOPPING);
            issuer.issue_passport(&caller, order).await.unwrap().passport
        });
    }
    let places: std::collections::HashSet<_> =
        tasks.join_all().await.iter().map(|token| claims(token).status.unwrap()).map(|status| (status.uri, status.index)).collect();
    assert_eq!(places.len(), 24);
}

/// The keys whose word for the active one is in the bundle.
async fn endorsers(world: &World) -> Vec<String> {
    let bundle = world.issuer.trust_bundle().await.unwrap();
    let payload = passport_shared::jose::Compact::split(bundle.body.as_bytes(), usize::MAX).unwrap().payload;
    let claims = passport_shared::trust_bundle::TrustBundleClaims::read(&payload).unwrap();
    let endorser =
        |token: &String| passport_shared::jose::Compact::split(token.as_bytes(), 8192).unwrap().key_id(TokenType::KeyEndorsement).unwrap();
    claims.endorsements.iter().map(endorser).collect()
}

#[tokio::test]
async fn the_newest_retired_keys_endorse_the_active_one_and_a_revoked_one_never_does() {
    let world = World::new().await;
    assert_eq!(endorsers(&world).await, [""; 0]);
    let before = trust(&world).await;
    let mut retired = Vec::new();
    for _ in 0..10 {
        let caller = world.admin("keys.rotate", "issuer/keys").await;
        retired.push(active_key(&world).await);
        world.issuer.rotate_keys(&caller).await.unwrap();
        world.place.clock.advance(1);
    }
    let endorsing = endorsers(&world).await;
    assert_eq!(endorsing, retired.iter().rev().take(8).cloned().collect::<Vec<_>>());
    let caller = world.admin("keys.revoke", "issuer/keys").await;
    let reason = passport_shared::api::keys::RevokeKey { reason: "stolen".into(), ..Default::default() };
    world.issuer.revoke_key(&caller, &endorsing[0], reason).await.unwrap();
    assert!(!endorsers(&world).await.contains(&endorsing[0]));
    // Who has not asked since before all that knew the second key as the next one, and follows its word.
    let bundle = world.issuer.trust_bundle().await.unwrap();
    assert!(before.successor(bundle.body.as_bytes(), world.issuer.now()).is_ok());
}

/// The key that signs now.
async fn active_key(world: &World) -> String {
    let keys = world.issuer.keys().await.unwrap().items;
    keys.into_iter().find(|key| key.state == "active").unwrap().key_id
}

#[tokio::test]
async fn a_full_list_is_published_until_its_last_passport_has_long_expired() {
    let world = World::new().await;
    let revoker = world.admin("passports.revoke", "issuer/passports").await;
    // The first start has taken one place of 64, and these take the list's first half but one.
    let (mut tokens, long) = (Vec::new(), 86_400);
    for _ in 0..30 {
        tokens.push(world.ollie().await);
    }
    let published = async |list| world.issuer.status_list(list).await.is_ok();
    let mut body = crate::service::testing::order("ollie", SHOP, crate::service::testing::SHOPPING);
    body.expires_in = Some(80 * long);
    let lasting = world.issuer.issue_passport(&world.minter().await, body).await.unwrap();
    let in_next = world.ollie().await;
    assert_eq!(claims(&lasting.passport).status.unwrap().uri, claims(&tokens[0].passport).status.unwrap().uri);
    assert!(claims(&in_next.passport).status.unwrap().uri.ends_with("/1"));
    world.issuer.revoke_passport(&revoker, &lasting.passport_id, RevokePassport::default()).await.unwrap();

    // The list of a passport that lives on stays, whatever else in it has ended, and what was revoked stays so.
    world.place.clock.advance(79 * long.cast_signed());
    assert!(published(0).await && published(1).await);
    assert_eq!(world.reason(&lasting.passport).await, "revoked");
    let end = world.issuer.store().status_lists().await.unwrap()[0].last_expiry;
    world.place.clock.advance(end + LIST_GRACE - 1 - world.issuer.now());
    assert!(published(0).await, "there is a day of grace");
    world.place.clock.advance(FRESH);
    assert!(!published(0).await, "all of it ended a day ago");
    assert!(published(1).await, "it takes passports yet, although those in it have ended");
    assert_ne!(world.reason(&lasting.passport).await, "granted");
    // A clock that was ahead is put right: the list is back, and says what it said.
    world.place.clock.advance(-20 * long.cast_signed());
    assert!(published(0).await);
    assert_eq!(world.reason(&lasting.passport).await, "revoked");
}
