//! The processes that measure: this program again, and the one of the peers, in turn.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use passport_shared::jose;
use passport_tests::places::workspace;
use passport_tests::reference::{DIFFERENT, GRANTS};
use passport_tests::scene::Scene;

use super::arguments::Arguments;
use super::measure::{BASELINE, Figure};

/// The rows that the peers have, beside the baseline.
const PEERS: [&str; 7] =
    ["jsonwebtoken/aws-lc", "jsonwebtoken/rust-crypto", "jwt-simple", "pasetors", "biscuit-auth", "tenuo", "cedar-policy"];

/// What all processes found. A peer's baseline is there to compare it with; ours is the one that is shown.
pub fn run(arguments: &Arguments, now: i64) -> Result<Vec<Figure>, String> {
    let this = std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
    let peers = PEERS.iter().any(|name| arguments.filter.takes(name)).then(build_peers).transpose()?;
    let mut figures = Vec::new();
    let count = arguments.processes();
    for process in 1..=count {
        eprintln!("process {process} of {count}");
        figures.extend(measured(&this, &arguments.for_child(now), "")?);
        if let Some(peers) = &peers {
            let found = measured(peers, &arguments.for_child(now), &scene_in_words(now))?;
            figures.extend(found.into_iter().filter(|figure| figure.name != BASELINE));
        }
    }
    Ok(figures)
}

/// The program of the peers, built in its own workspace with its own lock, below the same target directory.
fn build_peers() -> Result<PathBuf, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from).join("peers");
    eprintln!("building the peers in {}; the first time takes minutes", target.display());
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--release", "--locked", "--quiet", "--manifest-path"]).arg(workspace().join("tests/peers/Cargo.toml"));
    match cargo.arg("--target-dir").arg(&target).status() {
        Ok(status) if status.success() => Ok(target.join("release/passport-peers")),
        Ok(status) => Err(format!("the peers cannot be built: {status}; `--filter passport/` measures without them")),
        Err(error) => Err(format!("cargo cannot be started: {error}")),
    }
}

/// What a peer has to know: the issuer's key, and the very tokens that our rows check.
fn scene_in_words(now: i64) -> String {
    let scene = Scene::at(now);
    let mut words = format!("key {}\n", jose::encode(scene.key().public().bytes));
    for grants in GRANTS {
        for token in scene.passports(DIFFERENT, grants) {
            words.push_str(&format!("token {grants} {token}\n"));
        }
    }
    words
}

fn measured(program: &Path, arguments: &[String], input: &str) -> Result<Vec<Figure>, String> {
    let failed = |what: String| format!("`{}` {what}", program.display());
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let mut pipe = child.stdin.take().ok_or_else(|| failed("has no input".to_owned()))?;
    pipe.write_all(input.as_bytes()).map_err(|error| failed(format!("reads nothing: {error}")))?;
    drop(pipe);
    let output = child.wait_with_output().map_err(|error| failed(format!("gives nothing: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed: {}", output.status)));
    }
    let text = String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()))?;
    text.lines().map(|line| read(line).ok_or_else(|| failed(format!("wrote a line that is no figure: {line}")))).collect()
}

/// What [`Figure::write`] wrote.
fn read(line: &str) -> Option<Figure> {
    let mut parts = line.split('\t');
    let name = parts.next()?.to_owned();
    let (grants, live) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(Figure { name, grants, live, nanos: parts.next()?.parse().ok()?, ratio: parts.next()?.parse().ok()? })
}
