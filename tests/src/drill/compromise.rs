//! `drill compromise`: the key that signs is stolen, again and again; one command ends it.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

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
                let mut pages = vec![answer.clone()];
                while let Some(after) = pages.last().and_then(|page| page["affectedNext"].as_str()).map(str::to_owned) {
                    // The passport that the first call came with is gone with the key; its own new one is in that answer.
                    if let Some(own) = affected(&pages).find(|one| one["own"] == true) {
                        fleet.becomes(token(own).expect("a new passport for the caller"));
                    }
                    pages.push(fleet.admin().post(&path, &json!({"reason": "stolen", "reissue": true, "after": after})));
                }
                let anew: HashSet<&str> =
                    affected(&pages).filter(|one| token(one).is_some()).filter_map(|one| one["passportId"].as_str()).collect();
                let all = issued.iter().all(|passport| anew.contains(passport.id.as_str()));
                drill.expect(all, REISSUED, || format!("{} of {} affected", anew.len(), affected(&pages).count()));
                if let Some(own) = affected(&pages).find(|one| one["own"] == true) {
                    fleet.becomes(token(own).expect("a new passport for the caller"));
                }
                fleet.publishes(keys(&answer, "next").remove(0));
            });
            // The next key has to be known before it is stolen in its turn, as after any rotation.
            thread::sleep(Duration::from_secs(2));
            drill.step();
        }
    })
}

/// Every passport that was affected, page after page.
fn affected(pages: &[Value]) -> impl Iterator<Item = &Value> {
    pages.iter().flat_map(|page| page["affected"].as_array().into_iter().flatten())
}

/// The new passport in the place of one that was affected.
fn token(affected: &Value) -> Option<String> {
    affected["reissued"]["passport"].as_str().map(str::to_owned)
}
