//! Signing keys: list, rotate, revoke.
//!
//! A change goes in this order: the vault makes the fresh key, the ring says what is to be, the store writes it with its
//! event, gate and documents follow. Where the store has refused, the fresh key is forgotten again. Where it is not
//! known whether the store has written (a broken disk), the fresh key is kept: one too many in the vault harms nobody
//! and is named in the log at the next start, one too few stops the issuer.

use std::sync::Arc;

use passport_keys::{KeyRecord, KeyRing, KeyState, RingError};
use passport_shared::api::keys::{Key, Keys, RevokeKey, RevokedKey};
use passport_shared::fault::{Faults, Place};
use passport_shared::jose;
use passport_shared::key_set::{KeyId, PublicKey, PublicKeyBytes};
use serde_json::json;

use super::change::Author;
use super::issue::After;
use super::{Caller, Issuer, Parts, ServiceError, check};
use crate::entropy::EntropyRng;
use crate::store::{self, StoreError};

impl Issuer {
    /// All keys, newest first, revoked ones included.
    pub async fn keys(&self) -> Result<Keys, ServiceError> {
        let records = self.store().keys().await?;
        let (ring, now) = (ring(&records)?, self.now());
        let uses = self.store().key_uses(now).await?;
        let items = records.into_iter().rev().map(|key| shown(key, &ring, &uses, now)).collect();
        let rotates_at = self.settings().key_life.and_then(|life| ring.rotation_due(life)).map(check::shown);
        Ok(Keys { items, next_cursor: None, rotates_at })
    }

    /// A rotation (contract section 4): next signs, active is retired, a fresh key is next. Passports that are signed
    /// already stay valid.
    ///
    /// A verifier that has not asked for keys since the last rotation does not know the key that signs after this one,
    /// until it asks: rotate no more often than verifiers refresh.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] if the keys were changed by somebody else meanwhile.
    pub async fn rotate_keys(&self, caller: &Caller) -> Result<Keys, ServiceError> {
        let (issuer, author) = (self.clone(), caller.author().clone());
        self.see_through(async move {
            issuer.rotate_as(&author, None).await?;
            issuer.keys().await
        })
        .await
    }

    /// A rotation by `author`; where `only` is given, only away from that key. Not to be cut short: see
    /// [`Issuer::see_through`].
    pub(super) async fn rotate_as(&self, author: &Author, only: Option<&KeyId>) -> Result<(), ServiceError> {
        let ring = ring(&self.store().keys().await?)?;
        let (Some(active), Some(next)) = (ring.signing(), ring.standby()) else {
            return Err(refused(RingError::Empty));
        };
        if only.is_some_and(|only| only != active.id()) {
            return Err(ServiceError::Conflict { detail: "another key is active by now".to_owned() });
        }
        let now = self.now();
        let fresh = self.create_key().await?;
        let plan = async {
            let last_expiry = self.store().latest_expiry(active.id().as_str()).await?;
            let after = ring.rotate(fresh.clone(), last_expiry, now).map_err(refused)?;
            let retire_until = after.get(active.id()).and_then(|key| key.publish_until).unwrap_or(now);
            let change = json!({
                "type": "keys_rotated", "retiredKeyId": active.id(), "activeKeyId": next.id(), "nextKeyId": fresh.id,
            });
            let rotation = store::RotateKeys {
                expected_active: active.id().to_string(),
                expected_next: next.id().to_string(),
                fresh_next: new_key(&fresh, now),
                retire_until,
                now,
            };
            Ok((rotation, self.admin_event(author, &change)?))
        };
        let (rotation, event) = match plan.await {
            Ok(planned) => planned,
            Err(error) => return Err(self.undo(&fresh.id, error).await),
        };
        let outcome = self.store().rotate_keys(rotation, event).await;
        self.settle(outcome, Some(&fresh.id)).await
    }

    /// Revokes a key, and with it every passport that it signed: on return the gate denies them, the caller's own among
    /// them where this key signed it. Where it was active, next signs at once and a fresh key is next; where it was
    /// next, a fresh one takes its place. Its secret part is destroyed. Revoking again changes nothing and is no error.
    ///
    /// The answer names the passports that went with it. Where the body says `reissue` each has one in its place,
    /// the caller's own first; that is done for a key that is revoked already too, page by page.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`]; [`ServiceError::NotFound`]; [`ServiceError::Conflict`] if the keys were changed by
    /// somebody else meanwhile; [`ServiceError::Forbidden`] where passports are to be issued anew by who may not issue.
    pub async fn revoke_key(&self, caller: &Caller, kid: &str, body: RevokeKey) -> Result<RevokedKey, ServiceError> {
        let root = Place::root("");
        let mut faults = Faults::default();
        check::name(&body.reason, &root.name("reason"), &mut faults);
        check::done(faults)?;
        let after = After::read(body.after.as_deref())?;
        if body.reissue {
            self.check_may_reissue(caller)?;
        }
        let unknown = || ServiceError::NotFound { what: "key", id: kid.to_owned() };
        let id: KeyId = kid.parse().map_err(|_| unknown())?;
        let ring = ring(&self.store().keys().await?)?;
        let state = ring.get(&id).ok_or_else(unknown)?.state;
        let (issuer, caller) = (self.clone(), caller.clone());
        self.see_through(async move {
            let by_caller = state != KeyState::Revoked;
            if by_caller {
                issuer.revoke_key_in(&ring, &id, body.reason, caller.author()).await?;
            }
            let (affected, affected_next) = issuer.affected(&caller, id.as_str(), body.reissue, by_caller, after).await?;
            let Keys { items, next_cursor, rotates_at } = issuer.keys().await?;
            Ok(RevokedKey { items, next_cursor, rotates_at, affected, affected_next })
        })
        .await
    }

    async fn revoke_key_in(&self, ring: &KeyRing, id: &KeyId, reason: String, author: &Author) -> Result<(), ServiceError> {
        let now = self.now();
        let takes_fresh = ring.revoking_takes_a_fresh_key(id).map_err(refused)?;
        let fresh = if takes_fresh { Some(self.create_key().await?) } else { None };
        let fresh_id = fresh.as_ref().map(|key| key.id);
        let plan = || {
            let after = ring.revoke(id, fresh.clone(), now).map_err(refused)?;
            let promote = after.signing().map(KeyRecord::id).filter(|active| ring.signing().map(KeyRecord::id) != Some(*active));
            let before = ring.get(id).map(|key| key.state);
            let change = json!({
                "type": "key_revoked", "keyId": id, "reason": reason, "activeKeyId": after.signing().map(KeyRecord::id),
                "nextKeyId": after.standby().map(KeyRecord::id),
            });
            let plan = store::RevokeKey {
                key_id: id.to_string(),
                expected_state: before.unwrap_or(KeyState::Active),
                promote: promote.map(ToString::to_string),
                fresh_next: fresh.as_ref().map(|key| new_key(key, now)),
                reason: reason.clone(),
                now,
            };
            Ok((plan, self.admin_event(author, &change)?))
        };
        let (plan, event) = match (plan(), fresh_id) {
            (Ok(planned), _) => planned,
            (Err(error), Some(fresh)) => return Err(self.undo(&fresh, error).await),
            (Err(error), None) => return Err(error),
        };
        let outcome = self.store().revoke_key(plan, event).await;
        self.settle(outcome, fresh_id.as_ref()).await?;
        // The revocation stands, whatever becomes of the file.
        self.forget_key(id).await;
        Ok(())
    }

    /// What a change of keys has come to: published, or its fresh key forgotten.
    async fn settle(&self, outcome: Result<i64, StoreError>, fresh: Option<&KeyId>) -> Result<(), ServiceError> {
        let outcome = self.after_change(outcome, |sequence| *sequence).await;
        let Err(error) = outcome else { return Ok(()) };
        let refused = matches!(
            error,
            StoreError::Conflict { .. }
                | StoreError::NotFound { .. }
                | StoreError::MakerRevoked { .. }
                | StoreError::MakerExpired { .. }
                | StoreError::Closed
        );
        match fresh {
            Some(fresh) if refused => Err(self.undo(fresh, error.into()).await),
            _ => Err(error.into()),
        }
    }

    /// Forgets a key that was made for a change that did not come about.
    async fn undo(&self, fresh: &KeyId, error: ServiceError) -> ServiceError {
        self.forget_key(fresh).await;
        error
    }

    async fn create_key(&self) -> Result<PublicKey, ServiceError> {
        create_key(&self.inner.parts).await
    }

    async fn forget_key(&self, id: &KeyId) {
        forget_key(&self.inner.parts, id).await;
    }
}

/// A fresh key in the vault. Sealing it takes a tenth of a second, by intent.
pub(super) async fn create_key(parts: &Parts) -> Result<PublicKey, ServiceError> {
    let (vault, mut rng) = (Arc::clone(&parts.vault), EntropyRng::new(Arc::clone(&parts.entropy)));
    let made = tokio::task::spawn_blocking(move || vault.create(&mut rng)).await;
    let made = made.map_err(|error| ServiceError::internal("make a key", error))?;
    made.map_err(|error| ServiceError::internal("make a key", error))
}

/// Destroys a secret key. That it cannot be is logged, and the next start tries again or names it.
pub(super) async fn forget_key(parts: &Parts, id: &KeyId) {
    let (vault, id) = (Arc::clone(&parts.vault), *id);
    let forgotten = tokio::task::spawn_blocking(move || vault.forget(&id)).await;
    match forgotten {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(key = %id, %error, "a secret key that is not needed could not be destroyed"),
        Err(error) => tracing::error!(key = %id, %error, "a secret key that is not needed could not be destroyed"),
    }
}

/// The ring of the stored keys.
pub(super) fn ring(keys: &[store::Key]) -> Result<KeyRing, ServiceError> {
    let records = keys.iter().map(record).collect::<Option<Vec<_>>>();
    let records = records.ok_or_else(|| ServiceError::internal("read the keys", "a stored public key is damaged"))?;
    KeyRing::from_records(records).map_err(|error| ServiceError::internal("read the keys", error))
}

fn record(key: &store::Key) -> Option<KeyRecord> {
    let bytes: PublicKeyBytes = jose::decode(&key.public_x)?.try_into().ok()?;
    let public = PublicKey::new(bytes);
    (public.id.as_str() == key.key_id).then_some(KeyRecord {
        public,
        state: key.state,
        created_at: key.created_at,
        activated_at: key.activated_at,
        retired_at: key.retired_at,
        publish_until: key.retire_until,
        revoked_at: key.revoked_at,
    })
}

/// A key that was just made, as a store takes it.
pub(super) fn new_key(key: &PublicKey, now: i64) -> store::NewKey {
    store::NewKey { key_id: key.id.to_string(), public_x: jose::encode(key.bytes), created_at: now }
}

fn refused(error: RingError) -> ServiceError {
    ServiceError::internal("change the keys", error)
}

fn shown(key: store::Key, ring: &KeyRing, uses: &[store::KeyUse], now: i64) -> Key {
    let (signed, live) = uses.iter().find(|used| used.key_id == key.key_id).map_or((0, 0), |used| (used.signed, used.live));
    let published = ring.published(now).iter().any(|record| record.id().as_str() == key.key_id);
    Key {
        state: key.state.name().to_owned(),
        published,
        created_at: check::shown(key.created_at),
        activated_at: key.activated_at.map(check::shown),
        retired_at: key.retired_at.map(check::shown),
        published_until: key.retire_until.map(check::shown),
        revoked_at: key.revoked_at.map(check::shown),
        revoke_reason: key.revoke_reason,
        signed,
        live,
        key_id: key.key_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::testing::{World, pointers};
    use passport_keys::KeyVault as _;

    async fn by_state(world: &World, state: &str) -> Vec<String> {
        world.issuer.keys().await.unwrap().items.into_iter().filter(|key| key.state == state).map(|key| key.key_id).collect()
    }

    fn reason() -> RevokeKey {
        RevokeKey { reason: "stolen".into(), ..RevokeKey::default() }
    }

    #[tokio::test]
    async fn a_rotation_moves_each_key_on_and_denies_nobody() {
        let world = World::new().await;
        let ollie = world.ollie().await;
        let (active, next) = (by_state(&world, "active").await, by_state(&world, "next").await);
        let caller = world.admin("keys.rotate", "issuer/keys").await;
        world.issuer.rotate_keys(&caller).await.unwrap();
        assert_eq!((by_state(&world, "retired").await, by_state(&world, "active").await), (active.clone(), next.clone()));
        let change = world.last_change(&caller, "keys_rotated").await;
        assert_eq!((&change["retiredKeyId"], &change["activeKeyId"]), (&json!(active[0]), &json!(next[0])));
        assert_eq!(world.reason(&ollie.passport).await, "granted");
        assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "granted");
        assert_eq!(world.ollie().await.key_id, next[0]);
        // Long after, when the last passport of the old key is over, it is published no more.
        assert!(world.issuer.key_set().await.unwrap().body.contains(&active[0]));
        world.place.clock.advance(92 * 86_400);
        assert!(!world.issuer.key_set().await.unwrap().body.contains(&active[0]));
    }

    #[tokio::test]
    async fn a_revoked_key_denies_at_once_and_is_destroyed() {
        let world = World::new().await;
        let ollie = world.ollie().await;
        world.issuer.rotate_keys(&world.admin("keys.rotate", "issuer/keys").await).await.unwrap();
        let later = world.ollie().await;
        let caller = world.admin("keys.revoke", "issuer/keys").await;
        world.issuer.revoke_key(&caller, &ollie.key_id, reason()).await.unwrap();
        assert_eq!(world.last_change(&caller, "key_revoked").await["reason"], "stolen");
        assert_eq!(world.reason(&ollie.passport).await, "key_revoked");
        assert_eq!(world.reason(&later.passport).await, "granted", "another key's passport stays");
        assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "key_revoked", "the admin's own was signed by it");
        let shown = world.issuer.passport(&ollie.passport_id).await.unwrap();
        assert_eq!(shown.state, passport_shared::api::passports::PassportState::Revoked);
        let id: KeyId = ollie.key_id.parse().unwrap();
        assert!(!world.place.vault().holds().unwrap().contains(&id), "its secret part is gone");
        assert!(!world.issuer.key_set().await.unwrap().body.contains(&ollie.key_id));
        // The machine's owner gets a new passport from the keys at hand.
        let fresh = world.issuer.admin_passport().await.unwrap();
        assert_eq!(world.gate(&fresh.passport, "keys.read", "issuer/keys").await, "granted");
    }

    #[tokio::test]
    async fn revoking_the_active_or_the_next_key_leaves_two_that_sign() {
        let world = World::new().await;
        for state in ["next", "active"] {
            let admin = world.issuer.admin_passport().await.unwrap().passport;
            let caller = world.issuer.authorize(Some(&admin), "keys.revoke", "issuer/keys", &[]).await.unwrap();
            let id = by_state(&world, state).await.remove(0);
            world.issuer.revoke_key(&caller, &id, reason()).await.unwrap();
            let again = world.issuer.revoke_key(&caller, &id, reason()).await.unwrap();
            assert!(again.items.iter().any(|key| key.key_id == id && key.state == "revoked" && !key.published));
            for state in ["next", "active"] {
                let ids = by_state(&world, state).await;
                assert_eq!(ids.len(), 1, "{state}");
                assert!(world.place.vault().sign(&ids[0].parse().unwrap(), b"x").is_ok(), "{state}");
            }
        }
        assert_eq!(by_state(&world, "revoked").await.len(), 2);
        assert_eq!(world.place.vault().holds().unwrap().len(), 3, "the log's own among them, and no secret key is left over");
    }

    #[tokio::test]
    async fn a_key_that_is_not_there_cannot_be_revoked() {
        let world = World::new().await;
        let caller = world.admin("keys.revoke", "issuer/keys").await;
        let unknown = PublicKey::new([9; 32]).id.to_string();
        for id in ["x", "", unknown.as_str()] {
            assert_eq!(world.issuer.revoke_key(&caller, id, reason()).await.unwrap_err().code(), "not_found", "{id}");
        }
        let empty = RevokeKey { reason: String::new(), ..RevokeKey::default() };
        assert_eq!(pointers(&world.issuer.revoke_key(&caller, &unknown, empty).await.unwrap_err()), ["/reason"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn rotations_at_once_leave_no_key_over() {
        let world = World::new().await;
        let callers = [world.admin("keys.rotate", "issuer/keys").await, world.admin("keys.rotate", "issuer/keys").await];
        let (a, b) = tokio::join!(world.issuer.rotate_keys(&callers[0]), world.issuer.rotate_keys(&callers[1]));
        let won = [&a, &b].iter().filter(|result| result.is_ok()).count();
        for lost in [a, b].into_iter().filter_map(Result::err) {
            assert_eq!(lost.code(), "conflict");
        }
        assert!(won >= 1);
        assert_eq!(world.place.vault().holds().unwrap().len(), 3 + won, "a key that was made in vain is forgotten");
        assert_eq!(by_state(&world, "retired").await.len(), won);
    }

    #[tokio::test]
    async fn a_change_goes_on_when_its_caller_has_gone() {
        let world = World::new().await;
        let caller = world.admin("keys.rotate", "issuer/keys").await;
        let before = by_state(&world, "active").await;
        {
            let act = world.issuer.rotate_keys(&caller);
            let mut act = std::pin::pin!(act);
            // Polled once, so that it has begun; then dropped.
            let waker = std::task::Waker::noop();
            assert!(act.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
        }
        let mut rounds = 0;
        while by_state(&world, "active").await == before {
            rounds += 1;
            assert!(rounds < 10_000, "the rotation was given up");
            tokio::task::yield_now().await;
        }
        assert_eq!(world.gate(&world.admin, "keys.read", "issuer/keys").await, "granted");
    }
}
