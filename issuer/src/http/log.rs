//! `/v1/audit/checkpoint`, `/v1/audit/proof` and the log as static files below `/v1/audit/log/` (docs/audit.md A14).
//!
//! Checkpoints and tiles of hashes are for anyone, so that monitors and witnesses can follow: they tell how many events there
//! are and nothing of any. Entries are for those who may read the log.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use passport_shared::api::problem::Problem;
use passport_shared::log::proof_file::Proof;
use serde::Deserialize;

use super::App;
use super::gate::{AuditRead, Gate};
use super::path::Id;
use super::problem::PROBLEM_JSON;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};
use crate::service::Issuer;

const NOTE: &str = "text/plain; charset=utf-8";
/// What has a path never changes.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const BYTES: &str = "application/octet-stream";

/// The newest checkpoint of the audit log, a signed note (C2SP tlog-checkpoint).
#[utoipa::path(
    get,
    path = "/v1/audit/checkpoint",
    operation_id = "getAuditCheckpoint",
    tag = "audit",
    security(("passport" = ["audit.read on issuer/audit"])),
    responses(
        (status = 200, description = "The signed note.", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 409, description = "The log is held, and has signed none: `conflict`.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn checkpoint(State(app): State<App>, _: Gate<AuditRead>, _: Query<NoParameters>) -> Answer {
    Ok(note(app.issuer.checkpoint().await?.note))
}

/// The same for anyone, where the log's files are.
#[utoipa::path(
    get,
    path = "/v1/audit/log/checkpoint",
    operation_id = "getLogCheckpoint",
    tag = "log",
    responses(
        (status = 200, description = "The signed note.", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 409, description = "The log is held, and has signed none: `conflict`.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn published(State(app): State<App>, _: Query<NoParameters>) -> Answer {
    Ok(reply::public(note(app.issuer.checkpoint().await?.note), 0))
}

/// A tile of hashes (C2SP tlog-tiles), as in `tile/0/x001/234` or `tile/1/000.p/17`.
#[utoipa::path(
    get,
    path = "/v1/audit/log/tile/{level}/{*number}",
    operation_id = "getLogTile",
    tag = "log",
    params(
        ("level" = u8, Path, description = "0 to 7."),
        ("number" = String, Path, description = "The tile's number in groups of three digits, and `.p/WIDTH` for one that is not full."),
    ),
    responses((status = 200, description = "32 bytes for each hash.", body = Vec<u8>, content_type = "application/octet-stream")),
)]
pub(crate) async fn tile(State(app): State<App>, Id((level, number)): Id<(String, String)>, _: Query<NoParameters>) -> Answer {
    let bytes = app.issuer.log_tile(Issuer::log_file(&format!("tile/{level}/{number}"))?).await?;
    let mut response = reply::public(octets(bytes), 0);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_GOOD));
    Ok(response)
}

/// A bundle of entries (C2SP tlog-tiles), as in `tile/entries/x001/234`.
#[utoipa::path(
    get,
    path = "/v1/audit/log/tile/entries/{*number}",
    operation_id = "getLogEntries",
    tag = "log",
    security(("passport" = ["audit.read on issuer/audit"])),
    params((
        "number" = String,
        Path,
        description = "The bundle's number in groups of three digits, and `.p/WIDTH` for one that is not full.",
    )),
    responses((
        status = 200,
        description = "Each entry with its length before it, in two bytes.",
        body = Vec<u8>,
        content_type = "application/octet-stream",
    )),
)]
pub(crate) async fn entries(State(app): State<App>, _: Gate<AuditRead>, Id(number): Id<String>, _: Query<NoParameters>) -> Answer {
    Ok(octets(app.issuer.log_tile(Issuer::log_file(&format!("tile/entries/{number}"))?).await?))
}

/// Of which events proofs are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProofParameters {
    /// The request that was decided, or that made the change.
    request_id: String,
    /// Of this reporter alone.
    #[serde(default)]
    reporter: Option<String>,
}

/// Proofs that the events of a request are in the log, each a file by itself (docs/audit.md A15).
#[utoipa::path(
    get,
    path = "/v1/audit/proof",
    operation_id = "getAuditProof",
    tag = "audit",
    security(("passport" = ["audit.read on issuer/audit"])),
    params(ProofParameters),
    responses(
        (status = 200, description = "`items`: the proofs, in the order of acceptance; several reporters may have that id.", body = Object),
        (status = 404, description = "There is no event of that request: `not_found`.", body = Problem, content_type = PROBLEM_JSON),
        (status = 409, description = "The log is held, and its last checkpoint is from before the event: `conflict`.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn proof(State(app): State<App>, _: Gate<AuditRead>, Query(query): Query<ProofParameters>) -> Answer {
    let proofs = app.issuer.log_proofs(&query.request_id, query.reporter.as_deref()).await?;
    let items: Vec<String> = proofs.iter().map(Proof::to_json).collect();
    Ok(reply::raw_json(format!("{{\"items\":[{}]}}", items.join(","))))
}

fn note(note: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(NOTE))], note).into_response()
}

fn octets(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(BYTES))], bytes).into_response()
}
