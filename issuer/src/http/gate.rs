//! The gate in front of every guarded route: an action on a resource, asked before the body is read.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::App;
use super::access_log::Seen;
use super::presented::Presented;
use super::problem::Failure;
use crate::service::Caller;

/// An action on a resource, as contract section 7 names them.
pub(crate) trait Permission: Send + Sync + 'static {
    /// The action.
    const ACTION: &'static str;
    /// What it is done to.
    const RESOURCE: &'static str;
    /// The attribute that grants can constrain the id in the path by, on routes that have one.
    const ID: &'static str;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $action:literal on $resource:literal, id $id:literal;)*) => {
        /// All of them: what a session of the console is told of whether it may.
        pub(crate) const PERMISSIONS: &[crate::service::Permission] = &[$(($action, $resource)),*];

        $(
            $(#[$doc])*
            pub(crate) enum $name {}

            impl Permission for $name {
                const ACTION: &'static str = $action;
                const RESOURCE: &'static str = $resource;
                const ID: &'static str = $id;
            }
        )*
    };
}

permissions! {
    /// See agents.
    AgentsRead = "agents.read" on "issuer/agents", id "agent";
    /// Create, disable and enable agents.
    AgentsWrite = "agents.write" on "issuer/agents", id "agent";
    /// Issue passports.
    PassportsIssue = "passports.issue" on "issuer/passports", id "passport";
    /// See passports, never their tokens.
    PassportsRead = "passports.read" on "issuer/passports", id "passport";
    /// Revoke passports.
    PassportsRevoke = "passports.revoke" on "issuer/passports", id "passport";
    /// See keys, never their secret part.
    KeysRead = "keys.read" on "issuer/keys", id "key";
    /// Rotate keys.
    KeysRotate = "keys.rotate" on "issuer/keys", id "key";
    /// Revoke a key and all that it signed.
    KeysRevoke = "keys.revoke" on "issuer/keys", id "key";
    /// See approvals, never their tokens.
    ApprovalsRead = "approvals.read" on "issuer/approvals", id "approvalId";
    /// Approve and deny.
    ApprovalsDecide = "approvals.decide" on "issuer/approvals", id "approvalId";
    /// See templates, and what they come to.
    TemplatesRead = "templates.read" on "issuer/templates", id "template";
    /// Save and delete templates.
    TemplatesWrite = "templates.write" on "issuer/templates", id "template";
    /// See webhooks, never their secrets.
    WebhooksRead = "webhooks.read" on "issuer/webhooks", id "webhook";
    /// Create, change, delete and replay webhooks.
    WebhooksWrite = "webhooks.write" on "issuer/webhooks", id "webhook";
    /// Read the audit log.
    AuditRead = "audit.read" on "issuer/audit", id "event";
    /// Report to the audit log.
    AuditWrite = "audit.write" on "issuer/audit", id "event";
    /// Have passports checked.
    Verify = "verify" on "issuer/verify", id "passport";
}

/// The proof that the service allowed this request's caller the permission `P`. As the first argument of a handler it
/// stands before the query, the path and the body are looked at.
pub(crate) struct Gate<P> {
    /// Who calls.
    pub(crate) caller: Caller,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<App> for Gate<P> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        // An id that cannot be read names nothing: it is left out, so that no constraint on it can hold, and is 404 later.
        let ids = RawPathParams::from_request_parts(parts, app).await.ok();
        let attributes: Vec<_> = ids.iter().flatten().map(|(_, id)| (P::ID, id)).collect();
        let presented = Presented::read(app, &parts.method, &parts.headers)?;
        let outcome = app.issuer.authorize(presented.credential(), P::ACTION, P::RESOURCE, &attributes).await;
        if let Some(seen) = parts.extensions.get::<Seen>() {
            seen.note(&outcome);
        }
        let caller = outcome?;
        app.keeper.agent(caller.agent_id())?;
        Ok(Self { caller, permission: PhantomData })
    }
}
