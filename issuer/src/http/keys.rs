//! `/v1/keys`: the signing keys, never their secret part.

use axum::extract::State;
use passport_shared::api::keys::{Keys, RevokeKey, RevokedKey};
use passport_shared::api::problem::Problem;

use super::App;
use super::body::StrictJson;
use super::gate::{Gate, KeysRead, KeysRevoke, KeysRotate};
use super::path::Id;
use super::problem::PROBLEM_JSON;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};

/// List the keys, newest first.
#[utoipa::path(
    get,
    path = "/v1/keys",
    operation_id = "listKeys",
    tag = "keys",
    security(("passport" = ["keys.read on issuer/keys"])),
    responses((status = 200, description = "All keys.", body = Keys)),
)]
pub(crate) async fn list(State(app): State<App>, _: Gate<KeysRead>, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.keys().await?)
}

/// Make the next key the one that signs, and a fresh key the next.
#[utoipa::path(
    post,
    path = "/v1/keys/rotate",
    operation_id = "rotateKeys",
    tag = "keys",
    security(("passport" = ["keys.rotate on issuer/keys"])),
    responses(
        (status = 200, description = "All keys, as they are now.", body = Keys),
        (status = 409, description = "It does not fit what is there.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn rotate(State(app): State<App>, gate: Gate<KeysRotate>, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.rotate_keys(&gate.caller).await?)
}

/// Revoke a key, and with it every passport that it signed; list them, or issue them anew.
#[utoipa::path(
    post,
    path = "/v1/keys/{kid}/revoke",
    operation_id = "revokeKey",
    tag = "keys",
    security(("passport" = ["keys.revoke on issuer/keys"])),
    params(("kid" = String, Path, description = "The key's RFC 7638 thumbprint.")),
    request_body(content = RevokeKey, example = json!({"reason": "the backup disk was stolen", "reissue": true})),
    responses(
        (status = 200, description = "All keys, as they are now, and the passports that went with this one.", body = RevokedKey),
        (status = 403, description = "Not allowed, or passports are to be issued anew by who may not issue.", body = Problem, content_type = PROBLEM_JSON),
        (status = 409, description = "It does not fit what is there.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    gate: Gate<KeysRevoke>,
    Id(kid): Id,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<RevokeKey>,
) -> Answer {
    reply::ok(&app.issuer.revoke_key(&gate.caller, &kid, body).await?)
}
