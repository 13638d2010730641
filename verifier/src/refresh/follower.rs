//! The thread that waits at the issuer for something newer (contract F5.14).

use std::sync::Arc;
use std::time::Duration;

use super::believer::Believer;
use super::fetch::{Fetch, FetchError, Fetched};
use crate::backoff::Backoff;
use crate::guard::Randomness;

/// The longest pause while the issuer cannot be reached: what was revoked meanwhile should be here soon after it can.
const AWAY: Duration = Duration::from_secs(10);

/// After a change, before the next is asked for: many that come together make one fetch.
const GATHER: Duration = Duration::from_millis(100);

pub(super) struct Follower {
    believer: Arc<Believer>,
    fetch: Fetch,
    wait: Duration,
    randomness: Arc<dyn Randomness>,
    /// For whoever answers, and does not hold requests.
    unheld: Backoff,
    /// For whoever does not answer.
    away: Backoff,
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
    /// One that brings nothing, or something that is refused; how long it asks to be left alone.
    Refused(Option<Duration>),
    /// None.
    Away,
}

impl Follower {
    pub(super) fn new(
        believer: Arc<Believer>,
        fetch: Fetch,
        wait: Duration,
        randomness: Arc<dyn Randomness>,
        longest_pause: Duration,
    ) -> Self {
        let backoff = |longest| Backoff::new(Duration::from_secs(1), longest);
        Self { believer, fetch, wait, randomness, unheld: backoff(longest_pause), away: backoff(longest_pause.min(AWAY)) }
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
        let randomness = self.randomness.as_ref();
        if !matches!(held, Held::Away) {
            self.away.reset();
        }
        match held {
            Held::Newer | Held::Waited => {
                self.unheld.reset();
                GATHER
            }
            Held::Early => self.unheld.next(None, randomness),
            Held::Refused(asked) => self.unheld.next(*asked, randomness),
            Held::Away => self.away.next(None, randomness),
        }
    }

    fn hold(&self) -> Held {
        let before = self.believer.before();
        let Some(after) = before.sequence else { return Held::Refused(None) };
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
                // It may be the other thread that was quicker.
                Ok(_) if self.believer.before().sequence > Some(after) => {
                    self.believer.desk.confirmed();
                    Held::Newer
                }
                // Nobody looked at what we have.
                Ok(_) => Held::Early,
                Err(_) => Held::Refused(None),
            },
            Err(FetchError::Unreachable { .. }) => Held::Away,
            Err(FetchError::Status { retry_after, .. }) => Held::Refused(retry_after),
            Err(_) => Held::Refused(None),
        }
    }
}
