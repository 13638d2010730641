//! What a guard and its metrics are told of a reporter.

use super::{Delivery, Reporter};
use crate::guard::RecorderHealth;

impl Reporter {
    pub(super) fn recorder_health(&self) -> RecorderHealth {
        let stats = self.stats();
        RecorderHealth {
            refusing: !stats.writable && self.delivery != Delivery::BestEffort,
            waiting: stats.waiting,
            oldest_waiting: stats.oldest_waiting,
            delivered: stats.sent,
            rejected: stats.rejected,
            lost: stats.dropped,
            failed_attempts: stats.failed_attempts,
            spool_bytes: Some(stats.spool_bytes),
            spool_quota: Some(self.quota),
            gaps: stats.gaps,
            disk_errors: stats.fsync_errors.saturating_add(stats.write_errors),
            last_error: stats.last_error,
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
        let clock = Arc::new(HandClock::at(NOW));
        let spool = tempfile::tempdir().expect("a directory");
        let passport = ReporterPassport::read(&issuer.passport()).expect("a passport");
        let settings = ReporterSettings::new(server.url(), passport, spool.path().join("spool")).with_clock(Arc::clone(&clock));
        let settings = settings.with_linger(Duration::from_millis(1)).with_waits(Duration::from_millis(1), Duration::from_millis(1));
        let reporter = Arc::new(Reporter::start(settings).expect("a thread"));
        let guard = Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW)).with_recorder(Arc::clone(&reporter));
        assert!(guard.health().is_healthy());
        assert!(guard.decide(issuer.passport(), &purchase(1)).is_allowed());
        server.asked(2);
        assert!(guard.health().is_healthy(), "it is not late yet");
        clock.set(NOW + 60);
        let health = guard.health();
        let recorder = health.recorder.as_ref().expect("a recorder");
        assert_eq!((recorder.waiting, recorder.delivered, recorder.lost), (1, 0, 0));
        assert!(recorder.failed_attempts > 0, "{recorder:?}");
        assert!(matches!(&*health.problems(), [HealthProblem::Undelivered { waiting: 1, seconds: 60, .. }]), "{health:?}");
        let _ = reporter.shutdown(Duration::ZERO);
        assert!(!guard.decide(issuer.passport(), &purchase(1)).is_allowed());
        assert!(guard.health().problems().iter().any(|problem| matches!(problem, HealthProblem::RecordsMissing { unrecorded: 1, .. })));
    }
}
