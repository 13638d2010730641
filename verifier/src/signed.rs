//! A passport whose signature was good: what is remembered of it.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use passport_shared::footprint::Footprint as _;
use passport_shared::key_set::KeyId;
use passport_shared::passport::Passport;

use crate::status_lists::Place;

/// The claims of a token, and the key that signed them. It says nothing about now.
///
/// In memory in this order: what finds it stands in one line of a processor's cache, and what a decision reads comes next.
#[repr(C)]
pub(crate) struct SignedPassport {
    token: Box<[u8]>,
    /// When it was last asked for, in seconds since 1970. Written once a second at most, so that threads that ask about one
    /// passport share it without taking it from one another.
    used: AtomicI64,
    /// Where its status list stands.
    pub(crate) list: Place,
    pub(crate) key_id: KeyId,
    pub(crate) claims: Passport,
    bytes: usize,
}

impl SignedPassport {
    /// `token` is empty where it need not be found again.
    pub(crate) fn new(token: &[u8], key_id: KeyId, claims: Passport) -> Self {
        let bytes = size_of::<Self>() + token.len() + claims.heap_bytes();
        Self { used: AtomicI64::new(i64::MIN), token: token.into(), bytes, list: Place::default(), key_id, claims }
    }

    pub(crate) fn is_token(&self, token: &[u8]) -> bool {
        *self.token == *token
    }

    pub(crate) fn token(&self) -> &[u8] {
        &self.token
    }

    /// What it holds in memory, itself included.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn touch(&self, now: i64) {
        if self.used.load(Ordering::Relaxed) != now {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    /// What it is worth to keep: nothing once it has expired, and the less the longer it was not asked for.
    pub(crate) fn worth(&self, now: i64) -> (bool, i64) {
        (self.claims.expires_at > now, self.used.load(Ordering::Relaxed))
    }
}

/// Never the token.
impl fmt::Debug for SignedPassport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedPassport").field("claims", &self.claims).field("key_id", &self.key_id).finish_non_exhaustive()
    }
}
