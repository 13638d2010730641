//! What can be chosen about refreshing.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use passport_shared::key_set::KeyId;

use super::RefreshError;
use crate::guard::{Clock, Randomness, SystemClock, SystemRandomness};
use crate::issuer_link::IssuerUrl;

/// The longest wait that an issuer grants (contract F5.14).
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Told what a person should look at.
pub(super) type OnAlarm = Box<dyn Fn(&RefreshError) + Send + Sync>;

/// How a [`Refresher`](super::Refresher) works.
pub struct RefreshSettings {
    pub(super) source: Source,
    pub(super) pin: Option<KeyId>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) wait: Duration,
    pub(super) store: Option<PathBuf>,
    pub(super) on_alarm: Option<OnAlarm>,
}

/// Where trust comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Issuer(IssuerUrl),
    File(PathBuf),
}

impl RefreshSettings {
    /// From the issuer at `url`: a request that waits there for something newer, 25 s at a time, so that a change is
    /// here at once. Where such a request is not held, by an older issuer or by what stands between, it is fetched
    /// every 60 s. 10 s for a fetch, beyond what it waits.
    #[must_use]
    pub fn new(url: IssuerUrl) -> Self {
        Self::of(Source::Issuer(url), Duration::from_secs(60), Duration::from_secs(25))
    }

    /// From the trust bundle in the file at `path`, which somebody else keeps fresh: looked at every second, and taken
    /// when it has changed. It is refused for the same reasons as one that is fetched. A first one is believed by the
    /// [pin](Self::with_pin), or without one because whoever wrote the file vouches for it.
    ///
    /// Put a new one in place by renaming: what is half written is no bundle, and is refused.
    #[must_use]
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self::of(Source::File(path.into()), Duration::from_secs(1), Duration::ZERO)
    }

    fn of(source: Source, interval: Duration, wait: Duration) -> Self {
        Self {
            source,
            pin: None,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            interval,
            timeout: Duration::from_secs(10),
            wait,
            store: None,
            on_alarm: None,
        }
    }

    /// Believes a first bundle that the key with this thumbprint has signed, while the verifier trusts no key. Once
    /// it does, the pin is not looked at.
    #[must_use]
    pub fn with_pin(mut self, pin: KeyId) -> Self {
        self.pin = Some(pin);
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Spreads fetches over time by `randomness`.
    #[must_use]
    pub fn with_randomness(mut self, randomness: impl Randomness + 'static) -> Self {
        self.randomness = Arc::new(randomness);
        self
    }

    /// The time between two fetches, or looks at a file, give or take a tenth, never under a tenth of a second; also
    /// the longest wait after failures, the first of which is a second at most. While the issuer holds a request
    /// open, fetches beside it are ten minutes apart.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(100));
        self
    }

    /// How long a fetch may take, beyond what it waits.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a request waits at the issuer for something newer, in whole seconds: 25 unless set, at most 30, and with
    /// 0 none waits and the issuer is asked at the interval alone. Set it below what proxies in between allow. A file
    /// is never waited for.
    #[must_use]
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = Duration::from_secs(wait.min(LONGEST_WAIT).as_secs());
        self
    }

    /// Keeps the last bundle that was believed and the latest time seen in the file at `path`, for its owner alone:
    /// when it changes, and every minute. A verifier that starts without a network starts with them: see
    /// [`SavedTrust`](super::SavedTrust). One process to a file.
    #[must_use]
    pub fn with_store(mut self, path: impl Into<PathBuf>) -> Self {
        self.store = Some(path.into());
        self
    }

    /// Calls `tell` with what a person should look at: a bundle that was refused, a saved state that is not believed, a
    /// state that cannot be saved. An issuer that cannot be reached is not told here: it is in the
    /// [stats](super::Refresher::stats). It is called from the refresher's threads, and at the start from the caller's;
    /// it should return soon.
    #[must_use]
    pub fn on_alarm(mut self, tell: impl Fn(&RefreshError) + Send + Sync + 'static) -> Self {
        self.on_alarm = Some(Box::new(tell));
        self
    }
}

impl fmt::Debug for RefreshSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshSettings")
            .field("source", &self.source)
            .field("pin", &self.pin)
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .field("wait", &self.wait)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
