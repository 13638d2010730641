//! `/v1/audit`: what verifiers report, what became of it, and what it adds up to.

use axum::extract::State;
use passport_shared::api::Page;
use passport_shared::api::audit::{
    AuditEnvelope, AuditQuery, Counts, CountsQuery, Difference, DifferencesQuery, Finding, FindingsQuery, ReportAccepted, ReportEvents,
    Reporters, Why, WhyQuery,
};
use passport_shared::api::problem::Problem;

use super::App;
use super::body::StrictJson;
use super::gate::{AuditRead, AuditWrite, Gate};
use super::problem::PROBLEM_JSON;
use super::query::{NoParameters, PageParameters, Query};
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

/// Count decisions by outcome, and by hour, agent and reason.
#[utoipa::path(
    get,
    path = "/v1/audit/counts",
    operation_id = "countEvents",
    tag = "audit",
    security(("passport" = ["audit.read on issuer/audit"])),
    params(CountsQuery),
    responses((status = 200, description = "The numbers, 10,000 at most.", body = Counts)),
)]
pub(crate) async fn counts(State(app): State<App>, _: Gate<AuditRead>, Query(query): Query<CountsQuery>) -> Answer {
    reply::ok(&app.issuer.counts(query).await?)
}

/// List what was found wrong with what reporters sent, newest first.
#[utoipa::path(
    get,
    path = "/v1/audit/findings",
    operation_id = "listFindings",
    tag = "audit",
    security(("passport" = ["audit.read on issuer/audit"])),
    params(FindingsQuery),
    responses((status = 200, description = "A page of findings.", body = Page<Finding>)),
)]
pub(crate) async fn findings(State(app): State<App>, _: Gate<AuditRead>, Query(query): Query<FindingsQuery>) -> Answer {
    reply::ok(&app.issuer.findings(query).await?)
}

/// List who reports, by id: how far each has come, and what it lacks.
#[utoipa::path(
    get,
    path = "/v1/audit/reporters",
    operation_id = "listReporters",
    tag = "audit",
    security(("passport" = ["audit.read on issuer/audit"])),
    params(PageParameters),
    responses((status = 200, description = "A page of reporters.", body = Reporters)),
)]
pub(crate) async fn reporters(State(app): State<App>, _: Gate<AuditRead>, Query(page): Query<PageParameters>) -> Answer {
    reply::ok(&app.issuer.reporters(page.cursor, page.limit).await?)
}

/// Why a decision was what it was: each grant of its passport beside what was asked, and what the decision would be now.
#[utoipa::path(
    get,
    path = "/v1/audit/why",
    operation_id = "explainDecision",
    tag = "audit",
    security(("passport" = ["audit.read on issuer/audit"])),
    params(WhyQuery),
    responses(
        (status = 200, description = "The decision and its grants.", body = Why),
        (status = 404, description = "There is no decision of that request, or its body was dropped: `not_found`.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn why(State(app): State<App>, _: Gate<AuditRead>, Query(query): Query<WhyQuery>) -> Answer {
    reply::ok(&app.issuer.why(query).await?)
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
