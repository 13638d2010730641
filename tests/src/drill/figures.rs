//! What a campaign has measured.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::ser::SerializeMap as _;
use serde_json::{Value, json};

/// Figures by name, in the order in which they were given. A name ends in its unit: `drained_per_s`, `latency_ms`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(Vec<(String, Value)>);

impl Figures {
    /// With one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// With the spread of `latencies`, in milliseconds.
    #[must_use]
    pub fn with_latencies(self, name: impl Into<String>, latencies: &Latencies) -> Self {
        let ms = |latency: Option<Duration>| latency.map(|latency| (latency.as_secs_f64() * 100_000.0).round() / 100.0);
        let of = |part| ms(latencies.quantile(part));
        self.with(name, json!({"count": latencies.0.len(), "p50": of(0.5), "p99": of(0.99), "max": of(1.0)}))
    }
}

/// Times that something took.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// One more.
    pub fn push(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Duration> {
        self.0.iter().copied()
    }

    /// What the given part of all took at most: 0.5 for the median, 1.0 for the longest. `None` where there are none.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (part * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(latencies: I) -> Self {
        Self(latencies.into_iter().collect())
    }
}

impl Serialize for Figures {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            write!(f, "  {name}:")?;
            match value {
                Value::Object(parts) => parts.iter().try_for_each(|(name, value)| write!(f, " {name} {value}"))?,
                Value::String(text) => write!(f, " {text}")?,
                value => write!(f, " {value}")?,
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_taken() {
        let of = |count: u64, part| (1..=count).rev().map(Duration::from_millis).collect::<Latencies>().quantile(part);
        assert_eq!(of(0, 0.5), None);
        for part in [0.0, 0.5, 0.99, 1.0] {
            assert_eq!(of(1, part), Some(Duration::from_millis(1)));
        }
        assert_eq!([0.5, 0.99, 1.0].map(|part| of(100, part)), [50, 99, 100].map(|ms| Some(Duration::from_millis(ms))));
        assert_eq!(of(1_000, 0.99), Some(Duration::from_millis(990)));
    }
}
