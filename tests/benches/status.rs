//! What status lists weigh and what a look-up costs: `cargo bench -p passport-tests --bench status`. See docs/performance.md.
//!
//! Ten million places in lists of the size that an issuer makes them, one in a hundred revoked at random. Two ways to
//! fill them: every place, and half of them, which is where our issuer leaves a list and begins another.

use std::borrow::Cow;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use passport_shared::jose::{Algorithm, TokenType};
use passport_shared::passport::{NewClaims, StatusRef};
use passport_shared::status_list::StatusList;
use passport_tests::mint::{self, Bundle};
use passport_tests::reference::{AGENT, AUDIENCE, ISSUER};
use passport_tests::scene;
use passport_verifier::{Reason, Trust, VerifiedPassport, Verifier};

const NOW: i64 = 1_795_000_000;
const PASSPORTS: u64 = 10_000_000;
/// Places in one list, as an issuer has it unless told otherwise.
const PLACES: u64 = 65_536;
/// Passports that are looked up, each somewhere else.
const HELD: u64 = 4_096;
const ROUNDS: usize = 101;
/// Look-ups in one round of those that are measured alone.
const LOOK_UPS: u64 = 100_000;

fn main() -> ExitCode {
    println!("{PASSPORTS} passports, 1 % revoked, lists of {PLACES} places\n");
    println!("| places taken | lists | zlib | base64url | trust bundle |\n| --- | ---: | ---: | ---: | ---: |");
    let full = weigh("all", PASSPORTS, PLACES);
    weigh("half", PASSPORTS, PLACES / 2);
    look_up(&full);
    ExitCode::SUCCESS
}

/// Builds the lists and prints what they weigh. Gives the bundle.
fn weigh(name: &str, passports: u64, taken_in_each: u64) -> String {
    let (key, mut random) = (mint::key("measured"), Random(7));
    let lists = passports.div_ceil(taken_in_each);
    let (mut text, mut tokens) = (0, Vec::new());
    for list in 0..lists {
        let taken = taken_in_each.min(passports - list * taken_in_each);
        // Places are drawn at random in a list that is half full; one revoked passport has one of them.
        let revoked = distinct(taken / 100, PLACES, &mut random);
        let list_of_bits = StatusList::new(PLACES as usize, revoked);
        text += list_of_bits.encode().len();
        tokens.push(mint::status_list(&key, &uri(list), &list_of_bits, NOW));
    }
    let bundle = Bundle { lists: tokens, issuer: ISSUER, issued_at: NOW, ..Bundle::of(&key) }.token();
    println!("| {name} | {lists} | {} | {text} | {} |", text * 3 / 4, bundle.len());
    bundle
}

/// So many different places.
fn distinct(count: u64, places: u64, random: &mut Random) -> Vec<u64> {
    let mut chosen = std::collections::BTreeSet::new();
    while (chosen.len() as u64) < count {
        chosen.insert(random.below(places));
    }
    chosen.into_iter().collect()
}

fn uri(list: u64) -> String {
    format!("{ISSUER}/v1/status/{list}")
}

/// Decisions on passports that are verified already, with a status and without: the difference is the look-up.
fn look_up(bundle: &str) {
    let begun = Instant::now();
    let trust = Trust::from_bundle(bundle.as_bytes(), NOW).expect("a sound bundle");
    println!("\nreading the bundle: {} ms", begun.elapsed().as_millis());
    println!("the look-up alone: {:.1} ns", look_up_alone(&trust));
    let verifier = Verifier::new(trust, AUDIENCE);
    let (listed, bare) = (held(&verifier, true), held(&verifier, false));
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(decide_each(&bare));
        with.push(decide_each(&listed));
    }
    let (with, without) = (median(with), median(without));
    println!("a decision on a held passport, {HELD} of them in turn: {with:.1} ns with a status, {without:.1} ns without one");
    println!("the look-up within a decision: {:.1} ns", with - without);
}

/// Nanoseconds for one look-up, of ten million passports in an order that no cache foresees: by URI and index, as a verifier
/// does it for each decision. Each has to have ended before the next can begin, so that none hides behind another.
fn look_up_alone(trust: &Trust) -> f64 {
    let uris: Vec<String> = (0..PASSPORTS / PLACES).map(uri).collect();
    let mut random = Random(13);
    let mut figures = Vec::new();
    for _ in 0..ROUNDS {
        let mut revoked = 0;
        let begun = Instant::now();
        for _ in 0..LOOK_UPS {
            let at = random.below(PASSPORTS) ^ revoked;
            let list = usize::try_from(at / PLACES).unwrap_or_default() % uris.len();
            revoked = u64::from(trust.status_at(&uris[list], at % PLACES).expect("every list is there"));
        }
        figures.push(begun.elapsed().as_nanos() as f64 / LOOK_UPS as f64);
        black_box(revoked);
    }
    median(figures)
}

fn held(verifier: &Verifier, listed: bool) -> Vec<VerifiedPassport> {
    let (key, grants, audience) = (mint::key("measured"), scene::read_grants(1), [AUDIENCE.to_owned()]);
    let mut random = Random(11);
    let mut held = Vec::new();
    while (held.len() as u64) < HELD {
        let status = StatusRef { index: random.below(PLACES), uri: uri(random.below(PASSPORTS / PLACES)).as_str().into() };
        let id = format!("pp_{}", held.len());
        let claims = NewClaims {
            issuer: ISSUER,
            agent_id: AGENT,
            audience: &audience,
            issued_at: NOW,
            not_before: None,
            expires_at: NOW + 3_600,
            id: &id,
            on_behalf_of: None,
            status: listed.then_some(&status),
            confirmation: None,
            authorization_details: Cow::Borrowed(&grants),
            hidden: None,
        };
        let claims = serde_json::to_vec(&claims).expect("json");
        let token = key.sign_token(TokenType::Passport, Algorithm::EdDsa, &claims);
        match verifier.verify(&token, NOW) {
            Ok(passport) => held.push(passport),
            // One in a hundred: another place is drawn.
            Err(denied) => assert_eq!(denied.reason(), Reason::Revoked),
        }
    }
    held
}

/// Nanoseconds for one decision.
fn decide_each(held: &[VerifiedPassport]) -> f64 {
    let request = scene::request();
    let begun = Instant::now();
    for passport in held {
        let decision = passport.decide(black_box(&request), NOW);
        assert!(black_box(&decision).is_allowed(), "it is held because it is good");
    }
    let took: Duration = begun.elapsed();
    took.as_nanos() as f64 / held.len() as f64
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// SplitMix64: the same places on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
