//! `/v1/templates`: named sets of grants with parameters.

use axum::extract::State;
use passport_shared::api::Page;
use passport_shared::api::problem::Problem;
use passport_shared::api::templates::{
    DeletedTemplate, ExpandTemplate, ExpandedTemplate, PreviewTemplate, SaveTemplate, Template, TemplatePreview,
};
use serde::Deserialize;

use super::App;
use super::body::{OptionalJson, StrictJson};
use super::gate::{Gate, TemplatesRead, TemplatesWrite};
use super::path::Id;
use super::problem::PROBLEM_JSON;
use super::query::{NoParameters, PageParameters, Query};
use super::reply::{self, Answer};

/// Which revision of a template.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevisionParameters {
    /// This one, also after the template was deleted; the newest, where it is left out.
    #[serde(default)]
    revision: Option<i64>,
}

/// Create a template.
#[utoipa::path(
    post,
    path = "/v1/templates",
    operation_id = "createTemplate",
    tag = "templates",
    security(("passport" = ["templates.write on issuer/templates"])),
    request_body(content = SaveTemplate, example = json!({
        "name": "team-reports",
        "description": "Reads the reports of one team",
        "parameters": {"team": {"type": "string"}, "limit": {"type": "number", "max": 1000, "default": 50}},
        "grants": [{
            "resource": "reports/${team}/**",
            "allowedActions": ["read"],
            "constraints": {"pages": {"max": {"$param": "limit"}}},
        }],
        "audience": ["https://reports.example"],
        "expiresIn": 3600,
    })),
    responses(
        (status = 201, description = "It is created.", body = Template, headers(("Location", description = "Its path."))),
        (status = 409, description = "It does not fit what is there.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    gate: Gate<TemplatesWrite>,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<SaveTemplate>,
) -> Answer {
    let template = app.issuer.create_template(&gate.caller, body).await?;
    reply::created("/v1/templates", &template.name, &template)
}

/// List templates, by name.
#[utoipa::path(
    get,
    path = "/v1/templates",
    operation_id = "listTemplates",
    tag = "templates",
    security(("passport" = ["templates.read on issuer/templates"])),
    params(PageParameters),
    responses((status = 200, description = "A page of templates.", body = Page<Template>)),
)]
pub(crate) async fn list(State(app): State<App>, _: Gate<TemplatesRead>, Query(page): Query<PageParameters>) -> Answer {
    reply::ok(&app.issuer.templates(page.cursor, page.limit).await?)
}

/// Get a template, in its newest revision or another.
#[utoipa::path(
    get,
    path = "/v1/templates/{name}",
    operation_id = "getTemplate",
    tag = "templates",
    security(("passport" = ["templates.read on issuer/templates"])),
    params(("name" = String, Path, description = "The template's name."), RevisionParameters),
    responses((status = 200, description = "The template.", body = Template)),
)]
pub(crate) async fn get(State(app): State<App>, _: Gate<TemplatesRead>, Id(name): Id, Query(query): Query<RevisionParameters>) -> Answer {
    reply::ok(&app.issuer.template(&name, query.revision).await?)
}

/// Change a template: a new revision. Passports issued before stay as they are.
#[utoipa::path(
    put,
    path = "/v1/templates/{name}",
    operation_id = "changeTemplate",
    tag = "templates",
    security(("passport" = ["templates.write on issuer/templates"])),
    params(("name" = String, Path, description = "The template's name.")),
    request_body(content = SaveTemplate),
    responses(
        (status = 200, description = "It is changed.", body = Template),
        (status = 409, description = "It has another revision by now.", body = Problem, content_type = PROBLEM_JSON),
    ),
)]
pub(crate) async fn change(
    State(app): State<App>,
    gate: Gate<TemplatesWrite>,
    Id(name): Id,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<SaveTemplate>,
) -> Answer {
    reply::ok(&app.issuer.change_template(&gate.caller, &name, body).await?)
}

/// Delete a template. Passports issued by it stay until they are revoked or expire.
#[utoipa::path(
    delete,
    path = "/v1/templates/{name}",
    operation_id = "deleteTemplate",
    tag = "templates",
    security(("passport" = ["templates.write on issuer/templates"])),
    params(("name" = String, Path, description = "The template's name.")),
    responses((status = 200, description = "It is deleted.", body = DeletedTemplate)),
)]
pub(crate) async fn delete(State(app): State<App>, gate: Gate<TemplatesWrite>, Id(name): Id, _: Query<NoParameters>) -> Answer {
    reply::ok(&app.issuer.delete_template(&gate.caller, &name).await?)
}

/// See what a template comes to. Nothing is issued.
#[utoipa::path(
    post,
    path = "/v1/templates/{name}/expand",
    operation_id = "expandTemplate",
    tag = "templates",
    security(("passport" = ["templates.read on issuer/templates"])),
    params(("name" = String, Path, description = "The template's name.")),
    request_body(content = Option<ExpandTemplate>, description = "It may be left out.", example = json!({"parameters": {"team": "north"}})),
    responses((status = 200, description = "Its grants, as they would be signed, and in sentences.", body = ExpandedTemplate)),
)]
pub(crate) async fn expand(
    State(app): State<App>,
    _: Gate<TemplatesRead>,
    Id(name): Id,
    _: Query<NoParameters>,
    OptionalJson(body): OptionalJson<ExpandTemplate>,
) -> Answer {
    reply::ok(&app.issuer.expand_template(&name, body).await?)
}

/// See what a template would come to that is being written. Nothing is saved, and none of that name has to be there.
#[utoipa::path(
    post,
    path = "/v1/templates/{name}/preview",
    operation_id = "previewTemplate",
    tag = "templates",
    security(("passport" = ["templates.write on issuer/templates"])),
    params(("name" = String, Path, description = "The name that it has, or would have.")),
    request_body(content = PreviewTemplate, example = json!({
        "parameters": {"team": {"type": "string"}},
        "grants": [{"resource": "reports/${team}/**", "allowedActions": ["read"]}],
        "values": {"team": "north"},
    })),
    responses((status = 200, description = "Its grants, as they would be signed, and in sentences.", body = TemplatePreview)),
)]
pub(crate) async fn preview(
    State(app): State<App>,
    _: Gate<TemplatesWrite>,
    Id(_): Id,
    _: Query<NoParameters>,
    StrictJson(body): StrictJson<PreviewTemplate>,
) -> Answer {
    reply::ok(&app.issuer.preview_template(&body)?)
}
