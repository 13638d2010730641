//! How quickly the audit log is read: a store is filled through its own interface, then asked what the indexes are for.
//!
//! `cargo bench -p passport-issuer --bench audit -- --events 1000000`; with `--dir DIR` the database is made there and kept.
//! Ten million events take some 15 GB.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a benchmark ends where something is wrong, and tells what it finds"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use passport_issuer::store::{AuditFilter, Batch, CountFilter, EventKind, Link, NewEvent, Order, Reported, SqliteStore, Store};
use passport_shared::constraint::Operator;
use passport_shared::scalar::Scalar;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

/// What p99 of the indexed filters has to keep.
const BOUND: Duration = Duration::from_millis(50);
/// How often each question is asked.
const ASKED: usize = 400;
/// Agents, of whom the first has a fifth of all events.
const AGENTS: u64 = 1_000;
/// Reporters, each with a chain of its own.
const REPORTERS: u64 = 8;
/// When the first decision was made.
const START: i64 = 1_780_000_000;
/// Decisions a second.
const RATE: i64 = 10;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut events, mut directory) = (200_000_u64, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--events" => events = arguments.next().and_then(|text| text.parse().ok()).expect("--events takes a number"),
            "--dir" => directory = arguments.next().map(PathBuf::from),
            // What cargo says of itself.
            "--bench" => {}
            other => panic!("there is no {other}"),
        }
    }
    let temporary = tempfile::tempdir().expect("a directory");
    let directory = directory.unwrap_or_else(|| temporary.path().to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&directory.join("audit.db")).await.expect("a store"));
        fill(&store, events, &directory).await;
        let kept = ask(store.as_ref(), events).await;
        store.close().await.expect("closed");
        if !kept {
            std::process::exit(1);
        }
    });
}

/// Puts in what is missing.
async fn fill(store: &Arc<dyn Store>, events: u64, directory: &Path) {
    let there = u64::try_from(store.log_head().await.expect("a head").size).expect("a size");
    let begun = Instant::now();
    let lane = |reporter: u64| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let mut dice = StdRng::seed_from_u64(reporter + there);
            let mut previous = None;
            let mut number = there / REPORTERS;
            while number < events / REPORTERS {
                let batch: Vec<Reported> = (0..500)
                    .map(|_| {
                        number += 1;
                        reported(reporter, number, &mut previous, &mut dice)
                    })
                    .collect();
                let batch = Batch { reporter: format!("service-{reporter}"), maker: None, events: batch, alarm: Arc::new(|_| Ok(None)) };
                store.append_events(batch).await.expect("taken in");
            }
        })
    };
    let lanes: Vec<_> = (0..REPORTERS).map(lane).collect();
    for lane in lanes {
        lane.await.expect("filled");
    }
    let size = store.log_head().await.expect("a head").size;
    let bytes = std::fs::metadata(directory.join("audit.db")).map_or(0, |file| file.len());
    println!("{size} events, {} MiB, filled in {:.0?}", bytes >> 20, begun.elapsed());
}

fn agent(dice: &mut StdRng) -> String {
    match dice.random_range(0..5) {
        0 => "agent-0".to_owned(),
        _ => format!("agent-{}", dice.random_range(1..AGENTS)),
    }
}

fn reported(reporter: u64, number: u64, previous: &mut Option<[u8; 32]>, dice: &mut StdRng) -> Reported {
    let agent = if number.is_multiple_of(20_000) { "agent-rare".to_owned() } else { agent(dice) };
    let passport = format!("pp_{agent}-{}", number % 3);
    let (outcome, reason) = match dice.random_range(0..1_000) {
        0 => ("deny", "revoked"),
        1..100 => ("deny", "constraint_unmet"),
        100..150 => ("approval_required", "approval_required"),
        _ => ("allow", "granted"),
    };
    let action = ["browse", "purchase", "read", "write", "send"].get(dice.random_range(0..5_usize)).copied().unwrap_or_default();
    let resource = format!("shop/{}", dice.random_range(0..50));
    let request_id = format!("req_{reporter}_{number}");
    let evaluated_at = START + i64::try_from(number * REPORTERS).expect("a time") / RATE + dice.random_range(-5..5);
    let body = format!(
        r#"{{"seq":{number},"requestId":"{request_id}","allowed":{},"outcome":"{outcome}","reason":"{reason}","message":"the request is covered by grant 0 of the passport","details":[],"agentId":"{agent}","passportId":"{passport}","issuer":"https://issuer.example","keyId":"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs","grant":0,"action":"{action}","resource":"{resource}","attributes":{{"vendor":"coachella.com","amount":{},"currency":"USD"}},"evaluatedAt":"2026-05-30T00:00:00Z"}}"#,
        outcome == "allow",
        dice.random_range(0..1_000),
    );
    let body_hash = Sha256::digest(&body).into();
    let link = Link { previous: previous.replace(body_hash), count: 1 };
    let event = NewEvent {
        event_id: format!("evt_{reporter}_{number}"),
        seq: i64::try_from(number).ok(),
        request_id,
        body,
        body_hash,
        received_at: evaluated_at + 1,
        evaluated_at: Some(evaluated_at),
        agent_id: Some(agent),
        passport_id: Some(passport),
        outcome: Some(outcome.to_owned()),
        reason: Some(reason.to_owned()),
        action: Some(action.to_owned()),
        resource: Some(resource),
        reported_hash: None,
    };
    Reported { event, link: Some(link), plain: None }
}

/// A filter that is drawn anew each time.
type Drawn = Box<dyn Fn(&mut StdRng) -> AuditFilter>;

/// Asks each question over and over. Gives whether the bound was kept.
async fn ask(store: &dyn Store, events: u64) -> bool {
    let last = i64::try_from(events).expect("a size");
    let end = START + last / RATE;
    let page = || AuditFilter { limit: 100, ..AuditFilter::default() };
    let some = |text: &str| Some(text.to_owned());
    println!("{:<44} {:>9} {:>9} {:>7}", "a page of 100", "p50", "p99", "events");
    let mut kept = true;
    let mut filters: Vec<(&str, Drawn)> = Vec::new();
    filters.push(("newest", Box::new(move |_| page())));
    filters.push(("deep in, newest first", Box::new(move |dice| AuditFilter { cursor: Some(dice.random_range(1..last)), ..page() })));
    filters.push((
        "deep in, oldest first",
        Box::new(move |dice| AuditFilter { cursor: Some(dice.random_range(1..last)), order: Order::OldestFirst, ..page() }),
    ));
    filters.push(("agent, common", Box::new(move |_| AuditFilter { agent_id: some("agent-0"), ..page() })));
    filters.push((
        "agent, one of 1000",
        Box::new(move |dice| AuditFilter { agent_id: Some(format!("agent-{}", dice.random_range(1..AGENTS))), ..page() }),
    ));
    filters.push((
        "agent, one of 1000, deep in",
        Box::new(move |dice| AuditFilter {
            agent_id: Some(format!("agent-{}", dice.random_range(1..AGENTS))),
            cursor: Some(dice.random_range(1..last)),
            ..page()
        }),
    ));
    filters.push(("agent, rare", Box::new(move |_| AuditFilter { agent_id: some("agent-rare"), ..page() })));
    filters.push(("agent, unknown", Box::new(move |_| AuditFilter { agent_id: some("nobody"), ..page() })));
    filters.push((
        "passport",
        Box::new(move |dice| AuditFilter {
            passport_id: Some(format!("pp_agent-{}-{}", dice.random_range(1..AGENTS), dice.random_range(0..3))),
            ..page()
        }),
    ));
    filters.push(("reason, common", Box::new(move |_| AuditFilter { reason: some("granted"), ..page() })));
    filters.push(("reason, one in 1000", Box::new(move |_| AuditFilter { reason: some("revoked"), ..page() })));
    filters.push((
        "resource and outcome",
        Box::new(move |dice| AuditFilter { resource: Some(format!("shop/{}", dice.random_range(0..50))), outcome: some("deny"), ..page() }),
    ));
    filters.push((
        "agent and reason that seldom meet",
        Box::new(move |dice| AuditFilter {
            agent_id: Some(format!("agent-{}", dice.random_range(1..AGENTS))),
            reason: some("revoked"),
            ..page()
        }),
    ));
    filters.push((
        "outcome and reason that never meet",
        Box::new(move |_| AuditFilter { outcome: some("allow"), reason: some("constraint_unmet"), ..page() }),
    ));
    filters.push((
        "an hour",
        Box::new(move |dice| {
            let from = dice.random_range(START..end);
            AuditFilter { from: Some(from), to: Some(from + 3_600), ..page() }
        }),
    ));
    filters.push((
        "an hour of an agent",
        Box::new(move |dice| {
            let from = dice.random_range(START..end);
            AuditFilter {
                agent_id: Some(format!("agent-{}", dice.random_range(1..AGENTS))),
                from: Some(from),
                to: Some(from + 3_600),
                ..page()
            }
        }),
    ));
    filters.push((
        "reporter and kind",
        Box::new(move |_| AuditFilter { reporter: some("service-3"), kind: Some(EventKind::Decision), ..page() }),
    ));
    for (name, filter) in &filters {
        let mut dice = StdRng::seed_from_u64(7);
        let mut times = Times::default();
        for _ in 0..ASKED {
            let filter = filter(&mut dice);
            let begun = Instant::now();
            let found = store.events(filter).await.expect("a page");
            times.push(begun, found.items.len());
        }
        kept &= times.tell(name, true);
    }
    let mut dice = StdRng::seed_from_u64(7);
    let mut times = Times::default();
    for _ in 0..ASKED {
        let id = format!("req_{}_{}", dice.random_range(0..REPORTERS), dice.random_range(1..events / REPORTERS));
        let begun = Instant::now();
        let found = store.events_of_request(&id).await.expect("events");
        times.push(begun, found.len());
    }
    kept &= times.tell("request id", true);
    let mut times = Times::default();
    for _ in 0..ASKED {
        let after = dice.random_range(1..last);
        let begun = Instant::now();
        let found = store.log_from(after, 100).await.expect("events");
        times.push(begun, found.items.len());
    }
    kept &= times.tell("the log from a place on", true);
    let mut times = Times::default();
    for _ in 0..ASKED {
        let from_hour = dice.random_range(START..end) / 3_600;
        let filter = CountFilter { from_hour, to_hour: from_hour + 24, by_reason: true, ..CountFilter::default() };
        let begun = Instant::now();
        let found = store.counts(filter).await.expect("counts");
        times.push(begun, found.len());
    }
    times.tell("counts of a day, by reason (no bound)", false);
    let mut times = Times::default();
    for _ in 0..ASKED / 10 {
        let amount = i64::from(dice.random_range(0..1_000_u32));
        let attributes = vec![("amount".to_owned(), Operator::Equals(Scalar::Number(amount.into())))];
        let begun = Instant::now();
        let found = store.events(AuditFilter { attributes, ..page() }).await.expect("a page");
        times.push(begun, found.items.len());
    }
    times.tell("an attribute, which no index has (no bound)", false);
    kept
}

#[derive(Default)]
struct Times {
    times: Vec<Duration>,
    found: usize,
}

impl Times {
    fn push(&mut self, begun: Instant, found: usize) {
        self.times.push(begun.elapsed());
        self.found += found;
    }

    /// Tells them, and gives whether the bound was kept.
    fn tell(mut self, name: &str, bound: bool) -> bool {
        self.times.sort_unstable();
        let at =
            |hundredth: usize| self.times.get((self.times.len() * hundredth / 100).min(self.times.len() - 1)).copied().unwrap_or_default();
        let (p50, p99) = (at(50), at(99));
        let kept = !bound || p99 <= BOUND;
        println!("{name:<44} {:>9.2?} {:>9.2?} {:>7}{}", p50, p99, self.found / self.times.len(), if kept { "" } else { "  OVER 50 ms" });
        kept
    }
}
