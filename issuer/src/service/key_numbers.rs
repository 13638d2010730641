//! How old the keys are, as numbers for who watches.

use std::time::Duration;

use passport_keys::KeyState;

use super::Issuer;
use crate::metrics;

/// How often the numbers are made anew: about as often as anybody asks for them.
const EVERY: Duration = Duration::from_secs(5);

impl Issuer {
    /// Counts the keys that are published, and how long the active one has signed and will sign yet.
    pub(super) fn measure_keys(&self) {
        let (edition, now) = (self.inner.press.present(), self.now());
        let ring = &edition.ring;
        let published = ring.published(now);
        for state in [KeyState::Next, KeyState::Active, KeyState::Retired] {
            let count = published.iter().filter(|key| key.state == state).count();
            ::metrics::gauge!(metrics::KEYS, "state" => state.name()).set(metrics::gauge(i64::try_from(count).unwrap_or(i64::MAX)));
        }
        if let Some(active) = ring.signing() {
            let began = active.activated_at.unwrap_or(active.created_at);
            ::metrics::gauge!(metrics::KEY_AGE).set(metrics::gauge(now.saturating_sub(began)));
        }
        if let Some(due) = self.settings().key_life.and_then(|life| ring.rotation_due(life)) {
            ::metrics::gauge!(metrics::KEY_DUE).set(metrics::gauge(due.saturating_sub(now)));
        }
    }

    /// Keeps these numbers, for as long as it is polled. They are of the published documents: no store is asked.
    pub async fn keep_key_numbers(&self) {
        loop {
            self.measure_keys();
            tokio::time::sleep(EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Settings;
    use crate::service::testing::{Place, World, settings};

    fn numbers(issuer: &Issuer) -> String {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        ::metrics::with_local_recorder(&recorder, || issuer.measure_keys());
        recorder.handle().render()
    }

    #[tokio::test]
    async fn the_age_of_the_keys_and_the_time_to_their_rotation_are_told() {
        let world = World::new().await;
        world.place.clock.advance(1_000);
        let due = 75 * 86_400 - 1_000;
        let first = numbers(&world.issuer);
        for line in [
            "passport_key_active_seconds 1000",
            &format!("passport_rotation_due_seconds {due}"),
            "passport_keys_published{state=\"next\"} 1",
            "passport_keys_published{state=\"active\"} 1",
            "passport_keys_published{state=\"retired\"} 0",
        ] {
            assert!(first.lines().any(|found| found == line), "{line} is not in {first}");
        }
        world.issuer.rotate_keys(&world.admin("keys.rotate", "issuer/keys").await).await.unwrap();
        world.place.clock.advance(10);
        let then = numbers(&world.issuer);
        for line in ["passport_key_active_seconds 10", "passport_keys_published{state=\"retired\"} 1"] {
            assert!(then.lines().any(|found| found == line), "{line} is not in {then}");
        }
        world.place.clock.advance(76 * 86_400);
        assert!(numbers(&world.issuer).contains("passport_rotation_due_seconds -8641"), "overdue");
    }

    #[tokio::test]
    async fn keys_that_rotate_by_hand_alone_are_never_due() {
        let place = Place::new();
        let (issuer, _) = place.try_start(Settings { key_life: None, ..settings() }).await.unwrap();
        let numbers = numbers(&issuer);
        assert!(numbers.contains("passport_key_active_seconds 0") && !numbers.contains("due"), "{numbers}");
    }
}
