//! The gate: the issuer's own API is guarded by passports that the project's own verifier checks.

use passport_shared::api::problem::Problem;
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use passport_shared::text::escape;
use passport_verifier::{Decision, Reason};

use super::change::{Author, to_json};
use super::error::title;
use super::ids::Id;
use super::{Credential, Issuer, ServiceError};
use crate::traces::{self, Mark};

/// An agent that the gate has let through, for one request. Only [`Issuer::authorize`] makes one, so to hold it is the
/// proof.
#[derive(Clone, Debug)]
pub struct Caller {
    passport: Passport,
    author: Author,
}

impl Caller {
    /// The agent: the `sub` of the passport used.
    #[must_use]
    pub fn agent_id(&self) -> &str {
        &self.passport.agent_id
    }

    /// The passport used: its `jti`.
    #[must_use]
    pub fn passport_id(&self) -> &str {
        &self.passport.id
    }

    /// The id of this request: the same in the answer, the audit event and the logs.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.author.request_id
    }

    /// What the passport says.
    #[must_use]
    pub fn claims(&self) -> &Passport {
        &self.passport
    }

    /// The gate's decision as JSON (contract section 3): what goes into the audit event of a change.
    #[must_use]
    pub fn decision(&self) -> &str {
        &self.author.decision
    }

    pub(super) fn author(&self) -> &Author {
        &self.author
    }
}

/// Why the gate lets nobody through.
#[derive(Debug)]
pub enum Denial {
    /// No token at all.
    NoToken,
    /// A cookie that stands for no session.
    NoSession {
        /// Whether it stood for one: a guess is told from what is over.
        was: bool,
    },
    /// A link to the console that opens nothing: it was used, is too old, or never was one.
    NoLink,
    /// The verifier's decision: not an allow.
    Decision {
        /// The `application/problem+json` body.
        body: String,
        /// The HTTP status.
        status: u16,
        /// The `WWW-Authenticate` header, where there is one.
        challenge: Option<&'static str>,
        /// The `Retry-After` header in seconds, where trying again may help.
        retry_after: Option<u32>,
        /// Why.
        reason: Reason,
        /// The id of this request.
        request_id: String,
    },
    /// What deciding takes is not there.
    Failed(ServiceError),
}

impl Denial {
    /// The HTTP status to answer with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NoToken | Self::NoSession { .. } | Self::NoLink => 401,
            Self::Decision { status, .. } => *status,
            Self::Failed(error) => error.status(),
        }
    }

    /// The `WWW-Authenticate` header (RFC 6750): bare where there is no token at all.
    #[must_use]
    pub fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::NoToken | Self::NoSession { .. } | Self::NoLink => Some("Bearer"),
            Self::Decision { challenge, .. } => *challenge,
            Self::Failed(_) => None,
        }
    }

    /// The `Retry-After` header, in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::NoToken | Self::NoSession { .. } | Self::NoLink => None,
            Self::Decision { retry_after, .. } => *retry_after,
            Self::Failed(error) => error.retry_after(),
        }
    }

    /// The stable code of the problem.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "missing_token",
            Self::NoSession { was: false } => "invalid_session",
            Self::NoSession { was: true } => "session_over",
            Self::NoLink => "invalid_link",
            Self::Decision { reason, .. } => reason.code(),
            Self::Failed(error) => error.code(),
        }
    }

    /// The `application/problem+json` body (RFC 9457).
    #[must_use]
    pub fn body(&self) -> String {
        let detail = match self {
            Self::Decision { body, .. } => return body.clone(),
            Self::Failed(error) => return serde_json::to_string(&error.problem()).unwrap_or_default(),
            Self::NoToken => "this needs a passport: send it as `Authorization: Bearer <passport>`",
            Self::NoSession { was: false } => "the cookie stands for no session of the console; sign in again",
            Self::NoSession { was: true } => "the session of the console is over; sign in again",
            Self::NoLink => "the link was used already, is older than five minutes, or is none; run `passport console` for another",
        };
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: title(401).to_owned(),
            status: 401,
            detail: detail.to_owned(),
            code: self.code().to_owned(),
            errors: Vec::new(),
        };
        serde_json::to_string(&problem).unwrap_or_default()
    }
}

impl Issuer {
    /// Decides whether who shows this credential may do `action` on `resource` at this issuer, by the same verifier and on
    /// the same trust that everybody else has. A session of the console is decided on as its passport is. A resource must be named; the audience is the issuer's URL.
    ///
    /// `attributes` are what grants can constrain, for example the id in the path. The names `action`, `resource`,
    /// `agentId`, `requestId`, `approval` and `proof` are reserved (contract section 3): name the agent that a call is
    /// about `agent`, the passport `passport`, the key `key`.
    ///
    /// A denial is logged with reason, passport and action, never with the token. It is no audit event: the audit log
    /// has changes, and what verifiers report.
    ///
    /// # Errors
    /// A [`Denial`], to be answered as it is.
    pub async fn authorize(
        &self,
        credential: impl Into<Credential<'_>> + Send,
        action: &'static str,
        resource: &'static str,
        attributes: &[(&str, &str)],
    ) -> Result<Caller, Denial> {
        traces::child("gate", self.decide(credential.into(), action, resource, attributes), |decided, mark| {
            mark(Mark::Action(action));
            mark(Mark::Resource(resource));
            told(decided.as_ref().err(), mark)
        })
        .await
    }

    async fn decide(
        &self,
        credential: Credential<'_>,
        action: &'static str,
        resource: &'static str,
        attributes: &[(&str, &str)],
    ) -> Result<Caller, Denial> {
        if matches!(credential, Credential::Nothing) {
            tracing::info!(action, resource, reason = "missing_token", "denied at the gate");
            return Err(Denial::NoToken);
        }
        // What the gate believes is brought up to date first, or nothing is decided.
        self.edition().await.map_err(Denial::Failed)?;
        let shown = self.shown(credential).await.inspect_err(|denial| {
            tracing::info!(action, resource, reason = denial.code(), "denied at the gate");
        })?;
        let now = self.now();
        let request_id = self.new_id(Id::Request);
        let mut request = Request::new(action).on(resource).identified(request_id.as_str());
        for (name, value) in attributes {
            request = request.with(*name, *value);
        }
        let decision = shown.decide(&self.inner.gate, &request, now);
        match (&decision, decision.passport()) {
            (Decision::Allow(_), Some(passport)) => {
                let author = Author {
                    name: passport.agent_id.to_string(),
                    passport_id: Some(passport.id.to_string()),
                    request_id,
                    action: action.to_owned(),
                    resource: resource.to_owned(),
                    decision: to_json(&decision.record()).map_err(Denial::Failed)?,
                    decided_at: now,
                };
                Ok(Caller { passport: passport.clone(), author })
            }
            _ => Err(denial(&decision, request_id, action, resource)),
        }
    }
}

/// What a span of the gate says, and whether it failed for a reason of ours.
pub(super) fn told(denial: Option<&Denial>, mark: &mut dyn FnMut(Mark)) -> bool {
    mark(Mark::Code(denial.map_or(Reason::Granted.code(), Denial::code)));
    matches!(denial, Some(Denial::Failed(_)))
}

pub(super) fn denial(decision: &Decision<'_>, request_id: String, action: &str, resource: &str) -> Denial {
    let reason = decision.reason();
    let shown = |text: &str| escape(text);
    let jti = decision.passport().map(|passport| shown(&passport.id));
    let agent = decision.passport().map(|passport| shown(&passport.agent_id));
    tracing::info!(%reason, jti, agent, action, resource, request_id, "denied at the gate");
    let problem = decision.problem();
    match to_json(&problem) {
        Ok(body) => Denial::Decision {
            body,
            status: problem.status(),
            challenge: problem.challenge(),
            retry_after: problem.retry_after(),
            reason,
            request_id,
        },
        Err(error) => Denial::Failed(error),
    }
}

#[cfg(test)]
mod tests;
