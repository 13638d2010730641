//! Multiples of one point, made once, so that any multiple of it is a sum of a few of them.
//!
//! A scalar below 2^253 is written in 43 signed digits of base 2^6, each from -31 to 32. The table has the rows
//! `d · 2^(12·j) · P` for `d` = 1 to 32 and `j` = 0 to 21. The digits at odd places are summed first, the sum is doubled
//! six times, and those at even places are added: half the rows that one for each place would take, for six doublings,
//! which the points that are summed together share. A larger base needs fewer additions and, where the table is not in
//! the processor's caches, loses as much to memory: base 2^7 was no quicker in the benchmark.
//!
//! Only public operations of curve25519-dalek are used: addition, subtraction and multiplication by the cofactor.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;

/// Bits of a digit.
const BITS: usize = 6;

/// Digits of a scalar below 2^253, with room for a last carry: 43 times 6 is 258.
const DIGITS: usize = 43;

/// Multiples in a row: the largest digit.
const ROW: usize = 1 << (BITS - 1);

const ROWS: usize = DIGITS.div_ceil(2);

/// How many tables there may be.
pub(crate) struct Budget {
    most: usize,
    taken: AtomicUsize,
}

/// Tables of keys in this process, 110 KiB each: an issuer has two or three keys in use at a time.
pub(crate) static TABLES: Budget = Budget::of(16);

impl Budget {
    pub(crate) const fn of(most: usize) -> Self {
        Self { most, taken: AtomicUsize::new(0) }
    }

    fn take(&self) -> bool {
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| (taken < self.most).then_some(taken + 1)).is_ok()
    }
}

/// The multiples of one point.
pub(crate) struct Multiples {
    points: Box<[EdwardsPoint]>,
    budget: Option<&'static Budget>,
}

impl Multiples {
    /// The multiples of `point`; `None` while there are as many tables as `budget` allows.
    pub(crate) fn within(budget: &'static Budget, point: EdwardsPoint) -> Option<Self> {
        budget.take().then(|| Self { points: points(point), budget: Some(budget) })
    }

    /// Adds `digit` times 2^(12·`row`) times the point to `sum`.
    fn add(&self, sum: &mut EdwardsPoint, row: usize, digit: i32) -> Option<()> {
        let Some(place) = usize::try_from(digit.unsigned_abs()).ok()?.checked_sub(1) else { return Some(()) };
        let multiple = self.points.get(row * ROW + place)?;
        match digit > 0 {
            true => *sum += multiple,
            false => *sum -= multiple,
        }
        Some(())
    }
}

impl Drop for Multiples {
    fn drop(&mut self) {
        if let Some(budget) = self.budget {
            budget.taken.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The multiples of the base point, made when first asked for and kept.
pub(crate) fn base_multiples() -> &'static Multiples {
    static BASE: OnceLock<Multiples> = OnceLock::new();
    BASE.get_or_init(|| Multiples { points: points(ED25519_BASEPOINT_POINT), budget: None })
}

fn points(point: EdwardsPoint) -> Box<[EdwardsPoint]> {
    let mut points = Vec::with_capacity(ROWS * ROW);
    let mut first = point;
    for _ in 0..ROWS {
        let mut multiple = first;
        for _ in 1..ROW {
            points.push(multiple);
            multiple += first;
        }
        points.push(multiple);
        // From half a digit's range to the place after next.
        first = doubled(multiple, BITS + 1);
    }
    points.into_boxed_slice()
}

/// The sum of each point times its scalar. `None` cannot come of scalars below 2^253, as every reduced one is.
pub(crate) fn sum<const N: usize>(terms: [(&Multiples, &Scalar); N]) -> Option<EdwardsPoint> {
    let terms = terms.map(|(multiples, scalar)| (multiples, digits(scalar)));
    let mut sum = EdwardsPoint::identity();
    let places = |parity: usize| {
        terms
            .iter()
            .flat_map(move |(multiples, digits)| digits.chunks(2).enumerate().map(move |(row, pair)| (*multiples, row, pair.get(parity))))
    };
    for (multiples, row, digit) in places(1) {
        multiples.add(&mut sum, row, digit.copied().unwrap_or(0))?;
    }
    sum = doubled(sum, BITS);
    for (multiples, row, digit) in places(0) {
        multiples.add(&mut sum, row, digit.copied().unwrap_or(0))?;
    }
    Some(sum)
}

/// 2 to the power of `times`, times the point. The cofactor is 8, and multiplying by it is quicker than three additions.
fn doubled(mut point: EdwardsPoint, times: usize) -> EdwardsPoint {
    for _ in 0..times / 3 {
        point = point.mul_by_cofactor();
    }
    for _ in 0..times % 3 {
        point += point;
    }
    point
}

/// The signed digits of a scalar, the lowest first.
fn digits(scalar: &Scalar) -> [i32; DIGITS] {
    let bytes = scalar.as_bytes();
    let byte = |at: usize| u16::from(bytes.get(at).copied().unwrap_or(0));
    let mut digits = [0; DIGITS];
    let mut carry = 0;
    for (place, digit) in digits.iter_mut().enumerate() {
        let (at, shift) = (place * BITS / 8, place * BITS % 8);
        let window = (byte(at) | byte(at + 1) << 8) >> shift & ((1 << BITS) - 1);
        let value = i32::from(window) + carry;
        carry = i32::from(value > 1 << (BITS - 1));
        *digit = value - (carry << BITS);
    }
    digits
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha512};

    use super::*;

    #[test]
    fn the_digits_of_a_scalar_are_the_scalar() {
        let mut scalars = vec![Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::from(32_u8), Scalar::from(33_u8), Scalar::from(u64::MAX)];
        scalars.extend((0..2_000_u64).map(|seed| Scalar::from_bytes_mod_order_wide(&Sha512::digest(seed.to_be_bytes()).into())));
        for scalar in scalars {
            let digits = digits(&scalar);
            assert!(digits.iter().all(|digit| (-31..=32).contains(digit)));
            let base = Scalar::from(64_u8);
            let back = digits.iter().rev().fold(Scalar::ZERO, |sum, digit| {
                let magnitude = Scalar::from(digit.unsigned_abs());
                sum * base + if *digit < 0 { -magnitude } else { magnitude }
            });
            assert_eq!(back, scalar);
        }
    }

    #[test]
    fn a_sum_of_multiples_is_the_product() {
        let point = EdwardsPoint::mul_base(&Scalar::from(77_u8));
        let multiples = Multiples { points: points(point), budget: None };
        assert_eq!(multiples.points.len() * size_of::<EdwardsPoint>(), 112_640, "as the documentation says");
        for seed in 0..200_u64 {
            let [a, b] = [seed, !seed].map(|seed| Scalar::from_bytes_mod_order_wide(&Sha512::digest(seed.to_be_bytes()).into()));
            assert_eq!(sum([(&multiples, &a)]), Some(point * a));
            assert_eq!(sum([(base_multiples(), &b), (&multiples, &a)]), Some(point * a + EdwardsPoint::mul_base(&b)));
        }
        for edge in [Scalar::ZERO, Scalar::ONE, -Scalar::ONE] {
            assert_eq!(sum([(&multiples, &edge)]), Some(point * edge));
        }
    }

    #[test]
    fn there_are_no_more_tables_than_the_bound() {
        static BUDGET: Budget = Budget::of(2);
        let table = || Multiples::within(&BUDGET, ED25519_BASEPOINT_POINT);
        let held = [table(), table()];
        assert!(held.iter().all(Option::is_some));
        assert!(table().is_none());
        drop(held);
        assert!(table().is_some(), "there is room again");
    }
}
