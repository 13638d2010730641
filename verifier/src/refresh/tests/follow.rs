//! Waiting at the issuer.

use passport_shared::limits::TRUST_BUNDLE_BYTES;

use super::*;
use crate::guard::Clock as _;

/// An issuer that holds requests: the wait passes on the clock and not here.
fn holding(clock: &Arc<HandClock>, bundles: Vec<String>) -> Server {
    let clock = Arc::clone(clock);
    let mut newest = 0;
    Server::start(move |asked| {
        let Some(query) = asked.line.strip_prefix("GET /v1/trust-bundle?after=") else {
            return Answer(200, "", bundles[newest].clone());
        };
        let after: usize = query.strip_suffix("&wait=25").and_then(|after| after.parse().ok()).expect("a number and the wait");
        match bundles.get(after) {
            Some(newer) => {
                newest = after;
                Answer(200, "", newer.clone())
            }
            None => {
                clock.set(clock.now() + 25);
                Answer(304, "", String::new())
            }
        }
    })
}

#[test]
fn a_change_comes_by_itself_where_the_issuer_holds_the_request() {
    let issuer = TestIssuer::new();
    let bundle = |sequence| issuer.bundle(sequence, NOW, &[]);
    let clock = Arc::new(HandClock::at(NOW));
    let server = holding(&clock, vec![bundle(1), bundle(2), bundle(3)]);
    let verifier = pinned(&issuer, &bundle(1));
    let refresher = start(&verifier, settings(&server).with_clock(Arc::clone(&clock)).with_wait(Duration::from_secs(25)));
    until("the third bundle is here", || verifier.trust().sequence() == Some(3));
    until("it goes on waiting", || clock.now() >= NOW + 50);
    let stats = refresher.stats();
    assert!(stats.following && stats.last_success >= Some(NOW + 25), "{stats:?}");
    assert_eq!((stats.sequence, stats.issued_at, stats.failures, stats.refused), (Some(3), Some(NOW), 0, 0));
    assert_eq!(stats.attempts, 1, "beside it nothing is fetched");
}

#[test]
fn an_issuer_that_knows_no_waiting_is_asked_at_the_interval() {
    let issuer = TestIssuer::new();
    let published = Arc::new(Mutex::new(issuer.bundle(1, NOW, &[])));
    let served = Arc::clone(&published);
    let server = Server::start(move |asked| match asked.line.contains('?') {
        true => Answer(400, "", String::new()),
        false => Answer(200, "", served.lock().expect("lock").clone()),
    });
    let verifier = pinned(&issuer, &issuer.bundle(1, NOW, &[]));
    let settings = settings(&server).with_wait(Duration::from_secs(25)).with_interval(Duration::from_millis(100));
    let refresher = start(&verifier, settings);
    *published.lock().expect("lock") = issuer.bundle(2, NOW, &[]);
    until("the second bundle is here", || verifier.trust().sequence() == Some(2));
    let stats = refresher.stats();
    assert_eq!((stats.following, stats.failures, stats.last_error), (false, 0, None));
}

#[test]
fn who_does_not_hold_a_request_is_asked_ever_less_often() {
    let clock: Arc<HandClock> = Arc::new(HandClock::at(NOW));
    let server = Server::start(|_: &Asked| Answer(304, "", String::new()));
    let issuer = TestIssuer::new();
    let refresher = start(&pinned(&issuer, &issuer.bundle(1, NOW, &[])), settings(&server).with_clock(Arc::clone(&clock)));
    let fetch = Fetch::new(&server.url(), LONG);
    let all = FixedRandomness([0xff; 10]);
    let wait = Duration::from_secs(25);
    let mut follower = Follower::new(Arc::clone(&refresher.believer), fetch, wait, Arc::new(all), Duration::from_secs(20));
    // The clock stands still: each answer comes at once.
    let mut pauses = |count| (0..count).map(|_| follower.turn().as_secs()).collect::<Vec<_>>();
    assert_eq!(pauses(6), [1, 2, 4, 8, 16, 20]);
    assert!(!refresher.stats().following);
    // One that is away may have something to tell as soon as it is back.
    drop(server);
    assert_eq!(pauses(5), [1, 2, 4, 8, 10]);
    drop(refresher);
}

#[test]
fn what_a_waiting_request_brings_is_refused_like_anything_else_and_told() {
    let (issuer, stranger) = (TestIssuer::new(), TestIssuer::new());
    let (good, bad) = (issuer.bundle(1, NOW, &[]), stranger.bundle(9, NOW, &[]));
    let plain = good.clone();
    let server = Server::start(move |asked| match asked.line.contains('?') {
        true => Answer(200, "", bad.clone()),
        false => Answer(200, "", plain.clone()),
    });
    let verifier = pinned(&issuer, &good);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let settings = settings(&server).with_wait(Duration::from_secs(25));
    let refresher = start(&verifier, settings.on_alarm(move |alarm| tell.lock().expect("lock").push(alarm.clone())));
    until("it is told", || !told.lock().expect("lock").is_empty());
    let alarm = told.lock().expect("lock")[0].clone();
    assert!(matches!(alarm, RefreshError::Refused(TrustError::UntrustedSigner { .. })), "{alarm}");
    assert!(refresher.stats().refused > 0 && !refresher.stats().following);
    assert_eq!(verifier.trust().sequence(), Some(1));
}

#[test]
fn a_flood_is_no_answer_to_a_request_that_waits() {
    let server = Server::start(|_: &Asked| Answer(200, "", "x".repeat(TRUST_BUNDLE_BYTES + 1)));
    let error = Fetch::new(&server.url(), LONG).follow(1, Duration::from_secs(1)).expect_err("too much");
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
}

#[test]
fn of_two_bundles_that_come_together_the_older_is_neither_believed_nor_an_alarm() {
    let issuer = TestIssuer::new();
    let bundle = |sequence: i64| issuer.bundle(sequence, NOW, &[]);
    let (server, _) = publisher(&bundle(1));
    let verifier = pinned(&issuer, &bundle(1));
    let refresher = start(&verifier, settings(&server));
    refresher.refresh_now(LONG).expect("the first");
    let believer = &refresher.believer;
    let before = believer.before();
    assert_eq!(believer.take(bundle(3).into_bytes(), None, before), Ok(Refreshed::Replaced { sequence: Some(3) }));
    assert_eq!(believer.take(bundle(2).into_bytes(), None, before), Ok(Refreshed::Unchanged));
    assert_eq!((verifier.trust().sequence(), refresher.stats().refused), (Some(3), 0));
    let error = believer.take(bundle(2).into_bytes(), None, believer.before()).expect_err("a rollback");
    assert!(matches!(error, RefreshError::Refused(TrustError::Rollback { .. })), "{error}");
}
