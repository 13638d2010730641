//! A service that decides under load until it is killed, and tells each answer to who started it.

use std::io::Write as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use passport_verifier::{Delivery, Outcome};

use super::service::{Papers, purchase};

/// The argument by which this program knows that it is one.
pub(super) const NAME: &str = "hidden-victim";
/// Threads that decide.
const THREADS: u64 = 2;
/// Decisions between two pauses, and the pause: a service under load that leaves the others a processor.
const BURST: u64 = 4;
const PAUSE: Duration = Duration::from_millis(1);

/// `hidden-victim PAPERS SPOOL DELIVERY ROUND`.
pub(super) fn run(arguments: &[String]) {
    let [_, papers, spool, delivery, round] = arguments else { panic!("started by a drill alone") };
    let papers: Papers = serde_json::from_str(&std::fs::read_to_string(papers).expect("papers")).expect("json");
    let delivery: Delivery = delivery.parse().expect("a delivery");
    let reporter = papers.reporter(&PathBuf::from(spool), delivery);
    let guard = papers.guard(&reporter);
    tell(&format!("ready {}\n", now()));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let guard = &guard;
            let papers = &papers;
            scope.spawn(move || {
                for n in 0.. {
                    // One in three is over the limit.
                    let request = purchase(if n % 3 == 2 { 501 } else { 400 }).identified(format!("{delivery}_{round}_{number}_{n}"));
                    let decision = guard.decide(&papers.passport, &request);
                    let outcome = match decision.outcome() {
                        Outcome::Allow => "allow",
                        Outcome::Deny => "deny",
                        Outcome::ApprovalRequired => "approval_required",
                    };
                    tell(&format!("told {} {outcome} {} {}\n", decision.request_id().expect("an id"), decision.reason(), now()));
                    if n % BURST == 0 {
                        thread::sleep(PAUSE);
                    }
                }
            });
        }
        // How long a thread of this process has to wait for a processor can be told by one that only ever sleeps.
        loop {
            thread::sleep(Duration::from_millis(1));
            tell(&format!("pulse {}\n", now()));
        }
    });
}

/// Microseconds since 1970, which the process that kills this one reads from the same clock.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_micros()).expect("before 500,000 years")
}

/// One line, by one call: a kill leaves it whole or not at all.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
        // Who would hear it is gone.
        std::process::exit(1);
    }
}
