use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::IssuerUrl;
use crate::testing::server::{Answer, Asked, LONG, Server};
use crate::testing::{AUDIENCE, FixedRandomness, HandClock, ISSUER, NOW, TestIssuer, purchase};
use crate::{Guard, Reason, Trust};

mod files;
mod follow;

/// A server whose trust bundle can be changed, with the bundle as its own entity tag.
fn publisher(bundle: &str) -> (Server, Arc<Mutex<String>>) {
    let published = Arc::new(Mutex::new(bundle.to_owned()));
    let served = Arc::clone(&published);
    let server = Server::start(move |asked| {
        assert_eq!(asked.line, "GET /v1/trust-bundle");
        let bundle = served.lock().expect("lock").clone();
        match asked.header("if-none-match") {
            Some("\"now\"") if !bundle.is_empty() && bundle.starts_with('=') => Answer(304, "", String::new()),
            _ => Answer(200, "ETag: \"now\"\r\n", bundle.trim_start_matches('=').to_owned()),
        }
    });
    (server, published)
}

/// Fetches when it is told to, and otherwise next week; nothing is waited for.
fn settings(server: &Server) -> RefreshSettings {
    RefreshSettings::new(server.url())
        .with_clock(HandClock::at(NOW))
        .with_randomness(FixedRandomness([0x80; 10]))
        .with_interval(Duration::from_secs(7 * 86_400))
        .with_wait(Duration::ZERO)
}

fn pinned(issuer: &TestIssuer, bundle: &str) -> Verifier {
    Verifier::new(Trust::from_pinned_bundle(bundle.as_bytes(), &issuer.key_id(), NOW).expect("trust"), AUDIENCE)
}

fn start(verifier: &Verifier, settings: RefreshSettings) -> Refresher {
    Refresher::start(verifier, settings).expect("a thread")
}

#[test]
fn a_first_bundle_is_believed_by_the_pin_alone() {
    let (issuer, stranger) = (TestIssuer::new(), TestIssuer::new());
    let (server, _) = publisher(&issuer.bundle(1, NOW, &[]));
    let nothing = || Verifier::new(Trust::none(ISSUER), AUDIENCE);
    let request = purchase(1);

    let verifier = nothing();
    assert_eq!(verifier.decide(issuer.passport(), &request, NOW).reason(), Reason::KeysUnavailable);
    let refresher = start(&verifier, settings(&server).with_pin(issuer.key_id()));
    assert_eq!(refresher.refresh_now(LONG), Ok(Refreshed::Replaced { sequence: Some(1) }));
    assert_eq!(verifier.decide(issuer.passport(), &request, NOW).reason(), Reason::Granted);

    let verifier = nothing();
    let refresher = start(&verifier, settings(&server).with_pin(stranger.key_id()));
    let error = refresher.refresh_now(LONG).expect_err("another key");
    assert!(matches!(error, RefreshError::Refused(TrustError::NotPinned { .. })), "{error}");
    assert_eq!(verifier.decide(issuer.passport(), &request, NOW).reason(), Reason::KeysUnavailable);

    let refresher = start(&nothing(), settings(&server));
    assert_eq!(refresher.refresh_now(LONG), Err(RefreshError::NoPin));

    let elsewhere = Verifier::new(Trust::none("https://other.example"), AUDIENCE);
    let refresher = start(&elsewhere, settings(&server).with_pin(issuer.key_id()));
    let error = refresher.refresh_now(LONG).expect_err("another issuer");
    assert!(matches!(error, RefreshError::Refused(TrustError::WrongIssuer { .. })), "{error}");
    assert!(!elsewhere.trust().has_keys());
}

#[test]
fn trust_moves_on_with_the_issuer_and_never_back() {
    let (issuer, next, stranger) = (TestIssuer::new(), TestIssuer::new(), TestIssuer::new());
    let bundle = |sequence| issuer.bundle(sequence, NOW, &[&next]);
    let (server, published) = publisher(&bundle(5));
    let verifier = pinned(&issuer, &bundle(5));
    let refresher = start(&verifier, settings(&server));
    let refresh = |bundle: String| {
        *published.lock().expect("lock") = bundle;
        refresher.refresh_now(LONG)
    };
    assert_eq!(refresh(bundle(6)), Ok(Refreshed::Replaced { sequence: Some(6) }));
    assert_eq!(refresh(bundle(5)), Err(RefreshError::Refused(TrustError::Rollback { what: "the trust bundle" })));
    let refused = refresh(stranger.bundle(9, NOW, &[&issuer])).expect_err("a stranger");
    assert!(matches!(refused, RefreshError::Refused(TrustError::UntrustedSigner { .. })), "{refused}");
    let refused = refresh(issuer.bundle(9, NOW - 86_400, &[])).expect_err("expired");
    assert!(matches!(refused, RefreshError::Refused(TrustError::Expired { .. })), "{refused}");
    assert!(refresh("x".into()).is_err());

    let stats = refresher.stats();
    assert_eq!((stats.sequence, stats.last_success, stats.failures, stats.refused), (Some(6), Some(NOW), 4, 4));
    assert!(stats.last_error.is_some());
    assert_eq!((verifier.trust().sequence(), verifier.trust().key_ids().count()), (Some(6), 2));
    // The issuer rotates: what the old key vouched for may sign.
    assert_eq!(refresh(next.bundle(7, NOW, &[])), Ok(Refreshed::Replaced { sequence: Some(7) }));
    assert_eq!(refresher.stats().last_error, None);
    let request = purchase(1);
    assert_eq!(verifier.decide(next.passport(), &request, NOW).reason(), Reason::Granted);
    assert_eq!(verifier.decide(issuer.passport(), &request, NOW).reason(), Reason::UnknownKey);
}

#[test]
fn what_has_not_changed_is_not_sent_again_unless_it_grows_old() {
    let issuer = TestIssuer::new();
    let bundle = issuer.bundle(1, NOW, &[]);
    let (server, published) = publisher(&bundle);
    let verifier = pinned(&issuer, &bundle);
    let clock = Arc::new(HandClock::at(NOW));
    let refresher = start(&verifier, settings(&server).with_clock(Arc::clone(&clock)));
    assert!(matches!(refresher.refresh_now(LONG), Ok(Refreshed::Replaced { .. })));
    // From here on the server says "not modified" to whoever asks whether it is.
    *published.lock().expect("lock") = format!("={bundle}");
    clock.set(NOW + 599);
    assert_eq!(refresher.refresh_now(LONG), Ok(Refreshed::Unchanged));
    assert_eq!(refresher.stats().last_success, Some(NOW + 599));
    clock.set(NOW + 600);
    assert_eq!(refresher.refresh_now(LONG), Ok(Refreshed::Replaced { sequence: Some(1) }));
    let asked = server.asked(3);
    let tags: Vec<_> = asked.iter().rev().take(2).map(|asked| asked.header("if-none-match")).collect();
    assert_eq!(tags, [None, Some("\"now\"")]);
}

#[test]
fn an_unknown_key_asks_for_one_refresh_however_many_ask() {
    let (issuer, next) = (TestIssuer::new(), TestIssuer::new());
    let old = issuer.bundle(1, NOW, &[]);
    let (server, published) = publisher(&old);
    let verifier = pinned(&issuer, &old);
    let refresher = Arc::new(start(&verifier, settings(&server)));
    refresher.refresh_now(LONG).expect("the first");
    let asker = Arc::clone(&refresher);
    let guard = Guard::new(verifier).with_clock(HandClock::at(NOW)).on_unknown_key(move || asker.ask());
    *published.lock().expect("lock") = issuer.bundle(2, NOW, &[&next]);

    let before = refresher.stats().attempts;
    let request = purchase(1);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let _ = guard.decide(TestIssuer::new().passport(), &request);
                }
            });
        }
    });
    // One fetch brings the key that was missing, and a fetch that is asked for now is the one after it.
    let asked_before = usize::try_from(before).expect("few");
    server.asked(asked_before + 1);
    refresher.refresh_now(LONG).expect("the last");
    assert_eq!(refresher.stats().attempts, before + 2);
    assert_eq!(guard.decide(next.passport(), &request).reason(), Reason::Granted);
}

#[test]
fn a_redirect_a_flood_and_a_failure_are_no_bundle() {
    let issuer = TestIssuer::new();
    let bundle = issuer.bundle(1, NOW, &[]);
    let (elsewhere, _) = publisher(&bundle);
    let location: &'static str = Box::leak(format!("Location: {}/v1/trust-bundle\r\n", elsewhere.url()).into_boxed_str());
    let answers = |status: u16, headers: &'static str, body: usize| {
        let server = Server::start(move |_: &Asked| Answer(status, headers, "x".repeat(body)));
        fetch_bundle(&server.url(), LONG).expect_err("no bundle")
    };
    for status in [301, 302, 303, 307, 308] {
        let error = answers(status, location, 0);
        assert!(matches!(error, FetchError::Redirect { status: found, .. } if found == status), "{error}");
    }
    let error = answers(200, "", passport_shared::limits::TRUST_BUNDLE_BYTES + 1);
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
    let error = answers(503, "Retry-After: 7\r\n", 0);
    assert!(matches!(error, FetchError::Status { status: 503, retry_after: Some(wait), .. } if wait == Duration::from_secs(7)), "{error}");
    assert!(matches!(answers(304, "", 0), FetchError::Status { status: 304, .. }), "nobody asked whether it was modified");

    let url = elsewhere.url();
    assert_eq!(fetch_bundle(&url, LONG).map(|token| token == bundle.as_bytes()), Ok(true));
    assert_eq!(elsewhere.asked(1).len(), 1, "no redirect was followed");
    drop(elsewhere);
    let error = fetch_bundle(&url, LONG).expect_err("nobody there");
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
}

#[test]
fn an_issuer_that_does_not_answer_in_time_has_not_answered() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("an address");
    let url: IssuerUrl = format!("http://{}", silent.local_addr().expect("an address")).parse().expect("a url");
    let settings = RefreshSettings::new(url).with_timeout(Duration::from_millis(20)).with_wait(Duration::ZERO);
    let refresher = start(&Verifier::new(Trust::none(ISSUER), AUDIENCE), settings);
    let error = refresher.refresh_now(LONG).expect_err("no answer");
    assert!(matches!(error, RefreshError::Fetch(FetchError::Unreachable { .. })), "{error}");
    assert!(refresher.stats().failures > 0 && refresher.stats().refused == 0);
}

#[test]
fn a_refresher_that_is_dropped_fetches_no_more() {
    let issuer = TestIssuer::new();
    let bundle = issuer.bundle(1, NOW, &[]);
    let (server, _) = publisher(&bundle);
    let verifier = pinned(&issuer, &bundle);
    let refresher = start(&verifier, settings(&server).with_interval(Duration::from_millis(1)));
    server.asked(3);
    let desk = Arc::downgrade(&refresher.desk);
    drop(refresher);
    // The thread lets go of the desk when it ends.
    let ended = (0..60_000).any(|_| {
        thread::park_timeout(Duration::from_millis(1));
        desk.strong_count() == 0
    });
    assert!(ended, "the thread is still there");
    let before = server.asked(3).len();
    thread::park_timeout(Duration::from_millis(20));
    assert_eq!(server.asked(3).len(), before);
}

/// Waits until `holds`, which comes about in another thread.
fn until(what: &str, holds: impl Fn() -> bool) {
    let came = (0..60_000).any(|_| {
        let held = holds();
        if !held {
            thread::park_timeout(Duration::from_millis(1));
        }
        held
    });
    assert!(came, "it did not come to that: {what}");
}
