//! How the keys of a ring change (contract section 4). Pure: each act gives a new ring, and none changes the old one.

use passport_shared::key_set::{KeyId, PublicKey};
use passport_shared::limits::TIME_MAX;

use crate::ring::{KeyRing, RingError};
use crate::state::{KeyRecord, KeyState};

/// For how many seconds a retired key is still published after the last passport that it signed has expired: a day,
/// so that clocks that are off and key sets that are cached never turn a good passport away.
pub const PUBLISHED_AFTER_EXPIRY: i64 = 86_400;

impl KeyRing {
    /// The first two keys of an issuer: `active` signs from `now` on, `next` waits.
    ///
    /// # Errors
    /// [`RingError::NotEmpty`] if there are keys already, [`RingError::Duplicate`] if the two are one.
    pub fn bootstrap(&self, active: PublicKey, next: PublicKey, now: i64) -> Result<Self, RingError> {
        if !self.is_empty() {
            return Err(RingError::NotEmpty);
        }
        let mut ring = self.with_fresh(active, now)?;
        ring.activate_standby(now);
        ring.with_fresh(next, now)
    }

    /// A rotation: the next key signs from `now` on, the active one is retired, `fresh` is next.
    ///
    /// `last_expiry_signed_by_active` is the latest `exp` of the passports that the active key signed, `None` if it signed none. The
    /// retired key stays published for [`PUBLISHED_AFTER_EXPIRY`] seconds after that or after `now`, whichever is later.
    ///
    /// A verifier that has not fetched keys since `fresh` was published meets an unknown key after the rotation that
    /// follows. How far apart two rotations must be is for the caller to say, from the `created_at` of the [`standby`](Self::standby).
    ///
    /// # Errors
    /// [`RingError::Empty`] before [`bootstrap`](Self::bootstrap), [`RingError::Duplicate`] if `fresh` was in the ring before.
    pub fn rotate(&self, fresh: PublicKey, last_expiry_signed_by_active: Option<i64>, now: i64) -> Result<Self, RingError> {
        if self.is_empty() {
            return Err(RingError::Empty);
        }
        let mut ring = self.clone();
        for record in ring.records.iter_mut().filter(|record| record.state == KeyState::Active) {
            let last = last_expiry_signed_by_active.map_or(now, |expiry| expiry.max(now));
            record.state = KeyState::Retired;
            record.retired_at = Some(now);
            record.publish_until = Some(last.saturating_add(PUBLISHED_AFTER_EXPIRY).min(TIME_MAX));
        }
        ring.activate_standby(now);
        ring.with_fresh(fresh, now)
    }

    /// Whether [`revoke`](Self::revoke) of this key takes a fresh one: it does for the active and the next key.
    ///
    /// # Errors
    /// [`RingError::Unknown`] if there is no such key.
    pub fn revoking_takes_a_fresh_key(&self, id: &KeyId) -> Result<bool, RingError> {
        let record = self.get(id).ok_or(RingError::Unknown { id: *id })?;
        Ok(matches!(record.state, KeyState::Active | KeyState::Next))
    }

    /// A revocation: the key is published no more from now on, and never again.
    ///
    /// Where it was active, the next key signs at once and `fresh` is next; where it was next, `fresh` takes its place.
    /// For a retired key `fresh` is left aside (ask [`revoking_takes_a_fresh_key`](Self::revoking_takes_a_fresh_key)
    /// before making one). To revoke a key again changes nothing, not even the time.
    ///
    /// # Errors
    /// [`RingError::Unknown`] if there is no such key, [`RingError::FreshKeyNeeded`] if one is needed and not given,
    /// [`RingError::Duplicate`] if it was in the ring before.
    pub fn revoke(&self, id: &KeyId, fresh: Option<PublicKey>, now: i64) -> Result<Self, RingError> {
        let before = self.get(id).ok_or(RingError::Unknown { id: *id })?.state;
        let mut ring = self.clone();
        if before == KeyState::Revoked {
            return Ok(ring);
        }
        for record in ring.records.iter_mut().filter(|record| record.id() == id) {
            record.state = KeyState::Revoked;
            record.revoked_at = Some(now);
        }
        if before == KeyState::Retired {
            return Ok(ring);
        }
        let fresh = fresh.ok_or(RingError::FreshKeyNeeded { id: *id, state: before })?;
        if before == KeyState::Active {
            ring.activate_standby(now);
        }
        ring.with_fresh(fresh, now)
    }

    /// The ring with one more key, which waits.
    fn with_fresh(&self, fresh: PublicKey, now: i64) -> Result<Self, RingError> {
        if self.get(&fresh.id).is_some() {
            return Err(RingError::Duplicate { id: fresh.id });
        }
        let mut ring = self.clone();
        ring.records.push(KeyRecord::next(fresh, now));
        Ok(ring)
    }

    /// The key that waited signs.
    fn activate_standby(&mut self, now: i64) {
        for record in self.records.iter_mut().filter(|record| record.state == KeyState::Next) {
            record.state = KeyState::Active;
            record.activated_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests;
