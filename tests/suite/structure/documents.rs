//! The documents are true where that can be seen by a machine.

use std::path::{Path, PathBuf};

use passport_tests::places::workspace;

use crate::docs::page::Page;

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust source of the workspace, in one text.
fn sources() -> String {
    fn walk(folder: PathBuf, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                walk(entry, text);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                text.push_str(&read(&entry));
            }
        }
    }
    let mut text = String::new();
    for member in ["shared", "verifier", "keys", "issuer", "console/core", "tests"] {
        walk(workspace().join(member), &mut text);
    }
    text
}

#[test]
fn every_test_that_a_document_names_is_there() {
    let sources = sources();
    let mut count = 0;
    for Page { name: document, text, .. } in Page::all() {
        for name in text.split('`').skip(1).step_by(2) {
            let is_a_test = name.matches('_').count() >= 4 && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            if is_a_test {
                count += 1;
                assert!(sources.contains(&format!(" {name}")), "{document} names the test {name}, which there is not");
            }
        }
    }
    assert!(count > 30, "only {count} names were found: does this test still see them?");
}
