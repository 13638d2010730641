//! The whole round through the real binary: an issuer, and everybody who calls it.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Run, Served, passport, run, serve, words};

struct Caller<'c> {
    directory: &'c Path,
    url: String,
}

impl Caller<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = passport(self.directory);
        command.args(arguments).envs([("PASSPORT_URL", self.url.as_str()), ("PASSPORT_FILE", "data/admin.passport")]);
        command
    }

    fn run_as(&self, file: &str, arguments: &[&str]) -> Run {
        self.command(arguments).env("PASSPORT_FILE", file).output().expect("it runs").into()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().expect("it runs").into()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--json"]].concat()).ended(0).json()
    }
}

const GRANT: &str = r#"{"resource":"commerce","allowedActions":["purchase"],"constraints":{"amount":{"max":"500.00"}}}"#;

#[test]
fn an_issuer_is_served_and_called_from_the_command_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let served = Served::start(path);
    let caller = Caller { directory: path, url: served.url.clone() };
    let mode = |name: &str| path.join(name).metadata().expect(name).permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/admin.passport"), mode("data/keys")), (0o700, 0o600, 0o700));
    let second = run(path, &["serve", "--dev", "--listen", "127.0.0.1:0", "--data", "data"]).ended(1);
    assert!(second.told().contains("an issuer is running on the data directory `data`"), "{}", second.err);

    // Agents.
    caller.run(&["agents", "create", "Ollie", "--id", "agent_ollie"]).ended(0);
    caller.run(&["agents", "create", "Ollie", "--id", "agent_ollie"]).ended(1);
    assert_eq!(caller.json(&["agents", "get", "agent_ollie"])["state"], "enabled");
    let listed = caller.run(&["agents", "list"]).ended(0);
    assert!(listed.out.starts_with("AGENT ") && listed.out.contains("agent_ollie"), "{}", listed.out);
    let missing = caller.run(&["agents", "get", "no/body"]).ended(1);
    assert!(missing.told().contains("(code `not_found`)") && missing.err.contains("\n\nhint: "), "{}", missing.err);

    // A passport: the token alone on standard output, everything to know about it beside it.
    let issue = ["issue", "--agent", "agent_ollie", "--audience", "https://shop.example", "--grant", GRANT, "--expires-in", "1h"];
    let issued = caller.run(&issue).ended(0);
    let token = issued.out.trim_end();
    assert_eq!((token.split('.').count(), issued.out.lines().count()), (3, 1));
    assert!(issued.told().contains("one without a network keeps accepting it until then"), "{}", issued.err);
    caller.run(&[&issue[..], &["-o", "ollie.passport"]].concat()).ended(0);
    assert_eq!(mode("ollie.passport"), 0o600);
    let body = caller.json(&issue);
    let id = body["passportId"].as_str().expect("an id");

    // Wrong ones, refused here and there.
    let wrong = caller.run(&["issue", "--agent", "agent_ollie", "--audience", "a", "--grant", "{}", "--expires-in", "1h"]).ended(2);
    assert!(wrong.told().contains("/0: the member `resource` is missing"), "{}", wrong.err);
    let wrong = caller.run(&[&issue[..7], &["--expires-in", "900d"]].concat()).ended(1);
    assert!(wrong.told().contains("/expiresIn: "), "{}", wrong.err);
    let roles = caller.run(&["issue", "--agent", "agent_ollie", "--role", "root", "--expires-in", "1h"]).ended(2);
    assert!(roles.told().contains("auditor: "), "{}", roles.err);

    // A role's passport is for the issuer, and allows what the role allows.
    caller.run(&["issue", "--agent", "agent_ollie", "--role", "auditor", "--expires-in", "1h", "-o", "auditor.passport"]).ended(0);
    caller.run_as("auditor.passport", &["agents", "list"]).ended(0);
    let denied = caller.run_as("auditor.passport", &["keys", "rotate"]).ended(3);
    assert!(denied.told().contains("(code `action_not_granted`)"), "{}", denied.err);
    let stranger = caller.run_as("ollie.passport", &["agents", "list"]).ended(4);
    assert!(stranger.told().contains("(code `wrong_audience`)") && !stranger.told().contains(token), "{}", stranger.err);
    let problem = caller.run_as("ollie.passport", &["agents", "list", "--json"]).ended(4);
    assert_eq!(serde_json::from_str::<Value>(&problem.err).expect("the API's own problem")["status"], 401);

    // Trust, fetched; decisions, offline.
    let first = caller.run(&["trust", "fetch", "-o", "trust.bundle"]).ended(0);
    assert!(first.told().contains("trusted on first use"), "{}", first.err);
    let key = caller.json(&["keys", "list"])["items"]
        .as_array()
        .and_then(|keys| keys.iter().find(|key| key["state"] == "active").cloned())
        .expect("an active key")["keyId"]
        .clone();
    let key = key.as_str().expect("a thumbprint");
    let pinned = caller.run(&["trust", "fetch", &format!("--pin={key}")]).ended(0);
    assert_eq!((pinned.out.trim_end().split('.').count(), pinned.err.as_str()), (3, ""));
    let other_pin = format!("--pin={}", passport_shared::key_set::KeyId::of(&[7; 32]));
    assert!(caller.run(&["trust", "fetch", &other_pin]).ended(1).told().contains("the pinned key is"));
    let buy = ["verify", body["passport"].as_str().expect("a token"), "--trust", "trust.bundle", "--audience", "https://shop.example"];
    let buy = [&buy[..], &["--action", "purchase", "--resource", "commerce", "--attr", "amount:=42"]].concat();
    caller.run(&buy).ended(0);

    // Revoked, and known to be once trust is fetched again.
    let found = caller.json(&["passports", "list", "--text", "OLLIE", "--expires-before", "9999-01-01T00:00:00Z"]);
    assert_eq!(found["items"][0]["agentId"], "agent_ollie");
    let none = caller.json(&["passports", "list", "--text", "ollie", "--expires-before", "1999-01-01T00:00:00Z"]);
    assert_eq!(none["items"], serde_json::json!([]));
    let agents = caller.json(&["agents", "list", "--text", "OLLIE", "--state", "enabled"]);
    assert_eq!(agents["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(caller.json(&["agents", "list", "--state", "disabled"])["items"], serde_json::json!([]));
    let listed = caller.run(&["passports", "list", "--agent", "agent_ollie", "--state", "live"]).ended(0);
    assert!(listed.out.contains(id) && listed.out.lines().all(|line| line.chars().count() <= 80), "{}", listed.out);
    let revoked = caller.run(&["passports", "revoke", id, "--reason", "lost"]).ended(0);
    assert!(revoked.out.contains("revoked") && revoked.told().contains("keeps accepting it until"), "{}{}", revoked.out, revoked.err);
    assert_eq!(caller.json(&["passports", "show", id])["revokeReason"], "lost");
    std::fs::copy(path.join("trust.bundle"), path.join("old.bundle")).expect("copied");
    caller.run(&["trust", "fetch", "-o", "trust.bundle"]).ended(0);
    assert_eq!(caller.run(&[&buy[..], &["--json"]].concat()).ended(4).json()["reason"], "revoked");

    // Keys.
    let rotated = caller.run(&["keys", "rotate"]).ended(0);
    assert!(rotated.out.contains("retired"), "{}", rotated.out);
    caller.run(&["trust", "fetch", "-o", "trust.bundle"]).ended(0);
    assert!(caller.json(&["trust", "show", "trust.bundle"])["keyIds"].as_array().is_some_and(|keys| keys.len() == 3));

    // The audit log tells it all.
    let log = caller.run(&["audit", "list"]).ended(0);
    for action in ["agents.write", "passports.issue", "passports.revoke", "keys.rotate"] {
        assert!(log.out.contains(action), "{action}: {}", log.out);
    }
    assert!(log.out.lines().all(|line| line.chars().count() <= 80), "{}", log.out);
    let page = caller.json(&["audit", "list", "--action", "keys.rotate", "--limit", "1"]);
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
    caller.run(&["audit", "list", "--from", "yesterday"]).ended(1);

    // Disabled: everything it had is revoked.
    assert_eq!(caller.json(&["agents", "disable", "agent_ollie", "--reason", "done"])["state"], "disabled");
    caller.run(&issue).ended(1);
    assert_eq!(caller.json(&["agents", "enable", "agent_ollie"])["state"], "enabled");
    let nothing = caller.run(&["passports", "list", "--agent", "agent_ollie", "--state", "live"]).ended(0);
    assert_eq!((nothing.out.as_str(), nothing.err.as_str()), ("", "nothing to list\n"));

    assert_eq!(served.stop(), Some(0));
    caller.run(&["agents", "list"]).ended(1);
}

/// Runs with a standard output that cannot be written to.
fn without_output(mut command: Command, out: Stdio) -> Run {
    let mut child = command.stdout(out).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    child.wait_with_output().expect("it ends").into()
}

#[test]
fn a_passport_that_gets_lost_on_its_way_is_told_and_can_be_revoked() {
    let directory = tempfile::tempdir().expect("a directory");
    let served = Served::start(directory.path());
    let caller = Caller { directory: directory.path(), url: served.url.clone() };
    caller.run(&["agents", "create", "Ollie", "--id", "agent_ollie"]).ended(0);
    let issue = ["issue", "--agent", "agent_ollie", "--audience", "https://shop.example", "--grant", GRANT, "--expires-in", "1h"];
    let full = || File::options().write(true).open("/dev/full").expect("a full device").into();
    for (out, more) in [(Stdio::piped(), &[][..]), (full(), &[]), (Stdio::piped(), &["--json"]), (full(), &["--json"])] {
        let lost = without_output(caller.command(&[&issue[..], more].concat()), out).ended(1);
        let told = lost.told();
        let id = told.split_once("passport passports revoke ").map(|(_, id)| id.split('`').next().expect("an id")).expect("a hint");
        assert!(told.contains("cannot write to `standard output`: ") && told.contains(" was issued and is lost"), "{told}");
        assert_eq!(caller.json(&["passports", "revoke", id])["state"], "revoked");
    }
    let live = caller.json(&["passports", "list", "--agent", "agent_ollie", "--state", "live"]);
    assert_eq!(live["items"], serde_json::json!([]), "each that was issued was told");
    let kept = without_output(caller.command(&[&issue[..], &["--json", "-o", "p"]].concat()), full()).ended(1);
    assert!(kept.told().contains(" was issued, and is in `p`"), "{}", kept.err);
    assert!(directory.path().join("p").exists());
}

#[test]
fn many_passports_are_counted_and_then_revoked_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let served = Served::start(directory.path());
    let caller = Caller { directory: directory.path(), url: served.url.clone() };
    caller.run(&["agents", "create", "Ollie", "--id", "agent_ollie"]).ended(0);
    let issue = ["issue", "--agent", "agent_ollie", "--audience", "https://shop.example", "--grant", GRANT, "--expires-in", "1h"];
    for _ in 0..2 {
        caller.run(&issue).ended(0);
    }
    let counted = caller.json(&["passports", "revoke", "--agent", "agent_ollie", "--dry-run"]);
    assert_eq!((&counted["matched"], &counted["revoked"]), (&2.into(), &0.into()));
    caller.run(&["passports", "revoke", "--agent", "agent_ollie"]).ended(1);
    for wrong in [&["passports", "revoke"][..], &["passports", "revoke", "--dry-run"], &["passports", "revoke", "pp_1", "--agent", "a"]] {
        caller.run(wrong).ended(2);
    }
    let live = ["passports", "list", "--agent", "agent_ollie", "--state", "live"];
    assert_eq!(caller.json(&live)["items"].as_array().map(Vec::len), Some(2), "nothing was changed so far");
    let done = caller.run(&["passports", "revoke", "--agent", "agent_ollie", "--issued-by", "admin", "--reason", "stolen"]).ended(0);
    assert!(done.out.contains('2') && done.out.contains(counted["passportIds"][1].as_str().expect("an id")), "{}", done.out);
    assert_eq!(caller.json(&live)["items"], serde_json::json!([]));
}

#[test]
fn a_link_to_the_console_is_printed_alone_and_there_is_none_where_the_console_is_off() {
    let directory = tempfile::tempdir().expect("a directory");
    let served = Served::start(directory.path());
    let caller = Caller { directory: directory.path(), url: served.url.clone() };
    let printed = caller.run(&["console"]).ended(0);
    let (page, code) = printed.out.trim_end().split_once("#link=").expect("a link");
    assert_eq!(page, format!("{}/console/", served.url));
    assert!(code.len() >= 43 && printed.err.contains("good once"), "{} {}", printed.out, printed.err);
    assert!(caller.json(&["console"])["url"].as_str().is_some_and(|url| url.starts_with(page) && !url.ends_with(code)));
    assert_eq!(served.stop(), Some(0));

    let without = Served::wait(&mut serve(directory.path(), &["--dev", "--console", "off"]));
    let caller = Caller { directory: directory.path(), url: without.url.clone() };
    caller.run(&["console"]).ended(1);
    let page = ureq::get(format!("{}/console/", without.url)).config().http_status_as_error(false).build().call().expect("an answer");
    assert_eq!(page.status(), 404);
}

#[test]
fn what_a_reporter_claims_is_told_from_what_the_issuer_did() {
    let directory = tempfile::tempdir().expect("a directory");
    let served = Served::start(directory.path());
    let caller = Caller { directory: directory.path(), url: served.url.clone() };
    caller.run(&["agents", "create", "Desk", "--id", "issuer"]).ended(0);
    caller.run(&["issue", "--agent", "issuer", "--role", "reporter", "--expires-in", "1h", "-o", "reporter"]).ended(0);
    caller.run(&["keys", "rotate"]).ended(0);
    let token = std::fs::read_to_string(directory.path().join("reporter")).expect("read");
    let event = |time: &str| {
        format!(
            r#"{{"reporter":"issuer","events":[{{"seq":1,"requestId":"r","outcome":"allow","reason":"granted","evaluatedAt":"{time}","agentId":"admin","action":"keys.rotate","resource":"issuer/keys"}}]}}"#
        )
    };
    for time in ["2026-05-30T00:00:00Z", "2026-05-30T00:00:01Z"] {
        let answer = ureq::post(format!("{}/v1/audit/events", served.url))
            .header("authorization", format!("Bearer {}", token.trim_end()))
            .header("content-type", "application/json")
            .send(event(time));
        assert!(answer.expect("accepted").status().is_success());
    }
    let tail = caller.run(&["audit", "tail", "-n", "2", "--reporter", "issuer"]).ended(0).out;
    assert_eq!(
        tail,
        "2026-05-30T00:00:00Z  allow    @issuer      admin        keys.rotate on issuer/…\n2026-05-30T00:00:01Z  allow !  @issuer      admin        keys.rotate on issuer/…\n"
    );
    let lines = caller.run(&["--json", "audit", "tail", "--after", "0"]).ended(0).out;
    let places = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("json")["sequence"].as_i64());
    assert!(lines.lines().count() > 4 && places.zip(1..).all(|(place, number)| place == Some(number)), "{lines}");
    let counts =
        caller.run(&["audit", "counts", "--by", "hour,reason", "--from", "2026-05-30T00:00:00Z", "--to", "2026-05-30T00:00:02Z"]).ended(0);
    assert_eq!(counts.out, "HOUR                  OUTCOME  REASON   COUNT\n2026-05-30T00:00:00Z  allow    granted  2\n");
    let reporters = caller.json(&["audit", "reporters"]);
    assert_eq!((reporters["items"][0]["reporter"].as_str(), reporters["items"][0]["missing"].as_i64()), (Some("issuer"), Some(0)));
    assert_eq!(caller.run(&["audit", "findings", "--open"]).ended(0).told(), "nothing to list");
    caller.run(&["audit", "tail", "--attr", "x"]).ended(2);
    // As a file, with what ties it to the log.
    let all = caller.run(&["audit", "export", "-o", "log.jsonl"]).ended(0);
    assert!(all.told().starts_with("wrote "), "{}", all.err);
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).expect("read");
    assert_eq!(read("log.jsonl"), lines);
    let manifest: Value = serde_json::from_str(&read("log.jsonl.manifest.json")).expect("json");
    let count = lines.lines().count();
    assert_eq!(
        (manifest["count"].as_u64(), manifest["lastSequence"].as_u64(), manifest["log"]["size"].as_u64()),
        (Some(count as u64), Some(count as u64), Some(count as u64))
    );
    assert_eq!(manifest["bytes"].as_u64(), Some(lines.len() as u64));
    caller.run(&["audit", "export", "-o", "log.jsonl"]).ended(1);
    let some = caller.json(&[
        "audit",
        "export",
        "--format",
        "parquet",
        "-o",
        "log.parquet",
        "--reporter",
        "issuer",
        "--to",
        "2026-05-30T00:00:01Z",
    ]);
    assert_eq!((some["count"].as_u64(), some["filters"]["reporter"].as_str()), (Some(1), Some("issuer")));
    assert_eq!(some["firstSequence"], some["lastSequence"]);
    let log = caller.run(&["audit", "list", "--action", "keys.rotate"]).ended(0).out;
    let said: Vec<Vec<&str>> = log.lines().map(|line| line.split_whitespace().skip(1).take(3).collect()).collect();
    assert_eq!(
        said,
        [["OUTCOME", "REPORTER", "AGENT"], ["allow", "!", "@issuer"], ["allow", "@issuer", "admin"], ["allow", "issuer", "admin"]]
    );
    // The same from the data, once the issuer is stopped, with the root of the tree.
    let offline = ["audit", "export", "--data", "data", "-o", "offline.jsonl"];
    let refused = caller.run(&offline).ended(1);
    assert!(refused.told().contains("an issuer is running"), "{}", refused.err);
    assert_eq!(served.stop(), Some(0));
    caller.run(&offline).ended(0);
    assert_eq!(read("offline.jsonl"), lines);
    let manifest: Value = serde_json::from_str(&read("offline.jsonl.manifest.json")).expect("json");
    assert_eq!(manifest["log"]["root"].as_str().map(str::len), Some(64));
    caller.run(&["audit", "export", "--data", "none", "-o", "none.jsonl"]).ended(1);
    assert!(!directory.path().join("none").exists());
}

#[test]
fn a_pin_that_has_no_part_in_a_fetch_is_said_to_have_none() {
    let directory = tempfile::tempdir().expect("a directory");
    let served = Served::start(directory.path());
    let caller = Caller { directory: directory.path(), url: served.url.clone() };
    let keys = caller.json(&["keys", "list"]);
    let active = keys["items"].as_array().and_then(|keys| keys.iter().find(|key| key["state"] == "active")).expect("an active key");
    let pin = format!("--pin={}", active["keyId"].as_str().expect("a thumbprint"));
    let fetch = ["trust", "fetch", "-o", "trust.bundle"];
    let first = caller.run(&[&fetch[..], &[&pin]].concat()).ended(0);
    assert!(!first.told().contains("pin"), "{}", first.err);
    let note = "note: --pin was not needed, and not looked at: the new bundle was checked against `trust.bundle`";
    let second = caller.run(&[&fetch[..], &[&pin]].concat()).ended(0);
    assert!(second.told().contains(note), "{}", second.err);
    assert!(!caller.run(&fetch).ended(0).told().contains("pin"));
    let help = words(&caller.run(&["trust", "fetch", "--help"]).ended(0).out);
    assert!(help.contains("For the first fetch: the thumbprint"), "{help}");
}

/// Where the system tells of a process's limits.
#[cfg(target_os = "linux")]
#[test]
fn a_process_that_holds_keys_leaves_no_core_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let served = Served::start(directory.path());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", served.id())).expect("read");
    let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().collect::<Vec<_>>(), ["0", "0", "bytes"], "soft and hard");
}

#[test]
fn an_issuer_that_starts_again_is_the_same_issuer() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = Served::start(directory.path());
    let caller = Caller { directory: directory.path(), url: first.url.clone() };
    let keys = caller.json(&["keys", "list"]);
    caller.run(&["trust", "fetch", "-o", "trust.bundle"]).ended(0);
    assert_eq!(first.stop(), Some(0));
    let again = Served::start(directory.path());
    let caller = Caller { directory: directory.path(), url: again.url.clone() };
    assert_eq!(caller.json(&["keys", "list"]), keys);
    // Another port, the same issuer: what follows the bundle is accepted, and where it was fetched is said.
    caller.run(&["trust", "fetch", "-o", "trust.bundle"]).ended(0);
}

#[test]
fn a_trust_file_is_never_rolled_back_or_given_to_another_issuer() {
    let (a, b) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let (one, other) = (Served::start(a.path()), Served::start(b.path()));
    let fetch = |url: &str| run(a.path(), &["trust", "fetch", "--url", url, "-o", "trust.bundle"]);
    fetch(&one.url).ended(0);
    let before = std::fs::read(a.path().join("trust.bundle")).expect("read");
    let refused = fetch(&other.url).ended(1);
    assert!(refused.told().contains("is kept as it is"), "{}", refused.err);
    assert_eq!(std::fs::read(a.path().join("trust.bundle")).expect("read"), before);
    std::fs::write(a.path().join("trust.bundle"), "nonsense").expect("written");
    fetch(&one.url).ended(1);
    assert_eq!(std::fs::read(a.path().join("trust.bundle")).expect("read"), b"nonsense", "not ours to replace");
}

#[test]
fn keys_are_sealed_with_a_passphrase() {
    let directory = tempfile::tempdir().expect("a directory");
    let with = |passphrase: &str, more: &[&str]| {
        let mut command = serve(directory.path(), more);
        command.env("PASSPORT_PASSPHRASE", passphrase);
        command
    };
    let refused = |mut command: Command, exit: i32| -> String {
        let told = Run::from(command.output().expect("it runs")).ended(exit).told();
        assert!(!told.contains("horse"), "{told}");
        told
    };
    let plain = refused(with("correct horse", &["--issuer", "http://i.example"]), 2);
    assert!(plain.contains("is not https"), "{plain}");
    let unnamed = refused(with("correct horse", &[]), 2);
    assert!(unnamed.contains("a new issuer needs its URL"), "{unnamed}");

    let served = Served::wait(&mut with("correct horse", &["--issuer", "https://i.example"]));
    let key_files: Vec<_> = directory.path().join("data/keys").read_dir().expect("read").map(|file| file.expect("a file").path()).collect();
    // Two sign passports, and one the audit log.
    assert_eq!(key_files.len(), 3);
    for file in key_files {
        assert!(std::fs::read_to_string(file).expect("read").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    }
    assert_eq!(served.stop(), Some(0));

    let wrong = refused(with("wrong horse", &[]), 1);
    assert!(wrong.contains("cannot be used"), "{wrong}");
    let unsealed = refused(serve(directory.path(), &["--dev"]), 1);
    assert!(unsealed.contains("cannot be used"), "{unsealed}");
    let other = refused(with("correct horse", &["--issuer", "https://other.example"]), 1);
    assert!(other.contains("belongs to the issuer `https://i.example`"), "{other}");
    // The URL was chosen on the first start, and need not be said again.
    assert_eq!(Served::wait(&mut with("correct horse", &[])).stop(), Some(0));
}
