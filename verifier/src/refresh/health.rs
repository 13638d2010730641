//! What a guard and its metrics are told of a refresher.

use super::{RefreshError, RefreshStats, Refresher};
use crate::guard::{KeeperHealth, TrustKeeper};

impl TrustKeeper for Refresher {
    fn ask(&self) {
        Self::ask(self);
    }

    fn health(&self) -> KeeperHealth {
        self.stats().into()
    }
}

impl From<RefreshStats> for KeeperHealth {
    fn from(stats: RefreshStats) -> Self {
        Self {
            last_success: stats.last_success,
            attempts: stats.attempts,
            failures: stats.failures,
            refused: stats.refused,
            refusing: matches!(stats.last_error, Some(RefreshError::Refused(_))),
            last_error: stats.last_error.map(|error| error.to_string()),
        }
    }
}
