//! What people read when they ask for help.

use std::path::Path;

use super::*;
use crate::cli::output::WIDTH;

/// Each command of the tree with how it is called.
fn walk(command: &mut Command, path: &str, look: &mut impl FnMut(&mut Command, &str)) {
    look(command, path);
    for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
        let path = joined(path, below.get_name());
        walk(below, &path, look);
    }
}

fn all(mut look: impl FnMut(&mut Command, &str)) {
    let mut command = command();
    command.build();
    walk(&mut command, "", &mut look);
}

/// The commands of a text of examples, as a shell reads them.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        assert!(line.starts_with("  "), "an example is indented: {line}");
        let begins = line.starts_with("  passport ") || line.starts_with("  # ") || line == "  passport";
        match lines.last_mut() {
            Some(before) if !begins => {
                before.push('\n');
                before.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let words = |line: &String| shell_words::split(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    // What the shell does for itself is not the command's.
    let own = |words: Vec<String>| words.into_iter().take_while(|word| !["<", ">", "|"].contains(&word.as_str())).collect::<Vec<_>>();
    lines.iter().map(words).map(own).filter(|words| !words.is_empty()).collect()
}

#[test]
fn every_example_is_a_call_that_the_command_takes() {
    let mut count = 0;
    all(|page, path| {
        let text = examples::of(path).unwrap_or_else(|| panic!("`passport {path}` has no example: put one in help/examples.rs"));
        let calls = commands(text);
        let of_it = std::iter::once("passport").chain(path.split(' ').filter(|word| !word.is_empty())).collect::<Vec<_>>();
        assert!(calls.iter().any(|call| call.iter().zip(&of_it).filter(|(is, of)| is == of).count() == of_it.len()), "{path}: {calls:?}");
        for call in calls {
            count += 1;
            let taken = command().try_get_matches_from(&call);
            assert!(taken.is_ok(), "{call:?}: {}", taken.expect_err("refused"));
        }
        for help in [page.render_help().to_string(), page.render_long_help().to_string()] {
            assert!(help.starts_with("Examples:\n  passport"), "{path} begins with its examples: {help}");
        }
    });
    assert!(count > 90, "only {count} examples were seen");
    for (path, _) in examples::EXAMPLES {
        let mut known = false;
        all(|_, of| known |= of == *path);
        assert!(known, "there is no `passport {path}`");
    }
    assert!(command().try_get_matches_from(&commands("  passport issue --agnet x")[0]).is_err(), "this test can fail");
}

#[test]
fn every_page_of_help_is_as_it_was_read_last() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/help");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut names = Vec::new();
    all(|_, path| {
        let call = joined("passport", path);
        let name = call.trim_end().replace(' ', "-");
        // To the letter what a person gets.
        let asked = command().try_get_matches_from(call.split_whitespace().chain(["--help"]));
        let text = asked.expect_err("help").to_string();
        settings.bind(|| insta::assert_snapshot!(name.as_str(), text));
        names.push(format!("{name}.snap"));
    });
    for there in std::fs::read_dir(folder).expect("the snapshots") {
        let there = there.expect("an entry").file_name().into_string().expect("text");
        assert!(names.contains(&there), "{there} is of no command any more: remove it");
    }
}

#[test]
fn the_command_line_is_sound_and_every_page_of_help_fits_80_columns() {
    command().debug_assert();
    all(|page, path| {
        for text in [page.render_help().to_string(), page.render_long_help().to_string()] {
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{path}: {line}");
            }
        }
        for argument in page.get_arguments().filter(|argument| !argument.is_hide_set()) {
            assert!(argument.get_help().is_some(), "{} of {path} is documented", argument.get_id());
        }
    });
}

#[test]
fn the_page_on_the_command_line_says_what_each_command_writes_as_json() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../docs/cli.md")).expect("docs/cli.md");
    let (_, page) = page.split_once("## `--json`").expect("the part on JSON");
    let told: Vec<&str> = page.split('`').collect();
    all(|command, path| {
        if !command.has_subcommands() && !path.is_empty() {
            assert!(told.contains(&path), "docs/cli.md lacks `{path}`");
        }
    });
    let api = std::fs::read_to_string(root.join("openapi.json")).expect("openapi.json");
    let table =
        page.lines().skip_while(|line| !line.starts_with("| command | operation |")).skip(2).take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in table {
        let operations = row.split('|').nth(2).expect("two columns").split('`').skip(1).step_by(2);
        for operation in operations.filter(|name| name.chars().all(char::is_alphabetic) && *name != "file") {
            count += 1;
            assert!(api.contains(&format!("\"operationId\": \"{operation}\"")), "{operation} is no operation");
        }
    }
    assert!(count > 35, "only {count} operations were seen");
}
