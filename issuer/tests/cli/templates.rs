//! Templates, from the file to the last deny, as docs/operations.md writes it.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Run, Served, passport, words};

const DOCUMENT: &str = include_str!("../../../docs/operations.md");

/// The block in this language that holds `text`.
fn block(language: &str, text: &str) -> String {
    let start = format!("```{language}\n");
    let mut blocks = DOCUMENT.split(&start).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.find(|block| block.contains(text)).expect("it is in the document").to_owned()
}

struct Caller<'c> {
    directory: &'c Path,
    url: String,
}

impl Caller<'_> {
    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = passport(self.directory);
        command.args(arguments).envs([("PASSPORT_URL", self.url.as_str()), ("PASSPORT_FILE", "data/admin.passport")]);
        command.output().expect("it runs").into()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--json"]].concat()).ended(0).json()
    }

    /// A line of the document, by a shell.
    fn line(&self, line: &str) -> Run {
        let binary = Path::new(env!("CARGO_BIN_EXE_passport")).parent().expect("a directory");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]).current_dir(self.directory).env_clear().env("PATH", binary);
        command.envs([("PASSPORT_URL", self.url.as_str()), ("PASSPORT_FILE", "data/admin.passport")]);
        command.output().expect("it runs").into()
    }

    /// What a verifier without a network says of Ollie's passport.
    fn decides(&self, action: &str, resource: &str, pages: u32) -> String {
        let token = std::fs::read_to_string(self.directory.join("ollie.passport")).expect("a passport");
        let pages = format!("pages:={pages}");
        let decision = self.run(&[
            "verify",
            token.trim_end(),
            "--trust",
            "trust.bundle",
            "--audience",
            "https://reports.example",
            "--action",
            action,
            "--resource",
            resource,
            "--attr",
            &pages,
            "--json",
        ]);
        decision.json()["reason"].as_str().expect("a reason").to_owned()
    }
}

#[test]
fn a_template_is_saved_tried_issued_by_and_revoked_as_the_document_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let served = Served::start(path);
    let caller = Caller { directory: path, url: served.url.clone() };
    caller.run(&["agents", "create", "Ollie", "--id", "agent_ollie"]).ended(0);
    std::fs::write(path.join("team-reports.json"), block("json", "\"team-reports\"")).expect("written");
    let lines = block("sh", "passport templates preview");
    let mut lines = lines.lines();
    let mut next = |what: &str| {
        let line = lines.next().expect("a line");
        assert!(line.contains(what), "{line}");
        caller.line(line).ended(0)
    };

    let preview = next("templates preview");
    assert!(words(&preview.out).contains("may `read` on `reports/north/**`, with `pages` at most 50"), "{}", preview.out);
    assert!(preview.told().contains("nothing was saved"), "{}", preview.err);
    assert_eq!(caller.json(&["templates", "list"])["items"], json!([]));
    let saved = next("templates save");
    for shown in ["team-reports", "revision     1\n", "Parameters", "\"resource\": \"reports/${team}/**\""] {
        assert!(saved.out.contains(shown), "{shown} is not in\n{}", saved.out);
    }
    let tried = next("templates expand");
    for shown in [
        "may `read` on `reports/north/**`, with `pages` at most 20",
        "may `share` on `reports/north/**`, once 2 different people have approved it",
    ] {
        assert!(words(&tried.out).contains(shown), "{shown} is not in\n{}", tried.out);
    }
    let refused = caller.run(&["templates", "expand", "team-reports", "--param", "team=*"]).ended(1);
    assert!(refused.told().contains("/parameters/team: `*` cannot be used"), "{}", refused.err);

    next("issue --agent");
    caller.run(&["trust", "fetch", "-o", "trust.bundle"]).ended(0);
    assert_eq!(caller.decides("read", "reports/north/q3", 50), "granted");
    assert_eq!(caller.decides("read", "reports/north/q3", 51), "constraint_unmet");
    assert_eq!(caller.decides("read", "reports/south/q3", 1), "resource_not_granted");
    assert_eq!(caller.decides("share", "reports/north/q3", 1), "approval_required");
    caller.run(&["issue", "--agent", "agent_ollie", "--template", "team-reports"]).ended(1);
    caller.run(&["issue", "--agent", "agent_ollie", "--template", "team-reports", "--grant", "{}"]).ended(2);
    let role = ["issue", "--agent", "agent_ollie", "--role", "auditor", "--expires-in", "1h", "--param", "team=north"];
    assert!(caller.run(&role).ended(2).told().contains("--param is for a template"));

    // What is shown can be saved again, and nobody undoes what they have not seen.
    let mut file = caller.json(&["templates", "show", "team-reports"]);
    file["description"] = "another".into();
    std::fs::write(path.join("changed.json"), file.to_string()).expect("written");
    assert_eq!(caller.json(&["templates", "save", "changed.json"])["revision"], 2);
    let outdated = caller.run(&["templates", "save", "changed.json"]).ended(1);
    assert!(outdated.told().contains("was changed meanwhile: it has revision 2"), "{}", outdated.err);
    assert_eq!(caller.json(&["templates", "save", "team-reports.json"])["revision"], 3);
    let list = caller.run(&["templates", "list"]).ended(0);
    assert!(list.out.lines().all(|line| line.chars().count() <= 80) && list.out.contains("pages, team"), "{}", list.out);
    std::fs::write(path.join("wrong.json"), r#"{"name":"w","grants":[{"resource":"${x}","allowedActions":["${y}"]}]}"#).expect("written");
    let wrong = caller.run(&["templates", "save", "wrong.json"]).ended(1);
    assert!(wrong.told().contains("/grants/0/resource: ") && wrong.told().contains("/grants/0/allowedActions/0: "), "{}", wrong.err);
    std::fs::write(path.join("none.json"), "[]").expect("written");
    caller.run(&["templates", "save", "none.json"]).ended(2);
    let told_the_same = caller.run(&["templates", "preview", "wrong.json"]).ended(1);
    assert!(told_the_same.told().contains("/grants/0/allowedActions/0: "), "{}", told_the_same.err);
    let values = caller.run(&["templates", "preview", "team-reports.json", "--param", "team:=7"]).ended(1);
    assert!(values.told().contains("/values/team: "), "{}", values.err);

    // What would be kept from the log is said, of a file and of what is saved.
    let hiding = r#"{"name":"quiet","grants":[{"resource":"mail","allowedActions":["send"],"sensitiveAttributes":["to"]}]}"#;
    std::fs::write(path.join("quiet.json"), hiding).expect("written");
    for line in [["templates", "preview", "quiet.json"], ["templates", "save", "quiet.json"], ["templates", "expand", "quiet"]] {
        let ended = caller.run(&line).ended(0);
        assert!(line[1] == "save" || words(&ended.out).contains("hides `to` of requests on `mail`"), "{line:?}: {}", ended.out);
    }
    caller.run(&["templates", "delete", "quiet"]).ended(0);

    // All that came of it goes at once.
    let listed = next("passports list");
    let passports = caller.json(&["passports", "list", "--template", "team-reports"]);
    let id = passports["items"][0]["passportId"].as_str().expect("an id");
    assert!(listed.out.contains(id) && passports["items"].as_array().is_some_and(|items| items.len() == 1), "{}", listed.out);
    let about = caller.run(&["passports", "show", id]).ended(0);
    assert!(about.out.contains("team-reports") && about.out.contains("\"team\":\"north\""), "{}", about.out);
    assert!(next("passports revoke").out.contains(id));
    caller.run(&["trust", "fetch", "-o", "trust.bundle"]).ended(0);
    assert_eq!(caller.decides("read", "reports/north/q3", 50), "revoked");
    assert!(next("templates delete").out.contains("live passports  0"));
    assert!(lines.next().is_none(), "every line was run");
    assert_eq!(caller.run(&["templates", "show", "team-reports"]).ended(1).out, "");
    let first = caller.run(&["templates", "show", "team-reports", "--revision", "1"]).ended(0);
    assert!(first.out.contains("deleted") && first.out.contains("Reads one team's reports"), "{}", first.out);
    assert_eq!(served.stop(), Some(0));
}
