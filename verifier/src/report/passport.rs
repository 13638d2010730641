//! The passport that a reporter shows.

use std::fmt;

use passport_shared::unverified::{UnreadablePassport, UnverifiedPassport};
use ureq::http::HeaderValue;

/// A reporter's passport: a secret, which is shown to the issuer and to nobody else.
#[derive(Clone)]
pub struct ReporterPassport {
    reporter: String,
    header: HeaderValue,
}

impl ReporterPassport {
    /// Reads `token`. It is not verified here; the issuer does that.
    pub fn read(token: &str) -> Result<Self, UnreadablePassport> {
        let passport = UnverifiedPassport::read(token.as_bytes())?;
        let mut header = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| passport_shared::jose::CompactError::Malformed("it has characters that no header can hold"))?;
        header.set_sensitive(true);
        Ok(Self { reporter: passport.claims().agent_id.to_string(), header })
    }

    /// Whose it is: the `sub` claim, which is the reporter's name in the audit log.
    #[must_use]
    pub fn reporter(&self) -> &str {
        &self.reporter
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl fmt::Debug for ReporterPassport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReporterPassport").field("reporter", &self.reporter).finish_non_exhaustive()
    }
}
