//! Who presents many passports that are none is not listened to for a while.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Source;

/// Sources that are remembered at once.
const SOURCES: usize = 10_000;
/// Bad passports are counted within this.
const WINDOW: Duration = Duration::from_secs(60);
/// The first time that a source is locked out for.
const FIRST: Duration = Duration::from_secs(10);
/// The longest.
const LONGEST: Duration = Duration::from_secs(900);
/// After so long without a bad passport all is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(3_600);

/// The sources that have presented bad passports lately.
#[derive(Debug)]
pub(super) struct Lockout {
    /// After how many within [`WINDOW`]; 0: never.
    after: u32,
    sources: HashMap<Source, Bad>,
}

#[derive(Clone, Copy, Debug)]
struct Bad {
    /// Within the window that began at `since`.
    count: u32,
    since: Instant,
    last: Instant,
    until: Option<Instant>,
    /// How often it was locked out.
    times: u32,
}

impl Lockout {
    pub(super) fn new(after: u32) -> Self {
        Self { after, sources: HashMap::new() }
    }

    /// How long this source has still to wait, if it has.
    pub(super) fn wait(&self, source: Source, now: Instant) -> Option<Duration> {
        let left = self.sources.get(&source)?.until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// A bad passport came. Gives for how long its source is locked out, where that begins with it.
    pub(super) fn bad(&mut self, source: Source, now: Instant) -> Option<Duration> {
        if self.after == 0 {
            return None;
        }
        let full = self.sources.len() >= SOURCES && !self.sources.contains_key(&source);
        if full {
            self.make_room(now);
        }
        let bad = self.sources.entry(source).or_insert(Bad { count: 0, since: now, last: now, until: None, times: 0 });
        if now.saturating_duration_since(bad.last) > FORGOTTEN {
            *bad = Bad { count: 0, since: now, last: now, until: None, times: 0 };
        }
        if now.saturating_duration_since(bad.since) > WINDOW {
            (bad.count, bad.since) = (0, now);
        }
        bad.last = now;
        bad.count = bad.count.saturating_add(1);
        // Requests that were under way when the lock began do not lengthen it.
        if bad.count < self.after || bad.until.is_some_and(|until| until > now) {
            return None;
        }
        let wait = FIRST.saturating_mul(1 << bad.times.min(10)).min(LONGEST);
        *bad = Bad { count: 0, since: now, last: now, until: now.checked_add(wait), times: bad.times.saturating_add(1) };
        Some(wait)
    }

    /// Forgets those that are quiet, or else the one that was quiet longest.
    fn make_room(&mut self, now: Instant) {
        self.sources.retain(|_, bad| bad.until.is_some_and(|until| until > now) || now.saturating_duration_since(bad.last) <= WINDOW);
        if self.sources.len() >= SOURCES {
            let oldest = self.sources.iter().min_by_key(|(_, bad)| bad.last).map(|(source, _)| *source);
            oldest.and_then(|source| self.sources.remove(&source));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(n: u32) -> Source {
        Source::of(std::net::IpAddr::V4(n.into()))
    }

    #[test]
    fn a_guesser_is_locked_out_for_a_time_that_doubles_and_nobody_else_is() {
        let mut lockout = Lockout::new(3);
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..9 {
            assert_eq!([(); 2].map(|()| lockout.bad(source(1), now)), [None; 2]);
            let wait = lockout.bad(source(1), now).expect("locked out");
            assert_eq!(lockout.wait(source(1), now), Some(wait));
            assert_eq!(lockout.wait(source(2), now), None);
            waits.push(wait.as_secs());
            now += wait;
            assert_eq!(lockout.wait(source(1), now), None, "it is over");
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 900, 900]);
    }

    #[test]
    fn mistakes_now_and_then_lock_nobody_out_and_what_was_is_forgotten() {
        let mut lockout = Lockout::new(3);
        let mut now = Instant::now();
        for _ in 0..100 {
            assert_eq!(lockout.bad(source(1), now), None);
            now += Duration::from_secs(31);
        }
        (0..3).for_each(|_| _ = lockout.bad(source(1), now));
        assert!(lockout.wait(source(1), now).is_some());
        now += FORGOTTEN + Duration::from_secs(1);
        assert_eq!([(); 3].map(|()| lockout.bad(source(1), now)), [None, None, Some(FIRST)], "the first time again");
        let mut never = Lockout::new(0);
        assert!((0..1_000).all(|_| never.bad(source(1), now).is_none()), "0 is never");
    }

    #[test]
    fn the_table_of_guessers_is_bounded() {
        let mut lockout = Lockout::new(1);
        let now = Instant::now();
        (0..12_000).for_each(|n| _ = lockout.bad(source(n), now + Duration::from_millis(n.into())));
        assert_eq!(lockout.sources.len(), SOURCES);
        assert!(lockout.sources.contains_key(&source(11_999)));
    }
}
