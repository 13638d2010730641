//! The thread that fetches at an interval, and when it is asked to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::believer::Believer;
use super::desk::Wake;
use super::fetch::{FetchError, Fetched};
use super::source::Reader;
use super::{RefreshError, Refreshed};
use crate::backoff::{Backoff, share};
use crate::guard::Randomness;

/// Seconds for which "not modified" is taken for an answer. Trust ages from when the issuer signed it: without a new
/// bundle now and then a verifier would end up denying everything.
const UNMODIFIED_SECONDS: i64 = 600;

/// How far fetches are apart while the issuer holds a request open: they only keep trust from growing old.
const BESIDE: Duration = Duration::from_secs(600);

/// How often the time is saved.
const SAVE: Duration = Duration::from_secs(60);

pub(super) struct Worker {
    believer: Arc<Believer>,
    reader: Reader,
    randomness: Arc<dyn Randomness>,
    interval: Duration,
    backoff: Backoff,
    /// What became of the last bundle that was read, for a file that has not changed since.
    refused: Option<RefreshError>,
}

/// When the next fetch is due, from the end of the last.
#[derive(Clone, Copy, Debug)]
struct Due {
    polling: Duration,
    following: Duration,
}

impl Worker {
    pub(super) fn new(believer: Arc<Believer>, reader: Reader, randomness: Arc<dyn Randomness>, interval: Duration) -> Self {
        let backoff = Backoff::new(Duration::from_secs(1), interval);
        Self { believer, reader, randomness, interval, backoff, refused: None }
    }

    pub(super) fn run(mut self) {
        let desk = Arc::clone(&self.believer.desk);
        let nap = if self.believer.store.is_some() { SAVE } else { Duration::MAX };
        let mut since = instant();
        let mut due = Due { polling: Duration::ZERO, following: Duration::ZERO };
        loop {
            match desk.wait(since, due.polling, due.following, nap) {
                Wake::Fetch => {
                    let result = self.refresh();
                    due = self.next(&result);
                    desk.end(result);
                    since = instant();
                }
                Wake::Nap => self.believer.save(),
                Wake::Stop => return,
            }
        }
    }

    fn refresh(&mut self) -> Result<Refreshed, RefreshError> {
        let before = self.believer.before();
        let (token, etag) = match self.reader.read(self.believer.etag(UNMODIFIED_SECONDS).as_ref())? {
            Fetched::NotModified => return self.refused.clone().map_or(Ok(Refreshed::Unchanged), Err),
            Fetched::Bundle { token, etag } => (token, etag),
        };
        let result = self.believer.take(token, etag, before);
        self.refused = result.as_ref().err().cloned();
        result
    }

    fn next(&mut self, result: &Result<Refreshed, RefreshError>) -> Due {
        match result {
            Ok(_) => {
                self.backoff.reset();
                Due { polling: self.jittered(self.interval), following: self.jittered(self.interval.max(BESIDE)) }
            }
            Err(error) => {
                let asked = match error {
                    RefreshError::Fetch(FetchError::Status { retry_after, .. }) => *retry_after,
                    _ => None,
                };
                let wait = self.backoff.next(asked, self.randomness.as_ref());
                Due { polling: wait, following: wait }
            }
        }
    }

    /// From nine tenths to eleven tenths.
    fn jittered(&self, interval: Duration) -> Duration {
        interval.mul_f64(0.9).saturating_add(share(interval.mul_f64(0.2), self.randomness.as_ref()))
    }
}

fn instant() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "how long a thread sleeps does not follow a clock that can be set")]
    Instant::now()
}
