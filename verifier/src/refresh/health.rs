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

    fn latest_time(&self) -> i64 {
        Self::latest_time(self)
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
            following: Some(stats.following),
            saved_at: stats.saved_at,
            save_failures: stats.save_failures,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU16, Ordering};
    use std::time::Duration;

    use crate::testing::server::{Answer, LONG, Server};
    use crate::testing::{AUDIENCE, HandClock, ISSUER, NOW, TestIssuer};
    use crate::{Guard, HealthProblem, RefreshSettings, Refresher, Trust, Verifier};

    #[test]
    fn a_guard_tells_why_its_trust_is_not_fresh() {
        let (issuer, stranger) = (TestIssuer::new(), TestIssuer::new());
        let (good, bad, mode) = (issuer.bundle(2, NOW, &[]), stranger.bundle(3, NOW, &[]), Arc::new(AtomicU16::new(500)));
        let told = Arc::clone(&mode);
        let server = Server::start(move |asked| match told.load(Ordering::SeqCst) {
            // It knows no waiting.
            _ if asked.line.contains('?') => Answer(404, "", String::new()),
            200 => Answer(200, "", good.clone()),
            201 => Answer(200, "", bad.clone()),
            status => Answer(status, "", String::new()),
        });
        let settings = RefreshSettings::new(server.url()).with_pin(issuer.key_id()).with_clock(HandClock::at(NOW));
        let verifier = Verifier::new(Trust::none(ISSUER), AUDIENCE);
        let refresher = Arc::new(Refresher::start(&verifier, settings.with_interval(Duration::from_secs(604_800))).expect("a thread"));
        let guard = Guard::new(verifier).with_clock(HandClock::at(NOW)).with_trust_keeper(Arc::clone(&refresher));
        let problems = |status| {
            mode.store(status, Ordering::SeqCst);
            let _ = refresher.refresh_now(LONG);
            guard.health().problems()
        };
        assert!(matches!(&*problems(500), [HealthProblem::NoKeys, HealthProblem::TrustUnreachable { .. }]));
        assert_eq!(problems(200), []);
        assert!(matches!(&*problems(201), [HealthProblem::TrustRefused { .. }]));
        assert!(matches!(&*problems(500), [HealthProblem::TrustUnreachable { .. }]));
        let keeper = guard.health().keeper.expect("a keeper");
        assert_eq!((keeper.last_success, keeper.refused, keeper.refusing), (Some(NOW), 1, false));
        assert!(keeper.attempts > keeper.failures && keeper.failures >= 3, "{keeper:?}");
    }
}
