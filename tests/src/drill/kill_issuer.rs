//! `drill kill-issuer`: the issuer is killed in the middle of everything, and what it had said yes to is there.

mod ledger;
mod writers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use self::ledger::{Acknowledged, Kind, Stored};
use super::setup::Site;
use super::{Campaign, Database, Drill, Figures, Latencies, Setup};
use crate::generate::Gen;
use crate::process::Client;

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

pub(super) const POSTGRES: Campaign = Campaign {
    name: "kill-postgres",
    about: "Kills PostgreSQL (-9, fsync on) in the middle of mixed writes: the same, and the issuer goes on by itself.",
    unit: "kills",
    long: 50,
    short: 5,
    run: run_postgres,
};

fn run_postgres(drill: &Drill) -> Figures {
    let mut site = Site::new(Setup { issuers: 1, database: Database::Postgres, ..drill.setup() });
    let _issuer = site.start(0);
    let admin = site.admin(0);
    let (known, mut dice, mut restarts) = (Acknowledged::default(), drill.dice(1), Latencies::default());
    for round in 0..drill.times() {
        drill.say("writing");
        let began = work_until(drill, &admin, &known, round, &mut dice, || {
            let began = Instant::now();
            site.crash_database();
            began
        });
        drill.say("looking");
        // It takes no word from us: it finds by itself that there is a database again.
        let late = json!({"agentId": format!("after-{round}"), "name": "After"});
        while admin.try_post("/v1/agents", &late).is_none_or(|(status, _)| status != 201) && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(5));
        }
        restarts.push(began.elapsed());
        look(drill, &Stored::read(&admin), &known);
        drill.step();
    }
    figures(&restarts, &known)
}

fn figures(restarts: &Latencies, known: &Acknowledged) -> Figures {
    let figures = Figures::default().with_latencies("ready_again_ms", restarts);
    Kind::ALL.into_iter().fold(figures, |figures, kind| figures.with(kind.name(), known.count(kind)))
}

fn run(drill: &Drill) -> Figures {
    let site = Site::new(Setup { issuers: 1, ..drill.setup() });
    let mut issuer = site.start(0);
    let admin = site.admin(0);
    let (known, mut dice, mut restarts) = (Acknowledged::default(), drill.dice(1), Latencies::default());
    for round in 0..drill.times() {
        drill.say("writing");
        work_until(drill, &admin, &known, round, &mut dice, || issuer.kill());
        drill.say("looking");
        let began = Instant::now();
        issuer = site.start(0);
        restarts.push(began.elapsed());
        drill.expect(began.elapsed() <= Duration::from_secs(2), READY, || format!("round {round}: {:?}", began.elapsed()));
        look(drill, &Stored::read(&admin), &known);
        drill.step();
    }
    figures(&restarts, &known)
}

/// Has everything written until `kill` was called, somewhere in the middle of it.
fn work_until<T>(drill: &Drill, admin: &Client, known: &Acknowledged, round: u64, dice: &mut Gen, kill: impl FnOnce() -> T) -> T {
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
        let killed = kill();
        stop.store(true, Ordering::SeqCst);
        killed
    })
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
