//! A bundle from a file, and what outlives a restart.

use std::fs;
use std::path::Path;

use super::*;

/// A source where nobody answers.
fn nobody() -> RefreshSettings {
    let url = "http://127.0.0.1:9".parse().expect("a url");
    RefreshSettings::new(url).with_clock(HandClock::at(NOW)).with_wait(Duration::ZERO).with_interval(Duration::from_secs(7 * 86_400))
}

#[expect(clippy::disallowed_methods, reason = "a test writes the file that is watched")]
fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    let beside = path.with_extension("beside");
    fs::write(&beside, bytes).expect("written");
    fs::rename(beside, path).expect("put in place");
}

#[test]
fn a_file_is_taken_when_it_changes_and_refused_for_what_a_fetch_is_refused_for() {
    let (issuer, stranger) = (TestIssuer::new(), TestIssuer::new());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trust.bundle");
    let verifier = Verifier::new(Trust::none(ISSUER), AUDIENCE);
    let alarms = Arc::new(Mutex::new(0));
    let count = Arc::clone(&alarms);
    let settings = RefreshSettings::from_file(&path).with_clock(HandClock::at(NOW)).with_interval(Duration::from_secs(7 * 86_400));
    let refresher = start(&verifier, settings.on_alarm(move |_| *count.lock().expect("lock") += 1));
    let error = refresher.refresh_now(LONG).expect_err("no file");
    assert!(matches!(error, RefreshError::Fetch(FetchError::Unreadable { .. })), "{error}");
    assert_eq!(refresher.stats().refused, 0);

    let now = |bytes: String| {
        put(&path, bytes);
        refresher.refresh_now(LONG)
    };
    assert_eq!(now(issuer.bundle(5, NOW, &[])), Ok(Refreshed::Replaced { sequence: Some(5) }));
    assert_eq!(refresher.refresh_now(LONG), Ok(Refreshed::Unchanged));
    assert_eq!(now(format!("{}\n", issuer.bundle(6, NOW, &[]))), Ok(Refreshed::Replaced { sequence: Some(6) }));
    for bad in [issuer.bundle(5, NOW, &[]), stranger.bundle(9, NOW, &[]), issuer.bundle(9, NOW - 86_400, &[]), "half".into()] {
        assert!(matches!(now(bad), Err(RefreshError::Refused(_))));
        // It is told once, and stays an error as long as it lies there.
        let stats = refresher.stats();
        assert!(matches!(refresher.refresh_now(LONG), Err(RefreshError::Refused(_))));
        assert_eq!(refresher.stats().refused, stats.refused);
    }
    let flood = now("x".repeat(passport_shared::limits::TRUST_BUNDLE_BYTES + 1)).expect_err("too much");
    assert!(matches!(flood, RefreshError::Fetch(FetchError::Unreadable { .. })), "{flood}");
    assert_eq!((verifier.trust().sequence(), refresher.stats().refused, *alarms.lock().expect("lock")), (Some(6), 4, 4));
    assert_eq!(now(issuer.bundle(7, NOW, &[])), Ok(Refreshed::Replaced { sequence: Some(7) }));
}

#[test]
fn a_first_bundle_in_a_file_is_held_against_the_pin_where_there_is_one() {
    let (issuer, other) = (TestIssuer::new(), TestIssuer::new());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trust.bundle");
    put(&path, issuer.bundle(1, NOW, &[]));
    for (pin, believed) in [(issuer.key_id(), true), (other.key_id(), false)] {
        let verifier = Verifier::new(Trust::none(ISSUER), AUDIENCE);
        let refresher = start(&verifier, RefreshSettings::from_file(&path).with_clock(HandClock::at(NOW)).with_pin(pin));
        assert_eq!(refresher.refresh_now(LONG).is_ok(), believed);
        assert_eq!(verifier.trust().has_keys(), believed);
    }
}

#[test]
fn a_file_that_changes_is_noticed_without_being_asked() {
    let issuer = TestIssuer::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trust.bundle");
    put(&path, issuer.bundle(1, NOW, &[]));
    let verifier = Verifier::new(Trust::none(ISSUER), AUDIENCE);
    let settings = RefreshSettings::from_file(&path).with_clock(HandClock::at(NOW)).with_interval(Duration::from_millis(1));
    let _refresher = start(&verifier, settings);
    until("the first is believed", || verifier.trust().sequence() == Some(1));
    put(&path, issuer.bundle(2, NOW, &[]));
    until("the second is believed", || verifier.trust().sequence() == Some(2));
}

#[test]
fn a_restart_without_a_network_starts_with_the_last_trust_and_the_latest_time() {
    let issuer = TestIssuer::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saved");
    let (server, published) = publisher(&issuer.bundle(1, NOW, &[]));
    let clock = Arc::new(HandClock::at(NOW));
    let verifier = Verifier::new(Trust::none(ISSUER), AUDIENCE);
    let first = settings(&server).with_clock(Arc::clone(&clock)).with_pin(issuer.key_id()).with_store(&path);
    let refresher = start(&verifier, first);
    refresher.refresh_now(LONG).expect("the first");
    *published.lock().expect("lock") = issuer.bundle(2, NOW, &[]);
    refresher.refresh_now(LONG).expect("the second");
    assert_eq!((refresher.stats().saved_at, refresher.stats().save_failures), (Some(NOW), 0));
    // The time is kept too where trust has not changed.
    clock.set(NOW + 900);
    drop(refresher);
    assert_eq!(SavedTrust::read(&path).map(|saved| saved.map(|saved| saved.latest_time())), Ok(Some(NOW + 900)));

    // The clock was set back meanwhile.
    let verifier = Verifier::new(Trust::none(ISSUER), AUDIENCE);
    let refresher = start(&verifier, nobody().with_pin(issuer.key_id()).with_store(&path));
    assert_eq!((verifier.trust().sequence(), refresher.latest_time()), (Some(2), NOW + 900));
    assert_eq!((refresher.stats().sequence, refresher.stats().issued_at), (Some(2), Some(NOW)));
    let request = purchase(1);
    let guard = Guard::new(verifier).with_clock(HandClock::at(NOW)).with_latest_time(refresher.latest_time());
    assert_eq!(guard.decide(issuer.passport(), &request).reason(), Reason::ClockUntrusted);
    let guard = Guard::new(guard.verifier().clone()).with_clock(HandClock::at(NOW + 900)).with_latest_time(refresher.latest_time());
    assert_eq!(guard.decide(issuer.passport(), &request).reason(), Reason::Granted);

    // By hand, where no refresher runs.
    let saved = SavedTrust::read(&path).expect("sound").expect("there");
    let pin = issuer.key_id();
    assert_eq!(saved.trust(ISSUER, Some(&pin), NOW).map(|trust| trust.and_then(|trust| trust.sequence())), Ok(Some(2)));
    assert_eq!(saved.trust(ISSUER, None, NOW).map(|_| ()), Err(SavedTrustError::OtherPin));
    assert_eq!(saved.trust(ISSUER, Some(&TestIssuer::new().key_id()), NOW).map(|_| ()), Err(SavedTrustError::OtherPin));
    assert!(matches!(saved.trust("https://other.example", Some(&pin), NOW), Err(SavedTrustError::Refused(TrustError::WrongIssuer { .. }))));
    let expired = saved.trust(ISSUER, Some(&pin), NOW + 86_400).expect_err("a day later");
    assert!(matches!(expired, SavedTrustError::Refused(TrustError::Expired { .. })), "{expired}");
}

/// A refresher on this saved state with nobody to ask: what is believed, and the alarms.
fn started_with(path: &Path, trust: Trust, pin: passport_shared::key_set::KeyId) -> (Verifier, i64, Vec<RefreshError>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let verifier = Verifier::new(trust, AUDIENCE);
    let settings = nobody().with_pin(pin).with_store(path).on_alarm(move |alarm| tell.lock().expect("lock").push(alarm.clone()));
    let refresher = start(&verifier, settings);
    let told = told.lock().expect("lock").clone();
    assert_eq!(refresher.stats().refused, u64::try_from(told.len()).expect("few"));
    (verifier, refresher.latest_time(), told)
}

#[test]
fn a_saved_state_that_is_older_than_what_the_service_brings_is_refused_and_told() {
    let issuer = TestIssuer::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saved");
    let bundle = |sequence| issuer.bundle(sequence, NOW, &[]);
    let saved = SavedTrust { latest_time: NOW, pin: Some(issuer.key_id()), bundle: Some(bundle(5).into_bytes()) };
    let brings = |sequence| Trust::from_bundle(bundle(sequence).as_bytes(), NOW).expect("trust");
    for (brought, believed, alarms) in [(4, 5, 0), (5, 5, 0), (6, 6, 1)] {
        saved.write(&path).expect("written");
        let (verifier, _, told) = started_with(&path, brings(brought), issuer.key_id());
        assert_eq!((verifier.trust().sequence(), told.len()), (Some(believed), alarms), "{told:?}");
        assert!(told.iter().all(|told| told.to_string().contains("rollback")), "{told:?}");
    }
}

#[test]
fn a_state_that_is_not_believed_is_told_and_nothing_of_it_is_used() {
    let issuer = TestIssuer::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saved");
    let state = |pin, bundle: String| SavedTrust { latest_time: NOW + 7, pin, bundle: Some(bundle.into_bytes()) };
    let mut damaged = {
        state(Some(issuer.key_id()), issuer.bundle(5, NOW, &[])).write(&path).expect("written");
        file::read_own(&path, 1 << 20).expect("read").expect("there")
    };
    let last = damaged.len() - 2;
    damaged[last] ^= 1;
    put(&path, damaged);
    let (verifier, latest, told) = started_with(&path, Trust::none(ISSUER), issuer.key_id());
    assert!(matches!(told[..], [RefreshError::Saved(SavedTrustError::Damaged { .. })]), "{told:?}");
    assert!(!verifier.trust().has_keys() && latest < NOW + 7);

    for (pin, bundle) in [
        (None, issuer.bundle(5, NOW, &[])),
        (Some(issuer.key_id()), "x.y.z".to_owned()),
        (Some(issuer.key_id()), issuer.bundle(5, NOW - 86_400, &[])),
    ] {
        state(pin, bundle).write(&path).expect("written");
        let (verifier, _, told) = started_with(&path, Trust::none(ISSUER), issuer.key_id());
        assert!(matches!(told[..], [RefreshError::Saved(_)]), "{told:?}");
        assert!(!verifier.trust().has_keys());
    }
    let (_, latest, told) = started_with(&folder.path().join("none"), Trust::none(ISSUER), issuer.key_id());
    assert!(told.is_empty() && latest <= NOW, "a first start is no alarm");
}

#[test]
fn a_state_that_cannot_be_saved_is_told_and_trust_goes_on() {
    let issuer = TestIssuer::new();
    let folder = tempfile::tempdir().expect("a folder");
    let (server, _) = publisher(&issuer.bundle(1, NOW, &[]));
    let verifier = Verifier::new(Trust::none(ISSUER), AUDIENCE);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let settings = settings(&server).with_pin(issuer.key_id()).with_store(folder.path().join("no such folder/saved"));
    let refresher = start(&verifier, settings.on_alarm(move |alarm| tell.lock().expect("lock").push(alarm.clone())));
    assert_eq!(refresher.refresh_now(LONG), Ok(Refreshed::Replaced { sequence: Some(1) }));
    assert!(refresher.stats().save_failures > 0 && refresher.stats().saved_at.is_none());
    assert!(matches!(told.lock().expect("lock")[0], RefreshError::Saved(SavedTrustError::Unwritable { .. })));
    assert_eq!(verifier.trust().sequence(), Some(1));
}
