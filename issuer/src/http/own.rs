//! The gate of the few routes that every passport opens to its holder, whatever it allows.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::App;
use super::presented::Presented;
use super::problem::Failure;
use crate::service::Holder;

/// The proof that this request carries a passport that is good now, whatever it is for. As the first argument of a handler
/// it stands before the query, the path and the body are looked at.
pub(crate) struct Own {
    /// Who calls.
    pub(crate) holder: Holder,
    /// What was shown.
    pub(crate) presented: Presented,
}

impl FromRequestParts<App> for Own {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let presented = Presented::read(app, &parts.method, &parts.headers)?;
        let holder = app.issuer.holder(presented.credential()).await?;
        app.keeper.agent(&holder.passport().agent_id)?;
        Ok(Self { holder, presented })
    }
}
