//! Keeps a verifier's trust fresh, from threads of its own.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::guard::LatestTime;
use crate::trust::TrustError;
use crate::verifier::Verifier;

mod believer;
mod desk;
mod fetch;
mod file;
mod follower;
mod saved;
mod settings;
mod source;
mod stats;
mod worker;

use believer::{Believer, Last};
use desk::Desk;
use fetch::Fetch;
pub use fetch::{FetchError, fetch_bundle};
use follower::Follower;
pub use saved::{SavedTrust, SavedTrustError};
pub use settings::RefreshSettings;
use settings::Source;
use source::Reader;
pub use stats::RefreshStats;
use worker::Worker;

/// Keeps a verifier's trust as the issuer's trust bundle says.
///
/// One thread waits at the issuer for something newer, so that a revocation is here as soon as it is made; another
/// fetches now and then, and when it is asked to. Either way, what is fetched is believed only if the verifier's trust says so ([`Trust::successor`](crate::Trust::successor)):
/// it is signed by a key that is trusted already and is not older than what is loaded. Whatever else comes is kept
/// out, and the verifier goes on with what it has, until that is too old by its own settings. Decisions never wait for
/// a refresh: trust is swapped whole. When this is dropped, trust and time are saved once more where there is a store,
/// nothing is believed any more, and the threads end once the request that they are in has.
///
/// ```no_run
/// use std::time::Duration;
/// use passport_verifier::{Guard, KeyId, RefreshSettings, Refresher, Trust, Verifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pin: KeyId = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".parse()?;
/// let verifier = Verifier::new(Trust::none("https://issuer.example"), "https://shop.example");
/// let settings = RefreshSettings::new("https://issuer.example".parse()?)
///     .with_pin(pin)
///     .with_store("/var/lib/shop/passport-trust")
///     .on_alarm(|alarm| eprintln!("trust: {alarm}"));
/// let refresher = Refresher::start(&verifier, settings)?;
/// // Without a network the service starts with what was saved, or denies until there is one.
/// if let Err(error) = refresher.refresh_now(Duration::from_secs(10)) {
///     eprintln!("trust: {error}");
/// }
/// let guard = Guard::new(verifier).with_latest_time(refresher.latest_time()).on_unknown_key(move || refresher.ask());
/// # Ok(())
/// # }
/// ```
#[must_use = "refreshing ends when this is dropped"]
pub struct Refresher {
    desk: Arc<Desk>,
    believer: Arc<Believer>,
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
    /// What an earlier run saved is not believed, or nothing can be saved.
    #[error(transparent)]
    Saved(#[from] SavedTrustError),
    /// It takes longer than was given; it may still succeed.
    #[error("the refresh did not end in time")]
    TimedOut,
    /// There is no thread any more that could refresh.
    #[error("the refresher has ended")]
    Stopped,
}

impl Refresher {
    /// Gives `verifier` what an earlier run has saved, where there is a store, and starts the threads, which fetch at
    /// once. Fails where the system gives none.
    pub fn start(verifier: &Verifier, settings: RefreshSettings) -> io::Result<Self> {
        let RefreshSettings { source, pin, clock, randomness, interval, timeout, wait, store, on_alarm } = settings;
        let desk = Arc::new(Desk::new(Arc::clone(&clock)));
        let believer = Arc::new(Believer {
            verifier: verifier.clone(),
            desk: Arc::clone(&desk),
            clock,
            pin,
            vouched: matches!(source, Source::File(_)),
            store,
            on_alarm,
            latest: LatestTime::default(),
            last: Mutex::new(Last::default()),
        });
        // From here on an error ends the threads that were started.
        let refresher = Self { desk, believer };
        let believer = &refresher.believer;
        believer.recall();
        let thread = |name: &str| thread::Builder::new().name(name.to_owned());
        let reader = match source {
            Source::File(path) => Reader::file(path),
            Source::Issuer(url) => {
                let fetch = Fetch::new(&url, timeout);
                if !wait.is_zero() {
                    let follower = Follower::new(Arc::clone(believer), fetch.clone(), wait, Arc::clone(&randomness), interval);
                    thread("passport-follow").spawn(move || follower.run())?;
                }
                Reader::Issuer(fetch)
            }
        };
        let worker = Worker::new(Arc::clone(believer), reader, randomness, interval);
        thread("passport-refresh").spawn(move || worker.run())?;
        Ok(refresher)
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

    /// The latest time seen, here and by the earlier run whose saved state was read, in seconds since 1970; 0 where
    /// none was: for [`Guard::with_latest_time`](crate::Guard::with_latest_time), so that a clock that was set back
    /// while the service was down is noticed.
    #[must_use]
    pub fn latest_time(&self) -> i64 {
        self.believer.latest.seconds()
    }

    /// How things stand.
    #[must_use]
    pub fn stats(&self) -> RefreshStats {
        self.desk.stats()
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        self.believer.close();
    }
}

impl fmt::Debug for Refresher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refresher").field("desk", &self.desk).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
