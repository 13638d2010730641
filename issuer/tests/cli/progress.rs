//! How far long work has come: at a real terminal, and without one.

use std::fs::File;

use crate::support::{Escapes, Served, Signer, at_a_terminal, at_a_terminal_into, run, serve};

#[test]
fn a_bar_is_drawn_at_a_terminal_and_neither_in_a_log_nor_beside_json() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    assert_eq!(Served::wait(&mut serve(path, &["--dev"])).stop(), Some(0));
    let seen = |arguments: &[&str]| {
        let mut shown = at_a_terminal(path, arguments, Escapes::Kept);
        shown.exp_eof().expect("ended")
    };
    let person = seen(&["backup", "--data", "data", "a.backup"]);
    for drawn in ["copied", "checking the copy", "written", "% of ", "\u{1b}"] {
        assert!(person.contains(drawn), "{drawn}: {person}");
    }
    for arguments in [&["backup", "--data", "data", "b.backup", "--json"][..], &["audit", "verify", "--data", "data", "--json"]] {
        let program = seen(arguments);
        assert_eq!(program.lines().filter(|line| line.starts_with('{')).count(), 1, "{program}");
        for drawn in ["copied", "to go", "\u{1b}["] {
            assert!(!program.contains(drawn), "{drawn}: {program}");
        }
    }
    let log = run(path, &["backup", "--data", "data", "c.backup"]).ended(0);
    assert!(!log.err.contains("copied") && !log.err.contains('\u{1b}'), "{}", log.err);
    let log = run(path, &["audit", "verify", "--data", "data"]).ended(0);
    assert!(!log.err.contains("to go") && !log.err.contains('\u{1b}'), "{}", log.err);
}

#[test]
fn a_batch_draws_its_bar_where_its_answers_go_elsewhere_and_leaves_them_as_they_are() {
    let signer = Signer::new();
    let line = format!(r#"{{"token":"{}","request":{{"action":"x"}}}}"#, signer.passport());
    std::fs::write(signer.path().join("batch"), format!("{line}\n").repeat(2_000)).expect("written");
    let batch =
        ["verify", "--audience", "https://shop.example", "--trust", "jwks.json", "--issuer", "https://i.example", "--batch", "batch"];
    let answers = || std::fs::read_to_string(signer.path().join("answers")).expect("answers");
    let into = |arguments: &[&str]| {
        let file = File::create(signer.path().join("answers")).expect("a file");
        at_a_terminal_into(file, signer.path(), arguments).exp_eof().expect("ended")
    };
    let seen = into(&batch);
    assert!(seen.contains("decided, about") && seen.contains("% of "), "{seen}");
    assert_eq!((answers().lines().count(), answers().contains('\u{1b}')), (2_000, false));
    let seen = into(&[&batch[..], &["--json"]].concat());
    assert!(!seen.contains("decided") && answers().lines().count() == 2_000, "{seen}");
    // Beside answers that are seen as they come there is none.
    let seen = at_a_terminal(signer.path(), &batch, Escapes::Kept).exp_eof().expect("ended");
    assert!(!seen.contains("decided, about") && seen.contains("\"requestId\""), "{}", seen.len());
    // And none in a log.
    assert_eq!(run(signer.path(), &batch).ended(0).err, "");
}
