//! What a process has used, as Linux counts it.

use std::time::Duration;

/// The ticks that Linux counts time of processors in, on every machine that it runs on here.
const TICKS_PER_S: u64 = 100;

#[derive(Clone, Copy, Debug)]
pub(super) struct Vitals {
    /// Time of processors, of all its threads.
    pub(super) cpu: Duration,
    /// The most memory that it has had, in bytes.
    pub(super) peak: u64,
}

impl Vitals {
    pub(super) fn of(process: u32) -> Self {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{process}/{name}")).expect("a running process");
        let (stat, status) = (read("stat"), read("status"));
        // Its name may have spaces and brackets in it, and comes before the last bracket.
        let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
        let ticks = |place: usize| fields[place].parse::<u64>().expect("a number");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak").trim().trim_end_matches(" kB");
        Self {
            cpu: Duration::from_millis((ticks(11) + ticks(12)) * 1_000 / TICKS_PER_S),
            peak: peak.parse::<u64>().expect("a number") * 1_024,
        }
    }

    /// What was used since then; the peak is that of the whole life.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self { cpu: self.cpu - before.cpu, peak: self.peak }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn work_and_memory_of_a_process_are_seen() {
        let before = Vitals::of(std::process::id());
        let held = vec![1_u8; 64 << 20];
        let began = Instant::now();
        let mut after = before;
        while after.since(&before).cpu == Duration::ZERO {
            assert!(held.iter().all(|byte| *byte == 1));
            assert!(began.elapsed() < Duration::from_secs(60), "{before:?} {after:?}");
            after = Vitals::of(std::process::id());
        }
        assert!(after.peak >= 64 << 20, "{after:?}");
    }
}
