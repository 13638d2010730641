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

/// The row's name and how many passports are live: with one, both threads ask about the same.
const ROWS: [(&str, usize); 2] = [("passport/next/threads2", 256), ("passport/next/threads2-hot", 1)];

/// Measures both rows. Their ratio is not one to the baseline: it is the throughput of two threads in terms of one's.
pub fn measure(scene: &Scene, filter: &Filter, effort: Effort) -> Vec<Figure> {
    let rows = ROWS.into_iter().filter(|(name, _)| filter.takes(name));
    rows.map(|(name, live)| row(scene, effort, name, live)).collect()
}

fn row(scene: &Scene, effort: Effort, name: &str, live: usize) -> Figure {
    let (verifier, tokens) = seen(scene, &scene.trust(), USUAL_GRANTS, live);
    let work = |threads| run(&verifier, &tokens, scene.now(), threads, ASKED);
    // Long against the time in which the system moves a thread to a core of its own: in runs of a few milliseconds both
    // may stay on one, and two threads then do the work of one, whatever they run.
    let batches = (effort.batch.as_secs_f64() * LONG / work(1).as_secs_f64()).ceil() as u32;
    let (mut nanos, mut speedups) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds.div_ceil(4) {
        let one = run(&verifier, &tokens, scene.now(), 1, ASKED * batches);
        let two = run(&verifier, &tokens, scene.now(), 2, ASKED * batches);
        nanos.push(two.as_nanos() as f64 / f64::from(2 * ASKED * batches));
        speedups.push(2.0 * one.as_secs_f64() / two.as_secs_f64());
    }
    Figure { name: name.to_owned(), grants: USUAL_GRANTS, live, nanos: median(&nanos), ratio: median(&speedups) }
}

/// How many batches of another row a run of these takes.
const LONG: f64 = 100.0;

/// The least that a thread asks in one go.
const ASKED: u32 = 1_024;

/// How long it takes until each of so many threads has asked so often. They start together.
fn run(verifier: &Verifier, tokens: &[String], now: i64, threads: usize, count: u32) -> Duration {
    let (order, barrier) = (shuffled(tokens.len()), Barrier::new(threads));
    let one = |offset: usize| {
        let request = request();
        let mut at = offset % order.len();
        barrier.wait();
        let start = Instant::now();
        for _ in 0..count {
            let token = &tokens[order[at] as usize];
            at = if at + 1 == order.len() { 0 } else { at + 1 };
            assert!(black_box(verifier.decide(black_box(token), &request, now)).is_allowed());
        }
        start.elapsed()
    };
    thread::scope(|scope| {
        let one = &one;
        // Each begins elsewhere, so that they do not walk in step.
        let running: Vec<_> = (0..threads).map(|index| scope.spawn(move || one(index * 97))).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread")).max().unwrap_or_default()
    })
}
