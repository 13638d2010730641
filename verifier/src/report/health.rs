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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::testing::server::{Answer, Server};
    use crate::testing::{HandClock, NOW, TestIssuer, purchase};
    use crate::{Guard, HealthProblem, Reporter, ReporterPassport, ReporterSettings};

    #[test]
    fn a_guard_tells_what_waits_to_be_delivered_and_why() {
        let issuer = TestIssuer::new();
        let server = Server::start(|_| Answer(500, "", String::new()));
        let settings = ReporterSettings::new(server.url(), ReporterPassport::read(&issuer.passport()).expect("a passport"));
        let settings = settings.with_linger(Duration::from_millis(1)).with_waits(Duration::from_millis(1), Duration::from_millis(1));
        let reporter = Arc::new(Reporter::start(settings).expect("a thread"));
        let guard = Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW)).with_recorder(Arc::clone(&reporter));
        assert!(guard.health().is_healthy());
        assert!(guard.decide(issuer.passport(), &purchase(1)).is_allowed());
        server.asked(2);
        let health = guard.health();
        let recorder = health.recorder.as_ref().expect("a recorder");
        assert_eq!((recorder.waiting, recorder.delivered, recorder.lost), (1, 0, 0));
        assert!(recorder.failed_attempts > 0, "{recorder:?}");
        assert!(matches!(&*health.problems(), [HealthProblem::Undelivered { waiting: 1, .. }]), "{health:?}");
        let _ = reporter.shutdown(Duration::ZERO);
        assert!(!guard.decide(issuer.passport(), &purchase(1)).is_allowed());
        assert!(guard.health().problems().iter().any(|problem| matches!(problem, HealthProblem::RecordsMissing { unrecorded: 1, .. })));
    }
}
