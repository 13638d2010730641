//! A push to the reporter's queue, the event built from the decision, while the reporter writes its spool.

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use passport_tests::scene::{Scene, request};
use passport_verifier::{Recorder as _, Reporter, ReporterPassport, ReporterSettings, Trust};

use super::measure::{Row, time};

/// At most so many at once, so that the queue has room for each.
const PUSHES: u32 = 16_384;

pub fn row(scene: &Scene, trust: &Trust, grants: usize) -> Row {
    let token = scene.passports(1, grants).remove(0);
    let held = scene.verifier(trust.clone()).verify(&token, scene.now()).expect("it verifies");
    let (request, now) = (request(), scene.now());
    let spool = tempfile::tempdir().expect("a directory");
    // Nobody listens there: what is delivered is not measured here.
    let url = "http://127.0.0.1:9".parse().expect("a URL");
    let passport = ReporterPassport::read(&token).expect("a passport");
    let settings = ReporterSettings::new(url, passport, spool.path()).with_waits(Duration::from_secs(60), Duration::from_secs(60));
    let reporter = Reporter::start(settings).expect("a spool and threads");
    let run = move |count: u32| {
        // As a guard hands it over.
        let decision = held.decide(&request, now).identified(|| "req_01a20b0c-9043-7799-a2c6-d6ef4e101b69".to_owned());
        let (mut took, mut left) = (Duration::ZERO, count);
        while left > 0 {
            while reporter.stats().queued > 0 {
                thread::sleep(Duration::from_millis(1));
            }
            let batch = left.min(PUSHES);
            took += time(batch, || reporter.record(black_box(&decision)).is_ok());
            left -= batch;
        }
        // It goes with the reporter.
        let _ = &spool;
        took
    };
    Row::new("passport/report", grants, 1, run)
}
