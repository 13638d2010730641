//! Who keeps a guard's trust fresh.

use std::sync::Arc;

/// Keeps a verifier's trust fresh and says how that goes: a `Refresher`, or a service's own way.
pub trait TrustKeeper: Send + Sync {
    /// A token names a key that is not trusted here: there may be newer trust. It is called on the way to an answer,
    /// so it must return at once, and anybody can cause the call.
    fn ask(&self);

    /// How it goes.
    fn health(&self) -> KeeperHealth;

    /// The latest time that an earlier run saw, in seconds since 1970, where it is kept with the trust; 0 where it is
    /// not. A guard that is given this keeper takes it over ([`Guard::with_latest_time`](crate::Guard::with_latest_time)).
    fn latest_time(&self) -> i64 {
        0
    }
}

/// How keeping trust fresh goes. Counts are since the start.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeeperHealth {
    /// When the source last confirmed or replaced the trust, in seconds since 1970.
    pub last_success: Option<i64>,
    /// Attempts to get newer trust.
    pub attempts: u64,
    /// Those that failed, what was refused included.
    pub failures: u64,
    /// Of these, trust that was refused: rollback, another signer, expired.
    pub refused: u64,
    /// Whether the last attempt ended with something that was refused.
    pub refusing: bool,
    /// What went wrong, if the last attempt failed.
    pub last_error: Option<String>,
    /// Whether the source tells of a change at once; where it does not, a change is here after the next attempt. `None`
    /// where a keeper does not say.
    pub following: Option<bool>,
    /// When trust and time were last saved for the next start, in seconds since 1970; `None` where they are not.
    pub saved_at: Option<i64>,
    /// How often they could not be saved.
    pub save_failures: u64,
}

impl<K: TrustKeeper + ?Sized> TrustKeeper for Arc<K> {
    fn ask(&self) {
        (**self).ask();
    }

    fn health(&self) -> KeeperHealth {
        (**self).health()
    }

    fn latest_time(&self) -> i64 {
        (**self).latest_time()
    }
}
