//! The OpenAPI document, made from the same declarations as the routes.

use axum::body::Bytes;
use axum::extract::State;
use passport_shared::api::problem::Problem;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{OpenApi as _, ToSchema as _};

use super::App;
use super::problem::PROBLEM_JSON;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};
use super::router;

/// How long the document may be kept, in seconds: it changes with a release.
const MAX_AGE: u32 = 300;

/// The OpenAPI document of the whole service.
#[must_use]
pub fn openapi() -> OpenApi {
    router::routes().1
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApi",
    tag = "documentation",
    responses((status = 200, description = "The OpenAPI 3.1 document.", body = Object)),
)]
pub(crate) async fn document(State(app): State<App>, _: Query<NoParameters>) -> Answer {
    Ok(reply::public(reply::raw_json(app.openapi.clone()), MAX_AGE))
}

/// What stands above the paths.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Passport issuer",
        description = "Mints, lists and revokes passports for AI agents, and keeps the audit log of what was decided on \
                       them. Calls under `/v1` that are not public need a passport for this issuer, whose grants allow the \
                       action on the resource named with each call. Everything that goes wrong is answered as \
                       `application/problem+json` (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "agents", description = "Who can carry passports."),
        (name = "passports", description = "Issue, list, revoke."),
        (name = "templates", description = "Named sets of grants with parameters."),
        (name = "keys", description = "The signing keys, never their secret part."),
        (name = "audit", description = "What verifiers report, and what became of it."),
        (name = "log", description = "The audit log as static files, for monitors and witnesses (C2SP tlog-tiles)."),
        (name = "webhooks", description = "Who is told of what happens."),
        (name = "console", description = "Signing in to the console, whose cookie every route takes in place of a passport."),
        (name = "checks", description = "Decisions for callers that have no verifier of their own."),
        (name = "trust", description = "What a verifier needs, for anyone."),
        (name = "health", description = "For whoever keeps the process running."),
        (name = "documentation", description = "This document."),
    ),
    components(schemas(Problem)),
)]
struct Base;

/// The document before the routes are in it.
pub(super) fn base() -> OpenApi {
    let mut document = Base::openapi();
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("passport+jwt")
        .description(Some("A passport whose audience is this issuer (RFC 6750)."))
        .build();
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert("passport".to_owned(), RefOr::T(SecurityScheme::Http(scheme)));
    let cookie = ApiKeyValue::with_description(
        "__Host-passport-console",
        "A session of the console; `passport-console` where the issuer's URL is http. What is not GET or HEAD needs `X-CSRF-Token` with it.",
    );
    components.security_schemes.insert("session".to_owned(), RefOr::T(SecurityScheme::ApiKey(ApiKey::Cookie(cookie))));
    components.responses = COMMON.iter().map(|(_, name, description)| ((*name).to_owned(), problem(description))).collect();
    document
}

/// The document as it is sent, and as it is committed.
pub(super) fn write(document: &OpenApi) -> Bytes {
    // A document of strings and lists: writing it cannot fail, and a test reads what comes of it.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text.into()
}

/// What can go wrong in more than one place: status, name, description.
const COMMON: [(&str, &str, &str); 11] = [
    ("400", "BadRequest", "The query or the JSON is malformed: `invalid_query`, `malformed_json`, `incomplete_body`, `invalid_request`."),
    ("401", "Unauthorized", "There is no passport (`missing_token`), or something is wrong with it: the reason is the `code`."),
    ("403", "Forbidden", "The passport does not allow it: the reason is the `code`, and the decision's fields are beside it."),
    ("404", "NotFound", "There is no such thing: `not_found`."),
    ("408", "RequestTimeout", "The request did not arrive, or was not done, in time: `request_timeout`."),
    ("413", "ContentTooLarge", "The body has too many bytes (`body_too_large`) or too much in it (`too_large`)."),
    ("415", "UnsupportedMediaType", "The body is of another type, or coded: `unsupported_media_type`."),
    ("422", "UnprocessableContent", "The body is not of the form that is wanted: `invalid_body`, and `errors` says where."),
    (
        "429",
        "TooManyRequests",
        "It is asked too often (`rate_limited`), or too many bad passports came from this address (`locked_out`); try again after `Retry-After`.",
    ),
    ("500", "InternalError", "A failure of ours: `internal_error`."),
    ("503", "Unavailable", "It cannot be done now; try again after `Retry-After`."),
];

fn problem(description: &str) -> RefOr<Response> {
    let content = Content::new(Some(Ref::from_schema_name(Problem::name())));
    ResponseBuilder::new().description(description).content(PROBLEM_JSON, content).build().into()
}

/// Writes a parameter that takes the rest of a path, `{*name}` to the router, as OpenAPI does any: `{name}`.
pub(super) fn name_rests(document: &mut OpenApi) {
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
}

/// Adds to each operation what can go wrong by its very form: a gate, a body, an id in the path.
pub(super) fn add_common_responses(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().flatten() {
            for (status, name, _) in &COMMON {
                if can_come(status, path, operation) {
                    let response = RefOr::Ref(Ref::from_response_name(*name));
                    operation.responses.responses.entry((*status).to_owned()).or_insert(response);
                }
            }
        }
    }
}

fn can_come(status: &str, path: &str, operation: &Operation) -> bool {
    let guarded = operation.security.is_some();
    let tagged = |tag: &str| operation.tags.iter().flatten().any(|own| own == tag);
    match status {
        "401" | "403" => guarded || tagged("console"),
        "429" => !tagged("health"),
        // A console that is switched off is not there.
        "404" => path.contains('{') || tagged("console"),
        "413" | "415" => operation.request_body.is_some(),
        // What is wrong in a form is 400 (RFC 6749 section 5.2).
        "422" => takes_json(operation),
        "503" => guarded || tagged("console") || tagged("trust") || tagged("log") || path == "/readyz",
        _ => true,
    }
}

fn takes_json(operation: &Operation) -> bool {
    match &operation.request_body {
        Some(RefOr::T(body)) => body.content.contains_key("application/json"),
        _ => false,
    }
}
