//! The passports that were verified already, found by their whole token.
//!
//! Nothing but "this signature is good, these are the claims" is remembered: whoever finds a passport here looks at
//! keys, audience, times, revocation and grants again, as they are now.
//!
//! Why not a cache from a library: those that we know count references or hits in memory that all threads write to, which
//! costs a third of the speed where two threads ask about one hot passport (docs/performance.md). Here a reader writes to
//! nothing shared: it compares tags, borrows an entry by a debt of its own thread (arc-swap), and compares the token.
//!
//! A passport has one set of eight places, chosen by its signature. A new one takes an empty place of its set, or that of a
//! passport that has expired, or of the one that was longest not asked for. Only verified passports come here, and their
//! signatures are the issuer's: nobody can choose the set that a passport goes to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, TryLockError};

use arc_swap::{ArcSwapOption, Guard};

use crate::signed::SignedPassport;

/// Places in a set: their tags are one line of a processor's cache.
const WAYS: usize = 8;

/// One set of places. The tags stand together, so that a look at one line finds the place or says that there is none.
#[derive(Default)]
#[repr(align(64))]
struct Set {
    /// Of the token in the place of the same index; 0 where there is none.
    tags: [AtomicU64; WAYS],
    places: [ArcSwapOption<SignedPassport>; WAYS],
}

pub(crate) struct Cache {
    sets: Box<[Set]>,
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
    /// Room for about `entries` passports, rounded up to a power of two and at least eight, that hold at most `bytes`.
    pub(crate) fn new(entries: usize, bytes: usize) -> Self {
        let sets = entries.div_ceil(WAYS).max(1).checked_next_power_of_two().unwrap_or(1);
        let sets = std::iter::repeat_with(Set::default).take(sets).collect();
        Self { sets, most_bytes: bytes, writing: Mutex::default() }
    }

    /// The passport with exactly this token.
    pub(crate) fn find(&self, token: &[u8], now: i64) -> Option<Hit> {
        let tag = tag(token)?;
        let set = self.set(tag)?;
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
        let Some((tag, set)) = tag(signed.token()).and_then(|tag| Some((tag, self.set(tag)?))) else { return };
        let mut room = match self.writing.try_lock() {
            Ok(room) => room,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if signed.bytes() > self.most_bytes || self.find(signed.token(), now).is_some() {
            return;
        }
        let Some(place) = self.place(set, now) else { return };
        self.clear(set, place, &mut room);
        self.make_room(signed.bytes(), now, &mut room);
        signed.touch(now);
        if let (Some(known), Some(entry)) = (set.tags.get(place), set.places.get(place)) {
            entry.store(Some(Arc::clone(signed)));
            known.store(tag, Ordering::Release);
            room.bytes += signed.bytes();
            room.entries += 1;
        }
    }

    fn set(&self, tag: u64) -> Option<&Set> {
        // Fibonacci hashing: base64 letters leave a tag's low bits alike.
        let spread = tag.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let mask = self.sets.len().checked_sub(1)?;
        self.sets.get(usize::try_from(spread).ok()? & mask)
    }

    /// The place of a set to be given away: the first that is empty, or whose passport is worth least.
    fn place(&self, set: &Set, now: i64) -> Option<usize> {
        let worth = |place: &ArcSwapOption<SignedPassport>| place.load().as_ref().map(|signed| signed.worth(now));
        set.places.iter().enumerate().min_by_key(|(_, place)| worth(place)).map(|(at, _)| at)
    }

    fn clear(&self, set: &Set, place: usize, room: &mut Room) {
        let (Some(known), Some(entry)) = (set.tags.get(place), set.places.get(place)) else { return };
        known.store(0, Ordering::Release);
        if let Some(old) = entry.swap(None) {
            room.bytes = room.bytes.saturating_sub(old.bytes());
            room.entries = room.entries.saturating_sub(1);
        }
    }

    /// Gives places away, set by set and in each the one that is worth least, until `bytes` more are within the bound.
    fn make_room(&self, bytes: usize, now: i64, room: &mut Room) {
        // Each turn of the hand empties a place of every set that has one, so this ends.
        for _ in 0..self.sets.len().saturating_mul(WAYS) {
            if room.bytes.saturating_add(bytes) <= self.most_bytes {
                return;
            }
            room.hand = room.hand.wrapping_add(1) % self.sets.len().max(1);
            if let Some(set) = self.sets.get(room.hand) {
                let held = set.places.iter().enumerate().filter_map(|(at, place)| Some((at, place.load().as_ref()?.worth(now))));
                if let Some((at, _)) = held.min_by_key(|(_, worth)| *worth) {
                    self.clear(set, at, room);
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

/// Eight characters of the signature, which no two passports of an issuer are likely to share: the first of its 86.
/// `None` for what is too short to be a token.
fn tag(token: &[u8]) -> Option<u64> {
    let start = token.len().checked_sub(86)?;
    token.get(start..)?.first_chunk::<8>().map(|characters| u64::from_le_bytes(*characters)).filter(|tag| *tag != 0)
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("sets", &self.sets.len()).field("most_bytes", &self.most_bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
