//! `GET /v1/audit/stream`: the audit log as it grows, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use passport_shared::api::audit::StreamQuery;
use passport_shared::text::quote;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::App;
use super::gate::{AuditRead, Gate, Permission as _};
use super::presented::Presented;
use super::problem::{Failure, RequestFault};
use super::query::Query;
use super::reply::Answer;
use crate::metrics::{STREAMS, Within};
use crate::service::{ServiceError, Tail, TailEvent};

/// How often there is a sign of life where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How often it is looked whether the passport still allows it.
const RECHECK: Duration = Duration::from_secs(5);

/// What is set on an answer whose body goes on: its connection is at work for as long as that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GoesOn;

/// Follow the audit log. Each event has its `sequence` as id and its kind as name, and is the object that the list gives.
///
/// It goes on after `Last-Event-ID` or `after`, and misses nothing then. It ends when the passport is not good any more, when
/// the issuer stops, and when the client takes nothing for 10 seconds.
#[utoipa::path(
    get,
    path = "/v1/audit/stream",
    operation_id = "streamEvents",
    tag = "audit",
    security(("passport" = ["audit.read on issuer/audit"])),
    params(StreamQuery, ("Last-Event-ID" = Option<i64>, Header, description = "The `sequence` of the last event that came.")),
    responses(
        (status = 200, description = "Events, as they come. A comment every 15 seconds.", body = String, content_type = "text/event-stream"),
    ),
)]
pub(crate) async fn follow(State(app): State<App>, _: Gate<AuditRead>, Query(query): Query<StreamQuery>, asked: HeaderMap) -> Answer {
    let after = last_event_id(&asked)?.or(query.after);
    let place = app.streams.clone().try_acquire_owned().map_err(|_| too_many())?;
    let presented = Presented::read(&app, &Method::GET, &asked)?;
    let tail = app.issuer.tail(query, after).await?;
    let following = Following {
        app,
        presented,
        tail,
        ready: VecDeque::new(),
        checked: Instant::now(),
        _place: place,
        _counted: Within::enter(STREAMS),
    };
    let events =
        stream::unfold(
            following,
            |mut following| async move { following.next().await.map(|event| (Ok::<_, Infallible>(event), following)) },
        );
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers answers would keep the events back (as nginx does unless told).
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    // Its place among the connections is given back with it.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response.extensions_mut().insert(GoesOn);
    Ok(response)
}

fn too_many() -> ServiceError {
    let detail = "as many follow the log as may at once; ask again later, or read the list".to_owned();
    ServiceError::TooMany { code: "too_many_streams", retry_after: 10, detail }
}

/// Whether the body of this answer goes on after the answer was made.
pub(super) fn goes_on(response: &Response) -> bool {
    response.extensions().get::<GoesOn>().is_some()
}

fn last_event_id(asked: &HeaderMap) -> Result<Option<i64>, Failure> {
    let Some(id) = asked.get("last-event-id") else { return Ok(None) };
    let text = String::from_utf8_lossy(id.as_bytes());
    // Of one that has nothing yet, a browser says that it is empty.
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || RequestFault::Query(format!("`Last-Event-ID` is {}; it must be the `sequence` of an event", quote(&text)));
    Ok(Some(text.parse().ok().filter(|id| *id >= 0).ok_or_else(wrong)?))
}

struct Following {
    app: App,
    presented: Presented,
    tail: Tail,
    ready: VecDeque<TailEvent>,
    checked: Instant,
    _place: OwnedSemaphorePermit,
    _counted: Within,
}

impl Following {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.checked.elapsed() >= RECHECK {
                let allowed = self.app.issuer.authorize(self.presented.credential(), AuditRead::ACTION, AuditRead::RESOURCE, &[]).await;
                allowed.ok()?;
                self.checked = Instant::now();
            }
            if let Some(TailEvent { sequence, kind, event }) = self.ready.pop_front() {
                return Some(Event::default().id(sequence.to_string()).event(kind.as_str()).data(event.get()));
            }
            match self.tail.next(RECHECK).await {
                Ok(events) => self.ready.extend(events?),
                Err(error) => {
                    tracing::warn!(%error, "a stream of the audit log ends: it cannot be read");
                    return None;
                }
            }
        }
    }
}
