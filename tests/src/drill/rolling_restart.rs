//! `drill rolling-restart`: two issuers on one PostgreSQL are started again in turn, under load.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use passport_verifier::{Guard, RefreshSettings, Refresher, Request, Trust, Verifier};
use serde_json::json;

use super::setup::Site;
use super::{Campaign, Database, Drill, Figures, Latencies, Setup};
use crate::process::Client;

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "rolling-restart",
    about: "Restarts two issuers on one PostgreSQL in turn, under load: no verification fails and no write is lost.",
    unit: "restarts",
    long: 20,
    short: 4,
    run,
};

const NO_FALSE_DENY: &str = "a passport is decided on its grants while issuers are started again";
const KEPT: &str = "what was acknowledged is there, whichever issuer said so";
const SERVED: &str = "one issuer or the other answers a write within 5 s";
const ENDS: &str = "an issuer that is told to stop ends in order";

const SHOP: &str = "https://shop.example";

fn run(drill: &Drill) -> Figures {
    let site = Site::new(Setup { issuers: 2, database: Database::Postgres, ..drill.setup() });
    let mut issuers: Vec<_> = site.start_all().into_iter().map(Some).collect();
    let clients = [site.admin(0), site.admin(1)];
    clients[0].post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    let pin = super::ledger::keys(&clients[0].get("/v1/keys"), "active").remove(0);
    let (stop, tokens, ids) = (AtomicBool::new(false), Mutex::new(Vec::<String>::new()), Mutex::new(Vec::<String>::new()));
    // The first, so that its status list is known to who follows.
    write(&clients, 0, &tokens, &ids);
    let (writes, restarts, decisions) = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut latencies = Latencies::default();
            for turn in 0_usize.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let began = Instant::now();
                while !write(&clients, turn, &tokens, &ids) && began.elapsed() < Duration::from_secs(5) {
                    thread::sleep(Duration::from_millis(5));
                }
                latencies.push(began.elapsed());
                drill.expect(began.elapsed() < Duration::from_secs(5), SERVED, || format!("turn {turn}: {:?}", began.elapsed()));
                thread::sleep(Duration::from_millis(10));
            }
            latencies
        });
        let verifiers: Vec<_> = (0..2)
            .map(|number| {
                scope.spawn({
                    let (url, name, pin) = (site.url(number), site.issuer(), pin.clone());
                    let (stop, tokens) = (&stop, &tokens);
                    move || verify(drill, &url, &name, &pin, stop, tokens)
                })
            })
            .collect();
        let mut restarts = Latencies::default();
        for round in 0..drill.times() {
            let number = usize::try_from(round % 2).expect("two");
            drill.say(format!("issuer {number}"));
            thread::sleep(Duration::from_millis(500));
            let began = Instant::now();
            let ended = issuers[number].take().expect("it runs").stop();
            drill.expect(ended, ENDS, || format!("issuer {number}, round {round}"));
            issuers[number] = Some(site.start(number));
            restarts.push(began.elapsed());
            drill.step();
        }
        stop.store(true, Ordering::SeqCst);
        let decisions: u64 = verifiers.into_iter().map(|verifier| verifier.join().expect("no panic")).sum();
        (writer.join().expect("no panic"), restarts, decisions)
    });
    let there: std::collections::HashSet<String> =
        clients[1].list("/v1/passports").iter().filter_map(|passport| passport["passportId"].as_str().map(str::to_owned)).collect();
    let ids = ids.into_inner().expect("no panic");
    for id in &ids {
        drill.expect(there.contains(id), KEPT, || id.clone());
    }
    Figures::default()
        .with("written", ids.len())
        .with("decisions", decisions)
        .with_latencies("write_ms", &writes)
        .with_latencies("restart_ms", &restarts)
}

/// Issues one passport at one of the issuers, or at the other.
fn write(clients: &[Client; 2], turn: usize, tokens: &Mutex<Vec<String>>, ids: &Mutex<Vec<String>>) -> bool {
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
    let order = json!({"agentId": "ollie", "audience": [SHOP], "grants": grants, "expiresIn": 3_600});
    for client in [&clients[turn % 2], &clients[(turn + 1) % 2]] {
        if let Some((201, issued)) = client.try_post("/v1/passports", &order) {
            ids.lock().expect("no panic").push(issued["passportId"].as_str().expect("an id").to_owned());
            tokens.lock().expect("no panic").push(issued["passport"].as_str().expect("a token").to_owned());
            return true;
        }
    }
    false
}

/// A service that follows one of the issuers and decides on whatever was issued.
fn verify(drill: &Drill, url: &str, name: &str, pin: &str, stop: &AtomicBool, tokens: &Mutex<Vec<String>>) -> u64 {
    let verifier = Verifier::new(Trust::none(name), SHOP);
    let settings = RefreshSettings::new(url.parse().expect("a url")).with_pin(pin.parse().expect("a thumbprint"));
    let refresher = Refresher::start(&verifier, settings).expect("threads");
    refresher.refresh_now(Duration::from_secs(30)).expect("the first trust");
    let guard = Guard::new(verifier).with_trust_keeper(refresher);
    let (request, mut decisions) = (Request::new("purchase").on("commerce"), 0_u64);
    while !stop.load(Ordering::SeqCst) {
        let some: Vec<String> = tokens.lock().expect("no panic").iter().rev().step_by(7).take(16).cloned().collect();
        for token in some {
            let decision = guard.decide(&token, &request);
            decisions += 1;
            drill.expect(decision.is_allowed(), NO_FALSE_DENY, || decision.record().message);
        }
        thread::sleep(Duration::from_millis(2));
    }
    decisions
}
