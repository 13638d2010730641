//! Signing keys, seen from outside: never a secret part.

use serde::{Deserialize, Serialize};

/// A key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Key {
    /// Its RFC 7638 thumbprint.
    pub key_id: String,
    /// `next`, `active`, `retired` or `revoked`.
    pub state: String,
    /// Whether verifiers are told to trust it.
    pub published: bool,
    /// When it was made.
    pub created_at: String,
    /// When it began to sign.
    pub activated_at: Option<String>,
    /// When it ceased to sign.
    pub retired_at: Option<String>,
    /// Until when it is published, once it is retired.
    pub published_until: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
    /// Why it was revoked.
    pub revoke_reason: Option<String>,
}

/// All keys, and the answer to a change of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Keys {
    /// The keys, newest first.
    pub items: Vec<Key>,
    /// As every list has it (contract section 7). Always `null`: keys are few, and all of them are on one page.
    pub next_cursor: Option<String>,
}

/// The body of `POST /v1/keys/{kid}/revoke`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokeKey {
    /// Why, for the record; 1 to 256 bytes.
    pub reason: String,
}
