//! Signing keys, seen from outside: never a secret part.

use serde::{Deserialize, Serialize};

use super::passports::IssuedPassport;

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
    /// How many passports it has signed.
    pub signed: i64,
    /// How many of them are live: neither expired nor revoked, by themselves or with the key.
    pub live: i64,
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
    /// When the next key takes over by itself; `null` where keys are rotated by hand alone.
    pub rotates_at: Option<String>,
}

/// The body of `POST /v1/keys/{kid}/revoke`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokeKey {
    /// Why, for the record; 1 to 256 bytes.
    pub reason: String,
    /// Whether what the key had signed is issued anew. It takes `passports.issue` on `issuer/passports`, without a constraint.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reissue: bool,
    /// `affectedNext` of the answer before: goes on with the passports after those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The answer to a revocation: the keys as they are now, and the passports that went with the one revoked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokedKey {
    /// The keys, newest first.
    pub items: Vec<Key>,
    /// As every list has it. Always `null`: all keys are on one page.
    pub next_cursor: Option<String>,
    /// When the next key takes over by itself; `null` where keys are rotated by hand alone.
    pub rotates_at: Option<String>,
    /// Passports that the key had signed and that were live but for its revocation, and those that fell with it because it
    /// had signed another of what came of the same one by renewal; oldest first. The caller's own
    /// stands first where it is among them.
    pub affected: Vec<AffectedPassport>,
    /// Where there are more: what `after` takes in the next call. `null` at the end.
    pub affected_next: Option<String>,
}

/// A passport that went with the key that had signed it, or another of its lineage.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AffectedPassport {
    /// Its id: the `jti`.
    pub passport_id: String,
    /// The agent that carries it.
    pub agent_id: String,
    /// When it would have ended.
    pub expires_at: String,
    /// The agent that issued it.
    pub issued_by: String,
    /// Whether it is the caller's own.
    pub own: bool,
    /// The passport in its place, where that was asked for and could be: the only time that its token is shown.
    pub reissued: Option<IssuedPassport>,
    /// Why there is none in its place, where that was asked for.
    pub refused: Option<NotReissued>,
}

/// Why a passport was not issued anew.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotReissued {
    /// The stable code of the problem, as issuing would answer it.
    pub code: String,
    /// What is wrong.
    pub detail: String,
}
