//! The audit log.

mod reading;
pub mod receipt;
mod why;

pub use reading::{Chain, Count, Counts, CountsQuery, Finding, FindingsQuery, Reporter, Reporters};
pub use why::{Why, WhyGrant, WhyHidden, WhyNow, WhyPassport, WhyQuery, WhyRecorded, WhyUnmet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of `POST /v1/audit/events`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportEvents {
    /// Who reports: the `sub` of the passport used.
    pub reporter: String,
    /// At most 1,000 events, each a decision, or a gap record in the place of decisions that are lost, with the reporter's
    /// own `seq` and `previous`, the hash of the event before.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub events: Vec<Box<RawValue>>,
}

/// The answer to `POST /v1/audit/events`: everything in it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportAccepted {
    /// Events that were new.
    pub accepted: u64,
    /// Events that were there already, the same to the byte.
    pub duplicates: u64,
    /// Events with a `requestId` that was there already with another body; they are kept beside it.
    pub conflicts: u64,
    /// The log's word for it, to be kept: a compact token of the type `passport-receipt+jwt`, a tilde, and what
    /// it says of this batch (docs/audit.md A20). It is left
    /// out where the log's key could not sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// Where the issuer hides attributes: the reporter's own key, in base64url, by which it finds its events by their text
    /// (docs/audit.md A28). To be kept as the values are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_hash_key: Option<String>,
}

/// The envelope of an event as the log gives it back; the decision's own members stand beside these in one object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEnvelope {
    /// Its id in this log.
    pub event_id: String,
    /// Its place in the order of acceptance.
    pub sequence: i64,
    /// `decision` for what a verifier reported, `admin` for a change at the issuer.
    pub kind: String,
    /// Who reported it.
    pub reporter: String,
    /// When it was received.
    pub received_at: String,
    /// Whether another event claims the same `requestId`.
    pub conflict: bool,
    /// `true` where the event's body was dropped by age: of its members, those that it is found by are left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub body_dropped: bool,
    /// The SHA-256 of a body that was dropped, in hexadecimal: what the log's tree has of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub body_sha256: Option<String>,
    /// Where the issuer has hidden some of it: what stands for the hash of the event as it was reported, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub reported_hash: Option<String>,
}

/// The members that the envelope adds: an event that is reported may not bring its own.
pub const ENVELOPE_NAMES: [&str; 9] =
    ["eventId", "sequence", "kind", "reporter", "receivedAt", "conflict", "bodyDropped", "bodySha256", "reportedHash"];

/// What `GET /v1/audit/events` can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct AuditQuery {
    /// Of this agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// On this passport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passport_id: Option<String>,
    /// With this outcome: `allow`, `deny` or `approval_required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// With this reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of this action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// On this resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Reported by this verifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
    /// `decision` for what verifiers reported, `admin` for changes at the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// With these attributes, as a JSON object: `{"vendor":"coachella.com","amount":742}`. Each value is a string, a number or a
    /// boolean, and is compared as a constraint `equals` is. No index has them, so a page can be short and have a next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<String>,
    /// Evaluated at or after this RFC 3339 time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Evaluated before this RFC 3339 time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Under this request id; at most 100 of them are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// `newest` first, as where it is left out, or `oldest` first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// At most this many, 1 to 1,000; 100 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// From where a page before ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What `GET /v1/audit/stream` can be narrowed by, and from where it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct StreamQuery {
    /// Of this agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// On this passport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passport_id: Option<String>,
    /// With this outcome: `allow`, `deny` or `approval_required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// With this reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of this action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// On this resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Reported by this verifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
    /// `decision` for what verifiers reported, `admin` for changes at the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// With these attributes, as a JSON object: `{"vendor":"coachella.com","amount":742}`. Each value is a string, a number or a
    /// boolean, and is compared as a constraint `equals` is. No index has them, so a page can be short and have a next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<String>,
    /// Evaluated at or after this RFC 3339 time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Evaluated before this RFC 3339 time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The events after this `sequence`; 0 for all of them. Where it is left out: after `Last-Event-ID`, which goes before it,
    /// else those that come from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
}

impl From<StreamQuery> for AuditQuery {
    fn from(query: StreamQuery) -> Self {
        let StreamQuery { agent_id, passport_id, outcome, reason, action, resource, reporter, kind, attributes, from, to, after: _ } =
            query;
        Self { agent_id, passport_id, outcome, reason, action, resource, reporter, kind, attributes, from, to, ..Self::default() }
    }
}

/// A decision that was reported, and that the issuer comes to another answer for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Difference {
    /// The event's place in the order of acceptance.
    pub sequence: i64,
    /// Who reported it.
    pub reporter: String,
    /// The id of the request.
    pub request_id: String,
    /// The passport that it names.
    pub passport_id: Option<String>,
    /// What does not agree: `decision`, `passport`, `unknown_passport`, `times`, `revoked` or `approval`.
    pub kind: String,
    /// The answer that was reported: `outcome`, `reason`, `grant`, and what it was decided by.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub reported: Box<RawValue>,
    /// The answer that the issuer comes to: `outcome`, `reason`, `grant` and `message`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub expected: Box<RawValue>,
    /// When it was found.
    pub found_at: String,
}

/// What `GET /v1/audit/differences` can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct DifferencesQuery {
    /// Reported by this verifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
    /// At most this many, 1 to 1,000; 100 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// From where a page before ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
