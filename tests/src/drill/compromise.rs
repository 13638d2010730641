//! `drill compromise`: the key that signs is stolen, again and again; one command ends it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::fate::Fate;
use super::fleet::Fleet;
use super::ledger::{Taking, keys};
use super::{Campaign, Drill, Figures};

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "compromise",
    about: "Revokes the key that signs, by one command that issues everybody anew: all that it signed is denied, and nothing else.",
    unit: "stolen keys",
    long: 20,
    short: 3,
    run,
};

/// Passports that each key has signed when it is stolen.
const SIGNED: usize = 25;

const REISSUED: &str = "everybody with a live passport of the stolen key has a new one in the same answer";

fn run(drill: &Drill) -> Figures {
    let fleet = Fleet::start(drill, Taking::Keys);
    fleet.run(|fleet| {
        for _ in 0..drill.times() {
            drill.say("issuing");
            let fate = Arc::<Fate>::default();
            let issued: Vec<_> = (0..SIGNED).map(|_| fleet.issue(|_| Arc::clone(&fate))).collect();
            let path = format!("/v1/keys/{}/revoke", issued[0].key_id);
            drill.say("revoking");
            fleet.take_back(&issued[0], |admin| {
                let answer = admin.post(&path, &json!({"reason": "stolen", "reissue": true}));
                let affected = answer["affected"].as_array().expect("a list");
                let anew = |id: &str| affected.iter().any(|one| one["passportId"] == id && one["reissued"]["passport"].is_string());
                drill.expect(issued.iter().all(|passport| anew(&passport.id)), REISSUED, || format!("{} are affected", affected.len()));
                // The caller's own comes first.
                if let Some(own) = affected.iter().find(|one| one["own"] == true) {
                    fleet.becomes(own["reissued"]["passport"].as_str().expect("a token").to_owned());
                }
                fleet.publishes(keys(&answer, "next").remove(0));
            });
            // The next key has to be known before it is stolen in its turn, as after any rotation.
            thread::sleep(Duration::from_secs(2));
            drill.step();
        }
    })
}
