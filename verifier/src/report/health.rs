//! What a guard and its metrics are told of a reporter.

use super::ReporterStats;
use crate::guard::RecorderHealth;

impl From<ReporterStats> for RecorderHealth {
    fn from(stats: ReporterStats) -> Self {
        Self {
            waiting: u64::try_from(stats.queued).unwrap_or(u64::MAX),
            delivered: stats.sent,
            rejected: stats.rejected,
            lost: stats.lost,
            failed_attempts: stats.failed_attempts,
            last_error: stats.last_error,
            ..Self::default()
        }
    }
}
