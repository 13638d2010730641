//! What a key is at a given time, and what is kept of it (contract section 4). Public halves only.

use std::fmt;
use std::str::FromStr;

use passport_shared::key_set::{KeyId, PublicKey};
use serde::{Deserialize, Serialize};

/// The state of a key. It only ever moves forward: next, active, retired, revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Published, not yet signing.
    Next,
    /// The key that signs, published.
    Active,
    /// Signs no more; published until the last passport that it could have signed has expired.
    Retired,
    /// Gone at once, and for good.
    Revoked,
}

impl KeyState {
    /// Every state, in the order in which a key goes through them.
    pub const ALL: [Self; 4] = [Self::Next, Self::Active, Self::Retired, Self::Revoked];

    /// The stable name: `next`, `active`, `retired`, `revoked`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a key state: next, active, retired and revoked are", text.escape_debug())]
pub struct UnknownKeyState {
    /// What was given.
    pub text: String,
}

impl FromStr for KeyState {
    type Err = UnknownKeyState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| UnknownKeyState { text: text.to_owned() })
    }
}

/// One key of a ring: its public half, its state, and when it came to it. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The public half, with its name.
    pub public: PublicKey,
    /// What it is now.
    pub state: KeyState,
    /// When it was first published.
    pub created_at: i64,
    /// When it began to sign; `None` if it never did.
    pub activated_at: Option<i64>,
    /// When it stopped signing because of a rotation; `None` if it was not rotated out.
    pub retired_at: Option<i64>,
    /// Until when a retired key is published: the moment itself is no longer in it. Kept when it is revoked, as history.
    pub publish_until: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

impl KeyRecord {
    /// A key that is published from `now` on and waits for its turn.
    pub(crate) fn next(public: PublicKey, now: i64) -> Self {
        Self { public, state: KeyState::Next, created_at: now, activated_at: None, retired_at: None, publish_until: None, revoked_at: None }
    }

    /// Its name, the RFC 7638 thumbprint.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.public.id
    }

    /// Whether the key stands in the JWK set at `now`: next, active, and retired until `publish_until`.
    #[must_use]
    pub fn is_published(&self, now: i64) -> bool {
        match self.state {
            KeyState::Next | KeyState::Active => true,
            KeyState::Retired => self.publish_until.is_some_and(|until| now < until),
            KeyState::Revoked => false,
        }
    }

    /// What is wrong with it, where the times that it has do not fit its state.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let has = (self.activated_at.is_some(), self.retired_at.is_some(), self.publish_until.is_some(), self.revoked_at.is_some());
        if self.public.id != KeyId::of(&self.public.bytes) {
            return Some("its name is not the thumbprint of its bytes");
        }
        match (self.state, has) {
            (KeyState::Next, (false, false, false, false))
            | (KeyState::Active, (true, false, false, false))
            | (KeyState::Retired, (true, true, true, false))
            | (KeyState::Revoked, (false, false, false, true) | (true, false, false, true) | (true, true, true, true)) => None,
            _ => Some("the times that it has do not fit its state"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_one_name_everywhere() {
        for (state, name) in KeyState::ALL.into_iter().zip(["next", "active", "retired", "revoked"]) {
            assert_eq!(state.to_string(), name);
            assert_eq!(name.parse(), Ok(state));
            assert_eq!(serde_json::to_string(&state).expect("json"), format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<KeyState>(&format!("\"{name}\"")).expect("json"), state);
        }
        for text in ["", "Active", "active ", "expired"] {
            assert!(text.parse::<KeyState>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_retired_key_is_published_up_to_its_end_and_a_revoked_one_never() {
        let mut key = KeyRecord::next(PublicKey::new([1; 32]), 10);
        assert!(key.is_published(10));
        key = KeyRecord { state: KeyState::Retired, activated_at: Some(20), retired_at: Some(30), publish_until: Some(40), ..key };
        assert!(key.is_published(39));
        assert!(!key.is_published(40));
        key = KeyRecord { state: KeyState::Revoked, revoked_at: Some(35), ..key };
        assert!(!key.is_published(0));
        assert!(!key.is_published(36));
    }
}
