//! What the spool keeps, and what becomes of it when the disk or the process does not do its part.
#![expect(clippy::disallowed_methods, reason = "what is tested is files")]

use std::fs;
use std::path::Path;
use std::sync::mpsc;

use super::*;
use crate::guard::RecordError;

/// What a spool would deliver, each as it is reported. The reader is one of its own, on a copy.
fn held(place: &Path) -> (Vec<String>, u64) {
    let copy = super::place();
    for entry in fs::read_dir(place).expect("a directory") {
        let entry = entry.expect("an entry");
        if entry.file_name() != "lock" {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("copied");
        }
    }
    delivered(&copy, |_| ())
}

/// Opens the spool in `place` and delivers all of it. Gives the events, and how many gaps were made for it.
fn delivered(place: &TempDir, change: impl FnOnce(&Reporter)) -> (Vec<String>, u64) {
    let server = Server::start(kept);
    let reporter = start(settings(place, server.url()));
    change(&reporter);
    assert_eq!(reporter.shutdown(LONG), Ok(()));
    let gaps = reporter.stats().gaps;
    (server.asked(0).iter().flat_map(texts).collect(), gaps)
}

fn numbers(texts: &[String]) -> Vec<u64> {
    texts.iter().filter_map(|text| amount(&serde_json::from_str(text).expect("json"))).collect()
}

/// A spool with so many purchases in each of so many runs.
fn filled(place: &TempDir, runs: u32, each: u32) {
    let issuer = TestIssuer::new();
    for run in 0..runs {
        let reporter = start(settings(place, nowhere()));
        let guard = guard(&issuer, &reporter);
        for number in 0..each {
            let before = reporter.spool.holdings().durable;
            buy(&guard, &issuer.passport(), run * each + number, 1);
            // A block for each: the next is not decided before this one is on disk.
            reporter.intake.wake();
            let written = reporter.control.wait_for_progress(LONG, |state| state.durable <= before).durable;
            assert_eq!(written, before + 1);
        }
    }
}

fn segments(place: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(place).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "segment"));
    paths.sort();
    paths
}

#[test]
fn numbers_and_hashes_go_on_from_run_to_run() {
    let place = place();
    let mut all = Vec::new();
    for run in 0..3 {
        let issuer = TestIssuer::new();
        let (texts, _) = delivered(&place, |reporter| {
            for number in 0..5 {
                let request = purchase(run * 5 + number).identified(format!("r{run}_{number}"));
                assert!(matches!(reporter.record(&issuer.verifier().decide(issuer.passport(), &request, NOW)), Ok(Recorded::Done)));
            }
        });
        all.extend(texts);
    }
    assert_eq!(numbers(&all), (0..15).collect::<Vec<_>>());
    assert!(is_whole(&all) && all[0].contains(r#""seq":1700000100000000,"previous":null,"#), "{all:?}");
}

#[test]
fn what_a_dropped_reporter_had_taken_is_in_its_spool() {
    let place = place();
    filled(&place, 3, 7);
    let (texts, gaps) = held(place.path());
    assert_eq!((numbers(&texts), gaps), ((0..21).collect(), 0));
    assert!(is_whole(&texts));
    assert_eq!(spooled_events(place.path(), "agent_shop").expect("readable"), texts, "and can be looked at");
}

/// Everything in a directory, to the letter.
fn contents(place: &Path) -> std::collections::BTreeMap<std::ffi::OsString, Vec<u8>> {
    let entries = fs::read_dir(place).expect("a directory").map(|entry| entry.expect("an entry"));
    entries.map(|entry| (entry.file_name(), fs::read(entry.path()).expect("read"))).collect()
}

#[test]
fn a_look_says_what_waits_and_what_is_damaged_and_changes_nothing() {
    let place = place();
    assert_eq!(look_into_spool(place.path()).expect("a look"), None, "there is none");
    filled(&place, 2, 5);
    let look = || {
        let before = contents(place.path());
        let summary = look_into_spool(place.path()).expect("a look").expect("a spool");
        assert_eq!(contents(place.path()), before, "nothing is changed");
        summary
    };
    let whole = look();
    assert_eq!((whole.reporter.as_str(), whole.waiting, whole.segments, whole.damaged), ("agent_shop", 10, 2, 0));
    assert_eq!(whole.oldest_at, Some(NOW));
    let bytes: usize =
        contents(place.path()).iter().filter(|(name, _)| name.to_string_lossy().ends_with("segment")).map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(whole.bytes, u64::try_from(bytes).expect("few"));
    // In use it can be looked at as well.
    let reporter = start(settings(&place, nowhere()));
    assert_eq!(look_into_spool(place.path()).expect("a look").expect("a spool").waiting, 10);
    drop(reporter);

    let (first, last) = (segments(place.path()).remove(0), segments(place.path()).remove(1));
    let sound = fs::read(&first).expect("read");
    let second_block = (1..sound.len()).filter(|at| sound[*at..].starts_with(b"PPB1")).nth(1).expect("blocks");
    for at in [second_block + 5, second_block + 60] {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x10;
        fs::write(&first, &damaged).expect("written");
        assert_eq!((look().waiting, look().damaged), (10, 1), "damaged at {at}");
    }
    fs::write(&first, &sound).expect("written");
    let end = fs::read(&last).expect("read");
    fs::write(&last, &end[..end.len() - 1]).expect("written");
    assert_eq!((look().waiting, look().damaged), (9, 0), "a torn end was promised to nobody");
    fs::write(place.path().join("cursor"), b"PPC1").expect("written");
    assert!(look_into_spool(place.path()).is_err_and(|error| error.to_string().contains("the cursor is not sound")));
}

#[test]
fn what_the_issuer_has_does_not_wait_in_a_look() {
    let place = place();
    filled(&place, 1, 3);
    delivered(&place, |_| ());
    let summary = look_into_spool(place.path()).expect("a look").expect("a spool");
    assert_eq!((summary.waiting, summary.oldest_at, summary.damaged), (0, None, 0));
}

#[test]
fn a_torn_end_is_cut_and_nothing_before_it_is_lost() {
    let place = place();
    filled(&place, 1, 4);
    let segment = segments(place.path()).pop().expect("a segment");
    let whole = fs::read(&segment).expect("read");
    let mut counts = Vec::new();
    for length in (0..=whole.len()).rev().step_by(41) {
        fs::write(&segment, &whole[..length]).expect("written");
        let (texts, gaps) = held(place.path());
        let count = u64::try_from(texts.len()).expect("few");
        assert_eq!((numbers(&texts), gaps), ((0..count).collect(), 0), "cut at {length}");
        assert!(is_whole(&texts));
        counts.push(count);
    }
    counts.dedup();
    assert_eq!(counts, [4, 3, 2, 1, 0]);
    // The number of what was cut was promised to nobody, and is given again.
    fs::write(&segment, &whole[..whole.len() - 1]).expect("written");
    let issuer = TestIssuer::new();
    let (texts, _) = delivered(&place, |reporter| {
        let request = purchase(9).identified("r");
        let _ = reporter.record(&issuer.verifier().decide(issuer.passport(), &request, NOW));
    });
    assert_eq!(numbers(&texts), [0, 1, 2, 9]);
    assert!(is_whole(&texts));
}

#[test]
fn what_is_damaged_becomes_a_gap_and_the_gap_stays_the_same() {
    let place = place();
    filled(&place, 2, 5);
    let segment = segments(place.path()).remove(0);
    let whole = fs::read(&segment).expect("read");
    // Where each block stands.
    let starts: Vec<usize> = (0..whole.len()).filter(|at| whole[*at..].starts_with(b"PPB1")).collect();
    assert_eq!(starts.len(), 5, "a block for each");
    for at in [starts[1] + 5, starts[1] + 60, starts[2] - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&segment, &damaged).expect("written");
        let (texts, gaps) = held(place.path());
        assert_eq!((numbers(&texts), gaps), (vec![0, 2, 3, 4, 5, 6, 7, 8, 9], 1), "damaged at {at}");
        assert!(is_whole(&texts), "{texts:?}");
        let gap: Value = serde_json::from_str(&texts[1]).expect("json");
        let time = "2023-11-14T22:15:00Z";
        assert_eq!(gap["gap"], json!({"from": time, "to": time, "count": 1, "why": "damaged"}));
        assert!(gap["outcome"].is_null() && gap["requestId"].is_string() && gap["evaluatedAt"] == time, "{gap}");
    }
    // All of the first run but its first event, and the gap is the same however often it is sent.
    let mut damaged = whole;
    for start in &starts[1..] {
        damaged[start + 55] ^= 1;
    }
    fs::write(&segment, &damaged).expect("written");
    let refusing = Server::start(|_| Answer(503, "", String::new()));
    let reporter = start(settings(&place, refusing.url()).with_randomness(FixedRandomness([7; 10])));
    let first: Vec<String> = texts(&refusing.asked(1)[0]);
    drop(reporter);
    let (second, _) = delivered(&place, |_| ());
    assert_eq!(first, second);
    assert_eq!(numbers(&second), [0, 5, 6, 7, 8, 9]);
    assert!(second[1].contains(r#""count":4"#) && is_whole(&second), "{second:?}");
}

#[test]
fn a_segment_that_is_gone_or_has_lost_its_head_is_a_gap_as_well() {
    let place = place();
    filled(&place, 3, 2);
    let middle = segments(place.path()).remove(1);
    let whole = fs::read(&middle).expect("read");
    fs::write(&middle, b"PPS1 is no header of any segment, nor is this").expect("written");
    let (texts, gaps) = held(place.path());
    assert_eq!((numbers(&texts), gaps, is_whole(&texts)), (vec![0, 1, 4, 5], 1, true));
    fs::remove_file(&middle).expect("removed");
    let (texts, gaps) = held(place.path());
    assert_eq!((numbers(&texts), gaps, is_whole(&texts)), (vec![0, 1, 4, 5], 1, true));
    fs::write(&middle, &whole).expect("written");
    assert_eq!(numbers(&held(place.path()).0), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_spool_is_of_one_process_and_of_one_reporter() {
    let place = place();
    let reporter = start(settings(&place, nowhere()));
    let error = Reporter::start(settings(&place, nowhere())).expect_err("in use");
    assert!(error.to_string().ends_with("is in use by another process; give each process a directory of its own"), "{error}");
    drop(reporter);
    let other = ReporterPassport::read(&TestIssuer::new().passport_of("agent_other")).expect("a passport");
    let error = Reporter::start(ReporterSettings::new(nowhere(), other, place.path())).expect_err("another reporter");
    assert!(error.to_string().contains("is of `agent_shop`, and the passport is of `agent_other`"), "{error}");
    drop(start(settings(&place, nowhere())));
}

#[test]
fn a_spool_that_does_not_know_what_the_issuer_has_is_not_opened() {
    let place = place();
    filled(&place, 1, 1);
    let damaged = |what: &str| {
        let error = Reporter::start(settings(&place, nowhere())).expect_err("damaged");
        assert!(error.to_string().contains(what) && error.to_string().contains("move the directory away"), "{error}");
    };
    let cursor = fs::read(place.path().join("cursor")).expect("read");
    fs::write(place.path().join("cursor"), b"nothing").expect("written");
    damaged("the cursor is not sound");
    fs::remove_file(place.path().join("cursor")).expect("removed");
    damaged("the cursor is missing");
    fs::write(place.path().join("cursor"), cursor).expect("written");
    fs::write(place.path().join("spool.json"), b"{}").expect("written");
    damaged("`spool.json`");
}

#[test]
fn what_the_issuer_has_makes_room() {
    let place = place();
    let server = Server::start(kept);
    let reporter = start(settings(&place, server.url()).with_quota(1 << 20));
    let issuer = TestIssuer::new();
    let guard = guard(&issuer, &reporter);
    let token = issuer.passport();
    for round in 0..8 {
        for number in 0..40 {
            assert!(guard.decide(&token, &bulky(round * 40 + number)).is_allowed());
        }
        assert_eq!(reporter.flush(LONG), Ok(()));
        let stats = reporter.stats();
        assert!(stats.spool_bytes <= 1 << 20 && segments(place.path()).len() <= 8, "{stats:?}");
    }
    assert_eq!((reporter.stats().sent, reporter.stats().waiting, reporter.stats().write_errors), (320, 0, 0));
}

/// A purchase of some 6 KB that do not compress.
fn bulky(number: u32) -> Request {
    let note: String = (0..150).map(|n| jose::encode(Sha256::digest(format!("{number} {n}")))).collect();
    purchase(1).with("a", note.split_at(4_000).0).with("b", note.split_at(2_400).1)
}

/// Decides until the spool is full, and a little more. Gives how many were allowed, and how many were not.
fn until_full(guard: &Guard, reporter: &Reporter, token: &str) -> (u64, u64) {
    let mut counts = (0, 0);
    let mut decide = |request: &Request| match guard.decide(token, request).is_allowed() {
        true => counts.0 += 1,
        false => counts.1 += 1,
    };
    let full = (0..2_000).find(|number| {
        // The spool can be found to be full just before a decision, and so before it is looked at here.
        decide(&bulky(*number));
        until(reporter, "what was taken is written, or cannot be", |stats| stats.queued == 0 || !stats.writable);
        !reporter.stats().writable
    });
    assert!(full.is_some(), "the spool did not fill up: {:?}", reporter.stats());
    for _ in 0..10 {
        decide(&purchase(1));
    }
    counts
}

#[test]
fn a_full_spool_denies_what_it_would_allow_and_tells_of_it_later() {
    let place = place();
    let server = Server::away(kept);
    let reporter = start(settings(&place, server.url()).with_quota(1 << 20));
    let issuer = TestIssuer::new();
    let guard = guard(&issuer, &reporter);
    let (token, request, over) = (issuer.passport(), purchase(1), purchase(501));
    let (allowed, denied) = until_full(&guard, &reporter, &token);
    let decision = guard.decide(&token, &request);
    assert_eq!((decision.outcome(), decision.reason()), (Outcome::Deny, Reason::AuditUnavailable));
    assert_eq!(guard.decide(&token, &over).reason(), Reason::ConstraintUnmet);
    let stats = reporter.stats();
    let dropped = denied + 2;
    assert_eq!((stats.dropped, guard.unrecorded()), (dropped, dropped), "{stats:?}");
    assert!(stats.last_error.is_some() && stats.spool_bytes <= 1 << 20, "{stats:?}");

    server.is_back();
    until(&reporter, "there is room again", |stats| stats.writable);
    assert!(guard.decide(&token, &request).is_allowed(), "there is room again");
    assert_eq!(reporter.flush(LONG), Ok(()));
    let texts: Vec<String> = server.asked(1).iter().flat_map(texts).collect();
    assert!(is_whole(&texts));
    assert_eq!(u64::try_from(numbers(&texts).len()), Ok(allowed + 1), "what was allowed was reported");
    let gaps: Vec<Value> =
        texts.iter().filter(|text| text.contains(r#""gap":"#)).map(|text| serde_json::from_str(text).expect("json")).collect();
    assert_eq!((gaps.len(), &gaps[0]["gap"]["count"], &gaps[0]["gap"]["why"]), (1, &dropped.into(), &"spool_unwritable".into()));
}

#[test]
fn nobody_who_waits_for_the_disk_is_left_to_wait_until_a_full_spool_has_room() {
    let place = place();
    let server = Server::away(kept);
    let reporter = start(settings(&place, server.url()).with_quota(1 << 20).with_delivery(Delivery::SpoolFirst));
    let (verifier, token) = (TestIssuer::new().verifier(), TestIssuer::new().passport());
    let requests: Vec<_> = (0..400).map(|number| bulky(number).identified(format!("r{number}"))).collect();
    let decisions: Vec<_> = requests.iter().map(|request| verifier.decide(&token, request, NOW)).collect();
    // Taken faster than they can be written, so that many are queued when there is no room any more.
    let tickets: Vec<_> = decisions.iter().filter_map(|decision| reporter.record(decision).ok()).collect();
    let (tell, told) = mpsc::channel();
    let taken = tickets.len();
    let wait = move || {
        for recorded in tickets {
            let Recorded::Pending(ticket) = recorded else { panic!("it does not wait for the disk") };
            tell.send(ticket.wait()).expect("somebody listens");
        }
    };
    let _waiting = thread::Builder::new().spawn(wait).expect("a thread");
    let mut kept = 0;
    for number in 0..taken {
        match told.recv_timeout(LONG) {
            Ok(Ok(())) => kept += 1,
            Ok(Err(error)) => {
                let stats = reporter.stats();
                assert!(matches!(error, RecordError::Failed(_)) && !stats.writable && stats.last_error.is_some(), "{error}: {stats:?}");
            }
            Err(_) => panic!("number {number} of {taken} waits still: {:?}", reporter.stats()),
        }
    }
    assert!(kept > 0 && kept < taken, "{kept} of {taken}");

    server.is_back();
    until(&reporter, "there is room again", |stats| stats.writable);
    assert_eq!(reporter.shutdown(LONG), Ok(()));
    let texts: Vec<String> = server.asked(1).iter().flat_map(texts).collect();
    assert!(is_whole(&texts));
    let told: u64 = texts.iter().filter_map(|text| serde_json::from_str::<Value>(text).expect("json")["gap"]["count"].as_u64()).sum();
    let events = numbers(&texts).len();
    assert!(events >= kept, "what was said to be on disk was reported");
    let missing = u64::try_from(400 - events).expect("few");
    assert_eq!((told, reporter.stats().dropped), (missing, missing), "and of the others it was told");
}

#[test]
fn best_effort_keeps_deciding_and_its_gap_says_what_was_dropped() {
    let place = place();
    let server = Server::away(kept);
    let best_effort = settings(&place, server.url()).with_quota(1 << 20).with_capacity(4, 1 << 20).with_delivery(Delivery::BestEffort);
    let reporter = start(best_effort);
    let issuer = TestIssuer::new();
    let guard = guard(&issuer, &reporter);
    let token = issuer.passport();
    let (allowed, denied) = until_full(&guard, &reporter, &token);
    assert_eq!(denied, 0, "it keeps deciding");
    let dropped = reporter.stats().dropped;
    assert!(dropped >= 6, "four wait in the queue: {:?}", reporter.stats());
    server.is_back();
    until(&reporter, "there is room again", |stats| stats.writable);
    assert_eq!(reporter.flush(LONG), Ok(()));
    let texts: Vec<String> = server.asked(1).iter().flat_map(texts).collect();
    assert!(is_whole(&texts));
    let told: u64 = texts.iter().filter_map(|text| serde_json::from_str::<Value>(text).expect("json")["gap"]["count"].as_u64()).sum();
    assert_eq!((told, u64::try_from(numbers(&texts).len())), (dropped, Ok(allowed - dropped)), "all were allowed");
    assert_eq!(guard.unrecorded(), 0, "it is as the policy wants it");
}

#[test]
fn spool_first_answers_once_it_is_on_disk() {
    let place = place();
    let reporter = start(settings(&place, nowhere()).with_delivery(Delivery::SpoolFirst));
    let issuer = TestIssuer::new();
    let guard = guard(&issuer, &reporter);
    let (token, over) = (issuer.passport(), purchase(501));
    for number in 0..5 {
        buy(&guard, &token, number * 2, 1);
        assert_eq!(guard.decide(&token, &over).reason(), Reason::ConstraintUnmet, "denials wait as well");
        let (texts, _) = held(place.path());
        assert_eq!(texts.len(), usize::try_from(number * 2 + 2).expect("few"), "the copy of what is on disk has it");
    }
}

#[test]
fn a_directory_that_cannot_be_made_says_where_and_why() {
    let place = place();
    let file = place.path().join("file");
    fs::write(&file, b"").expect("written");
    let passport = ReporterPassport::read(&TestIssuer::new().passport_of("agent_shop")).expect("a passport");
    let error = Reporter::start(ReporterSettings::new(nowhere(), passport, file.join("spool"))).expect_err("no directory");
    assert!(error.to_string().contains("/file/spool` cannot be opened: "), "{error}");
}

/// A file system of its own, of 2 MiB, as long as it lives.
#[cfg(target_os = "linux")]
struct SmallDisk(TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    /// `None` where this process may not mount one.
    fn mount() -> Option<Self> {
        let place = place();
        let mount = std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(place.path()).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(place))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_denies_until_there_is_room_and_loses_nothing_that_was_allowed() {
    let Some(disk) = SmallDisk::mount() else {
        let must = std::env::var_os("CI").is_some();
        assert!(!must, "in CI this test has to be able to mount a tmpfs");
        return eprintln!("skipped: a tmpfs cannot be mounted here, so that no disk can be filled up");
    };
    let server = Server::start(kept);
    for delivery in [Delivery::Background, Delivery::SpoolFirst] {
        let ballast = disk.0.path().join("ballast");
        let reporter = start(settings(&disk.0, server.url()).with_delivery(delivery));
        let issuer = TestIssuer::new();
        let guard = guard(&issuer, &reporter);
        let token = issuer.passport();
        let before = server.asked(0).iter().flat_map(texts).count();
        assert!(guard.decide(&token, &purchase(0)).is_allowed());
        assert_eq!(reporter.flush(LONG), Ok(()));
        // Nothing is left of the disk.
        let _ = fs::write(&ballast, vec![0; 4 << 20]);
        let mut allowed = 1;
        let refusal = (1..2_000).find_map(|number| {
            let request = purchase(number % 500);
            let reason = guard.decide(&token, &request).reason();
            if reason != Reason::Granted {
                return Some(reason);
            }
            allowed += 1;
            until(&reporter, "what was taken is written, or cannot be", |stats| stats.queued == 0 || !stats.writable);
            None
        });
        assert_eq!(refusal, Some(Reason::AuditUnavailable), "{delivery}: {:?}", reporter.stats());
        let stats = reporter.stats();
        assert!(!stats.writable && stats.write_errors > 0, "{stats:?}");
        assert!(stats.last_error.is_some_and(|error| error.contains("cannot be written")));
        fs::remove_file(&ballast).expect("removed");
        until(&reporter, "there is room again", |stats| stats.writable);
        assert!(guard.decide(&token, &purchase(1)).is_allowed());
        assert_eq!(reporter.shutdown(LONG), Ok(()));
        let texts: Vec<String> = server.asked(0).iter().flat_map(texts).collect();
        assert!(is_whole(&texts), "{delivery}");
        let events = texts[before..].iter().filter(|text| !text.contains(r#""gap":"#)).count();
        // Of spool-first, one whose answer was a denial may be there: it says what was decided.
        let most = allowed + 1 + usize::from(delivery == Delivery::SpoolFirst);
        assert!((allowed + 1..=most).contains(&events), "{delivery}: {events} events of {allowed} and one allows");
    }
}

#[test]
fn what_a_recorder_says_names_what_to_do() {
    let error = RecordError::Full { waiting: 3 };
    assert_eq!(error.to_string(), "the queue of decisions is full: 3 wait to be written; see why they are not");
    assert_eq!("spool-first".parse(), Ok(Delivery::SpoolFirst));
    assert_eq!("best-effort".parse(), Ok(Delivery::BestEffort));
    assert_eq!(Delivery::default().to_string().parse(), Ok(Delivery::Background));
    let error = "bestEffort".parse::<Delivery>().expect_err("no delivery");
    assert_eq!(error.to_string(), "`bestEffort` is no delivery; choose `spool-first`, `background` or `best-effort`");
}

#[test]
fn the_newest_receipt_is_kept_beside_what_it_is_for() {
    let place = place();
    let server = Server::start(|asked| {
        let amount = events(asked).iter().filter_map(amount).max().expect("one");
        let mut answer = json!({"accepted": events(asked).len(), "duplicates": 0, "conflicts": 0});
        // The second answer has none.
        if amount != 2 {
            answer["receipt"] = json!(format!("receipt.{amount}.x"));
        }
        Answer(200, "", answer.to_string())
    });
    let issuer = TestIssuer::new();
    let passport = ReporterPassport::read(issuer.passport_of("agent_shop").as_str()).expect("a passport");
    let reporter = start(ReporterSettings::new(server.url(), passport, place.path()).with_clock(HandClock::at(NOW)));
    let guard = guard(&issuer, &reporter);
    for (number, kept) in [(1, "receipt.1.x"), (2, "receipt.1.x"), (3, "receipt.3.x")] {
        buy(&guard, &issuer.passport(), number, 1);
        assert_eq!(reporter.flush(LONG), Ok(()));
        assert_eq!(fs::read_to_string(place.path().join("receipt")).expect("there"), kept);
    }
}
