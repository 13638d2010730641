//! `/console/session`: signing in to the console and out; and links that do it once.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::IntoResponse as _;
use passport_shared::api::console::{ConsoleLink, ConsoleSession, SignIn};

use super::App;
use super::bearer;
use super::body::StrictJson;
use super::gate::PERMISSIONS;
use super::presented::{self, Presented};
use super::problem::{Failure, RequestFault};
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};
use crate::service::{Denial, SessionKey, SignedIn};

/// The route of sessions, as it is declared. Who guesses there is held back as on a guarded route.
pub(super) const SESSION_ROUTE: &str = "/console/session";

/// The proof that there is a console, and that no other site's page asks.
pub(crate) struct OwnPage;

impl FromRequestParts<App> for OwnPage {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        if app.issuer.settings().console.is_none() {
            return Err(RequestFault::RouteNotFound.into());
        }
        presented::own_page(&parts.headers)?;
        Ok(Self)
    }
}

/// Sign in to the console, with a passport or with the code of a link that `passport console` has printed.
///
/// The answer sets a cookie, which every route takes in place of a passport. With the cookie, whatever is not `GET` or `HEAD`
/// has to send `csrf` of the answer as `X-CSRF-Token`.
#[utoipa::path(
    post,
    path = "/console/session",
    operation_id = "signIn",
    tag = "console",
    request_body(content = SignIn, example = json!({"link": "2uXx5Cq0t1mGkq0bIYw2n5RjzIhV3v0yWb1xqkz0K9M"})),
    responses(
        (status = 200, description = "The session.", body = ConsoleSession, headers(("Set-Cookie", description = "The session's secret."))),
    ),
)]
pub(crate) async fn sign_in(State(app): State<App>, _: OwnPage, _: Query<NoParameters>, StrictJson(body): StrictJson<SignIn>) -> Answer {
    let entrant = app.issuer.entrant(body).await?;
    // Before anything is made, and before a link is used up.
    app.keeper.agent(entrant.agent_id())?;
    let SignedIn { key, session, life } = app.issuer.sign_in(entrant, PERMISSIONS).await?;
    let mut answer = reply::ok(&session)?;
    answer.headers_mut().insert(header::SET_COOKIE, presented::cookie(&app, key.reveal(), life)?);
    Ok(answer)
}

/// The session that the cookie stands for.
#[utoipa::path(
    get,
    path = "/console/session",
    operation_id = "getSession",
    tag = "console",
    security(("session" = [])),
    responses((status = 200, description = "The session.", body = ConsoleSession)),
)]
pub(crate) async fn session(State(app): State<App>, _: OwnPage, _: Query<NoParameters>, headers: HeaderMap) -> Answer {
    let key = own(&app, &Method::GET, &headers)?;
    let session = app.issuer.console_session(&key, PERMISSIONS).await?;
    app.keeper.agent(&session.agent_id)?;
    reply::ok(&session)
}

/// Sign out: the session is over.
#[utoipa::path(
    delete,
    path = "/console/session",
    operation_id = "signOut",
    tag = "console",
    security(("session" = [])),
    responses((status = 204, description = "It is over, and was or is now.")),
)]
pub(crate) async fn sign_out(State(app): State<App>, _: OwnPage, _: Query<NoParameters>, headers: HeaderMap) -> Answer {
    let key = own(&app, &Method::DELETE, &headers)?;
    app.issuer.sign_out(&key).await?;
    let mut answer = StatusCode::NO_CONTENT.into_response();
    answer.headers_mut().insert(header::SET_COOKIE, presented::cookie(&app, "", 0)?);
    Ok(answer)
}

/// Make a link that opens one session of the console within five minutes, for the passport that this is called with. A
/// session makes none.
#[utoipa::path(
    post,
    path = "/v1/console/links",
    operation_id = "makeConsoleLink",
    tag = "console",
    security(("passport" = [])),
    responses((status = 200, description = "The link.", body = ConsoleLink)),
)]
pub(crate) async fn link(State(app): State<App>, _: OwnPage, headers: HeaderMap, _: Query<NoParameters>) -> Answer {
    let token = bearer::token(&headers)?;
    reply::ok(&app.issuer.console_link(token.as_deref()).await?)
}

/// The session's secret, where the request goes by its cookie.
fn own(app: &App, method: &Method, headers: &HeaderMap) -> Result<SessionKey, Failure> {
    match Presented::read(app, method, headers)? {
        Presented::Session(key) => Ok(key),
        Presented::Nothing | Presented::Bearer(_) => Err(Denial::NoToken.into()),
    }
}
