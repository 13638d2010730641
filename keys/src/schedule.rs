//! When keys change by themselves. Pure: from a ring and the time to what is due.
//!
//! A key signs for five sixths of its life, and the next takes over in the last one, so that there is room for an issuer
//! that was off. The next key need not be made at half life: one is there from the start, since a stolen key can need
//! it at any moment, and each rotation makes a fresh one at once.

use crate::ring::KeyRing;

/// How long a next key is published before the schedule lets it sign, in seconds: a day, in which each verifier that still
/// has keys it may use has fetched it. Where keys live shorter, a sixth of their life.
const PUBLISHED_AHEAD: i64 = 86_400;

/// For how many seconds a retired key's secret part is kept once it is published no more: a day, for a clock that was
/// ahead.
const KEPT_AFTER: i64 = 86_400;

impl KeyRing {
    /// When the next key is to take over, in seconds since 1970, where a key has a life of `life` seconds: it is due once that is not
    /// later than now. `None` before [`bootstrap`](Self::bootstrap).
    ///
    /// It counts from when the active key began to sign, so a rotation by hand or a revocation puts it off.
    #[must_use]
    pub fn rotation_due(&self, life: i64) -> Option<i64> {
        let (active, next) = (self.signing()?, self.standby()?);
        let sixth = life.max(0) / 6;
        let began = active.activated_at.unwrap_or(active.created_at);
        let takes_over = began.saturating_add(life.max(0).saturating_sub(sixth));
        Some(takes_over.max(next.created_at.saturating_add(PUBLISHED_AHEAD.min(sixth))))
    }

    /// Whether a secret part is of no more use: the key is retired, and for a day it has been published no more, so that
    /// neither a passport nor an endorsement of its can count.
    #[must_use]
    pub fn is_spent(&self, id: &passport_shared::key_set::KeyId, now: i64) -> bool {
        self.get(id).is_some_and(|key| {
            key.state == crate::state::KeyState::Retired
                && key.publish_until.is_some_and(|until| until.saturating_add(KEPT_AFTER) <= now)
                && !self.published(now).iter().any(|published| published.id() == id)
        })
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::key_set::PublicKey;
    use proptest::prelude::*;

    use super::*;

    fn key(number: u16) -> PublicKey {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        PublicKey::new(bytes)
    }

    const DAY: i64 = 86_400;

    #[test]
    fn the_next_key_takes_over_in_the_last_sixth_of_a_keys_life() {
        let ring = KeyRing::default().bootstrap(key(1), key(2), 1_000).expect("a ring");
        assert_eq!(ring.rotation_due(90 * DAY), Some(1_000 + 75 * DAY));
        let rotated = ring.rotate(key(3), None, 1_000 + 10 * DAY).expect("rotated");
        assert_eq!(rotated.rotation_due(90 * DAY), Some(1_000 + 85 * DAY), "one by hand puts it off");
        assert_eq!(KeyRing::default().rotation_due(90 * DAY), None);
    }

    #[test]
    fn a_next_key_that_is_fresh_does_not_sign_by_schedule_before_verifiers_know_it() {
        let ring = KeyRing::default().bootstrap(key(1), key(2), 0).expect("a ring");
        let ring = ring.revoke(&key(2).id, Some(key(3)), 75 * DAY - 1).expect("revoked");
        assert_eq!(ring.rotation_due(90 * DAY), Some(76 * DAY - 1));
    }

    #[test]
    fn a_secret_part_is_spent_a_day_after_its_key_is_published_no_more() {
        let ring = KeyRing::default().bootstrap(key(1), key(2), 0).expect("a ring");
        let ring = ring.rotate(key(3), Some(5_000), 100).expect("rotated");
        let over = 5_000 + DAY;
        assert!(!ring.is_spent(&key(1).id, over + DAY - 1) && ring.is_spent(&key(1).id, over + DAY));
        for other in [2, 3, 4] {
            assert!(!ring.is_spent(&key(other).id, i64::MAX), "{other} is not retired");
        }
    }

    proptest! {
        /// However keys change, what is published is never spent, and a rotation that was just made is not due again.
        #[test]
        fn what_is_published_is_never_spent_and_a_rotation_is_due_once(
            steps in prop::collection::vec((0_i64..200 * DAY, prop::option::of(0_i64..400 * DAY), any::<bool>()), 1..12),
            life in 3_600_i64..1_000 * DAY,
        ) {
            let mut now = 0;
            let mut ring = KeyRing::default().bootstrap(key(1), key(2), now).expect("a ring");
            for (number, (pause, last, revoked)) in (3..).zip(steps) {
                now += pause;
                let due = ring.rotation_due(life).expect("a time");
                let active = *ring.signing().expect("one signs").id();
                ring = match revoked {
                    true => ring.revoke(&active, Some(key(number)), now).expect("revoked"),
                    false if due <= now => ring.rotate(key(number), last.map(|life| now + life), now).expect("rotated"),
                    false => continue,
                };
                let again = ring.rotation_due(life).expect("a time");
                prop_assert!(again >= now + life - life / 6 && again > now);
                for record in ring.published(now) {
                    prop_assert!(!ring.is_spent(record.id(), now));
                }
                for record in ring.records() {
                    let spent = ring.is_spent(record.id(), now);
                    prop_assert!(!spent || ring.published(now - KEPT_AFTER + 1).iter().all(|other| other.id() != record.id()));
                }
            }
        }
    }
}
