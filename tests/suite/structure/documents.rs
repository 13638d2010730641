//! The documents are true where that can be seen by a machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use passport_shared::decision::Reason;
use passport_tests::places::workspace;

const DOCUMENTS: [&str; 10] = [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/audit.md",
    "docs/codes.md",
    "docs/comparison.md",
    "docs/format.md",
    "docs/operations.md",
    "docs/performance.md",
    "tests/vectors/README.md",
];

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
    for document in DOCUMENTS {
        let text = read(&workspace().join(document));
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

#[test]
fn every_link_between_documents_leads_somewhere() {
    for document in DOCUMENTS.into_iter().chain(["CHANGELOG.md"]) {
        let path = workspace().join(document);
        for link in read(&path).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                let target = path.parent().expect("a folder").join(file);
                assert!(target.exists(), "{document} links to {link}");
            }
        }
    }
}

/// The codes of a page's tables: what stands in backticks in this column of each row.
fn codes(text: &str, column: usize) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").nth(column));
    let quoted = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let is_a_code = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    quoted.filter(is_a_code).map(str::to_owned).collect()
}

#[test]
fn every_code_has_its_cause_and_its_cure_and_no_other_has() {
    let page = read(&workspace().join("docs/codes.md"));
    let (decisions, api) = page.split_once("## The issuer's API").expect("two parts");
    let reasons: BTreeSet<String> = Reason::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(codes(decisions, 0), reasons);
    let format = read(&workspace().join("docs/format.md"));
    let problems = format.split_once("**F7.15 Errors**").and_then(|(_, rest)| rest.split_once("**F7.18")).expect("the clause").0;
    let problems: BTreeSet<String> = codes(problems, 1).difference(&reasons).cloned().collect();
    assert_eq!(codes(api, 0), problems);
}
