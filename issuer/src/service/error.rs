//! What can go wrong in an act, and at the start.

use passport_keys::{RingError, VaultError};
use passport_shared::api::problem::Problem;
use passport_shared::decision::Reason;
use passport_shared::fault::Fault;
use passport_shared::text::quote;

use crate::metrics;
use crate::store::StoreError;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why an act was not done. Nothing is half done.
///
/// Causes inside the issuer (a store, a key file) are kept as sources, written to the log once, where they arise, and
/// never shown to a caller.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The body, or what it asks for, is not valid.
    #[error("the body is not valid: {}", summary(errors))]
    Invalid {
        /// What is wrong, and where in the body.
        errors: Vec<Fault>,
    },
    /// A query parameter is not valid.
    #[error("the query parameter `{name}` is not valid: {detail}")]
    InvalidQuery {
        /// The parameter.
        name: &'static str,
        /// What is wrong with it, and what can stand there.
        detail: String,
    },
    /// There is no such thing.
    #[error("there is no {what} {}", quote(id))]
    NotFound {
        /// The kind of thing.
        what: &'static str,
        /// The id that was asked for.
        id: String,
    },
    /// It does not fit what is there.
    #[error("{detail}")]
    Conflict {
        /// What is in the way, and what to do.
        detail: String,
    },
    /// The caller may do this kind of thing, but not this one.
    #[error("{detail}")]
    Forbidden {
        /// The stable code: `not_held`, `reporter_mismatch`, `own_request`, `not_renewable` or `renewal_over`.
        code: &'static str,
        /// What is missing, and what to do.
        detail: String,
        /// Where in the body.
        errors: Vec<Fault>,
    },
    /// The caller's passport counts no more: it was revoked, or has expired, after the gate let it through.
    #[error("{detail}")]
    Unauthorized {
        /// The stable code, as the gate would say it: `revoked` or `expired`.
        code: &'static str,
        /// What has happened, and what to do.
        detail: String,
    },
    /// More at once than is accepted.
    #[error("{detail}")]
    TooLarge {
        /// What the bound is, and what to do.
        detail: String,
    },
    /// As many passports of one lineage are about as may be.
    #[error("{detail}")]
    TooManyRenewed {
        /// What the bound is, and what to do.
        detail: String,
        /// In how many seconds there is room.
        seconds: u32,
    },
    /// As much waits already as may.
    #[error("{detail}")]
    TooMany {
        /// The stable code.
        code: &'static str,
        /// After how many seconds to try again.
        retry_after: u32,
        /// What the bound is, and what to do.
        detail: String,
    },
    /// It cannot be done now, and may be soon.
    #[error("the issuer cannot answer now; try again in a few seconds")]
    Unavailable(#[source] Cause),
    /// A failure of our own.
    #[error("the issuer failed to {act}; its log says why")]
    Internal {
        /// What was being done.
        act: &'static str,
        /// What happened.
        #[source]
        source: Cause,
    },
}

/// The first fault, and how many more.
fn summary(errors: &[Fault]) -> String {
    let first = errors.first().map(|fault| format!("`{}`: {}", fault.pointer, fault.detail)).unwrap_or_default();
    match errors.len() {
        0 | 1 => first,
        2 => format!("{first}; and one more"),
        more => format!("{first}; and {} more", more - 1),
    }
}

impl ServiceError {
    /// One fault in the body.
    pub(crate) fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid { errors: vec![Fault { pointer: pointer.into(), detail: detail.into() }] }
    }

    /// A failure of our own, which is logged here and nowhere else.
    pub(crate) fn internal(act: &'static str, source: impl Into<Cause>) -> Self {
        let source = source.into();
        tracing::error!(act, error = chain(&*source), "internal error");
        Self::Internal { act, source }
    }

    /// Something that is not there now, which is logged here and nowhere else.
    pub(crate) fn unavailable(source: impl Into<Cause>) -> Self {
        let source = source.into();
        tracing::error!(error = chain(&*source), "unavailable");
        Self::Unavailable(source)
    }

    /// The HTTP status to answer with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid { .. } => 422,
            Self::InvalidQuery { .. } => 400,
            Self::NotFound { .. } => 404,
            Self::Conflict { .. } | Self::TooManyRenewed { .. } => 409,
            Self::Forbidden { .. } => 403,
            Self::Unauthorized { .. } => 401,
            Self::TooLarge { .. } => 413,
            Self::TooMany { .. } => 429,
            Self::Unavailable(_) => 503,
            Self::Internal { .. } => 500,
        }
    }

    /// The stable code: the same in HTTP, `--json` and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid_body",
            Self::InvalidQuery { .. } => "invalid_query",
            Self::NotFound { .. } => "not_found",
            Self::Conflict { .. } => "conflict",
            Self::Forbidden { code, .. } | Self::Unauthorized { code, .. } => code,
            Self::TooLarge { .. } => "too_large",
            Self::TooManyRenewed { .. } => "too_many_renewed",
            Self::TooMany { code, .. } => code,
            Self::Unavailable(_) => "unavailable",
            Self::Internal { .. } => "internal_error",
        }
    }

    /// Seconds for the `Retry-After` header, where trying again may help.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Unavailable(_) => Some(5),
            Self::TooMany { retry_after, .. } => Some(*retry_after),
            Self::TooManyRenewed { seconds, .. } => Some(*seconds),
            _ => None,
        }
    }

    /// The `WWW-Authenticate` header (RFC 6750), where the caller's passport is what is wrong.
    #[must_use]
    pub fn challenge(&self) -> Option<&'static str> {
        matches!(self, Self::Unauthorized { .. }).then_some("Bearer error=\"invalid_token\"")
    }

    /// The answer to give over HTTP (RFC 9457). No internal cause is in it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let errors = match self {
            Self::Invalid { errors } | Self::Forbidden { errors, .. } => errors.clone(),
            _ => Vec::new(),
        };
        let status = self.status();
        Problem {
            kind: "about:blank".to_owned(),
            title: title(status).to_owned(),
            status,
            detail: self.to_string(),
            code: self.code().to_owned(),
            errors,
        }
    }
}

/// An HTTP status in words (RFC 9110).
pub(super) fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// An error with all its causes, in one line for the log.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Poisoned | StoreError::Closed | StoreError::Unavailable(_) => {
                ::metrics::counter!(metrics::STORE, "kind" => "unavailable").increment(1);
            }
            StoreError::Corrupt { .. } => ::metrics::counter!(metrics::STORE, "kind" => "damaged").increment(1),
            _ => {}
        }
        match error {
            StoreError::NotFound { what, id } => Self::NotFound { what, id },
            StoreError::Conflict { what, id, problem } => Self::Conflict { detail: format!("{what} {} {problem}", quote(&id)) },
            StoreError::AgentDisabled { agent_id } => {
                Self::Conflict { detail: format!("agent {} is disabled; enable it first", quote(&agent_id)) }
            }
            StoreError::TooManyPending { .. } => Self::TooMany { code: "too_many_pending", retry_after: 60, detail: error.to_string() },
            StoreError::Busy => Self::TooMany { code: "busy", retry_after: 1, detail: error.to_string() },
            StoreError::TooManyRenewed { most, seconds, .. } => Self::TooManyRenewed {
                detail: format!(
                    "{most} passports that came of the same one are live, or were issued within a minute, and more there cannot be; use the \
                     newest of them, or ask again in {seconds} seconds"
                ),
                seconds: u32::try_from(seconds).unwrap_or(u32::MAX).max(1),
            },
            StoreError::MakerRevoked { passport_id } => Self::Unauthorized {
                code: Reason::Revoked.code(),
                detail: format!("the passport {} was revoked before the change was made; nothing was changed", quote(&passport_id)),
            },
            StoreError::MakerExpired { passport_id } => Self::Unauthorized {
                code: Reason::Expired.code(),
                detail: format!("the passport {} expired before the change was made; nothing was changed", quote(&passport_id)),
            },
            StoreError::Poisoned | StoreError::Closed | StoreError::Unavailable(_) => Self::unavailable(error),
            StoreError::KeyNotActive { .. } | StoreError::StatusIndexTaken { .. } => Self::internal("record a passport", error),
            StoreError::Corrupt { .. } => Self::internal("read the store", error),
        }
    }
}

/// Why an issuer does not start.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting cannot be.
    #[error("the setting `{name}` is {value}: {problem}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What it is.
        value: String,
        /// What can stand there.
        problem: &'static str,
    },
    /// The data belongs to an issuer at another URL.
    #[error(
        "this data belongs to the issuer `{bound}`, and it was started as `{wanted}`; every passport and every verifier \
         names the issuer by its URL, so start it with `--issuer {bound}`, or with another data directory for a new issuer"
    )]
    OtherIssuer {
        /// The URL in the store.
        bound: String,
        /// The URL in the settings.
        wanted: String,
    },
    /// A key that must sign is not in the vault, or cannot be used.
    #[error(
        "the {state} key `{key_id}` cannot be used; restore its key file from a backup, and check that it is opened with \
         the passphrase that sealed it"
    )]
    Key {
        /// `active`, `next`, or `audit log's`.
        state: &'static str,
        /// Its thumbprint.
        key_id: String,
        /// What the vault said.
        #[source]
        source: Box<VaultError>,
    },
    /// The vault cannot be used.
    #[error("the key vault cannot be used")]
    Vault(#[source] Box<VaultError>),
    /// The keys in the store are not a ring.
    #[error("the keys in the store cannot be used")]
    Ring(#[from] RingError),
    /// The store cannot be used.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// What the service needs to start could not be done.
    #[error("the issuer could not be made ready")]
    Service(#[from] ServiceError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_never_change() {
        let cause = || -> Cause { "disk full at /secret/path".into() };
        let errors = [
            ServiceError::invalid("/name", "it is empty"),
            ServiceError::InvalidQuery { name: "limit", detail: "x".into() },
            ServiceError::NotFound { what: "agent", id: "a".into() },
            ServiceError::Conflict { detail: "x".into() },
            ServiceError::Forbidden { code: "not_held", detail: "x".into(), errors: Vec::new() },
            ServiceError::Unauthorized { code: "revoked", detail: "x".into() },
            ServiceError::TooLarge { detail: "x".into() },
            ServiceError::TooManyRenewed { detail: "x".into(), seconds: 9 },
            ServiceError::unavailable(cause()),
            ServiceError::internal("sign", cause()),
        ];
        let shown: Vec<String> = errors.iter().map(|error| format!("{} {}", error.status(), error.code())).collect();
        assert_eq!(
            shown,
            [
                "422 invalid_body",
                "400 invalid_query",
                "404 not_found",
                "409 conflict",
                "403 not_held",
                "401 revoked",
                "413 too_large",
                "409 too_many_renewed",
                "503 unavailable",
                "500 internal_error"
            ]
        );
        for error in &errors {
            assert_eq!(error.challenge().is_some(), error.status() == 401);
            let problem = error.problem();
            assert_eq!((problem.status, problem.code.as_str()), (error.status(), error.code()));
            assert!(!serde_json::to_string(&problem).unwrap().contains("secret"), "a cause is shown: {problem:?}");
        }
    }

    #[test]
    fn every_error_of_a_store_has_its_answer() {
        let boxed = || -> Cause { "x".into() };
        for (error, status) in [
            (StoreError::NotFound { what: "agent", id: "a".into() }, 404),
            (StoreError::Conflict { what: "agent", id: "a".into(), problem: "exists already".into() }, 409),
            (StoreError::AgentDisabled { agent_id: "a".into() }, 409),
            (StoreError::TooManyRenewed { passport_id: "pp".into(), most: 8, seconds: 9 }, 409),
            (StoreError::MakerRevoked { passport_id: "pp".into() }, 401),
            (StoreError::MakerExpired { passport_id: "pp".into() }, 401),
            (StoreError::Busy, 429),
            (StoreError::Poisoned, 503),
            (StoreError::Closed, 503),
            (StoreError::Unavailable(boxed()), 503),
            (StoreError::Corrupt { what: "a key", source: boxed() }, 500),
        ] {
            assert_eq!(ServiceError::from(error).status(), status);
        }
    }

    #[test]
    fn a_name_in_an_error_cannot_break_out_of_its_quotes() {
        let error = ServiceError::NotFound { what: "agent", id: "a`\u{1b}[2J".into() };
        assert_eq!(error.to_string(), "there is no agent `a\\`\\u{1b}[2J`");
    }
}
