//! Keys that change by themselves, by the schedule of `passport_keys`.
//!
//! Several issuers on one database may all try: a rotation is made by whoever comes first, since the store compares the
//! keys before it swaps them, and the others find that it is done.

use std::sync::Arc;
use std::time::Duration;

use super::{Issuer, ServiceError, keys};

/// The longest time between two looks, in seconds: a clock that was set, or a rotation by hand, is noticed after that.
const LOOK: i64 = 3_600;

/// The shortest, so that what fails is not tried all the time.
const PAUSE: i64 = 30;

impl Issuer {
    /// Does what is due with the keys now: rotates where the active one has signed for long enough, and destroys secret parts
    /// that are of no more use. Gives when the next rotation is due, in seconds since 1970; `None` where keys have no life.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] or [`ServiceError::Internal`]; nothing is half done, and the next look tries again.
    pub async fn tend_keys(&self) -> Result<Option<i64>, ServiceError> {
        self.forget_spent_keys().await?;
        let Some(life) = self.settings().key_life else { return Ok(None) };
        let ring = keys::ring(&self.store().keys().await?)?;
        let due = ring.rotation_due(life);
        if due.is_none_or(|due| due > self.now()) {
            return Ok(due);
        }
        let message = "the active key has signed for five sixths of its life; the next one takes over";
        let author = self.inner.parts.own_author(&self.settings().issuer, "keys.rotate", message)?;
        // Away from the key that is due: another issuer may have changed it by now, and then it is not done a second time.
        let (issuer, own, old) = (self.clone(), author, ring.signing().map(|key| *key.id()));
        match self.see_through(async move { issuer.rotate_as(&own, old.as_ref()).await }).await {
            Ok(()) => tracing::info!("keys were rotated by schedule"),
            Err(ServiceError::Conflict { .. }) => tracing::info!("keys were changed by another meanwhile"),
            Err(error) => return Err(error),
        }
        Ok(keys::ring(&self.store().keys().await?)?.rotation_due(life))
    }

    /// Tends the keys for as long as it is polled. What fails is logged, and tried again.
    pub async fn keep_keys(&self) {
        loop {
            let pause = match self.tend_keys().await {
                Ok(due) => due.map_or(LOOK, |due| due.saturating_sub(self.now())).clamp(PAUSE, LOOK),
                Err(error) => {
                    tracing::error!(%error, "the keys could not be tended");
                    PAUSE
                }
            };
            tokio::time::sleep(Duration::from_secs(u64::try_from(pause).unwrap_or_default())).await;
        }
    }

    async fn forget_spent_keys(&self) -> Result<(), ServiceError> {
        let ring = keys::ring(&self.store().keys().await?)?;
        let (vault, now) = (Arc::clone(&self.inner.parts.vault), self.now());
        let held = tokio::task::spawn_blocking(move || vault.holds()).await;
        let held = held.map_err(|error| ServiceError::internal("look into the key vault", error))?;
        for id in held.map_err(|error| ServiceError::internal("look into the key vault", error))? {
            if ring.is_spent(&id, now) {
                keys::forget_key(&self.inner.parts, &id).await;
                tracing::info!(key = %id, "destroyed a retired key that is published no more");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use passport_keys::KeyVault as _;
    use serde_json::Value;

    use super::*;
    use crate::service::testing::{NOW, World, settings};

    const DAY: i64 = 86_400;

    async fn active(issuer: &Issuer) -> String {
        issuer.keys().await.unwrap().items.into_iter().find(|key| key.state == "active").unwrap().key_id
    }

    #[tokio::test]
    async fn the_next_key_takes_over_by_itself_and_the_audit_log_says_so() {
        let world = World::new().await;
        let first = active(&world.issuer).await;
        assert_eq!(world.issuer.tend_keys().await.unwrap(), Some(NOW + 75 * DAY));
        assert_eq!(active(&world.issuer).await, first, "nothing is due");
        world.place.clock.advance(75 * DAY);
        let old = world.ollie().await;
        assert_eq!(world.issuer.tend_keys().await.unwrap(), Some(NOW + 150 * DAY));
        assert_ne!(active(&world.issuer).await, first);
        assert_eq!(world.reason(&old.passport).await, "granted", "what it signed stays");
        let event = world.log().await.remove(0);
        let body: Value = serde_json::from_str(&event.event.body).unwrap();
        assert_eq!((event.reporter.as_str(), &body["change"]["type"]), (world.issuer.settings().issuer.as_str(), &"keys_rotated".into()));
        assert_eq!(body["change"]["retiredKeyId"], first);

        // Long after everything that it signed, its secret part is gone; those that still count are not.
        let id = first.parse().unwrap();
        assert!(world.place.vault().holds().unwrap().contains(&id));
        world.place.clock.advance(17 * DAY + 3_600);
        world.issuer.tend_keys().await.unwrap();
        assert!(!world.place.vault().holds().unwrap().contains(&id));
        assert_eq!(world.place.vault().holds().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn two_issuers_on_one_database_rotate_once() {
        let world = World::new().await;
        let (other, _) = world.place.start().await;
        world.place.clock.advance(75 * DAY);
        let (one, two) = tokio::join!(world.issuer.tend_keys(), other.tend_keys());
        assert_eq!((one.unwrap(), two.unwrap()), (Some(NOW + 150 * DAY), Some(NOW + 150 * DAY)));
        assert_eq!(world.issuer.keys().await.unwrap().items.len(), 3);
        assert_eq!(world.place.vault().holds().unwrap().len(), 3, "no key is left over");
    }

    #[tokio::test]
    async fn keys_without_a_life_change_by_hand_alone() {
        let world = World::new().await;
        let (issuer, _) = world.place.try_start(crate::service::Settings { key_life: None, ..settings() }).await.unwrap();
        world.place.clock.advance(5_000 * DAY);
        let before = active(&issuer).await;
        assert_eq!(issuer.tend_keys().await.unwrap(), None);
        assert_eq!(active(&issuer).await, before);
        assert!(world.place.try_start(crate::service::Settings { key_life: Some(3_599), ..settings() }).await.is_err());
    }
}
