//! A place in a status list for each passport, drawn at random: an index must not tell how many passports there are,
//! or in which order they were issued.
//!
//! A list takes passports until it is half full, then another is opened. So a draw finds a free place in two
//! attempts on average, and places stay hard to guess.

use super::{Issuer, ServiceError};
use crate::entropy::below;
use crate::store::StoreError;

/// A place in a status list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) list: i64,
    pub(super) index: i64,
}

/// Whether a list of `size` places, of which `used` are taken, is given more passports.
pub(super) fn takes_more(used: i64, size: i64) -> bool {
    used.saturating_mul(2) < size
}

impl Issuer {
    /// A place that was free a moment ago, or may just have been taken: the store says which when it is used.
    pub(super) async fn draw_slot(&self) -> Result<Slot, ServiceError> {
        let (list, size) = self.open_list().await?;
        let bound = u64::try_from(size).unwrap_or(0);
        let index = i64::try_from(below(&*self.inner.parts.entropy, bound)).unwrap_or(0);
        Ok(Slot { list, index })
    }

    /// A list that is less than half full, with its size; it is made and published where there is none.
    async fn open_list(&self) -> Result<(i64, i64), ServiceError> {
        // Somebody else may open a list at the same moment, and fill it: look again, a few times.
        for _ in 0..8 {
            let lists = self.store().status_lists().await?;
            if let Some(list) = lists.iter().find(|list| takes_more(list.used, list.size)) {
                return Ok((list.list, list.size));
            }
            let number = lists.iter().map(|list| list.list.saturating_add(1)).max().unwrap_or(0);
            let size = self.settings().status_list_size;
            let made = self.store().create_status_list(number, size).await;
            // A passport must not point to a list that nobody can have.
            match self.after_change(made, |sequence| *sequence).await {
                Ok(_) => tracing::info!(list = number, size, "opened a status list"),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::unavailable("no status list stays open"))
    }
}
