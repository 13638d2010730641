//! Our own rows, and ed25519-dalek's over the same bytes.

use std::hint::black_box;
use std::time::Duration;

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use passport_shared::jose::Compact;
use passport_shared::judge::{ResourcePolicy, judge};
use passport_tests::reference::{DIFFERENT, GRANTS};
use passport_tests::scene::{Scene, USUAL_GRANTS, denied_request, read_grants, request};
use passport_verifier::{Request, SignatureMethod, Trust, VerifiedPassport, Verifier};

use super::arguments::Filter;
use super::measure::{BASELINE, Random, Row, time};
use super::report;

/// How many passports are live where that matters.
pub const LIVE: [usize; 2] = [256, 16_384];

/// The first check, as it is unless told otherwise, and with each of the other ways to check a signature.
const FIRST: [(&str, SignatureMethod); 3] = [
    ("passport/first", SignatureMethod::Tabled),
    ("passport/first/listed", SignatureMethod::Listed),
    ("passport/first/library", SignatureMethod::Library),
];

/// Different passports that stand ready for first checks; when they are used up, a fresh verifier sees them.
const SUPPLY: usize = 2_048;

/// All rows that `filter` takes, and the baseline of each number of grants among them.
pub fn rows(scene: &Scene, filter: &Filter) -> Vec<Row> {
    prove(scene);
    let trust = scene.trust();
    let mut rows = Vec::new();
    for grants in GRANTS {
        let before = rows.len();
        if filter.takes("dalek/verify") {
            rows.push(plain_verify(scene, grants));
        }
        for (name, method) in FIRST {
            if filter.takes(name) && (grants == USUAL_GRANTS || name == "passport/first") {
                rows.push(first(scene, &trust, grants, name, method));
            }
        }
        if filter.takes("passport/next") {
            rows.push(next(scene, &trust, grants, 1));
        }
        if filter.takes("passport/held") {
            rows.push(held(scene, &trust, grants, 1));
        }
        if filter.takes("passport/decide") {
            rows.push(decide(scene, &trust, grants));
        }
        if filter.takes("passport/mint") {
            rows.push(mint(scene, grants));
        }
        if grants == USUAL_GRANTS {
            for live in LIVE {
                if filter.takes("passport/next") {
                    rows.push(next(scene, &trust, grants, live));
                }
                if filter.takes("passport/held") {
                    rows.push(held(scene, &trust, grants, live));
                }
            }
            if filter.takes("passport/report") {
                rows.push(report::row(scene, &trust, grants));
            }
        }
        if rows.len() > before || filter.takes(BASELINE) {
            rows.push(strict_verify(scene, grants));
        }
    }
    rows
}

/// No row is worth its time if the check does not check.
fn prove(scene: &Scene) {
    let (verifier, request) = (scene.verifier(scene.trust()), request());
    for grants in GRANTS {
        let token = scene.passports(1, grants).remove(0);
        assert!(verifier.decide(&token, &request, scene.now()).is_allowed(), "the reference passport of {grants} grants is allowed");
        assert!(verifier.decide(&token, &request, scene.now()).is_allowed(), "again");
        assert!(!verifier.decide(&token, &denied_request(), scene.now()).is_allowed(), "a vendor that nobody named is denied");
        for place in [token.len() / 2, token.len() - 20] {
            let mut flipped = token.clone().into_bytes();
            flipped[place] ^= 1;
            assert!(!verifier.decide(&flipped, &request, scene.now()).is_allowed(), "a flipped bit at {place} is refused");
        }
    }
}

/// What a signature is checked over, taken apart beforehand.
fn signed(scene: &Scene, grants: usize) -> (VerifyingKey, Vec<(Vec<u8>, Signature)>) {
    let key = VerifyingKey::from_bytes(&scene.key().public().bytes).expect("a key");
    let taken_apart = |token: String| {
        let compact = Compact::split(token.as_bytes(), usize::MAX).expect("a token");
        (compact.signing_input.to_vec(), Signature::from_bytes(&compact.signature))
    };
    (key, scene.passports(DIFFERENT, grants).into_iter().map(taken_apart).collect())
}

fn strict_verify(scene: &Scene, grants: usize) -> Row {
    let (key, tokens) = signed(scene, grants);
    let mut turns = Turns::in_order(tokens.len());
    let run = move |count| {
        time(count, || {
            let (input, signature) = &tokens[turns.next()];
            key.verify_strict(black_box(input), signature).is_ok()
        })
    };
    Row::new(BASELINE, grants, 1, run)
}

fn plain_verify(scene: &Scene, grants: usize) -> Row {
    let (key, tokens) = signed(scene, grants);
    let mut turns = Turns::in_order(tokens.len());
    let run = move |count| {
        time(count, || {
            let (input, signature) = &tokens[turns.next()];
            key.verify(black_box(input), signature).is_ok()
        })
    };
    Row::new("dalek/verify", grants, 1, run)
}

/// The numbers below a count in some order, again and again.
struct Turns {
    order: Vec<u32>,
    at: usize,
}

impl Turns {
    /// As they come.
    fn in_order(count: usize) -> Self {
        Self { order: (0..count as u32).collect(), at: 0 }
    }

    /// In an order that no prefetcher guesses.
    fn shuffled(count: usize) -> Self {
        Self { order: shuffled(count), at: 0 }
    }

    fn next(&mut self) -> usize {
        let index = self.order[self.at];
        self.at = if self.at + 1 == self.order.len() { 0 } else { self.at + 1 };
        index as usize
    }
}

/// The first check of a passport, everything included: each token is one that its verifier has never seen.
fn first(scene: &Scene, trust: &Trust, grants: usize, name: &'static str, method: SignatureMethod) -> Row {
    let (now, tokens, request) = (scene.now(), scene.passports(SUPPLY, grants), request());
    let fresh = {
        let (scene, trust) = (Scene::at(now), trust.clone());
        move || scene.verifier(trust.clone()).with_signature_method(method)
    };
    // Another has seen them all, so that the system has given the memory which it takes to keep them.
    let before = fresh();
    assert!(tokens.iter().all(|token| allows(&before, token, &request, now)));
    let (mut verifier, mut used) = (fresh(), 0);
    drop(before);
    let run = move |count: u32| {
        let mut took = Duration::ZERO;
        let mut left = count as usize;
        while left > 0 {
            if used == tokens.len() {
                (verifier, used) = (fresh(), 0);
            }
            let batch = &tokens[used..tokens.len().min(used + left)];
            // They have just come in.
            black_box(batch.iter().flat_map(|token| token.bytes()).fold(0_u8, |sum, byte| sum ^ byte));
            let mut token = batch.iter();
            took += time(batch.len() as u32, || token.next().is_some_and(|token| allows(&verifier, token, &request, now)));
            used += batch.len();
            left -= batch.len();
        }
        took
    };
    Row::new(name, grants, 1, run)
}

fn allows(verifier: &Verifier, token: &str, request: &Request, now: i64) -> bool {
    black_box(verifier.decide(black_box(token), black_box(request), now)).is_allowed()
}

/// The same passports again, in an order that no prefetcher guesses.
fn next(scene: &Scene, trust: &Trust, grants: usize, live: usize) -> Row {
    let (now, request) = (scene.now(), request());
    let (verifier, tokens) = seen(scene, trust, grants, live);
    let mut turns = Turns::shuffled(live);
    let run = move |count| time(count, || allows(&verifier, &tokens[turns.next()], &request, now));
    Row::new("passport/next", grants, live, run)
}

/// A verifier that has seen these passports.
pub fn seen(scene: &Scene, trust: &Trust, grants: usize, live: usize) -> (Verifier, Vec<String>) {
    let (verifier, tokens, request) = (scene.verifier_for(trust.clone(), live), scene.passports(live, grants), request());
    for token in &tokens {
        assert!(allows(&verifier, token, &request, scene.now()));
    }
    (verifier, tokens)
}

/// A caller that holds what it verified.
fn held(scene: &Scene, trust: &Trust, grants: usize, live: usize) -> Row {
    let (now, request) = (scene.now(), request());
    let (verifier, tokens) = seen(scene, trust, grants, live);
    let held: Vec<VerifiedPassport> = tokens.iter().map(|token| verifier.verify(token, now).expect("it verifies")).collect();
    let mut turns = Turns::shuffled(live);
    let run = move |count| time(count, || black_box(held[turns.next()].decide(black_box(&request), black_box(now))).is_allowed());
    Row::new("passport/held", grants, live, run)
}

/// The grants alone.
fn decide(scene: &Scene, trust: &Trust, grants: usize) -> Row {
    let (now, request) = (scene.now(), request());
    let token = scene.passports(1, grants).remove(0);
    let passport = scene.verifier(trust.clone()).verify(&token, now).expect("it verifies");
    let run = move |count| {
        time(count, || {
            let verdict = judge(black_box(passport.claims()), black_box(&request), ResourcePolicy::MustName, black_box(now));
            matches!(black_box(verdict), passport_shared::decision::Verdict::Allow { .. })
        })
    };
    Row::new("passport/decide", grants, 1, run)
}

/// From grants to a signed token: claims to JSON, base64url, signature.
fn mint(scene: &Scene, grants: usize) -> Row {
    let (scene, grants_read) = (Scene::at(scene.now()), read_grants(grants));
    let mut serial = 0;
    let run = move |count| {
        time(count, || {
            serial += 1;
            !black_box(scene.mint(serial, black_box(&grants_read))).is_empty()
        })
    };
    Row::new("passport/mint", grants, 1, run)
}

/// 0 to `count`, each once, in an order that is the same in every run.
pub fn shuffled(count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    Random::default().shuffle(&mut order);
    order
}
