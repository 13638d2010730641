//! `/v1/passports`: issue, renew, list, revoke.

use axum::extract::State;
use passport_shared::api::Page;
use passport_shared::api::passports::{
    IssuePassport, IssuedPassport, Passport, PassportPreview, PassportState, RenewPassport, RevokePassport, RevokePassports,
    RevokedPassports,
};
use passport_shared::api::problem::Problem;
use serde::Deserialize;

use super::App;
use super::body::{OptionalJson, StrictJson};
use super::gate::{Gate, PassportsIssue, PassportsRead, PassportsRevoke};
use super::own::Own;
use super::path::Id;
use super::problem::PROBLEM_JSON;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};
use crate::service::PassportQuery;

/// What a list of passports can be narrowed by.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PassportParameters {
    /// Of this agent.
    #[serde(default)]
    agent_id: Option<String>,
    /// Signed by this key.
    #[serde(default)]
    key_id: Option<String>,
    /// Issued by this template, in any of its revisions.
    #[serde(default)]
    template: Option<String>,
    /// In this state now.
    #[serde(default)]
    #[param(inline)]
    state: Option<PassportState>,
    /// With this in their id or in their agent's, 1 to 256 bytes; ASCII letters in either case.
    #[serde(default)]
    text: Option<String>,
    /// That end before this RFC 3339 time.
    #[serde(default)]
    expires_before: Option<String>,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// At most this many, 1 to 1,000; 100 where it is left out.
    #[serde(default)]
    limit: Option<u32>,
}

/// Issue a passport. The token is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/v1/passports",
    operation_id = "issuePassport",
    tag = "passports",
    security(("passport" = ["passports.issue on issuer/passports"])),
    request_body(content = IssuePassport, example = json!({
        "agentId": "agent_ollie",
        "audience": ["https://shop.example"],
        "grants": [{
            "resource": "commerce",
            "allowedActions": ["browse", "purchase"],
            "constraints": {"amount": {"max": "500.00"}, "currency": {"equals": "USD"}},
        }],
        "expiresIn": 3600,
    })),
    responses(
        (status = 201, description = "It is issued.", body = IssuedPassport, headers(("Location", description = "Its path."))),
        (status = 404, description = "There is no such agent, or no such template.", body = Problem, content_type = PROBLEM_JSON),
        (status = 409, description = "It does not fit what is there.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn issue(
    State(app): State<App>,
    gate: Gate<PassportsIssue>,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<IssuePassport>,
) -> Answer {
    let issued = app.issuer.issue_passport(&gate.caller, body).await?;
    reply::created("/v1/passports", &issued.passport_id, &issued)
}

/// See what a passport would be, before it is issued: what it would allow in words, its claims and its size. Nothing is made.
///
/// It takes the body of issuing, and whatever is wrong with it is answered as issuing answers it.
#[utoipa::path(
    post,
    path = "/v1/passports/preview",
    operation_id = "previewPassport",
    tag = "passports",
    security(("passport" = ["passports.issue on issuer/passports"])),
    request_body(content = IssuePassport, example = json!({
        "agentId": "agent_ollie",
        "audience": ["https://shop.example"],
        "grants": [{"resource": "commerce", "allowedActions": ["browse"]}],
        "expiresIn": 3600,
    })),
    responses(
        (status = 200, description = "What it would be.", body = PassportPreview),
        (status = 404, description = "There is no such agent, or no such template.", body = Problem, content_type = PROBLEM_JSON),
        (status = 409, description = "It does not fit what is there.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn preview(
    State(app): State<App>,
    gate: Gate<PassportsIssue>,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<IssuePassport>,
) -> Answer {
    reply::ok(&app.issuer.preview_passport(&gate.caller, body).await?)
}

/// Exchange a passport for a fresh one with the same grants or fewer. It is called with that passport, whatever it is for.
///
/// Its maker has said until when (`renewUntil`). The old one stays good until it ends. All that came of one passport are
/// revoked as one.
#[utoipa::path(
    post,
    path = "/v1/passports/renew",
    operation_id = "renewPassport",
    tag = "passports",
    security(("passport" = [])),
    request_body(content = Option<RenewPassport>, description = "It may be left out.", example = json!({"expiresIn": 3600})),
    responses(
        (status = 201, description = "It is renewed.", body = IssuedPassport, headers(("Location", description = "Its path."))),
        (status = 409, description = "Too many that came of the same one are live.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn renew(
    State(app): State<App>,
    own: Own,
    _: Query<NoParameters>,
    OptionalJson(body): OptionalJson<RenewPassport>,
) -> Answer {
    let issued = app.issuer.renew_passport(&own.holder, &body).await?;
    reply::created("/v1/passports", &issued.passport_id, &issued)
}

/// List passports, newest first, never their tokens.
#[utoipa::path(
    get,
    path = "/v1/passports",
    operation_id = "listPassports",
    tag = "passports",
    security(("passport" = ["passports.read on issuer/passports"])),
    params(PassportParameters),
    responses((status = 200, description = "A page of passports.", body = Page<Passport>)),
)]
pub(crate) async fn list(State(app): State<App>, _: Gate<PassportsRead>, Query(query): Query<PassportParameters>) -> Answer {
    let PassportParameters { agent_id, key_id, template, state, text, expires_before, cursor, limit } = query;
    let query = PassportQuery { agent_id, key_id, template, state, text, expires_before, cursor, limit };
    reply::ok(&app.issuer.passports(query).await?)
}

/// Get a passport, never its token.
#[utoipa::path(
    get,
    path = "/v1/passports/{id}",
    operation_id = "getPassport",
    tag = "passports",
    security(("passport" = ["passports.read on issuer/passports"])),
    params(("id" = String, Path, description = "The passport's id.")),
    responses((status = 200, description = "The passport.", body = Passport)),
)]
pub(crate) async fn get(State(app): State<App>, _: Gate<PassportsRead>, Id(id): Id, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.passport(&id).await?)
}

/// Revoke a passport, and all that came of the same one by renewal.
#[utoipa::path(
    post,
    path = "/v1/passports/{id}/revoke",
    operation_id = "revokePassport",
    tag = "passports",
    security(("passport" = ["passports.revoke on issuer/passports"])),
    params(("id" = String, Path, description = "The passport's id.")),
    request_body(content = Option<RevokePassport>, description = "It may be left out."),
    responses((status = 200, description = "It is revoked, and was or is now.", body = Passport)),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    gate: Gate<PassportsRevoke>,
    Id(id): Id,
    _: Query<NoParameters>,
    OptionalJson(body): OptionalJson<RevokePassport>,
) -> Answer {
    reply::ok(&app.issuer.revoke_passport(&gate.caller, &id, body).await?)
}

/// Revoke many passports at once.
///
/// All or none of them, with one audit event. What is acted with is not spared if it is among them.
#[utoipa::path(
    post,
    path = "/v1/passports/revoke",
    operation_id = "revokePassports",
    tag = "passports",
    security(("passport" = ["passports.revoke on issuer/passports"])),
    request_body(content = RevokePassports, example = json!({
        "agentId": "agent_ollie",
        "issuedBefore": "2026-11-23T18:00:00Z",
        "reason": "the laptop was stolen",
        "dryRun": true,
    })),
    responses((status = 200, description = "They are revoked, or counted.", body = RevokedPassports)),
)]
pub(crate) async fn revoke_many(
    State(app): State<App>,
    gate: Gate<PassportsRevoke>,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<RevokePassports>,
) -> Answer {
    reply::ok(&app.issuer.revoke_passports(&gate.caller, body).await?)
}
