//! The README's commands work as they are written.

use std::process::Command;

use passport_tests::process::{Issuer, passport_binary};

use crate::structure::readme::blocks;

#[test]
fn the_readmes_commands_work_as_they_are_written() {
    let block =
        blocks("sh").into_iter().find(|block| block.contains("passport agents create")).expect("the README shows how an issuer is used");
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = Issuer::start(&folder.path().join("passport-data"));
    // The one thing that a test cannot have as it is written is the port.
    let script = block.replace("http://127.0.0.1:7700", &issuer.url());
    let mut path = vec![passport_binary().parent().expect("a folder").to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    // Every line is run, and the script ends as its last one does: `verify` denies in between, as it should.
    let output = Command::new("bash")
        .args(["-c", &format!("trap 'codes=\"$codes $?\"' DEBUG\n{script}\necho \"codes:$codes\" >&2")])
        .current_dir(folder.path())
        .env("PATH", std::env::join_paths(path).expect("a path"))
        .output()
        .expect("bash runs");
    let (told, talk) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for expected in [
        "agent_ollie",
        "You may:",
        "`purchase` on `commerce`",
        "constraint_unmet",
        "`amount` is 742, over the maximum of 500.00",
        "passports.issue",
    ] {
        assert!(told.contains(expected), "{expected} is not in\n{told}\n{talk}");
    }
    let codes = talk.lines().find_map(|line| line.strip_prefix("codes:")).expect("the exit codes");
    assert!(codes.split(' ').all(|code| matches!(code, "" | "0" | "3")), "{codes}\n{talk}");
    assert_eq!(codes.split(' ').filter(|code| *code == "3").count(), 1, "only `verify` denies: {codes}\n{talk}");
}
