//! `drill intake`: how many events a second the issuer takes in, beside what the parts under it do alone.

mod bounds;
mod memory;
mod postgres;
mod sqlite;
mod vitals;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use self::bounds::Bounds;
use self::vitals::Vitals;
use super::reporting::{Outcome, Pool, Reporter, Until, deliver, hold_log};
use super::setup::Site;
use super::{Campaign, Drill, Figures, Setup};
use crate::process::Issuer;

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "intake",
    about: "Reports events as fast as the issuer takes them, in batches and singly: each is there once, at the rate that is promised.",
    unit: "seconds of each phase",
    long: 300,
    short: 5,
    run,
};

/// As an operator lifts the limits for a few services that report a lot from one address (docs/format.md, F7.18). What they
/// report here is made up, of passports that nobody issued: it is not decided again.
pub(super) const UNLIMITED: &[&str] = &["--agent-rate", "0", "--source-rate", "0", "--public-rate", "0", "--redecide", "off"];

const TAKEN: &str = "every report is answered with 200, or with 429 and taken later";

/// The parts alone are measured for a fifth of a phase, at least and at most so long.
const CEILING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(20));

fn run(drill: &Drill) -> Figures {
    let Setup { clients, batch, singles, .. } = drill.setup();
    let site = Site::new(Setup { issuers: 1, ..drill.setup() }).with_settings(UNLIMITED);
    let issuer = site.start(0);
    let admin = site.admin(0);
    let (seconds, pool) = (Duration::from_secs(drill.times()), Pool::new(drill.dice(0)));

    let mut phases = Vec::new();
    for (name, count, batch, stream) in [("batches", clients, batch, 1_000), ("singles", singles, 1, 2_000)] {
        drill.say(format!("{name}: enlisting"));
        let enlist = |number| Reporter::enlist(&admin, &format!("{name}-{number}"), &pool, drill.dice(stream + number));
        let phase = Phase::run(drill, &site, &issuer, (0..count).map(enlist).collect(), batch, seconds);
        phases.push((name, batch, phase));
    }

    drill.say("reading the log");
    let stored = hold_log(drill, &site, phases.iter().flat_map(|(.., phase)| &phase.reporters));
    drill.expect(issuer.stop(), TAKEN, || "the issuer did not end well".into());
    let (size, bytes) = (site.log(0).size(), phases.iter().map(|(.., phase)| phase.outcome.bytes).sum::<u64>());

    let ceiling = (seconds / 5).clamp(CEILING.0, CEILING.1);
    let mut figures = Figures::default();
    let mut bounds = Bounds::default();
    for (name, batch, phase) in &phases {
        drill.say(format!("{name}: axum alone"));
        let memory = memory::requests_per_s(drill, &pool, phase.reporters.len(), *batch, ceiling);
        figures = phase.tell(figures, name, *batch).with(
            format!("{name}_of_axum_in_memory"),
            json!({"requests_per_s": memory.round(), "ratio": ratio(phase.outcome.requests_per_s(), memory)}),
        );
    }
    figures = figures
        .with("events_in_the_log", stored)
        .with("body_bytes_an_event", (bytes as f64 / stored.max(1) as f64).round())
        .with("database_mb", (size as f64 / 1e6).round())
        .with("database_bytes_an_event", (size as f64 / stored.max(1) as f64).round());
    let [(_, _, batches), (_, _, singles)] = &phases[..] else { unreachable!("two phases") };
    let rate = batches.outcome.events_per_s();
    if let Some(url) = site.database() {
        drill.say("COPY alone");
        let copy = postgres::rows_per_s(url, &pool, drill.dice(1), ceiling);
        figures = figures.with("batches_of_copy", json!({"rows_per_s": copy.round(), "ratio": ratio(rate, copy)}));
        bounds.share_of_copy(rate / copy);
    } else {
        for (name, indexes) in [("batches_of_sqlite_bare", &[][..]), ("batches_of_sqlite_with_two_indexes", &sqlite::TWO)] {
            drill.say("SQLite alone");
            let rows = sqlite::rows_per_s(indexes, &pool, drill.dice(1), ceiling);
            figures = figures.with(name, json!({"rows_per_s": rows.round(), "ratio": ratio(rate, rows)}));
        }
        bounds.rates(&batches.outcome, &singles.outcome);
    }
    bounds.tell(drill, figures, drill.times() >= CAMPAIGN.long)
}

/// One way to report, for a while.
struct Phase {
    reporters: Vec<Reporter>,
    outcome: Outcome,
    /// What the issuer has used during it, and this process beside it.
    issuer: Vitals,
    client: Vitals,
}

impl Phase {
    fn run(drill: &Drill, site: &Site, issuer: &Issuer, reporters: Vec<Reporter>, batch: u64, seconds: Duration) -> Self {
        let vitals = || [issuer.process(), std::process::id()].map(Vitals::of);
        let before = vitals();
        let (reporters, outcome) = deliver(drill, site.address(0), reporters, batch, Until::Passed(seconds));
        let [issuer, client] = vitals();
        (0..drill.times() / 2).for_each(|_| drill.step());
        outcome.examples.iter().for_each(|example| drill.broken(TAKEN, example));
        Self { reporters, outcome, issuer: issuer.since(&before[0]), client: client.since(&before[1]) }
    }

    fn tell(&self, figures: Figures, name: &str, batch: u64) -> Figures {
        let Outcome { events, requests, too_many, errors, .. } = self.outcome;
        let part = |figure: f64| (figure * 100.0).round() / 100.0;
        let told = json!({
            "clients": self.reporters.len(),
            "batch": batch,
            "seconds": part(self.outcome.took.as_secs_f64()),
            "events": events,
            "events_per_s": self.outcome.events_per_s().round(),
            "slowest_second": self.outcome.slowest_second(),
            "requests": requests,
            "requests_per_s": self.outcome.requests_per_s().round(),
            "too_many": too_many,
            "waited_s": part(self.outcome.waited.as_secs_f64()),
            "errors": errors,
        });
        let used = json!({
            "cpu_s": part(self.issuer.cpu.as_secs_f64()),
            "memory_peak_mb": (self.issuer.peak as f64 / 1e6).round(),
            "client_cpu_s": part(self.client.cpu.as_secs_f64()),
        });
        figures.with(name, told).with_latencies(format!("{name}_answer_ms"), &self.outcome.answers).with(format!("{name}_issuer"), used)
    }
}

fn ratio(ours: f64, ceiling: f64) -> Value {
    json!((ours / ceiling * 1_000.0).round() / 1_000.0)
}

/// Reporters for a server that asks nobody who they are.
fn strangers(pool: &Arc<Pool>, count: usize, drill: &Drill) -> Vec<Reporter> {
    let one = |number| Reporter::known(&format!("reporter-{number}"), "none".into(), pool, drill.dice(number));
    (0..count as u64).map(one).collect()
}
