//! Agents.

use serde::{Deserialize, Serialize};

/// The body of `POST /v1/agents`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAgent {
    /// The agent's id, 1 to 256 bytes; the issuer makes one where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// A name for people, 1 to 256 bytes.
    pub name: String,
    /// What it is for; at most 4,096 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agent {
    /// Its id: the `sub` of its passports.
    pub agent_id: String,
    /// A name for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is `enabled` or `disabled`.
    pub state: AgentState,
    /// When it was created.
    pub created_at: String,
    /// When it was disabled.
    pub disabled_at: Option<String>,
}

/// Whether an agent can be given passports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AgentState {
    /// It can.
    Enabled,
    /// It cannot, and those that it had are revoked.
    Disabled,
}

/// The body of `POST /v1/agents/{id}/disable`; it may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DisableAgent {
    /// Why, for the record; at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer to disabling or enabling an agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentChanged {
    /// The agent as it is now.
    #[serde(flatten)]
    pub agent: Agent,
    /// How many of its passports this revoked.
    pub revoked_passports: u64,
}
