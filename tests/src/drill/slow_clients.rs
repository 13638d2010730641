//! `drill slow-clients`: thousands of connections that dribble their headers, and one client that asks as it should.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::{Campaign, Drill, Figures, Latencies};
use crate::process::{Client, Issuer};

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "slow-clients",
    about: "Opens connections that dribble their headers, and holds that an honest client's p99 does no more than double.",
    unit: "slow connections",
    long: 10_000,
    short: 1_000,
    run,
};

const UNDISTURBED: &str = "slow connections do not more than double an honest client's p99";
const SERVED: &str = "an honest client is answered, every time";

/// What an honest client asks in each part, and how often in a second.
const ASKED: u32 = 1_500;
const PACE: u32 = 75;

/// Calls of one part.
const PART: usize = 300;

/// Below this, double is still nothing that anybody notices, and all noise of the machine.
const FLOOR: Duration = Duration::from_millis(1);

/// So many send one after the other, without a pause: they are many clients, and no army in step.
const GROUP: usize = 8;

/// Each slow connection sends a byte as often.
const DRIBBLE: Duration = Duration::from_secs(5);

fn run(drill: &Drill) -> Figures {
    let folder = TempDir::new().expect("a folder");
    let issuer = Issuer::start(&folder.path().join("data"));
    let admin = issuer.admin();
    admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    drill.say("nobody else");
    let before = honest(drill, &issuer, &admin);
    let (stop, held, cut) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let crowded = thread::scope(|scope| {
        scope.spawn(|| dribble(drill, issuer.address(), &stop, &held, &cut));
        while held.load(Ordering::SeqCst) < drill.times() {
            thread::sleep(Duration::from_millis(10));
        }
        drill.say("in the crowd");
        let crowded = honest(drill, &issuer, &admin);
        stop.store(true, Ordering::SeqCst);
        crowded
    });
    drill.say("nobody else, again");
    let after = honest(drill, &issuer, &admin);
    let alone = p99(&before).max(p99(&after)).max(FLOOR);
    drill
        .expect(p99(&crowded) <= 2 * alone, UNDISTURBED, || format!("{:?}, alone {:?} and {:?}", p99(&crowded), p99(&before), p99(&after)));
    Figures::default()
        .with("slow_connections", held.load(Ordering::SeqCst))
        .with("cut_off_and_opened_again", cut.load(Ordering::SeqCst))
        .with_latencies("alone_before_ms", &before)
        .with_latencies("in_the_crowd_ms", &crowded)
        .with_latencies("alone_after_ms", &after)
}

/// The p99 of each part of the calls, and of those the median: what the machine did for a moment is in one part alone.
fn p99(latencies: &Latencies) -> Duration {
    let all: Vec<Duration> = latencies.iter().collect();
    let parts: Latencies = all.chunks(PART).filter_map(|part| part.iter().copied().collect::<Latencies>().quantile(0.99)).collect();
    parts.quantile(0.5).unwrap_or_default()
}

/// A client that asks on a connection of its own each time, at its pace.
fn honest(drill: &Drill, issuer: &Issuer, admin: &Client) -> Latencies {
    let mut latencies = Latencies::default();
    let request = format!(
        "GET /v1/agents/ollie HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        issuer.address(),
        admin.passport
    );
    let began = Instant::now();
    for number in 0..ASKED {
        thread::sleep((Duration::from_secs(1) * number / PACE).saturating_sub(began.elapsed()));
        let start = Instant::now();
        let answer = ask(issuer.address(), &request);
        latencies.push(start.elapsed());
        drill.expect(answer.as_deref().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ")), SERVED, || format!("{answer:?}"));
    }
    latencies
}

fn ask(address: &str, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Holds the slow connections open, each a byte further at a time, and opens again those that were cut off.
fn dribble(drill: &Drill, address: &str, stop: &AtomicBool, held: &AtomicU64, cut: &AtomicU64) {
    let open = || {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nonblocking(true).expect("nonblocking");
        let _ = (&stream).write(b"GET /v1/agents HTTP/1.1\r\nHost: x\r\nX-Slow: ");
        stream
    };
    let mut streams = Vec::new();
    for _ in 0..drill.times() {
        streams.push(open());
        held.fetch_add(1, Ordering::SeqCst);
        drill.step();
    }
    while !stop.load(Ordering::SeqCst) {
        let pause = DRIBBLE / u32::try_from(streams.len().div_ceil(GROUP).max(1)).expect("few");
        for group in streams.chunks_mut(GROUP) {
            for stream in group {
                let ended = stream.write(b"x").is_err() || !waits(stream);
                if ended {
                    cut.fetch_add(1, Ordering::SeqCst);
                    *stream = open();
                }
            }
            if stop.load(Ordering::SeqCst) {
                return;
            }
            thread::sleep(pause);
        }
    }
}

/// Whether the connection is there still, with nothing said.
fn waits(stream: &TcpStream) -> bool {
    matches!(stream.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}
