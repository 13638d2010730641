//! docs/errors.md names every code that a person can meet, and none that does not exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use passport_shared::decision::Reason;
use passport_tests::places::workspace;

use super::page::Page;

/// The rows of the page whose first cell is a code, with their other cells.
fn rows() -> BTreeMap<String, Vec<Vec<String>>> {
    let mut rows: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in Page::read("docs/errors.md").text.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        let code = cells.next().expect("a first cell").trim_matches('`').to_owned();
        rows.entry(code).or_default().push(cells.collect());
    }
    rows
}

/// The codes of the HTTP API, as the issuer's sources write them: `code: "…"`, `forbidden("…"`, and what stands in an
/// `fn code`. Tests are left out.
fn api_codes() -> BTreeSet<String> {
    fn walk(folder: &Path, codes: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if entry.is_dir() && name != "tests" {
                walk(&entry, codes);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&entry).expect("text");
                read(text.split("#[cfg(test)]").next().unwrap_or_default(), codes);
            }
        }
    }
    let mut codes = BTreeSet::new();
    for folder in ["http", "service"] {
        walk(&workspace().join("issuer/src").join(folder), &mut codes);
    }
    codes
}

fn read(text: &str, codes: &mut BTreeSet<String>) {
    let is_code = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let mut add = |word: &str| {
        if is_code(word) {
            codes.insert(word.to_owned());
        }
    };
    for start in ["code: \"", "forbidden(\""] {
        text.split(start).skip(1).for_each(|rest| add(rest.split('"').next().unwrap_or_default()));
    }
    for body in text.split("fn code(&self) -> &'static str {").skip(1).filter_map(|rest| rest.split("\n    }").next()) {
        body.split('"').skip(1).step_by(2).for_each(&mut add);
    }
}

#[test]
fn every_code_is_on_the_page_of_errors_and_the_page_has_no_other() {
    let api = api_codes();
    assert!(api.len() > 20 && api.contains("not_held") && api.contains("missing_token"), "does this test still see them? {api:?}");
    let reasons = Reason::ALL.iter().map(|reason| reason.code().to_owned());
    let known: BTreeSet<String> = reasons.chain(api).collect();
    let rows = rows();
    let told: BTreeSet<String> = rows.keys().cloned().collect();
    let missing: Vec<_> = known.difference(&told).collect();
    assert!(missing.is_empty(), "docs/errors.md lacks {missing:?}");
    let invented: Vec<_> = told.difference(&known).collect();
    assert!(invented.is_empty(), "docs/errors.md names {invented:?}, which there are not");
    for (code, cells) in rows.iter().flat_map(|(code, rows)| rows.iter().map(move |cells| (code, cells))) {
        assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "docs/errors.md, `{code}`: number, cause and cure");
    }
}

#[test]
fn the_page_of_errors_says_the_status_and_the_exit_code_of_each_reason() {
    let rows = rows();
    for reason in Reason::ALL {
        let expected = format!("{}, {}", reason.http_status(), reason.exit_code());
        let row = rows.get(reason.code()).and_then(|rows| rows.iter().find(|cells| cells.first() == Some(&expected)));
        assert!(row.is_some(), "docs/errors.md, `{reason}`: the row should say {expected}");
    }
}
