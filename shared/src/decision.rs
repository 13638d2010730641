//! What comes of a request: outcome, reason, message and every unmet clause (contract section 3).

use std::fmt;

use serde::Serialize;
use smol_str::SmolStr;

use crate::constraint::Shown;
use crate::key_set::KeyId;
use crate::request::Attributes;

/// The three things a decision can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Go ahead.
    Allow,
    /// Ask a person first.
    ApprovalRequired,
    /// Do not.
    Deny,
}

impl Outcome {
    /// Its stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::ApprovalRequired => "approval_required",
            Self::Deny => "deny",
        }
    }
}

/// Whom a reason concerns, which decides HTTP status and exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Nobody: it was granted.
    Granted,
    /// The passport (steps 1 to 8).
    Passport,
    /// A proof that belongs to the passport.
    Proof,
    /// The request itself.
    Request,
    /// What the passport permits (`agent_mismatch` and steps 10 to 13).
    Permission,
    /// A person, who has to approve.
    Approval,
    /// Something that is not there now and may be soon.
    Unavailable,
    /// A failure of our own.
    Internal,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $concern:ident;)*) => {
        /// Why. The codes never change; new ones may come.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason, in the order in which they are looked at.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its stable code: the same in answers, audit, logs and metrics.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Whom it concerns.
            #[must_use]
            pub fn concern(self) -> Concern {
                match self { $(Self::$name => Concern::$concern,)* }
            }
        }
    };
}

reasons! {
    /// The time given is none that a decision can be taken at, or the clock went back.
    ClockUntrusted = "clock_untrusted", Unavailable;
    /// Not a compact token with a sound header, or its claims are not sound.
    MalformedToken = "malformed_token", Passport;
    /// A header member, type or algorithm that is not supported.
    UnsupportedToken = "unsupported_token", Passport;
    /// No keys are loaded, or they are too old.
    KeysUnavailable = "keys_unavailable", Unavailable;
    /// No trusted key has this `kid`.
    UnknownKey = "unknown_key", Passport;
    /// The key that signed was revoked.
    KeyRevoked = "key_revoked", Passport;
    /// The signature does not hold.
    BadSignature = "bad_signature", Passport;
    /// Signed for another issuer.
    WrongIssuer = "wrong_issuer", Passport;
    /// Meant for other services.
    WrongAudience = "wrong_audience", Passport;
    /// Not valid yet.
    NotYetValid = "not_yet_valid", Passport;
    /// No longer valid.
    Expired = "expired", Passport;
    /// Whether it was revoked cannot be known now.
    StatusUnavailable = "status_unavailable", Unavailable;
    /// It was revoked.
    Revoked = "revoked", Passport;
    /// The request is not well formed.
    InvalidRequest = "invalid_request", Request;
    /// The request names another agent than the passport.
    AgentMismatch = "agent_mismatch", Permission;
    /// The passport is bound to a key, and no proof of it can be accepted.
    ProofRequired = "proof_required", Proof;
    /// The proof does not hold.
    ProofInvalid = "proof_invalid", Proof;
    /// A grant blocks the action, whatever else allows it.
    ActionBlocked = "action_blocked", Permission;
    /// The grant that would have allowed it is not understood.
    UnsupportedGrant = "unsupported_grant", Permission;
    /// The grant that would have allowed it has ended.
    GrantExpired = "grant_expired", Permission;
    /// Grants cover the resource, and none allows the action.
    ActionNotGranted = "action_not_granted", Permission;
    /// No grant covers the resource.
    ResourceNotGranted = "resource_not_granted", Permission;
    /// A grant allows the action, but not like this.
    ConstraintUnmet = "constraint_unmet", Permission;
    /// A person has to approve first.
    ApprovalRequired = "approval_required", Approval;
    /// The approval given does not hold.
    ApprovalInvalid = "approval_invalid", Permission;
    /// Allowed.
    Granted = "granted", Granted;
    /// It would be allowed, but cannot be recorded.
    AuditUnavailable = "audit_unavailable", Unavailable;
    /// A failure of our own.
    InternalError = "internal_error", Internal;
}

impl Reason {
    /// The HTTP status to answer with.
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self.concern() {
            Concern::Granted => 200,
            Concern::Request => 400,
            Concern::Passport | Concern::Proof => 401,
            Concern::Permission | Concern::Approval => 403,
            Concern::Internal => 500,
            Concern::Unavailable => 503,
        }
    }

    /// The `WWW-Authenticate` challenge (RFC 6750) to answer with, where there is one.
    #[must_use]
    pub fn challenge(self) -> Option<&'static str> {
        match self.concern() {
            Concern::Passport | Concern::Proof => Some(r#"Bearer error="invalid_token""#),
            Concern::Permission | Concern::Approval => Some(r#"Bearer error="insufficient_scope""#),
            Concern::Granted | Concern::Request | Concern::Unavailable | Concern::Internal => None,
        }
    }

    /// The exit code of a command that ends with this reason.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self.concern() {
            Concern::Granted => 0,
            Concern::Unavailable | Concern::Internal => 1,
            Concern::Proof | Concern::Request | Concern::Permission => 3,
            Concern::Passport => 4,
            Concern::Approval => 5,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// One clause of a grant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmet {
    /// The grant's index in `authorization_details`.
    pub grant: usize,
    /// The attribute's name.
    pub attribute: SmolStr,
    /// The operator's name; `null` where only presence is asked for.
    pub operator: Option<&'static str>,
    /// The operand; bounds as decimal strings.
    pub expected: Shown,
    /// The attribute as given; `null` where it is missing.
    pub actual: Shown,
}

/// A refusal with everything there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub reason: Reason,
    /// For a person; bounded, with what it quotes escaped.
    pub message: String,
    /// Every unmet clause, for `constraint_unmet`.
    pub details: Vec<Unmet>,
}

impl Refusal {
    /// A refusal without details.
    #[must_use]
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: crate::text::bounded(message.into()), details: Vec::new() }
    }
}

/// What the grants of a passport say to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Allowed by the grant with this index.
    Allow {
        /// The index in `authorization_details`.
        grant: usize,
    },
    /// Allowed by the grant with this index once a person has approved.
    NeedsApproval {
        /// The index in `authorization_details`.
        grant: usize,
        /// How many different people have to: 1 to 4.
        approvers: u8,
    },
    /// Not allowed.
    Deny(Refusal),
}

impl Verdict {
    /// Which of the three it is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Allow { .. } => Outcome::Allow,
            Self::NeedsApproval { .. } => Outcome::ApprovalRequired,
            Self::Deny(_) => Outcome::Deny,
        }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Allow { .. } => Reason::Granted,
            Self::NeedsApproval { .. } => Reason::ApprovalRequired,
            Self::Deny(refusal) => refusal.reason,
        }
    }

    /// The index of the grant that decided, for `allow` and `approval_required`.
    #[must_use]
    pub fn grant(&self) -> Option<usize> {
        match self {
            Self::Allow { grant } | Self::NeedsApproval { grant, .. } => Some(*grant),
            Self::Deny(_) => None,
        }
    }

    /// Every unmet clause.
    #[must_use]
    pub fn details(&self) -> &[Unmet] {
        match self {
            Self::Allow { .. } | Self::NeedsApproval { .. } => &[],
            Self::Deny(refusal) => &refusal.details,
        }
    }

    /// A sentence for a person.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Allow { grant } => format!("allowed by grant {grant}"),
            Self::NeedsApproval { grant, approvers: ..=1 } => format!("grant {grant} allows this once a person has approved it"),
            Self::NeedsApproval { grant, approvers } => format!("grant {grant} allows this once {approvers} people have approved it"),
            Self::Deny(refusal) => refusal.message.clone(),
        }
    }
}

/// A decision as it is answered, reported and kept: the JSON of contract section 3. `A` is the form of the attributes: as they
/// were given, unless some are hidden.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRecord<'a, A = Attributes<'a>> {
    /// The caller's id for the request, or the wrapper's.
    pub request_id: Option<&'a str>,
    /// True for `allow` alone.
    pub allowed: bool,
    /// Which of the three.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// For a person.
    pub message: String,
    /// Every unmet clause.
    pub details: &'a [Unmet],
    /// `sub`, once the signature was good.
    pub agent_id: Option<&'a str>,
    /// `jti`, once the signature was good.
    pub passport_id: Option<&'a str>,
    /// `iss`, once the signature was good.
    pub issuer: Option<&'a str>,
    /// `kid`, once the signature was good.
    pub key_id: Option<KeyId>,
    /// The index of the grant that decided.
    pub grant: Option<usize>,
    /// The approval that was used up; left out where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<&'a str>,
    /// The action asked for; `null` where the request is not well formed.
    pub action: Option<&'a str>,
    /// The resource asked for.
    pub resource: Option<&'a str>,
    /// The attributes.
    pub attributes: A,
    /// When, in UTC; `null` where the time given is none.
    pub evaluated_at: Option<String>,
}

/// A decision as an `application/problem+json` body (RFC 9457).
#[derive(Debug, Serialize)]
pub struct DecisionProblem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: Reason,
    #[serde(flatten)]
    decision: DecisionRecord<'a>,
}

impl<'a> DecisionProblem<'a> {
    /// The problem that `decision` is to its caller.
    #[must_use]
    pub fn of(decision: DecisionRecord<'a>) -> Self {
        let status = decision.reason.http_status();
        let title = match status {
            200 => "OK",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            500 => "Internal Server Error",
            _ => "Service Unavailable",
        };
        Self { kind: "about:blank", title, status, detail: decision.message.clone(), code: decision.reason, decision }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of the `WWW-Authenticate` header, where there is one.
    #[must_use]
    pub fn challenge(&self) -> Option<&'static str> {
        self.code.challenge()
    }

    /// Seconds for the `Retry-After` header, where trying again may help.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        (self.code.concern() == Concern::Unavailable).then_some(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_never_change() {
        let codes: Vec<String> =
            Reason::ALL.iter().map(|reason| format!("{reason} {} {}", reason.http_status(), reason.exit_code())).collect();
        assert_eq!(
            codes,
            [
                "clock_untrusted 503 1",
                "malformed_token 401 4",
                "unsupported_token 401 4",
                "keys_unavailable 503 1",
                "unknown_key 401 4",
                "key_revoked 401 4",
                "bad_signature 401 4",
                "wrong_issuer 401 4",
                "wrong_audience 401 4",
                "not_yet_valid 401 4",
                "expired 401 4",
                "status_unavailable 503 1",
                "revoked 401 4",
                "invalid_request 400 3",
                "agent_mismatch 403 3",
                "proof_required 401 3",
                "proof_invalid 401 3",
                "action_blocked 403 3",
                "unsupported_grant 403 3",
                "grant_expired 403 3",
                "action_not_granted 403 3",
                "resource_not_granted 403 3",
                "constraint_unmet 403 3",
                "approval_required 403 5",
                "approval_invalid 403 3",
                "granted 200 0",
                "audit_unavailable 503 1",
                "internal_error 500 1",
            ]
        );
    }
}
