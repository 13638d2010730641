use proptest::prelude::*;

use super::*;

fn key(number: u16) -> PublicKey {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    PublicKey::new(bytes)
}

fn started() -> KeyRing {
    KeyRing::default().bootstrap(key(1), key(2), 100).expect("a ring")
}

fn states(ring: &KeyRing) -> Vec<KeyState> {
    ring.records().iter().map(|record| record.state).collect()
}

#[test]
fn rotation_makes_next_active_and_a_fresh_key_next() {
    use KeyState::{Active, Next, Retired};
    let ring = started();
    assert_eq!(states(&ring), [Active, Next]);
    assert_eq!(ring.bootstrap(key(3), key(4), 100), Err(RingError::NotEmpty));
    let ring = ring.rotate(key(3), Some(5_000), 200).expect("rotated");
    assert_eq!(states(&ring), [Retired, Active, Next]);
    assert_eq!(ring.signing().map(KeyRecord::id), Some(&key(2).id));
    assert_eq!(ring.standby().map(KeyRecord::id), Some(&key(3).id));
    assert_eq!(ring.records()[0].publish_until, Some(5_000 + 86_400));
}

#[test]
fn a_retired_key_is_published_a_day_longer_than_anything_it_signed() {
    let until = |last, now| started().rotate(key(3), last, now).expect("rotated").records()[0].publish_until;
    assert_eq!(until(None, 200), Some(200 + 86_400));
    assert_eq!(until(Some(150), 200), Some(200 + 86_400));
    assert_eq!(until(Some(201), 200), Some(201 + 86_400));
    assert_eq!(until(Some(i64::MAX), 200), Some(TIME_MAX));
}

#[test]
fn revoking_the_active_key_lets_the_next_one_sign_at_once() {
    use KeyState::{Active, Next, Revoked};
    let ring = started().revoke(&key(1).id, Some(key(3)), 300).expect("revoked");
    assert_eq!(states(&ring), [Revoked, Active, Next]);
    assert_eq!(ring.records()[0].revoked_at, Some(300));
    assert!(ring.published(300).iter().all(|record| record.id() != &key(1).id));
    assert_eq!(ring.revoked().len(), 1);
}

#[test]
fn revoking_the_next_key_puts_a_fresh_one_in_its_place() {
    use KeyState::{Active, Next, Revoked};
    let ring = started().revoke(&key(2).id, Some(key(3)), 300).expect("revoked");
    assert_eq!(states(&ring), [Active, Revoked, Next]);
    assert_eq!(ring.signing().map(KeyRecord::id), Some(&key(1).id));
}

#[test]
fn a_key_that_is_needed_is_not_revoked_without_a_fresh_one() {
    for (id, state) in [(key(1).id, KeyState::Active), (key(2).id, KeyState::Next)] {
        let ring = started();
        assert_eq!(ring.revoking_takes_a_fresh_key(&id), Ok(true));
        assert_eq!(ring.revoke(&id, None, 300), Err(RingError::FreshKeyNeeded { id, state }));
        assert_eq!(ring, started());
    }
}

#[test]
fn revoking_a_retired_key_takes_no_fresh_one_and_twice_is_as_once() {
    let ring = started().rotate(key(3), None, 200).expect("rotated");
    assert_eq!(ring.revoking_takes_a_fresh_key(&key(1).id), Ok(false));
    let once = ring.revoke(&key(1).id, None, 300).expect("revoked");
    assert_eq!(once.revoke(&key(1).id, Some(key(9)), 400), Ok(once.clone()));
    assert_eq!(ring.revoke(&key(1).id, Some(key(9)), 300), Ok(once));
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let id = key(9).id;
    assert_eq!(KeyRing::default().rotate(key(1), None, 0), Err(RingError::Empty));
    assert_eq!(KeyRing::default().bootstrap(key(1), key(1), 0), Err(RingError::Duplicate { id: key(1).id }));
    assert_eq!(started().revoke(&id, Some(key(3)), 0), Err(RingError::Unknown { id }));
    assert_eq!(started().revoking_takes_a_fresh_key(&id), Err(RingError::Unknown { id }));
    for old in [1, 2] {
        let duplicate = Err(RingError::Duplicate { id: key(old).id });
        assert_eq!(started().rotate(key(old), None, 0), duplicate);
        assert_eq!(started().revoke(&key(1).id, Some(key(old)), 0), duplicate);
    }
    let revoked = started().revoke(&key(1).id, Some(key(3)), 0).expect("revoked");
    assert_eq!(revoked.rotate(key(1), None, 0), Err(RingError::Duplicate { id: key(1).id }));
}

/// One act on a ring; keys are named by where they stand.
#[derive(Clone, Debug)]
enum Act {
    Bootstrap,
    Rotate { old: Option<prop::sample::Index>, expiry: Option<i64> },
    Revoke { at: prop::sample::Index, fresh: bool },
    RevokeUnknown,
}

fn act() -> impl Strategy<Value = Act> {
    let expiry = prop::option::of(0..2_000_000_i64);
    // Now and then an old key is given as a fresh one.
    let old = prop::option::weighted(0.1, any::<prop::sample::Index>());
    prop_oneof![
        1 => Just(Act::Bootstrap),
        5 => (old, expiry).prop_map(|(old, expiry)| Act::Rotate { old, expiry }),
        5 => (any::<prop::sample::Index>(), prop::bool::weighted(0.8)).prop_map(|(at, fresh)| Act::Revoke { at, fresh }),
        1 => Just(Act::RevokeUnknown),
    ]
}

fn perform(ring: &KeyRing, act: &Act, unused: PublicKey, now: i64) -> Result<KeyRing, RingError> {
    match act {
        Act::Bootstrap => ring.bootstrap(unused, key(0), now),
        Act::Rotate { old, expiry } => {
            let fresh = old.map_or(unused, |at| at.get(ring.records()).public.clone());
            ring.rotate(fresh, *expiry, now)
        }
        Act::Revoke { at, fresh } => ring.revoke(at.get(ring.records()).id(), fresh.then_some(unused), now),
        Act::RevokeUnknown => ring.revoke(&key(u16::MAX).id, Some(unused), now),
    }
}

/// What must hold from one ring to the one that an act made of it.
fn check(before: &KeyRing, after: &KeyRing, act: &Act, now: i64) {
    // It is a ring, with one key that signs and one that waits.
    assert_eq!(KeyRing::from_records(after.records().to_vec()).as_ref(), Ok(after));
    let (signing, standby) = (after.signing().expect("one signs"), after.standby().expect("one waits"));
    // What signs was published before it signed, and is published now.
    assert!(before.published(now).iter().any(|record| record.id() == signing.id()));
    assert!(signing.is_published(now) && standby.is_published(now));
    // What is revoked is not published at any time.
    for revoked in after.revoked() {
        assert!([0, now, i64::MAX].iter().all(|time| !revoked.is_published(*time)));
    }
    // No key is lost, and none goes back: the records before are the first ones after.
    assert!(after.records().len() >= before.records().len());
    for (old, new) in before.records().iter().zip(after.records()) {
        assert_eq!(old.id(), new.id());
        assert!(old.state <= new.state, "{} became {}", old.state, new.state);
        assert_eq!(old.created_at, new.created_at);
        assert!(old.state != KeyState::Revoked || old == new);
        // What verifiers held stays published, unless it was revoked or its time was over.
        if old.is_published(now) && !new.is_published(now) {
            assert_eq!(new.state, KeyState::Revoked);
        }
        if let (KeyState::Active, KeyState::Retired, Act::Rotate { expiry: Some(expiry), .. }) = (old.state, new.state, act) {
            assert!(new.is_published((*expiry).max(now) + PUBLISHED_AFTER_EXPIRY - 1));
        }
    }
}

proptest! {
    #[test]
    fn no_sequence_of_acts_breaks_the_ring(acts in prop::collection::vec((act(), 0..100_000_i64), 0..40)) {
        let (mut ring, mut now) = (started(), 100);
        for (number, (act, later)) in (3..).zip(acts) {
            now += later;
            let untouched = ring.clone();
            let made = perform(&ring, &act, key(number), now);
            prop_assert_eq!(&ring, &untouched);
            match made {
                Ok(after) => {
                    check(&ring, &after, &act, now);
                    ring = after;
                }
                Err(RingError::NotEmpty) => prop_assert!(matches!(act, Act::Bootstrap)),
                Err(RingError::Duplicate { id }) => prop_assert!(ring.get(&id).is_some()),
                Err(RingError::Unknown { .. }) => prop_assert!(matches!(act, Act::RevokeUnknown)),
                Err(RingError::FreshKeyNeeded { .. }) => {
                    let without = matches!(act, Act::Revoke { fresh: false, .. });
                    prop_assert!(without);
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
