//! The thread that refreshes.

use std::sync::Arc;
use std::time::Duration;

use passport_shared::key_set::KeyId;
use ureq::http::HeaderValue;

use super::desk::Desk;
use super::fetch::{Fetch, FetchError, Fetched};
use super::{RefreshError, Refreshed};
use crate::backoff::{Backoff, share};
use crate::guard::{Clock, Randomness};
use crate::trust::{Trust, TrustError};
use crate::verifier::Verifier;

/// Seconds for which "not modified" is taken for an answer. Trust ages from when the issuer signed it: without a new
/// bundle now and then a verifier would end up denying everything.
const UNMODIFIED_SECONDS: i64 = 600;

pub(super) struct Worker {
    desk: Arc<Desk>,
    verifier: Verifier,
    fetch: Fetch,
    pin: Option<KeyId>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    interval: Duration,
    backoff: Backoff,
    /// Of the bundle that was last believed.
    etag: Option<HeaderValue>,
}

impl Worker {
    pub(super) fn new(
        desk: Arc<Desk>,
        verifier: Verifier,
        fetch: Fetch,
        pin: Option<KeyId>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        interval: Duration,
    ) -> Self {
        let backoff = Backoff::new(Duration::from_secs(1), interval);
        Self { desk, verifier, fetch, pin, clock, randomness, interval, backoff, etag: None }
    }

    pub(super) fn run(mut self) {
        let mut due_in = Duration::ZERO;
        while self.desk.wait(due_in) {
            let result = self.refresh();
            due_in = self.next(&result);
            self.desk.end(result);
        }
    }

    fn refresh(&mut self) -> Result<Refreshed, RefreshError> {
        let trust = self.verifier.trust();
        let now = self.clock.now();
        let young = trust.issued_at().is_some_and(|issued_at| now.saturating_sub(issued_at) < UNMODIFIED_SECONDS);
        let (token, etag) = match self.fetch.get(self.etag.as_ref().filter(|_| young))? {
            Fetched::NotModified => return Ok(Refreshed::Unchanged),
            Fetched::Bundle { token, etag } => (token, etag),
        };
        let next = self.believe(&trust, &token)?;
        let sequence = next.sequence();
        self.verifier.replace_trust(next);
        self.etag = etag;
        Ok(Refreshed::Replaced { sequence })
    }

    fn believe(&self, trust: &Trust, token: &[u8]) -> Result<Trust, RefreshError> {
        let now = self.clock.now();
        if trust.has_keys() {
            return Ok(trust.successor(token, now)?);
        }
        let first = Trust::from_pinned_bundle(token, self.pin.as_ref().ok_or(RefreshError::NoPin)?, now)?;
        match first.issuer() == trust.issuer() {
            true => Ok(first),
            false => Err(TrustError::WrongIssuer { found: first.issuer().to_owned(), expected: trust.issuer().to_owned() }.into()),
        }
    }

    fn next(&mut self, result: &Result<Refreshed, RefreshError>) -> Duration {
        match result {
            Ok(_) => {
                self.backoff.reset();
                // From nine tenths to eleven tenths.
                self.interval.mul_f64(0.9).saturating_add(share(self.interval.mul_f64(0.2), self.randomness.as_ref()))
            }
            Err(error) => {
                let asked = match error {
                    RefreshError::Fetch(FetchError::Status { retry_after, .. }) => *retry_after,
                    _ => None,
                };
                self.backoff.next(asked, self.randomness.as_ref())
            }
        }
    }
}
