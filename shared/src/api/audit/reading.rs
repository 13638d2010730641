//! What the audit log adds up to, and who reports to it.

use serde::{Deserialize, Serialize};

/// What `GET /v1/audit/counts` counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct CountsQuery {
    /// Decisions at or after this RFC 3339 time, from the beginning of its hour; seven days before `to` where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Decisions before this RFC 3339 time, to the end of its hour; now where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of this agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// What is told apart beside the outcome: `hour`, `agent` and `reason`, with commas between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// How many decisions there were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// From when on: the beginning of an hour.
    pub from: String,
    /// To before when: the end of an hour.
    pub to: String,
    /// The numbers, in the order of what they are told apart by. What is not there is 0.
    pub items: Vec<Count>,
}

/// How many there were of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Count {
    /// The beginning of the hour, where hours are told apart: by the time of the decision, or of receipt where it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<String>,
    /// The agent, where agents are told apart; an empty text stands for decisions about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The outcome.
    pub outcome: String,
    /// The reason, where reasons are told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many.
    pub count: i64,
}

/// What `GET /v1/audit/findings` can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct FindingsQuery {
    /// Of this reporter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
    /// Only those that are not resolved, with `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// At most this many, 1 to 1,000; 100 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// From where a page before ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Something that was found wrong with a reporter's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// `gap` for numbers that did not come, `fork` for numbers that came twice or do not follow.
    pub kind: String,
    /// Whose chain it is.
    pub reporter: String,
    /// The first number concerned.
    pub from_seq: i64,
    /// The last.
    pub to_seq: i64,
    /// The event that shows it, by its place in the log.
    pub sequence: i64,
    /// When it was found.
    pub found_at: String,
    /// When the numbers came after all, for a gap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<String>,
}

/// Who reports, a page of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reporters {
    /// The reporters of this page, by id.
    pub items: Vec<Reporter>,
    /// Give it as `cursor` to read on; `null` on the last page.
    pub next_cursor: Option<String>,
    /// The present sequence of the trust that is published, beside `lastTrust` of each.
    pub trust_sequence: i64,
}

/// Who reports, and how it is with what came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reporter {
    /// Its agent id.
    pub reporter: String,
    /// When its last decision came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// That decision's place in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sequence: Option<i64>,
    /// Seconds from that decision to its arrival: how fresh its spool is. Negative where its clock is ahead; left out where the
    /// decision has no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_delay: Option<i64>,
    /// The sequence of the trust that the decision was made by; left out where it does not say, and where its body was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_trust: Option<i64>,
    /// Its chains, the last moved first: at most ten. None for a reporter that keeps none.
    pub chains: Vec<Chain>,
    /// How many gaps are open.
    pub open_gaps: i64,
    /// How many numbers they lack.
    pub missing: i64,
    /// How many forks were found.
    pub forks: i64,
}

/// A chain of a reporter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chain {
    /// The first number that came.
    pub first_seq: i64,
    /// The last.
    pub last_seq: i64,
    /// When that came.
    pub last_at: String,
}
