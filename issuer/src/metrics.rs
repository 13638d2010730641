//! What the issuer counts: the one list of names, and the exporter that Prometheus asks.
//!
//! Labels are words of our own: routes as they are declared, methods, classes of status, reason codes. No id, no name of an
//! agent and no token is ever one. Where no exporter is installed, counting costs a look at an empty place.
//!
//! docs/operations.md has the same list, for who watches; a test holds the two together.

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often which sizes came.
    Histogram,
}

macro_rules! metrics {
    ($($name:ident = $text:literal, $kind:ident, $help:literal;)*) => {
        $(#[doc = $help] pub(crate) const $name: &str = $text;)*

        /// Every metric: its name, its kind, and what it counts.
        pub const METRICS: &[(&str, Kind, &str)] = &[$(($text, Kind::$kind, $help)),*];
    };
}

metrics! {
    BUILD = "passport_build_info", Gauge, "1, with the release as `version`";
    REQUESTS = "passport_http_requests_total", Counter, "requests, by `route`, `method` and class of `status`";
    SECONDS = "passport_http_request_seconds", Histogram, "how long requests took, by `route`; long polls include their wait";
    DENIED = "passport_gate_denials_total", Counter, "requests that the gate let not through, by `reason`";
    LIMITED = "passport_rate_limited_total", Counter, "requests over a rate limit, by `limit`: agent, source, public or lockout";
    LOCKED_OUT = "passport_lockouts_total", Counter, "times that an address was locked out for bad passports";
    ISSUED = "passport_passports_issued_total", Counter, "passports that were issued";
    REVOKED = "passport_passports_revoked_total", Counter, "passports that were revoked by id, with those of their lineage";
    EVENTS = "passport_audit_events_total", Counter, "reported events, by `result`: accepted, duplicate or conflict";
    FINDINGS = "passport_audit_findings_total", Counter, "what was found wrong with reporters' chains, by `kind`: gap or fork";
    CHECKPOINT = "passport_audit_checkpoint_events", Gauge, "events that the audit log's newest checkpoint is over";
    LOG_HELD = "passport_audit_log_held", Gauge, "1 while the audit log signs no checkpoints because it may have lost events, else 0";
    REDECIDED = "passport_audit_redecided_total", Counter, "reported decisions that were decided again, by `result`: agreed, lagging, different or not_checkable, and `why`";
    DIFFERENCES = "passport_audit_differences_total", Counter, "reported decisions that the issuer comes to another answer for";
    LAG = "passport_lag_seconds_total", Counter, "seconds that verifiers were behind a revocation, over the decisions that were lagging";
    WAITERS = "passport_trust_waiters", Gauge, "requests that wait for trust to change";
    STREAMS = "passport_audit_streams", Gauge, "streams of the audit log that are open";
    EDITIONS = "passport_trust_editions_total", Counter, "editions of the published documents that were made";
    SEQUENCE = "passport_trust_sequence_published", Gauge, "the trust sequence of the published documents";
    KEY_AGE = "passport_key_active_seconds", Gauge, "for how many seconds the active key has signed";
    KEY_DUE = "passport_rotation_due_seconds", Gauge, "seconds until keys rotate by schedule, negative where it is overdue; absent where they rotate by hand alone";
    KEYS = "passport_keys_published", Gauge, "published keys, by `state`: next, active or retired";
    STORE = "passport_store_errors_total", Counter, "acts that failed because of the store, by `kind`: unavailable or damaged";
    WEBHOOK_ATTEMPTS = "passport_webhook_attempts_total", Counter, "messages to webhooks, by `result`: delivered, failed (it is tried again), given_up or gone (410: the webhook is disabled)";
    WEBHOOK_PENDING = "passport_webhook_deliveries_pending", Gauge, "messages to webhooks that failed and are tried again";
    WEBHOOK_DEAD = "passport_webhook_deliveries_dead", Gauge, "messages to webhooks that were given up, and are kept to be replayed";
    WEBHOOK_LAG = "passport_webhook_lag_events", Gauge, "events of the log that the webhook which is furthest behind has not come to";
    SPANS = "passport_trace_spans_total", Counter, "ended spans, by `result`: sent, failed (the collector did not take them) or dropped (the queue was full)";
}

/// Bounds of the histogram of durations, in seconds.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// How often what the exporter keeps is tidied up.
const UPKEEP: Duration = Duration::from_secs(5);

/// The numbers of this process, to be written out for who asks.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle);

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

impl Exporter {
    /// Installs the exporter: from now on this process counts.
    ///
    /// # Errors
    /// A sentence, if there is another exporter in this process.
    pub fn install() -> Result<Self, String> {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), &BOUNDS);
        let handle = builder.and_then(PrometheusBuilder::install_recorder).map_err(|error| format!("cannot count: {error}"))?;
        for (name, kind, help) in METRICS {
            match kind {
                Kind::Counter => metrics::describe_counter!(*name, *help),
                Kind::Gauge => metrics::describe_gauge!(*name, *help),
                Kind::Histogram => metrics::describe_histogram!(*name, *help),
            }
        }
        metrics::gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(Self(handle))
    }

    /// All numbers, in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Keeps what is kept small, for as long as it is polled.
    pub async fn keep(self) {
        loop {
            tokio::time::sleep(UPKEEP).await;
            self.0.run_upkeep();
        }
    }
}

/// A number for a gauge. Beyond 2^53 it is rounded, as every reader of it would.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a double")]
pub(crate) fn gauge(number: i64) -> f64 {
    number as f64
}

/// One more in a gauge, until this is dropped.
pub(crate) struct Within(&'static str);

impl Within {
    pub(crate) fn enter(name: &'static str) -> Self {
        metrics::gauge!(name).increment(1.0);
        Self(name)
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        metrics::gauge!(self.0).decrement(1.0);
    }
}
