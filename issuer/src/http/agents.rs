//! `/v1/agents`: who can carry passports.

use axum::extract::State;
use passport_shared::api::Page;
use passport_shared::api::agents::{Agent, AgentChanged, AgentState, DisableAgent, NewAgent};
use passport_shared::api::problem::Problem;
use serde::Deserialize;

use super::App;
use super::body::{OptionalJson, StrictJson};
use super::gate::{AgentsRead, AgentsWrite, Gate};
use super::path::Id;
use super::problem::PROBLEM_JSON;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};
use crate::service::AgentQuery;

/// What a list of agents can be narrowed by.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AgentParameters {
    /// With this in their id or name, 1 to 256 bytes; ASCII letters in either case.
    #[serde(default)]
    text: Option<String>,
    /// In this state now.
    #[serde(default)]
    #[param(inline)]
    state: Option<AgentState>,
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// At most this many, 1 to 1,000; 100 where it is left out.
    #[serde(default)]
    limit: Option<u32>,
}

/// Create an agent.
#[utoipa::path(
    post,
    path = "/v1/agents",
    operation_id = "createAgent",
    tag = "agents",
    security(("passport" = ["agents.write on issuer/agents"])),
    request_body(content = NewAgent, example = json!({"agentId": "agent_ollie", "name": "Ollie", "description": "Books travel"})),
    responses(
        (status = 201, description = "It is created.", body = Agent, headers(("Location", description = "Its path."))),
        (status = 409, description = "It does not fit what is there.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    gate: Gate<AgentsWrite>,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<NewAgent>,
) -> Answer {
    let agent = app.issuer.create_agent(&gate.caller, body).await?;
    reply::created("/v1/agents", &agent.agent_id, &agent)
}

/// List agents, by id.
#[utoipa::path(
    get,
    path = "/v1/agents",
    operation_id = "listAgents",
    tag = "agents",
    security(("passport" = ["agents.read on issuer/agents"])),
    params(AgentParameters),
    responses((status = 200, description = "A page of agents.", body = Page<Agent>)),
)]
pub(crate) async fn list(State(app): State<App>, _: Gate<AgentsRead>, Query(query): Query<AgentParameters>) -> Answer {
    let AgentParameters { text, state, cursor, limit } = query;
    reply::ok(&app.issuer.agents(AgentQuery { text, state, cursor, limit }).await?)
}

/// Get an agent.
#[utoipa::path(
    get,
    path = "/v1/agents/{id}",
    operation_id = "getAgent",
    tag = "agents",
    security(("passport" = ["agents.read on issuer/agents"])),
    params(("id" = String, Path, description = "The agent's id.")),
    responses((status = 200, description = "The agent.", body = Agent)),
)]
pub(crate) async fn get(State(app): State<App>, _: Gate<AgentsRead>, Id(id): Id, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.agent(&id).await?)
}

/// Disable an agent and revoke its passports.
#[utoipa::path(
    post,
    path = "/v1/agents/{id}/disable",
    operation_id = "disableAgent",
    tag = "agents",
    security(("passport" = ["agents.write on issuer/agents"])),
    params(("id" = String, Path, description = "The agent's id.")),
    request_body(content = Option<DisableAgent>, description = "It may be left out."),
    responses((status = 200, description = "It is disabled, and was or is now.", body = AgentChanged)),
)]
pub(crate) async fn disable(
    State(app): State<App>,
    gate: Gate<AgentsWrite>,
    Id(id): Id,
    _: Query<NoParameters>,
    OptionalJson(body): OptionalJson<DisableAgent>,
) -> Answer {
    reply::ok(&app.issuer.disable_agent(&gate.caller, &id, body).await?)
}

/// Enable an agent. What was revoked stays revoked.
#[utoipa::path(
    post,
    path = "/v1/agents/{id}/enable",
    operation_id = "enableAgent",
    tag = "agents",
    security(("passport" = ["agents.write on issuer/agents"])),
    params(("id" = String, Path, description = "The agent's id.")),
    responses((status = 200, description = "It is enabled, and was or is now.", body = AgentChanged)),
)]
pub(crate) async fn enable(State(app): State<App>, gate: Gate<AgentsWrite>, Id(id): Id, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.enable_agent(&gate.caller, &id).await?)
}
