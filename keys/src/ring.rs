//! All keys of one issuer, and the questions that are asked of them. Pure: no clock, no files.

use passport_shared::key_set::{KeyId, KeySet};

use crate::state::{KeyRecord, KeyState};

/// The keys of an issuer, in the order in which they were made.
///
/// A ring is empty or has exactly one active and exactly one next key; each key stands in it once, under its own
/// thumbprint, with the times that fit its state. No ring that breaks this can be made, and the transitions
/// ([`bootstrap`](Self::bootstrap), [`rotate`](Self::rotate), [`revoke`](Self::revoke)) give a new ring and leave the old one as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    pub(crate) records: Vec<KeyRecord>,
}

/// Why a ring cannot be made or changed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// The ring has no keys yet.
    #[error("there are no keys yet: make the first two before anything else is done with them")]
    Empty,
    /// The ring has its first keys already.
    #[error("there are keys already: rotate them instead of making the first ones again")]
    NotEmpty,
    /// The same key twice. A key that was in the ring once, revoked ones too, never comes in again.
    #[error("key `{id}` is in the ring already: make a fresh one")]
    Duplicate {
        /// Its name.
        id: KeyId,
    },
    /// No such key.
    #[error("there is no key `{id}`: list the keys to see which there are")]
    Unknown {
        /// What was asked for.
        id: KeyId,
    },
    /// The key that is revoked was needed, and nothing was given in its place.
    #[error("key `{id}` is {state}: to revoke it, give a fresh key that takes its place")]
    FreshKeyNeeded {
        /// The key to be revoked.
        id: KeyId,
        /// What it is.
        state: KeyState,
    },
    /// A stored key that no transition could have left behind.
    #[error("the stored key `{id}` is damaged: {what}; restore the store from a backup")]
    Damaged {
        /// Its name.
        id: KeyId,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Stored keys, none or several of which are next or active.
    #[error("the stored keys are damaged: {count} of them are {state}, and exactly one must be; restore the store from a backup")]
    Count {
        /// The state.
        state: KeyState,
        /// How many keys are in it.
        count: usize,
    },
}

impl KeyRing {
    /// The ring of these records, as a store gives them back. None make the empty ring.
    ///
    /// # Errors
    /// [`RingError::Duplicate`], [`RingError::Damaged`] or [`RingError::Count`] if they are not a ring.
    pub fn from_records(records: Vec<KeyRecord>) -> Result<Self, RingError> {
        let mut seen = std::collections::HashSet::new();
        for record in &records {
            if let Some(what) = record.fault() {
                return Err(RingError::Damaged { id: *record.id(), what });
            }
            if !seen.insert(record.id()) {
                return Err(RingError::Duplicate { id: *record.id() });
            }
        }
        for state in [KeyState::Active, KeyState::Next] {
            let count = records.iter().filter(|record| record.state == state).count();
            if count != 1 && !records.is_empty() {
                return Err(RingError::Count { state, count });
            }
        }
        Ok(Self { records })
    }

    /// Every key that ever was, oldest first.
    #[must_use]
    pub fn records(&self) -> &[KeyRecord] {
        &self.records
    }

    /// Whether there are no keys yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The key of this name, in whatever state.
    #[must_use]
    pub fn get(&self, id: &KeyId) -> Option<&KeyRecord> {
        self.records.iter().find(|record| record.id() == id)
    }

    /// The key that signs; `None` only in the empty ring.
    #[must_use]
    pub fn signing(&self) -> Option<&KeyRecord> {
        self.only(KeyState::Active)
    }

    /// The key that signs after the next rotation; `None` only in the empty ring.
    #[must_use]
    pub fn standby(&self) -> Option<&KeyRecord> {
        self.only(KeyState::Next)
    }

    /// The keys that verifiers may trust at `now`: next, active, and retired until their time is over.
    #[must_use]
    pub fn published(&self, now: i64) -> Vec<&KeyRecord> {
        self.records.iter().filter(|record| record.is_published(now)).collect()
    }

    /// The JWK set (RFC 7517) to publish at `now`: [`published`](Self::published), as it stands on the wire.
    #[must_use]
    pub fn key_set(&self, now: i64) -> KeySet {
        KeySet { keys: self.published(now).into_iter().map(|record| record.public.clone()).collect() }
    }

    /// The keys that nothing may be trusted from any more.
    #[must_use]
    pub fn revoked(&self) -> Vec<&KeyRecord> {
        self.records.iter().filter(|record| record.state == KeyState::Revoked).collect()
    }

    fn only(&self, state: KeyState) -> Option<&KeyRecord> {
        self.records.iter().find(|record| record.state == state)
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::key_set::PublicKey;

    use super::*;

    fn record(byte: u8, state: KeyState) -> KeyRecord {
        let next = KeyRecord::next(PublicKey::new([byte; 32]), 1);
        match state {
            KeyState::Next => next,
            KeyState::Active => KeyRecord { state, activated_at: Some(2), ..next },
            KeyState::Retired => KeyRecord { state, activated_at: Some(2), retired_at: Some(3), publish_until: Some(4), ..next },
            KeyState::Revoked => KeyRecord { state, revoked_at: Some(5), ..next },
        }
    }

    #[test]
    fn a_ring_is_empty_or_has_one_active_and_one_next_key() {
        use KeyState::{Active, Next, Retired, Revoked};
        let ring = |states: &[KeyState]| KeyRing::from_records(states.iter().zip(1..).map(|(state, byte)| record(byte, *state)).collect());
        assert!(ring(&[]).expect("the empty ring").is_empty());
        assert!(ring(&[Active, Next]).is_ok());
        assert!(ring(&[Revoked, Retired, Retired, Next, Active]).is_ok());
        for (states, state, count) in [
            ([Active, Active].as_slice(), Active, 2),
            (&[Next, Next, Active], Next, 2),
            (&[Active], Next, 0),
            (&[Next], Active, 0),
            (&[Retired, Revoked], Active, 0),
        ] {
            assert_eq!(ring(states), Err(RingError::Count { state, count }), "{states:?}");
        }
    }

    #[test]
    fn a_damaged_record_is_not_taken_from_a_store() {
        let sound =
            || vec![record(1, KeyState::Active), record(2, KeyState::Next), record(3, KeyState::Retired), record(4, KeyState::Revoked)];
        assert!(KeyRing::from_records(sound()).is_ok());
        type Spoil = fn(&mut KeyRecord);
        let spoiled: [(usize, Spoil); 7] = [
            (0, |key| key.activated_at = None),
            (0, |key| key.revoked_at = Some(1)),
            (1, |key| key.activated_at = Some(1)),
            (2, |key| key.publish_until = None),
            (2, |key| key.state = KeyState::Revoked),
            (3, |key| key.revoked_at = None),
            (3, |key| key.public.bytes = [9; 32]),
        ];
        for (at, spoil) in spoiled {
            let mut records = sound();
            spoil(&mut records[at]);
            assert!(matches!(KeyRing::from_records(records), Err(RingError::Damaged { .. })), "record {at}");
        }
        let twice = vec![record(1, KeyState::Active), record(2, KeyState::Next), record(1, KeyState::Retired)];
        assert!(matches!(KeyRing::from_records(twice), Err(RingError::Duplicate { .. })));
    }

    #[test]
    fn the_key_set_names_the_published_keys_alone() {
        let records =
            vec![record(1, KeyState::Active), record(2, KeyState::Next), record(3, KeyState::Retired), record(4, KeyState::Revoked)];
        let ring = KeyRing::from_records(records).expect("a ring");
        let ids = |now| ring.key_set(now).keys.iter().map(|key| key.bytes[0]).collect::<Vec<_>>();
        assert_eq!(ids(3), [1, 2, 3]);
        assert_eq!(ids(4), [1, 2]);
        assert_eq!(ring.revoked().len(), 1);
        let json = serde_json::to_vec(&ring.key_set(3)).expect("json");
        assert_eq!(KeySet::parse(&json), Ok(ring.key_set(3)));
    }
}
