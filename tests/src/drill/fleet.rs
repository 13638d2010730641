//! One real issuer, and services that verify its passports under load.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use passport_verifier::{Guard, RefreshSettings, RefreshStats, Refresher, Request, Trust, Verifier};

use super::fate::{Fate, Ruling};
use super::ledger::{self, AUDIENCE, Issued, Taking};
use super::setup::Site;
use super::{Drill, Figures, Latencies};
use crate::generate::Gen;
use crate::process::{Client, Issuer};

/// Decisions on passports picked at random, between two looks at what was taken back.
const LOAD: usize = 8;

/// Between two rounds of a service: they all share two cores with the issuer, and shall not starve it.
const PAUSE: Duration = Duration::from_millis(2);

/// How long stragglers may take to see the last of it; past any promise, so that what is late is seen as late.
const STRAGGLERS: Duration = Duration::from_secs(20);

/// What is promised for 99 of 100.
const PROMISED: Duration = Duration::from_secs(2);

/// A promise, as reports name it.
const NO_FALSE_DENY: &str = "a passport that is live is decided on its grants, whatever happens to keys";
const NO_FALSE_ALLOW: &str = "what was taken back is denied at every connected verifier within 5 s";
const NOT_FORGOTTEN: &str = "a verifier that has denied what was taken back never allows it again";
const SOON: &str = "99 of 100 changes are at a connected verifier within 2 s of the issuer's answer";
const ALL_TOLD: &str = "every change reaches every connected verifier";
const HONEST: &str = "no honest bundle is refused, and every verifier ends up connected";

/// An issuer with services around it, and what is true.
pub(super) struct Fleet<'d> {
    drill: &'d Drill,
    taking: Taking,
    site: Site,
    _issuers: Vec<Issuer>,
    pin: String,
    issued: RwLock<Vec<Arc<Issued>>>,
    /// What was taken back, with a passport that stood on it.
    taken: Mutex<Vec<Arc<Issued>>>,
    /// Keys that were published, and when the issuer had said so.
    published: Mutex<Vec<Arc<(String, Instant)>>>,
    ready: AtomicU64,
    /// How much the services have seen, all together.
    seen: AtomicUsize,
    stop: AtomicBool,
    /// Whose turn it is among the issuers.
    turn: AtomicUsize,
}

/// Ends the services when this is dropped.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What one service has come to.
#[derive(Default)]
struct Service {
    decisions: u64,
    gone: HashSet<String>,
    revocations: Latencies,
    rotations: Latencies,
    stats: RefreshStats,
}

impl<'d> Fleet<'d> {
    /// Starts an issuer with one agent.
    pub(super) fn start(drill: &'d Drill, taking: Taking) -> Self {
        let site = Site::new(drill.setup());
        let issuers = site.start_all();
        let admin = site.admin(0);
        admin.post("/v1/agents", &serde_json::json!({"agentId": "ollie", "name": "Ollie"}));
        let pin = ledger::keys(&admin.get("/v1/keys"), "active").remove(0);
        Self {
            drill,
            taking,
            site,
            _issuers: issuers,
            pin,
            issued: RwLock::default(),
            taken: Mutex::default(),
            published: Mutex::default(),
            ready: AtomicU64::new(0),
            seen: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
        }
    }

    /// Runs `campaign` while the services verify, and gives the figures of all.
    pub(super) fn run(&self, campaign: impl FnOnce(&Self)) -> Figures {
        let began = Instant::now();
        let services: Vec<Service> = thread::scope(|scope| {
            let services: Vec<_> =
                (0..self.verifiers()).map(|number| scope.spawn(move || self.serve(number, self.drill.dice(1_000 + number)))).collect();
            // Else a panic here would wait for services that nobody stops.
            let stop = Stop(&self.stop);
            while self.ready.load(Ordering::SeqCst) < self.verifiers() {
                assert!(!services.iter().any(thread::ScopedJoinHandle::is_finished), "a service did not start");
                thread::sleep(Duration::from_millis(5));
            }
            campaign(self);
            self.drill.say("waiting for stragglers");
            let deadline = Instant::now() + STRAGGLERS;
            while self.seen.load(Ordering::SeqCst) < self.expected() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
            drop(stop);
            services.into_iter().map(|service| service.join().expect("a service")).collect()
        });
        self.judge(&services, began.elapsed())
    }

    /// The admin acts with this passport from now on.
    pub(super) fn becomes(&self, passport: String) {
        self.site.becomes(passport);
    }

    fn verifiers(&self) -> u64 {
        self.drill.setup().verifiers
    }

    /// The admin's client, of one issuer after the other.
    pub(super) fn admin(&self) -> Client {
        self.site.admin(self.turn.fetch_add(1, Ordering::SeqCst) % self.drill.setup().issuers)
    }

    /// The key that has signed the admin's own passport.
    pub(super) fn first_key(&self) -> &str {
        &self.pin
    }

    /// Has one more passport issued, which stands on `fate`.
    pub(super) fn issue(&self, fate: impl FnOnce(&str) -> Arc<Fate>) -> Arc<Issued> {
        let issued = Arc::new(ledger::issue(&self.admin(), &self.site.issuer(), self.taking, fate));
        self.issued.write().expect("no panic").push(Arc::clone(&issued));
        issued
    }

    /// Has the issuer take back by `act` what `example` stands on.
    pub(super) fn take_back(&self, example: &Arc<Issued>, act: impl FnOnce(&Client)) {
        example.fate.ask();
        self.taken.lock().expect("no panic").push(Arc::clone(example));
        act(&self.admin());
        example.fate.acknowledge();
    }

    /// The issuer has just said that it publishes this key.
    pub(super) fn publishes(&self, key: String) {
        self.published.lock().expect("no panic").push(Arc::new((key, Instant::now())));
    }

    fn expected(&self) -> usize {
        let changes = self.taken.lock().expect("no panic").len() + self.published.lock().expect("no panic").len();
        changes * usize::try_from(self.verifiers()).expect("few")
    }

    /// One service: a verifier with trust of its own, and agents that come with passports.
    fn serve(&self, number: u64, mut dice: Gen) -> Service {
        let verifier = Verifier::new(Trust::none(self.site.issuer()), AUDIENCE);
        let follows = usize::try_from(number).expect("few") % self.drill.setup().issuers;
        let settings =
            RefreshSettings::new(self.site.url(follows).parse().expect("a url")).with_pin(self.pin.parse().expect("a thumbprint"));
        let refresher = Arc::new(Refresher::start(&verifier, settings).expect("threads"));
        refresher.refresh_now(Duration::from_secs(30)).expect("the first trust");
        let guard = Guard::new(verifier).with_trust_keeper(Arc::clone(&refresher));
        self.ready.fetch_add(1, Ordering::SeqCst);

        let requests = ledger::requests();
        let mut service = Service::default();
        let (mut taken, mut published) = (Open::default(), Open::default());
        while !self.stop.load(Ordering::SeqCst) {
            taken.look(&self.taken);
            taken.close_where(|passport| {
                let gone = self.ask(&mut service, &guard, passport, &requests, 0);
                let seen = Instant::now();
                if gone {
                    // Where the issuer has not answered yet, it is early and not late.
                    service.revocations.push(passport.fate.latency(seen));
                    self.seen.fetch_add(1, Ordering::SeqCst);
                }
                gone
            });
            published.look(&self.published);
            published.close_where(|published| {
                let known = guard.verifier().trust().key_ids().any(|key| key.as_str() == published.0);
                if known {
                    service.rotations.push(published.1.elapsed());
                    self.seen.fetch_add(1, Ordering::SeqCst);
                }
                known
            });
            for passport in self.pick(&mut dice) {
                self.ask(&mut service, &guard, &passport, &requests, dice.below(requests.len()));
            }
            thread::sleep(PAUSE);
        }
        service.stats = refresher.stats();
        service
    }

    /// Some passports, half of them of the latest.
    fn pick(&self, dice: &mut Gen) -> Vec<Arc<Issued>> {
        let issued = self.issued.read().expect("no panic");
        if issued.is_empty() {
            return Vec::new();
        }
        let latest = issued.len().saturating_sub(32);
        let one = |number| if number % 2 == 0 { latest + dice.below(issued.len() - latest) } else { dice.below(issued.len()) };
        (0..LOAD).map(one).map(|at| Arc::clone(&issued[at])).collect()
    }

    /// One decision, held against the truth. Whether it was denied as taken back.
    fn ask(&self, service: &mut Service, guard: &Guard, passport: &Issued, requests: &[Request], request: usize) -> bool {
        let began = Instant::now();
        let decision = guard.decide(&passport.token, &requests[request]);
        let ruling = passport.fate.rule(began, Instant::now());
        service.decisions += 1;
        let reason = decision.reason().code();
        let tell = || format!("passport {}, request {request}, {ruling:?}: {reason}; {}", passport.id, decision.record().message);
        let (live, gone) = (reason == passport.live(request), reason == passport.gone);
        match ruling {
            Ruling::Live => self.drill.expect(live, NO_FALSE_DENY, tell),
            Ruling::Either => self.drill.expect(live || gone, NO_FALSE_DENY, tell),
            Ruling::Gone => self.drill.expect(gone, NO_FALSE_ALLOW, tell),
        }
        match gone {
            true => _ = service.gone.insert(passport.id.clone()),
            false => self.drill.expect(!service.gone.contains(&passport.id), NOT_FORGOTTEN, tell),
        }
        gone
    }

    fn judge(&self, services: &[Service], took: Duration) -> Figures {
        let drill = self.drill;
        let all = |of: fn(&Service) -> &Latencies| services.iter().flat_map(|service| of(service).iter()).collect::<Latencies>();
        let (revocations, rotations) = (all(|service| &service.revocations), all(|service| &service.rotations));
        let (seen, expected) = (self.seen.load(Ordering::SeqCst), self.expected());
        drill.expect(seen == expected, ALL_TOLD, || format!("{seen} of {expected} were seen"));
        for (what, latencies) in [("taking back", &revocations), ("a new key", &rotations)] {
            let p99 = latencies.quantile(0.99).unwrap_or_default();
            drill.expect(p99 <= PROMISED, SOON, || format!("{what}: {p99:?}"));
        }
        for Service { stats, .. } in services {
            drill.expect(stats.refused == 0 && stats.following, HONEST, || format!("{stats:?}"));
        }
        let decisions: u64 = services.iter().map(|service| service.decisions).sum();
        let figures = Figures::default()
            .with("issuers", self.drill.setup().issuers)
            .with("verifiers", self.verifiers())
            .with("passports", self.issued.read().expect("no panic").len())
            .with("decisions", decisions)
            .with("decisions_per_s", (decisions as f64 / took.as_secs_f64()).round())
            .with("taken_back", self.taken.lock().expect("no panic").len())
            .with("fetches", services.iter().map(|service| service.stats.attempts).sum::<u64>())
            .with("failed_fetches", services.iter().map(|service| service.stats.failures).sum::<u64>());
        let named = [("taken_back_to_denied_ms", revocations), ("rotated_to_known_ms", rotations)];
        named
            .into_iter()
            .filter(|(_, latencies)| latencies.iter().next().is_some())
            .fold(figures, |figures, (name, latencies)| figures.with_latencies(name, &latencies))
    }
}

/// What one service has yet to see of a list that grows.
struct Open<T> {
    looked_at: usize,
    items: Vec<Arc<T>>,
}

impl<T> Default for Open<T> {
    fn default() -> Self {
        Self { looked_at: 0, items: Vec::new() }
    }
}

impl<T> Open<T> {
    fn look(&mut self, list: &Mutex<Vec<Arc<T>>>) {
        let list = list.lock().expect("no panic");
        self.items.extend_from_slice(&list[self.looked_at..]);
        self.looked_at = list.len();
    }

    fn close_where(&mut self, mut seen: impl FnMut(&T) -> bool) {
        self.items.retain(|item| !seen(item));
    }
}
