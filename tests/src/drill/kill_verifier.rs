//! Services that are killed mid-load, again and again, on the same spools.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use passport_verifier::{Delivery, spooled_events};
use tempfile::TempDir;

use super::service::Papers;
use super::trail::{Fault, Told, Trail};
use super::{Campaign, Drill, Figures, Latencies, victim};
use crate::process::{Client, Issuer};

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "kill-verifier",
    about: "Kills a deciding service with -9, restarts it on its spool, and holds what it told against what was stored.",
    unit: "kills",
    long: 1_000,
    short: 30,
    run,
};

/// What a kill may cost a policy that writes after the answer.
const WINDOW: Duration = Duration::from_millis(10);
/// How long a service that was started may take to decide.
const PATIENCE: Duration = Duration::from_secs(30);

const SPOOL_FIRST: &str = "spool-first: nothing that was told is missing";
const BACKGROUND: &str = "background: at most what was told in the last 10 ms is missing, and the time that no processor was to be had";
const BEST_EFFORT: &str = "best-effort: at most what was told in the last 10 ms is missing, and the time that no processor was to be had";
const HELD: &str = "what the spool held when its process was killed is stored, to the byte";
const ONCE: &str = "nothing is stored twice, and as it was told";
const WHOLE: &str = "numbers and hashes are whole from the first event to the last";
const DECIDED: &str = "every decision is the right one";

struct Desk {
    delivery: Delivery,
    papers: Papers,
    file: PathBuf,
    spool: PathBuf,
    told: Vec<Told>,
    held: Vec<String>,
}

fn run(drill: &Drill) -> Figures {
    let folder = TempDir::new().expect("a folder");
    let issuer = Issuer::start(&folder.path().join("data"));
    let admin = issuer.admin();
    let mut desks: Vec<Desk> = [Delivery::SpoolFirst, Delivery::Background, Delivery::BestEffort]
        .into_iter()
        .map(|delivery| Desk::open(delivery, &issuer, &admin, folder.path()))
        .collect();
    let mut dice = drill.dice(1);
    for round in 0..drill.times() {
        let desk = usize::try_from(round % 3).expect("small");
        // Anywhere between the first decisions and a tenth of a second of them.
        desks[desk].live_and_die(drill, round, Duration::from_micros(dice.below(100_000) as u64));
        drill.step();
    }
    drill.say("delivering the rest");
    let mut figures = Figures::default();
    for desk in desks {
        figures = desk.judge(drill, &admin, figures);
    }
    figures
}

impl Desk {
    fn open(delivery: Delivery, issuer: &Issuer, admin: &Client, folder: &Path) -> Self {
        let papers = Papers::issue(issuer, admin, &format!("desk-{delivery}"));
        let file = folder.join(format!("{delivery}.json"));
        std::fs::write(&file, serde_json::to_string(&papers).expect("json")).expect("written");
        Self { delivery, papers, file, spool: folder.join(format!("spool-{delivery}")), told: Vec::new(), held: Vec::new() }
    }

    /// One life of the service, and its end after `life`.
    fn live_and_die(&mut self, drill: &Drill, round: u64, life: Duration) {
        let mut command = Command::new(drill_binary());
        command.arg(victim::NAME).args([&self.file, &self.spool]).args([self.delivery.as_str(), &round.to_string()]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (ready, is_ready) = std::sync::mpsc::channel();
        let listener = thread::spawn(move || {
            let mut lines = Vec::new();
            for line in out.lines().map_while(Result::ok) {
                if line.starts_with("ready") {
                    let _ = ready.send(());
                }
                lines.push(line);
            }
            lines
        });
        is_ready.recv_timeout(PATIENCE).expect("a service that decides");
        thread::sleep(life);
        let killed = victim::now();
        child.kill().expect("killed");
        child.wait().expect("gone");
        let lines = listener.join().expect("no panic");
        self.note(drill, &lines, killed);
        if round.is_multiple_of(7) {
            let held = spooled_events(&self.spool, &self.papers.reporter).expect("a spool that can be read");
            self.held.extend(held);
        }
    }

    /// Takes down what the service told.
    fn note(&mut self, drill: &Drill, lines: &[String], killed: u64) {
        let times = |kind: &str| -> Vec<u64> {
            let last = |line: &String| line.rsplit(' ').next().and_then(|time| time.parse().ok());
            lines.iter().filter(|line| line.starts_with(kind)).filter_map(last).collect()
        };
        // The longest time that a thread that wanted to run could not, of the last fifth of a second.
        let mut pulses: Vec<u64> = times("pulse").into_iter().filter(|time| time + 200_000 > killed).collect();
        pulses.push(killed);
        let stalled = pulses.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap_or(0).saturating_sub(1_000);
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let ["told", id, outcome, reason, at] = words[..] else { continue };
            let right = match outcome {
                "allow" => reason == "granted",
                _ => reason == "constraint_unmet",
            };
            drill.expect(right, DECIDED, || line.clone());
            let before_kill = killed.saturating_sub(at.parse().expect("a time"));
            self.told.push(Told { id: id.to_owned(), outcome: outcome.to_owned(), before_kill, stalled });
        }
    }

    /// Delivers what is left, and holds all of it against what was told.
    fn judge(self, drill: &Drill, admin: &Client, figures: Figures) -> Figures {
        let reporter = self.papers.reporter(&self.spool, self.delivery);
        if let Err(unsent) = reporter.shutdown(Duration::from_secs(60)) {
            drill.broken(HELD, format!("{unsent}: {:?}", reporter.stats()));
        }
        let trail = Trail::read(admin, &self.papers.reporter);
        let mut missing = Latencies::default();
        for fault in trail.faults(&self.told, &self.held) {
            let detail = format!("{}: {fault:?}", self.delivery);
            match (&fault, self.delivery) {
                (Fault::Missing { .. }, Delivery::SpoolFirst) => drill.broken(SPOOL_FIRST, detail),
                (Fault::Missing { before_kill, stalled, .. }, policy) => {
                    missing.push(Duration::from_micros(*before_kill));
                    if Duration::from_micros(before_kill.saturating_sub(*stalled)) > WINDOW {
                        drill.broken(if policy == Delivery::Background { BACKGROUND } else { BEST_EFFORT }, detail);
                    }
                }
                (Fault::Undelivered(_), _) => drill.broken(HELD, detail),
                (Fault::Twice(_) | Fault::Contradicted(_), _) => drill.broken(ONCE, detail),
                (Fault::Number(_) | Fault::Chain(_), _) => drill.broken(WHOLE, detail),
            }
        }
        drill.expect(trail.lost() == 0, WHOLE, || format!("{}: {} are lost, with nothing in the way", self.delivery, trail.lost()));
        drill.expect(self.told.len() > 10, DECIDED, || format!("{}: too little was decided to say anything", self.delivery));
        let name = self.delivery.as_str().replace('-', "_");
        let mut stalls: Vec<u64> = self.told.iter().map(|told| told.stalled).collect();
        stalls.sort_unstable();
        let stall = |part: usize| stalls.get((stalls.len() * part / 100).min(stalls.len().saturating_sub(1))).copied().unwrap_or(0);
        figures
            .with(format!("{name}_told"), self.told.len())
            .with(format!("{name}_held_at_kills"), self.held.len())
            .with(format!("{name}_stored"), trail.len())
            .with_latencies(format!("{name}_missing_before_kill_ms"), &missing)
            .with(format!("{name}_stalled_us"), serde_json::json!({"p50": stall(50), "p99": stall(99)}))
    }
}

/// This very program; a test's program stands in `deps`, and the drill beside it.
fn drill_binary() -> PathBuf {
    std::env::current_exe().expect("this program")
}
