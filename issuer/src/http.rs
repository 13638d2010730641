//! The issuer over HTTP (contract section 7): requests in, the service's answers out. No SQL and no decisions here.
//!
//! [`router`] is the only list of routes. Every route under `/v1` that is not public opens with a
//! `Gate`, which asks the service before anything of the body is read. Whatever goes wrong is answered
//! as `application/problem+json` (RFC 9457), by `problem.rs` alone.
//!
//! # How to add an endpoint
//!
//! 1. Write the handler and its `#[utoipa::path]` in the file of its group. Its arguments, in this order: the state,
//!    the gate, the path, the query (`Query<NoParameters>` where it has none), the body.
//! 2. Add it to `router.rs`, and to the table in `tests/table.rs`: a test fails until it is there.
//! 3. Run the tests with `UPDATE_SNAPSHOTS=1` to write `openapi.json` anew, and read the difference.

mod access_log;
mod agents;
mod approvals;
mod audit;
mod bearer;
mod body;
mod console;
mod deadline;
mod frame;
mod gate;
mod health;
mod introspect;
mod keys;
mod lasting;
mod log;
mod numbers;
mod openapi;
mod own;
mod pages;
mod passports;
mod path;
mod presented;
mod problem;
mod public;
mod query;
mod rates;
mod reply;
mod router;
mod serve;
mod stream;
mod templates;
mod tls;
mod verify;
mod webhooks;
mod well_known;

#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::Semaphore;

use crate::service::Issuer;
use crate::traces::Tracer;

pub use numbers::serve_numbers;
pub use openapi::openapi;
pub use rates::{Proxies, Rate, Rates};
pub use router::router;
pub use serve::{Front, serve, serve_behind};
pub use tls::{Tls, TlsError};

/// The longest that a request can ask to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long and how much the service puts up with. The defaults are the ones that are documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the moment a connection is ready for a request until its last header has come; 10 s. It ends idle
    /// connections too.
    pub header_timeout: Duration,
    /// From the first look at a body until its end; 10 s.
    pub body_timeout: Duration,
    /// From the last header until the answer is ready, beyond what the request itself asks to wait; 30 s.
    pub request_timeout: Duration,
    /// How long a client may take nothing of an answer before it is cut off; 10 s.
    pub write_timeout: Duration,
    /// Bytes of a body; 1 MiB. Of one that has more, up to 16 MiB are read and thrown away before it is refused.
    pub body_bytes: usize,
    /// Bytes of a batch of audit events; 4 MiB, which 1,000 decisions of 4 kB fit in.
    pub audit_body_bytes: usize,
    /// Connections at once; 16,384, some 20 kB each while they wait. One more takes the place of the one that has waited longest for a request to begin; it
    /// waits in the system's own queue where all have one under way.
    pub connections: usize,
    /// Requests that wait for trust to change, or for approvals, at once; 512. One more is answered without waiting. Keep it well below
    /// `connections`: each holds one.
    pub waiters: usize,
    /// Streams of the audit log at once; 64. One more is refused. Each holds a connection and a page of events.
    pub streams: usize,
    /// How long requests in flight may take to end once the service is told to stop; 10 s.
    pub drain: Duration,
    /// How often one source or one agent may ask.
    pub rates: Rates,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(10),
            body_bytes: 1 << 20,
            audit_body_bytes: 4 << 20,
            connections: 16_384,
            waiters: 512,
            streams: 64,
            drain: Duration::from_secs(10),
            rates: Rates::default(),
        }
    }
}

/// What every handler shares. It is cloned several times a request: that is one count of references, and no more.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// What is shared.
pub(crate) struct Shared {
    issuer: Issuer,
    limits: Limits,
    /// The OpenAPI document, written once.
    openapi: Bytes,
    /// Places for requests that wait for trust to change, or for approvals.
    waiters: Arc<Semaphore>,
    /// Places for streams of the audit log.
    streams: Arc<Semaphore>,
    /// What keeps the rate limits.
    keeper: rates::Keeper,
    /// What begins the spans of requests, where they are traced.
    tracer: Option<Tracer>,
}

impl App {
    /// Behind this front.
    fn new(issuer: Issuer, limits: Limits, openapi: Bytes, front: Front) -> Self {
        let places = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Shared {
            issuer,
            limits,
            openapi,
            waiters: places(limits.waiters),
            streams: places(limits.streams),
            keeper: rates::Keeper::new(limits.rates, front.proxies),
            tracer: front.tracer,
        }))
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
