//! The gate of the few routes that every passport opens to its holder, whatever it allows.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::Failure;
use super::{App, bearer};
use crate::service::Holder;

/// The proof that this request carries a passport that is good now, whatever it is for. As the first argument of a handler
/// it stands before the query, the path and the body are looked at.
pub(crate) struct Own {
    /// Who calls.
    pub(crate) holder: Holder,
    /// The passport as it came.
    pub(crate) token: String,
}

impl FromRequestParts<App> for Own {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let token = bearer::token(&parts.headers)?;
        let holder = app.issuer.holder(token.as_deref()).await?;
        app.keeper.agent(&holder.passport().agent_id)?;
        Ok(Self { holder, token: token.unwrap_or_default().into_owned() })
    }
}
