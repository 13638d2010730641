//! What a campaign comes to.

use std::fmt;

use serde::Serialize;
use serde::ser::SerializeStruct as _;

use super::Figures;

/// How many examples of a broken promise are kept.
const EXAMPLES: usize = 5;

/// The end of a campaign: what was measured, and which promises did not hold.
#[derive(Clone, Debug)]
pub struct Report {
    /// The drill's name.
    pub drill: &'static str,
    /// What `times` counts.
    pub unit: &'static str,
    /// How many times.
    pub times: u64,
    /// The seed.
    pub seed: u64,
    /// How long it took.
    pub seconds: f64,
    /// What was measured.
    pub figures: Figures,
    /// What did not hold; empty where every promise was kept.
    pub broken: Vec<Broken>,
}

/// A promise that did not hold.
#[derive(Clone, Debug, Serialize)]
pub struct Broken {
    /// Which.
    pub promise: &'static str,
    /// How often.
    pub count: u64,
    /// What was seen the first few times.
    pub examples: Vec<String>,
}

impl Broken {
    pub(super) fn new(promise: &'static str) -> Self {
        Self { promise, count: 0, examples: Vec::new() }
    }

    pub(super) fn add(&mut self, example: String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example);
        }
    }
}

impl Report {
    /// Whether every promise was kept.
    pub fn is_kept(&self) -> bool {
        self.broken.is_empty()
    }
}

impl Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 8)?;
        report.serialize_field("drill", self.drill)?;
        report.serialize_field("unit", self.unit)?;
        report.serialize_field("times", &self.times)?;
        report.serialize_field("seed", &self.seed)?;
        report.serialize_field("seconds", &self.seconds)?;
        report.serialize_field("kept", &self.is_kept())?;
        report.serialize_field("figures", &self.figures)?;
        report.serialize_field("broken", &self.broken)?;
        report.end()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { drill, unit, times, seed, seconds, figures, broken } = self;
        writeln!(f, "drill {drill}: {times} {unit}, seed {seed}, {seconds:.1} s")?;
        write!(f, "{figures}")?;
        for Broken { promise, count, examples } in broken {
            writeln!(f, "broken: {promise} ({count} times)")?;
            for example in examples {
                writeln!(f, "    {example}")?;
            }
        }
        match self.is_kept() {
            true => writeln!(f, "every promise was kept"),
            false => Ok(()),
        }
    }
}
