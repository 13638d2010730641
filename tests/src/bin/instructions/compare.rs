//! The counts beside those of the last release.

use std::collections::BTreeMap;
use std::path::PathBuf;

use passport_tests::places::workspace;
use serde::{Deserialize, Serialize};

use super::count::per_turn;
use super::paths::PATHS;

/// How much more than at the last release fails, in percent. Another compiler moves a path by a few; a change that
/// adds a copy, a parse or a lock to it moves it by more. What lies between is for a person to see in the table.
const BOUND: f64 = 25.0;

/// `tests/instructions.json`.
#[derive(Serialize, Deserialize)]
struct Release {
    /// The version whose counts they are.
    version: String,
    /// Which of dalek's back ends ran: the counts of two are not comparable.
    backend: String,
    /// Instructions of one turn, by path.
    instructions: BTreeMap<String, u64>,
}

fn file() -> PathBuf {
    workspace().join("tests/instructions.json")
}

/// The back end that dalek chooses while it runs, by what the processor can do; valgrind shows it one with AVX2 where the
/// real one has it, and never AVX-512.
fn backend() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "AVX2";
    }
    "serial"
}

/// Shows all counts, and fails where one is far over the last release's.
pub fn with_the_last_release() -> Result<(), String> {
    let path = file();
    let text = std::fs::read_to_string(&path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    let release: Release = serde_json::from_str(&text).map_err(|error| format!("`{}` is not understood: {error}", path.display()))?;
    let comparable = release.backend == backend();
    if !comparable {
        println!("counted on dalek's {} back end, and the last release on {}: nothing is compared\n", backend(), release.backend);
    }
    println!("{:<14} {:>12} {:>12} {:>9}", "instructions", release.version, "now", "");
    let mut over = Vec::new();
    for (name, turns) in PATHS {
        let now = per_turn(name, turns)?;
        let Some(before) = release.instructions.get(name).filter(|_| comparable) else {
            println!("{name:<14} {:>12} {now:>12}", "");
            continue;
        };
        let percent = 100.0 * (now as f64 / *before as f64 - 1.0);
        println!("{name:<14} {before:>12} {now:>12} {percent:>+8.1}%");
        if percent > BOUND {
            over.push(name);
        }
    }
    match over.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "more than {BOUND} % over the last release: {}; if that is what a feature costs, write the counts anew with `--accept`",
            over.join(", ")
        )),
    }
}

/// Writes the counts of now as those to compare with.
pub fn accept() -> Result<(), String> {
    let mut instructions = BTreeMap::new();
    for (name, turns) in PATHS {
        instructions.insert(name.to_owned(), per_turn(name, turns)?);
    }
    let release = Release { version: env!("CARGO_PKG_VERSION").to_owned(), backend: backend().to_owned(), instructions };
    let mut text = serde_json::to_string_pretty(&release).map_err(|error| error.to_string())?;
    text.push('\n');
    std::fs::write(file(), text).map_err(|error| format!("`{}` cannot be written: {error}", file().display()))
}
