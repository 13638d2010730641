//! What was acknowledged survives kill -9. The long forms are `drill kill-issuer` and `drill kill-intake`.

use passport_tests::drill::CAMPAIGNS;

fn held(name: &str) {
    let campaign = CAMPAIGNS.iter().find(|campaign| campaign.name == name).expect("the drill");
    let report = campaign.start(3, 1, false);
    // How soon it is ready again is measured in a release build, and not beside other tests.
    let broken: Vec<_> = report.broken.iter().filter(|broken| !broken.promise.contains("ready again")).collect();
    assert!(broken.is_empty(), "{report}");
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    held("kill-issuer");
}

#[test]
fn what_reporters_delivered_is_there_once_after_kill_9() {
    held("kill-intake");
}
