//! `drill kill-issuer`: the issuer is killed in the middle of everything, and what it had said yes to is there.

mod ledger;
mod writers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use self::ledger::{Acknowledged, Kind, Stored};
use super::{Campaign, Drill, Figures, Latencies};
use crate::generate::Gen;
use crate::process::{Client, Issuer};

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "kill-issuer",
    about: "Kills the issuer (-9) in the middle of mixed writes: what was acknowledged is there, nothing is half done.",
    unit: "kills",
    long: 50,
    short: 5,
    run,
};

const KEPT: &str = "what was acknowledged is there after a kill";
const WHOLE: &str = "a change and its audit event are both there or neither, and a batch is whole or not there";
const BUSY: &str = "every kind of write is under way when the issuer is killed";
const READY: &str = "the issuer is ready again within 2 s of a kill";

/// How long the writers may take to have done something of each kind.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(drill: &Drill) -> Figures {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let mut issuer = Issuer::start(&data);
    let (admin, address) = (issuer.admin(), issuer.address().to_owned());
    let (known, mut dice, mut restarts) = (Acknowledged::default(), drill.dice(1), Latencies::default());
    for round in 0..drill.times() {
        drill.say("writing");
        work_until_killed(drill, issuer, &admin, &known, round, &mut dice);
        drill.say("looking");
        let began = Instant::now();
        issuer = Issuer::start_at(&data, &address);
        restarts.push(began.elapsed());
        drill.expect(began.elapsed() <= Duration::from_secs(2), READY, || format!("round {round}: {:?}", began.elapsed()));
        look(drill, &Stored::read(&admin), &known);
        drill.step();
    }
    let figures = Figures::default().with_latencies("ready_again_ms", &restarts);
    Kind::ALL.into_iter().fold(figures, |figures, kind| figures.with(kind.name(), known.count(kind)))
}

fn work_until_killed(drill: &Drill, issuer: Issuer, admin: &Client, known: &Acknowledged, round: u64, dice: &mut Gen) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in writers::ALL {
            let (stop, mut dice) = (&stop, drill.dice(1_000 + round));
            scope.spawn(move || writer(admin, known, round, stop, &mut dice));
        }
        let before = Kind::ALL.map(|kind| known.count(kind));
        let deadline = Instant::now() + PATIENCE;
        let more = || Kind::ALL.iter().zip(before).all(|(kind, before)| known.count(*kind) >= before + 2);
        while !more() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        drill.expect(more(), BUSY, || format!("round {round}: {:?}", Kind::ALL.map(|kind| (kind.name(), known.count(kind)))));
        // Somewhere in the middle of the next act, elsewhere each time.
        thread::sleep(Duration::from_micros(u64::try_from(dice.below(250_000)).expect("small")));
        issuer.kill();
        stop.store(true, Ordering::SeqCst);
    });
}

fn look(drill: &Drill, stored: &Stored, known: &Acknowledged) {
    for kind in Kind::ALL {
        for id in known.of(kind) {
            drill.expect(stored.has(kind, &id), KEPT, || format!("{} {id}", kind.name()));
        }
    }
    for fault in stored.faults() {
        drill.broken(WHOLE, fault);
    }
}
