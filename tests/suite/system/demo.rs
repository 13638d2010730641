//! The demo, run as a stranger runs it.

use std::process::{Command, Output};

use passport_tests::process::passport;

use crate::structure::readme;

fn run(change: impl FnOnce(&mut Command) -> &mut Command) -> Output {
    let mut command = passport();
    let output = change(command.arg("demo")).output().expect("it runs");
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}{talk}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(talk, "", "a demo that goes well has nothing to say beside its story");
    output
}

fn text(output: Output) -> String {
    String::from_utf8(output.stdout).expect("text")
}

/// The story with every id and every time replaced by its kind.
fn without_ids_and_times(story: &str) -> String {
    let mut out = Vec::new();
    for line in story.lines() {
        let words = line.split_whitespace().map(|word| {
            let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
            let is_time = bare.len() == 20 && passport_shared::time::parse_exact(bare).is_some();
            let is_key = bare.len() == 43 && passport_shared::jose::decode(bare).is_some();
            match bare {
                _ if bare.starts_with("pp_") || bare.starts_with("apr_") => word.replace(bare, "ID"),
                _ if is_key => word.replace(bare, "KEY"),
                _ if is_time => word.replace(bare, "TIME"),
                _ => word.to_owned(),
            }
        });
        let mut words: Vec<String> = words.collect();
        if matches!(words.last().map(String::as_str), Some("µs" | "ms")) {
            words.truncate(words.len() - 2);
            words.push("TOOK".to_owned());
        }
        out.push(words.join(" "));
    }
    out.join("\n")
}

#[test]
fn two_runs_differ_only_in_ids_and_times() {
    let [one, two] = [(), ()].map(|()| text(run(|command| command)));
    assert_ne!(one, two, "ids are made anew");
    assert_eq!(without_ids_and_times(&one), without_ids_and_times(&two));
    for told in [
        "granted",
        "constraint_unmet",
        "action_blocked",
        "action_not_granted",
        "approval_required",
        "approval_invalid",
        "bad_signature",
        "expired",
        "wrong_audience",
        "revoked",
    ] {
        assert!(one.contains(told), "{told} is not told");
    }
    let mut rest = without_ids_and_times(&one);
    let shown = readme::blocks("text").into_iter().filter(|block| block.contains("The issuer is stopped"));
    let [shown] = <[String; 1]>::try_from(shown.collect::<Vec<_>>()).expect("the README shows it once");
    for line in without_ids_and_times(&shown).lines() {
        let (_, after) = rest.split_once(line).unwrap_or_else(|| panic!("the README shows what the demo no longer prints: {line}"));
        rest = after.to_owned();
    }
    assert!(one.contains("All 15 decisions were as expected"));
}

#[test]
fn the_story_fits_80_columns_with_and_without_colour() {
    let plain = text(run(|command| command));
    assert!(!plain.contains('\u{1b}'), "no colour where nobody sees it");
    let coloured = text(run(|command| command.env("CLICOLOR_FORCE", "1")));
    assert!(coloured.contains("\u{1b}[32m") || coloured.contains("\u{1b}[1m\u{1b}[32m"), "an allow is green");
    let refused = text(run(|command| command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
    for (name, story) in [("plain", plain), ("coloured", strip(&coloured)), ("NO_COLOR", strip(&refused))] {
        for line in story.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
            assert_eq!(line, line.trim_end(), "{name}: spaces at the end of a line");
        }
    }
}

/// The text without what styles it.
fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn a_program_gets_the_decisions_and_the_log_as_json_lines() {
    let lines = text(run(|command| command.arg("--json")));
    let values: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("json")).collect();
    let decisions = values.iter().filter(|value| value["asExpected"] == true).count();
    let logged = values.iter().filter(|value| value["kind"] == "decision").count();
    assert_eq!((decisions, logged), (15, 15));
    assert!(!lines.contains("eyJ"), "no token is told");
}
