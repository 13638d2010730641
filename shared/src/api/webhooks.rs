//! Webhooks: who is told of which events (docs/format.md F11.1 to F11.9).

use serde::{Deserialize, Serialize};

/// The body of `POST /v1/webhooks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateWebhook {
    /// Where it goes: `https`, without user, password and fragment; at most 2,048 bytes.
    pub url: String,
    /// The types of events that it is for, 1 to 32: `decision.allowed`, `decision.denied`, `decision.approval_required`,
    /// `decision.gap`, `approval.requested`, `approval.decided`, `admin.` and a change, the first word and `.*`, or `*`.
    pub events: Vec<String>,
    /// What they are narrowed by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<WebhookFilter>,
    /// What it is for; at most 4,096 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What the events of a webhook are narrowed by, each by exact match, as the audit log is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookFilter {
    /// Of this agent; for a change, the one that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// On this passport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passport_id: Option<String>,
    /// Reported by this verifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
    /// Of this action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// On this resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    /// Its id.
    pub webhook_id: String,
    /// Where it goes.
    pub url: String,
    /// The types of events that it is for.
    pub events: Vec<String>,
    /// What they are narrowed by.
    pub filter: WebhookFilter,
    /// What it is for.
    pub description: Option<String>,
    /// The secret that its messages are signed with: shown when it is made, by creating or rotating, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Until when the secret before signs beside it.
    pub old_secret_until: Option<String>,
    /// The last event of the log that was looked at for it.
    pub sequence: i64,
    /// When it was created.
    pub created_at: String,
    /// The agent that created it.
    pub created_by: String,
    /// Since when nothing is sent.
    pub disabled_at: Option<String>,
    /// Why.
    pub disabled_because: Option<String>,
}

/// The body of `POST /v1/webhooks/{id}/disable`; it may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DisableWebhook {
    /// Why, 1 to 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer to `DELETE /v1/webhooks/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeletedWebhook {
    /// Its id.
    pub webhook_id: String,
}

/// The body of `POST /v1/webhooks/{id}/replay`; without a body, what was given up is sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayWebhook {
    /// Every event from this sequence on, and not what was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayedWebhook {
    /// Its id.
    pub webhook_id: String,
    /// How many dead letters are sent again; with `since`, how many events of the log are looked at again.
    pub replayed: i64,
}

/// A delivery that did not come about at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// What the receiver knows it by: its `webhook-id`.
    pub message_id: String,
    /// The event's place in the log.
    pub sequence: i64,
    /// `pending`, `done` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was tried last.
    pub tried_at: String,
    /// When it is tried next, while it is pending.
    pub next_at: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
}
