//! `/metrics`, on a listener of its own: numbers are for who runs the issuer, and not public by accident.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use tokio::net::TcpListener;

use super::{Limits, serve};
use crate::metrics::Exporter;

/// The media type of Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Connections at once: one server asks, now and then.
const CONNECTIONS: usize = 16;

/// Answers `GET /metrics` on `listener`, and nothing else, for as long as it is polled.
pub async fn serve_numbers(listener: TcpListener, exporter: Exporter) {
    let answer = move || {
        let text = exporter.render();
        std::future::ready(([(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-store")], text))
    };
    let limits = Limits { connections: CONNECTIONS, ..Limits::default() };
    serve::run(listener, None, Router::new().route("/metrics", get(answer)), limits, std::future::pending()).await;
}
