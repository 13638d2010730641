//! `drill rotate`: keys are rotated while services verify what they have signed, and now and then an old one is revoked.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::fate::Fate;
use super::fleet::Fleet;
use super::ledger::{Issued, Taking, keys};
use super::{Campaign, Drill, Figures};

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "rotate",
    about: "Rotates keys under load from 8 verifiers: no passport of a live key is ever denied, and one of a revoked key soon is.",
    unit: "rotations",
    long: 50,
    short: 5,
    run,
};

/// The least time between two rotations: what a connected verifier may take to hear of the first. Closer together, a
/// verifier could meet a key that it was never told of.
const APART: Duration = Duration::from_secs(2);

/// Of so many rotations, one is followed by the revocation of a retired key.
const REVOKED: u64 = 5;

fn run(drill: &Drill) -> Figures {
    let fleet = Fleet::start(drill, Taking::Keys);
    let mut dice = drill.dice(1);
    fleet.run(|fleet| {
        let mut keyring = Keyring::default();
        keyring.issue(fleet);
        for round in 1..=drill.times() {
            drill.say("rotating");
            let answer = fleet.admin().post("/v1/keys/rotate", &json!({}));
            let until = Instant::now() + APART + Duration::from_millis(u64::try_from(dice.below(500)).expect("small"));
            fleet.publishes(keys(&answer, "next").remove(0));
            // The new key signs at once, and what it signs is looked at at once.
            (0..5).for_each(|_| keyring.issue(fleet));
            if round % REVOKED == 0 {
                drill.say("revoking a key");
                let retired = keys(&answer, "retired");
                let spared = |key: &&String| *key != fleet.first_key();
                let oldest = retired.iter().rev().filter(spared).find_map(|key| keyring.signed.get(key)).cloned();
                if let Some(passport) = oldest {
                    keyring.signed.remove(&passport.key_id);
                    let path = format!("/v1/keys/{}/revoke", passport.key_id);
                    fleet.take_back(&passport, |admin| _ = admin.post(&path, &json!({"reason": "drill"})));
                }
            }
            while Instant::now() < until {
                keyring.issue(fleet);
                thread::sleep(Duration::from_millis(200));
            }
            drill.step();
        }
    })
}

/// Which keys have signed something: the first passport of each. All that one key signs share one fate.
#[derive(Default)]
struct Keyring {
    fates: HashMap<String, Arc<Fate>>,
    signed: HashMap<String, Arc<Issued>>,
}

impl Keyring {
    fn issue(&mut self, fleet: &Fleet<'_>) {
        let issued = fleet.issue(|key| Arc::clone(self.fates.entry(key.to_owned()).or_default()));
        self.signed.entry(issued.key_id.clone()).or_insert(issued);
    }
}
