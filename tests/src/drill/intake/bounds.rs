//! What is promised of the intake, and whether it held.

use std::time::Duration;

use crate::drill::reporting::Outcome;
use crate::drill::{Drill, Figures};

/// Events a second in batches, and the answer that 99 in a hundred are quicker than.
const BATCHES_PER_S: f64 = 60_000.0;
const BATCHES_P99: Duration = Duration::from_millis(50);
/// Events a second, each by itself.
const SINGLES_PER_S: f64 = 20_000.0;
/// Of what COPY does, on PostgreSQL.
const OF_COPY: f64 = 0.5;

const RATE: &str = "SQLite: 60,000 events a second in batches";
const P99: &str = "SQLite: 99 in a hundred batches are answered within 50 ms";
const SINGLES: &str = "SQLite: 20,000 events a second, each by itself";
const COPY: &str = "PostgreSQL: at least half of what COPY of the same rows does";

/// Each with its name, whether it held, and what was seen.
#[derive(Default)]
pub(super) struct Bounds(Vec<(&'static str, bool, String)>);

impl Bounds {
    pub(super) fn rates(&mut self, batches: &Outcome, singles: &Outcome) {
        let p99 = batches.answers.quantile(0.99).unwrap_or(Duration::MAX);
        self.0.push((RATE, batches.events_per_s() >= BATCHES_PER_S, format!("{:.0} a second", batches.events_per_s())));
        self.0.push((P99, p99 <= BATCHES_P99, format!("{p99:.1?}")));
        self.0.push((SINGLES, singles.events_per_s() >= SINGLES_PER_S, format!("{:.0} a second", singles.events_per_s())));
    }

    pub(super) fn share_of_copy(&mut self, share: f64) {
        self.0.push((COPY, share >= OF_COPY, format!("{share:.3} of it")));
    }

    /// Writes down each; one that did not hold breaks the drill where it is to `judge`, which only its long form is:
    /// a few seconds say little.
    pub(super) fn tell(self, drill: &Drill, figures: Figures, judge: bool) -> Figures {
        self.0.into_iter().fold(figures, |figures, (bound, holds, seen)| {
            drill.expect(holds || !judge, bound, || seen.clone());
            figures.with(bound, format!("{} ({seen})", if holds { "HELD" } else { "NOT HELD" }))
        })
    }
}
