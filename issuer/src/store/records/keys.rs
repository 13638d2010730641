//! Records of the issuer's public keys. No private key comes near a store.

pub use passport_keys::KeyState;

/// A key that has just been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The RFC 7638 thumbprint: the `kid`.
    pub key_id: String,
    /// The public key, the JWK's `x`: 32 bytes as unpadded base64url.
    pub public_x: String,
    /// When it was made.
    pub created_at: i64,
}

/// A key as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The RFC 7638 thumbprint: the `kid`.
    pub key_id: String,
    /// The public key, the JWK's `x`: 32 bytes as unpadded base64url.
    pub public_x: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made.
    pub created_at: i64,
    /// When it began to sign.
    pub activated_at: Option<i64>,
    /// When it ceased to sign by rotation.
    pub retired_at: Option<i64>,
    /// Until when a retired key is published.
    pub retire_until: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// Why.
    pub revoke_reason: Option<String>,
}

/// A rotation: what the caller saw, and what is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateKeys {
    /// The key that must be active still; it becomes retired.
    pub expected_active: String,
    /// The key that must be next still; it becomes active.
    pub expected_next: String,
    /// The new next key.
    pub fresh_next: NewKey,
    /// Until when the old active key stays published, at least.
    pub retire_until: i64,
    /// When the rotation happens.
    pub now: i64,
}

/// A key's revocation: what the caller saw, and what is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeKey {
    /// The key to revoke.
    pub key_id: String,
    /// The state it must be in still; not [`KeyState::Revoked`].
    pub expected_state: KeyState,
    /// The key to make active, which must be next still: for when the active key is revoked.
    pub promote: Option<String>,
    /// The new next key: for when there is none any more.
    pub fresh_next: Option<NewKey>,
    /// Why.
    pub reason: String,
    /// When the revocation happens.
    pub now: i64,
}

/// A passport that has gone with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WentWithKey {
    /// The passport.
    pub passport: super::Passport,
    /// The newest passport of its lineage that went with the key and has not expired: the one that its holder uses.
    pub newest: String,
}

/// What a key has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The key's id.
    pub key_id: String,
    /// How many passports it has signed, revoked and expired ones included.
    pub signed: i64,
    /// How many of them are live.
    pub live: i64,
}
