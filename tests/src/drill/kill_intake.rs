//! `drill kill-intake`: the issuer is killed while reporters deliver, and every event that it acknowledged is there once.

pub(super) mod writers;

use std::time::{Duration, Instant};

use self::writers::Writer;
use super::intake::UNLIMITED;
use super::reporting::{Pool, Reporter, Until, deliver, hold_log};
use super::setup::Site;
use super::{Campaign, Database, Drill, Figures, Latencies, Setup};
use crate::process::Client;

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "kill-intake",
    about: "Kills the issuer (-9) while reporters deliver batches: what was acknowledged is there once, a batch is whole or not there.",
    unit: "kills",
    long: 200,
    short: 3,
    run,
};

const READY: &str = "the issuer is ready again within 2 s of a kill";
const WHOLE: &str = "a batch is whole or not there after a kill";

/// Kills between two readings of the whole log.
const ROUNDS: u64 = 20;
/// Who reports what there is before the first kill, and how much at once.
const FILLERS: u64 = 4;
const FILL: u64 = 1_000;

fn run(drill: &Drill) -> Figures {
    let Setup { database, clients, batch, stored, .. } = drill.setup();
    let site = Site::new(Setup { issuers: 1, ..drill.setup() }).with_settings(UNLIMITED);
    let mut issuer = site.start(0);
    let (admin, pool, mut dice) = (site.admin(0), Pool::new(drill.dice(0)), drill.dice(1));
    let enlist =
        |kind: &str, stream: u64, number: u64| Reporter::enlist(&admin, &format!("{kind}-{number}"), &pool, drill.dice(stream + number));
    let mut fillers: Vec<Reporter> = Vec::new();
    if stored > 0 {
        drill.say("filling");
        let outcome;
        let each = (0..FILLERS).map(|number| enlist("filler", 1_000, number)).collect();
        (fillers, outcome) = deliver(drill, site.address(0), each, FILL, Until::Events(stored));
        outcome.examples.iter().for_each(|example| drill.broken(writers::TAKEN, example));
    }
    let mut writers: Vec<Writer> = (0..clients).map(|number| Writer::new(enlist("writer", 2_000, number))).collect();

    let (mut restarts, mut found) = (Latencies::default(), 0);
    for round in 1..=drill.times() {
        drill.say("writing");
        // Somewhere in the middle of a batch, elsewhere each time.
        let pause = Duration::from_micros(dice.below(250_000) as u64);
        writers = writers::until_killed(drill, site.address(0), writers, batch, pause, || issuer.kill());
        drill.say("looking");
        let began = Instant::now();
        issuer = site.start(0);
        restarts.push(began.elapsed());
        drill.expect(began.elapsed() <= Duration::from_secs(2), READY, || format!("round {round}: {:?}", began.elapsed()));
        for writer in &mut writers {
            // What PostgreSQL was told before the kill may be committed after the look.
            let there = look(drill, &admin, &writer.reporter);
            writer.there = there.filter(|_| database == Database::Sqlite);
        }
        if round % ROUNDS == 0 && round < drill.times() {
            found = hold_log(drill, &site, reporters(&fillers, &writers));
        }
        drill.step();
    }
    drill.say("sending again");
    writers = writers::settle(drill, site.address(0), writers);
    drill.say("reading the log");
    found = hold_log(drill, &site, reporters(&fillers, &writers)).max(found);

    let sum = |of: fn(&Writer) -> u64| writers.iter().map(of).sum::<u64>();
    Figures::default()
        .with("stored_before", fillers.iter().map(Reporter::count).sum::<u64>())
        .with_latencies("ready_again_ms", &restarts)
        .with("acknowledged", sum(|writer| writer.reporter.count()))
        .with("in_the_log", found)
        .with("batches_sent_again", sum(|writer| writer.again))
        .with("of_these_there_already", sum(|writer| writer.already))
}

fn reporters<'a>(fillers: &'a [Reporter], writers: &'a [Writer]) -> impl Iterator<Item = &'a Reporter> {
    fillers.iter().chain(writers.iter().map(|writer| &writer.reporter))
}

/// Whether the batch under way is there; `None` where there is none under way, or something is wrong.
pub(super) fn look(drill: &Drill, admin: &Client, reporter: &Reporter) -> Option<bool> {
    let page = admin.get(&format!("/v1/audit/events?reporter={}&limit=1", reporter.name));
    let newest = page["items"][0]["seq"].as_u64();
    let (acknowledged, sent) = (reporter.acknowledged.seq, reporter.sent.seq);
    let known = newest == Some(sent) || newest.unwrap_or(acknowledged) == acknowledged;
    drill.expect(known, WHOLE, || format!("{}: the newest is {newest:?}; {acknowledged} was acknowledged, {sent} sent", reporter.name));
    (known && reporter.is_waiting()).then_some(newest == Some(sent))
}
