//! Records of the issuer's public keys. No private key comes near a store.

/// Where a key is in its life (contract section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not signing yet.
    Next,
    /// Signs.
    Active,
    /// Published until the last passport it could have signed has expired.
    Retired,
    /// Gone at once, with all it has signed.
    Revoked,
}

impl KeyState {
    /// The contract's word: `next`, `active`, `retired` or `revoked`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    /// The state with this word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retired, Self::Revoked].into_iter().find(|state| state.as_str() == word)
    }
}

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
