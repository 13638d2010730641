//! What every request goes through: a deadline, a safety net, headers, a line in the log.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::access_log::{Line, Seen};
use super::deadline::within;
use super::lasting::Lasting;
use super::problem::RequestFault;
use super::{App, LONGEST_WAIT, approvals, public};

/// Whether a request is one that can ask to wait.
fn can_wait(method: &Method, route: &str) -> bool {
    *method == Method::GET && (route == public::WAITING_ROUTE || approvals::WAITING_ROUTES.contains(&route))
}

/// What must live as long as the work on a request, for example its place among the connections.
#[derive(Clone)]
pub(crate) struct Held(#[expect(dead_code, reason = "it is there to be dropped")] pub(crate) Arc<dyn Any + Send + Sync>);

/// Sees a request through. Two things come of that:
///
/// - A change that has begun is ended, published trust included, even if its client goes away or the deadline passes.
/// - A panic ends that request alone, and is answered like any failure of ours.
///
/// A request that can only wait, and changes nothing, is abandoned with its client: else whoever asks and goes away,
/// over and over, would fill the places.
pub(crate) async fn frame(State(app): State<App>, route: Option<MatchedPath>, mut request: Request, next: Next) -> Response {
    let seen = Seen::default();
    let waits = route.as_ref().is_some_and(|route| can_wait(request.method(), route.as_str()));
    let span = app.tracer.as_ref().map(|tracer| tracer.request(request.headers()));
    let line = Line::start(request.method(), route, seen.clone(), span);
    request.extensions_mut().insert(seen);
    let held = request.extensions_mut().remove::<Held>();
    let work = line.within(async move {
        let response = next.run(request).await;
        drop(held);
        response
    });
    let deadline = app.limits.request_timeout.saturating_add(if waits { LONGEST_WAIT } else { Duration::ZERO });
    let mut response = match within(deadline, Lasting::new(work).or_given_up(waits)).await {
        Some(Ok(response)) => response,
        // What a panic says may hold anything: it is not repeated.
        Some(Err(_)) => RequestFault::Internal.into_response(),
        None => RequestFault::RequestTimeout.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What may be kept says so itself; everything else is for this caller and this moment.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    line.answered(&response);
    response
}
