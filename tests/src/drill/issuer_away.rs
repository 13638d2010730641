//! A service that goes on deciding while its issuer is away, and catches up when it is back.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use passport_verifier::{Delivery, Guard, Reason, Recorder as _};
use tempfile::TempDir;

use super::service::{Papers, purchase};
use super::trail::{Fault, Trail};
use super::{Campaign, Drill, Figures, Latencies, victim};
use crate::process::Issuer;

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "issuer-away",
    about: "Stops the issuer while a service decides, and holds memory, spool, catching up and every single report.",
    unit: "decisions",
    long: 1_000_000,
    short: 20_000,
    run,
};

const RIGHT: &str = "no decision is wrong while the issuer is away";
const FLAT: &str = "memory stays flat: within 16 MiB of what it was at a tenth of the way";
const SMALL: &str = "an event takes 150 bytes on disk or less, and the spool stays within its quota";
const FAST: &str = "10,000 events a second or more are delivered once the issuer is back";
const UNDISTURBED: &str = "a decision takes no more than twice as long while events are delivered (median)";
const ALL_THERE: &str = "every decision is stored once, in order, and the chain is whole";

/// Decisions in a second while the issuer is away. Without a pace two busy cores make five times as many, more than one
/// thread packs and writes: the queue then fills up, and what cannot be recorded is denied, as it has to be.
const PACE: u64 = 50_000;
/// The reporter's own, unless set.
const QUOTA: u64 = 1 << 30;

fn run(drill: &Drill) -> Figures {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let issuer = Issuer::start(&data);
    let (admin, address) = (issuer.admin(), issuer.address().to_owned());
    let papers = Papers::issue(&issuer, &admin, "desk");
    let reporter = papers.reporter(&folder.path().join("spool"), Delivery::Background);
    let guard = papers.guard(&reporter);
    let pushing = Papers::issue(&issuer, &admin, "desk-of-pushes");
    issuer.kill();
    let push = push_nanos(&pushing, &folder.path().join("pushes"));

    drill.say("the issuer is away");
    let tenth = (drill.times() / 10).max(1);
    let mut memory = Vec::new();
    let began = Instant::now();
    for number in 0..drill.times() {
        decide(drill, &guard, &papers, number);
        drill.step();
        if number % 100 == 99 {
            thread::sleep(Duration::from_micros(number * 1_000_000 / PACE).saturating_sub(began.elapsed()));
        }
        if number % tenth == tenth - 1 {
            memory.push(resident_bytes());
        }
    }
    let deciding = began.elapsed();
    let after: Vec<u64> = memory.iter().map(|bytes| bytes.saturating_sub(memory[0])).collect();
    drill.expect(after.iter().all(|bytes| *bytes <= 16 << 20), FLAT, || format!("{memory:?}"));
    while reporter.stats().queued > 0 {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(Duration::from_millis(50));
    let away = reporter.stats();
    let per_event = away.spool_bytes as f64 / away.waiting.max(1) as f64;
    drill.expect(per_event <= 150.0 && away.spool_bytes <= QUOTA, SMALL, || format!("{per_event:.1} bytes an event: {away:?}"));
    drill.expect(away.dropped == 0 && away.waiting == drill.times(), ALL_THERE, || format!("{away:?}"));
    let idle = paced(drill, &guard, &papers, &AtomicBool::new(false), Duration::from_secs(2));

    drill.say("the issuer is back");
    let issuer = Issuer::start_at(&data, &address);
    let (done, waiting) = (AtomicBool::new(false), reporter.stats().waiting);
    let returned = Instant::now();
    // The reporter is waiting for its next try. What is measured is how fast it catches up, and how soon it begins.
    while reporter.stats().sent == 0 && returned.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(1));
    }
    let (noticed, sent, began) = (returned.elapsed(), reporter.stats().sent, Instant::now());
    let (busy, drained) = thread::scope(|scope| {
        let busy = scope.spawn(|| paced(drill, &guard, &papers, &done, Duration::from_secs(600)));
        while reporter.stats().sent < waiting && began.elapsed() < Duration::from_secs(600) {
            thread::sleep(Duration::from_millis(2));
        }
        let drained = began.elapsed();
        done.store(true, Ordering::SeqCst);
        (busy.join().expect("no panic"), drained)
    });
    let rate = (reporter.stats().sent - sent) as f64 / drained.as_secs_f64();
    drill.expect(rate >= 10_000.0, FAST, || format!("{rate:.0} events a second"));
    let median = |latencies: &Latencies| latencies.quantile(0.5).unwrap_or_default();
    let disturbed = || format!("{:?} and {:?}", median(&idle), median(&busy));
    drill.expect(median(&busy) <= 2 * median(&idle), UNDISTURBED, disturbed);

    if let Err(unsent) = reporter.shutdown(Duration::from_secs(60)) {
        drill.broken(ALL_THERE, unsent);
    }
    drill.say("reading the log");
    let trail = Trail::read(&issuer.admin(), &papers.reporter);
    let all = drill.times() + (idle.iter().count() + busy.iter().count()) as u64;
    drill.expect(trail.len() as u64 == all, ALL_THERE, || format!("{} of {all} are stored", trail.len()));
    let faults: Vec<Fault> = trail.faults(&[], &[]);
    drill.expect(faults.is_empty(), ALL_THERE, || format!("{:?}", &faults[..faults.len().min(5)]));
    let mib = |bytes: &u64| (*bytes as f64 / f64::from(1 << 20) * 10.0).round() / 10.0;
    Figures::default()
        .with("push_ns", push)
        .with("decided_per_s", (drill.times() as f64 / deciding.as_secs_f64()).round())
        .with("memory_mib", memory.iter().map(mib).collect::<Vec<_>>())
        .with("spool_bytes_per_event", (per_event * 10.0).round() / 10.0)
        .with("noticed_after_ms", u64::try_from(noticed.as_millis()).unwrap_or(u64::MAX))
        .with("drained_per_s", rate.round())
        .with("decision_idle_us", micros(&idle))
        .with("decision_while_draining_us", micros(&busy))
        .with("stored", trail.len())
}

/// What one push costs who decides, event built: the median of some bursts. Its spool is left behind undelivered.
fn push_nanos(papers: &Papers, spool: &Path) -> f64 {
    const BURST: u32 = 1_000;
    let reporter = papers.reporter(spool, Delivery::Background);
    let request = purchase(400).identified("req_018bcfe6-eea0-7000-8000-000000000000");
    let now = i64::try_from(victim::now() / 1_000_000).expect("small");
    let (verifier, mut bursts) = (papers.verifier(), Vec::new());
    let decision = verifier.decide(&papers.passport, &request, now);
    assert!(decision.is_allowed(), "{}", decision.reason());
    for _ in 0..100 {
        let start = Instant::now();
        for _ in 0..BURST {
            assert!(reporter.record(&decision).is_ok());
        }
        bursts.push(start.elapsed() / BURST);
        while reporter.stats().queued > 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    bursts.sort_unstable();
    bursts[bursts.len() / 2].as_nanos() as f64
}

/// One decision, of which one in three is a denial.
fn decide(drill: &Drill, guard: &Guard, papers: &Papers, number: u64) {
    let over = number % 3 == 2;
    let request = purchase(if over { 501 } else { 1 + number % 500 });
    let reason = guard.decide(&papers.passport, &request).reason();
    let right = if over { Reason::ConstraintUnmet } else { Reason::Granted };
    drill.expect(reason == right, RIGHT, || format!("decision {number}: {reason}"));
}

/// Allows, a few every millisecond, until `done` or so long. Gives what each took.
fn paced(drill: &Drill, guard: &Guard, papers: &Papers, done: &AtomicBool, most: Duration) -> Latencies {
    let (began, mut latencies) = (Instant::now(), Latencies::default());
    while !done.load(Ordering::SeqCst) && began.elapsed() < most {
        for amount in 1..=4 {
            let request = purchase(amount);
            let start = Instant::now();
            let decision = guard.decide(&papers.passport, &request);
            latencies.push(start.elapsed());
            drill.expect(decision.is_allowed(), RIGHT, || decision.reason().to_string());
        }
        thread::sleep(Duration::from_millis(1));
    }
    latencies
}

fn micros(latencies: &Latencies) -> serde_json::Value {
    let of = |part| latencies.quantile(part).map(|latency| (latency.as_secs_f64() * 1e7).round() / 10.0);
    serde_json::json!({"count": latencies.iter().count(), "p50": of(0.5), "p99": of(0.99)})
}

/// Memory of this process that is in use. 0 where the system does not tell: then nothing is held.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}
