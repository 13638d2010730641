//! How often one source, or one agent, may ask; and who guesses at passports waits.
//!
//! Three limits, each so many requests a second with a burst above: public routes by source, guarded routes by source
//! before anything is looked at, and guarded routes by agent once the gate knows who it is. A source is an IPv4 address,
//! or an IPv6 network of 64 bits, which is what one machine gets. The health endpoints have no limit.
//!
//! A source that presents many passports that are none is locked out of the guarded routes for a time that doubles.
//! Public routes stay open to it: verifiers behind the same address need them to go on.

mod lockout;
mod source;

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use self::lockout::Lockout;
pub use self::source::Proxies;
pub(super) use self::source::{Peer, Source};
use super::problem::{Code, RequestFault};
use super::{App, console};
use crate::metrics;

/// Keys that one limiter knows at once. It bounds memory: some 100 bytes each.
const KEYS: usize = 65_536;

/// How many requests there are between two looks at the number of keys.
const LOOK_EVERY: u32 = 1_024;

/// What new keys share while there are too many.
const SHARED: u64 = 256;

/// The public routes under `/v1`, as they are declared.
const PUBLIC: [&str; 4] = ["/v1/trust-bundle", "/v1/status/{list}", "/v1/audit/log/checkpoint", "/v1/audit/log/tile/{level}/{*number}"];

/// So many requests a second, and so many at once above that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second; 0: no limit.
    pub per_second: u32,
    /// Requests at once, after a quiet time; at least 1.
    pub burst: u32,
}

/// The limits. The defaults are the ones that are documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Public routes, by source; 500 a second, 2,000 at once.
    pub public: Rate,
    /// Guarded routes, by source; 1,000 a second, 2,000 at once.
    pub source: Rate,
    /// Guarded routes, by agent; 500 a second, 1,000 at once.
    pub agent: Rate,
    /// After how many bad passports within a minute a source is locked out; 0: never; 50.
    pub lockout_after: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            public: Rate { per_second: 500, burst: 2_000 },
            source: Rate { per_second: 1_000, burst: 2_000 },
            agent: Rate { per_second: 500, burst: 1_000 },
            lockout_after: 50,
        }
    }
}

/// What keeps the limits.
pub(super) struct Keeper {
    public: Option<Limiter<Source>>,
    source: Option<Limiter<Source>>,
    agent: Option<Limiter<String>>,
    lockout: Mutex<Lockout>,
    proxies: Proxies,
}

impl Keeper {
    pub(super) fn new(rates: Rates, proxies: Proxies) -> Self {
        Self {
            public: Limiter::new(rates.public),
            source: Limiter::new(rates.source),
            agent: Limiter::new(rates.agent),
            lockout: Mutex::new(Lockout::new(rates.lockout_after)),
            proxies,
        }
    }

    /// Whether the agent that the gate let through may ask now.
    ///
    /// # Errors
    /// [`RequestFault::RateLimited`].
    pub(super) fn agent(&self, agent_id: &str) -> Result<(), RequestFault> {
        counted("agent", self.agent.as_ref().map_or(Ok(()), |limiter| limiter.check(agent_id.to_owned())))
    }

    fn source(&self, source: Source, public: bool) -> Result<(), RequestFault> {
        if public {
            return counted("public", self.public.as_ref().map_or(Ok(()), |limiter| limiter.check(source)));
        }
        if let Some(wait) = self.lockout().wait(source, Instant::now()) {
            return counted("lockout", Err(RequestFault::LockedOut { seconds: seconds(wait) }));
        }
        counted("source", self.source.as_ref().map_or(Ok(()), |limiter| limiter.check(source)))
    }

    /// Counts what came of a passport that was presented.
    fn note(&self, source: Source, response: &Response) {
        if !was_bad(response) {
            return;
        }
        if let Some(wait) = self.lockout().bad(source, Instant::now()) {
            ::metrics::counter!(metrics::LOCKED_OUT).increment(1);
            tracing::warn!(%source, ?wait, "too many bad passports from one source: it is locked out");
        }
    }

    fn lockout(&self) -> std::sync::MutexGuard<'_, Lockout> {
        // Whoever panicked while holding it left a table of numbers, each sound by itself.
        self.lockout.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Counts who has to wait for this limit.
fn counted(limit: &'static str, checked: Result<(), RequestFault>) -> Result<(), RequestFault> {
    checked.inspect_err(|_| ::metrics::counter!(metrics::LIMITED, "limit" => limit).increment(1))
}

/// Whether an answer says that what was presented is no passport, session or link. One that has expired was one: its holder is a
/// client to be told, and no guesser.
fn was_bad(response: &Response) -> bool {
    let code = response.extensions().get::<Code>().map(|code| code.0);
    response.status() == StatusCode::UNAUTHORIZED
        && !matches!(code, None | Some("missing_token" | "expired" | "not_yet_valid" | "session_over"))
}

/// The middleware: who asks too often is told to wait, before anything of the request is looked at.
pub(super) async fn by_source(State(app): State<App>, route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let path = route.as_ref().map_or("", MatchedPath::as_str);
    let peer = request.extensions().get::<Peer>().copied();
    // Called as a tower service, there is no source.
    let Some(Peer(peer)) = peer.filter(|_| !matches!(path, "/healthz" | "/readyz")) else { return next.run(request).await };
    let source = app.keeper.proxies.source(peer, request.headers());
    let guarded = path.starts_with("/v1/") || path == console::SESSION_ROUTE;
    let public = !guarded || PUBLIC.contains(&path);
    if let Err(fault) = app.keeper.source(source, public) {
        return fault.into_response();
    }
    let response = next.run(request).await;
    app.keeper.note(source, &response);
    response
}

/// One limit, for each key by itself.
struct Limiter<K: Hash + Eq + Clone> {
    keyed: DefaultKeyedRateLimiter<Key<K>>,
    /// Keys that are known at once, but for those that come between two looks.
    most: usize,
    asked: AtomicU32,
    /// There are too many keys: new and old share a few for the time being.
    full: AtomicBool,
    hasher: std::hash::RandomState,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key<K> {
    Own(K),
    Shared(u64),
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// `None` where there is no limit.
    fn new(rate: Rate) -> Option<Self> {
        let quota = Quota::per_second(NonZeroU32::new(rate.per_second)?);
        let keyed = RateLimiter::keyed(quota.allow_burst(NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN)));
        Some(Self { most: KEYS, keyed, asked: AtomicU32::new(0), full: AtomicBool::new(false), hasher: std::hash::RandomState::new() })
    }

    fn check(&self, key: K) -> Result<(), RequestFault> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % LOOK_EVERY == LOOK_EVERY - 1 {
            self.look();
        }
        let key = match self.full.load(Ordering::Relaxed) {
            false => Key::Own(key),
            true => Key::Shared(std::hash::BuildHasher::hash_one(&self.hasher, &key) % SHARED),
        };
        self.keyed.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            RequestFault::RateLimited { seconds: seconds(wait) }
        })
    }

    /// Forgets who has been quiet long enough to be as good as new, where there are many.
    fn look(&self) {
        if self.keyed.len() > self.most {
            self.keyed.retain_recent();
            self.keyed.shrink_to_fit();
        }
        self.full.store(self.keyed.len() > self.most, Ordering::Relaxed);
    }
}

/// Whole seconds, rounded up: whoever waits that long is let through.
fn seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_over_its_limit_takes_nothing_from_another() {
        let limiter = Limiter::new(Rate { per_second: 1, burst: 3 }).expect("a limit");
        let refused = (0..100).filter(|_| limiter.check("a").is_err()).count();
        assert!(refused >= 90, "{refused}");
        assert!(limiter.check("b").is_ok());
        assert!(Limiter::<&str>::new(Rate { per_second: 0, burst: 3 }).is_none(), "0 is no limit");
    }

    #[test]
    fn with_too_many_keys_they_share_a_few_and_no_more_are_kept() {
        let limiter = Limiter { most: 50, ..Limiter::new(Rate { per_second: 1, burst: 1 }).expect("a limit") };
        (0..100).for_each(|key| _ = limiter.check(key));
        limiter.look();
        assert!(limiter.full.load(Ordering::Relaxed));
        (0..10_000).for_each(|key| _ = limiter.check(key));
        assert!(limiter.keyed.len() <= 100 + 256, "{}", limiter.keyed.len());
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_too_short() {
        assert_eq!([0, 1, 999, 1_000, 1_001].map(|ms| seconds(Duration::from_millis(ms))), [1, 1, 1, 1, 2]);
    }
}
