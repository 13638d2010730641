//! The audit log's own key, and the checkpoints that it signs (docs/audit.md).
//!
//! A checkpoint binds the issuer for good. So one is signed only over a tree that is on disk, is kept in the transaction that
//! sees that the tree has that root still, and is told to nobody before. Where the log does not go on from what was signed
//! before, such as after a restore, nothing is signed until an admin says so.

mod key;
mod read;

use std::time::{Duration, Instant};

use passport_keys::LogKey;
use passport_shared::log::checkpoint::Checkpoint;
use passport_shared::text::escape;
use serde_json::json;
use tokio::sync::Mutex;

pub(super) use self::key::{ready, vault_id};
use super::{Issuer, ServiceError};
use crate::metrics;
use crate::store::{LogHold, LogState, SignedCheckpoint, StoreError};

/// The shortest time between two checkpoints: who asks for more gets the one that there is.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest and the shortest time between two looks of the background, in seconds.
const EVERY: std::ops::RangeInclusive<u64> = 1..=86_400;

/// The key, and what was last signed with it.
pub(super) struct Logbook {
    pub(super) key: LogKey,
    /// What was last seen, and when: one look at a time.
    seen: Mutex<Option<(SignedCheckpoint, Instant)>>,
}

impl Logbook {
    pub(super) fn new(key: LogKey) -> Self {
        Self { key, seen: Mutex::new(None) }
    }
}

impl Issuer {
    /// The public half of the log's key, `NAME+ID+BASE64` (docs/audit.md A10): its name is the log's origin.
    #[must_use]
    pub fn log_key(&self) -> &passport_shared::log::note::VerifierKey {
        self.inner.log.key.verifier_key()
    }

    /// The newest checkpoint: a fresh one where the log has grown, but at most one a second. While the log is held it is
    /// the last that was signed.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] if the log is held and has signed none; [`ServiceError::Unavailable`] or
    /// [`ServiceError::Internal`] if it could not be signed or kept.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, ServiceError> {
        let mut seen = self.inner.log.seen.lock().await;
        if let Some((last, at)) = &*seen
            && at.elapsed() < PAUSE
        {
            return Ok(last.clone());
        }
        // To its end, whoever has asked: what is signed is kept.
        let (issuer, before) = (self.clone(), seen.as_ref().map(|(last, _)| last.size));
        let newest = self.see_through(async move { issuer.sign_checkpoint(before).await }).await?;
        *seen = Some((newest.clone(), Instant::now()));
        Ok(newest)
    }

    /// `before` is the size of the last that this process has seen.
    async fn sign_checkpoint(&self, before: Option<i64>) -> Result<SignedCheckpoint, ServiceError> {
        let mut state = self.store().log_state().await?;
        let last = state.last.as_ref().map_or(0, |last| last.size);
        if let Some(before) = before.filter(|before| *before > last) {
            // The database was put back while this process ran.
            state.doubt.get_or_insert(format!("its checkpoint of {before} events is no longer there"));
        }
        if let Some(why) = self.look_at(&state).await? {
            return state.last.ok_or_else(|| ServiceError::Conflict { detail: format!("the audit log signs nothing: {why}") });
        }
        if let Some(last) = state.last.as_ref().filter(|last| last.size >= state.head.size) {
            return Ok(last.clone());
        }
        let signed = SignedCheckpoint { size: state.head.size, note: self.note(&state).await?, signed_at: self.now() };
        match self.store().keep_checkpoint(signed, state.head.root).await {
            Ok(newest) => {
                ::metrics::gauge!(metrics::CHECKPOINT).set(metrics::gauge(newest.size));
                Ok(newest)
            }
            // It was seen in that transaction; the next look says what it is.
            Err(StoreError::Conflict { problem, .. }) => Err(ServiceError::internal("sign a checkpoint", problem)),
            Err(error) => Err(error.into()),
        }
    }

    async fn note(&self, state: &LogState) -> Result<String, ServiceError> {
        let act = "sign a checkpoint";
        let size = u64::try_from(state.head.size).map_err(|error| ServiceError::internal(act, error))?;
        let key = self.inner.log.key.clone();
        let checkpoint = Checkpoint::new(key.verifier_key().name(), size, state.head.root);
        let checkpoint = checkpoint.map_err(|error| ServiceError::internal(act, error))?;
        let signed = tokio::task::spawn_blocking(move || key.sign(&checkpoint)).await;
        signed.map_err(|error| ServiceError::internal(act, error))?.map_err(|error| ServiceError::internal(act, error))
    }

    /// Whether the log goes on from what was signed before; why not, where it does not. It is held then, and says so.
    async fn look_at(&self, state: &LogState) -> Result<Option<String>, ServiceError> {
        let why = state.hold.as_ref().map(|hold| hold.why.clone()).or_else(|| state.doubt.clone());
        ::metrics::gauge!(metrics::LOG_HELD).set(if why.is_some() { 1.0 } else { 0.0 });
        let Some(why) = why else { return Ok(None) };
        if state.hold.is_none() {
            let message = "the audit log does not go on from its last checkpoint; it signs no more until an admin says so";
            let author = self.inner.parts.own_author(&self.settings().issuer, "audit.hold", message)?;
            let event = self.admin_event(&author, &json!({ "type": "log_held", "why": why }))?;
            self.store().hold_log(LogHold { at: self.now(), why: why.clone() }, event).await?;
        }
        tracing::error!(why = escape(&why), "the audit log signs no checkpoints; see docs/operations.md, and then: passport audit resume");
        Ok(Some(why))
    }

    /// Has a log that is held sign again. What it signs from now on may contradict what it has signed before: that is for
    /// the admin to know. Gives whether it was held.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] or [`ServiceError::Internal`]; then it is held still.
    pub async fn resume_log(&self) -> Result<bool, ServiceError> {
        let message = "an admin has the audit log sign checkpoints again";
        let author = self.inner.parts.own_author(&self.settings().issuer, "audit.resume", message)?;
        let event = self.admin_event(&author, &json!({ "type": "log_resumed" }))?;
        Ok(self.store().resume_log(event).await?)
    }

    /// Signs a checkpoint each so many seconds where the log has grown, so that there always is a recent one. For as long as
    /// it is polled.
    pub async fn keep_checkpoints(&self, every: u64) {
        loop {
            if let Err(error) = self.checkpoint().await {
                tracing::error!(%error, "no checkpoint of the audit log could be signed");
            }
            tokio::time::sleep(Duration::from_secs(every.clamp(*EVERY.start(), *EVERY.end()))).await;
        }
    }
}

#[cfg(test)]
mod tests;
