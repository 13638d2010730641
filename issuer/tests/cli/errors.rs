//! Every error that a person meets, as it was read last: what is wrong, where, and what to do next.

use std::path::Path;

use serde_json::Value;

use crate::support::{Run, Served, Signer, passport, serve};

/// What one call came to, for a person, with nothing in it that is another the next time.
fn shown(directory: &Path, arguments: &[&str], url: &str) -> String {
    let variables = [("PASSPORT_URL", url), ("PASSPORT_FILE", "admin.passport")];
    let variables = variables.iter().filter(|(_, value)| !url.is_empty() && !value.is_empty());
    let run: Run = passport(directory).args(arguments).envs(variables.copied()).output().expect("it runs").into();
    let quoted = |word: &&str| if word.contains([' ', '{', '*']) || word.is_empty() { format!("'{word}'") } else { (*word).to_owned() };
    let call = arguments.iter().map(quoted).collect::<Vec<_>>().join(" ");
    assert_eq!(run.out, "", "what went wrong is no result: {call}");
    run.told();
    let told = run.err.replace(url_or_never(url), "http://127.0.0.1:7700").replace(&directory.display().to_string(), "DIR");
    format!("$ passport {call}\n{}exit {}\n", settled(&told), run.exit)
}

/// Without ids, times and keys, each of which has always the same length.
fn settled(told: &str) -> String {
    let id = |word: &str| word.len() == 39 && word.starts_with("pp_");
    let time = |word: &str| word.len() == 20 && word.starts_with("20") && word.ends_with('Z');
    let key = |word: &str| word.len() == 43 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let mut text = told.to_owned();
    for word in told.split(|c: char| c.is_whitespace() || "`(),;/.".contains(c)) {
        match word {
            word if id(word) => text = text.replace(word, "pp_ID"),
            word if time(word) => text = text.replace(word, "TIME"),
            word if key(word) => text = text.replace(word, "KEY"),
            _ => {}
        }
    }
    text
}

fn url_or_never(url: &str) -> &str {
    if url.is_empty() { "\0" } else { url }
}

fn hold(name: &str, calls: &[&[&str]], directory: &Path, url: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/errors"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = calls.iter().map(|call| shown(directory, call, url)).collect::<Vec<_>>().join("\n");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

const GRANT: &str = r#"{"resource":"shop","allowedActions":["buy"]}"#;

#[test]
fn a_wrong_call_is_told_as_it_was_read_last() {
    let directory = tempfile::tempdir().expect("a directory");
    let calls: &[&[&str]] = &[
        &["isue"],
        &["agents", "lst"],
        &["agents", "list", "--limt", "3"],
        &["agents", "list", "--limit", "many"],
        &["agents", "create"],
        &["issue"],
        &["issue", "--agent", "agent_ollie", "--audience", "https://shop.example"],
        &["inspect", "--as", "song"],
        &["inspect", "--color", "pink"],
        &["verify", "--trust", "trust.bundle", "--audience", "a", "--action", "buy", "--at", "soon"],
        &["replay", "--agent", "agent_ollie", "--since", "a week"],
        &["audit", "verify", "--export", "events.jsonl"],
        &["completions", "cmd"],
        &["init", "--yes", "--issuer", "https://issuer.example", "--tls-cert", "cert.pem"],
    ];
    hold("wrong-calls", calls, directory.path(), "");
}

#[test]
fn what_is_not_there_is_told_as_it_was_read_last() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("note.txt"), "hello\n").expect("written");
    let buy = ["--audience", "https://shop.example", "--action", "buy"];
    let verify = |trust: &'static str| [&["verify", "--trust", trust][..], &buy, &["x.y.z"]].concat();
    let (none, note) = (verify("none.bundle"), verify("note.txt"));
    let calls: &[&[&str]] = &[
        &none,
        &note,
        &["inspect", "note.txt"],
        &["trust", "show", "none.bundle"],
        &["trust", "show", "note.txt"],
        &["test", "none.yaml"],
        &["test", "note.txt"],
        &["restore", "none.backup", "--data", "data"],
        &["restore", "note.txt", "--data", "data"],
        &["backup", "a.backup", "--data", "data"],
        &["backup", "note.txt", "--data", "data"],
        &["admin-passport", "--dev", "--data", "data"],
        &["audit", "verify", "--data", "data"],
        &["audit", "verify", "--proof", "none.proof", "--key", "nonsense"],
        &["audit", "verify", "--proof", "none.proof"],
        &["audit", "export", "-o", "note.txt"],
        &["replay", "--agent", "agent_ollie", "--data", "data", "--grant", GRANT],
        &["migrate", "--from", "passport.db", "--to", "postgres://passport@db.example/passport"],
        &["migrate", "--from", "sqlite:none.db", "--to", "postgres://passport@db.example/passport"],
        &["man", "note.txt"],
    ];
    hold("missing", calls, directory.path(), "");
    assert_eq!(directory.path().read_dir().expect("read").count(), 1, "nothing was made");
}

#[test]
fn wrong_settings_are_told_as_they_were_read_last() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in [
        ("key.toml", "isuer = \"https://issuer.example\"\n"),
        ("value.toml", "listen = \"nowhere\"\n"),
        ("toml.toml", "issuer = \"https://issuer.example\"\nlisten = 127.0.0.1\n"),
        ("http.toml", "issuer = \"http://issuer.example\"\npassphrase-file = \"passphrase\"\n"),
        ("there.toml", ""),
    ] {
        std::fs::write(directory.path().join(name), text).expect("written");
    }
    let passphrase = directory.path().join("passphrase");
    std::fs::write(&passphrase, "a passphrase that is long enough\n").expect("written");
    std::fs::set_permissions(&passphrase, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
    let calls: &[&[&str]] = &[
        &["serve", "--config", "none.toml"],
        &["serve", "--config", "key.toml"],
        &["serve", "--config", "value.toml"],
        &["serve", "--config", "toml.toml"],
        &["serve", "--config", "http.toml"],
        &["serve"],
        &["serve", "--passphrase-file", "none"],
        &["serve", "--passphrase-file", "passphrase", "--listen", "127.0.0.1:0"],
        &["serve", "--dev", "--listen", "0.0.0.0:7700"],
        &["serve", "--dev", "--tls-cert", "cert.pem"],
        &["serve", "--dev", "--tls-cert", "cert.pem", "--tls-key", "key.pem"],
        &["serve", "--dev", "--key-life", "soon"],
        &["serve", "--dev", "--approval-wait", "1s"],
        &["serve", "--dev", "--console", "forever"],
        &["serve", "--dev", "--redecide", "perhaps"],
        &["serve", "--dev", "--log", "loud=?"],
        &["serve", "--dev", "--database", "mysql://db.example/passport"],
        &["serve", "--dev", "--pkcs11-module", "token.so"],
        &["init", "--config", "there.toml", "--yes", "--issuer", "https://issuer.example"],
        &["init"],
        &["init", "--yes"],
        &["init", "--yes", "--issuer", "http://issuer.example"],
        &["init", "--yes", "--issuer", "https://issuer.example", "--console", "forever"],
    ];
    hold("settings", calls, directory.path(), "");
}

#[test]
fn a_call_that_does_not_come_through_is_told_as_it_was_read_last() {
    let signer = Signer::new();
    let path = signer.path();
    std::fs::write(path.join("ollie.passport"), signer.passport()).expect("written");
    std::fs::write(path.join("note.txt"), "hello\n").expect("written");
    let to = |url: &'static str, file: &'static str| ["agents", "list", "--url", url, "--passport-file", file];
    // A port that nobody listens on, and a name that is reserved for no host (RFC 6761).
    let calls: &[&[&str]] = &[
        &["agents", "list"],
        &["agents", "list", "--url", "https://issuer.invalid"],
        &to("http://127.0.0.1:1", "none.passport"),
        &to("http://127.0.0.1:1", "note.txt"),
        &to("http://127.0.0.1:1", "ollie.passport"),
        &to("http://issuer.example", "ollie.passport"),
        &to("issuer.example", "ollie.passport"),
        &["trust", "fetch", "--url", "http://127.0.0.1:1"],
        &["audit", "key", "--url", "http://127.0.0.1:1"],
    ];
    hold("unreachable", calls, path, "");
}

#[test]
fn what_the_issuer_refuses_is_told_as_it_was_read_last() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let served = Served::start(path);
    std::fs::copy(path.join("data/admin.passport"), path.join("admin.passport")).expect("copied");
    let run = |arguments: &[&str]| -> Run {
        let mut command = passport(path);
        command.args(arguments).envs([("PASSPORT_URL", served.url.as_str()), ("PASSPORT_FILE", "admin.passport")]);
        command.output().expect("it runs").into()
    };
    run(&["agents", "create", "Ollie", "--id", "agent_ollie"]).ended(0);
    let shop = ["issue", "--agent", "agent_ollie", "--expires-in", "1h", "--audience", "https://shop.example", "--grant", GRANT];
    let issued: Value = run(&[&shop[..], &["--json"]].concat()).ended(0).json();
    let id = issued["passportId"].as_str().expect("an id");
    run(&[&shop[..], &["-o", "ollie.passport"]].concat()).ended(0);
    run(&["issue", "--agent", "agent_ollie", "--role", "auditor", "--expires-in", "1h", "-o", "auditor.passport"]).ended(0);
    run(&["issue", "--agent", "agent_ollie", "--role", "auditor", "--expires-in", "1h", "-o", "revoked.passport"]).ended(0);
    let revoked = run(&["passports", "list", "--agent", "agent_ollie", "--json"]).ended(0).json();
    let revoked = revoked["items"][0]["passportId"].as_str().expect("the newest").to_owned();
    run(&["passports", "revoke", &revoked]).ended(0);
    let forged = std::fs::read_to_string(path.join("auditor.passport")).expect("read").trim_end().to_owned();
    let (kept, _) = forged.split_at(forged.len() - 20);
    std::fs::write(path.join("forged.passport"), format!("{kept}{}", "A".repeat(20))).expect("written");
    let wide = r#"{"resource":"shop","allowedActions":["buy"],"constraints":{"amount":{"maximum":5}}}"#;
    let calls: &[&[&str]] = &[
        &["agents", "list", "--passport-file", "ollie.passport"],
        &["agents", "list", "--passport-file", "revoked.passport"],
        &["agents", "list", "--passport-file", "forged.passport"],
        &["keys", "rotate", "--passport-file", "auditor.passport"],
        &["agents", "create", "Eve", "--passport-file", "auditor.passport"],
        &["agents", "create", "Ollie", "--id", "agent_ollie"],
        &["agents", "create", "Eve", "--id", ".."],
        &["agents", "get", "agent_nobody"],
        &["passports", "show", "pp_none"],
        &["passports", "list", "--limit", "5000"],
        &["passports", "list", "--cursor", "nonsense"],
        &["passports", "revoke", "--agent", "agent_ollie"],
        &["issue", "--agent", "agent_nobody", "--audience", "a", "--grant", GRANT, "--expires-in", "1h"],
        &["issue", "--agent", "agent_ollie", "--audience", "a", "--grant", GRANT, "--expires-in", "900d"],
        &["issue", "--agent", "agent_ollie", "--audience", "a", "--grant", "{}", "--expires-in", "1h"],
        &["issue", "--agent", "agent_ollie", "--audience", "a", "--grant", "nonsense", "--expires-in", "1h"],
        &["issue", "--agent", "agent_ollie", "--audience", "a", "--grant", wide, "--expires-in", "1h"],
        &["issue", "--agent", "agent_ollie", "--role", "root", "--expires-in", "1h"],
        &["issue", "--agent", "agent_ollie", "--template", "none"],
        &["templates", "show", "none"],
        &["webhooks", "create", "https://alerts.example/passport", "--event", "nonsense"],
        &["approvals", "approve", "apr_none"],
        &["approvals", "ask", "--passport-file", "ollie.passport", "--request", "nonsense"],
        &["renew", "--passport-file", "ollie.passport"],
        &["audit", "prove", "req_none"],
        &["serve", "--dev", "--data", "data", "--listen", "127.0.0.1:0"],
        &["admin-passport", "--dev", "--data", "data"],
    ];
    hold("refused", calls, path, &served.url);
    assert!(id.starts_with("pp_"));
}

#[test]
fn a_start_that_does_not_come_about_is_told_as_it_was_read_last() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let write = |name: &str, text: &str, mode: u32| {
        std::fs::write(path.join(name), text).expect("written");
        std::fs::set_permissions(path.join(name), std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("set");
    };
    write("passphrase", "a passphrase that is long enough\n", 0o600);
    write("other", "another passphrase, as long\n", 0o600);
    write("open", "a passphrase that is long enough\n", 0o644);
    write("short", "short\n", 0o600);
    let sealed = ["--issuer", "https://issuer.example", "--passphrase-file", "passphrase"];
    assert_eq!(Served::wait(&mut serve(path, &sealed)).stop(), Some(0));
    std::fs::create_dir_all(path.join("damaged/keys")).expect("made");
    std::fs::write(path.join("damaged/passport.db"), "no database, but long enough to be looked at as one").expect("written");
    let start = |more: &[&'static str]| [&["serve", "--data", "data", "--listen", "127.0.0.1:0", "--log", "error"][..], more].concat();
    let calls = [
        start(&["--passphrase-file", "other"]),
        start(&["--passphrase-file", "open"]),
        start(&["--passphrase-file", "short"]),
        start(&["--dev"]),
        start(&["--passphrase-file", "passphrase", "--issuer", "https://other.example"]),
        vec!["serve", "--dev", "--data", "damaged", "--listen", "127.0.0.1:0", "--log", "error"],
        vec!["serve", "--dev", "--data", "new", "--listen", "192.0.2.1:0", "--log", "error"],
        vec!["serve", "--dev", "--data", "passphrase", "--listen", "127.0.0.1:0", "--log", "error"],
        vec!["restore", "passphrase", "--data", "data"],
        vec!["audit", "verify", "--data", "damaged"],
    ];
    let calls: Vec<&[&str]> = calls.iter().map(Vec::as_slice).collect();
    hold("starts", &calls, path, "");
}
