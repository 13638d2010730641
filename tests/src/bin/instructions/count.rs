//! One path under callgrind.

use std::path::Path;
use std::process::Command;

/// Instructions of one turn of `path`: of the main thread alone, since others go on by themselves.
pub fn per_turn(path: &str, turns: u32) -> Result<u64, String> {
    let less = main_thread(path, turns)?;
    let more = main_thread(path, 3 * turns)?;
    let difference = more.checked_sub(less).ok_or_else(|| format!("`{path}` took less for more turns: {more} after {less}"))?;
    Ok(difference / u64::from(2 * turns))
}

fn main_thread(path: &str, turns: u32) -> Result<u64, String> {
    let this = std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
    let directory = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
    let out = directory.path().join("out");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--separate-threads=yes", "--combine-dumps=no"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(this)
        .args(["--turn", path, &turns.to_string()])
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}; `./check tools` installs it"))?;
    if !output.status.success() {
        return Err(format!("`{path}` failed under valgrind: {}", String::from_utf8_lossy(&output.stderr)));
    }
    // Threads are numbered from 1, and the main one is the first.
    totals(&directory.path().join("out-01")).ok_or_else(|| format!("callgrind left no count of `{path}`"))
}

/// What callgrind wrote as the sum of a thread.
fn totals(file: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}
