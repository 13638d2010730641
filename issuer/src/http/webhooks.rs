//! `/v1/webhooks`: who is told of which events.

use axum::extract::State;
use passport_shared::api::Page;
use passport_shared::api::problem::Problem;
use passport_shared::api::webhooks::{CreateWebhook, DeletedWebhook, Delivery, DisableWebhook, ReplayWebhook, ReplayedWebhook, Webhook};
use serde::Deserialize;

use super::App;
use super::body::{OptionalJson, StrictJson};
use super::gate::{Gate, WebhooksRead, WebhooksWrite};
use super::path::Id;
use super::problem::PROBLEM_JSON;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};

/// Which deliveries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryParameters {
    /// In this state: `pending`, `done` or `dead`.
    #[serde(default)]
    state: Option<String>,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// At most this many, 1 to 1,000; 100 where it is left out.
    #[serde(default)]
    limit: Option<u32>,
}

/// Create a webhook. Its secret is in this answer and in no other.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    operation_id = "createWebhook",
    tag = "webhooks",
    security(("passport" = ["webhooks.write on issuer/webhooks"])),
    request_body(content = CreateWebhook, example = json!({
        "url": "https://alerts.example/passport",
        "events": ["decision.denied", "approval.requested", "admin.*"],
        "filter": {"agentId": "agent_ollie"},
    })),
    responses(
        (status = 201, description = "It is created.", body = Webhook, headers(("Location", description = "Its path."))),
        (status = 409, description = "There are as many as there may be.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    gate: Gate<WebhooksWrite>,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<CreateWebhook>,
) -> Answer {
    let webhook = app.issuer.create_webhook(&gate.caller, body).await?;
    reply::created("/v1/webhooks", &webhook.webhook_id, &webhook)
}

/// List webhooks, on one page.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    operation_id = "listWebhooks",
    tag = "webhooks",
    security(("passport" = ["webhooks.read on issuer/webhooks"])),
    responses((status = 200, description = "All webhooks.", body = Page<Webhook>)),
)]
pub(crate) async fn list(State(app): State<App>, _: Gate<WebhooksRead>, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.webhooks().await?)
}

/// Get a webhook.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}",
    operation_id = "getWebhook",
    tag = "webhooks",
    security(("passport" = ["webhooks.read on issuer/webhooks"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The webhook.", body = Webhook)),
)]
pub(crate) async fn get(State(app): State<App>, _: Gate<WebhooksRead>, Id(id): Id, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.webhook(&id).await?)
}

/// Delete a webhook, with all that waits for it.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{id}",
    operation_id = "deleteWebhook",
    tag = "webhooks",
    security(("passport" = ["webhooks.write on issuer/webhooks"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    responses((status = 200, description = "It is deleted.", body = DeletedWebhook)),
)]
pub(crate) async fn delete(State(app): State<App>, gate: Gate<WebhooksWrite>, Id(id): Id, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.delete_webhook(&gate.caller, &id).await?)
}

/// Give a webhook another secret. The one before signs beside it for a day.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/rotate-secret",
    operation_id = "rotateWebhookSecret",
    tag = "webhooks",
    security(("passport" = ["webhooks.write on issuer/webhooks"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    responses((status = 200, description = "It has another secret, which is in this answer and in no other.", body = Webhook)),
)]
pub(crate) async fn rotate_secret(State(app): State<App>, gate: Gate<WebhooksWrite>, Id(id): Id, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.rotate_webhook_secret(&gate.caller, &id).await?)
}

/// Enable a webhook. It goes on where it stopped.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/enable",
    operation_id = "enableWebhook",
    tag = "webhooks",
    security(("passport" = ["webhooks.write on issuer/webhooks"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    responses((status = 200, description = "It is enabled.", body = Webhook)),
)]
pub(crate) async fn enable(State(app): State<App>, gate: Gate<WebhooksWrite>, Id(id): Id, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.enable_webhook(&gate.caller, &id).await?)
}

/// Disable a webhook: nothing more is sent.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/disable",
    operation_id = "disableWebhook",
    tag = "webhooks",
    security(("passport" = ["webhooks.write on issuer/webhooks"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    request_body(content = Option<DisableWebhook>, description = "It may be left out.", example = json!({"reason": "moved"})),
    responses((status = 200, description = "It is disabled.", body = Webhook)),
)]
pub(crate) async fn disable(
    State(app): State<App>,
    gate: Gate<WebhooksWrite>,
    Id(id): Id,
    _: Query<NoParameters>,
    OptionalJson(body): OptionalJson<DisableWebhook>,
) -> Answer {
    reply::ok(&app.issuer.disable_webhook(&gate.caller, &id, body).await?)
}

/// List deliveries that did not come about at once, the newest event first.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}/deliveries",
    operation_id = "listWebhookDeliveries",
    tag = "webhooks",
    security(("passport" = ["webhooks.read on issuer/webhooks"])),
    params(("id" = String, Path, description = "The webhook's id."), DeliveryParameters),
    responses((status = 200, description = "A page of deliveries.", body = Page<Delivery>)),
)]
pub(crate) async fn deliveries(
    State(app): State<App>,
    _: Gate<WebhooksRead>,
    Id(id): Id,
    Query(query): Query<DeliveryParameters>,
) -> Answer {
    reply::ok(&app.issuer.webhook_deliveries(&id, query.state, query.cursor, query.limit).await?)
}

/// Send again what was given up, or everything since a sequence.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/replay",
    operation_id = "replayWebhook",
    tag = "webhooks",
    security(("passport" = ["webhooks.write on issuer/webhooks"])),
    params(("id" = String, Path, description = "The webhook's id.")),
    request_body(content = Option<ReplayWebhook>, description = "Without it, dead letters are sent again.", example = json!({"since": 4711})),
    responses((status = 200, description = "It is sent again.", body = ReplayedWebhook)),
)]
pub(crate) async fn replay(
    State(app): State<App>,
    gate: Gate<WebhooksWrite>,
    Id(id): Id,
    _: Query<NoParameters>,
    OptionalJson(body): OptionalJson<ReplayWebhook>,
) -> Answer {
    reply::ok(&app.issuer.replay_webhook(&gate.caller, &id, body).await?)
}
