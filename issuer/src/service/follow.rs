//! Who waits for trust to change: the long poll of `GET /v1/trust-bundle` (contract section 5, F5.9).
//!
//! One that waits is a task and a place in a list of wakers. It holds no document and asks nobody anything until there
//! is something new.

use std::time::Duration;

use tokio::sync::watch;

use super::publish::Published;
use super::{Issuer, ServiceError};

/// Tells those who wait.
#[derive(Debug)]
pub(super) struct Herald(watch::Sender<News>);

#[derive(Clone, Copy, Debug)]
struct News {
    /// The number of the newest bundle.
    sequence: i64,
    /// Nobody shall wait any more.
    ended: bool,
}

impl Herald {
    pub(super) fn new(sequence: i64) -> Self {
        Self(watch::Sender::new(News { sequence, ended: false }))
    }

    /// There is a bundle of this number. One of the same number wakes nobody: it was made anew because the last was old.
    pub(super) fn announce(&self, sequence: i64) {
        self.0.send_if_modified(|news| {
            let newer = sequence > news.sequence;
            news.sequence = news.sequence.max(sequence);
            newer
        });
    }

    fn end(&self) {
        self.0.send_modify(|news| news.ended = true);
    }
}

/// What tells who waits that nobody shall wait any more.
#[derive(Debug)]
pub(super) struct Waits(watch::Receiver<News>);

impl Waits {
    pub(super) fn has_ended(&self) -> bool {
        self.0.borrow().ended
    }

    /// Returns once the issuer is about to stop.
    pub(super) async fn end(&mut self) {
        // An issuer that is gone has ended too.
        let _ = self.0.wait_for(|news| news.ended).await;
    }
}

/// What there is for who has a bundle already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// A bundle with a greater number.
    Newer(Published),
    /// None; this is the present one.
    Unchanged(Published),
}

impl Issuer {
    /// The trust bundle, once its number is greater than `after`; the present one if none has come within `wait`, or at
    /// once if the issuer is about to stop.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] if a change cannot be published.
    pub async fn trust_bundle_after(&self, after: i64, wait: Duration) -> Result<Followed, ServiceError> {
        // Before the first look, so that nothing that comes after it is missed.
        let mut news = self.inner.press.herald.0.subscribe();
        let found = self.follow(after).await?;
        if let Followed::Unchanged(_) = found {
            let told = tokio::time::timeout(wait, news.wait_for(|news| news.ended || news.sequence > after)).await;
            if told.is_ok_and(|told| told.is_ok_and(|news| !news.ended)) {
                return self.follow(after).await;
            }
        }
        Ok(found)
    }

    /// Answers all that wait, and lets nobody wait from now on: the issuer is about to stop.
    pub fn end_waits(&self) {
        self.inner.press.herald.end();
        self.inner.decided.send_modify(|_| {});
    }

    /// For who waits for something that the issuer does not tell of here.
    pub(super) fn waits(&self) -> Waits {
        Waits(self.inner.press.herald.0.subscribe())
    }

    /// Whether the issuer is about to stop, and nobody shall wait.
    pub(super) fn is_stopping(&self) -> bool {
        self.inner.press.herald.0.borrow().ended
    }

    async fn follow(&self, after: i64) -> Result<Followed, ServiceError> {
        let edition = self.edition().await?;
        let bundle = edition.bundle().clone();
        Ok(if edition.sequence() > after { Followed::Newer(bundle) } else { Followed::Unchanged(bundle) })
    }
}

#[cfg(test)]
mod tests;
