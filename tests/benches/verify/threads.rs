//! How much more two threads do than one, with the next check.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use passport_tests::scene::{Scene, USUAL_GRANTS, request};
use passport_verifier::Verifier;

use super::arguments::Filter;
use super::measure::{Effort, Figure, median};
use super::ours::{seen, shuffled};

/// What two threads share.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shared {
    /// The verifier and the passports.
    Everything,
    /// Nothing: each has a verifier and passports of its own. What the machine gives, whatever a verifier does.
    Nothing,
}

/// The row's name, how many passports are live (with one, both threads ask about the same), and what is shared.
const ROWS: [(&str, usize, Shared); 3] = [
    ("passport/next/threads2", 256, Shared::Everything),
    ("passport/next/threads2-hot", 1, Shared::Everything),
    ("passport/next/threads2-apart", 256, Shared::Nothing),
];

/// Measures these rows. Their ratio is not one to the baseline: it is the throughput of two threads in terms of one's.
pub fn measure(scene: &Scene, filter: &Filter, effort: Effort) -> Vec<Figure> {
    let rows = ROWS.into_iter().filter(|(name, ..)| filter.takes(name));
    rows.map(|(name, live, shared)| row(scene, effort, name, live, shared)).collect()
}

fn row(scene: &Scene, effort: Effort, name: &str, live: usize, shared: Shared) -> Figure {
    let made = || seen(scene, &scene.trust(), USUAL_GRANTS, live);
    let first = made();
    let others = (shared == Shared::Nothing).then(made);
    let places = [&first, others.as_ref().unwrap_or(&first)];
    // Long against the time in which the system moves a thread to a core of its own: in runs of a few milliseconds both
    // may stay on one, and two threads then do the work of one, whatever they run.
    let window = effort.batch.mul_f64(LONG);
    let (mut nanos, mut speedups) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds.div_ceil(4) {
        let [one, two] = [1, 2].map(|threads| rate(places, scene.now(), threads, window));
        nanos.push(1e9 / two);
        speedups.push(two / one);
    }
    Figure { name: name.to_owned(), grants: USUAL_GRANTS, live, nanos: median(&nanos), ratio: median(&speedups) }
}

/// How many batches of another row a run of these takes.
const LONG: f64 = 100.0;

/// How often a thread asks between two looks at the time.
const ASKED: u32 = 1_024;

/// How often at most two threads ask in a second, all together, each in the place that it has. They start together and go on
/// for as long: none works alone for the end of another, nor is the time that one was held up counted for both.
fn rate(places: [&(Verifier, Vec<String>); 2], now: i64, threads: usize, window: Duration) -> f64 {
    let barrier = Barrier::new(threads);
    let one = |index: usize| {
        let (verifier, tokens) = places[index];
        let (request, order) = (request(), shuffled(tokens.len()));
        // Each begins elsewhere, so that they do not walk in step.
        let mut at = index * 97 % order.len();
        let mut asked = 0;
        barrier.wait();
        let start = Instant::now();
        loop {
            for _ in 0..ASKED {
                let token = &tokens[order[at] as usize];
                at = if at + 1 == order.len() { 0 } else { at + 1 };
                assert!(black_box(verifier.decide(black_box(token), &request, now)).is_allowed());
            }
            asked += ASKED;
            let taken = start.elapsed();
            if taken >= window {
                return f64::from(asked) / taken.as_secs_f64();
            }
        }
    };
    thread::scope(|scope| {
        let one = &one;
        let running: Vec<_> = (0..threads).map(|index| scope.spawn(move || one(index))).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    })
}
