//! `/v1/approvals`: ask, wait, decide.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use passport_shared::api::approvals::{Approval, ApprovalPage, ApprovalState, AskApproval, DecideApproval};
use passport_shared::api::problem::Problem;
use serde::Deserialize;

use super::App;
use super::body::{OptionalJson, StrictJson};
use super::gate::{ApprovalsDecide, ApprovalsRead, Gate, Permission as _};
use super::own::Own;
use super::path::Id;
use super::presented::Presented;
use super::problem::{PROBLEM_JSON, RequestFault};
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};
use crate::service::{ApprovalQuery, ServiceError};

/// The routes that can be asked to wait, as they are declared.
pub(super) const WAITING_ROUTES: [&str; 2] = ["/v1/approvals", "/v1/approvals/{id}"];

/// The longest wait, in seconds.
const LONGEST: u32 = 25;

/// Ask people to approve a request. It is called with the passport that the request will be made with, whatever service
/// that is for.
#[utoipa::path(
    post,
    path = "/v1/approvals",
    operation_id = "askApproval",
    tag = "approvals",
    security(("passport" = [])),
    request_body(content = AskApproval, example = json!({
        "request": {"action": "charge", "resource": "cards/corporate", "amount": 900, "currency": "USD"},
    })),
    responses(
        (status = 202, description = "People are asked, or were before.", body = Approval),
        (status = 409, description = "The request needs no approval, or is denied whatever people say: `detail` says which, with the reason.", body = Problem, content_type = PROBLEM_JSON),
        (status = 429, description = "Too many requests of this passport wait.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn ask(State(app): State<App>, own: Own, _: Query<NoParameters>, StrictJson(body): StrictJson<AskApproval>) -> Answer {
    let mut answer = reply::ok(&app.issuer.ask_approval(&own.holder, body).await?)?;
    *answer.status_mut() = StatusCode::ACCEPTED;
    Ok(answer)
}

/// Whether to wait for a decision.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitParameters {
    /// For how many seconds to wait while it is pending, 0 to 25; 0 where it is left out. The answer can come earlier: the
    /// issuer is about to stop, or too many wait already.
    #[serde(default)]
    #[param(maximum = 25)]
    wait: Option<u32>,
}

/// Get an approval: with its token, for the passport concerned; without, for who may read approvals.
#[utoipa::path(
    get,
    path = "/v1/approvals/{id}",
    operation_id = "getApproval",
    tag = "approvals",
    security(("passport" = [])),
    params(("id" = String, Path, description = "The approval's id."), WaitParameters),
    responses((status = 200, description = "The approval.", body = Approval)),
)]
pub(crate) async fn get(State(app): State<App>, own: Own, Id(id): Id, Query(query): Query<WaitParameters>) -> Answer {
    let wait = waited(query.wait)?;
    // One too many is answered at once, and can ask now and then.
    let place = app.waiters.try_acquire();
    let wait = if place.is_ok() { wait } else { Duration::ZERO };
    match app.issuer.own_approval(&own.holder, &id, wait).await {
        Err(not_found @ ServiceError::NotFound { .. }) => {
            let attributes = [(ApprovalsRead::ID, id.as_str())];
            // Who may not read approvals does not learn which there are.
            match app.issuer.authorize(own.presented.credential(), ApprovalsRead::ACTION, ApprovalsRead::RESOURCE, &attributes).await {
                Ok(_) => reply::ok(&app.issuer.approval(&id).await?),
                Err(_) => Err(not_found.into()),
            }
        }
        found => reply::ok(&found?),
    }
}

/// How long is waited at most.
fn waited(seconds: Option<u32>) -> Result<Duration, RequestFault> {
    match seconds.unwrap_or(0) {
        seconds @ ..=LONGEST => Ok(Duration::from_secs(seconds.into())),
        seconds => Err(RequestFault::Query(format!("`wait`: {seconds} is over the {LONGEST} seconds that can be waited"))),
    }
}

/// What a list of approvals can be narrowed by, and whether to wait for another one.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApprovalParameters {
    /// In this state now.
    #[serde(default)]
    #[param(inline)]
    state: Option<ApprovalState>,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// At most this many, 1 to 1,000; 100 where it is left out.
    #[serde(default)]
    limit: Option<u32>,
    /// `version` of the page that the asker has: another one is wanted.
    #[serde(default)]
    unless: Option<String>,
    /// For how many seconds to wait for another one, 0 to 25; 0 where it is left out. Only with `unless`. The answer can come
    /// earlier: the issuer is about to stop, or too many wait already.
    #[serde(default)]
    #[param(maximum = 25)]
    wait: Option<u32>,
}

/// List approvals, newest first, never their tokens; or wait until there is another list.
#[utoipa::path(
    get,
    path = "/v1/approvals",
    operation_id = "listApprovals",
    tag = "approvals",
    security(("passport" = ["approvals.read on issuer/approvals"])),
    params(ApprovalParameters),
    responses((status = 200, description = "A page of approvals: the one that the asker has, where none other has come.", body = ApprovalPage)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    _: Gate<ApprovalsRead>,
    headers: HeaderMap,
    Query(query): Query<ApprovalParameters>,
) -> Answer {
    let ApprovalParameters { state, cursor, limit, unless, wait } = query;
    let query = ApprovalQuery { state, cursor, limit };
    let wait = match (&unless, wait) {
        (None, Some(_)) => Err(RequestFault::Query("`wait` needs `unless`: the `version` of the list that there is already".to_owned())),
        (_, wait) => waited(wait),
    }?;
    let Some(version) = unless else {
        return reply::ok(&app.issuer.approvals(&query).await?);
    };
    let place = app.waiters.try_acquire();
    let wait = if place.is_ok() { wait } else { Duration::ZERO };
    let page = app.issuer.approvals_unless(&query, &version, wait).await?;
    if !wait.is_zero() {
        // Once more as it is now: the passport may have been revoked meanwhile.
        let presented = Presented::read(&app, &Method::GET, &headers)?;
        app.issuer.authorize(presented.credential(), ApprovalsRead::ACTION, ApprovalsRead::RESOURCE, &[]).await?;
    }
    reply::ok(&page)
}

/// Approve a request. Where more people are asked for, it stays pending until the last of them.
#[utoipa::path(
    post,
    path = "/v1/approvals/{id}/approve",
    operation_id = "approve",
    tag = "approvals",
    security(("passport" = ["approvals.decide on issuer/approvals"])),
    params(("id" = String, Path, description = "The approval's id.")),
    request_body(content = Option<DecideApproval>, description = "It may be left out."),
    responses(
        (status = 200, description = "It is noted.", body = Approval),
        (status = 409, description = "It is decided already, or by you.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn approve(
    State(app): State<App>,
    gate: Gate<ApprovalsDecide>,
    Id(id): Id,
    _: Query<NoParameters>,
    OptionalJson(body): OptionalJson<DecideApproval>,
) -> Answer {
    reply::ok(&app.issuer.decide_approval(&gate.caller, &id, true, body).await?)
}

/// Deny a request.
#[utoipa::path(
    post,
    path = "/v1/approvals/{id}/deny",
    operation_id = "deny",
    tag = "approvals",
    security(("passport" = ["approvals.decide on issuer/approvals"])),
    params(("id" = String, Path, description = "The approval's id.")),
    request_body(content = Option<DecideApproval>, description = "It may be left out."),
    responses(
        (status = 200, description = "It is denied.", body = Approval),
        (status = 409, description = "It is decided already.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn deny(
    State(app): State<App>,
    gate: Gate<ApprovalsDecide>,
    Id(id): Id,
    _: Query<NoParameters>,
    OptionalJson(body): OptionalJson<DecideApproval>,
) -> Answer {
    reply::ok(&app.issuer.decide_approval(&gate.caller, &id, false, body).await?)
}
