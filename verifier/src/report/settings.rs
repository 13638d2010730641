//! How a reporter works.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use passport_shared::limits::{AUDIT_BATCH, AUDIT_EVENT_BYTES};

use super::courier::{Batch, OnRejected, RejectedRecord};
use super::hiding::Hiding;
use super::{Delivery, ReporterPassport};
use crate::guard::{Clock, Randomness, SystemClock, SystemRandomness};
use crate::issuer_link::IssuerUrl;

/// The least that a spool may hold.
const LEAST_QUOTA: u64 = 1 << 20;

/// How a [`Reporter`](crate::Reporter) works.
pub struct ReporterSettings(Parts);

pub(super) struct Parts {
    pub(super) url: IssuerUrl,
    pub(super) passport: ReporterPassport,
    pub(super) directory: PathBuf,
    pub(super) delivery: Delivery,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) decisions: usize,
    pub(super) bytes: usize,
    pub(super) quota: u64,
    pub(super) batch: Batch,
    pub(super) timeout: Duration,
    pub(super) first_wait: Duration,
    pub(super) longest_wait: Duration,
    pub(super) on_rejected: Option<OnRejected>,
    pub(super) hiding: Hiding,
}

impl ReporterSettings {
    /// Reports to the issuer at `url` as the agent whose passport this is; it has to allow `audit.write` on
    /// `issuer/audit`. `directory` is for the spool of this process alone, and stays from start to start; it is made
    /// where it is missing. Who can read it can read what was decided.
    #[must_use]
    pub fn new(url: IssuerUrl, passport: ReporterPassport, directory: impl Into<PathBuf>) -> Self {
        Self(Parts {
            url,
            passport,
            directory: directory.into(),
            delivery: Delivery::default(),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            decisions: 65_536,
            bytes: 64 << 20,
            quota: 1 << 30,
            batch: Batch { events: AUDIT_BATCH, bytes: AUDIT_EVENT_BYTES, linger: Duration::from_millis(200) },
            timeout: Duration::from_secs(10),
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
            on_rejected: None,
            hiding: Hiding::default(),
        })
    }

    pub(super) fn into_parts(self) -> Parts {
        self.0
    }

    /// When a decision counts as recorded; [`Delivery::Background`] unless set.
    #[must_use]
    pub fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    /// Takes the time from `clock`: for the first number of a new spool, for gap records, and for the age of what waits.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.0.clock = Arc::new(clock);
        self
    }

    /// Spreads repeated calls over time by `randomness`, and makes the ids of gap records of it.
    #[must_use]
    pub fn with_randomness(mut self, randomness: impl Randomness + 'static) -> Self {
        self.0.randomness = Arc::new(randomness);
        self
    }

    /// How many decisions may wait in memory to be written, and how many bytes of them; 65,536 and 64 MiB unless set.
    /// Beyond that decisions are not taken, and a guard denies what it would have allowed.
    #[must_use]
    pub fn with_capacity(mut self, decisions: usize, bytes: usize) -> Self {
        (self.0.decisions, self.0.bytes) = (decisions, bytes);
        self
    }

    /// How many bytes the spool may take on disk, at least 1 MiB; 1 GiB unless set, which is some ten million decisions.
    /// Once they are taken by decisions that the issuer does not have, the spool cannot be written.
    #[must_use]
    pub fn with_quota(mut self, bytes: u64) -> Self {
        self.0.quota = bytes.max(LEAST_QUOTA);
        self
    }

    /// How many decisions go into one batch, at most 1,000, and how many bytes its body may have before it is
    /// compressed, at least 4,096; 1,000 and 1 MiB unless set. A single decision that is larger than a batch is not
    /// taken.
    #[must_use]
    pub fn with_batch(mut self, decisions: usize, bytes: usize) -> Self {
        (self.0.batch.events, self.0.batch.bytes) = (decisions.clamp(1, AUDIT_BATCH), bytes.max(4_096));
        self
    }

    /// How long a decision may wait for others to share its batch; 200 ms unless set.
    #[must_use]
    pub fn with_linger(mut self, linger: Duration) -> Self {
        self.0.batch.linger = linger;
        self
    }

    /// How long one delivery may take before it counts as failed; 10 s unless set.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = timeout;
        self
    }

    /// How long to wait at most after a first failure, and how long at most after many; 200 ms and 30 s unless set.
    /// Waits double in between, and each is a random share of its bound (full jitter). Where the issuer asks for
    /// more with `Retry-After` (429 and 503), it gets it, up to 10 minutes.
    #[must_use]
    pub fn with_waits(mut self, first: Duration, longest: Duration) -> Self {
        (self.0.first_wait, self.0.longest_wait) = (first, longest);
        self
    }

    /// Reports the values of these attributes alone in clear, and of every other one a keyed hash. It holds before
    /// anything is queued or on disk; names, actions and resources are reported as they are.
    #[must_use]
    pub fn with_shown_attributes<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.0.hiding.shown = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Reports of these attributes a keyed hash in place of their value, also of those that
    /// [`with_shown_attributes`](Self::with_shown_attributes) names.
    #[must_use]
    pub fn with_sensitive_attributes<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.0.hiding.sensitive = names.into_iter().map(Into::into).collect();
        self
    }

    /// The key of those hashes: 32 random bytes that the issuer does not have. Who has it can tell which hashes are of a
    /// value that it knows, over restarts and reporters. Unless set, one is drawn at each start and kept in memory alone.
    #[must_use]
    pub fn with_hiding_key(mut self, key: [u8; 32]) -> Self {
        self.0.hiding.key = Some(key);
        self
    }

    /// Calls `take` with every decision that the issuer refuses for good, from the reporter's thread: keep it, since
    /// the audit log has a gap record in its place.
    #[must_use]
    pub fn on_rejected(mut self, take: impl Fn(&RejectedRecord) + Send + 'static) -> Self {
        self.0.on_rejected = Some(Box::new(take));
        self
    }
}

impl fmt::Debug for ReporterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReporterSettings")
            .field("url", &self.0.url)
            .field("passport", &self.0.passport)
            .field("directory", &self.0.directory)
            .field("delivery", &self.0.delivery)
            .field("quota", &self.0.quota)
            .field("batch", &self.0.batch)
            .finish_non_exhaustive()
    }
}
