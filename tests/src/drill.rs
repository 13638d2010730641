//! The home of every long campaign: what runs for minutes or hours and holds a promise against the whole system.
//!
//! # How to add a drill
//!
//! 1. A file in `drill/` with a `pub(super) const CAMPAIGN: Campaign`. Its `run` is given a [`Drill`] and returns
//!    [`Figures`]: what was measured, whether or not it is good.
//! 2. A promise that does not hold is told with [`Drill::broken`], and the campaign goes on.
//! 3. Add it to [`CAMPAIGNS`]. Its short form runs in `./check drills` from then on.
//!
//! All chance comes from [`Drill::dice`], so that the same seed is the same campaign.

mod cache;
mod compromise;
mod fate;
mod figures;
mod fleet;
mod gaps;
mod intake;
mod issuer_away;
mod kill_intake;
mod kill_issuer;
mod kill_verifier;
mod ledger;
mod power_cut;
mod report;
mod reporting;
mod revoke;
mod roles;
mod rolling_restart;
mod rotate;
mod service;
mod setup;
mod slow_clients;
mod tamper;
mod trail;
mod victim;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

pub use figures::{Figures, Latencies};
pub use report::{Broken, Report};
pub use setup::{Database, Setup};

use crate::generate::Gen;

/// Every drill there is.
pub const CAMPAIGNS: &[Campaign] = &[
    cache::CAMPAIGN,
    roles::CAMPAIGN,
    rotate::CAMPAIGN,
    revoke::CAMPAIGN,
    compromise::CAMPAIGN,
    kill_verifier::CAMPAIGN,
    kill_issuer::CAMPAIGN,
    kill_issuer::POSTGRES,
    kill_intake::CAMPAIGN,
    power_cut::CAMPAIGN,
    rolling_restart::CAMPAIGN,
    issuer_away::CAMPAIGN,
    slow_clients::CAMPAIGN,
    intake::CAMPAIGN,
    tamper::CAMPAIGN,
    gaps::CAMPAIGN,
];

/// What this program is when a drill starts it for itself; `None` where it was started by somebody else.
pub fn hidden(arguments: &[String]) -> Option<fn(&[String])> {
    (arguments.first()? == victim::NAME).then_some(victim::run)
}

/// One campaign.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// The name that it is called by.
    pub name: &'static str,
    /// What it does and what it holds, in one line.
    pub about: &'static str,
    /// What is counted by `times`, in the plural.
    pub unit: &'static str,
    /// How many times in the form that the promise names.
    pub long: u64,
    /// How many times in CI: under a minute, on two busy cores.
    pub short: u64,
    /// Does it.
    pub run: fn(&Drill) -> Figures,
}

impl Campaign {
    /// Runs it, with a progress bar on standard error where `shown`.
    pub fn start(&self, times: u64, seed: u64, shown: bool) -> Report {
        self.start_on(Setup::default(), times, seed, shown)
    }

    /// The same on issuers of one's choice.
    pub fn start_on(&self, setup: Setup, times: u64, seed: u64, shown: bool) -> Report {
        let drill = Drill::new(setup, times, seed, if shown { self.bar(times) } else { ProgressBar::hidden() });
        let began = Instant::now();
        let figures = (self.run)(&drill);
        drill.bar.finish_and_clear();
        let broken = drill.broken.into_inner().expect("no campaign panics within a report").into_values().collect();
        Report { drill: self.name, unit: self.unit, times, seed, seconds: began.elapsed().as_secs_f64(), figures, broken }
    }

    fn bar(&self, times: u64) -> ProgressBar {
        let template = "{prefix} [{bar:30}] {pos}/{len} {msg} {elapsed} (about {eta} to go)";
        let style = ProgressStyle::with_template(template).expect("a sound template").progress_chars("=> ");
        let bar = ProgressBar::new(times).with_style(style).with_prefix(self.name);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}

/// What a campaign is given. Threads of it may share it.
#[derive(Debug)]
pub struct Drill {
    setup: Setup,
    times: u64,
    seed: u64,
    bar: ProgressBar,
    broken: Mutex<BTreeMap<&'static str, Broken>>,
}

impl Drill {
    fn new(setup: Setup, times: u64, seed: u64, bar: ProgressBar) -> Self {
        Self { setup, times, seed, bar, broken: Mutex::default() }
    }

    /// On what it runs.
    pub fn setup(&self) -> Setup {
        self.setup
    }

    /// How many times.
    pub fn times(&self) -> u64 {
        self.times
    }

    /// The seed that was given.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A sequence of chances of its own for each `stream`, the same for the same seed.
    pub fn dice(&self, stream: u64) -> Gen {
        let mut of_the_seed = Gen::new(self.seed);
        Gen::new(of_the_seed.next_u64() ^ Gen::new(stream).next_u64())
    }

    /// Once more is done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// Says beside the progress bar what is going on.
    pub fn say(&self, what: impl Display) {
        self.bar.set_message(what.to_string());
    }

    /// A promise does not hold. `promise` names it, the same each time; `detail` is what was seen.
    pub fn broken(&self, promise: &'static str, detail: impl Display) {
        let mut broken = self.broken.lock().expect("no campaign panics within a report");
        broken.entry(promise).or_insert_with(|| Broken::new(promise)).add(detail.to_string());
    }

    /// [`broken`](Self::broken) unless it `holds`.
    pub fn expect(&self, holds: bool, promise: &'static str, detail: impl FnOnce() -> String) {
        if !holds {
            self.broken(promise, detail());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTING: Campaign = Campaign {
        name: "counting",
        about: "Counts, and does not hold that a number is below three.",
        unit: "numbers",
        long: 10,
        short: 3,
        run: |drill| {
            for n in 0..drill.times() {
                drill.step();
                drill.expect(n < 3, "small", || format!("{n} is not"));
            }
            Figures::default().with("first", drill.dice(1).below(1_000_000)).with("second", drill.dice(2).below(1_000_000))
        },
    };

    #[test]
    fn a_broken_promise_is_counted_shown_and_fails_the_drill() {
        let kept = COUNTING.start(COUNTING.short, 7, false);
        assert!(kept.is_kept() && !kept.to_string().contains("broken"), "{kept}");
        let broken = COUNTING.start(COUNTING.long, 7, false);
        assert!(!broken.is_kept());
        assert_eq!((broken.broken[0].promise, broken.broken[0].count), ("small", 7));
        assert!(broken.to_string().contains("broken: small (7 times)") && broken.to_string().contains("3 is not"), "{broken}");
        let json = serde_json::to_value(&broken).expect("json");
        assert_eq!((&json["kept"], &json["times"], &json["broken"][0]["count"]), (&false.into(), &10.into(), &7.into()));
        assert!(json["broken"][0]["examples"].as_array().expect("some").len() <= 5);
    }

    #[test]
    fn the_same_seed_is_the_same_campaign() {
        let figures = |seed| serde_json::to_value(COUNTING.start(1, seed, false).figures).expect("json");
        assert_eq!(figures(7), figures(7));
        assert_ne!(figures(7), figures(8));
        assert_ne!(figures(7)["first"], figures(7)["second"], "each stream is its own");
    }

    #[test]
    fn every_drill_has_a_name_of_its_own_and_a_short_form() {
        let mut names: Vec<&str> = CAMPAIGNS.iter().map(|campaign| campaign.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CAMPAIGNS.len());
        assert!(!names.iter().any(|name| ["list", "all"].contains(name)));
        assert!(CAMPAIGNS.iter().all(|campaign| campaign.short > 0 && campaign.short <= campaign.long));
    }
}
