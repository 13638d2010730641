//! `drill tamper`: single random tamperings of a stored log, by somebody who has the file and not the key. Each is found, and
//! found where it is, by `passport audit verify` as anybody would call it. Every other one is done to the next of the tables that a log
//! consists of.

mod acts;
mod grow;
mod places;
mod rebuild;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tempfile::TempDir;

use self::acts::Act;
use super::{Campaign, Drill, Figures, Latencies};
use crate::generate::Gen;
use crate::process::passport;

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "tamper",
    about: "Tampers with a stored audit log in one random way at a time, and holds that each is found where it is.",
    unit: "tamperings",
    long: 10_000,
    short: 200,
    run,
};

const FOUND: &str = "each tampering is found";
const LOCATED: &str = "what is found is told where it is";
const CLEAN: &str = "a log that nobody touched raises no alarm";

/// For so many tamperings the log is checked once as it is.
const CLEAN_EVERY: u64 = 10;
/// As many at once as the machine that was promised for has processors.
const THREADS: u64 = 2;

/// A log of a real issuer, and what others have of it.
pub(super) struct Log {
    folder: TempDir,
    key: String,
    /// The notes of its checkpoints, the last over all of it.
    notes: Vec<String>,
}

/// What the command says.
struct Told {
    sound: bool,
    places: Vec<String>,
    text: String,
}

impl Log {
    fn path(&self) -> PathBuf {
        self.folder.path().join("log.db")
    }

    fn kept(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("{number}.checkpoint"))
    }

    /// Checks the log in a file as somebody does who has kept the checkpoint of this number.
    fn verify(&self, database: &Path, kept: usize) -> Told {
        let mut command = passport();
        command.args(["audit", "verify", "--json", "--key", &self.key, "--database"]).arg(format!("sqlite:{}", database.display()));
        let output = command.arg("--checkpoint").arg(self.kept(kept)).output().expect("it runs");
        let text = String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let problems = told["problems"].as_array().cloned().unwrap_or_default();
        let places = problems.iter().filter_map(|problem| problem["place"].as_str().map(str::to_owned)).collect();
        Told { sound: output.status.code() == Some(0) && told["sound"] == true, places, text }
    }
}

fn run(drill: &Drill) -> Figures {
    drill.say("growing a log");
    let log = grow::grow(&mut drill.dice(1));
    let (next, kinds, took) = (AtomicU64::new(0), Mutex::new(std::collections::BTreeMap::<&str, u64>::new()), Mutex::new(Vec::new()));
    drill.say("tampering with it");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (log, next, kinds, took) = (&log, &next, &kinds, &took);
            scope.spawn(move || {
                let file = log.folder.path().join(format!("tampered-{thread}.db"));
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= drill.times() {
                        break;
                    }
                    let mut dice = drill.dice(1_000 + number);
                    if number.is_multiple_of(CLEAN_EVERY) {
                        clean(drill, log, &file, &mut dice);
                    }
                    let act = runtime.block_on(tamper(log, &file, number, &mut dice));
                    *kinds.lock().expect("no panic").entry(act.kind).or_default() += 1;
                    let kept = act.kept.map(|size| log.notes.iter().position(|note| acts::size(note) == size).expect("kept"));
                    let began = Instant::now();
                    let told = log.verify(&file, kept.unwrap_or(log.notes.len() - 1));
                    took.lock().expect("no panic").push(began.elapsed());
                    hold(drill, number, &act, &told);
                    drill.step();
                }
            });
        }
    });
    let took: Latencies = took.into_inner().expect("no panic").into_iter().collect();
    let kinds = kinds.into_inner().expect("no panic");
    let figures = Figures::default().with("events in the log", grow::EVENTS).with("clean runs", drill.times().div_ceil(CLEAN_EVERY));
    kinds.into_iter().fold(figures.with_latencies("a check, in ms", &took), |figures, (kind, count)| figures.with(kind, count))
}

/// Holds what was told against what was done.
fn hold(drill: &Drill, number: u64, act: &Act, told: &Told) {
    drill.expect(!told.sound, FOUND, || format!("{number}: {}", act.what));
    let located = told.places.iter().any(|place| act.places.contains(place));
    drill.expect(told.sound || located, LOCATED, || format!("{number}: {}: not at {:?}: {}", act.what, act.places, told.text));
}

/// The log as it is, held against any of its checkpoints.
fn clean(drill: &Drill, log: &Log, file: &Path, dice: &mut Gen) {
    std::fs::copy(log.path(), file).expect("copied");
    let kept = dice.below(log.notes.len());
    let told = log.verify(file, kept);
    drill.expect(told.sound, CLEAN, || told.text.clone());
}

/// A fresh copy of the log in `file`, with one thing done to it.
async fn tamper(log: &Log, file: &Path, number: u64, dice: &mut Gen) -> Act {
    for left_over in ["-wal", "-shm", "-journal"] {
        let mut name = file.as_os_str().to_owned();
        name.push(left_over);
        let _ = std::fs::remove_file(name);
    }
    std::fs::copy(log.path(), file).expect("copied");
    let options = SqliteConnectOptions::new().filename(file).pragma("ignore_check_constraints", "1").pragma("synchronous", "0");
    let mut conn: SqliteConnection = options.connect().await.expect("opened");
    let act = match number.is_multiple_of(2) {
        true => acts::random(&mut conn, log, dice).await,
        false => {
            let turn = usize::try_from(number / 2).expect("few");
            loop {
                if let Some(act) = tables::tampered(&mut conn, turn, dice).await {
                    break act;
                }
            }
        }
    };
    conn.close().await.expect("closed");
    act
}

#[cfg(test)]
mod tests;
