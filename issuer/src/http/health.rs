//! `/healthz` and `/readyz`, for whoever keeps the process running.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};

/// How the process is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` or `ready`.
    status: &'static str,
}

/// Whether the process runs. It says nothing of what the process depends on: restarting it would not mend that.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "getHealth",
    tag = "health",
    responses((status = 200, description = "It runs.", body = Health)),
)]
pub(crate) async fn healthz(_: Query<NoParameters>) -> Answer {
    reply::ok(&Health { status: "ok" })
}

/// Whether requests should be sent here: the store can be read and written, and what is published is up to date.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReadiness",
    tag = "health",
    responses((status = 200, description = "It is ready.", body = Health)),
)]
pub(crate) async fn readyz(State(app): State<App>, _: Query<NoParameters>) -> Answer {
    app.issuer.ready().await?;
    reply::ok(&Health { status: "ready" })
}
