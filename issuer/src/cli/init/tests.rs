//! What is written, without a terminal. The questions are asked in `tests/cli/init.rs`, at a real one.

use super::*;
use crate::cli::output::Output;
use crate::config::{CallerSettings, ServeSettings, SettingsFile, UrlSettings};
use crate::entropy::SystemEntropy;

fn session(file: &Path) -> Session {
    Session {
        out: Output::new(true),
        settings: SettingsFile::default(),
        named: Some(file.to_owned()),
        clock: Box::new(crate::clock::SystemClock),
        entropy: Box::new(SystemEntropy),
    }
}

fn answers() -> Answers {
    Answers {
        issuer: Some("https://issuer.example".into()),
        listen: "0.0.0.0:8443".parse().ok(),
        tls: Some(("/etc/cert.pem".into(), "/etc/key.pem".into())),
        console: Some("off".into()),
        data: DataSettings { data: Some("/var/lib/passport".into()), ..DataSettings::default() },
    }
}

#[test]
fn what_was_chosen_is_what_serve_reads_and_every_other_setting_is_a_comment() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("passport.toml");
    assert_eq!(write_down(answers(), &file, false, &session(&file)).expect("written"), DONE);
    let read = SettingsFile::load(Some(&file)).expect("settings");
    let serve = read.serve(&ServeSettings::default());
    assert_eq!((serve.issuer.as_deref(), serve.console.as_deref()), (Some("https://issuer.example"), Some("off")));
    assert_eq!((serve.listen, serve.tls_key), ("0.0.0.0:8443".parse().ok(), Some("/etc/key.pem".into())));
    let data = read.data(&DataSettings::default());
    assert_eq!((data.data, &data.database), (Some("/var/lib/passport".into()), &None));
    assert_eq!(data.passphrase_file, Some(directory.path().join("passport.passphrase")));
    assert_eq!(read.url(&UrlSettings::default()).url.as_deref(), Some("https://issuer.example"));
    assert_eq!(read.caller(&CallerSettings::default()).passport_file, Some("/var/lib/passport/admin.passport".into()));

    let text = std::fs::read_to_string(&file).expect("read");
    for name in text::names() {
        let lines = text.lines().filter(|line| line.trim_start_matches('#').split(" = ").next() == Some(&name)).count();
        assert_eq!(lines, 1, "{name}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    // A default that is told is one that can be set.
    for line in ["#key-life = \"90d\"", "#redecide = \"1000\"", "#agent-rate = 500", "#audit-retention = DAYS", "#metrics-listen = ADDRESS"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn nothing_that_is_there_is_overwritten_unless_told_and_a_passphrase_never() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("passport.toml");
    let passphrase = directory.path().join("passport.passphrase");
    std::fs::write(&file, "mine").expect("written");
    assert!(write_down(answers(), &file, false, &session(&file)).is_err());
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "mine");
    assert!(!passphrase.exists(), "what was made for a file that is not written is taken away");

    write_down(answers(), &file, true, &session(&file)).expect("written");
    let first = std::fs::read(&passphrase).expect("made");
    assert!(first.len() > 40);
    write_down(answers(), &file, true, &session(&file)).expect("written");
    assert_eq!(std::fs::read(&passphrase).expect("read"), first, "it opens the keys");
    assert!(write_down(Answers::default(), &file, true, &session(&file)).is_err_and(|error| error.exit() == 2), "an issuer has a URL");
    let others = |path: &Path| std::os::unix::fs::PermissionsExt::mode(&path.metadata().expect("there").permissions()) & 0o077;
    assert_eq!((others(&file), others(&passphrase)), (0, 0));
}
