//! A seeded generator of cases for the decision: claims, a request and a time.
//!
//! The same seed gives the same cases on every machine. Most cases are well formed and their grants lean towards
//! the request, so that every outcome and reason of steps 5 to 13 comes up often; the rest are near misses and
//! damage. Nothing here knows what the right answer is.

mod damage;
mod node;
mod operators;
mod passport;
mod request;
mod values;

use crate::oracle::StatusAnswer;

/// The issuer that claims name in the normal case.
pub const ISSUER: &str = "https://issuer.example";

/// The audience that claims name in the normal case.
pub const AUDIENCE: &str = "https://shop.example";

/// A generator: a splitmix64 sequence and what is made of it.
#[derive(Debug, Clone)]
pub struct Gen {
    state: u64,
}

impl Gen {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Gen {
        Gen { state: seed }
    }

    /// The next case: claims as JSON, the request as JSON, and `now` in seconds since 1970.
    ///
    /// About one case in two hundred has a `now` outside of what the contract allows.
    pub fn case(&mut self) -> (String, String, i64) {
        let now = self.now();
        let plan = request::plan(self);
        let mut claims = passport::claims(self, &plan, now);
        let mut request = request::build(self, &plan);
        if self.chance(50) {
            damage::tree(self, &mut claims);
        }
        if self.chance(30) {
            damage::tree(self, &mut request);
        }
        let mut claims = node::write(self, &claims);
        let mut request = node::write(self, &request);
        if self.chance(15) {
            damage::text(self, &mut claims);
        }
        if self.chance(15) {
            damage::text(self, &mut request);
        }
        (claims, request, now)
    }

    /// What a status look-up gives: mostly that the passport is valid.
    pub fn status(&mut self) -> StatusAnswer {
        match self.below(100) {
            0..3 => StatusAnswer::Revoked,
            3..6 => StatusAnswer::Unavailable,
            _ => StatusAnswer::Valid,
        }
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to one below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next_u64() % end).unwrap_or(0)
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, in_a_thousand: usize) -> bool {
        self.below(1000) < in_a_thousand
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn now(&mut self) -> i64 {
        match self.below(1000) {
            0..5 => *self.pick(&[-1, 253_402_300_800, i64::MIN, i64::MAX]),
            5..15 => *self.pick(&[0, 1, 29, 31, 253_402_300_799, 253_402_300_798, 253_402_300_760]),
            15..200 => 1_700_000_000 + i64::try_from(self.below(400_000_000)).unwrap_or(0),
            _ => 1_795_456_800, // 2026-11-23T18:00:00Z
        }
    }
}

#[cfg(test)]
mod tests;
