//! What others offer for the same job, measured for `cargo bench -p passport-tests --bench verify`, which starts this.
//!
//! It reads the issuer's key and our own tokens from its input, proves that every peer refuses what it has to, and
//! writes a line for each figure. The reference passport and the way of measuring are the very files that our rows use.

mod biscuit;
mod by_hand;
mod cedar;
mod jsonwebtoken;
mod jwt_simple;
#[path = "../../benches/verify/measure.rs"]
mod measure;
mod pasetors;
mod peer;
#[path = "../../src/reference.rs"]
mod reference;
mod scene;
mod tenuo;
#[cfg(test)]
mod tests;

use std::hint::black_box;
use std::io::Read as _;

use ed25519_dalek::{Signature, VerifyingKey};
use measure::{BASELINE, Effort, Row, time};
use peer::Peer;
use reference::GRANTS;
use scene::Scene;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let filter = words.iter().position(|word| word == "--filter").and_then(|at| words.get(at + 1));
    let effort = Effort::new(words.iter().any(|word| word == "--quick"));
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).expect("the scene in words");
    let scene = Scene::read(&input);

    jsonwebtoken::install();
    let mut rows = Vec::new();
    for grants in GRANTS {
        for peer in all(&scene, grants).into_iter().filter(|peer| filter.is_none_or(|part| peer.name.contains(part.as_str()))) {
            peer.prove();
            rows.push(row(peer, grants));
        }
        rows.push(baseline(&scene, grants));
    }
    for figure in measure::measure(&mut rows, effort) {
        println!("{}", figure.write());
    }
}

/// Every peer, with an equivalent of the reference passport of so many grants.
fn all(scene: &Scene, grants: usize) -> Vec<Peer> {
    let [aws_lc, rust_crypto] = jsonwebtoken::peers(scene, grants);
    vec![
        aws_lc,
        rust_crypto,
        jwt_simple::peer(scene, grants),
        pasetors::peer(scene, grants),
        biscuit::peer(grants),
        tenuo::peer(grants),
        cedar::peer(grants),
    ]
}

fn row(peer: Peer, grants: usize) -> Row {
    let (name, mut number) = (peer.name, 0);
    let run = move |count: u32| {
        time(count, || {
            let passport = &peer.passports[number];
            number = (number + 1) % peer.passports.len();
            black_box((peer.check)(black_box(passport), true))
        })
    };
    Row::new(name, grants, 1, run)
}

/// The same baseline as beside our rows, over the same bytes, in this process.
fn baseline(scene: &Scene, grants: usize) -> Row {
    let key = VerifyingKey::from_bytes(&scene.key).expect("a key");
    let taken_apart = |token: String| {
        let (input, signature) = token.rsplit_once('.').expect("a token");
        (input.as_bytes().to_vec(), Signature::from_slice(&scene::decode(signature)).expect("a signature"))
    };
    let tokens: Vec<_> = scene.tokens(grants).into_iter().map(taken_apart).collect();
    let mut number = 0;
    let run = move |count| {
        time(count, || {
            let (input, signature) = &tokens[number];
            number = (number + 1) % tokens.len();
            key.verify_strict(black_box(input), signature).is_ok()
        })
    };
    Row::new(BASELINE, grants, 1, run)
}
