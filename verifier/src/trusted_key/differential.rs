//! The three ways to check a signature, held against one another.
//!
//! `PASSPORT_TEST_SIGNATURES=10000000 cargo test -p passport-verifier differential` is the long form.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signature, VerifyingKey};
use passport_shared::key_set::PublicKey;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use sha2::{Digest as _, Sha512};

use super::TrustedKey;
use crate::strict::{Budget, Multiples, SMALL_ORDER, by_library, by_list, by_table};

/// Tests make more tables at a time than a service.
static TABLES: Budget = Budget::of(1_000);

/// What the library, the list and the table say.
pub(super) fn verdicts(key: &TrustedKey, message: &[u8], signature: &[u8; 64]) -> [bool; 3] {
    judged(&key.key, &table(key), message, signature)
}

fn table(key: &TrustedKey) -> Multiples {
    Multiples::within(&TABLES, -key.key.to_edwards()).expect("there is room")
}

fn judged(key: &VerifyingKey, table: &Multiples, message: &[u8], signature: &[u8; 64]) -> [bool; 3] {
    [by_library(key, message, signature), by_list(key, message, signature), by_table(key, table, message, signature)]
}

/// A key whose secret is known, with a torsion component where one is asked for.
struct Signer {
    secret: Scalar,
    torsion: EdwardsPoint,
    key: TrustedKey,
    table: Multiples,
}

impl Signer {
    /// `None` for a key that a verifier does not take into trust.
    fn new(secret: Scalar, torsion: EdwardsPoint) -> Option<Self> {
        let bytes = (EdwardsPoint::mul_base(&secret) + torsion).compress().to_bytes();
        let key = TrustedKey::new(&PublicKey::new(bytes))?;
        let table = table(&key);
        Some(Self { secret, torsion, key, table })
    }

    /// A signature that the cofactorless equation accepts, with `nonce` and with `shift` added to the commitment; where
    /// there is torsion it may hold or not.
    fn sign(&self, message: &[u8], nonce: Scalar, shift: EdwardsPoint) -> [u8; 64] {
        let commitment = (EdwardsPoint::mul_base(&nonce) + shift).compress().to_bytes();
        let hash = Sha512::new().chain_update(commitment).chain_update(self.key.key.as_bytes()).chain_update(message).finalize();
        let s = nonce + Scalar::from_bytes_mod_order_wide(&hash.into()) * self.secret;
        Signature::from_components(commitment, s.to_bytes()).to_bytes()
    }
}

fn scalar(random: &mut StdRng) -> Scalar {
    let mut wide = [0; 64];
    random.fill_bytes(&mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

/// 2^252 + 27742317777372353535851937790883648493, the order of the base point, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0x10,
];

/// Spoils a signature in one of the ways that signatures are spoilt, or leaves it.
fn damage(signature: &mut [u8; 64], random: &mut StdRng) {
    let small = |random: &mut StdRng| SMALL_ORDER[random.random_range(0..8)];
    match random.random_range(0..12) {
        0..=2 => {}
        3 => signature[random.random_range(0..64)] ^= 1 << random.random_range(0..8),
        4 => random.fill_bytes(&mut signature[..32]),
        5 => random.fill_bytes(&mut signature[32..]),
        6 => signature[..32].copy_from_slice(&small(random)),
        // A point that is not written canonically: y of 2^255 - 19 and above, with either sign.
        7 => {
            signature[..32].fill(0xff);
            signature[0] = 0xed_u8.wrapping_add(random.random_range(0..19));
            signature[31] = if random.random() { 0x7f } else { 0xff };
        }
        // `s` and the order: the same modulo the order, and malleable.
        8 => {
            let mut carry = 0;
            for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
                let sum = u16::from(*byte) + u16::from(order) + carry;
                *byte = u8::try_from(sum & 0xff).expect("a byte");
                carry = sum >> 8;
            }
        }
        9 => signature[63] |= 0x80 >> random.random_range(0..3),
        10 => signature[32..].copy_from_slice(&if random.random() { ORDER } else { [0; 32] }),
        _ => {
            signature[31] ^= 0x80;
        }
    }
}

fn signers(random: &mut StdRng) -> Vec<Signer> {
    let torsion = (0..8).filter_map(|index| Signer::new(scalar(random), EIGHT_TORSION[index]));
    let mut signers: Vec<_> = torsion.collect();
    assert_eq!(signers.len(), 8, "a key with torsion is no weak key");
    signers.extend([Scalar::ONE, -Scalar::ONE].into_iter().filter_map(|secret| Signer::new(secret, EIGHT_TORSION[0])));
    signers
}

fn run(count: u64, seed: u64) -> [u64; 2] {
    let mut random = StdRng::seed_from_u64(seed);
    let mut counts = [0; 2];
    let mut left = count;
    while left > 0 {
        let signers = signers(&mut random);
        for _ in 0..left.min(50_000) {
            let signer = &signers[random.random_range(0..signers.len())];
            let mut message = vec![0; random.random_range(0..80)];
            random.fill_bytes(&mut message);
            let shift = if random.random_range(0..4) == 0 { EIGHT_TORSION[random.random_range(0..8)] } else { -signer.torsion };
            let nonce = if random.random_range(0..16) == 0 { Scalar::ZERO } else { scalar(&mut random) };
            let mut signature = signer.sign(&message, nonce, shift);
            damage(&mut signature, &mut random);
            let [library, listed, tabled] = judged(&signer.key.key, &signer.table, &message, &signature);
            assert_eq!(
                [listed, tabled],
                [library; 2],
                "key {:02x?}, message {message:02x?}, signature {signature:02x?}",
                signer.key.key.as_bytes()
            );
            counts[usize::from(library)] += 1;
        }
        left = left.saturating_sub(50_000);
    }
    counts
}

#[expect(clippy::disallowed_methods, reason = "a test is told how long to go on")]
fn setting((name, default): (&str, u64)) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

#[test]
fn whichever_way_a_signature_is_checked_the_answer_is_the_same() {
    let [count, seed] = [("PASSPORT_TEST_SIGNATURES", 20_000), ("PASSPORT_TEST_SEED", 1)].map(setting);
    let [refused, accepted] = run(count, seed);
    println!("{count} signatures: {accepted} accepted, {refused} refused, by all three");
    assert!(accepted > count / 20 && refused > count / 5, "neither side is empty: {accepted} and {refused} of {count}");
}

/// The list is the eight points of small order, as curve25519-dalek has them, and no other.
#[test]
fn the_list_of_small_order_points_is_whole() {
    let mut listed = SMALL_ORDER.to_vec();
    let mut known: Vec<_> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
    assert!(SMALL_ORDER.iter().all(|bytes| CompressedEdwardsY(*bytes).decompress().is_some_and(|point| point.is_small_order())));
    assert!(!ED25519_BASEPOINT_POINT.is_small_order());
}

/// What a commitment of small order would give away: with the nonce nought, `R` is the neutral point, and the equation
/// holds. Strict rules refuse it, and so do all ways.
#[test]
fn a_commitment_of_small_order_is_refused_although_the_equation_holds() {
    let mut random = StdRng::seed_from_u64(3);
    for signer in signers(&mut random) {
        for shift in EIGHT_TORSION {
            let signature = signer.sign(b"message", Scalar::ZERO, shift);
            assert_eq!(judged(&signer.key.key, &signer.table, b"message", &signature), [false; 3]);
        }
    }
}

#[test]
fn a_key_in_use_gets_its_table_and_goes_on_with_the_same_answers() {
    let mut random = StdRng::seed_from_u64(4);
    let signer = Signer::new(scalar(&mut random), EIGHT_TORSION[0]).expect("a key");
    let signature = signer.sign(b"message", scalar(&mut random), EIGHT_TORSION[0]);
    let check = |method| signer.key.verifies(b"message", &signature, method) && !signer.key.verifies(b"massage", &signature, method);
    assert!(signer.key.table.multiples.get().is_none());
    for _ in 0..super::USES {
        assert!(check(crate::SignatureMethod::Listed) && check(crate::SignatureMethod::Library));
    }
    assert!(signer.key.table.multiples.get().is_none(), "switched off by name, none is made");
    for _ in 0..super::USES {
        assert!(check(crate::SignatureMethod::Tabled));
    }
    assert!(signer.key.table.multiples.get().is_some());
    assert!(check(crate::SignatureMethod::Tabled));
}
