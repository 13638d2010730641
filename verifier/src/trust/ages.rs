//! How old the parts of a snapshot are, for who reports on its health.

use super::Trust;

impl Trust {
    /// When the oldest status list was issued, in seconds since 1970; `None` where there is none.
    pub(crate) fn oldest_status_list(&self) -> Option<i64> {
        self.status_lists.values().map(|list| list.issued_at).min()
    }
}
