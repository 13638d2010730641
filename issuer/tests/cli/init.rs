//! `passport init` at a real terminal, and without one.

use crate::support::{Escapes, Run, Served, at_a_terminal, passport, run};

#[test]
fn a_few_questions_make_the_settings_that_serve_starts_with() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut asked = at_a_terminal(directory.path(), &["init"], Escapes::Dropped);
    let mut answer = |question: &str, with: &str| {
        asked.exp_string(question).unwrap_or_else(|error| panic!("{question}: {error}"));
        asked.send_line(with).expect("sent");
    };
    answer("The issuer's URL", "http://issuer.example");
    // What does not fit is told, and asked for again.
    answer("is not https", "");
    answer("The issuer's URL", "https://issuer.example");
    answer("The directory for its data", "data");
    answer("The database", "");
    answer("passphrase", "");
    answer("The address to listen on", "127.0.0.1:0");
    answer("Who speaks TLS", "");
    answer("sign in at /console", "y");
    asked.exp_string("wrote the settings").expect("done");
    asked.exp_string("passport serve").expect("what to do next");
    asked.exp_eof().expect("ended");

    let text = std::fs::read_to_string(directory.path().join("passport.toml")).expect("written");
    for line in ["issuer = \"https://issuer.example\"", "listen = \"127.0.0.1:0\"", "#console = \"8h\""] {
        assert!(text.lines().any(|is| is == line), "{line}: {text}");
    }
    let served = Served::wait(passport(directory.path()).args(["serve", "--json", "--log", "warn"]));
    assert!(directory.path().join("data/admin.passport").exists());
    // Alone, it finds the issuer that these settings started, and says what to do with it.
    let told = passport(directory.path()).env("PASSPORT_URL", &served.url).output().expect("it runs");
    let told = Run::from(told).ended(2);
    assert!(told.err.contains("an issuer answers at `http://127.0.0.1:"), "{}", told.err);
    assert!(!told.err.contains("export PASSPORT_FILE"), "the settings name it: {}", told.err);
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn questions_that_are_broken_off_leave_nothing_behind_and_the_cursor_where_it_was() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut asked = at_a_terminal(directory.path(), &["init", "--issuer", "https://issuer.example", "--data", "data"], Escapes::Kept);
    asked.exp_string("The database").expect("a question");
    // Drawn whole, and the cursor hidden.
    asked.exp_string("may share").expect("the last choice");
    asked.send_control('c').expect("sent");
    let told = asked.exp_eof().expect("ended");
    assert!(told.contains("broken off; nothing was written"), "{told}");
    assert!(told.rfind("\u{1b}[?25h") > told.rfind("\u{1b}[?25l"), "{told:?}");
    assert_eq!(directory.path().read_dir().expect("read").count(), 0);
}

#[test]
fn flags_make_the_same_settings_and_what_is_there_stays() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let told = run(path, &["init"]).ended(2);
    assert!(told.told().contains("there is nobody to ask") && told.told().contains("--yes"), "{}", told.err);
    run(path, &["init", "--yes"]).ended(2);
    run(path, &["init", "--yes", "--issuer", "http://issuer.example"]).ended(2);
    assert_eq!(path.read_dir().expect("read").count(), 0, "nothing was made");

    let flags = ["init", "--yes", "--issuer", "https://issuer.example", "--data", "data", "--listen", "127.0.0.1:0"];
    let written = run(path, &[&flags[..], &["--json"]].concat()).ended(0).json();
    assert_eq!((written["issuer"].as_str(), written["passphraseMade"].as_bool()), (Some("https://issuer.example"), Some(true)));
    let first = run(path, &[]).ended(2);
    assert!(first.err.contains("\n  passport serve  ") && first.told().contains("was not started yet"), "{}", first.err);
    let text = std::fs::read_to_string(path.join("passport.toml")).expect("written");
    let told = run(path, &flags).ended(1);
    assert!(told.told().contains("is there already, and stays as it is"), "{}", told.err);
    std::fs::write(path.join("passport.toml"), "no settings").expect("written");
    run(path, &flags).ended(1);
    // A file that is wrong stands in nobody's way here.
    run(path, &[&flags[..], &["--force"]].concat()).ended(0);
    assert_eq!(std::fs::read_to_string(path.join("passport.toml")).expect("read"), text, "the same flags, the same file");
    let elsewhere = path.join("etc.toml");
    run(path, &[&flags[..], &["--config", "etc.toml"]].concat()).ended(0);
    assert!(elsewhere.exists());

    let served = Served::wait(passport(path).args(["serve", "--json", "--log", "warn", "--config", "etc.toml"]));
    assert_eq!(served.stop(), Some(0));
    let first = run(path, &[]).ended(2);
    assert!(first.err.contains("\n  passport serve\n") && first.told().contains("no issuer that answers"), "{}", first.err);
}
