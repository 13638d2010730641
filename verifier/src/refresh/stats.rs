//! How refreshing stands: what a service watches.

use super::RefreshError;

/// How refreshing stands. Counts are since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshStats {
    /// The number of the bundle that is believed, from a file of an earlier run or from the issuer.
    pub sequence: Option<i64>,
    /// When the issuer signed it, in seconds since 1970: it ages from then.
    pub issued_at: Option<i64>,
    /// When the issuer last confirmed or replaced the trust, in seconds since 1970.
    pub last_success: Option<i64>,
    /// Fetches that were begun, without those that wait for something newer.
    pub attempts: u64,
    /// Of these, those that failed or brought a bundle that was refused.
    pub failures: u64,
    /// Bundles and saved states that were refused: rollback, another signer, expired, damaged. It should stay at 0.
    pub refused: u64,
    /// What went wrong, if the last fetch failed.
    pub last_error: Option<RefreshError>,
    /// Whether the issuer holds a request open and so tells of a change at once. Where it does not, a change is here
    /// after the interval.
    pub following: bool,
    /// When trust and time were last saved, in seconds since 1970; `None` where there is no store.
    pub saved_at: Option<i64>,
    /// How often they could not be saved. It should stay at 0.
    pub save_failures: u64,
}
