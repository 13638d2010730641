//! Many reporters at once on one thread, each with one request under way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Line, Receipt, Reporter};
use crate::drill::{Drill, Latencies};

/// How long a refused request waits where the answer names no time.
const WAIT: Duration = Duration::from_millis(100);
/// How many errors are told.
const EXAMPLES: usize = 5;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Until {
    /// When so much time has passed.
    Passed(Duration),
    /// When so many events are acknowledged, or a few batches more.
    Events(u64),
}

/// What came of it.
#[derive(Debug, Default)]
pub(in super::super) struct Outcome {
    /// Events that were acknowledged.
    pub(in super::super) events: u64,
    /// Requests that were answered with 200.
    pub(in super::super) requests: u64,
    /// From the first byte of the first request to the last answer.
    pub(in super::super) took: Duration,
    /// From the first byte of a request written to its answer read, of the answers with 200.
    pub(in super::super) answers: Latencies,
    /// Events acknowledged in each second.
    pub(in super::super) seconds: Vec<u64>,
    /// Bytes of the bodies that were acknowledged.
    pub(in super::super) bytes: u64,
    /// Answers with 429, each of which was asked again after the time that it named.
    pub(in super::super) too_many: u64,
    /// What these times come to, over all reporters.
    pub(in super::super) waited: Duration,
    /// What else came.
    pub(in super::super) errors: u64,
    pub(in super::super) examples: Vec<String>,
}

struct Shared {
    address: String,
    batch: u64,
    until: Until,
    began: Instant,
    events: AtomicU64,
    over: AtomicBool,
    outcome: Mutex<Outcome>,
}

/// Has all `reporters` send batches of `batch` events, and gives them back with what came of it.
pub(in super::super) fn deliver(
    drill: &Drill,
    address: &str,
    reporters: Vec<Reporter>,
    batch: u64,
    until: Until,
) -> (Vec<Reporter>, Outcome) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let shared = Arc::new(Shared {
        address: address.to_owned(),
        batch,
        until,
        began: Instant::now(),
        events: AtomicU64::new(0),
        over: AtomicBool::new(false),
        outcome: Mutex::default(),
    });
    let mut back = runtime.block_on(async {
        let mut set = JoinSet::new();
        for (place, reporter) in reporters.into_iter().enumerate() {
            let shared = Arc::clone(&shared);
            set.spawn(async move { (place, report(reporter, &shared).await) });
        }
        let (mut back, mut tick) = (Vec::new(), tokio::time::interval(Duration::from_secs(1)));
        loop {
            tokio::select! {
                ended = set.join_next() => match ended {
                    Some(ended) => back.push(ended.expect("no panic")),
                    None => return back,
                },
                _ = tick.tick() => drill.say(format!("{} events taken in", shared.events.load(Ordering::Relaxed))),
            }
        }
    });
    back.sort_by_key(|(place, _)| *place);
    let shared = Arc::into_inner(shared).expect("all have ended");
    let outcome = shared.outcome.into_inner().expect("no panic");
    (back.into_iter().map(|(_, reporter)| reporter).collect(), outcome)
}

async fn report(mut reporter: Reporter, shared: &Shared) -> Reporter {
    let mut line = match Line::open(&shared.address).await {
        Ok(line) => line,
        Err(error) => {
            shared.wrong(format!("{}: no connection: {error}", reporter.name));
            return reporter;
        }
    };
    while !shared.over.load(Ordering::Relaxed) {
        reporter.next(shared.batch);
        loop {
            let start = Instant::now();
            let answer = match line.ask(reporter.request()).await {
                Ok(answer) => answer,
                Err(error) => {
                    shared.wrong(format!("{}: no answer: {error}", reporter.name));
                    return reporter;
                }
            };
            if answer.status == 429 {
                let wait = answer.retry_after.unwrap_or(WAIT);
                shared.too_many(wait);
                tokio::time::sleep(wait).await;
                continue;
            }
            if answer.receipt() != Some(Receipt { accepted: reporter.batch(), ..Receipt::default() }) {
                shared.wrong(format!("{}: {} {}", reporter.name, answer.status, answer.body));
                return reporter;
            }
            reporter.acknowledge();
            shared.taken(&reporter, start);
            break;
        }
    }
    reporter
}

impl Shared {
    fn taken(&self, reporter: &Reporter, start: Instant) {
        let (now, count) = (Instant::now(), reporter.batch());
        let mut outcome = self.outcome.lock().expect("no panic");
        outcome.events += count;
        outcome.requests += 1;
        outcome.bytes += reporter.body.len() as u64;
        outcome.answers.push(now - start);
        outcome.took = now - self.began;
        let second = usize::try_from(outcome.took.as_secs()).expect("small");
        if outcome.seconds.len() <= second {
            outcome.seconds.resize(second + 1, 0);
        }
        outcome.seconds[second] += count;
        self.events.store(outcome.events, Ordering::Relaxed);
        let over = match self.until {
            Until::Passed(duration) => outcome.took >= duration,
            Until::Events(events) => outcome.events >= events,
        };
        self.over.fetch_or(over, Ordering::Relaxed);
    }

    fn too_many(&self, wait: Duration) {
        let mut outcome = self.outcome.lock().expect("no panic");
        outcome.too_many += 1;
        outcome.waited += wait;
    }

    fn wrong(&self, what: String) {
        let mut outcome = self.outcome.lock().expect("no panic");
        outcome.errors += 1;
        if outcome.examples.len() < EXAMPLES {
            outcome.examples.push(what);
        }
    }
}

impl Outcome {
    pub(in super::super) fn events_per_s(&self) -> f64 {
        self.events as f64 / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    pub(in super::super) fn requests_per_s(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// The least that was taken in during one whole second; `None` where there was none.
    pub(in super::super) fn slowest_second(&self) -> Option<u64> {
        self.seconds.split_last().and_then(|(_, whole)| whole.iter().min().copied())
    }
}
