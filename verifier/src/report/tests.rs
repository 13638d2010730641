use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::guard::Guard;
use crate::issuer_link::IssuerUrl;
use crate::testing::server::{Answer, Asked, LONG, Server};
use crate::testing::{FixedRandomness, HandClock, NOW, TestIssuer, purchase};
use crate::{Outcome, Reason, Request};

mod spool;

/// Waits that do not hold up a test.
const SHORT: Duration = Duration::from_millis(2);

/// A directory, in memory where there is such a place: these tests open many spools, and wait for no disk.
pub(super) fn place() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
}

/// A reporter that delivers to `url` as agent_shop from a spool in `place`, with little patience.
fn settings(place: &TempDir, url: IssuerUrl) -> ReporterSettings {
    let token = TestIssuer::new().passport_of("agent_shop");
    ReporterSettings::new(url, ReporterPassport::read(&token).expect("a passport"), place.path())
        .with_clock(HandClock::at(NOW))
        .with_randomness(FixedRandomness([0xff; 10]))
        .with_linger(SHORT)
        .with_waits(SHORT, SHORT)
}

/// Where nobody is, nor can come to be meanwhile: no port that is given to who asks for any.
fn nowhere() -> IssuerUrl {
    "http://127.0.0.1:1".parse().expect("a loopback url")
}

/// Waits until it is so. A test that waits longer than [`LONG`] has failed.
fn until(reporter: &Reporter, what: &str, is_so: impl Fn(&ReporterStats) -> bool) {
    let step = Duration::from_micros(200);
    for _ in 0..LONG.as_micros() / step.as_micros() {
        if is_so(&reporter.stats()) {
            return;
        }
        thread::park_timeout(step);
    }
    panic!("not in time: {what}: {:?}", reporter.stats());
}

fn start(settings: ReporterSettings) -> Arc<Reporter> {
    Arc::new(Reporter::start(settings).expect("a spool"))
}

/// A guard that records with `reporter`.
fn guard(issuer: &TestIssuer, reporter: &Arc<Reporter>) -> Guard {
    Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW)).with_recorder(Arc::clone(reporter))
}

/// Decides on so many purchases, which bear the numbers from `from` on; all are allowed.
fn buy(guard: &Guard, token: &str, from: u32, count: u32) {
    for number in from..from + count {
        assert_eq!(guard.decide(token, &purchase(number)).reason(), Reason::Granted, "{number}");
    }
}

fn events(asked: &Asked) -> Vec<Value> {
    let body: Value = serde_json::from_str(&asked.body).expect("json");
    body["events"].as_array().expect("events").clone()
}

/// What an issuer answers that has everything on disk.
fn kept(asked: &Asked) -> Answer {
    Answer(200, "", json!({"accepted": events(asked).len(), "duplicates": 0, "conflicts": 0}).to_string())
}

fn amount(event: &Value) -> Option<u64> {
    event["attributes"]["amount"].as_u64()
}

/// The amounts of the purchases that were delivered, in order.
fn amounts<'a>(asked: impl IntoIterator<Item = &'a Asked>) -> Vec<u64> {
    asked.into_iter().flat_map(events).filter_map(|event| amount(&event)).collect()
}

/// The events as they were reported, to the letter.
fn texts(asked: &Asked) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Body {
        events: Vec<Box<RawValue>>,
    }
    let body: Body = serde_json::from_str(&asked.body).expect("json");
    body.events.iter().map(|event| event.get().to_owned()).collect()
}

/// Whether every event has the number and the hash that follow from the one before, gaps taken as what they stand for.
fn is_whole(texts: &[String]) -> bool {
    texts.windows(2).all(|pair| {
        let [before, event] = [0, 1].map(|n| serde_json::from_str::<Value>(&pair[n]).expect("json"));
        let numbers = event["gap"]["count"].as_u64().unwrap_or(1);
        let hash = jose::encode(Sha256::digest(&pair[0]));
        event["previous"] == *hash && event["seq"].as_u64() == before["seq"].as_u64().map(|seq| seq + numbers)
    })
}

#[test]
fn decisions_arrive_as_they_were_answered_under_the_reporters_own_name() {
    let place = place();
    let server = Server::start(kept);
    let issuer = TestIssuer::new();
    let token = issuer.passport_of("agent_shop");
    let passport = ReporterPassport::read(&token).expect("a passport");
    let reporter = start(ReporterSettings::new(server.url(), passport, place.path()).with_clock(HandClock::at(NOW)));
    assert_eq!(reporter.id(), "agent_shop");
    let guard = guard(&issuer, &reporter);
    let (bought, refused) = (purchase(1), purchase(501));
    let first = serde_json::to_value(guard.decide(issuer.passport(), &bought).record()).expect("json");
    let second = serde_json::to_value(guard.decide(issuer.passport(), &refused).record()).expect("json");
    assert_eq!(reporter.flush(LONG), Ok(()));

    let asked = server.asked(1);
    assert_eq!(asked[0].line, "POST /v1/audit/events");
    assert_eq!(asked[0].header("authorization"), Some(format!("Bearer {token}").as_str()));
    assert_eq!(asked[0].header("content-type"), Some("application/json"));
    let arrived: Vec<Value> = asked.iter().flat_map(events).collect();
    assert!(arrived[0]["previous"].is_null() && is_whole(&texts(&asked[0])));
    for (number, (event, decided)) in (0_u64..).zip(arrived.iter().zip([first, second])) {
        let mut members = event.clone();
        let members = members.as_object_mut().expect("an object");
        let seq = members.remove("seq").expect("a number");
        members.remove("previous").expect("the hash of the one before");
        assert_eq!(members.remove("engine"), Some(concat!("passport-verifier/", env!("CARGO_PKG_VERSION")).into()));
        assert_eq!((seq.as_u64(), Value::Object(members.clone())), (Some(1_700_000_100_000_000 + number), decided));
    }
    assert_eq!(asked[0].header("content-encoding"), Some("gzip"));
    let body: Value = serde_json::from_str(&asked[0].body).expect("json");
    assert_eq!(body["reporter"], "agent_shop");
    let stats = reporter.stats();
    assert_eq!((stats.sent, stats.waiting, stats.dropped, stats.rejected, stats.last_error), (2, 0, 0, 0, None));
    assert_eq!((stats.queued, stats.gaps, stats.writable, stats.oldest_waiting), (0, 0, true, None));
}

#[test]
fn an_issuer_that_was_down_gets_everything_once_and_in_order() {
    let place = place();
    let server = Server::away(kept);
    let issuer = TestIssuer::new();
    let reporter = start(settings(&place, server.url()).with_batch(7, 1 << 20));
    let guard = guard(&issuer, &reporter);
    buy(&guard, &issuer.passport(), 0, 50);
    assert_eq!(reporter.flush(Duration::from_millis(50)), Err(Unsent { count: 50 }));
    until(&reporter, "all is on disk, and has been tried", |stats| stats.queued == 0 && stats.failed_attempts > 0);
    let stats = reporter.stats();
    assert_eq!((stats.waiting, stats.sent, stats.dropped, stats.oldest_waiting), (50, 0, 0, Some(0)));
    assert!(stats.spool_bytes > 0 && stats.spool_bytes < 50 * 150, "{stats:?}");
    assert!(stats.last_error.is_some(), "{stats:?}");

    server.is_back();
    assert_eq!(reporter.flush(LONG), Ok(()));
    buy(&guard, &issuer.passport(), 50, 50);
    assert_eq!(reporter.shutdown(LONG), Ok(()));
    let asked = server.asked(1);
    assert_eq!(amounts(&asked), (0..100).collect::<Vec<_>>());
    assert!(asked.iter().all(|asked| events(asked).len() <= 7));
    let sequence: Vec<_> = asked.iter().flat_map(events).map(|event| event["seq"].as_u64().expect("a number")).collect();
    assert!(sequence.windows(2).all(|pair| pair[1] == pair[0] + 1), "{sequence:?}");
    assert_eq!((reporter.stats().sent, reporter.stats().waiting), (100, 0));
}

#[test]
fn a_delivery_whose_answer_was_lost_is_repeated_to_the_letter() {
    let place = place();
    let failures = AtomicUsize::new(0);
    let server = Server::start(move |asked| match failures.fetch_add(1, Ordering::SeqCst) {
        0 => Answer(502, "", String::new()),
        1 => Answer(200, "", "<html>".into()),
        2 => Answer(401, "", r#"{"code":"expired"}"#.into()),
        3 => Answer(307, "Location: http://127.0.0.1:1/\r\n", String::new()),
        4 => Answer(429, "Retry-After: 0\r\n", String::new()),
        _ => Answer(200, "", json!({"accepted": 0, "duplicates": events(asked).len(), "conflicts": 0}).to_string()),
    });
    let issuer = TestIssuer::new();
    let reporter = start(settings(&place, server.url()));
    buy(&guard(&issuer, &reporter), &issuer.passport(), 0, 1);
    assert_eq!(reporter.flush(LONG), Ok(()));
    let asked = server.asked(6);
    assert!(asked.iter().all(|other| other.body == asked[0].body && other.line == asked[0].line));
    let stats = reporter.stats();
    assert_eq!((asked.len(), stats.failed_attempts, stats.sent, stats.duplicates, stats.rejected), (6, 5, 1, 1, 0));
    assert_eq!(stats.last_error.as_deref(), Some("the issuer answered 429"));
}

#[test]
fn bytes_are_bounded_as_well_as_decisions() {
    let server = Server::start(kept);
    let issuer = TestIssuer::new();
    let token = issuer.passport();
    let request = |note: usize| purchase(1).with("note", "x".repeat(note));
    let narrow_place = place();
    let reporter = start(settings(&narrow_place, server.url()).with_batch(1_000, 4_096));
    let narrow = guard(&issuer, &reporter);
    let (fits, large) = (request(900), request(3_000));
    assert_eq!(narrow.decide(&token, &large).reason(), Reason::AuditUnavailable, "larger than a batch");
    for _ in 0..3 {
        assert_eq!(narrow.decide(&token, &fits).reason(), Reason::Granted);
    }
    assert_eq!(reporter.shutdown(LONG), Ok(()));
    let delivered: Vec<_> = server.asked(3).iter().map(|asked| (asked.body.len() <= 4_096, events(asked).len() <= 2)).collect();
    assert!(delivered.iter().all(|fits| *fits == (true, true)), "{delivered:?}");
    let stats = reporter.stats();
    assert_eq!((stats.sent, stats.dropped, stats.gaps), (3, 1, 1), "the one that was too large is told of");

    let full_place = place();
    let full = start(settings(&full_place, server.url()).with_capacity(1_000, 1_000));
    let refused = guard(&issuer, &full);
    assert_eq!(refused.decide(&token, &fits).reason(), Reason::AuditUnavailable, "more than may wait");
}

#[test]
fn one_decision_that_the_issuer_refuses_takes_no_other_with_it() {
    let place = place();
    let server = Server::start(|asked| match amounts([asked]).contains(&13) {
        true => Answer(422, "", r#"{"code":"invalid_body"}"#.into()),
        false => kept(asked),
    });
    let issuer = TestIssuer::new();
    let refused = Arc::new(Mutex::new(Vec::new()));
    let take = Arc::clone(&refused);
    // Nothing is sent before all are there.
    let patient = settings(&place, server.url()).with_linger(LONG).with_batch(20, 1 << 20);
    let reporter = start(patient.on_rejected(move |record| take.lock().expect("lock").push(record.clone())));
    buy(&guard(&issuer, &reporter), &issuer.passport(), 0, 20);
    assert_eq!(reporter.shutdown(LONG), Ok(()));

    let asked = server.asked(1);
    let taken = || asked.iter().filter(|asked| !amounts([*asked]).contains(&13));
    let arrived: Vec<Value> = taken().flat_map(events).collect();
    assert_eq!(arrived.iter().filter_map(amount).collect::<Vec<_>>(), (0..20).filter(|number| *number != 13).collect::<Vec<_>>());
    assert!(is_whole(&taken().flat_map(texts).collect::<Vec<_>>()), "a gap record is in its place: {arrived:?}");
    assert_eq!((&arrived[13]["gap"]["why"], &arrived[13]["gap"]["count"]), (&"refused".into(), &1.into()));
    let stats = reporter.stats();
    assert_eq!((stats.sent, stats.rejected, stats.waiting, stats.gaps), (19, 1, 0, 1));
    assert_eq!(stats.last_error.as_deref(), Some("the issuer answered 422 (`invalid_body`)"));
    let refused = refused.lock().expect("lock");
    assert_eq!((refused.len(), refused[0].seq), (1, 1_700_000_100_000_013));
    let record: Value = serde_json::from_str(&refused[0].json).expect("json");
    assert_eq!((&record["attributes"]["amount"], &record["allowed"]), (&13.into(), &true.into()));
}

#[test]
fn after_a_shutdown_nothing_is_taken_and_what_was_not_sent_is_kept() {
    let place = place();
    let issuer = TestIssuer::new();
    let reporter = start(settings(&place, nowhere()));
    let guard = guard(&issuer, &reporter);
    let token = issuer.passport();
    buy(&guard, &token, 0, 4);
    assert_eq!(reporter.shutdown(Duration::from_millis(20)), Err(Unsent { count: 4 }));
    let more = purchase(1);
    assert_eq!(guard.decide(&token, &more).reason(), Reason::AuditUnavailable);
    assert_eq!((reporter.stats().dropped, reporter.stats().waiting), (1, 4));

    let server = Server::start(kept);
    let next = start(settings(&place, server.url()));
    assert_eq!(next.flush(LONG), Ok(()));
    assert_eq!(amounts(&server.asked(1)), [0, 1, 2, 3]);
}

#[test]
fn a_fresh_passport_of_the_same_agent_takes_over_and_no_other() {
    let place = place();
    let issuer = TestIssuer::new();
    let (old, new) = (issuer.passport_of("agent_shop"), TestIssuer::new().passport_of("agent_shop"));
    let valid = format!("Bearer {new}");
    let server = Server::start(move |asked| match asked.header("authorization") == Some(valid.as_str()) {
        true => kept(asked),
        false => Answer(401, "", r#"{"code":"expired"}"#.into()),
    });
    let read = |token: &str| ReporterPassport::read(token).expect("a passport");
    // After the first failure it would wait for long.
    let patient = ReporterSettings::new(server.url(), read(&old), place.path()).with_linger(SHORT).with_waits(LONG * 10, LONG * 10);
    let reporter = start(patient.with_randomness(FixedRandomness([0xff; 10])));
    buy(&guard(&issuer, &reporter), &issuer.passport(), 0, 1);
    server.asked(1);
    let other = reporter.replace_passport(read(&issuer.passport_of("agent_other"))).expect_err("another reporter");
    assert_eq!(other.to_string(), "this passport is of `agent_other`, and the reporter is `agent_shop`; start another reporter for it");
    assert_eq!(reporter.replace_passport(read(&new)), Ok(()));
    server.asked(2);
    assert_eq!(reporter.flush(LONG), Ok(()));
    assert_eq!(reporter.stats().sent, 1);
}

#[test]
fn an_issuer_that_asks_to_be_left_alone_is_left_alone() {
    let place = place();
    let server = Server::start(|_| Answer(429, "Retry-After: 600\r\n", String::new()));
    let issuer = TestIssuer::new();
    let reporter = start(settings(&place, server.url()));
    buy(&guard(&issuer, &reporter), &issuer.passport(), 0, 1);
    server.asked(1);
    assert_eq!(reporter.flush(Duration::from_millis(50)), Err(Unsent { count: 1 }), "not even a flush cuts it short");
    assert_eq!(server.asked(1).len(), 1);
}

#[test]
fn an_issuer_that_does_not_answer_in_time_has_not_answered() {
    let place = place();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("an address");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let issuer = TestIssuer::new();
    let reporter = start(settings(&place, url.parse().expect("a url")).with_timeout(Duration::from_millis(20)));
    buy(&guard(&issuer, &reporter), &issuer.passport(), 0, 1);
    until(&reporter, "a delivery failed", |stats| stats.failed_attempts > 0);
    assert_eq!((reporter.stats().waiting, reporter.stats().sent), (1, 0));
}

#[test]
fn the_reporters_passport_is_never_shown() {
    let place = place();
    let token = TestIssuer::new().passport_of("agent_shop");
    let passport = ReporterPassport::read(&token).expect("a passport");
    // What echoes the header cannot bring it into an error.
    let server = Server::start(|asked| {
        let echo = asked.header("authorization").unwrap_or_default();
        Answer(500, "", json!({"code": echo, "detail": echo, "title": echo}).to_string())
    });
    let settings = ReporterSettings::new(server.url(), passport.clone(), place.path()).with_linger(SHORT).with_waits(SHORT, SHORT);
    let shown_settings = format!("{settings:?}");
    let reporter = start(settings);
    let issuer = TestIssuer::new();
    buy(&guard(&issuer, &reporter), &issuer.passport(), 0, 1);
    server.asked(2);
    let unread = ReporterPassport::read(&format!("{token}x")).expect_err("not a passport");
    let shown = format!("{shown_settings} {passport:?} {passport:#?} {reporter:?} {:?} {unread} {unread:?}", reporter.stats());
    assert!(shown.contains("agent_shop"), "{shown}");
    for part in token.split('.') {
        assert!(!shown.contains(part), "a part of the token is shown in {shown}");
    }
}

#[test]
fn numbers_rise_from_start_to_start() {
    assert_eq!(first_seq(NOW), 1_700_000_100_000_000);
    assert!(first_seq(NOW + 1) > first_seq(NOW) + 999_999);
    assert_eq!(first_seq(-1), 0);
    // Every number is one that a JSON reader with doubles can tell from its neighbours.
    assert!(first_seq(9_000_000_000) < 1 << 53);
}
