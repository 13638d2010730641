//! What a verifier holds to be too old, for who reports on its health.

use super::{MaxAge, StatusPolicy, Verifier};

impl Verifier {
    pub(crate) fn max_key_age(&self) -> MaxAge {
        self.settings.max_key_age
    }

    /// The age at which a status list denies; `None` where it never does.
    pub(crate) fn max_status_age(&self) -> Option<MaxAge> {
        match self.settings.status {
            StatusPolicy::DenyUnavailable => Some(self.settings.max_status_age),
            StatusPolicy::AllowUnavailable => None,
        }
    }
}
