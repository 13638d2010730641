//! One line for each request: what was asked for, by whom, and what came of it.
//!
//! What is written is chosen, not cut out: the route as we declared it (never the path that was sent), ids out of a
//! passport that was verified, and our own codes. No header, no body, no query and no token ever comes here.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::response::Response;
use futures_util::future::Either;

use super::problem::Code;
use crate::metrics;
use crate::service::{Caller, Denial};
use crate::traces::{self, Mark};

/// Who called, once the gate knows. It stands in the request's extensions, and the log line has the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<OnceLock<Who>>);

#[derive(Debug)]
struct Who {
    request_id: String,
    agent_id: Option<String>,
    passport_id: Option<String>,
}

impl Seen {
    /// Takes down what the gate says. The first answer stays: there is one gate a request.
    pub(crate) fn note(&self, outcome: &Result<Caller, Denial>) {
        if let Err(denial) = outcome {
            ::metrics::counter!(metrics::DENIED, "reason" => denial.code()).increment(1);
        }
        let who = match outcome {
            Ok(caller) => Who {
                request_id: caller.request_id().to_owned(),
                agent_id: Some(caller.agent_id().to_owned()),
                passport_id: Some(caller.passport_id().to_owned()),
            },
            Err(Denial::Decision { request_id, .. }) => Who { request_id: request_id.clone(), agent_id: None, passport_id: None },
            Err(Denial::NoToken | Denial::NoSession { .. } | Denial::NoLink | Denial::Failed(_)) => return,
        };
        let _ = self.0.set(who);
    }
}

/// The line of one request. It is written when this is dropped, so a request whose client went away has one too.
pub(crate) struct Line {
    method: &'static str,
    route: Option<MatchedPath>,
    started: Instant,
    seen: Seen,
    status: Option<u16>,
    code: Option<&'static str>,
    /// Says the same to who traces, but for the agent.
    span: Option<traces::Request>,
}

impl Line {
    /// Starts the clock.
    pub(crate) fn start(method: &Method, route: Option<MatchedPath>, seen: Seen, span: Option<traces::Request>) -> Self {
        Self { method: known(method), route, started: Instant::now(), seen, status: None, code: None, span }
    }

    /// `work` as what is done for this request.
    pub(crate) fn within<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        match &self.span {
            Some(span) => Either::Left(span.within(work)),
            None => Either::Right(work),
        }
    }

    /// Notes the answer.
    pub(crate) fn answered(mut self, response: &Response) {
        self.status = Some(response.status().as_u16());
        self.code = response.extensions().get::<Code>().map(|code| code.0);
    }
}

/// A method in our own words: what a client made up is not repeated.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Counts a request.
fn count(method: &'static str, route: &str, status: Option<u16>, took: Duration) {
    let status = match status {
        Some(100..200) => "1xx",
        Some(200..300) => "2xx",
        Some(300..400) => "3xx",
        Some(400..500) => "4xx",
        Some(_) => "5xx",
        None => "none",
    };
    ::metrics::counter!(metrics::REQUESTS, "route" => route.to_owned(), "method" => method, "status" => status).increment(1);
    ::metrics::histogram!(metrics::SECONDS, "route" => route.to_owned()).record(took.as_secs_f64());
}

impl Drop for Line {
    fn drop(&mut self) {
        let Self { method, status, code, .. } = *self;
        let route = self.route.as_ref().map_or("none", MatchedPath::as_str);
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let who = self.seen.0.get();
        let request_id = who.map(|who| who.request_id.as_str());
        let agent_id = who.and_then(|who| who.agent_id.as_deref());
        let jti = who.and_then(|who| who.passport_id.as_deref());
        count(method, route, status, self.started.elapsed());
        let trace_id = self.span.as_ref().and_then(traces::Request::trace_id);
        match status {
            Some(500..) => tracing::error!(method, route, status, code, ms, request_id, agent_id, jti, trace_id, "request failed"),
            Some(_) => tracing::info!(method, route, status, code, ms, request_id, agent_id, jti, trace_id, "request"),
            None => tracing::info!(method, route, ms, request_id, agent_id, jti, trace_id, "request abandoned by its client"),
        }
        if let Some(span) = &self.span {
            let marks = [
                Some(Mark::Method(method)),
                Some(Mark::Route(route.to_owned())),
                status.map(Mark::Status),
                code.map(Mark::Code),
                request_id.map(|id| Mark::RequestId(id.to_owned())),
                jti.map(|jti| Mark::Jti(jti.to_owned())),
            ];
            span.end(format!("{method} {route}"), status.is_some_and(|status| status >= 500), marks.into_iter().flatten());
        }
    }
}
