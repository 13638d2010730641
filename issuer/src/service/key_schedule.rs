//! Keys are rotated by schedule: the issuer does it itself, as nobody's errand (docs/format.md F4.7).
//!
//! Several issuers on one database may try at once. The store compares the keys that each of them saw, so one wins, and
//! for the others there is nothing left to do.

use std::time::Duration;

use passport_keys::{Due, Schedule};

use super::{Issuer, ServiceError, StartError, keys};

/// How long the task sleeps at most: the clock may be set, and another issuer may change the keys.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

impl Issuer {
    /// Rotates the keys if that is due by now, once; says whether it did. Where another issuer was quicker, it did not,
    /// and that is no error. Without a life of keys it never is due.
    ///
    /// # Errors
    /// As [`Issuer::rotate_keys`], but for the conflict.
    pub async fn rotate_keys_if_due(&self) -> Result<bool, ServiceError> {
        let Some(schedule) = self.schedule()? else { return Ok(false) };
        let ring = keys::ring(&self.store().keys().await?)?;
        if schedule.due(&ring, self.now()) != Some(Due::Now) {
            return Ok(false);
        }
        let author =
            self.inner.parts.own_author(&self.settings().issuer, "keys.rotate", "the active key is in the last sixth of its life")?;
        let issuer = self.clone();
        match self.see_through(async move { issuer.rotate_ring(&ring, &author).await }).await {
            Ok(()) => Ok(true),
            Err(ServiceError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Looks after the keys until `stop` ends. What has begun is ended first. A failure is logged, and tried again.
    pub async fn keep_keys(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            match self.rotate_keys_if_due().await {
                Ok(true) => tracing::info!("the keys were rotated by schedule"),
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "the keys are due to be rotated and could not be; it is tried again in a minute"),
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// When keys are rotated; `None` where they are not by schedule.
    pub(super) fn schedule(&self) -> Result<Option<Schedule>, ServiceError> {
        let made = self.settings().key_life.map(Schedule::new).transpose();
        made.map_err(|error| ServiceError::internal("read the keys' schedule", error))
    }
}

impl super::Settings {
    /// Whether keys can have this life.
    pub(super) fn check_key_life(&self) -> Result<(), StartError> {
        match self.key_life.map(Schedule::new) {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(StartError::Setting {
                name: "key_life",
                value: error.life.to_string(),
                problem: "it must be an hour to ten years, in seconds, or none",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::super::testing::{ISSUER, World, settings};
    use super::*;
    use passport_keys::KeyVault as _;

    const DAY: i64 = 86_400;

    async fn by_state(issuer: &Issuer, state: &str) -> Vec<String> {
        issuer.keys().await.unwrap().items.into_iter().filter(|key| key.state == state).map(|key| key.key_id).collect()
    }

    #[tokio::test]
    async fn a_key_in_the_last_sixth_of_its_life_is_rotated_once_and_denies_nobody() {
        let world = World::new().await;
        let (active, next) = (by_state(&world.issuer, "active").await, by_state(&world.issuer, "next").await);
        assert!(!world.issuer.rotate_keys_if_due().await.unwrap());
        world.place.clock.advance(75 * DAY - 1);
        let ollie = world.ollie().await;
        assert!(!world.issuer.rotate_keys_if_due().await.unwrap(), "a second too early");
        world.place.clock.advance(1);
        assert!(world.issuer.rotate_keys_if_due().await.unwrap());
        assert_eq!((by_state(&world.issuer, "retired").await, by_state(&world.issuer, "active").await), (active, next.clone()));
        assert_eq!(world.reason(&ollie.passport).await, "granted");
        assert_eq!(world.ollie().await.key_id, next[0]);
        assert!(!world.issuer.rotate_keys_if_due().await.unwrap(), "once is enough");
    }

    #[tokio::test]
    async fn a_rotation_by_schedule_is_an_audit_event_of_the_issuers_own() {
        let world = World::new().await;
        world.place.clock.advance(75 * DAY);
        assert!(world.issuer.rotate_keys_if_due().await.unwrap());
        let event = world.log().await.into_iter().next().unwrap();
        assert_eq!((event.kind.as_str(), event.reporter.as_str()), ("admin", ISSUER));
        let body: serde_json::Value = serde_json::from_str(&event.body).unwrap();
        assert_eq!((&body["change"]["type"], &body["action"]), (&"keys_rotated".into(), &"keys.rotate".into()));
        assert_eq!(body["change"]["activeKeyId"], by_state(&world.issuer, "active").await[0]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_issuers_on_one_database_one_rotates_and_the_other_has_no_error() {
        let world = World::new().await;
        let (other, _) = world.place.start().await;
        world.place.clock.advance(75 * DAY);
        let (a, b) = tokio::join!(world.issuer.rotate_keys_if_due(), other.rotate_keys_if_due());
        assert_eq!([a.unwrap(), b.unwrap()].iter().filter(|did| **did).count(), 1);
        assert_eq!(by_state(&world.issuer, "retired").await.len(), 1);
        assert_eq!(world.place.vault().holds().unwrap().len(), 3, "a key that was made in vain is forgotten");
    }

    #[tokio::test]
    async fn without_a_life_no_key_is_rotated_by_schedule() {
        let world = World::new().await;
        let (issuer, _) = world.place.try_start(Settings { key_life: None, ..settings() }).await.unwrap();
        world.place.clock.advance(3_650 * DAY);
        assert!(!issuer.rotate_keys_if_due().await.unwrap());
        assert_eq!(issuer.keys().await.unwrap().next_rotation_at, None);
    }

    #[tokio::test]
    async fn a_life_that_no_key_can_have_stops_the_start() {
        let place = super::super::testing::Place::new();
        for key_life in [Some(0), Some(3_599), Some(i64::MAX)] {
            let refused = place.try_start(Settings { key_life, ..settings() }).await.unwrap_err();
            assert!(matches!(refused, StartError::Setting { name: "key_life", .. }), "{refused}");
        }
    }

    #[tokio::test]
    async fn the_list_of_keys_says_when_the_next_one_takes_over() {
        let world = World::new().await;
        let at = world.issuer.keys().await.unwrap().next_rotation_at;
        assert_eq!(at, passport_shared::time::format(super::super::testing::NOW + 75 * DAY));
    }

    #[tokio::test]
    async fn the_task_rotates_what_is_due_and_ends_when_it_is_told_to() {
        let world = World::new().await;
        world.place.clock.advance(75 * DAY);
        world.issuer.keep_keys(std::future::ready(())).await;
        assert_eq!(by_state(&world.issuer, "retired").await.len(), 1);
    }
}
