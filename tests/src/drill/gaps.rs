//! `drill gaps`: batches are dropped, doubled, reordered, forked, renumbered and tampered with on their way. Each is found
//! with the batch that shows it, as finding, event and number; and nothing is found with those who are honest.

mod acts;
mod source;

use std::collections::BTreeMap;
use std::net::TcpListener;

use serde_json::Value;
use tempfile::TempDir;

use self::acts::{Arrival, Planned};
use self::source::Source;
use super::intake::UNLIMITED;
use super::reporting::{Pool, Receipt};
use super::{Campaign, Drill, Figures};
use crate::process::{Client, Issuer};

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "gaps",
    about: "Drops, doubles, reorders, forks, renumbers and alters reports on their way: each is found with the batch that shows it, and no honest reporter is blamed.",
    unit: "faults",
    long: 1_000,
    short: 40,
    run,
};

const TAKEN: &str = "a batch is taken, and its answer counts what is new, known and in conflict";
const FOUND: &str = "what is wrong is found with the batch that shows it, at its reporter and its numbers, and nothing else is";
const PLACED: &str = "a finding names the event that shows it";
const TOLD: &str = "an event of the issuer's tells of what was found with a batch, once";
const COUNTED: &str = "what is found is counted by its kind";
const HONEST: &str = "nothing is found with an honest reporter beside";

/// Reporters whose batches suffer, and those beside them.
const FAULTY: usize = 6;
const HONEST_ONES: usize = 2;

struct Scene {
    admin: Client,
    /// Where its numbers are.
    numbers: Client,
    /// What is open now, by reporter, and how much was found ever, by kind.
    open: BTreeMap<String, Vec<Planned>>,
    found: BTreeMap<&'static str, u64>,
    /// Batches with which something was found.
    alarms: usize,
}

fn run(drill: &Drill) -> Figures {
    let folder = TempDir::new().expect("a folder");
    let free = || TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").to_string();
    let (address, numbers) = (free(), free());
    let settings = [UNLIMITED, &["--metrics-listen", &numbers]].concat();
    let issuer = Issuer::start_with(&folder.path().join("data"), &address, &settings);
    let (admin, pool, mut dice) = (issuer.admin(), Pool::new(drill.dice(0)), drill.dice(1));
    let enlist = |name: &str, number: usize| Source::new(&admin, &format!("{name}-{number}"), &pool, drill.dice(100 + number as u64));
    let mut faulty: Vec<Source> = (0..FAULTY).map(|number| enlist("faulty", number)).collect();
    let mut honest: Vec<Source> = (0..HONEST_ONES).map(|number| enlist("honest", FAULTY + number)).collect();
    let numbers = Client { url: format!("http://{numbers}"), passport: String::new() };
    let mut scene = Scene { numbers, open: BTreeMap::new(), found: BTreeMap::new(), alarms: 0, admin: admin.clone() };
    for source in faulty.iter_mut().chain(&mut honest) {
        let start = acts::honest(source);
        scene.arrive(drill, source, start, None);
    }

    let mut kinds = BTreeMap::<&str, u64>::new();
    for number in 0..drill.times() {
        let source = &mut faulty[dice.below(FAULTY)];
        let (kind, arrivals) = acts::random(source, &mut dice);
        *kinds.entry(kind).or_default() += 1;
        for arrival in arrivals {
            let beside = &mut honest[dice.below(HONEST_ONES)];
            drill.say(format!("{number}: {kind}"));
            scene.arrive(drill, source, arrival, Some(beside));
        }
        drill.step();
    }
    drill.say("looking at the honest");
    for source in &honest {
        let blamed = admin.list(&format!("/v1/audit/findings?reporter={}", source.name));
        drill.expect(blamed.is_empty(), HONEST, || format!("{}: {blamed:?}", source.name));
    }
    let changes = admin.list("/v1/audit/events?kind=admin");
    let alarms = changes.iter().filter(|event| event["change"]["type"] == "chain_broken").count();
    drill.expect(alarms == scene.alarms, TOLD, || format!("{alarms} events for {} batches", scene.alarms));
    let figures = Figures::default().with("batches with findings", scene.alarms);
    let figures = scene.found.iter().fold(figures, |figures, (kind, count)| figures.with(format!("{kind}s found"), *count));
    kinds.into_iter().fold(figures, |figures, (kind, count)| figures.with(kind, count))
}

impl Scene {
    /// Delivers a batch beside one of somebody honest, and holds what is found to what is planned.
    fn arrive(&mut self, drill: &Drill, source: &Source, arrival: Arrival, beside: Option<&mut Source>) {
        let (answer, other) = std::thread::scope(|scope| {
            let other = beside.map(|honest| {
                let arrival = acts::honest(honest);
                scope.spawn(move || (honest.send(&arrival.events), arrival.receipt))
            });
            (source.send(&arrival.events), other.map(|other| other.join().expect("no panic")))
        });
        for (answer, planned) in other.into_iter().chain([(answer, arrival.receipt)]) {
            let receipt = answer.as_ref().and_then(|(_, body)| serde_json::from_value::<Receipt>(body.clone()).ok());
            drill.expect(receipt == Some(planned), TAKEN, || format!("{}: {answer:?} in place of {planned:?}", source.name));
        }
        for planned in &arrival.found {
            *self.found.entry(planned.kind).or_default() += 1;
        }
        self.hold_findings(drill, source, &arrival);
        self.hold_event(drill, source, &arrival.found);
        self.hold_numbers(drill);
    }

    fn hold_findings(&mut self, drill: &Drill, source: &Source, arrival: &Arrival) {
        let open = self.open.entry(source.name.clone()).or_default();
        open.extend(arrival.found.iter().cloned());
        open.retain(|planned| !arrival.closed.contains(planned));
        open.sort();
        let seen = self.admin.list(&format!("/v1/audit/findings?open=true&reporter={}", source.name));
        let bare = |planned: &Planned| (planned.kind.to_owned(), planned.from, planned.to);
        let mut shown: Vec<_> = seen.iter().map(read).collect();
        shown.sort();
        let expected: Vec<_> = open.iter().map(bare).collect();
        drill.expect(shown == expected, FOUND, || {
            let more: Vec<_> = shown.iter().filter(|one| !expected.contains(one)).collect();
            let less: Vec<_> = expected.iter().filter(|one| !shown.contains(one)).collect();
            format!("{}: {more:?} found beyond the plan, {less:?} not found", source.name)
        });
        if arrival.found.is_empty() {
            return;
        }
        // The newest of its events are those of this batch.
        let page = self.admin.get(&format!("/v1/audit/events?reporter={}&limit={}", source.name, arrival.events.len()));
        let events = page["items"].as_array().expect("items");
        for planned in arrival.found.iter().filter(|planned| !arrival.closed.contains(planned)) {
            // Of several alike the newest is this one; the newest come first.
            let finding = seen.iter().find(|finding| read(finding) == bare(planned));
            let by = finding.and_then(|finding| events.iter().find(|event| event["sequence"] == finding["sequence"]));
            let fits = by.is_some_and(|event| event["seq"] == planned.shown_by && event["conflict"] == (arrival.receipt.conflicts > 0));
            drill.expect(fits, PLACED, || format!("{}: {planned:?}: {finding:?} by {by:?}", source.name));
        }
    }

    fn hold_event(&mut self, drill: &Drill, source: &Source, found: &[Planned]) {
        if found.is_empty() {
            return;
        }
        self.alarms += 1;
        let page = self.admin.get("/v1/audit/events?kind=admin&limit=1");
        let change = &page["items"][0]["change"];
        let named: Vec<_> = change["findings"].as_array().into_iter().flatten().map(read).collect();
        let expected: Vec<_> = found.iter().map(|planned| (planned.kind.to_owned(), planned.from, planned.to)).collect();
        let is_told = change["type"] == "chain_broken" && change["reporter"] == *source.name && change["found"] == found.len();
        drill.expect(is_told && named == expected, TOLD, || format!("{}: {change} in place of {found:?}", source.name));
    }

    fn hold_numbers(&self, drill: &Drill) {
        let text = self.numbers.text("/metrics");
        for kind in ["gap", "fork"] {
            let name = format!(r#"passport_audit_findings_total{{kind="{kind}"}}"#);
            let line = text.lines().find_map(|line| line.strip_prefix(&name));
            let shown = line.map_or(Some(0), |value| value.trim().parse::<u64>().ok());
            let planned = self.found.get(kind).copied().unwrap_or_default();
            drill.expect(shown == Some(planned), COUNTED, || format!("{kind}: {shown:?} in place of {planned}"));
        }
    }
}

/// A finding's kind and numbers.
fn read(finding: &Value) -> (String, u64, u64) {
    let number = |name: &str| finding[name].as_u64().unwrap_or_default();
    (finding["kind"].as_str().unwrap_or_default().to_owned(), number("fromSeq"), number("toSeq"))
}
