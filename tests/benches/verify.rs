//! What a check costs, side by side with others: `cargo bench -p passport-tests --bench verify`. See docs/performance.md.
//!
//! It starts itself again, ten times unless told otherwise, since dalek's AVX2 code is faster or slower by a fifth with
//! the place where a process was loaded; and as often the program of the peers in `tests/peers`, which it builds.

#[path = "verify/arguments.rs"]
mod arguments;
#[path = "verify/measure.rs"]
mod measure;
#[path = "verify/ours.rs"]
mod ours;
#[path = "verify/processes.rs"]
mod processes;
#[path = "verify/report.rs"]
mod report;
#[path = "verify/table.rs"]
mod table;
#[path = "verify/threads.rs"]
mod threads;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use arguments::Arguments;
use passport_tests::scene::Scene;

fn main() -> ExitCode {
    let done = Arguments::read(std::env::args().skip(1)).and_then(|arguments| match arguments.child {
        Some(now) => {
            be_measured(&arguments, now);
            Ok(())
        }
        None => lead(&arguments),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// One of the processes that measure.
fn be_measured(arguments: &Arguments, now: i64) {
    let (scene, effort) = (Scene::at(now), arguments.effort());
    let mut figures = measure::measure(&mut ours::rows(&scene, &arguments.filter), effort);
    figures.extend(threads::measure(&scene, &arguments.filter, effort));
    for figure in figures {
        println!("{}", figure.write());
    }
}

/// Starts the others and shows what they found.
fn lead(arguments: &Arguments) -> Result<(), String> {
    // Peers read the system's clock.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?.as_secs() as i64;
    let rows = table::summarise(processes::run(arguments, now)?);
    if rows.is_empty() {
        return Err(format!("no row has the name asked for\n{}", arguments::USAGE));
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, table::json(&rows)).map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
    }
    match arguments.markdown {
        true => println!("{}\n{}", table::circumstances(now, arguments), table::markdown(&rows)),
        false => println!("{}", table::plain(&rows)),
    }
    Ok(())
}
