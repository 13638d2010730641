//! Where the worker reads a bundle: from the issuer, or from a file.

use std::path::PathBuf;

use passport_shared::limits::TRUST_BUNDLE_BYTES;
use ureq::http::HeaderValue;

use super::fetch::{Fetch, FetchError, Fetched};
use super::file;

/// Reads bundles from one place.
pub(super) enum Reader {
    Issuer(Fetch),
    File(BundleFile),
}

/// A file with a bundle, and what was in it when it was last read. It is compared, and not its time: two writes can
/// have the same.
pub(super) struct BundleFile {
    path: PathBuf,
    seen: Option<Vec<u8>>,
}

impl Reader {
    pub(super) fn file(path: PathBuf) -> Self {
        Self::File(BundleFile { path, seen: None })
    }

    /// The bundle, unless it is still the one that was served as `known`, or that was read last.
    pub(super) fn read(&mut self, known: Option<&HeaderValue>) -> Result<Fetched, FetchError> {
        match self {
            Self::Issuer(fetch) => fetch.get(known),
            Self::File(file) => file.read(),
        }
    }
}

impl BundleFile {
    fn read(&mut self) -> Result<Fetched, FetchError> {
        let unreadable = |why: String| FetchError::Unreadable { path: self.path.clone(), why };
        let bytes = file::read(&self.path, TRUST_BUNDLE_BYTES).map_err(|error| unreadable(error.to_string()))?;
        let bytes = bytes.ok_or_else(|| unreadable("there is no such file".to_owned()))?;
        if bytes.len() > TRUST_BUNDLE_BYTES {
            return Err(unreadable(format!("it has more than the {TRUST_BUNDLE_BYTES} bytes that a trust bundle can have")));
        }
        if self.seen.as_ref() == Some(&bytes) {
            return Ok(Fetched::NotModified);
        }
        // As the command writes it, or as somebody saved it: with one line break at the end or without.
        let token = bytes.strip_suffix(b"\n").unwrap_or(&bytes).to_vec();
        self.seen = Some(bytes);
        Ok(Fetched::Bundle { token, etag: None })
    }
}
