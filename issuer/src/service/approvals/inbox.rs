//! The list of approvals, and waiting until it is another one: for an inbox that fills by itself.

use std::time::Duration;

use passport_shared::api::approvals::{ApprovalPage, ApprovalState};
use passport_shared::jose;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::super::change::to_json;
use super::super::{Issuer, ServiceError, paging};
use super::{LOOK, stored};
use crate::store;

/// Bytes of a hash that tell one list from another: they guard nothing.
const VERSION_BYTES: usize = 12;

/// Which approvals to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApprovalQuery {
    /// In this state now.
    pub state: Option<ApprovalState>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// At most so many, 1 to 1,000; 100 where it is left out.
    pub limit: Option<u32>,
}

/// A page, and when time alone changes it.
struct Listed {
    page: ApprovalPage,
    /// When the first of its approvals lapses that still wait, in seconds since 1970.
    lapses: Option<i64>,
}

impl Issuer {
    /// Approvals, newest first, never their tokens.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn approvals(&self, query: &ApprovalQuery) -> Result<ApprovalPage, ServiceError> {
        Ok(self.list(query).await?.page)
    }

    /// The same, once it differs from that with this `version`: waited for up to `wait`, less if the issuer is about to stop.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn approvals_unless(&self, query: &ApprovalQuery, version: &str, wait: Duration) -> Result<ApprovalPage, ServiceError> {
        let deadline = Instant::now() + wait;
        // Before the first look, so that nothing that comes after it is missed.
        let (mut asked, mut decided) = (self.inner.asked.subscribe(), self.inner.decided.subscribe());
        loop {
            let listed = self.list(query).await?;
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                if listed.page.version != version || left.is_zero() || self.is_stopping() {
                    return Ok(listed.page);
                }
                let told = tokio::time::timeout(left.min(LOOK), async {
                    tokio::select! {
                        _ = asked.changed() => {}
                        _ = decided.changed() => {}
                    }
                });
                if told.await.is_ok() || self.may_differ(query, &listed) {
                    break;
                }
            }
        }
    }

    /// Whether a list can have come to differ without anybody asking or deciding here: another issuer on the same database took
    /// that, or time has passed.
    fn may_differ(&self, query: &ApprovalQuery, listed: &Listed) -> bool {
        let lapsed = listed.lapses.is_some_and(|at| at <= self.now());
        // Those that lapse into it are not on it yet.
        lapsed || query.state == Some(ApprovalState::Expired) || self.store().changes().is_some()
    }

    async fn list(&self, query: &ApprovalQuery) -> Result<Listed, ServiceError> {
        let filter = store::ApprovalFilter {
            state: query.state.map(stored),
            now: self.now(),
            cursor: paging::number(query.cursor.as_deref())?,
            limit: paging::limit(query.limit)?,
        };
        let page = self.store().approvals(filter).await?;
        let waiting = page.items.iter().filter(|approval| approval.state == store::ApprovalState::Pending);
        let lapses = waiting.map(|approval| approval.asked.pending_until).min();
        let mut items = Vec::with_capacity(page.items.len());
        for approval in page.items {
            items.push(self.shown_approval(approval, None).await?);
        }
        let next_cursor = page.next.map(|cursor| cursor.to_string());
        let hash = Sha256::digest(to_json(&(&items, &next_cursor))?);
        let version = jose::encode(hash.get(..VERSION_BYTES).unwrap_or_default());
        Ok(Listed { page: ApprovalPage { items, next_cursor, version }, lapses })
    }
}

#[cfg(test)]
mod tests;
