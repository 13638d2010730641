//! Approvals.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of `POST /v1/approvals`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskApproval {
    /// The request, as it will be made (contract section 3), without `approval`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub request: Box<RawValue>,
    /// The service that it will be made to, and the only one that the approval is then good at; the passport's first one
    /// where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

/// Where an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ApprovalState {
    /// It waits for people.
    Pending,
    /// It is approved.
    Approved,
    /// Somebody has denied it.
    Denied,
    /// Nobody has decided in time.
    Expired,
}

/// An approval. Its token is there for the passport concerned alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Approval {
    /// Its id.
    pub approval_id: String,
    /// Where it stands.
    pub state: ApprovalState,
    /// The agent that asks.
    pub agent_id: String,
    /// The passport that it asks with.
    pub passport_id: String,
    /// The request, as it was given.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub request: Box<RawValue>,
    /// Its hash (contract section 6).
    pub request_hash: String,
    /// The service that it is for.
    pub audience: String,
    /// All that the passport allows now, in sentences, for who decides on it: where it is asked for by its id, with
    /// `approvals.read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub describe: Option<Vec<String>>,
    /// How many different people have to approve.
    pub approvers_needed: u8,
    /// Who has.
    pub approved_by: Vec<String>,
    /// Who has denied it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<String>,
    /// When it was asked for.
    pub asked_at: String,
    /// Until when people can decide; once it is approved, until when it can be used.
    pub expires_at: String,
    /// When it was approved or denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<String>,
    /// Why, in the words of who decided last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The token, to be given as `approval` in the request: once it is approved, and while it can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

/// A page of approvals.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovalPage {
    /// The approvals.
    pub items: Vec<Approval>,
    /// What to give as `cursor` for the next page; `null` on the last one.
    pub next_cursor: Option<String>,
    /// Tells this page from any other: what to give as `unless` to wait until it is another one.
    #[serde(default)]
    pub version: String,
}

/// The body of `POST /v1/approvals/{id}/approve` and `…/deny`. It may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecideApproval {
    /// Why, for the record: 1 to 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
