//! `/v1/audit/events`: what verifiers report, and what became of it.

use axum::extract::State;
use passport_shared::api::Page;
use passport_shared::api::audit::{AuditEnvelope, AuditQuery, Difference, DifferencesQuery, ReportAccepted, ReportEvents};

use super::App;
use super::body::StrictJson;
use super::gate::{AuditRead, AuditWrite, Gate};
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};

/// Report decisions. A 200 means that every one of them is on disk.
///
/// Sending the same batch again is safe: what is there already is counted as a duplicate.
#[utoipa::path(
    post,
    path = "/v1/audit/events",
    operation_id = "reportEvents",
    tag = "audit",
    security(("passport" = ["audit.write on issuer/audit"])),
    request_body(content = ReportEvents, description = "At most 1,000 events, 4 MiB in all; it may come with `Content-Encoding: gzip`."),
    responses((status = 200, description = "All are on disk.", body = ReportAccepted)),
)]
pub(crate) async fn report(
    State(app): State<App>,
    gate: Gate<AuditWrite>,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<ReportEvents>,
) -> Answer {
    reply::ok(&app.issuer.report_events(&gate.caller, body).await?)
}

/// Read the audit log.
#[utoipa::path(
    get,
    path = "/v1/audit/events",
    operation_id = "listEvents",
    tag = "audit",
    security(("passport" = ["audit.read on issuer/audit"])),
    params(AuditQuery),
    responses((
        status = 200,
        description = "A page of events: at most `limit`, and about 8 MiB. The members of the decision itself stand beside those of the envelope, as they were reported.",
        body = Page<AuditEnvelope>,
    )),
)]
pub(crate) async fn list(State(app): State<App>, _: Gate<AuditRead>, Query(query): Query<AuditQuery>) -> Answer {
    reply::ok(&app.issuer.events(query).await?)
}

/// List the decisions that the issuer comes to another answer for, newest first.
#[utoipa::path(
    get,
    path = "/v1/audit/differences",
    operation_id = "listDifferences",
    tag = "audit",
    security(("passport" = ["audit.read on issuer/audit"])),
    params(DifferencesQuery),
    responses((status = 200, description = "A page of them, each with both answers.", body = Page<Difference>)),
)]
pub(crate) async fn differences(State(app): State<App>, _: Gate<AuditRead>, Query(query): Query<DifferencesQuery>) -> Answer {
    reply::ok(&app.issuer.differences(query).await?)
}
