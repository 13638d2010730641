//! Pages of what a store lists: their size, and whether another follows.

use super::{MAX_PAGE, Page};

/// The number of records on a page. One more is asked for, to see whether another page follows.
pub(super) fn page_size(limit: u32) -> i64 {
    i64::from(limit.clamp(1, MAX_PAGE))
}

/// Makes a page of what was found, which has one record too many where another page follows.
pub(super) fn page<T, C>(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Page<T, C> {
    let size = usize::try_from(page_size(limit)).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(cursor);
    Page { items, next }
}
