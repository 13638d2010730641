//! Rows and how they are timed. Shared with the peers, so that they are timed alike.

use std::time::{Duration, Instant};

/// The row that every other is compared with, at the same number of grants.
pub const BASELINE: &str = "verify_strict";

/// One line of the table. `run` does its work so many times and says how long that took; what it prepares for that is
/// not counted.
pub struct Row {
    pub name: &'static str,
    pub grants: usize,
    pub live: usize,
    pub run: Box<dyn FnMut(u32) -> Duration>,
}

impl Row {
    pub fn new(name: &'static str, grants: usize, live: usize, run: impl FnMut(u32) -> Duration + 'static) -> Self {
        Self { name, grants, live, run: Box::new(run) }
    }
}

/// How long one process measures.
#[derive(Clone, Copy)]
pub struct Effort {
    pub rounds: usize,
    pub batch: Duration,
}

impl Effort {
    pub fn new(quick: bool) -> Self {
        match quick {
            true => Self { rounds: 5, batch: Duration::from_micros(300) },
            false => Self { rounds: 61, batch: Duration::from_micros(500) },
        }
    }
}

/// What one process found for one row.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: String,
    pub grants: usize,
    pub live: usize,
    /// Nanoseconds for one, the median over the rounds.
    pub nanos: f64,
    /// In terms of the baseline of the same round, the median over the rounds.
    pub ratio: f64,
}

impl Figure {
    /// As a process that measures writes it.
    pub fn write(&self) -> String {
        format!("{}\t{}\t{}\t{}\t{}", self.name, self.grants, self.live, self.nanos, self.ratio)
    }
}

/// Measures all rows round robin: a batch of each, and again, in another order each round, so that nothing which comes
/// again and again, like the scheduler's slices, meets the same row each time. In each round a row is compared with the
/// baseline of that round, so that a machine which slows down slows both.
pub fn measure(rows: &mut [Row], effort: Effort) -> Vec<Figure> {
    rows.sort_by_key(|row| (row.grants, row.name != BASELINE));
    let batches: Vec<u32> = rows.iter_mut().map(|row| calibrate(row, effort.batch)).collect();
    let (mut nanos, mut ratios) = (vec![Vec::new(); rows.len()], vec![Vec::new(); rows.len()]);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut random = Random::default();
    for _ in 0..effort.rounds {
        random.shuffle(&mut order);
        for index in &order {
            let (row, batch) = (&mut rows[*index], batches[*index]);
            // Brings back what the rows before have pushed out of the processor's caches.
            (row.run)(batch / 8 + 1);
            nanos[*index].push((row.run)(batch).as_nanos() as f64 / f64::from(batch));
        }
        let baseline = |grants| rows.iter().position(|row| row.name == BASELINE && row.grants == grants).expect("a baseline");
        for (index, row) in rows.iter().enumerate() {
            let last = |index: usize| nanos[index].last().copied().unwrap_or(f64::NAN);
            ratios[index].push(last(index) / last(baseline(row.grants)));
        }
    }
    let figure = |(index, row): (usize, &Row)| Figure {
        name: row.name.to_owned(),
        grants: row.grants,
        live: row.live,
        nanos: median(&nanos[index]),
        ratio: median(&ratios[index]),
    };
    rows.iter().enumerate().map(figure).collect()
}

/// Numbers that look random and are the same in every run (xorshift).
pub struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    /// In any order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }
}

/// How long `count` turns of `one` take, each of which has to say yes.
pub fn time(count: u32, mut one: impl FnMut() -> bool) -> Duration {
    let mut yes = 0;
    let start = Instant::now();
    for _ in 0..count {
        yes += u32::from(one());
    }
    let took = start.elapsed();
    assert_eq!(yes, count, "every turn has to allow");
    took
}

/// How many make a batch of about this length.
fn calibrate(row: &mut Row, length: Duration) -> u32 {
    let mut batch = 1_u32;
    loop {
        // The shortest of three: a run that was interrupted would make the batches too small.
        let took = (0..3).map(|_| (row.run)(batch)).min().unwrap_or_default();
        if took * 2 >= length || batch >= 1 << 22 {
            let fit = length.as_secs_f64() / took.as_secs_f64().max(1e-9) * f64::from(batch);
            return (fit as u32).max(1);
        }
        batch *= 2;
    }
}

/// The middle of these; of an even number, the mean of the two.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted[half],
        _ => (sorted[half - 1] + sorted[half]) / 2.0,
    }
}
