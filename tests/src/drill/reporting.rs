//! Reporters at their cheapest: they share two processors with the issuer that is measured, so they build what a
//! verifier's reporter sends out of templates, speak HTTP by hand and run on one thread.

mod event;
mod line;
mod load;
mod log;
mod pool;

use std::sync::Arc;

use serde_json::json;

pub(super) use self::event::{Chain, Link, Row};
pub(super) use self::line::{Line, Receipt};
pub(super) use self::load::{Outcome, Until, deliver};
use self::log::Expected;
pub(super) use self::log::{Found, Log};
pub(super) use self::pool::Pool;
use super::Drill;
use super::setup::Site;
use crate::generate::Gen;
use crate::process::{Client, passport};

const TREE: &str = "tree, tiles and checkpoints are those of the log";
const ONCE: &str = "every acknowledged event is in the log exactly once, to the byte, in its reporter's order";

/// Holds the log of a running issuer against what these reporters, who are all that there are, were told. Gives the
/// number of events in it.
pub(super) fn hold_log<'r>(drill: &Drill, site: &Site, reporters: impl Iterator<Item = &'r Reporter>) -> u64 {
    let found = find_log(site, reporters);
    found.faults.iter().for_each(|fault| drill.broken(ONCE, fault));
    hold_tree(drill, site);
    found.events
}

/// What the log of a running issuer holds, and what is wrong with it, given what these reporters were told.
pub(super) fn find_log<'r>(site: &Site, reporters: impl Iterator<Item = &'r Reporter>) -> Found {
    site.log(0).hold(reporters.map(|reporter| (reporter.name.clone(), reporter.expected())).collect())
}

/// Holds the tree over the log, its tiles and its checkpoints against the log: `passport audit verify`, beside the issuer.
fn hold_tree(drill: &Drill, site: &Site) {
    let database = match site.log(0) {
        Log::Sqlite(path) => format!("sqlite:{}", path.display()),
        Log::Postgres(url) => url,
    };
    let output = passport().args(["audit", "verify", "--json", "--database", &database]).output().expect("it runs");
    let told = || String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned();
    drill.expect(output.status.code() == Some(0), TREE, told);
}

/// Has the issuer take in an agent of this name, and gives a passport with which it may report.
pub(super) fn passport_to_report(admin: &Client, name: &str) -> String {
    let issuer = admin.get("/.well-known/passport-issuer")["issuer"].as_str().expect("an issuer").to_owned();
    admin.post("/v1/agents", &json!({"agentId": name, "name": name}));
    let grants = json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}]);
    let order = json!({"agentId": name, "audience": [issuer], "grants": grants, "expiresIn": 86_400});
    admin.post("/v1/passports", &order)["passport"].as_str().expect("a passport").to_owned()
}

/// A service with an agent, a passport and a chain of events of its own. It has one batch under way at a time.
pub(super) struct Reporter {
    pub(super) name: String,
    passport: String,
    chain: Chain,
    /// The batch under way, or the last one: its request as it is on the wire.
    request: Vec<u8>,
    body: Vec<u8>,
    /// Events in it.
    batch: u64,
    /// Up to where it was acknowledged, and up to where it was sent.
    pub(super) acknowledged: Link,
    pub(super) sent: Link,
}

impl Reporter {
    /// Has the issuer take in an agent of this name, with a passport to report.
    pub(super) fn enlist(admin: &Client, name: &str, pool: &Arc<Pool>, dice: Gen) -> Self {
        let passport = passport_to_report(admin, name);
        Self::known(name, passport, pool, dice)
    }

    /// One that has its passport already.
    pub(super) fn known(name: &str, passport: String, pool: &Arc<Pool>, dice: Gen) -> Self {
        let chain = Chain::start(Arc::clone(pool), dice);
        let start = chain.link().clone();
        Self {
            name: name.to_owned(),
            passport,
            chain,
            request: Vec::new(),
            body: Vec::new(),
            batch: 0,
            acknowledged: start.clone(),
            sent: start,
        }
    }

    /// Makes the next batch. The one before is forgotten, so it has to have been acknowledged.
    pub(super) fn next(&mut self, events: u64) -> &[u8] {
        self.body.clear();
        self.body.extend_from_slice(br#"{"reporter":""#);
        self.body.extend_from_slice(self.name.as_bytes());
        self.body.extend_from_slice(br#"","events":["#);
        for number in 0..events {
            if number > 0 {
                self.body.push(b',');
            }
            self.chain.write(&mut self.body);
        }
        self.body.extend_from_slice(b"]}");
        let head = format!(
            "POST /v1/audit/events HTTP/1.1\r\nHost: issuer\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.passport,
            self.body.len()
        );
        self.request.clear();
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(&self.body);
        self.batch = events;
        self.sent = self.chain.link().clone();
        &self.request
    }

    /// The batch under way as it is sent, now or again.
    pub(super) fn request(&self) -> &[u8] {
        &self.request
    }

    /// Events in it.
    pub(super) fn batch(&self) -> u64 {
        self.batch
    }

    /// Whether a batch was sent that is not acknowledged.
    pub(super) fn is_waiting(&self) -> bool {
        self.sent != self.acknowledged
    }

    /// The batch under way is acknowledged.
    pub(super) fn acknowledge(&mut self) {
        self.acknowledged = self.sent.clone();
    }

    /// How many of its events are acknowledged.
    pub(super) fn count(&self) -> u64 {
        self.acknowledged.seq + 1 - self.chain.first()
    }

    /// What the log has to hold of it.
    fn expected(&self) -> Expected {
        Expected { start: self.chain.first(), acknowledged: self.acknowledged.clone(), sent: self.sent.clone() }
    }
}
