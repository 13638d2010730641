//! What an issuer says of itself at `/.well-known/passport-issuer` (RFC 8615, after RFC 8414).

use serde::{Deserialize, Serialize};

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuerMetadata {
    /// The issuer's URL: the `iss` of its passports.
    pub issuer: String,
    /// Its keys, as a JWK set.
    #[serde(rename = "jwks_uri")]
    pub jwks_uri: String,
    /// Everything that a verifier needs, in one signed document.
    pub trust_bundle_uri: String,
    /// RFC 7662.
    #[serde(rename = "introspection_endpoint")]
    pub introspection_endpoint: String,
    /// Decisions for callers without a verifier.
    pub verify_endpoint: String,
    /// Where verifiers report.
    pub audit_endpoint: String,
    /// The log that the audit events make (docs/audit.md); `None` of an issuer of an earlier release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_log: Option<AuditLogMetadata>,
    /// The OpenAPI document.
    pub openapi_uri: String,
    /// The `type` of its entries in `authorization_details` (RFC 9396).
    #[serde(rename = "authorization_details_types_supported")]
    pub authorization_details_types_supported: Vec<String>,
    /// The signature algorithms that it uses.
    #[serde(rename = "signing_alg_values_supported")]
    pub signing_alg_values_supported: Vec<String>,
    /// The longest life that it gives a passport, in seconds.
    pub max_passport_life: i64,
}

/// The audit log as static files, and what its checkpoints are checked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditLogMetadata {
    /// The log's name: the first line of its checkpoints.
    pub origin: String,
    /// The public half of its key, `NAME+ID+BASE64` (C2SP signed-note).
    pub verifier_key: String,
    /// What `checkpoint` and `tile/…` stand below.
    pub prefix: String,
    /// Where the proof of one decision is asked for.
    pub proof_endpoint: String,
}
