//! What outlives a restart: the last bundle that was believed, and the latest time seen.
//!
//! Five lines of text, the second of which is a checksum over what follows it:
//!
//! ```text
//! passport trust 1
//! sha256 <hex>
//! latest <seconds since 1970>
//! pin <thumbprint, or ->
//! bundle <token, or ->
//! ```

use std::path::{Path, PathBuf};

use passport_shared::key_set::KeyId;
use passport_shared::limits::TRUST_BUNDLE_BYTES;
use passport_shared::time;
use sha2::{Digest as _, Sha256};

use super::file;
use crate::trust::{Trust, TrustError};

const TITLE: &str = "passport trust 1\n";

/// What stands for nothing.
const NONE: &str = "-";

/// Beside the bundle there are four short lines.
const MAX_BYTES: usize = TRUST_BUNDLE_BYTES + 1_024;

/// What an earlier run of a [`Refresher`](super::Refresher) kept
/// ([`RefreshSettings::with_store`](super::RefreshSettings::with_store)).
///
/// A refresher with that setting reads it by itself. It is read by hand where no refresher runs. Nothing in it is
/// believed until [`trust`](Self::trust) has checked the bundle again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedTrust {
    pub(super) latest_time: i64,
    pub(super) pin: Option<KeyId>,
    pub(super) bundle: Option<Vec<u8>>,
}

/// Why a saved state is not believed, or could not be saved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SavedTrustError {
    /// It cannot be read.
    #[error("the saved trust in `{}` cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// It is not what was written: cut off, changed, or no state at all. Nothing of it is used.
    #[error("the saved trust in `{}` is damaged ({what}) and none of it is used; a new one replaces it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// It was kept for another pin: whoever set a new one does not want what the old one led to.
    #[error("the saved trust was kept for another pin than the one that is set now, and is not used")]
    OtherPin,
    /// The bundle in it is refused.
    #[error("the saved trust is refused: {0}")]
    Refused(#[from] TrustError),
    /// It cannot be written. What is believed is not touched by that, but the next start will know less.
    #[error("trust cannot be saved in `{}`: {why}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
}

impl SavedTrust {
    /// What is kept at `path`; `None` where there is no such file.
    pub fn read(path: impl AsRef<Path>) -> Result<Option<Self>, SavedTrustError> {
        let path = path.as_ref();
        let unreadable = |error: std::io::Error| SavedTrustError::Unreadable { path: path.to_owned(), why: error.to_string() };
        match file::read_own(path, MAX_BYTES).map_err(unreadable)? {
            Some(bytes) => Self::parse(&bytes).map(Some).map_err(|what| SavedTrustError::Damaged { path: path.to_owned(), what }),
            None => Ok(None),
        }
    }

    /// The latest time seen, in seconds since 1970: for [`Guard::with_latest_time`](crate::Guard::with_latest_time).
    #[must_use]
    pub fn latest_time(&self) -> i64 {
        self.latest_time
    }

    /// The trust that the saved bundle makes, if there is one: signed by a key of its own, of this issuer, not expired
    /// at `now` or at the latest time seen, and kept by a run with the same `pin`.
    pub fn trust(&self, issuer: &str, pin: Option<&KeyId>, now: i64) -> Result<Option<Trust>, SavedTrustError> {
        let Some(bundle) = &self.bundle else { return Ok(None) };
        if self.pin.as_ref() != pin {
            return Err(SavedTrustError::OtherPin);
        }
        let trust = Trust::from_bundle(bundle, now.max(self.latest_time))?;
        match trust.issuer() == issuer {
            true => Ok(Some(trust)),
            false => Err(TrustError::WrongIssuer { found: trust.issuer().to_owned(), expected: issuer.to_owned() }.into()),
        }
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), SavedTrustError> {
        file::replace(path, &self.text()).map_err(|error| SavedTrustError::Unwritable { path: path.to_owned(), why: error.to_string() })
    }

    fn text(&self) -> Vec<u8> {
        let pin = self.pin.map_or_else(|| NONE.to_owned(), |pin| pin.to_string());
        let mut body = format!("latest {}\npin {pin}\nbundle ", self.latest_time).into_bytes();
        body.extend_from_slice(self.bundle.as_deref().unwrap_or(NONE.as_bytes()));
        body.push(b'\n');
        let mut text = format!("{TITLE}sha256 {}\n", hex(&body)).into_bytes();
        text.append(&mut body);
        text
    }

    fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
        let rest = text.strip_prefix(TITLE).ok_or("its first line is not ours")?;
        let (sum, body) = rest.strip_prefix("sha256 ").and_then(|rest| rest.split_once('\n')).ok_or("it has no checksum")?;
        if sum != hex(body.as_bytes()) {
            return Err("its checksum does not hold");
        }
        let form = "its lines are not of the form that is written";
        let mut lines = body.strip_suffix('\n').ok_or(form)?.split('\n');
        let mut line = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)).ok_or(form);
        let (latest, pin, bundle) = (line("latest ")?, line("pin ")?, line("bundle ")?);
        if lines.next().is_some() {
            return Err(form);
        }
        let latest_time = latest.parse().ok().filter(|latest| time::in_range(*latest)).ok_or("its latest time is none")?;
        let pin = Some(pin).filter(|pin| *pin != NONE).map(|pin| pin.parse().map_err(|_| "its pin is no thumbprint")).transpose()?;
        let bundle = Some(bundle).filter(|bundle| *bundle != NONE).map(|bundle| bundle.as_bytes().to_vec());
        Ok(Self { latest_time, pin, bundle })
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
