//! `passport audit tail -f`, in real processes.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use passport_tests::process::{Client, Ending, Issuer, passport};
use serde_json::{Value, json};

fn reporter(issuer: &Issuer) -> Client {
    let admin = issuer.admin();
    admin.post("/v1/agents", &json!({"agentId": "shop", "name": "shop"}));
    let grants = json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}]);
    let order = json!({"agentId": "shop", "audience": [issuer.url()], "grants": grants, "expiresIn": 3600});
    let passport = admin.post("/v1/passports", &order)["passport"].as_str().expect("a passport").to_owned();
    Client { passport, ..admin }
}

fn batch(number: i64) -> Value {
    let event =
        |seq: i64| json!({"seq": seq, "requestId": format!("r{seq}"), "outcome": "allow", "reason": "granted", "evaluatedAt": null});
    json!({"reporter": "shop", "events": (number * 10..number * 10 + 10).map(event).collect::<Vec<_>>()})
}

/// The issuer is killed while events come, over and over; who follows gets each event once, in its place.
#[test]
fn who_follows_the_log_misses_nothing_and_gets_nothing_twice_over_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut issuer = Issuer::start(&data);
    let address = issuer.address().to_owned();
    let reporter = reporter(&issuer);
    let mut tail = passport();
    tail.args(["audit", "tail", "-f", "--json", "--after", "0", "--url", &issuer.url(), "--passport-file"]);
    tail.arg(data.join("admin.passport")).stdout(Stdio::piped());
    let mut tail = Ending(tail.spawn().expect("it starts"));
    let lines = BufReader::new(tail.0.stdout.take().expect("an output")).lines();

    let (done, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let reporting = {
        let done = Arc::clone(&done);
        std::thread::spawn(move || {
            let mut number = 0;
            while !done.load(Ordering::SeqCst) {
                // What is not acknowledged is sent again, to the byte.
                match reporter.try_post("/v1/audit/events", &batch(number)) {
                    Some((200, _)) => number += 1,
                    _ => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        })
    };
    let following = {
        let seen = Arc::clone(&seen);
        std::thread::spawn(move || {
            for (line, expected) in lines.map_while(Result::ok).zip(1..) {
                let event: Value = serde_json::from_str(&line).expect("an event a line");
                assert_eq!(event["sequence"], expected, "none is missing and none comes twice");
                seen.store(expected, Ordering::SeqCst);
            }
        })
    };
    let until = |wanted: i64| {
        let deadline = std::time::Instant::now() + Duration::from_secs(120);
        while seen.load(Ordering::SeqCst) < wanted {
            assert!(!following.is_finished() && std::time::Instant::now() < deadline, "{} of {wanted}", seen.load(Ordering::SeqCst));
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    for _ in 0..3 {
        until(seen.load(Ordering::SeqCst) + 50);
        issuer.kill();
        issuer = Issuer::start_at(&data, &address);
    }
    until(seen.load(Ordering::SeqCst) + 50);
    done.store(true, Ordering::SeqCst);
    reporting.join().expect("it reported");
    let last = issuer.admin().get("/v1/audit/events?limit=1")["items"][0]["sequence"].as_i64().expect("a sequence");
    until(last);
    drop(tail);
    following.join().expect("each was in its place");
    assert!(issuer.stop());
}
