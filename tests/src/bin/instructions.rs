//! Counts the instructions of the main paths, under valgrind, and shows them against the last release's:
//! `cargo run --release -p passport-tests --bin instructions`. See docs/performance.md.
//!
//! It starts itself under callgrind, twice for each path with different numbers of turns; the difference is what a turn
//! costs, without what comes before. A count hardly varies, so it shows a change that a clock on a busy machine hides.

#[path = "instructions/compare.rs"]
mod compare;
#[path = "instructions/count.rs"]
mod count;
#[path = "instructions/paths.rs"]
mod paths;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo run --release -p passport-tests --bin instructions -- [--accept]
  --accept  writes the counts to tests/instructions.json: do it with a release, and say in the commit what changed them";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare::with_the_last_release(),
        ["--accept"] => compare::accept(),
        // Hidden: what callgrind is to count.
        ["--turn", path, turns] => paths::turn(path, turns),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
