//! The doctor finds what is wrong, and nothing where nothing is.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use passport_tests::process::{Issuer, passport};
use passport_verifier::{Delivery, Guard, Reporter, ReporterPassport, ReporterSettings, Request, Trust, Verifier};
use serde_json::Value;

/// The exit code, and the report.
fn doctor(data: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let output = passport().args(["doctor", "--json", "--data"]).arg(data).args(more).output().expect("it runs");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report)
}

fn verdict<'r>(report: &'r Value, check: &str) -> &'r str {
    let checks = report["checks"].as_array().expect("checks");
    checks.iter().find(|found| found["check"] == check).and_then(|found| found["verdict"].as_str()).unwrap_or("none")
}

#[test]
fn the_doctor_finds_nothing_at_a_sound_issuer_that_serves_and_what_is_wrong_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let issuer = Issuer::start(&data);
    let (exit, report) = doctor(&data, &["--url", &issuer.url()]);
    assert_eq!(exit, Some(0), "{report}");
    for check in ["permissions", "database", "last event", "keys", "rotation", "trust", "clock"] {
        assert_eq!(verdict(&report, check), "ok", "{check}: {report}");
    }
    let url = issuer.url();
    issuer.kill();
    let (exit, report) = doctor(&data, &["--url", &url]);
    assert_eq!((exit, verdict(&report, "trust")), (Some(1), "wrong"), "{report}");

    std::fs::set_permissions(data.join("keys"), Permissions::from_mode(0o755)).expect("set");
    let (exit, report) = doctor(&data, &[]);
    assert_eq!((exit, verdict(&report, "permissions")), (Some(1), "wrong"), "{report}");
    std::fs::set_permissions(data.join("keys"), Permissions::from_mode(0o700)).expect("set");

    let key = data.join("keys").read_dir().expect("keys").next().expect("a key").expect("an entry").path();
    std::fs::remove_file(key).expect("removed");
    let (exit, report) = doctor(&data, &[]);
    assert_eq!((exit, verdict(&report, "keys"), verdict(&report, "database")), (Some(1), "wrong", "ok"), "{report}");

    // After a kill, everything may still be in the log.
    for log in ["passport.db-wal", "passport.db-shm"] {
        std::fs::remove_file(data.join(log)).expect("removed");
    }
    std::fs::write(data.join("passport.db"), "no database").expect("written");
    let (exit, report) = doctor(&data, &[]);
    assert_eq!((exit, verdict(&report, "database")), (Some(1), "wrong"), "{report}");
}

#[test]
fn the_doctor_says_what_waits_in_a_services_spool_and_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = folder.path().join("spool");
    let issuer = Issuer::start(&folder.path().join("data"));
    let (url, token) = (issuer.url(), issuer.admin_passport());
    issuer.kill();
    // A service that reports to an issuer that is gone.
    let passport_of_reporter = ReporterPassport::read(&token).expect("a passport");
    let settings = ReporterSettings::new(url.parse().expect("a url"), passport_of_reporter, &spool).with_delivery(Delivery::SpoolFirst);
    let reporter = Arc::new(Reporter::start(settings).expect("a spool"));
    let guard = Guard::new(Verifier::new(Trust::none(&url), "https://shop.example")).with_recorder(Arc::clone(&reporter));
    for _ in 0..3 {
        let _ = guard.decide("no passport", &Request::new("buy").on("shop"));
    }
    let doctor = |more: &[&str]| {
        let output = passport().args(["doctor", "--json", "--spool"]).arg(&spool).args(more).output().expect("it runs");
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code(), report)
    };
    let found = |report: &Value| report["checks"].as_array().expect("checks").iter().find(|one| one["check"] == "spool").cloned();
    // While it is in use, and without an issuer's data.
    let (exit, report) = doctor(&[]);
    assert_eq!((exit, report["checks"].as_array().map(Vec::len)), (Some(0), Some(3)), "{report}");
    let text = found(&report).expect("a line")["found"].as_str().expect("text").to_owned();
    assert!(text.starts_with("3 decisions of `admin` wait for the issuer, the oldest of "), "{text}");
    drop((guard, reporter));
    let (_, report) = doctor(&["--data", folder.path().join("data").to_str().expect("text")]);
    assert_eq!((verdict(&report, "spool"), verdict(&report, "database")), ("ok", "ok"), "{report}");

    std::fs::set_permissions(&spool, Permissions::from_mode(0o755)).expect("set");
    let (exit, report) = doctor(&[]);
    assert_eq!((exit, verdict(&report, "spool access")), (Some(1), "wrong"), "{report}");
    std::fs::set_permissions(&spool, Permissions::from_mode(0o700)).expect("set");
    // The first block is damaged, and a later one is not.
    let mut entries = std::fs::read_dir(&spool).expect("a spool").map(|entry| entry.expect("an entry").path());
    let segment = entries.find(|path| path.extension().is_some_and(|ending| ending == "segment")).expect("a segment");
    let mut bytes = std::fs::read(&segment).expect("read");
    bytes[24 + 60] ^= 0x10;
    std::fs::write(&segment, bytes).expect("written");
    let (exit, report) = doctor(&[]);
    assert_eq!((exit, verdict(&report, "spool files")), (Some(1), "wrong"), "{report}");
    std::fs::remove_file(spool.join("spool.json")).expect("removed");
    let (exit, report) = doctor(&[]);
    assert_eq!((exit, verdict(&report, "spool")), (Some(1), "wrong"), "{report}");
}
