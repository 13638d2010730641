//! A verifier that is connected, and its issuer.

use std::time::{Duration, Instant};

use passport_tests::process::Issuer;
use passport_verifier::{RefreshSettings, Refresher, Trust, Verifier};
use serde_json::json;

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "it did not come to that: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_verifier_hears_of_changes_by_itself_and_again_once_its_issuer_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, saved) = (folder.path().join("data"), folder.path().join("saved"));
    let issuer = Issuer::start(&data);
    let (admin, address) = (issuer.admin(), issuer.address().to_owned());
    let active = admin.get("/v1/keys")["items"].as_array().expect("keys").iter().find(|key| key["state"] == "active").cloned();
    let pin = active.expect("one")["keyId"].as_str().expect("a thumbprint").parse().expect("a thumbprint");
    // No fetch but the first: what comes, comes by itself.
    let settings = || {
        let settings = RefreshSettings::new(issuer_url(&address)).with_pin(pin).with_store(&saved);
        settings.with_interval(Duration::from_secs(7 * 86_400))
    };
    let verifier = Verifier::new(Trust::none(&admin.url), "https://shop.example");
    let refresher = Refresher::start(&verifier, settings()).expect("threads");
    refresher.refresh_now(Duration::from_secs(30)).expect("the first");
    let rotate = || {
        let before = verifier.trust().sequence();
        admin.post("/v1/keys/rotate", &json!({}));
        until("the rotation is here", || verifier.trust().sequence() > before);
    };
    rotate();
    until("it follows", || refresher.stats().following);
    issuer.kill();
    until("the end is noticed", || !refresher.stats().following);
    let issuer = Issuer::start_at(&data, &address);
    rotate();
    assert_eq!((refresher.stats().refused, refresher.stats().save_failures), (0, 0));

    // Its service restarts while the issuer is away.
    let sequence = verifier.trust().sequence();
    drop((issuer, refresher));
    let verifier = Verifier::new(Trust::none(&admin.url), "https://shop.example");
    let refresher = Refresher::start(&verifier, settings()).expect("threads");
    assert_eq!(verifier.trust().sequence(), sequence);
    assert!(refresher.latest_time() > 0);
}

fn issuer_url(address: &str) -> passport_verifier::IssuerUrl {
    format!("http://{address}").parse().expect("a url")
}
