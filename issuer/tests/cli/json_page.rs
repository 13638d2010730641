//! docs/cli.md says what `--json` writes: held against what the commands write.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::support::{Run, Served, passport, run, run_with_input, serve};

/// The JSON of the page, by the command that it stands under.
fn page() -> BTreeMap<String, Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let page = std::fs::read_to_string(path).expect("docs/cli.md");
    let mut shapes = BTreeMap::new();
    for part in page.split("\n#### ").skip(1) {
        let name = part.lines().next().expect("a heading").trim_matches('`').to_owned();
        let (_, block) = part.split_once("```json\n").unwrap_or_else(|| panic!("{name} shows no JSON"));
        let block = block.split("```").next().expect("a block");
        shapes.insert(name.clone(), serde_json::from_str(block).unwrap_or_else(|error| panic!("{name}: {error}")));
    }
    shapes
}

/// Where members stand, as in `checks.advice`. `{}` on the page stands for any.
fn names(shown: &Value, written: &Value, at: &str, found: &mut BTreeSet<String>) {
    match (shown, written) {
        (Value::Object(shown), Value::Object(written)) if !shown.is_empty() => {
            for (name, value) in written {
                let place = format!("{at}.{name}");
                names(shown.get(name).unwrap_or(&Value::Null), value, &place, found);
                found.insert(place);
            }
        }
        (Value::Array(shown), Value::Array(written)) => {
            for item in written {
                names(shown.first().unwrap_or(&Value::Null), item, at, found);
            }
        }
        _ => {}
    }
}

#[derive(Default)]
struct Held {
    found: BTreeMap<String, BTreeSet<String>>,
}

impl Held {
    fn take(&mut self, command: &str, shapes: &BTreeMap<String, Value>, written: &Value) {
        let shown = shapes.get(command).unwrap_or_else(|| panic!("docs/cli.md lacks `{command}`"));
        names(shown, written, "", self.found.entry(command.to_owned()).or_default());
    }
}

const GRANT: &str = r#"{"resource":"shop","allowedActions":["buy"],"constraints":{"amount":{"max":5}}}"#;
const HIDING: &str = r#"{"resource":"shop","allowedActions":["buy"],"constraints":{"amount":{"max":5}},"sensitiveAttributes":["card"]}"#;
const TESTS: &str = "now: 2026-05-30T12:00:00Z\ngrants:\n  - {resource: shop, allowedActions: [buy]}\ntests:\n  \
                     - {name: a, request: {action: buy, resource: shop}, expect: deny}\n";

#[test]
fn what_the_page_says_of_json_is_what_the_commands_write() {
    let shapes = page();
    let mut held = Held::default();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut took = |command: &str, written: &Value| held.take(command, &shapes, written);

    let served = Served::wait(&mut serve(path, &["--dev"]));
    took("serve", &served.ready);
    let call = |arguments: &[&str]| -> Run {
        let mut command = passport(path);
        command.args(arguments).arg("--json").envs([("PASSPORT_URL", served.url.as_str()), ("PASSPORT_FILE", "data/admin.passport")]);
        command.output().expect("it runs").into()
    };
    call(&["agents", "create", "Ollie", "--id", "agent_ollie"]).ended(0);
    let issue = ["issue", "--agent", "agent_ollie", "--audience", "https://shop.example", "--expires-in", "1h", "--grant", HIDING];
    let token = call(&issue).ended(0).json()["passport"].as_str().expect("a token").to_owned();
    took("trust fetch", &call(&["trust", "fetch", "-o", "trust.bundle"]).ended(0).json());
    took("trust show", &call(&["trust", "show", "trust.bundle"]).ended(0).json());
    let asked = r#"{"action":"buy","resource":"shop","amount":42}"#;
    took("inspect", &call(&["inspect", "--trust", "trust.bundle", "--try", asked, &token]).ended(3).json());
    let verify = ["verify", "--trust", "trust.bundle", "--audience", "https://shop.example", "--request", asked, &token];
    took("verify", &call(&verify).ended(3).json());
    took("audit key", &call(&["audit", "key"]).ended(0).json());
    took("audit export", &call(&["audit", "export", "-o", "events.jsonl"]).ended(0).json());
    took("replay", &call(&["replay", "--agent", "agent_ollie", "--grant", GRANT]).ended(0).json());
    took("shrink", &call(&["shrink", "--agent", "agent_ollie"]).ended(0).json());
    let event = call(&["audit", "list", "--limit", "1"]).ended(0).json();
    let request = event["items"][0]["requestId"].as_str().expect("an id");
    call(&["audit", "prove", request, "-o", "a.proof"]).ended(0);
    let key = call(&["audit", "key"]).ended(0).json();
    let key = key["verifierKey"].as_str().expect("a key");
    took("audit verify --proof", &run(path, &["audit", "verify", "--proof", "a.proof", "--key", key, "--json"]).ended(0).json());
    took("backup", &run(path, &["backup", "a.backup", "--data", "data", "--json"]).ended(0).json());
    took("restore", &run(path, &["restore", "a.backup", "--data", "other", "--json"]).ended(0).json());
    took("audit verify", &run(path, &["audit", "verify", "--data", "data", "--json"]).ended(0).json());
    took("doctor", &run(path, &["doctor", "--spool", "none", "--data", "data", "--json"]).ended(1).json());
    assert_eq!(served.stop(), Some(0));

    took("audit resume", &run(path, &["audit", "resume", "--data", "data", "--dev", "--json"]).ended(0).json());
    took("test", &run_with_input(path, &["test", "-", "--json"], TESTS.as_bytes()).ended(1).json());
    took("init", &run(path, &["init", "--yes", "--issuer", "https://issuer.example", "--json"]).ended(0).json());
    took("man", &run(path, &["man", "man1", "--json"]).ended(0).json());
    std::fs::remove_file(path.join("passport.toml")).expect("removed");
    let error = run(path, &["agents", "list", "--json"]).ended(2);
    took("error", &serde_json::from_str(&error.err).expect("JSON"));

    for (command, shown) in &shapes {
        let mut on_the_page = BTreeSet::new();
        names(shown, shown, "", &mut on_the_page);
        match held.found.get(command) {
            Some(written) => assert_eq!(&on_the_page, written, "left, what docs/cli.md says of `{command}`; right, what it writes"),
            // It wants a database server: tests/suite/system/postgres.rs runs it.
            None => assert_eq!(command, "migrate", "nothing here runs it"),
        }
    }
}
