//! One fetch: `GET /v1/trust-bundle` (contract section 5), at once or with a wait.

use std::path::PathBuf;
use std::time::Duration;

use passport_shared::limits::TRUST_BUNDLE_BYTES;
use ureq::http::{HeaderValue, Response, StatusCode, header};

use crate::issuer_link::{IssuerUrl, agent, read_body, retry_after};

/// Bytes of an `ETag` that is sent back.
const ETAG_BYTES: usize = 256;

/// Why a trust bundle cannot be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No answer, or half of one.
    #[error("`{url}` cannot be fetched: {why}")]
    Unreachable {
        /// What was fetched.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// An answer that is not the bundle.
    #[error("`{url}` answered {status}, and 200 with a trust bundle is needed")]
    Status {
        /// What was fetched.
        url: String,
        /// The HTTP status.
        status: u16,
        /// How long the issuer asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// A redirect: trust is fetched from the URL that was given, or not at all.
    #[error("`{url}` answered {status}, a redirect, which is not followed; give the issuer's own URL")]
    Redirect {
        /// What was fetched.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// More than a trust bundle can be.
    #[error("`{url}` sends more than the {max} bytes that a trust bundle can have")]
    TooLarge {
        /// What was fetched.
        url: String,
        /// The bound.
        max: usize,
    },
    /// The file cannot be read.
    #[error("the trust bundle in `{}` cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
}

/// Fetches the issuer's trust bundle, once, waiting at most `timeout`: the bytes to keep in a file, for
/// [`Trust::from_pinned_bundle`](crate::Trust::from_pinned_bundle) or [`Trust::successor`](crate::Trust::successor) to
/// judge. Nothing in them is proved.
pub fn fetch_bundle(url: &IssuerUrl, timeout: Duration) -> Result<Vec<u8>, FetchError> {
    let fetch = Fetch::new(url, timeout);
    match fetch.get(None)? {
        Fetched::Bundle { token, etag: _ } => Ok(token),
        Fetched::NotModified => Err(fetch.status(StatusCode::NOT_MODIFIED, None)),
    }
}

/// What an issuer answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fetched {
    Bundle { token: Vec<u8>, etag: Option<HeaderValue> },
    NotModified,
}

#[derive(Clone)]
pub(super) struct Fetch {
    agent: ureq::Agent,
    url: String,
    timeout: Duration,
}

impl Fetch {
    pub(super) fn new(url: &IssuerUrl, timeout: Duration) -> Self {
        Self { agent: agent(timeout), url: url.join("/v1/trust-bundle"), timeout }
    }

    /// Fetches the bundle, unless it is still the one that was served as `known`.
    pub(super) fn get(&self, known: Option<&HeaderValue>) -> Result<Fetched, FetchError> {
        let mut request = self.agent.get(&self.url);
        if let Some(etag) = known {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        self.answer(request.call(), known.is_some())
    }

    /// Fetches a bundle with a number greater than `after`, for which the issuer waits so many whole seconds.
    pub(super) fn follow(&self, after: i64, wait: Duration) -> Result<Fetched, FetchError> {
        let url = format!("{}?after={after}&wait={}", self.url, wait.as_secs());
        let request = self.agent.get(url).config().timeout_global(Some(self.timeout.saturating_add(wait))).build();
        self.answer(request.call(), true)
    }

    fn answer(&self, answer: Result<Response<ureq::Body>, ureq::Error>, conditional: bool) -> Result<Fetched, FetchError> {
        let mut response = answer.map_err(|error| self.failed(error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if conditional => return Ok(Fetched::NotModified),
            status => return Err(self.status(status, retry_after(response.headers()))),
        }
        let etag = response.headers().get(header::ETAG).filter(|etag| etag.len() <= ETAG_BYTES).cloned();
        let token = read_body(&mut response, TRUST_BUNDLE_BYTES).map_err(|error| self.failed(error))?;
        Ok(Fetched::Bundle { token, etag })
    }

    fn status(&self, status: StatusCode, retry_after: Option<Duration>) -> FetchError {
        let (url, redirect, status) = (self.url.clone(), status.is_redirection(), status.as_u16());
        match redirect && status != 304 {
            true => FetchError::Redirect { url, status },
            false => FetchError::Status { url, status, retry_after },
        }
    }

    fn failed(&self, error: ureq::Error) -> FetchError {
        let url = self.url.clone();
        match error {
            ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge { url, max: TRUST_BUNDLE_BYTES },
            error => FetchError::Unreachable { url, why: error.to_string() },
        }
    }
}
