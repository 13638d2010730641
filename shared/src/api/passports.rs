//! Passports.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of `POST /v1/passports`. Exactly one of `grants` and `template` is given, and exactly one of `expiresIn` and
/// `expiresAt`; with a template that says how long, none of these.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuePassport {
    /// The agent that will carry it.
    pub agent_id: String,
    /// The services that it is for: at least one. With a template that names some, it may be left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    /// What it allows: at most 64 grants, kept to the letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Object>>))]
    pub grants: Option<Box<RawValue>>,
    /// The template that says what it allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The values of the template's parameters, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub parameters: Option<Box<RawValue>>,
    /// How long it lives, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// When it ends, as an RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When it starts, as an RFC 3339 time; now, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Who answers for the agent, a person or a team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// A key that the holder will have to prove (RFC 7800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub cnf: Option<Box<RawValue>>,
    /// Until when its holder may exchange it for a fresh one, as an RFC 3339 time later than its end and at most 365 days
    /// ahead; it cannot be exchanged where this is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew_until: Option<String>,
}

/// The body of `POST /v1/passports/renew`; it may be left out. At most one of `expiresIn` and `expiresAt` is given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RenewPassport {
    /// What it allows, no more than the old one did; the same, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Object>>))]
    pub grants: Option<Box<RawValue>>,
    /// How long it lives, in seconds; as long as the old one did, where no end is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// When it ends, as an RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// The answer to `POST /v1/passports` and to `POST /v1/passports/renew`: the only time that the token is shown.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedPassport {
    /// The token.
    pub passport: String,
    /// Its id: the `jti`.
    pub passport_id: String,
    /// The agent that carries it.
    pub agent_id: String,
    /// The key that signed it.
    pub key_id: String,
    /// When it was issued.
    pub issued_at: String,
    /// When it ends. A verifier without a network keeps accepting it until then, revoked or not.
    pub expires_at: String,
    /// The template that it was issued by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Its revision then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_revision: Option<i64>,
    /// Until when it may be exchanged for a fresh one; `null` where it may not.
    #[serde(default)]
    pub renew_until: Option<String>,
}

impl std::fmt::Debug for IssuedPassport {
    /// Names the passport and never shows the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedPassport").field("passport_id", &self.passport_id).finish_non_exhaustive()
    }
}

/// The answer to `POST /v1/passports/preview`: what the same body would be issued as. Nothing is made by it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassportPreview {
    /// The agent that would carry it.
    pub agent_id: String,
    /// The services that it would be for.
    pub audience: Vec<String>,
    /// What it would allow, as it would be signed.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub grants: Box<RawValue>,
    /// The same in sentences.
    pub describe: Vec<String>,
    /// What it would keep from the audit log, in sentences; none where it is nothing.
    #[serde(default)]
    pub hides: Vec<String>,
    /// The token's header.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub header: Box<RawValue>,
    /// The token's claims, but for `jti` and the place in `status`, which are drawn when it is issued: what stands for them
    /// is as long as they can be.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub claims: Box<RawValue>,
    /// When it would be issued: now.
    pub issued_at: String,
    /// When it would start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// When it would end.
    pub expires_at: String,
    /// Until when it could be exchanged for a fresh one; `null` where it could not.
    #[serde(default)]
    pub renew_until: Option<String>,
    /// The template that it would be issued by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Its revision now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_revision: Option<i64>,
    /// Bytes that the token would have at most; a few fewer, where its place in the status list is written in fewer digits.
    pub token_bytes: u64,
    /// Bytes that verifiers accept.
    pub max_token_bytes: u64,
}

/// A passport as the issuer lists it. The token is not kept and never listed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Passport {
    /// Its id: the `jti`.
    pub passport_id: String,
    /// The agent that carries it.
    pub agent_id: String,
    /// The key that signed it.
    pub key_id: String,
    /// The services that it is for.
    pub audience: Vec<String>,
    /// What it allows, as signed.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub grants: Box<RawValue>,
    /// The same in sentences, where it is asked for by its id: what it allows now, but for those of its grants that are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub describe: Option<Vec<String>>,
    /// What is kept from the audit log, as signed; `null` where it is nothing.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Object>>))]
    pub hidden_attributes: Option<Box<RawValue>>,
    /// The same in sentences, where it is asked for by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hides: Option<Vec<String>>,
    /// Who answers for the agent.
    pub on_behalf_of: Option<String>,
    /// Whether it is `live`, `revoked` or `expired`.
    pub state: PassportState,
    /// When it was issued.
    pub issued_at: String,
    /// When it starts.
    pub not_before: Option<String>,
    /// When it ends.
    pub expires_at: String,
    /// When it was revoked.
    pub revoked_at: Option<String>,
    /// Why it was revoked.
    pub revoke_reason: Option<String>,
    /// The agent that issued it; of a renewal, the agent itself.
    pub issued_by: String,
    /// The template that it was issued by.
    #[serde(default)]
    pub template: Option<String>,
    /// Its revision then.
    #[serde(default)]
    pub template_revision: Option<i64>,
    /// The values of its parameters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub template_parameters: Option<Box<RawValue>>,
    /// Until when it may be exchanged for a fresh one; `null` where it may not.
    #[serde(default)]
    pub renew_until: Option<String>,
    /// The passport that was exchanged for it; `null` where it was issued.
    #[serde(default)]
    pub renewed_from: Option<String>,
    /// The first of its lineage: all that came of one passport by renewal are revoked as one. Its own id, where it is the first.
    #[serde(default)]
    pub lineage: String,
}

/// What has become of a passport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PassportState {
    /// Neither revoked nor expired.
    Live,
    /// Revoked, by itself, with its agent or with its key.
    Revoked,
    /// Expired.
    Expired,
}

/// The body of `POST /v1/passports/{id}/revoke`; it may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokePassport {
    /// Why, for the record; at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The body of `POST /v1/passports/revoke`. What is given must all hold of a passport, or of another that came of the same
/// one by renewal; at least one of the first six members is given. Only live passports are meant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokePassports {
    /// Of this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Signed by this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Asked for by this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<String>,
    /// Issued by this template, in any of its revisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Issued at this RFC 3339 time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_from: Option<String>,
    /// Issued before this RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_before: Option<String>,
    /// Why, for the record; at most 256 bytes. It may be left out of a dry run only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether to count them only, and change nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// The answer to `POST /v1/passports/revoke`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokedPassports {
    /// How many live passports the filter found.
    pub matched: u64,
    /// How many of them are revoked now: all, or none in a dry run.
    pub revoked: u64,
    /// The ids of the first 100 of them, in the order in which they were issued.
    pub passport_ids: Vec<String>,
}
