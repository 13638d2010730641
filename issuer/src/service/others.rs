//! Other issuers on the same database: what one of them changes, this one publishes too.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Inner, Issuer, keys};

/// After a failure, how long until the next try.
const PAUSE: Duration = Duration::from_millis(500);

impl Issuer {
    /// Follows the changes that the store tells of, if others can make any, for as long as there is this issuer.
    pub(super) fn follow_others(&self) {
        let Some(mut changes) = self.store().changes() else { return };
        let issuer: Weak<Inner> = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            // What was told before this began may be news too.
            changes.mark_changed();
            // It ends with the store, which has ended then.
            while changes.changed().await.is_ok() {
                let sequence = *changes.borrow_and_update();
                // Looked at anew for each try, so that an issuer that is gone is not kept.
                while let Some(inner) = issuer.upgrade() {
                    match (Self { inner }).take_over(sequence).await {
                        Ok(()) => break,
                        Err(error) => {
                            tracing::warn!(%error, "another issuer's change could not be published yet; nothing is answered until it is");
                        }
                    }
                    tokio::time::sleep(PAUSE).await;
                    if changes.has_changed().is_err() {
                        return;
                    }
                }
            }
        });
    }

    /// Publishes what the trust sequence has come to: documents and gate are made anew, those who wait are told, and
    /// keys that were revoked are destroyed in this process's memory too.
    async fn take_over(&self, sequence: i64) -> Result<(), super::ServiceError> {
        let press = &self.inner.press;
        let before = press.present();
        if sequence <= before.sequence() {
            return Ok(());
        }
        press.needed.fetch_max(sequence, Ordering::SeqCst);
        let edition = self.edition().await?;
        for key in edition.ring.revoked() {
            if !before.ring.revoked().iter().any(|known| known.id() == key.id()) {
                keys::forget_key(&self.inner.parts, key.id()).await;
            }
        }
        Ok(())
    }
}
