//! The live end of the audit log: events as they come, in the order of acceptance, from any place on.
//!
//! What is told is always read from the store. That something was written is only the hint to look, so nothing is missed and
//! nothing is told twice, whatever became of a hint.

use std::time::Duration;

use passport_shared::api::audit::StreamQuery;
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{Issuer, ServiceError, events, follow};
use crate::store::{AuditFilter, EventKind, Order};

/// Events that are read at once.
const PAGE: u32 = 100;

/// The least time from one look to the next, once all that there was is told: under load each look finds more.
const PACE: Duration = Duration::from_millis(100);

/// How often the log is looked at where other processes may write to it.
const OTHERS: Duration = Duration::from_secs(1);

/// An event as the list gives it, and what it is told under.
#[derive(Clone, Debug)]
pub struct TailEvent {
    /// Its place in the log: give it to go on after it.
    pub sequence: i64,
    /// What it tells of.
    pub kind: EventKind,
    /// The object, in one line.
    pub event: Box<RawValue>,
}

/// Who follows the log.
pub struct Tail {
    issuer: Issuer,
    filter: AuditFilter,
    /// The last place that was looked at.
    after: i64,
    /// Whether there may be more than what was read last.
    more: bool,
    looked: Option<Instant>,
    written: watch::Receiver<()>,
    news: follow::Waits,
}

impl std::fmt::Debug for Tail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tail").field("after", &self.after).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Follows the log, from the event after `after` on; from now on where that is `None`.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn tail(&self, query: StreamQuery, after: Option<i64>) -> Result<Tail, ServiceError> {
        if after.is_some_and(|after| after < 0) {
            return Err(ServiceError::InvalidQuery {
                name: "after",
                detail: "it is less than 0; it is the `sequence` of an event".to_owned(),
            });
        }
        let filter = AuditFilter { order: Order::OldestFirst, limit: PAGE, ..self.filter(query.into()).await? };
        // Before the first look, so that nothing that comes after it is missed.
        let (written, news) = (self.store().written(), self.waits());
        let after = match after {
            Some(after) => after,
            None => self.store().log_head().await?.size,
        };
        Ok(Tail { issuer: self.clone(), filter, after, more: true, looked: None, written, news })
    }
}

impl Tail {
    /// The next events, as soon as there are any; none where `wait` has passed before. `None` once the issuer is about to stop.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn next(&mut self, wait: Duration) -> Result<Option<Vec<TailEvent>>, ServiceError> {
        let deadline = Instant::now() + wait;
        loop {
            if self.news.has_ended() {
                return Ok(None);
            }
            if self.more || self.look_due(deadline).await {
                let events = self.look().await?;
                if !events.is_empty() {
                    return Ok(Some(events));
                }
            }
            if Instant::now() >= deadline {
                return Ok(Some(Vec::new()));
            }
        }
    }

    /// Waits until there may be something new. Gives `false` where the deadline or the end has come first.
    async fn look_due(&mut self, deadline: Instant) -> bool {
        let others = self.issuer.store().changes().is_some();
        let now = Instant::now();
        let next = if others { deadline.min(now + OTHERS) } else { deadline };
        let told = tokio::select! {
            told = timeout_at(next, self.written.changed()) => told.is_ok(),
            () = self.news.end() => return false,
        };
        if told && let Some(looked) = self.looked {
            tokio::select! {
                () = sleep_until(looked + PACE) => {}
                () = self.news.end() => return false,
            }
        }
        told || others
    }

    async fn look(&mut self) -> Result<Vec<TailEvent>, ServiceError> {
        self.looked = Some(Instant::now());
        self.written.mark_unchanged();
        let store = self.issuer.store();
        let size = store.log_head().await?.size;
        if size <= self.after {
            self.more = false;
            return Ok(Vec::new());
        }
        let page = store.events(AuditFilter { cursor: Some(self.after), ..self.filter.clone() }).await?;
        let last = page.items.last().map_or(0, |event| event.sequence);
        self.more = page.next.is_some();
        self.after = page.next.unwrap_or_else(|| size.max(last)).max(self.after);
        page.items
            .into_iter()
            .map(|event| Ok(TailEvent { sequence: event.sequence, kind: event.kind, event: in_one_line(events::shown(event)?)? }))
            .collect()
    }
}

/// The same object without line breaks: in sound JSON they stand between tokens alone.
pub(super) fn in_one_line(event: Box<RawValue>) -> Result<Box<RawValue>, ServiceError> {
    if !event.get().contains(['\n', '\r']) {
        return Ok(event);
    }
    let line = event.get().replace(['\n', '\r'], " ");
    RawValue::from_string(line).map_err(|error| ServiceError::internal("read the audit log", error))
}
