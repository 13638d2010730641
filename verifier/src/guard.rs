//! The one-line call for services: verifier, clock, request ids and record together.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use passport_shared::decision::{Reason, Refusal};
use passport_shared::hidden::HiddenAttributes;
use passport_shared::request::Request;

use crate::decision::{Circumstances, Decision, Denied, Granted, Seen};
use crate::verifier::Verifier;

mod authorization;
mod clock;
mod health;
mod keeper;
#[cfg(feature = "metrics")]
mod metrics;
mod randomness;
mod recorded;
mod recorder;
mod rejection;
mod request_id;
mod verify;

use authorization::bearer_token;
pub(crate) use clock::LatestTime;
use clock::SteppedBack;
pub use clock::{Clock, SystemClock};
pub use health::{ClockHealth, Health, HealthProblem, RecorderHealth, TrustHealth, Verdict};
pub use keeper::{KeeperHealth, TrustKeeper};
pub use randomness::{Randomness, RandomnessError, SystemRandomness};
pub use recorded::{Recorded, Settler, Ticket};
pub use recorder::{RecordError, RecordPolicy, Recorder};
pub use rejection::Rejection;
pub(crate) use request_id::new_request_id;

/// Guards a service: decides at the present time, gives every decision an id, and records it.
///
/// Like the verifier inside, it is total: whatever fails here, clock, randomness or record, ends in a denial.
/// Share one between threads, in an `Arc`.
///
/// ```
/// use passport_verifier::{Guard, Request, Trust, Verifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let jwks = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
/// let trust = Trust::from_key_set("https://issuer.example", jwks)?;
/// let guard = Guard::new(Verifier::new(trust, "https://shop.example"));
/// let request = Request::new("purchase").on("commerce").with("vendor", "coachella.com").with("amount", 742);
///
/// match guard.authorize(Some("Bearer not.a.passport"), &request) {
///     Ok(granted) => println!("go ahead: {:?}", granted.request_id()),
///     Err(rejection) => assert_eq!((rejection.status(), rejection.code()), (401, "malformed_token")),
/// }
/// # Ok(())
/// # }
/// ```
pub struct Guard {
    verifier: Verifier,
    clock: Box<dyn Clock>,
    latest: LatestTime,
    randomness: Box<dyn Randomness>,
    recorder: Option<Box<dyn Recorder>>,
    record_policy: RecordPolicy,
    unrecorded: AtomicU64,
    keeper: Option<Box<dyn TrustKeeper>>,
    #[cfg(feature = "metrics")]
    counts: metrics::Counts,
}

impl Guard {
    /// A guard that decides with `verifier`, by the system's clock and randomness, and records nothing.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self {
            verifier,
            clock: Box::new(SystemClock),
            latest: LatestTime::default(),
            randomness: Box::new(SystemRandomness),
            recorder: None,
            record_policy: RecordPolicy::default(),
            unrecorded: AtomicU64::new(0),
            keeper: None,
            #[cfg(feature = "metrics")]
            counts: metrics::Counts::default(),
        }
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// How many seconds the clock may be behind the latest time seen before everything is denied with
    /// `clock_untrusted`; 5 unless set (contract section 5). Within them decisions are taken at the latest time
    /// seen, so that a step back never revives what has expired.
    #[must_use]
    pub fn with_clock_tolerance(mut self, seconds: u32) -> Self {
        self.latest.tolerate(seconds);
        self
    }

    /// The latest time that an earlier run saw, in seconds since 1970, kept by the caller with its trust: a clock
    /// that was set back while the service was down is then noticed too.
    #[must_use]
    pub fn with_latest_time(self, seconds: i64) -> Self {
        self.latest.raise(seconds);
        self
    }

    /// Takes the random part of request ids from `randomness`.
    #[must_use]
    pub fn with_randomness(mut self, randomness: impl Randomness + 'static) -> Self {
        self.randomness = Box::new(randomness);
        self
    }

    /// Records every decision with `recorder`. What becomes of an allow that it does not take is for
    /// [`with_record_policy`](Self::with_record_policy) to say.
    #[must_use]
    pub fn with_recorder(mut self, recorder: impl Recorder + 'static) -> Self {
        self.recorder = Some(Box::new(recorder));
        self
    }

    /// What becomes of an allow that cannot be recorded; it is denied unless set.
    #[must_use]
    pub fn with_record_policy(mut self, policy: RecordPolicy) -> Self {
        self.record_policy = policy;
        self
    }

    /// Holds what keeps the verifier's trust fresh, for example a `Refresher`: it is asked for newer trust whenever a
    /// token names a key that is not trusted here, the latest time that it kept is taken over, and
    /// [`health`](Self::health) tells how it goes.
    #[must_use]
    pub fn with_trust_keeper(mut self, keeper: impl TrustKeeper + 'static) -> Self {
        self.latest.raise(keeper.latest_time());
        self.keeper = Some(Box::new(keeper));
        self
    }

    /// The verifier inside.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The latest time seen, in seconds since 1970; 0 before the first decision.
    #[must_use]
    pub fn latest_time(&self) -> i64 {
        self.latest.seconds()
    }

    /// How many decisions could not be recorded since the start: denials, and with
    /// [`RecordPolicy::AllowUnrecorded`] allows as well. Watch it; it should stay at 0.
    #[must_use]
    pub fn unrecorded(&self) -> u64 {
        self.unrecorded.load(Ordering::Relaxed)
    }

    /// Decides, now, whether the holder of `token` may do what `request` says (contract section 3), and records it.
    ///
    /// Where the recorder keeps a record before the answer (`Delivery::SpoolFirst` of a reporter), **this blocks the
    /// thread until it is on disk**; in async code call [`decide_async`](Self::decide_async). With any other recorder
    /// neither waits for anything.
    pub fn decide<'r>(&self, token: impl AsRef<[u8]>, request: &'r Request) -> Decision<'r> {
        self.decide_and_record(token, request).wait(self)
    }

    /// The same without blocking the thread. It needs no runtime in particular. Nothing happens before it is polled.
    pub async fn decide_async<'r>(&self, token: impl AsRef<[u8]>, request: &'r Request) -> Decision<'r> {
        self.decide_and_record(token, request).settled(self).await
    }

    /// The same as [`decide`](Self::decide) for a service that speaks HTTP: `authorization` is the value of the
    /// `Authorization` header (RFC 6750, section 2.1). What comes back is the proof of an allow, or the answer to give.
    pub fn authorize<'r>(&self, authorization: Option<&str>, request: &'r Request) -> Result<Granted<'r>, Rejection> {
        let token = authorization.and_then(bearer_token).ok_or_else(Rejection::missing_token)?;
        self.decide(token, request).into_granted()
    }

    /// The same as [`decide_async`](Self::decide_async) for a service that speaks HTTP.
    pub async fn authorize_async<'r>(&self, authorization: Option<&str>, request: &'r Request) -> Result<Granted<'r>, Rejection> {
        let token = authorization.and_then(bearer_token).ok_or_else(Rejection::missing_token)?;
        self.decide_async(token, request).await.into_granted()
    }

    fn decide_and_record<'r>(&self, token: impl AsRef<[u8]>, request: &'r Request) -> Noted<'r> {
        let millis = self.clock.now_millis();
        let decision = match self.latest.observe(millis.div_euclid(1_000)) {
            Ok(now) => self.verifier.decide(token, request, now),
            Err(stepped_back) => untrusted(stepped_back, Some(request), self.verifier.unread(token.as_ref())).into(),
        };
        self.note(decision, millis)
    }

    /// Gives the decision its id and to the recorder. Every decision of a guard goes this way.
    fn note<'r>(&self, decision: Decision<'r>, millis: i64) -> Noted<'r> {
        if decision.reason() == Reason::UnknownKey
            && let Some(keeper) = &self.keeper
        {
            keeper.ask();
        }
        let decision = self.identify(decision, millis);
        let recorded = match &self.recorder {
            None => Ok(Recorded::Done),
            // Without an id no log could tell it from another.
            Some(_) if decision.request_id().is_none() => Err(RecordError::Failed("it has no request id".to_owned())),
            Some(recorder) => recorder.record(&decision),
        };
        Noted { decision, recorded }
    }

    /// Sees to it that the decision has an id.
    fn identify<'r>(&self, decision: Decision<'r>, millis: i64) -> Decision<'r> {
        if decision.request_id().is_some() {
            return decision;
        }
        match new_request_id(millis, self.randomness.as_ref()) {
            Ok(id) => decision.identified(|| id),
            Err(error) => decision.denied(Refusal::new(Reason::InternalError, format!("no request id could be made: {error}"))),
        }
    }

    /// The decision, given what became of its record: what every call ends with.
    fn settled<'r>(&self, decision: Decision<'r>, recorded: &Result<(), RecordError>) -> Decision<'r> {
        let decision = match recorded {
            Ok(()) => decision,
            Err(_) => self.without_record(decision),
        };
        #[cfg(feature = "metrics")]
        self.counts.count(decision.reason());
        decision
    }

    fn without_record<'r>(&self, decision: Decision<'r>) -> Decision<'r> {
        self.unrecorded.fetch_add(1, Ordering::Relaxed);
        match self.record_policy {
            RecordPolicy::DenyUnrecorded if decision.is_allowed() => {
                decision.denied(Refusal::new(Reason::AuditUnavailable, "this would be allowed, but it cannot be recorded now"))
            }
            RecordPolicy::DenyUnrecorded | RecordPolicy::AllowUnrecorded => decision,
        }
    }
}

/// A decision that was given to the recorder, and what it said.
#[must_use]
struct Noted<'r> {
    decision: Decision<'r>,
    recorded: Result<Recorded, RecordError>,
}

impl<'r> Noted<'r> {
    /// Blocks the thread until the record is what the recorder promised.
    fn wait(self, guard: &Guard) -> Decision<'r> {
        match self.recorded {
            Ok(Recorded::Pending(ticket)) => guard.settled(self.decision, &ticket.wait()),
            recorded => guard.settled(self.decision, &recorded.map(|_| ())),
        }
    }

    /// The same for a task.
    async fn settled(self, guard: &Guard) -> Decision<'r> {
        match self.recorded {
            Ok(Recorded::Pending(ticket)) => {
                let recorded = ticket.await;
                guard.settled(self.decision, &recorded)
            }
            recorded => guard.settled(self.decision, &recorded.map(|_| ())),
        }
    }
}

fn untrusted(stepped_back: SteppedBack, request: Option<&Request>, unread: Option<Box<HiddenAttributes>>) -> Denied<'_> {
    let SteppedBack { now, latest } = stepped_back;
    let message = format!("the clock went back by {} seconds", latest.saturating_sub(now));
    let asked = Circumstances { request, now, trust: None };
    asked.deny(Seen::Nothing, Refusal::new(Reason::ClockUntrusted, message)).keeping(unread)
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("verifier", &self.verifier)
            .field("record_policy", &self.record_policy)
            .field("records", &self.recorder.is_some())
            .field("unrecorded", &self.unrecorded())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
