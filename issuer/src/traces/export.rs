//! From ended spans to the collector: a bounded queue, a thread of its own, and a collector that may be away.

mod counted;
mod share;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, TraceId, TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, IdGenerator, Sampler, SdkTracerProvider, SpanLimits};

use self::counted::{Bounded, Counted, Ledger};
pub use self::share::{Share, ShareError};
use super::collector::Caller;
use super::{CollectorUrl, Tracer};
use crate::entropy::Entropy;

/// Spans that wait to be sent, and those under way: some megabytes at most. One more is dropped.
const QUEUE: usize = 4_096;

/// Spans in one call.
const BATCH: usize = 512;

/// The longest that an ended span waits for others to go with it.
const DELAY: Duration = Duration::from_secs(2);

/// Sends spans to one collector, until it is ended.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: Tracer,
    ledger: Ledger,
}

/// Why there can be no traces.
#[derive(Debug, thiserror::Error)]
#[error("cannot send traces: {0}")]
pub struct StartError(#[from] ExporterBuildError);

impl Traces {
    /// Starts the thread that sends to `collector`. Whether that can be reached shows later, and stops nothing.
    ///
    /// `share` of the requests that come without a parent are recorded; of the others, those whose parent is.
    ///
    /// # Errors
    /// [`StartError`], if the environment asks of OTLP what it cannot do.
    pub fn start(collector: &CollectorUrl, share: Share, entropy: Arc<dyn Entropy>) -> Result<Self, StartError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Caller::new())
            .with_endpoint(collector.traces())
            .with_protocol(Protocol::HttpBinary)
            // The next batch is the next try: what waits is what is newest.
            .with_retry_policy(RetryPolicy::disabled())
            .build()?;
        let ledger = Ledger::default();
        let config =
            BatchConfigBuilder::default().with_max_queue_size(QUEUE).with_max_export_batch_size(BATCH).with_scheduled_delay(DELAY).build();
        let exporter = Counted::new(exporter, ledger.clone());
        let sender = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
        let about = [KeyValue::new("service.name", "passport-issuer"), KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))];
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Bounded::new(sender, ledger.clone(), QUEUE))
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share.ratio()))))
            .with_id_generator(Ids(entropy))
            // What the environment says of other programs is not ours to send.
            .with_span_limits(SpanLimits::default())
            .with_resource(Resource::builder_empty().with_attributes(about).build())
            .build();
        let tracer = Tracer(provider.tracer("passport-issuer"));
        Ok(Self { provider, tracer, ledger })
    }

    /// What begins the spans of requests.
    #[must_use]
    pub fn tracer(&self) -> Tracer {
        self.tracer.clone()
    }

    /// Sends what waits, for at most `within`, and gives whether all of it has gone. It blocks.
    #[must_use]
    pub fn end(self, within: Duration) -> bool {
        self.provider.shutdown_with_timeout(within).is_ok() && self.ledger.is_settled()
    }
}

/// Ids of traces and spans, from the randomness that everything else has.
#[derive(Debug)]
struct Ids(Arc<dyn Entropy>);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        let mut bytes = [0; 16];
        self.0.fill(&mut bytes);
        TraceId::from_bytes(bytes)
    }

    fn new_span_id(&self) -> SpanId {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        SpanId::from_bytes(bytes)
    }
}
