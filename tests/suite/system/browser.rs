//! What people see, in a real browser: `tests/browser/`, in plain Node. It fails, and is not passed over, where the browser,
//! Node or a part of the build is missing: each says which command installs or builds it.

use std::path::PathBuf;
use std::process::Command;

use passport_tests::places::workspace;
use passport_tests::process::passport_binary;

/// These files of `tests/browser/`, one after the other.
fn run(files: &[&str]) {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let output = Command::new("node")
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(files.iter().map(|file| workspace().join("tests/browser").join(file)))
        .env("PASSPORT_TEST_BINARY", passport_binary())
        .env("CARGO_TARGET_DIR", target)
        .current_dir(workspace())
        .output()
        .unwrap_or_else(|error| panic!("node: {error}; `./check tools` installs it"));
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the browser tests failed; screenshots are in target/browser/");
}

const INSPECTOR: [&str; 2] = ["core.test.mjs", "inspector.test.mjs"];
const CONSOLE: [&str; 7] = [
    "story.test.mjs",
    "pages.test.mjs",
    "dialogs.test.mjs",
    "issue.test.mjs",
    "templates.test.mjs",
    "approvals.test.mjs",
    "roles.test.mjs",
];

#[test]
fn the_inspector_decides_as_a_verifier_does_on_a_machine_without_a_network() {
    run(&INSPECTOR);
}

/// The first five minutes from an empty directory, each page, each dialog, the inbox while it is open, and a role that may do little.
#[test]
fn in_a_real_browser_the_console_does_what_it_says_and_nothing_behind_ones_back() {
    run(&CONSOLE);
}

#[test]
fn no_browser_test_is_left_out() {
    let folder = std::fs::read_dir(workspace().join("tests/browser")).expect("the browser tests");
    let names = folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut found: Vec<String> = names.filter(|name| name.ends_with(".test.mjs")).collect();
    let mut listed: Vec<&str> = INSPECTOR.iter().chain(&CONSOLE).copied().collect();
    found.sort();
    listed.sort_unstable();
    assert_eq!(found, listed);
}
