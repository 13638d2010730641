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

/// A list that takes more passports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenList {
    number: i64,
    size: i64,
}

impl OpenList {
    /// Its last place, which no other is written in more digits than.
    pub(super) fn last(self) -> Slot {
        Slot { list: self.number, index: self.size.saturating_sub(1) }
    }
}

/// Whether a list of `size` places, of which `used` are taken, is given more passports.
pub(super) fn takes_more(used: i64, size: i64) -> bool {
    used.saturating_mul(2) < size
}

impl Issuer {
    /// A place that was free a moment ago, or may just have been taken: the store says which when it is used.
    pub(super) fn draw_slot(&self, list: OpenList) -> Slot {
        let bound = u64::try_from(list.size).unwrap_or(0);
        let index = i64::try_from(below(&*self.inner.parts.entropy, bound)).unwrap_or(0);
        Slot { list: list.number, index }
    }

    /// A list that is less than half full; it is made and published where there is none.
    pub(super) async fn open_list(&self) -> Result<OpenList, ServiceError> {
        // Somebody else may open a list at the same moment, and fill it: look again, a few times.
        for _ in 0..8 {
            let (list, is_there) = self.next_list().await?;
            if is_there {
                return Ok(list);
            }
            let made = self.store().create_status_list(list.number, list.size).await;
            // A passport must not point to a list that nobody can have.
            match self.after_change(made, |sequence| *sequence).await {
                Ok(_) => tracing::info!(list = list.number, size = list.size, "opened a status list"),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::unavailable("no status list stays open"))
    }

    /// The list that the next passport goes to, and whether it is there already. Nothing is made.
    pub(super) async fn next_list(&self) -> Result<(OpenList, bool), ServiceError> {
        let lists = self.store().status_lists().await?;
        if let Some(list) = lists.iter().find(|list| takes_more(list.used, list.size)) {
            return Ok((OpenList { number: list.list, size: list.size }, true));
        }
        let number = lists.iter().map(|list| list.list.saturating_add(1)).max().unwrap_or(0);
        Ok((OpenList { number, size: self.settings().status_list_size }, false))
    }
}
