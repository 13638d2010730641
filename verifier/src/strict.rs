//! Strict Ed25519, three ways, each with the same answer for every input.
//!
//! What is accepted is what ed25519-dalek's `verify_strict` accepts: `s` is below the group's order, neither the key `A`
//! nor the commitment `R` has small order, and `R`, as it is written, is the one encoding of `s·B - k·A`, where
//! `k = SHA-512(R ‖ A ‖ message)` modulo the order (RFC 8032, section 5.1.7, without the cofactor).
//!
//! Why the quicker ways are as strict:
//!
//! - **Listed.** dalek's plain `verify` computes `s·B - k·A`, encodes it, and compares the 32 bytes with `R`. Equal bytes
//!   are therefore the canonical encoding of a point on the curve, so decompressing `R`, which `verify_strict` does, could
//!   give only that point. It has small order exactly if it is one of the eight points of order 1, 2, 4 and 8, whose
//!   canonical encodings are [`SMALL_ORDER`]. That `A` has none is asked when a key is loaded
//!   ([`TrustedKey::new`](crate::trusted_key::TrustedKey::new)), once and not for every token.
//! - **Tabled.** The same comparison, with the same `s`, `k`, `A` and `R`. Only the way to the point differs: sums of
//!   multiples that were made beforehand ([`multiples`]). dalek's addition is complete, so the order of additions cannot
//!   change the point, and `k` is used as the same integer, so a key with a torsion component gives the same point too.
//!
//! Nothing here is secret, so nothing has to take constant time.

use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use sha2::{Digest as _, Sha512};

mod multiples;

#[cfg(test)]
pub(crate) use multiples::Budget;
pub(crate) use multiples::{Multiples, TABLES};

/// How signatures of passports are checked. All three accept exactly the same; see the measurements in
/// `docs/performance.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureMethod {
    /// A table of multiples for each key that is in use, 110 KiB each, for at most 16 keys in a process; the way of
    /// [`Listed`](Self::Listed) until there is one. The table is made during the 32nd check of a key, which takes a
    /// tenth of a millisecond longer.
    #[default]
    Tabled,
    /// ed25519-dalek's `verify`, and small-order points refused by comparing with a list.
    Listed,
    /// ed25519-dalek's `verify_strict`, and nothing of ours.
    Library,
}

/// The canonical encodings of the eight points of small order: `y` = 1, -1, 0 twice, and the four of order 8.
pub(crate) const SMALL_ORDER: [[u8; 32]; 8] = {
    const fn y(first: u8, rest: u8, last: u8) -> [u8; 32] {
        let mut bytes = [rest; 32];
        bytes[0] = first;
        bytes[31] = last;
        bytes
    }
    const EIGHT: [u8; 32] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
        0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    const MINUS_EIGHT: [u8; 32] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
        0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    const fn signed(mut bytes: [u8; 32]) -> [u8; 32] {
        bytes[31] |= 0x80;
        bytes
    }
    [y(1, 0, 0), y(0xec, 0xff, 0x7f), y(0, 0, 0), y(0, 0, 0x80), EIGHT, signed(EIGHT), MINUS_EIGHT, signed(MINUS_EIGHT)]
};

/// dalek's own strict rules.
pub(crate) fn by_library(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
}

/// The same for a key that is not weak, by dalek's plain `verify` and the list.
pub(crate) fn by_list(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let (commitment, _) = halves(signature);
    !SMALL_ORDER.contains(&commitment) && key.verify(message, &Signature::from_bytes(signature)).is_ok()
}

/// The same for a key that is not weak, with the multiples of its negative.
pub(crate) fn by_table(key: &VerifyingKey, minus_key: &Multiples, message: &[u8], signature: &[u8; 64]) -> bool {
    let (commitment, scalar) = halves(signature);
    let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(scalar)) else { return false };
    let hash = Sha512::new().chain_update(commitment).chain_update(key.as_bytes()).chain_update(message).finalize();
    let k = Scalar::from_bytes_mod_order_wide(&hash.into());
    let point = multiples::sum([(multiples::base_multiples(), &s), (minus_key, &k)]);
    point.is_some_and(|point| point.compress().to_bytes() == commitment) && !SMALL_ORDER.contains(&commitment)
}

/// `R` and `s`.
fn halves(signature: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (mut commitment, mut scalar) = ([0; 32], [0; 32]);
    let (first, second) = signature.split_at(32);
    commitment.copy_from_slice(first);
    scalar.copy_from_slice(second);
    (commitment, scalar)
}
