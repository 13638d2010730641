//! No block of code is passed over silently, and what is not run as a command is read by the real readers.

use std::collections::BTreeMap;

use passport_shared::json::{Controls, Document};
use passport_shared::{grant::Grant, request::Request, template::Template};
use passport_tests::places::workspace;
use serde_json::Value;

use super::page::{Block, Mark, Page};

/// Why a block may be not run, and how many are not for this reason. A new one is put here by hand, and looked at.
const NOT_RUN: [(&str, usize); 10] = [
    ("a picture", 2),
    ("a release build; system/demo.rs runs the demo", 2),
    ("benchmarks and drills, in release builds", 3),
    ("installs what the checks need, and is the checks", 2),
    ("names hosts, files or ids of yours", 3),
    ("output of `passport test`; issuer/tests/cli/testing.rs checks it", 1),
    ("output of the demo; system/demo.rs checks what it says", 1),
    ("wants a database server; system/postgres.rs starts one", 2),
    ("wants a history of decisions; system/replay.rs runs both", 1),
    ("writes into the workspace", 1),
];

#[test]
fn every_block_is_run_or_read_or_is_on_the_list_with_its_reason() {
    let mut not_run: BTreeMap<String, usize> = BTreeMap::new();
    let mut read = 0;
    for page in Page::all() {
        for block in &page.blocks {
            let place = format!("{}:{}", page.name, block.line);
            match block.not_run() {
                Some(reason) => *not_run.entry(reason.to_owned()).or_default() += 1,
                None => {
                    look_at(&place, &page, block);
                    read += 1;
                }
            }
        }
    }
    let expected: BTreeMap<String, usize> = NOT_RUN.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect();
    assert_eq!(not_run, expected, "left, the blocks that say why they are not run; right, the list in this file");
    assert!(read >= 10, "only {read} blocks were seen: does this test still see them?");
}

fn look_at(place: &str, page: &Page, block: &Block) {
    match block.language.as_str() {
        // Those are run: `the_commands_of_every_page_do_what_the_page_says`.
        "sh" | "console" => {}
        "rust" => excerpt(place, block),
        "json" => json(place, block),
        // What the settings of the command are, the command says: the page runs it on the file.
        "toml" | "yaml" => {
            let name = block.file().unwrap_or_else(|| panic!("{place}: say which file it is, and run the command on it"));
            let used = page.blocks.iter().any(|other| other.is_shell() && other.text.contains(name));
            assert!(used, "{place}: no command of the page takes {name}");
        }
        other => panic!("{place}: nothing is done with a block in `{other}`; give it a language, or say why it is not run"),
    }
}

/// An example is built, and checked by clippy, with the crate that it belongs to: its lines hold on the page too.
fn excerpt(place: &str, block: &Block) {
    let path = block.marks.iter().find_map(|mark| if let Mark::Excerpt(path) = mark { Some(path) } else { None });
    let path = path.unwrap_or_else(|| panic!("{place}: name the example that this is of"));
    assert!(path.contains("/examples/"), "{place}: {path} is no example");
    let example = std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{place}: {path}: {error}"));
    let lines = |text: &str| text.lines().map(|line| format!("{}\n", line.trim())).collect::<String>();
    assert!(lines(&example).contains(&lines(&block.text)), "{place}: this is not in {path} any more");
}

fn json(place: &str, block: &Block) {
    let read = Document::read_value(block.text.as_bytes(), Controls::InValues);
    assert!(read.is_ok(), "{place}: {:?}", read.err());
    let kind = block.marks.iter().find_map(|mark| if let Mark::ReadAs(kind) = mark { Some(kind.as_str()) } else { None });
    match kind {
        None => {}
        Some("grant") => {
            let grants = Grant::read_all(&format!("[{}]", block.text), "");
            assert!(grants.is_ok(), "{place}: {:?}", grants.err());
        }
        Some("request") => {
            let request = Request::parse(block.text.as_bytes());
            assert!(request.problem().is_none(), "{place}: {:?}", request.problem());
        }
        Some("template") => {
            let template: Value = serde_json::from_str(&block.text).expect("JSON");
            let checked = Template::check(&template["parameters"].to_string(), &template["grants"].to_string());
            assert!(checked.is_ok(), "{place}: {:?}", checked.err());
        }
        Some(other) => panic!("{place}: nothing reads a `{other}`"),
    }
}
