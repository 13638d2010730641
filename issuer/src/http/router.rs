//! The only list of routes.

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::RequestFault;
use super::{
    App, Front, Limits, agents, approvals, audit, console, frame, health, introspect, keys, log, openapi, pages, passports, public, rates,
    stream, templates, verify, webhooks, well_known,
};
use crate::service::Issuer;

/// The whole service, to be served by [`serve`](super::serve) or called as a tower service.
pub fn router(issuer: Issuer, limits: Limits) -> Router {
    router_behind(issuer, limits, Front::default())
}

/// The same behind a front.
pub(super) fn router_behind(issuer: Issuer, limits: Limits, front: Front) -> Router {
    let (router, document) = routes();
    assemble(router, App::new(issuer, limits, openapi::write(&document), front))
}

/// The routes, and the document that describes them.
pub(super) fn routes() -> (Router<App>, OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(agents::create, agents::list))
        .routes(routes!(agents::get))
        .routes(routes!(agents::disable))
        .routes(routes!(agents::enable))
        .routes(routes!(passports::issue, passports::list))
        .routes(routes!(passports::preview))
        .routes(routes!(passports::renew))
        .routes(routes!(passports::revoke_many))
        .routes(routes!(passports::get))
        .routes(routes!(passports::revoke))
        .routes(routes!(keys::list))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::revoke))
        .routes(routes!(approvals::ask, approvals::list))
        .routes(routes!(approvals::get))
        .routes(routes!(approvals::approve))
        .routes(routes!(approvals::deny))
        .routes(routes!(templates::create, templates::list))
        .routes(routes!(templates::get, templates::change, templates::delete))
        .routes(routes!(templates::expand))
        .routes(routes!(templates::preview))
        .routes(routes!(webhooks::create, webhooks::list))
        .routes(routes!(webhooks::get, webhooks::delete))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::enable))
        .routes(routes!(webhooks::disable))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(audit::report, audit::list))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::proof))
        .routes(routes!(log::published))
        .routes(routes!(log::tile))
        .routes(routes!(log::entries))
        .routes(routes!(stream::follow))
        .routes(routes!(audit::counts))
        .routes(routes!(audit::findings))
        .routes(routes!(audit::reporters))
        .routes(routes!(audit::why))
        .routes(routes!(audit::differences))
        .routes(routes!(console::sign_in, console::session, console::sign_out))
        .routes(routes!(console::link))
        .routes(routes!(verify::verify))
        .routes(routes!(introspect::introspect))
        .routes(routes!(public::status_list))
        .routes(routes!(public::trust_bundle))
        .routes(routes!(well_known::key_set))
        .routes(routes!(well_known::metadata))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(openapi::document))
        .split_for_parts();
    openapi::name_rests(&mut document);
    openapi::add_common_responses(&mut document);
    (router.merge(pages::routes()), document)
}

/// Puts around `router` what every request goes through.
pub(super) fn assemble(router: Router<App>, app: App) -> Router {
    router
        .fallback(|| async { RequestFault::RouteNotFound })
        .method_not_allowed_fallback(|| async { RequestFault::MethodNotAllowed })
        .layer(from_fn_with_state(app.clone(), rates::by_source))
        .layer(from_fn_with_state(app.clone(), frame::frame))
        .with_state(app)
}
