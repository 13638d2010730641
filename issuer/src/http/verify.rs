//! `/v1/verify`: a decision, for callers that have no verifier of their own.

use axum::extract::State;
use passport_shared::api::checks::Verify as VerifyBody;

use super::App;
use super::body::StrictJson;
use super::gate::{Gate, Verify};
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};

/// Decide whether a passport allows a request. The decision is the answer, whatever it is.
#[utoipa::path(
    post,
    path = "/v1/verify",
    operation_id = "verify",
    tag = "checks",
    security(("passport" = ["verify on issuer/verify"])),
    request_body(content = VerifyBody, example = json!({
        "passport": "eyJhbGciOiJFZERTQSIs…",
        "audience": "https://shop.example",
        "request": {"action": "purchase", "resource": "commerce", "vendor": "coachella.com", "amount": 742, "currency": "USD"},
    })),
    responses((status = 200, description = "The decision (contract section 3).", body = Object, example = json!({
        "requestId": "req_01…", "allowed": true, "outcome": "allow", "reason": "granted",
        "agentId": "agent_ollie", "passportId": "pp_01…", "grant": 0, "action": "purchase", "resource": "commerce",
        "evaluatedAt": "2026-11-23T18:00:00Z",
    }))),
)]
pub(crate) async fn verify(
    State(app): State<App>,
    _: Gate<Verify>,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<VerifyBody>,
) -> Answer {
    Ok(reply::raw_json(app.issuer.verify(body).await?))
}
