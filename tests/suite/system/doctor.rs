//! The doctor finds what is wrong, and nothing where nothing is.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use passport_tests::process::{Issuer, passport};
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
