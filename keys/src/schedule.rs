//! When the active key is due to be rotated (docs/format.md F4.7). Pure: it is told the time, and changes nothing.
//!
//! A standby is there from the first start and after each rotation, because a stolen key must be replaced in a moment.
//! So there is one question left: when does the standby take over? In the last sixth of the active key's life.

use crate::ring::KeyRing;

/// The shortest life of a key: an hour. A sixth of it is ten minutes, the longest pause of a verifier that fetches
/// trust (F5.9), so that whoever refreshes has seen a standby before it signs.
pub const MIN_KEY_LIFE: i64 = 3_600;
/// The longest life of a key: ten years.
pub const MAX_KEY_LIFE: i64 = 10 * 366 * 86_400;

/// For how long a key signs before the next one takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    life: i64,
}

/// A life that no key can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key cannot live {life} seconds: it must be {MIN_KEY_LIFE} (an hour) to {MAX_KEY_LIFE} (ten years)")]
pub struct KeyLifeError {
    /// What was asked for, in seconds.
    pub life: i64,
}

/// What is to be done with the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Rotate.
    Now,
    /// Nothing, until this time, in seconds since 1970. Look again earlier where the ring changes.
    At(i64),
}

impl Schedule {
    /// Keys that live for `life` seconds.
    ///
    /// # Errors
    /// [`KeyLifeError`] unless it is [`MIN_KEY_LIFE`] to [`MAX_KEY_LIFE`].
    pub fn new(life: i64) -> Result<Self, KeyLifeError> {
        match (MIN_KEY_LIFE..=MAX_KEY_LIFE).contains(&life) {
            true => Ok(Self { life }),
            false => Err(KeyLifeError { life }),
        }
    }

    /// What is to be done at `now`; `None` for the empty ring, which has nothing to rotate.
    #[must_use]
    pub fn due(&self, ring: &KeyRing, now: i64) -> Option<Due> {
        let at = self.rotation_at(ring)?;
        Some(if at <= now { Due::Now } else { Due::At(at) })
    }

    /// When the standby takes over, in seconds since 1970: once the last sixth of the active key's life begins, and
    /// not before the standby has been published for a sixth of a life, so that verifiers know it when it signs. A
    /// standby made before the last sixth takes over within the active key's life. `None` for the empty ring.
    #[must_use]
    pub fn rotation_at(&self, ring: &KeyRing) -> Option<i64> {
        let (active, standby) = (ring.signing()?, ring.standby()?);
        let sixth = self.life / 6;
        let last_sixth = active.activated_at?.saturating_add(self.life - sixth);
        Some(last_sixth.max(standby.created_at.saturating_add(sixth)))
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::key_set::PublicKey;
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> PublicKey {
        PublicKey::new([byte; 32])
    }

    fn started(now: i64) -> KeyRing {
        KeyRing::default().bootstrap(key(1), key(2), now).expect("a ring")
    }

    fn schedule(life: i64) -> Schedule {
        Schedule::new(life).expect("a life")
    }

    #[test]
    fn a_key_is_rotated_when_the_last_sixth_of_its_life_begins() {
        let ring = started(1_000);
        assert_eq!(schedule(6_000).due(&ring, 5_999), Some(Due::At(6_000)));
        assert_eq!(schedule(6_000).due(&ring, 6_000), Some(Due::Now));
        assert_eq!(schedule(6_000).due(&KeyRing::default(), 6_000), None, "there is nothing to rotate");
    }

    #[test]
    fn a_standby_that_was_just_made_is_published_for_a_sixth_of_a_life_before_it_signs() {
        let ring = started(1_000).revoke(&key(2).id, Some(key(3)), 5_990).expect("revoked");
        assert_eq!(schedule(6_000).due(&ring, 6_000), Some(Due::At(6_990)));
    }

    #[test]
    fn a_life_out_of_bounds_is_refused() {
        for life in [i64::MIN, -1, 0, MIN_KEY_LIFE - 1, MAX_KEY_LIFE + 1, i64::MAX] {
            assert_eq!(Schedule::new(life), Err(KeyLifeError { life }));
        }
        assert!(Schedule::new(MIN_KEY_LIFE).is_ok() && Schedule::new(MAX_KEY_LIFE).is_ok());
    }

    proptest! {
        #[test]
        fn the_time_named_is_the_first_at_which_a_rotation_is_due(
            life in MIN_KEY_LIFE..=MAX_KEY_LIFE, start in 0_i64..4_000_000_000, replaced in 0_i64..400_000_000, off in -1_000_i64..1_000,
        ) {
            let ring = started(start).revoke(&key(2).id, Some(key(3)), start + replaced).expect("revoked");
            let at = schedule(life).rotation_at(&ring).expect("a time");
            prop_assert_eq!(schedule(life).due(&ring, at - 1), Some(Due::At(at)));
            prop_assert_eq!(schedule(life).due(&ring, at), Some(Due::Now));
            let due = schedule(life).due(&ring, at + off) == Some(Due::Now);
            prop_assert_eq!(due, off >= 0);
        }

        #[test]
        fn no_key_outlives_its_life_and_no_standby_signs_unseen(life in MIN_KEY_LIFE..=MAX_KEY_LIFE, made in 0_i64..MAX_KEY_LIFE) {
            let made = made % (life - life / 6);
            let ring = started(100).revoke(&key(2).id, Some(key(3)), 100 + made).expect("revoked");
            let at = schedule(life).rotation_at(&ring).expect("a time");
            prop_assert!(at <= 100 + life, "the active key's life is over");
            prop_assert!(at >= 100 + made + life / 6, "the standby was not seen");
            prop_assert!(at >= 100 + life - life / 6, "before the last sixth");
        }

        #[test]
        fn acting_on_time_makes_a_rotation_each_five_sixths_of_a_life(life in MIN_KEY_LIFE..=MAX_KEY_LIFE, turns in 1_u8..6) {
            let mut ring = started(0);
            for turn in 1..=turns {
                let at = schedule(life).rotation_at(&ring).expect("a time");
                prop_assert_eq!(at, i64::from(turn) * (life - life / 6));
                ring = ring.rotate(key(turn + 2), None, at).expect("rotated");
                prop_assert!(matches!(schedule(life).due(&ring, at), Some(Due::At(_))), "one rotation is enough");
            }
        }
    }
}
