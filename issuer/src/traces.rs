//! Traces: a span for each request and for what it waits for, sent over OTLP to a collector. Off unless a collector is named.
//!
//! What a span says is chosen, as in the access log: `Mark` is the whole list, and its words are our own, or ids that the
//! gate has made or verified. No token, body, query, header or SQL can come here.
//!
//! There is no global tracer. A request's [`Context`] carries the one that it was begun with, so `child` knows by itself
//! whether there is anything to do, and two issuers in one process never mix.

mod collector;
mod export;
mod parent;

use std::future::Future;

use axum::http::HeaderMap;
use opentelemetry::trace::{FutureExt as _, Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span};

pub use collector::{CollectorUrl, CollectorUrlError};
pub use export::{Share, ShareError, StartError, Traces};

/// Begins the spans of requests. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Tracer(SdkTracer);

/// All that a span can say, beside its name, its times and its parent.
#[derive(Debug)]
pub(crate) enum Mark {
    /// The method, one of our own words.
    Method(&'static str),
    /// The route as it is declared.
    Route(String),
    /// The status of the answer.
    Status(u16),
    /// The id of the request, which the gate has made.
    RequestId(String),
    /// The id of the passport, which the gate has verified.
    Jti(String),
    /// The code of a problem, or the reason of a decision.
    Code(&'static str),
    /// What was asked of the gate.
    Action(&'static str),
    /// On what.
    Resource(&'static str),
}

impl Mark {
    fn attribute(self) -> KeyValue {
        match self {
            Self::Method(method) => KeyValue::new("http.request.method", method),
            Self::Route(route) => KeyValue::new("http.route", route),
            Self::Status(status) => KeyValue::new("http.response.status_code", i64::from(status)),
            Self::RequestId(id) => KeyValue::new("passport.request_id", id),
            Self::Jti(jti) => KeyValue::new("passport.jti", jti),
            Self::Code(code) => KeyValue::new("passport.code", code),
            Self::Action(action) => KeyValue::new("passport.action", action),
            Self::Resource(resource) => KeyValue::new("passport.resource", resource),
        }
    }
}

impl Tracer {
    /// Begins the span of a request, with the caller's span as its parent where the headers name one.
    pub(crate) fn request(&self, headers: &HeaderMap) -> Request {
        let parent = match parent::of(headers) {
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        let span = self.0.span_builder("request").with_kind(SpanKind::Server).start_with_context(&self.0, &parent);
        Request(Context::new().with_value(self.clone()).with_span(span))
    }
}

/// The span of a request. It ends with this.
#[derive(Debug)]
pub(crate) struct Request(Context);

impl Request {
    /// `work`, so that what it does becomes a part of this span.
    pub(crate) fn within<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        work.with_context(self.0.clone())
    }

    /// The id of the trace as hexadecimal digits, where it is recorded.
    pub(crate) fn trace_id(&self) -> Option<String> {
        let context = self.0.span().span_context().clone();
        context.is_sampled().then(|| context.trace_id().to_string())
    }

    /// Names the span, says what came of the request, and ends it.
    pub(crate) fn end(&self, name: String, failed: bool, marks: impl IntoIterator<Item = Mark>) {
        let span = self.0.span();
        if span.is_recording() {
            span.update_name(name);
            span.set_attributes(marks.into_iter().map(Mark::attribute));
            if failed {
                span.set_status(Status::error(""));
            }
        }
        span.end();
    }
}

/// `work` as a span below the present one, where there is one that is recorded. `told` says what came of it, and whether it
/// failed for a reason of ours.
pub(crate) async fn child<T>(name: &'static str, work: impl Future<Output = T>, told: impl FnOnce(&T, &mut dyn FnMut(Mark)) -> bool) -> T {
    let Some(span) = Context::map_current(|present| begin(name, present)) else { return work.await };
    let context = Context::current_with_span(span);
    let done = work.with_context(context.clone()).await;
    let span = context.span();
    if told(&done, &mut |mark| span.set_attribute(mark.attribute())) {
        span.set_status(Status::error(""));
    }
    span.end();
    done
}

/// [`child`] of an act that can fail, and says no more.
pub(crate) async fn act<T, E>(name: &'static str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    child(name, work, |done, _| done.is_err()).await
}

fn begin(name: &'static str, present: &Context) -> Option<Span> {
    if !present.span().is_recording() {
        return None;
    }
    let tracer = &present.get::<Tracer>()?.0;
    let span = tracer.span_builder(name).start_with_context(tracer, present);
    span.is_recording().then_some(span)
}

/// `work`, which is about to become a task of its own, as a part of the present span.
pub(crate) fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> + use<F> {
    work.with_current_context()
}
