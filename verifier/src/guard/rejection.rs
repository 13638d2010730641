//! The answer to a request that is not allowed, over HTTP.

use std::fmt;

use passport_shared::decision::{DecisionProblem, Reason};
use serde_json::json;

use crate::decision::{Denied, Pending};

/// Everything to answer over HTTP where the answer is no: status, headers and an `application/problem+json` body
/// (contract section 3, RFC 9457, RFC 6750).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: u16,
    reason: Option<Reason>,
    challenge: Option<&'static str>,
    retry_after: Option<u32>,
    body: String,
}

/// The code of a rejection for want of a token: no decision was taken, so it is no [`Reason`].
const MISSING_TOKEN: &str = "missing_token";

impl Rejection {
    /// The body's media type.
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// No token at all: 401 with a bare challenge, which says nothing of errors (RFC 6750, section 3.1).
    pub(super) fn missing_token() -> Self {
        let body = json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401, "code": MISSING_TOKEN,
            "detail": "this needs a passport in the header `Authorization: Bearer …`",
        });
        Self { status: 401, reason: None, challenge: Some("Bearer"), retry_after: None, body: body.to_string() }
    }

    /// A mistake of the service itself: 500, and no decision was taken.
    pub(crate) fn internal(detail: &str) -> Self {
        let body = json!({
            "type": "about:blank", "title": "Internal Server Error", "status": 500, "code": Reason::InternalError, "detail": detail,
        });
        Self { status: 500, reason: Some(Reason::InternalError), challenge: None, retry_after: None, body: body.to_string() }
    }

    fn of(reason: Reason, problem: &DecisionProblem<'_>) -> Self {
        Self {
            status: problem.status(),
            reason: Some(reason),
            challenge: problem.challenge(),
            retry_after: problem.retry_after(),
            // Written in full or not at all: half a body could say anything.
            body: serde_json::to_string(problem).unwrap_or_else(|_| json!({ "status": problem.status(), "code": reason }).to_string()),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body's `code`: that of the reason, or `missing_token`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.reason.map_or(MISSING_TOKEN, Reason::code)
    }

    /// Why; `None` where there was no token to decide on.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// The value of the `WWW-Authenticate` header, where there is one.
    #[must_use]
    pub fn challenge(&self) -> Option<&'static str> {
        self.challenge
    }

    /// Seconds for the `Retry-After` header, where trying again may help.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// The body, as JSON.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

impl From<Denied<'_>> for Rejection {
    fn from(denied: Denied<'_>) -> Self {
        Self::of(denied.reason(), &denied.problem())
    }
}

impl From<Pending<'_>> for Rejection {
    fn from(pending: Pending<'_>) -> Self {
        Self::of(Reason::ApprovalRequired, &pending.problem())
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected with {}: {}", self.status, self.code())
    }
}

impl std::error::Error for Rejection {}
