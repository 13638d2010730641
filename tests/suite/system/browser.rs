//! What people see, in a real browser: `tests/browser/`, in plain Node, run whole as one test.

use std::path::PathBuf;
use std::process::Command;

use passport_tests::places::workspace;
use passport_tests::process::passport_binary;

/// The pages, the story of the first five minutes, the inbox, roles and the inspector offline. It fails, and is not passed
/// over, where the browser, Node or a part of the build is missing: each says which command installs or builds it.
#[test]
fn in_a_real_browser_the_console_does_what_it_says_and_nothing_behind_ones_back() {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let folder = workspace().join("tests/browser");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the browser tests")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    assert!(files.len() >= 4, "only {files:?} were found");
    let output = Command::new("node")
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(&files)
        .env("PASSPORT_TEST_BINARY", passport_binary())
        .env("CARGO_TARGET_DIR", target)
        .current_dir(workspace())
        .output()
        .unwrap_or_else(|error| panic!("node: {error}; `./check tools` installs it"));
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{told}");
    assert!(output.status.success(), "the browser tests failed; screenshots are in target/browser/");
}
