//! `drill power-cut`: the power goes while reporters deliver. The issuer is killed, and its directory is made what a disk
//! may have kept of it: what was synced, and any part of the rest.

mod disk;
mod journal;
mod recorded;

use std::time::{Duration, Instant};

use self::disk::{Syncs, Unsynced};
use self::recorded::Recorded;
use super::intake::UNLIMITED;
use super::kill_intake::{look, writers};
use super::reporting::{Pool, Reporter, find_log, hold_log};
use super::setup::Site;
use super::{Campaign, Database, Drill, Figures, Latencies, Setup};
use crate::generate::Gen;
use crate::process::Issuer;
use writers::Writer;

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "power-cut",
    about: "Cuts the power while reporters deliver: what was not synced is lost or torn, and what was acknowledged is there once.",
    unit: "power cuts",
    long: 200,
    short: 3,
    run,
};

const READY: &str = "the issuer is ready again within 2 s of a power cut";
const RECORDED: &str = "every change of the data directory was recorded";
const ENDED: &str = "the issuer ends well when it is told to";
const PROVED: &str = "the drill finds the loss where the write-ahead log is not synced, as at synchronous=NORMAL";

/// Who reports, at the most.
const WRITERS: u64 = 8;
/// Cuts on one issuer, before another is set up: what is looked at after each cut grows with the log.
const ROUNDS: u64 = 5;
/// What a disk may have kept, for each cut: the least of it, and two others.
const OUTCOMES: [Unsynced; 3] = [Unsynced::Lost, Unsynced::Some, Unsynced::Some];
/// Cuts at the most until the loss at NORMAL has to be found.
const PROOFS: u64 = 3;

#[derive(Default)]
struct Sums {
    restarts: Latencies,
    acknowledged: u64,
    found: u64,
    changes: u64,
    again: u64,
    already: u64,
}

fn run(drill: &Drill) -> Figures {
    drill.say("proving that a loss is found");
    let lost = prove(drill);
    let mut sums = Sums::default();
    let mut done = 0;
    while done < drill.times() {
        let rounds = ROUNDS.min(drill.times() - done);
        campaign(drill, done, rounds, &mut sums);
        done += rounds;
    }
    Figures::default()
        .with("lost_at_normal", lost)
        .with("outcomes", drill.times() * OUTCOMES.len() as u64)
        .with_latencies("ready_again_ms", &sums.restarts)
        .with("changes_recorded", sums.changes)
        .with("acknowledged", sums.acknowledged)
        .with("in_the_logs", sums.found)
        .with("batches_sent_again", sums.again)
        .with("of_these_there_already", sums.already)
}

/// An issuer whose changes are recorded, and its reporters.
struct Scene {
    site: Site,
    recorded: Recorded,
    issuer: Issuer,
    writers: Vec<Writer>,
    batch: u64,
}

impl Scene {
    /// Set up, and stopped once under load to see that all of it was recorded. What the set-up does before (it puts files in
    /// place by system calls that the shim does not see) is not at stake: the recording begins after it.
    fn new(drill: &Drill, stream: u64) -> Self {
        let Setup { clients, batch, .. } = drill.setup();
        let setup = Setup { issuers: 1, database: Database::Sqlite, ..drill.setup() };
        let mut site = Site::new(setup).with_settings(UNLIMITED);
        let mut recorded = Recorded::new(site.data(0));
        site.put_into_environment(recorded.environment());
        let issuer = site.start(0);
        let (admin, pool) = (site.admin(0), Pool::new(drill.dice(stream)));
        let enlist = |number| Reporter::enlist(&admin, &format!("writer-{number}"), &pool, drill.dice(stream + 1 + number));
        let writers = (0..clients.min(WRITERS)).map(|number| Writer::new(enlist(number))).collect();
        drill.expect(issuer.stop(), ENDED, || "after the set-up".to_owned());
        recorded.begin();
        let issuer = site.start(0);
        let pause = Duration::from_millis(20);
        let writers = writers::until_killed(drill, site.address(0), writers, batch, pause, || stop(drill, issuer, &recorded));
        recorded.begin();
        let issuer = site.start(0);
        Self { site, recorded, issuer, writers, batch }
    }

    /// Has the reporters deliver until the issuer is killed, and gives them back with the rest.
    fn until_killed(self, drill: &Drill, pause: Duration) -> (Site, Recorded, Vec<Writer>) {
        let Self { site, recorded, issuer, writers, batch } = self;
        let writers = writers::until_killed(drill, site.address(0), writers, batch, pause, || issuer.kill());
        (site, recorded, writers)
    }
}

fn stop(drill: &Drill, issuer: Issuer, recorded: &Recorded) {
    drill.expect(issuer.stop(), ENDED, || "after the intake".to_owned());
    recorded.missed().iter().for_each(|missed| drill.broken(RECORDED, missed));
}

fn reporters(writers: &[Writer]) -> impl Iterator<Item = &Reporter> {
    writers.iter().map(|writer| &writer.reporter)
}

/// The harness proves itself: with the syncs of the write-ahead log left out, it has to find that acknowledged events are
/// lost, and it gives in how many reporters.
fn prove(drill: &Drill) -> usize {
    for proof in 0..PROOFS {
        let scene = Scene::new(drill, 1_000_000 + proof * 1_000);
        let (site, recorded, writers) = scene.until_killed(drill, Duration::from_millis(50));
        recorded.become_what_is(recorded.disk(Syncs::Normal).after(Unsynced::Lost, &mut drill.dice(0)));
        let issuer = site.start(0);
        let found = find_log(&site, reporters(&writers));
        issuer.kill();
        if !found.faults.is_empty() {
            return found.faults.len();
        }
    }
    drill.broken(PROVED, format!("nothing was lost in {PROOFS} power cuts"));
    0
}

/// So many cuts on one issuer.
fn campaign(drill: &Drill, before: u64, rounds: u64, sums: &mut Sums) {
    let stream = (before + 1) * 1_000;
    let mut scene = Scene::new(drill, stream);
    let mut dice: Gen = drill.dice(stream + 900);
    for round in before..before + rounds {
        drill.say("writing");
        let batch = scene.batch;
        let (site, mut recorded, mut writers) = scene.until_killed(drill, Duration::from_micros(dice.below(250_000) as u64));
        drill.say("looking");
        sums.changes += recorded.changes();
        let disk = recorded.disk(Syncs::All);
        let mut last = None;
        for outcome in OUTCOMES {
            if let Some(issuer) = last.take() {
                Issuer::kill(issuer);
            }
            recorded.become_what_is(disk.after(outcome, &mut dice));
            recorded.begin();
            let began = Instant::now();
            let issuer = site.start(0);
            let took = began.elapsed();
            sums.restarts.push(took);
            drill.expect(took <= Duration::from_secs(2), READY, || format!("cut {round}: {took:?}"));
            hold_log(drill, &site, reporters(&writers));
            last = Some(issuer);
        }
        let issuer = last.expect("there are outcomes");
        let admin = site.admin(0);
        for writer in &mut writers {
            writer.there = look(drill, &admin, &writer.reporter);
        }
        scene = Scene { site, recorded, issuer, writers, batch };
        drill.step();
    }
    let Scene { site, recorded, issuer, writers, .. } = scene;
    let writers = writers::settle(drill, site.address(0), writers);
    sums.found += hold_log(drill, &site, reporters(&writers));
    stop(drill, issuer, &recorded);
    sums.acknowledged += reporters(&writers).map(Reporter::count).sum::<u64>();
    sums.again += writers.iter().map(|writer| writer.again).sum::<u64>();
    sums.already += writers.iter().map(|writer| writer.already).sum::<u64>();
}
