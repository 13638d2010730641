//! Help, settings, output and its absence.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

use passport_shared::json::{Controls, Document};

use crate::support::{Run, Served, Signer, passport, run, run_with_input, serve};

#[test]
fn alone_it_says_what_to_do_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = run(directory.path(), &[]).ended(2);
    assert_eq!(run.out, "");
    assert!(run.err.contains("\n  passport serve --dev "), "{}", run.err);
}

#[test]
fn a_wrong_call_is_exit_2_and_help_is_a_result_that_fits_80_columns() {
    let directory = tempfile::tempdir().expect("a directory");
    for wrong in [&["nonsense"][..], &["verify"], &["inspect", "--as", "song"], &["issue"], &["keys", "revoke", "x"], &["completions"]] {
        let run = run(directory.path(), wrong).ended(2);
        assert!(run.out.is_empty() && !run.err.is_empty(), "{wrong:?}");
    }
    for page in ["serve", "admin-passport", "agents", "issue", "passports", "inspect", "verify", "trust", "keys", "audit", "completions"] {
        let run = run(directory.path(), &[page, "--help"]).ended(0);
        assert!(run.err.is_empty() && run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
    }
}

#[test]
fn a_wrong_call_is_told_as_json_where_that_is_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    for (wrong, words) in [
        (&["issue", "--json"][..], "arguments were not provided: --agent <ID>"),
        (&["--json", "nosuch"], "unrecognized subcommand 'nosuch'"),
        (&["--json", "keys"], "no command is given"),
        (&["--json"], "no command is given"),
        (&["verify", "--json", "--at", "soon", "--trust", "x", "--audience", "a", "--action", "x"], "it must be a time"),
        (&["agents", "list", "--limit", "-1", "--json"], "-1"),
        (&["--config", "none.toml", "--json", "demo"], "none.toml"),
    ] {
        let run = run(directory.path(), wrong).ended(2);
        assert_eq!((run.out.as_str(), run.err.lines().count()), ("", 1), "{}", run.err);
        let error: serde_json::Value = serde_json::from_str(&run.err).expect("JSON");
        let detail = error["detail"].as_str().expect("a detail");
        assert!(error["code"] == "usage" && detail.contains(words), "{error}");
        assert!(!detail.starts_with("error") && !detail.contains('\n'), "{error}");
    }
    let told = run(directory.path(), &["nosuch"]).ended(2);
    assert!(told.err.starts_with("error: unrecognized subcommand"), "{}", told.err);
    let told = run(directory.path(), &["inspect", "--trust", "--", "--json"]).ended(2);
    assert!(told.err.starts_with("error: "), "a token is no option: {}", told.err);
    assert!(run(directory.path(), &["issue", "--json", "--help"]).ended(0).out.contains("--grant"));
}

#[test]
fn completions_name_every_command() {
    let directory = tempfile::tempdir().expect("a directory");
    for shell in ["bash", "zsh", "fish"] {
        let run = run(directory.path(), &["completions", shell]).ended(0);
        assert!(run.out.contains("inspect") && run.out.contains("completions"), "{shell}");
    }
}

#[test]
fn a_settings_file_is_read_and_a_wrong_one_is_named() {
    let signer = Signer::new();
    let write = |text: &str| std::fs::write(signer.path().join("passport.toml"), text).expect("written");
    write("url = \"http://issuer.example\"\n");
    let told = run(signer.path(), &["trust", "fetch"]).ended(2);
    assert!(told.told().contains("`http://issuer.example` is not accepted: use `https`"), "{}", told.err);
    let told = run(signer.path(), &["trust", "fetch", "--url", "ftp://flag.example"]).ended(2);
    assert!(told.told().contains("flag.example"), "a flag wins: {}", told.err);
    let told: Run =
        passport(signer.path()).args(["trust", "fetch"]).env("PASSPORT_URL", "ftp://variable.example").output().expect("it runs").into();
    assert!(told.told().contains("variable.example"), "a variable wins over the file: {}", told.err);
    write("urll = \"x\"\n");
    let told = run(signer.path(), &["trust", "fetch"]).ended(2);
    assert!(told.told().contains("`passport.toml` has `urll`, which is no setting"), "{}", told.err);
    let told = run(signer.path(), &["--json", "--config", "none.toml", "trust", "fetch"]).ended(2);
    let error: serde_json::Value = serde_json::from_str(&told.err).expect("JSON");
    assert_eq!(error["code"], "usage");
}

#[test]
fn a_file_that_merely_lies_there_does_not_choose_where_a_passport_goes() {
    let signer = Signer::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("set");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::fs::write(signer.path().join("passport.toml"), format!("url = \"{url}\"\n")).expect("written");
    std::fs::write(signer.path().join("p"), signer.passport()).expect("written");
    let told = run(signer.path(), &["agents", "list", "--passport-file", "p"]).ended(1);
    assert!(told.told().contains("it was not sent"), "{}", told.err);
    assert!(listener.accept().is_err(), "nobody called");
}

#[test]
fn a_passport_goes_nowhere_but_to_the_issuer_that_was_named() {
    let signer = Signer::new();
    let token = signer.passport();
    std::fs::write(signer.path().join("p"), &token).expect("written");
    let issuer = TcpListener::bind("127.0.0.1:0").expect("a port");
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port");
    elsewhere.set_nonblocking(true).expect("set");
    let url = |listener: &TcpListener| format!("http://{}", listener.local_addr().expect("an address"));
    let mut command = passport(signer.path());
    command.args(["agents", "list", "--passport-file", "p", "--url", &url(&issuer)]);
    for proxy in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(proxy, url(&elsewhere));
    }
    let target = url(&elsewhere);
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = issuer.accept().expect("called, and not through a proxy");
        let mut request = [0; 4096];
        let read = stream.read(&mut request).expect("a request");
        let answer =
            format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {target}/v1/agents\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).expect("answered");
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    let told = Run::from(command.output().expect("it runs")).ended(1);
    assert!(answering.join().expect("answered").contains(&token), "the issuer that was named is shown it");
    assert!(told.told().contains("redirects to somewhere else, which is not followed"), "{}", told.err);
    assert!(!told.err.contains(&token));
    assert!(elsewhere.accept().is_err(), "nobody else is called");
}

#[test]
fn serve_refuses_to_start_without_protection() {
    let directory = tempfile::tempdir().expect("a directory");
    let told = run(directory.path(), &["serve"]).ended(2);
    assert!(told.told().contains("no passphrase to seal the keys with") && told.err.contains("\n\nhint: "), "{}", told.err);
    let told = run(directory.path(), &["serve", "--dev", "--listen", "0.0.0.0:0"]).ended(2);
    assert!(told.told().contains("this machine alone"), "{}", told.err);
    assert_eq!(directory.path().read_dir().expect("read").count(), 0, "nothing was made");
    // A database that is not there, on a port that nobody listens on.
    let told = run(directory.path(), &["serve", "--dev", "--database", "postgres://u:secret@127.0.0.1:1/d"]).ended(1);
    assert!(told.told().contains("could not be opened") && !told.told().contains("secret"), "{}", told.err);
}

#[test]
fn an_output_that_nobody_reads_is_no_panic() {
    let signer = Signer::new();
    let token = signer.passport();
    let verify = ["verify", "--trust", "jwks.json", "--issuer", "https://i.example", "--audience", "https://shop.example"];
    let line = format!(r#"{{"token":"{token}","request":{{"action":"x"}}}}"#);
    std::fs::write(signer.path().join("batch"), format!("{line}\n").repeat(2_000)).expect("written");
    let calls = [
        vec!["--help"],
        vec!["completions", "bash"],
        vec!["inspect", &token],
        [&verify[..], &["--action", "x", &token]].concat(),
        [&verify[..], &["--batch", "batch"]].concat(),
    ];
    for call in calls {
        let mut child = passport(signer.path()).args(&call).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert!(output.stderr.is_empty(), "{call:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.code().is_some(), "{call:?}");
    }
}

#[test]
fn colours_come_and_go_as_they_are_asked_for() {
    let signer = Signer::new();
    let token = signer.passport();
    let coloured = |arguments: &[&str], no_color: &str| {
        let output = passport(signer.path()).args(arguments).env("NO_COLOR", no_color).output().expect("it runs");
        output.stdout.contains(&0x1b) || output.stderr.contains(&0x1b)
    };
    for call in [&["inspect", &token][..], &["--help"], &["issue", "--help"], &["issue"], &["agents", "list"]] {
        let with = |when: &'static str| [call, &["--color", when]].concat();
        assert!(coloured(&with("always"), "1"), "what is asked for wins over NO_COLOR: {call:?}");
        assert!(!coloured(&with("never"), "") && !coloured(&with("auto"), "") && !coloured(call, ""), "a pipe: {call:?}");
    }
}

#[test]
fn colour_is_for_terminals_and_nothing_is_coloured_in_a_pipe() {
    let signer = Signer::new();
    let token = signer.passport();
    let coloured = |name: &str, value: &str| {
        let output = passport(signer.path()).args(["inspect", &token]).env(name, value).output().expect("it runs");
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured("TERM", "xterm"), "a pipe");
    assert!(coloured("CLICOLOR_FORCE", "1"), "asked for: so the styles are there to be dropped");
    assert!(!coloured("NO_COLOR", "1"));
    let output =
        passport(signer.path()).args(["inspect", &token]).envs([("NO_COLOR", "1"), ("CLICOLOR_FORCE", "0"), ("TERM", "xterm")]).output();
    assert!(!output.expect("it runs").stdout.contains(&0x1b));
}

#[test]
fn what_a_passport_keeps_from_the_log_is_told_to_who_inspects_it() {
    let signer = Signer::new();
    let hidden = r#"[{"resource":"commerce","sensitive":["card"]}]"#;
    let token = signer.passport_with(&format!(r#","hiddenAttributes":{hidden}"#));
    let told = run(signer.path(), &["inspect", &token]).ended(0);
    assert!(told.out.contains("From the audit log it\n  - hides `card` of requests on `commerce`"), "{}", told.out);
    let json = run(signer.path(), &["inspect", "--json", &token]).ended(0).json();
    assert_eq!(json["hiddenAttributes"].to_string(), hidden);
    assert!(run(signer.path(), &["inspect", "--json", &signer.passport()]).ended(0).json()["hiddenAttributes"].is_null());
}

#[test]
fn an_argument_that_is_a_file_is_told_so_and_hostile_input_ends_quickly() {
    let signer = Signer::new();
    std::fs::write(signer.path().join("p"), signer.passport()).expect("written");
    let told = run(signer.path(), &["inspect", "p"]).ended(4);
    assert!(told.told().contains("hint: this is a file") && told.told().contains("passport inspect - < p"), "{}", told.err);
    run_with_input(signer.path(), &["inspect"], &vec![b'a'; 16 << 20]).ended(4);
    run_with_input(signer.path(), &["inspect", "-"], b"\xff\xfe\x00").ended(4);
    let json = run(signer.path(), &["inspect", "--json", ""]).ended(4);
    assert!(Document::read(json.err.trim_end().as_bytes(), Controls::Refused).is_ok(), "{}", json.err);
}

#[test]
fn a_passphrase_for_a_backup_whose_keys_rest_unsealed_is_refused_before_anything_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    assert_eq!(Served::wait(&mut serve(path, &["--dev"])).stop(), Some(0));
    run(path, &["backup", "a.backup", "--data", "data"]).ended(0);
    let restore = ["restore", "a.backup", "--data", "other"];
    let told = passport(path).args(restore).env("PASSPORT_PASSPHRASE", "a passphrase").output().expect("it runs");
    let told = Run::from(told).ended(1);
    assert!(
        told.told().contains("in the backup `a.backup` rest UNSEALED") && told.told().contains("leave the passphrase out"),
        "{}",
        told.err
    );
    assert!(!path.join("other").exists(), "nothing was restored");
    run(path, &restore).ended(0);
}
