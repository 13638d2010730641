//! How old the parts of a snapshot are, for who reports on its health.

use super::Trust;

impl Trust {
    /// When the newest status list was issued, in seconds since 1970; `None` where there is none. An issuer signs all that
    /// it has anew with each bundle; one that is older was left out since, and is kept for what it revoked.
    pub(crate) fn newest_status_list(&self) -> Option<i64> {
        self.status_lists.iter().map(|list| list.issued_at).max()
    }
}
