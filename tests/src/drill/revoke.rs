//! `drill revoke`: passports are revoked, one after the other, while services verify them.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::fleet::Fleet;
use super::ledger::Taking;
use super::{Campaign, Drill, Figures};

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "revoke",
    about: "Revokes passports under load from 8 verifiers: each denies within 2 s (p99), and nothing else is denied.",
    unit: "revocations",
    long: 1_000,
    short: 100,
    run,
};

/// Passports that are live at any time.
const LIVE: usize = 100;

fn run(drill: &Drill) -> Figures {
    let fleet = Fleet::start(drill, Taking::Passports);
    let mut dice = drill.dice(1);
    fleet.run(|fleet| {
        drill.say("issuing");
        let mut live: Vec<_> = (0..LIVE).map(|_| fleet.issue(|_| Arc::default())).collect();
        drill.say("revoking");
        for _ in 0..drill.times() {
            let passport = live.swap_remove(dice.below(live.len()));
            let path = format!("/v1/passports/{}/revoke", passport.id);
            fleet.take_back(&passport, |admin| _ = admin.post(&path, &json!({"reason": "drill"})));
            live.push(fleet.issue(|_| Arc::default()));
            // Now many at once, now one alone.
            thread::sleep(Duration::from_millis(u64::try_from(dice.below(4) * dice.below(20)).expect("small")));
            drill.step();
        }
    })
}
