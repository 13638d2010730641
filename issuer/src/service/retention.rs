//! Dropping the bodies of old audit events, where that is wanted. The events themselves, their hashes and the tree stay.

use std::time::Duration;

use serde_json::json;

use super::{Issuer, ServiceError, check};
use crate::store::{Dropped, StoreError};

/// How often it is looked for old ones.
const LOOK: Duration = Duration::from_secs(3_600);

/// Between one transaction and the next, so that whoever reports has the store most of the time.
const PACE: Duration = Duration::from_millis(20);

impl Issuer {
    /// Drops all bodies that are older than the setting says. Gives how many; 0 where there is no such setting.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] or [`ServiceError::Internal`]; what was dropped until then is told with the next.
    pub async fn drop_old_bodies(&self) -> Result<i64, ServiceError> {
        let Some(age) = self.settings().audit_retention else { return Ok(0) };
        let before = self.now().saturating_sub(age);
        let mut all = 0;
        loop {
            let message = "what was decided longer ago than bodies are kept for is dropped; the log keeps its hash";
            let author = self.inner.parts.own_author(&self.settings().issuer, "audit.retain", message)?;
            let parts = self.inner.parts.clone();
            let told = move |dropped: &Dropped| {
                let Dropped { bodies, to, .. } = dropped;
                let change =
                    json!({ "type": "bodies_dropped", "bodies": bodies, "throughSequence": to, "receivedBefore": check::shown(before) });
                parts.admin_event(&author, &change).map_err(|error| StoreError::Unavailable(Box::new(error)))
            };
            let dropped = self.store().drop_bodies(before, Box::new(told)).await?;
            if !dropped.more {
                all += dropped.bodies;
                return Ok(all);
            }
            tokio::time::sleep(PACE).await;
        }
    }

    /// Drops what is old for as long as it is polled. What fails is logged, and tried again.
    pub async fn keep_retention(&self) {
        loop {
            match self.drop_old_bodies().await {
                Ok(0) => {}
                Ok(bodies) => tracing::info!(bodies, "bodies of old audit events were dropped"),
                Err(error) => tracing::error!(%error, "the bodies of old audit events could not be dropped"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::api::audit::AuditQuery;
    use serde_json::Value;

    use super::*;
    use crate::service::Settings;
    use crate::service::testing::{NOW, World, settings};

    const DAY: i64 = 86_400;

    #[tokio::test]
    async fn bodies_go_by_their_age_and_the_log_says_so_and_keeps_its_root() {
        let world = World::new().await;
        let (issuer, _) = world.place.try_start(Settings { audit_retention: Some(DAY), ..settings() }).await.unwrap();
        world.ollie().await;
        let before = world.log().await;
        assert_eq!(issuer.drop_old_bodies().await.unwrap(), 0, "nothing is a day old");
        assert_eq!(world.log().await, before);
        world.place.clock.advance(DAY + 1);
        let root = issuer.store().log_head().await.unwrap();
        let old = i64::try_from(before.len()).unwrap();
        assert_eq!(issuer.drop_old_bodies().await.unwrap(), old);

        let mut after = world.log().await;
        let told = after.remove(0);
        let body: Value = serde_json::from_str(&told.event.body).unwrap();
        assert_eq!(told.reporter, issuer.settings().issuer);
        let expected = json!({ "type": "bodies_dropped", "bodies": old, "throughSequence": old, "receivedBefore": check::shown(NOW + 1) });
        assert_eq!(body["change"], expected);
        for (kept, had) in after.iter().zip(&before) {
            assert_eq!((kept.event.body.as_str(), &kept.entry()), ("", &had.entry()), "its leaf is what it was");
        }
        assert_eq!(root.size, old);
        assert_eq!(issuer.drop_old_bodies().await.unwrap(), 0);

        // The list says what is left.
        let page = issuer.events(AuditQuery { order: Some("oldest".to_owned()), ..AuditQuery::default() }).await.unwrap();
        let first: Value = serde_json::from_str(page.items[0].get()).unwrap();
        let had: Value = serde_json::from_str(&before.last().unwrap().event.body).unwrap();
        assert_eq!(first["bodyDropped"], true);
        for member in ["requestId", "outcome", "reason", "action", "resource", "evaluatedAt"] {
            assert_eq!(first[member], had[member], "{member}");
        }
        assert!(first.get("change").is_none() && first.get("message").is_none());
        // An export can be checked with it: the tree has all but the body.
        let mut lines = Vec::new();
        for item in &page.items {
            lines.extend_from_slice(item.get().as_bytes());
            lines.push(b'\n');
        }
        let report = crate::store::check::export::check(&crate::store::check::Asked::default(), lines.as_slice(), |_| {}).unwrap();
        let root = issuer.store().log_head().await.unwrap().root;
        assert_eq!((report.problems.as_slice(), report.dropped, report.root), ([].as_slice(), old, Some(root)));
        let last: Value = serde_json::from_str(page.items.last().unwrap().get()).unwrap();
        assert!(last.get("bodyDropped").is_none());
    }

    #[tokio::test]
    async fn nothing_is_dropped_unless_that_is_set() {
        let world = World::new().await;
        world.place.clock.advance(10_000 * DAY);
        let before = world.log().await;
        assert_eq!(world.issuer.drop_old_bodies().await.unwrap(), 0);
        assert_eq!(world.log().await, before);
        let least = |age| world.place.try_start(Settings { audit_retention: Some(age), ..settings() });
        assert!(least(DAY - 1).await.is_err());
        assert!(least(DAY).await.is_ok());
    }
}
