//! The thread that waits at the issuer for something newer (contract F5.14).

use std::sync::Arc;
use std::time::Duration;

use super::Refreshed;
use super::believer::Believer;
use super::fetch::{Fetch, FetchError, Fetched};
use crate::backoff::Backoff;
use crate::guard::Randomness;

/// After a change, before the next is asked for: many that come together make one fetch.
const GATHER: Duration = Duration::from_millis(100);

pub(super) struct Follower {
    believer: Arc<Believer>,
    fetch: Fetch,
    wait: Duration,
    randomness: Arc<dyn Randomness>,
    backoff: Backoff,
}

/// What came of one request that was to wait.
#[derive(Debug)]
enum Held {
    /// Something newer, as soon as there was.
    Newer,
    /// Nothing, after the wait.
    Waited,
    /// An answer that nobody waited for: an issuer about to stop or with too many that wait, or something in between.
    Early,
    /// None, or one that is refused.
    Failed(Option<Duration>),
}

impl Follower {
    pub(super) fn new(
        believer: Arc<Believer>,
        fetch: Fetch,
        wait: Duration,
        randomness: Arc<dyn Randomness>,
        longest_pause: Duration,
    ) -> Self {
        Self { believer, fetch, wait, randomness, backoff: Backoff::new(Duration::from_secs(1), longest_pause) }
    }

    pub(super) fn run(mut self) {
        let desk = Arc::clone(&self.believer.desk);
        let mut pause = Duration::ZERO;
        while desk.pause(pause) && desk.await_trust() {
            pause = self.turn();
        }
    }

    /// One request, and the pause after it.
    pub(super) fn turn(&mut self) -> Duration {
        let held = self.hold();
        self.believer.desk.follows(matches!(held, Held::Newer | Held::Waited));
        self.pause(&held)
    }

    /// How long to leave the issuer alone. Whoever does not hold a request is asked ever less often; meanwhile the
    /// other thread fetches at its interval.
    fn pause(&mut self, held: &Held) -> Duration {
        match held {
            Held::Newer | Held::Waited => {
                self.backoff.reset();
                GATHER
            }
            Held::Early => self.backoff.next(None, self.randomness.as_ref()),
            Held::Failed(asked) => self.backoff.next(*asked, self.randomness.as_ref()),
        }
    }

    fn hold(&self) -> Held {
        let before = self.believer.before();
        let Some(after) = before.sequence else { return Held::Failed(None) };
        let began = self.believer.clock.now_millis();
        let answer = self.fetch.follow(after, self.wait);
        let took = u128::try_from(self.believer.clock.now_millis().saturating_sub(began)).unwrap_or(0);
        match answer {
            Ok(Fetched::NotModified) => {
                self.believer.desk.confirmed();
                // A little less than the wait, for clocks that do not agree to the millisecond.
                let waited = took.saturating_mul(10) >= self.wait.as_millis().saturating_mul(9);
                if waited { Held::Waited } else { Held::Early }
            }
            Ok(Fetched::Bundle { token, etag }) => match self.believer.take(token, etag, before) {
                Ok(Refreshed::Replaced { sequence }) if sequence > Some(after) => {
                    self.believer.desk.confirmed();
                    Held::Newer
                }
                // The other thread was quicker, or nobody looked at what we have.
                Ok(_) => Held::Early,
                Err(_) => Held::Failed(None),
            },
            Err(FetchError::Status { retry_after, .. }) => Held::Failed(retry_after),
            Err(_) => Held::Failed(None),
        }
    }
}
