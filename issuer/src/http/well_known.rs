//! `/.well-known/…` (RFC 8615): the keys, and where everything is.

use axum::extract::State;
use axum::http::HeaderMap;
use passport_shared::api::discovery::IssuerMetadata;

use super::App;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};

/// How long the metadata may be kept, in seconds: it changes with a release or a setting.
const METADATA_MAX_AGE: u32 = 300;

/// The published keys, as a JWK set (RFC 7517).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "getKeySet",
    tag = "trust",
    responses(
        (status = 200, description = "The JWK set.", body = Object, content_type = "application/jwk-set+json"),
        (status = 304, description = "The asker has it already (`If-None-Match`)."),
    ),
)]
pub(crate) async fn key_set(State(app): State<App>, _: Query<NoParameters>, asked: HeaderMap) -> Answer {
    reply::published(&asked, app.issuer.key_set().await?, "application/jwk-set+json")
}

/// What this issuer is, and where everything is (after RFC 8414).
#[utoipa::path(
    get,
    path = "/.well-known/passport-issuer",
    operation_id = "getMetadata",
    tag = "trust",
    responses((status = 200, description = "The metadata.", body = IssuerMetadata)),
)]
pub(crate) async fn metadata(State(app): State<App>, _: Query<NoParameters>) -> Answer {
    Ok(reply::public(reply::ok(&app.issuer.metadata())?, METADATA_MAX_AGE))
}
