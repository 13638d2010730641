//! What was acknowledged survives kill -9. The long form is `drill kill-issuer`.

use passport_tests::drill::CAMPAIGNS;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let campaign = CAMPAIGNS.iter().find(|campaign| campaign.name == "kill-issuer").expect("the drill");
    let report = campaign.start(3, 1, false);
    // How soon it is ready again is measured in a release build, and not beside other tests.
    let broken: Vec<_> = report.broken.iter().filter(|broken| !broken.promise.contains("ready again")).collect();
    assert!(broken.is_empty(), "{report}");
}
