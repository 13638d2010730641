//! Why a decision was what it was, as far as the log and the passport that the issuer kept tell.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::api::passports::PassportState;

/// Which decision `GET /v1/audit/why` is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct WhyQuery {
    /// The request that was decided.
    pub request_id: String,
    /// By this reporter. Where it is left out, and where a reporter has told of one request twice, it is the decision that came
    /// first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
}

/// A decision, and what each grant of its passport says to its request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Why {
    /// The request that was decided.
    pub request_id: String,
    /// Who reported it.
    pub reporter: String,
    /// The event's place in the log.
    pub sequence: i64,
    /// What was answered.
    pub recorded: WhyRecorded,
    /// The passport; `null` where the decision names none, or none that this issuer has issued.
    pub passport: Option<WhyPassport>,
    /// The attributes whose values the reporter has hidden from the log, by name.
    pub hidden: Vec<String>,
    /// The grants of the passport, in their order, each held against the request at the time of the decision.
    pub grants: Vec<WhyGrant>,
    /// What the decision would be now; `null` where that cannot be told.
    pub now: Option<WhyNow>,
    /// Why it cannot be told, for a person; `null` where it can.
    pub now_unknown: Option<String>,
}

/// What was answered, as it was reported.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhyRecorded {
    /// `allow`, `deny` or `approval_required`.
    pub outcome: String,
    /// The reason code.
    pub reason: String,
    /// The same for a person.
    pub message: Option<String>,
    /// Every unmet clause, as it was reported.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub details: Box<RawValue>,
    /// The index of the grant that decided.
    pub grant: Option<usize>,
    /// When it was decided.
    pub evaluated_at: Option<String>,
}

/// The passport of a decision, as the issuer has kept it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhyPassport {
    /// Its id.
    pub passport_id: String,
    /// The agent that carries it.
    pub agent_id: String,
    /// Whether it is live now.
    pub state: PassportState,
    /// When it ends.
    pub expires_at: String,
    /// When it was revoked.
    pub revoked_at: Option<String>,
}

/// What one grant says to the request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhyGrant {
    /// Its index in `authorization_details`.
    pub index: usize,
    /// What it allows and forbids, in sentences.
    pub describe: Vec<String>,
    /// Whether it has a say: it forbids this, allows it, or allows it once people have approved. `null` where that cannot be told.
    pub applies: Option<bool>,
    /// `blocks`, `allows`, `needs_approval`, `constraint_unmet`, `not_understood`, `ended`, `other_action`, `other_resource`;
    /// `hidden` where it depends on attributes that are hidden, and `not_asked` where what was asked was not told.
    pub result: String,
    /// The same for a person.
    pub message: String,
    /// Every clause that is not met.
    pub unmet: Vec<WhyUnmet>,
    /// Every clause that cannot be looked at, because its attribute is hidden.
    pub hidden: Vec<WhyHidden>,
}

/// A clause that is not met.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhyUnmet {
    /// The attribute.
    pub attribute: String,
    /// The operator; `null` where only presence is asked for.
    pub operator: Option<String>,
    /// The operand.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub expected: Box<RawValue>,
    /// The attribute as given; `null` where it is missing.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub actual: Box<RawValue>,
    /// What is wrong, for a person.
    pub message: String,
}

/// A clause that cannot be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhyHidden {
    /// The attribute.
    pub attribute: String,
    /// The operator; `null` where only presence is asked for.
    pub operator: Option<String>,
    /// Whether the reporter, who has seen the value, says that it is not met.
    pub reported_unmet: bool,
    /// The same for a person.
    pub message: String,
}

/// What a decision would be now.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhyNow {
    /// `allow`, `deny` or `approval_required`.
    pub outcome: String,
    /// The reason code.
    pub reason: String,
    /// The same for a person.
    pub message: String,
    /// The index of the grant that decides.
    pub grant: Option<usize>,
}
