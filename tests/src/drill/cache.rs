//! `drill cache`: chance steps against two verifiers that believe the same, one with a small cache and one without. Every
//! answer of theirs is the same to the letter.

use std::collections::BTreeMap;

use passport_verifier::{Decision, MaxAge, VerifiedPassport, Verifier};
use serde_json::Value;

use super::{Campaign, Drill, Figures};
use crate::generate::{AUDIENCE, Gen};

mod world;

use world::World;

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "cache",
    about: "Verifies, revokes, expires, rotates and evicts by chance: a verifier with a cache answers as one without.",
    unit: "steps",
    long: 1_000_000,
    short: 20_000,
    run: |drill| run(drill, Fault::None),
};

const SAME: &str = "a verifier with a cache answers as one without";

/// What is done to the verifier with a cache, to see that the drill would find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// It is not told of a change of trust, once in a while.
    Deaf,
}

/// Passports that are kept in the cache at a time: fewer than there are, so that they push one another out.
const CACHED: usize = 64;

/// Passports that a caller holds at a time, each verified by both.
const HELD: usize = 16;

struct Pair {
    cached: Verifier,
    plain: Verifier,
    held: Vec<(VerifiedPassport, VerifiedPassport)>,
    reasons: BTreeMap<&'static str, u64>,
}

fn run(drill: &Drill, fault: Fault) -> Figures {
    let mut dice = drill.dice(1);
    let mut world = World::new(&mut dice);
    let verifier = |trust| Verifier::new(trust, AUDIENCE).with_max_status_age(MaxAge::Seconds(600));
    let mut pair = Pair {
        cached: verifier(world.trust()).with_cache(CACHED, 160 << 10),
        plain: verifier(world.trust()).without_cache(),
        held: Vec::new(),
        reasons: BTreeMap::new(),
    };
    let (mut changes, mut fullest) = (0_u64, 0);
    for _ in 0..drill.times() {
        drill.step();
        if world.changes(&mut dice) {
            changes += 1;
            let deaf = fault == Fault::Deaf && changes % 5 == 0;
            pair.believe(&world, deaf);
        }
        pair.ask(drill, &world, &mut dice);
        fullest = fullest.max(pair.cached.cache_stats().passports);
    }
    let reasons: Value =
        pair.reasons.iter().map(|(reason, count)| ((*reason).to_owned(), Value::from(*count))).collect::<serde_json::Map<_, _>>().into();
    let live = u64::try_from(world.passports()).unwrap_or(u64::MAX);
    Figures::default()
        .with("changes_of_trust", changes)
        .with("passports_at_a_time", live)
        .with("cached_at_most", fullest)
        .with("reasons", reasons)
}

impl Pair {
    fn believe(&mut self, world: &World, deaf: bool) {
        self.plain.replace_trust(world.trust());
        if !deaf {
            self.cached.replace_trust(world.trust());
        }
    }

    fn ask(&mut self, drill: &Drill, world: &World, dice: &mut Gen) {
        let (token, request, now) = (world.token(dice), world.request(dice), world.now(dice));
        match dice.below(10) {
            // To be held, and decided on later.
            0 => match (self.cached.verify(&token, now), self.plain.verify(&token, now)) {
                (Ok(cached), Ok(plain)) => {
                    if self.held.len() == HELD {
                        self.held.swap_remove(dice.below(HELD));
                    }
                    self.held.push((cached, plain));
                }
                (Err(cached), Err(plain)) => {
                    self.compare(drill, &cached.into(), &plain.into());
                }
                (cached, plain) => drill.broken(SAME, format!("with: {cached:?}, without: {plain:?}")),
            },
            1 if !self.held.is_empty() => {
                let (cached, plain) = self.held[dice.below(self.held.len())].clone();
                self.compare(drill, &cached.decide(&request, now), &plain.decide(&request, now));
            }
            _ => {
                let (cached, plain) = (self.cached.decide(&token, &request, now), self.plain.decide(&token, &request, now));
                self.compare(drill, &cached, &plain);
            }
        }
    }

    fn compare(&mut self, drill: &Drill, cached: &Decision<'_>, plain: &Decision<'_>) {
        *self.reasons.entry(plain.reason().code()).or_default() += 1;
        let text = |decision: &Decision<'_>| serde_json::to_string(&decision.record()).expect("a decision is JSON");
        let (cached, plain) = (text(cached), text(plain));
        drill.expect(cached == plain, SAME, || format!("with: {cached}, without: {plain}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the drill is about has to come up in it, in the short form too.
    #[test]
    fn every_reason_that_depends_on_the_moment_comes_up() {
        let drill = Drill::new(crate::drill::Setup::default(), CAMPAIGN.short, 1, indicatif::ProgressBar::hidden());
        let figures = serde_json::to_value(run(&drill, Fault::None)).expect("json");
        for reason in [
            "granted",
            "expired",
            "not_yet_valid",
            "revoked",
            "status_unavailable",
            "key_revoked",
            "unknown_key",
            "keys_unavailable",
            "bad_signature",
            "wrong_audience",
        ] {
            assert!(figures["reasons"][reason].as_u64().is_some_and(|count| count > 10), "{reason}: {figures}");
        }
        assert!(figures["passports_at_a_time"].as_u64() > figures["cached_at_most"].as_u64(), "they push one another out: {figures}");
        assert!(figures["cached_at_most"].as_u64().is_some_and(|most| most > 20), "{figures}");
        assert!(drill.broken.into_inner().expect("whole").is_empty());
    }

    #[test]
    fn a_cache_that_believed_something_else_is_found_out() {
        let drill = Drill::new(crate::drill::Setup::default(), CAMPAIGN.short, 1, indicatif::ProgressBar::hidden());
        run(&drill, Fault::Deaf);
        assert!(!drill.broken.into_inner().expect("whole").is_empty());
    }
}
