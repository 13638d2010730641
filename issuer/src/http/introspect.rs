//! `/v1/introspect`: whether a token is a live passport of this issuer (RFC 7662).

use axum::extract::State;
use passport_shared::api::checks::Introspection;
use passport_shared::fault::Fault;
use utoipa::ToSchema;

use super::App;
use super::body::Form;
use super::gate::{Gate, Verify};
use super::problem::RequestFault;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};

/// The form of RFC 7662 section 2.1. Names that are not these are passed over, as RFC 6749 section 3.2 wants it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is there to be documented: the form is read pair by pair, to see a name that stands twice")]
pub(crate) struct IntrospectForm {
    /// The token.
    token: String,
    /// Ignored: there is one kind of token.
    token_type_hint: Option<String>,
}

/// Look at a token (RFC 7662). One that is not a live passport of this issuer is `{"active": false}`.
#[utoipa::path(
    post,
    path = "/v1/introspect",
    operation_id = "introspect",
    tag = "checks",
    security(("passport" = ["verify on issuer/verify"])),
    request_body(content = IntrospectForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "What it is.", body = Introspection)),
)]
pub(crate) async fn introspect(State(app): State<App>, _: Gate<Verify>, _: Query<NoParameters>, Form(pairs): Form) -> Answer {
    let mut tokens = pairs.into_iter().filter(|(name, _)| name == "token").map(|(_, value)| value);
    match (tokens.next(), tokens.next()) {
        (Some(token), None) => reply::ok(&app.issuer.introspect(&token).await?),
        (None, _) => Err(fault("it is missing")),
        (Some(_), Some(_)) => Err(fault("it stands twice")),
    }
}

fn fault(detail: &str) -> super::problem::Failure {
    RequestFault::Form(vec![Fault { pointer: "/token".to_owned(), detail: detail.to_owned() }]).into()
}
