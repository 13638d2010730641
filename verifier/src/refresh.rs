//! Keeps a verifier's trust fresh, from a thread of its own.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use passport_shared::key_set::KeyId;

use crate::guard::{Clock, Randomness, SystemClock, SystemRandomness};
use crate::issuer_link::IssuerUrl;
use crate::trust::TrustError;
use crate::verifier::Verifier;

mod desk;
mod fetch;
mod health;
mod worker;

use desk::Desk;
pub use desk::RefreshStats;
pub use fetch::{FetchError, fetch_bundle};
use worker::Worker;

/// Fetches the issuer's trust bundle now and then, and gives it to a verifier.
///
/// What is fetched is believed only if the verifier's trust says so ([`Trust::successor`](crate::Trust::successor)):
/// it is signed by a key that is trusted already and is not older than what is loaded. Whatever else comes is kept
/// out, and the verifier goes on with what it has, until that is too old by its own settings. Decisions never wait for
/// a refresh. The thread ends when this is dropped.
///
/// ```no_run
/// use std::time::Duration;
/// use passport_verifier::{Guard, KeyId, RefreshSettings, Refresher, Trust, Verifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pin: KeyId = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".parse()?;
/// let verifier = Verifier::new(Trust::none("https://issuer.example"), "https://shop.example");
/// let refresher = Refresher::start(&verifier, RefreshSettings::new("https://issuer.example".parse()?).with_pin(pin))?;
/// refresher.refresh_now(Duration::from_secs(10))?;
/// let guard = Guard::new(verifier).with_trust_keeper(refresher);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "refreshing ends when this is dropped"]
pub struct Refresher {
    desk: Arc<Desk>,
}

/// How a [`Refresher`] works.
pub struct RefreshSettings {
    url: IssuerUrl,
    pin: Option<KeyId>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    interval: Duration,
    timeout: Duration,
}

/// What a refresh has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The verifier has a new snapshot, of this number.
    Replaced {
        /// The bundle's number.
        sequence: Option<i64>,
    },
    /// The issuer says that there is nothing newer.
    Unchanged,
}

/// Why a refresh has failed. The verifier keeps what it has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The bundle cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The bundle is refused.
    #[error(transparent)]
    Refused(#[from] TrustError),
    /// The verifier trusts no key yet, and no first one is pinned.
    #[error("no key is trusted yet: give the thumbprint of the issuer's key as a pin, or load a trust bundle first")]
    NoPin,
    /// It takes longer than was given; it may still succeed.
    #[error("the refresh did not end in time")]
    TimedOut,
    /// There is no thread any more that could refresh.
    #[error("the refresher has ended")]
    Stopped,
}

impl RefreshSettings {
    /// Fetches from the issuer at `url`: every 60 s, with 10 s for a fetch.
    #[must_use]
    pub fn new(url: IssuerUrl) -> Self {
        Self {
            url,
            pin: None,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            interval: Duration::from_secs(60),
            timeout: Duration::from_secs(10),
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

    /// The time between two fetches, give or take a tenth, never under a tenth of a second; also the longest wait after
    /// failures, the first of which is a second at most.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(100));
        self
    }

    /// How long a fetch may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl Refresher {
    /// Starts the thread, which fetches at once. Fails where the system gives none.
    pub fn start(verifier: &Verifier, settings: RefreshSettings) -> io::Result<Self> {
        let RefreshSettings { url, pin, clock, randomness, interval, timeout } = settings;
        let desk = Arc::new(Desk::new(Arc::clone(&clock)));
        let worker = Worker::new(Arc::clone(&desk), verifier.clone(), fetch::Fetch::new(&url, timeout), pin, clock, randomness, interval);
        thread::Builder::new().name("passport-refresh".into()).spawn(move || worker.run())?;
        Ok(Self { desk })
    }

    /// Asks for a fetch soon, and returns at once. Of all that ask, one is heard in 10 seconds (contract section 5), so
    /// that tokens with made-up keys cannot make it hammer the issuer.
    pub fn ask(&self) {
        self.desk.ask();
    }

    /// Fetches now, and waits for what comes of it, at most `timeout`.
    pub fn refresh_now(&self, timeout: Duration) -> Result<Refreshed, RefreshError> {
        self.desk.refresh_now(timeout)
    }

    /// How things stand.
    #[must_use]
    pub fn stats(&self) -> RefreshStats {
        self.desk.stats()
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        self.desk.stop();
    }
}

impl std::fmt::Debug for RefreshSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshSettings")
            .field("url", &self.url)
            .field("pin", &self.pin)
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
