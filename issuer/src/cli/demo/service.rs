//! The service in the story: a guard with trust that refreshes and decisions that are reported, as any service has it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use passport_shared::decision::{Outcome, Reason};
use passport_shared::key_set::KeyId;
use passport_shared::request::Request;
use passport_verifier::{
    Guard, IssuerUrl, RefreshSettings, Refresher, Reporter, ReporterPassport, ReporterSettings, ResourcePolicy, Trust, Verifier,
};

use super::cast::ISSUER;
use super::stage::failed;
use crate::cli::error::CliError;

/// How long the story waits for the issuer at most.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Service {
    guard: Guard,
    refresher: Arc<Refresher>,
    reporter: Arc<Reporter>,
}

/// One decision, and how long it took.
pub(super) struct Decided {
    pub(super) outcome: Outcome,
    pub(super) reason: Reason,
    pub(super) message: String,
    pub(super) took: Duration,
    /// The record, as JSON.
    pub(super) record: String,
}

impl Service {
    /// A service that trusts the issuer at `url` by the thumbprint of its key, and reports with a passport of its own.
    pub(super) fn open(url: &str, pin: &str, reporter: &str, audience: &str, spool: &Path) -> Result<Self, CliError> {
        let url: IssuerUrl = url.parse().map_err(failed)?;
        let pin: KeyId = pin.parse().map_err(failed)?;
        let verifier = Verifier::new(Trust::none(ISSUER), audience).with_resource_policy(ResourcePolicy::MustName);
        let refresher = Refresher::start(&verifier, RefreshSettings::new(url.clone()).with_pin(pin)).map_err(failed)?;
        let settings = ReporterSettings::new(url, ReporterPassport::read(reporter).map_err(failed)?, spool);
        // The story has no time for the longer waits of a real service.
        let settings = settings.with_waits(Duration::from_millis(100), Duration::from_millis(500));
        let reporter = Arc::new(Reporter::start(settings).map_err(failed)?);
        let guard = Guard::new(verifier).with_recorder(Arc::clone(&reporter));
        Ok(Self { guard, refresher: Arc::new(refresher), reporter })
    }

    /// Another service that believes the same issuer.
    pub(super) fn elsewhere(&self, audience: &str) -> Self {
        let verifier = Verifier::new(Trust::clone(&self.guard.verifier().trust()), audience);
        let guard = Guard::new(verifier).with_recorder(Arc::clone(&self.reporter));
        Self { guard, refresher: Arc::clone(&self.refresher), reporter: Arc::clone(&self.reporter) }
    }

    pub(super) fn refresh(&self) -> Result<(), CliError> {
        self.refresher.refresh_now(PATIENCE).map(|_| ()).map_err(failed)
    }

    pub(super) fn decide(&self, token: &str, request: &Request) -> Decided {
        let start = Instant::now();
        let decision = self.guard.decide(token, request);
        let took = start.elapsed();
        let record = decision.record();
        Decided {
            outcome: decision.outcome(),
            reason: decision.reason(),
            message: record.message.clone(),
            took,
            record: serde_json::to_string(&record).unwrap_or_default(),
        }
    }

    /// Waits until every decision is in the issuer's log. Gives how many were sent so far.
    pub(super) fn deliver(&self) -> Result<u64, CliError> {
        self.reporter.flush(PATIENCE).map_err(failed)?;
        Ok(self.reporter.stats().sent)
    }
}
