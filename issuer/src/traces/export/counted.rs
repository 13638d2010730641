//! What becomes of ended spans, counted; and said, but not over and over.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor};
use passport_shared::text::escape;

use crate::metrics;

/// Between two lines in the log that say that the collector is away.
const QUIET: Duration = Duration::from_secs(300);

/// How it goes, as queue and exporter tell one another.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Spans that wait to be sent, or are under way.
    waiting: AtomicUsize,
    /// The last that were sent did not arrive.
    failing: AtomicBool,
}

impl Ledger {
    /// Whether everything has arrived.
    pub(super) fn is_settled(&self) -> bool {
        self.0.waiting.load(Ordering::SeqCst) == 0 && !self.0.failing.load(Ordering::SeqCst)
    }
}

/// The queue in front of the sender, with an end that is seen. It takes no span that the sender would drop.
#[derive(Debug)]
pub(super) struct Bounded {
    sender: BatchSpanProcessor,
    ledger: Ledger,
    most: usize,
}

impl Bounded {
    pub(super) fn new(sender: BatchSpanProcessor, ledger: Ledger, most: usize) -> Self {
        Self { sender, ledger, most }
    }
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.sender.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.ledger.0.waiting.fetch_add(1, Ordering::SeqCst) >= self.most {
            self.ledger.0.waiting.fetch_sub(1, Ordering::SeqCst);
            count("dropped", 1);
            return;
        }
        self.sender.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.sender.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.sender.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.sender.set_resource(resource);
    }
}

/// An exporter whose failures are counted and said.
#[derive(Debug)]
pub(super) struct Counted<E> {
    exporter: E,
    ledger: Ledger,
    tone: Mutex<Tone>,
}

impl<E> Counted<E> {
    pub(super) fn new(exporter: E, ledger: Ledger) -> Self {
        Self { exporter, ledger, tone: Mutex::new(Tone::default()) }
    }
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let done = self.exporter.export(batch).await;
        self.ledger.0.failing.store(done.is_err(), Ordering::SeqCst);
        self.ledger.0.waiting.fetch_sub(spans, Ordering::SeqCst);
        count(if done.is_ok() { "sent" } else { "failed" }, spans);
        let mut tone = self.tone.lock().unwrap_or_else(PoisonError::into_inner);
        match &done {
            Err(error) if tone.failed(Instant::now()) => {
                let error = escape(&error.to_string());
                tracing::warn!(%error, "traces cannot be sent; requests are answered all the same");
            }
            Ok(()) if tone.went_well() => tracing::info!("traces are sent again"),
            _ => {}
        }
        done
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

fn count(result: &'static str, spans: usize) {
    ::metrics::counter!(metrics::SPANS, "result" => result).increment(u64::try_from(spans).unwrap_or(u64::MAX));
}

/// Whether to say it.
#[derive(Debug, Default)]
struct Tone {
    complained: Option<Instant>,
}

impl Tone {
    /// Whether this failure is worth a line: the first, and then one in a while.
    fn failed(&mut self, now: Instant) -> bool {
        let quiet = self.complained.is_some_and(|last| now.saturating_duration_since(last) < QUIET);
        if !quiet {
            self.complained = Some(now);
        }
        !quiet
    }

    /// Whether this success ends what was complained of.
    fn went_well(&mut self) -> bool {
        self.complained.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;

    /// Takes nothing until it is let.
    #[derive(Debug)]
    struct Held(Mutex<std::sync::mpsc::Receiver<()>>, Arc<AtomicUsize>);

    impl SpanExporter for Held {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            let _let_go = self.0.lock().unwrap().recv();
            self.1.fetch_add(batch.len(), Ordering::SeqCst);
            Ok(())
        }
    }

    #[test]
    fn what_the_queue_has_no_room_for_is_dropped_and_counted() {
        let ((hold, held), taken) = (std::sync::mpsc::channel(), Arc::new(AtomicUsize::new(0)));
        let ledger = Ledger::default();
        let exporter = Counted::new(Held(Mutex::new(held), Arc::clone(&taken)), ledger.clone());
        let queue = Bounded::new(BatchSpanProcessor::builder(exporter).build(), ledger.clone(), 10);
        let provider = SdkTracerProvider::builder().with_span_processor(queue).build();
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        ::metrics::with_local_recorder(&recorder, || (0..25).for_each(|_| drop(provider.tracer("t").start("s"))));
        let numbers = recorder.handle().render();
        assert!(numbers.contains("passport_trace_spans_total{result=\"dropped\"} 15"), "{numbers}");
        assert_eq!(ledger.0.waiting.load(Ordering::SeqCst), 10);
        drop(hold);
        assert!(provider.shutdown_with_timeout(Duration::from_secs(60)).is_ok());
        assert_eq!((taken.load(Ordering::SeqCst), ledger.0.waiting.load(Ordering::SeqCst)), (10, 0));
    }

    #[test]
    fn a_collector_that_is_away_is_complained_of_once_in_a_while() {
        let (mut tone, start) = (Tone::default(), Instant::now());
        let said = (0..900).filter(|second| tone.failed(start + Duration::from_secs(*second))).count();
        assert_eq!(said, 3);
        assert!(tone.went_well());
        assert!(!tone.went_well(), "said once");
        assert!(tone.failed(start + Duration::from_secs(900)));
    }
}
