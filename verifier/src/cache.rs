//! The passports that were verified already, found by their whole token.
//!
//! Nothing but "this signature is good, these are the claims" is remembered: whoever finds a passport here looks at
//! keys, audience, times, revocation and grants again, as they are now.
//!
//! Why not a cache from a library: those that we know count references or hits in memory that all threads write to, which
//! costs a third of the speed where two threads ask about one hot passport (docs/performance.md). Here a reader writes to
//! nothing shared: it compares tags, borrows an entry by a debt of its own thread (arc-swap), and compares the token.
//!
//! A passport has one set of seven places, chosen by its signature. A new one takes an empty place of its set, or that of a
//! passport that has expired, or of the one that was longest not asked for. Only verified passports come here, and their
//! signatures are the issuer's: nobody can choose the set that a passport goes to.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};

use arc_swap::{ArcSwapOption, Guard};

use crate::signed::SignedPassport;

/// Places in a set: with their tags they are one line of a processor's cache.
const WAYS: usize = 7;

/// One set of places. A look at one line finds the place, or says that there is none.
#[derive(Default)]
#[repr(align(64))]
struct Set {
    /// Of the token in the place of the same index; 0 where there is none. One in 255 other tokens has the same.
    tags: [AtomicU8; WAYS],
    places: [ArcSwapOption<SignedPassport>; WAYS],
}

pub(crate) struct Cache {
    /// Made for the first passport: many a verifier decides once and is dropped.
    sets: OnceLock<Box<[Set]>>,
    count: usize,
    most_bytes: usize,
    /// What those that are here hold, and where to make room next. Whoever writes holds it; nobody waits for it.
    writing: Mutex<Room>,
}

#[derive(Default)]
struct Room {
    bytes: usize,
    entries: usize,
    hand: usize,
}

/// A passport in the cache, borrowed without counting: it stays whole even if its place is given away meanwhile.
#[derive(Debug)]
pub(crate) struct Hit(Guard<Option<Arc<SignedPassport>>>);

impl Hit {
    pub(crate) fn get(&self) -> Option<&SignedPassport> {
        self.0.as_deref()
    }

    pub(crate) fn to_shared(&self) -> Option<Arc<SignedPassport>> {
        (*self.0).clone()
    }

    pub(crate) fn into_shared(self) -> Option<Arc<SignedPassport>> {
        Guard::into_inner(self.0)
    }
}

impl Cache {
    /// Room for about `entries` passports, rounded up to seven times a power of two, that hold at most `bytes`.
    pub(crate) fn new(entries: usize, bytes: usize) -> Self {
        let count = entries.div_ceil(WAYS).clamp(1, MOST_SETS).next_power_of_two();
        Self { sets: OnceLock::new(), count, most_bytes: bytes, writing: Mutex::default() }
    }

    /// The passport with exactly this token.
    pub(crate) fn find(&self, token: &[u8], now: i64) -> Option<Hit> {
        let (set, tag) = choose(self.sets.get()?, token)?;
        for (known, place) in set.tags.iter().zip(&set.places) {
            if known.load(Ordering::Acquire) != tag {
                continue;
            }
            let entry = place.load();
            if entry.as_ref().is_some_and(|signed| signed.is_token(token)) {
                let hit = Hit(entry);
                hit.get()?.touch(now);
                return Some(hit);
            }
        }
        None
    }

    /// Remembers a passport whose token was verified, unless it alone would break the bound, or somebody else is writing
    /// at this moment: then it is verified once more when it comes again.
    pub(crate) fn keep(&self, signed: &Arc<SignedPassport>, now: i64) {
        let sets = self.sets.get_or_init(|| std::iter::repeat_with(Set::default).take(self.count).collect());
        let Some((set, tag)) = choose(sets, signed.token()) else { return };
        let mut room = match self.writing.try_lock() {
            Ok(room) => room,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if signed.bytes() > self.most_bytes || self.find(signed.token(), now).is_some() {
            return;
        }
        let Some((place, leaves)) = least(set, now) else { return };
        self.make_room(sets, signed.bytes().saturating_sub(leaves), now, &mut room);
        signed.touch(now);
        room.put(set, place, tag, Some(Arc::clone(signed)));
    }

    /// Gives places away, set by set and in each the one that is worth least, until `bytes` more are within the bound.
    fn make_room(&self, sets: &[Set], bytes: usize, now: i64, room: &mut Room) {
        // Each turn of the hand empties a place of every set that has one, so this ends.
        for _ in 0..sets.len().saturating_mul(WAYS) {
            if room.bytes.saturating_add(bytes) <= self.most_bytes {
                return;
            }
            room.hand = room.hand.wrapping_add(1) % sets.len().max(1);
            if let Some(set) = sets.get(room.hand) {
                let held = set.places.iter().enumerate().filter_map(|(at, place)| Some((at, place.load().as_ref()?.worth(now))));
                if let Some((at, _)) = held.min_by_key(|(_, worth)| *worth) {
                    room.put(set, at, 0, None);
                }
            }
        }
    }

    /// How many passports are here, and the bytes that they hold.
    pub(crate) fn size(&self) -> (usize, usize) {
        let room = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (room.entries, room.bytes)
    }
}

/// The set of a token, and its tag there. Both are made of eight characters of its signature, which no two passports of an
/// issuer are likely to share. `None` for what is too short to be a token.
#[inline]
fn choose<'s>(sets: &'s [Set], token: &[u8]) -> Option<(&'s Set, u8)> {
    let signature = token.get(token.len().checked_sub(SIGNATURE_CHARS)?..)?;
    // Fibonacci hashing: letters of base64 differ in few of their bits.
    let spread = u64::from_le_bytes(*signature.first_chunk::<8>()?).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let [.., a, b, c, tag] = spread.to_le_bytes();
    // There are as many sets as a power of two.
    let mask = sets.len().checked_sub(1)?;
    let set = sets.get(usize::try_from(u32::from_le_bytes([c, b, a, 0])).ok()? & mask)?;
    Some((set, tag.max(1)))
}

/// The place of a set to be given away, and the bytes that leave it: the first that is empty, or whose passport is worth
/// least.
fn least(set: &Set, now: i64) -> Option<(usize, usize)> {
    let held = |place: &ArcSwapOption<SignedPassport>| place.load().as_ref().map(|signed| (signed.worth(now), signed.bytes()));
    let places = set.places.iter().map(held).enumerate();
    places.min_by_key(|(_, held)| held.map(|(worth, _)| worth)).map(|(at, held)| (at, held.map_or(0, |(_, bytes)| bytes)))
}

impl Room {
    /// Puts a passport, or none, where another may stand. A reader who meets the new one under the old tag, or the other
    /// way about, compares the token.
    fn put(&mut self, set: &Set, place: usize, tag: u8, new: Option<Arc<SignedPassport>>) {
        let (Some(known), Some(entry)) = (set.tags.get(place), set.places.get(place)) else { return };
        let bytes = |held: &Option<Arc<SignedPassport>>| held.as_ref().map_or(0, |signed| signed.bytes());
        let (comes, more) = (bytes(&new), usize::from(new.is_some()));
        let old = entry.swap(new);
        known.store(tag, Ordering::Release);
        self.bytes = self.bytes.saturating_sub(bytes(&old)) + comes;
        self.entries = self.entries.saturating_sub(usize::from(old.is_some())) + more;
    }
}

/// The most sets that the three bytes of a hash tell apart: room for over a hundred million passports.
const MOST_SETS: usize = 1 << 24;

/// Characters of base64url for a signature of 64 bytes.
const SIGNATURE_CHARS: usize = 86;

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("sets", &self.count).field("most_bytes", &self.most_bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
