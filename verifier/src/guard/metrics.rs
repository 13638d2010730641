//! A guard's decisions and health as metrics.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use ::metrics::{counter, gauge};
use passport_shared::decision::{Concern, Outcome, Reason};

use super::{Guard, Health};

/// Decisions since the start, by reason. Counted here and published now and then: on the way to an answer a count is one
/// addition, whatever the exporter, and one that is installed late misses nothing.
pub(super) struct Counts([AtomicU64; Reason::ALL.len()]);

impl Default for Counts {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; Reason::ALL.len()])
    }
}

impl Counts {
    pub(super) fn count(&self, reason: Reason) {
        let place = Reason::ALL.iter().position(|other| *other == reason);
        if let Some(count) = place.and_then(|place| self.0.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn iter(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.iter().zip(&self.0).map(|(reason, count)| (*reason, count.load(Ordering::Relaxed)))
    }
}

impl Guard {
    /// Publishes decisions and health by the facade of the crate `metrics`, to whatever exporter the service has
    /// installed. Call it before each scrape, or every few seconds from a thread or a task.
    ///
    /// All metrics have the label `audience`, the verifier's. What a guard does not have (a bundle's age where trust is a
    /// plain set of keys, a spool where there is none) is not published.
    ///
    /// | metric | kind | |
    /// | --- | --- | --- |
    /// | `passport_decisions_total` | counter | decisions, by `outcome` and `reason` |
    /// | `passport_unrecorded_total` | counter | decisions that could not be recorded |
    /// | `passport_health` | gauge | 2 healthy, 1 degraded, 0 denying ([`Health::verdict`]) |
    /// | `passport_clock_behind_seconds` | gauge | how far the clock is behind the latest time seen |
    /// | `passport_trust_keys` | gauge | keys that are trusted |
    /// | `passport_trust_sequence` | gauge | the number of the bundle |
    /// | `passport_trust_age_seconds` | gauge | the bundle's age |
    /// | `passport_trust_status_age_seconds` | gauge | the age of the newest status list |
    /// | `passport_trust_confirmed_seconds` | gauge | since when the source has not confirmed the trust |
    /// | `passport_trust_attempts_total` | counter | attempts to get newer trust |
    /// | `passport_trust_failures_total` | counter | those that failed |
    /// | `passport_trust_refused_total` | counter | trust that was refused |
    /// | `passport_trust_following` | gauge | 1 where the source tells of a change at once, else 0 |
    /// | `passport_trust_save_failures_total` | counter | times that trust could not be saved for the next start |
    /// | `passport_reports_waiting` | gauge | decisions that are not delivered yet |
    /// | `passport_reports_oldest_seconds` | gauge | for how long the oldest of them has waited |
    /// | `passport_reports_delivered_total` | counter | decisions that were delivered |
    /// | `passport_reports_rejected_total` | counter | decisions that the issuer refused for good |
    /// | `passport_reports_lost_total` | counter | decisions that were not taken, or were dropped |
    /// | `passport_reports_failed_attempts_total` | counter | deliveries that failed and were tried again |
    /// | `passport_spool_bytes` | gauge | bytes that the spool has on disk |
    /// | `passport_spool_quota_bytes` | gauge | bytes that it may have there |
    /// | `passport_spool_gaps_total` | counter | gaps that the spool has told of |
    /// | `passport_spool_errors_total` | counter | times that the spool could not be written or made durable |
    pub fn publish_metrics(&self) {
        let audience = self.verifier.audience().to_owned();
        for (reason, count) in self.counts.iter().filter(|(_, count)| *count > 0) {
            let labels =
                [("audience", audience.clone()), ("outcome", outcome(reason).code().to_owned()), ("reason", reason.code().to_owned())];
            counter!("passport_decisions_total", &labels).absolute(count);
        }
        publish(&self.health(), &audience);
    }
}

fn publish(health: &Health, audience: &str) {
    let level = |name: &'static str, value: Option<f64>| {
        if let Some(value) = value {
            gauge!(name, "audience" => audience.to_owned()).set(value);
        }
    };
    let total = |name: &'static str, value: u64| counter!(name, "audience" => audience.to_owned()).absolute(value);

    total("passport_unrecorded_total", health.unrecorded);
    level("passport_health", Some(health.verdict().level()));
    level("passport_clock_behind_seconds", Some(seconds(health.clock.behind)));
    level("passport_trust_keys", Some(number(u64::try_from(health.trust.keys).unwrap_or(u64::MAX))));
    level("passport_trust_sequence", health.trust.sequence.map(seconds));
    level("passport_trust_age_seconds", health.trust.age.map(seconds));
    level("passport_trust_status_age_seconds", health.trust.status_age.map(seconds));
    if let Some(keeper) = &health.keeper {
        let unconfirmed = keeper.last_success.map(|confirmed| health.clock.now.saturating_sub(confirmed));
        level("passport_trust_confirmed_seconds", unconfirmed.map(seconds));
        total("passport_trust_attempts_total", keeper.attempts);
        total("passport_trust_failures_total", keeper.failures);
        total("passport_trust_refused_total", keeper.refused);
        level("passport_trust_following", keeper.following.map(|following| if following { 1.0 } else { 0.0 }));
        total("passport_trust_save_failures_total", keeper.save_failures);
    }
    if let Some(recorder) = &health.recorder {
        level("passport_reports_waiting", Some(number(recorder.waiting)));
        level("passport_reports_oldest_seconds", recorder.oldest_waiting.map(number));
        total("passport_reports_delivered_total", recorder.delivered);
        total("passport_reports_rejected_total", recorder.rejected);
        total("passport_reports_lost_total", recorder.lost);
        total("passport_reports_failed_attempts_total", recorder.failed_attempts);
        level("passport_spool_bytes", recorder.spool_bytes.map(number));
        level("passport_spool_quota_bytes", recorder.spool_quota.map(number));
        if recorder.spool_bytes.is_some() {
            total("passport_spool_gaps_total", recorder.gaps);
            total("passport_spool_errors_total", recorder.disk_errors);
        }
    }
}

fn outcome(reason: Reason) -> Outcome {
    match reason.concern() {
        Concern::Granted => Outcome::Allow,
        Concern::Approval => Outcome::ApprovalRequired,
        Concern::Passport | Concern::Proof | Concern::Request | Concern::Permission | Concern::Unavailable | Concern::Internal => {
            Outcome::Deny
        }
    }
}

/// A gauge is a double: whole numbers are exact in it up to 2^53.
fn number(value: u64) -> f64 {
    let [high, low] = [value >> 32, value & 0xffff_ffff].map(|half| f64::from(u32::try_from(half).unwrap_or(u32::MAX)));
    high * 4_294_967_296.0 + low
}

/// The same for what is never below 0.
fn seconds(value: i64) -> f64 {
    number(u64::try_from(value).unwrap_or(0))
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().filter(|(_, count)| *count > 0)).finish()
    }
}

#[cfg(test)]
mod tests;
