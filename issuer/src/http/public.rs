//! What a verifier needs, for anyone: status lists and the trust bundle. Each is signed, so nobody need be asked who
//! they are, and any cache may keep it.

use axum::extract::State;
use axum::http::HeaderMap;

use super::App;
use super::path::Id;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};

/// A status list token (IETF Token Status List).
#[utoipa::path(
    get,
    path = "/v1/status/{list}",
    operation_id = "getStatusList",
    tag = "trust",
    params(("list" = i64, Path, description = "The number of the list.")),
    responses(
        (status = 200, description = "The status list token.", body = String, content_type = "application/statuslist+jwt"),
        (status = 304, description = "The asker has it already (`If-None-Match`)."),
    ),
)]
pub(crate) async fn status_list(State(app): State<App>, Id(list): Id<i64>, _: Query<NoParameters>, asked: HeaderMap) -> Answer {
    reply::published(&asked, app.issuer.status_list(list).await?, "application/statuslist+jwt")
}

/// Everything that a verifier needs, in one document signed by the active key (contract section 5).
#[utoipa::path(
    get,
    path = "/v1/trust-bundle",
    operation_id = "getTrustBundle",
    tag = "trust",
    responses(
        (status = 200, description = "The trust bundle, a signed token.", body = String, content_type = "application/jwt"),
        (status = 304, description = "The asker has it already (`If-None-Match`)."),
    ),
)]
pub(crate) async fn trust_bundle(State(app): State<App>, _: Query<NoParameters>, asked: HeaderMap) -> Answer {
    reply::published(&asked, app.issuer.trust_bundle().await?, "application/jwt")
}
