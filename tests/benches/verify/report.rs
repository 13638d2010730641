//! A push to the reporter's queue, the event built from the decision.

use std::hint::black_box;
use std::time::Duration;

use passport_tests::scene::{Scene, request};
use passport_verifier::{Recorder as _, Reporter, ReporterPassport, ReporterSettings, Trust};

use super::measure::{Row, time};

/// As many as one reporter takes before it is replaced by a fresh one, outside of what is timed. Nobody listens where it
/// delivers, so they stay in its queue.
const PUSHES: u32 = 8_192;

pub fn row(scene: &Scene, trust: &Trust, grants: usize) -> Row {
    let token = scene.passports(1, grants).remove(0);
    let held = scene.verifier(trust.clone()).verify(&token, scene.now()).expect("it verifies");
    let (request, now) = (request(), scene.now());
    let passport = ReporterPassport::read(&token).expect("a passport");
    let start = move || {
        let settings = ReporterSettings::new("http://127.0.0.1:9".parse().expect("a URL"), passport.clone());
        Reporter::start(settings.with_waits(Duration::from_secs(60), Duration::from_secs(60))).expect("a thread")
    };
    let run = move |count: u32| {
        let decision = held.decide(&request, now);
        let (mut took, mut left) = (Duration::ZERO, count);
        while left > 0 {
            let reporter = start();
            let batch = left.min(PUSHES);
            took += time(batch, || reporter.record(&black_box(&decision).record()).is_ok());
            left -= batch;
        }
        took
    };
    Row::new("passport/report", grants, 1, run)
}
