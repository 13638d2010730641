//! What a handler behind the layer knows.

use std::sync::Arc;

use passport_shared::request::Request;

use crate::decision::Granted;

/// The proof that what a request wants to do was decided, recorded and allowed before its handler was called.
///
/// Only [`GuardLayer`](super::GuardLayer) makes one. It is in the request's extensions, and with axum a handler takes
/// it as an argument. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Allowed(Arc<(Facts, Request)>);

/// What is kept of an allow, on its own feet.
#[derive(Debug)]
pub(super) struct Facts {
    request_id: String,
    agent_id: String,
    passport_id: String,
    on_behalf_of: Option<String>,
    grant: usize,
}

impl Facts {
    /// `None` where an allow lacks what every allow has.
    pub(super) fn of(granted: &Granted<'_>) -> Option<Self> {
        let passport = granted.passport()?;
        Some(Self {
            request_id: granted.request_id()?.to_owned(),
            agent_id: passport.agent_id.to_string(),
            passport_id: passport.id.to_string(),
            on_behalf_of: passport.on_behalf_of.as_ref().map(ToString::to_string),
            grant: granted.grant(),
        })
    }

    pub(super) fn about(self, request: Request) -> Allowed {
        Allowed(Arc::new((self, request)))
    }
}

impl Allowed {
    /// What was allowed: the action, the resource and the attributes.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.0.1
    }

    /// The request's id, the same as in the audit log.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.0.0.request_id
    }

    /// The agent that may do it (`sub`).
    #[must_use]
    pub fn agent_id(&self) -> &str {
        &self.0.0.agent_id
    }

    /// The passport that allows it (`jti`).
    #[must_use]
    pub fn passport_id(&self) -> &str {
        &self.0.0.passport_id
    }

    /// Who answers for the agent (`onBehalfOf`), where the passport says so.
    #[must_use]
    pub fn on_behalf_of(&self) -> Option<&str> {
        self.0.0.on_behalf_of.as_deref()
    }

    /// The index of the grant that allows it.
    #[must_use]
    pub fn grant(&self) -> usize {
        self.0.0.grant
    }
}
