//! `passport admin-passport`: the way back in for whoever runs the issuer.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Run, Served, passport, run, serve};

const RENEW: [&str; 4] = ["admin-passport", "--data", "data", "--dev"];
const FILE: &str = "data/admin.passport";

fn call(directory: &Path, url: &str, file: &str, arguments: &[&str]) -> Run {
    let mut command = passport(directory);
    command.args(arguments).envs([("PASSPORT_URL", url), ("PASSPORT_FILE", file)]);
    command.output().expect("it runs").into()
}

fn names(directory: &Path) -> BTreeSet<String> {
    directory.read_dir().expect("read").map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_lost_admin_passport_is_made_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    assert_eq!(Served::start(path).stop(), Some(0));
    std::fs::remove_file(path.join(FILE)).expect("removed");

    let made = run(path, &RENEW).ended(0);
    let token = made.out.trim_end();
    assert_eq!((token.split('.').count(), made.out.lines().count()), (3, 1), "the token alone: {}", made.out);
    assert!(
        made.told().contains("to `admin`, valid until 2") && made.told().contains("it may do everything at `http://127"),
        "{}",
        made.err
    );
    assert!(!made.err.contains(token));
    std::fs::write(path.join("mine"), token).expect("written");

    let filed = run(path, &[&RENEW[..], &["-o", FILE]].concat()).ended(0);
    assert!(filed.out.is_empty() && filed.told().contains("written to `data/admin.passport`"), "{}{}", filed.out, filed.err);
    assert_eq!(path.join(FILE).metadata().expect("there").permissions().mode() & 0o777, 0o600);
    let json = run(path, &[&RENEW[..], &["--json"]].concat()).ended(0).json();
    let members: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(members.iter().collect::<BTreeSet<_>>().len(), 7);
    assert_eq!(json["agentId"], "admin");

    let served = Served::start(path);
    for file in [FILE, "mine"] {
        call(path, &served.url, file, &["keys", "rotate"]).ended(0);
    }
    let issued = call(path, &served.url, FILE, &["passports", "show", json["passportId"].as_str().expect("an id")]).ended(0);
    assert!(issued.out.contains("live"), "{}", issued.out);
}

#[test]
fn after_its_key_was_revoked_the_admin_is_let_in_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let served = Served::start(path);
    let keys = call(path, &served.url, FILE, &["keys", "list", "--json"]).ended(0).json();
    let active = keys["items"].as_array().and_then(|keys| keys.iter().find(|key| key["state"] == "active")).expect("an active key");
    let key = active["keyId"].as_str().expect("a thumbprint");
    call(path, &served.url, FILE, &["keys", "revoke", key, "--reason", "leaked"]).ended(0);
    let shut_out = call(path, &served.url, FILE, &["agents", "list", "--json"]).ended(4);
    let problem: serde_json::Value = serde_json::from_str(&shut_out.err).expect("a problem");
    assert_eq!((&problem["status"], &problem["code"]), (&401.into(), &"key_revoked".into()));
    assert_eq!(served.stop(), Some(0));

    run(path, &[&RENEW[..], &["-o", "fresh"]].concat()).ended(0);
    let served = Served::start(path);
    call(path, &served.url, "fresh", &["agents", "list"]).ended(0);
    call(path, &served.url, FILE, &["agents", "list"]).ended(4);
}

#[test]
fn where_there_is_no_issuer_nothing_is_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    std::fs::create_dir(path.join("data")).expect("made");
    let refused = run(path, &RENEW).ended(1);
    assert!(refused.told().contains("there is no issuer yet in the data directory `data`"), "{}", refused.err);
    run(path, &["admin-passport", "--data", "other", "--dev"]).ended(1);
    assert_eq!((names(path).len(), names(&path.join("data")).len()), (1, 0));
}

#[test]
fn beside_a_running_issuer_it_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let served = Served::start(path);
    let before = names(&path.join("data"));
    let refused = run(path, &[&RENEW[..], &["-o", "fresh"]].concat()).ended(1);
    assert!(refused.told().contains("an issuer is running on the data directory `data`"), "{}", refused.err);
    assert!(refused.told().contains("hint: stop it first"), "{}", refused.err);
    assert!(!path.join("fresh").exists() && names(&path.join("data")) == before);
    call(path, &served.url, FILE, &["agents", "list"]).ended(0);
}

#[test]
fn it_takes_what_seals_the_keys() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let with = |mut command: Command, passphrase: &str| {
        command.env("PASSPORT_PASSPHRASE", passphrase);
        command
    };
    let renew = || {
        let mut command = passport(path);
        command.args(["admin-passport", "--data", "data"]);
        command
    };
    let served = Served::wait(&mut with(serve(path, &["--issuer", "https://i.example"]), "correct horse"));
    assert_eq!(served.stop(), Some(0));
    let refused = |mut command: Command, exit: i32| Run::from(command.output().expect("it runs")).ended(exit).told();
    assert!(refused(renew(), 2).contains("no passphrase"));
    let wrong = refused(with(renew(), "wrong horse"), 1);
    assert!(wrong.contains("cannot be used") && !wrong.contains("horse"), "{wrong}");
    let made = Run::from(with(renew(), "correct horse").output().expect("it runs")).ended(0);
    assert!(made.told().contains("it may do everything at `https://i.example`"), "{}", made.err);
}

#[test]
fn a_first_passport_that_cannot_be_written_is_not_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    std::fs::create_dir_all(path.join(FILE)).expect("made");
    let lost = Run::from(serve(path, &["--dev"]).output().expect("it runs")).ended(1);
    assert!(lost.err.contains("passport admin-passport --dev --data data"), "{}", lost.err);
    run(path, &RENEW).ended(0);
}
