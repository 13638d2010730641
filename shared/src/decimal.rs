//! Exact decimals, read as written and never through a binary double.

use std::cmp::Ordering;

use crate::limits::{DECIMAL_DIGITS, DECIMAL_PLACES};

/// An exact decimal of at most 28 significant digits and 28 places, in plain notation as written.
///
/// Equality is by value: `0.1` is `0.10`, `1e2` is `100`, `-0` is `0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The value in millionths, where it is a whole number of them and fits; else [`NO_MILLIONTHS`]. Nearly every amount
    /// does, and two such are compared as integers.
    millionths: i64,
    /// The digits without trailing zeros, below 10^28, as their low 64 bits and the rest: a decimal is then 24 bytes and
    /// not 48, and each remembered passport holds its bounds.
    low: u64,
    high: u32,
    /// Between -28 and 27. Zero has one form: not negative, exponent 0.
    exponent: i8,
    negative: bool,
}

/// Not the millionths of any value that has them: the range is symmetric.
const NO_MILLIONTHS: i64 = i64::MIN;

/// Places of a millionth.
const MILLIONTH: i32 = 6;

impl Decimal {
    /// Nought.
    pub const ZERO: Self = Self { millionths: 0, low: 0, high: 0, exponent: 0, negative: false };

    /// Reads a JSON number (RFC 8259), exponent and all. `None` for other text, and beyond the bounds.
    #[must_use]
    pub fn from_json_number(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        Self::read(mantissa, exponent)
    }

    /// Reads the string form, `-?(0|[1-9][0-9]*)(\.[0-9]+)?`. `None` for other text, and beyond the bounds.
    #[must_use]
    pub fn from_plain(text: &str) -> Option<Self> {
        Self::read(text, 0)
    }

    fn read(mantissa: &str, exponent: i32) -> Option<Self> {
        let (negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        Self::assemble(negative, whole, fraction, exponent)
    }

    fn assemble(negative: bool, whole: &str, fraction: &str, exponent: i32) -> Option<Self> {
        let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if places > i32::try_from(DECIMAL_PLACES).ok()? {
            return None;
        }
        let mut digits: u128 = 0;
        let mut count: usize = 0;
        for digit in whole.bytes().chain(fraction.bytes()).map(|byte| u128::from(byte - b'0')) {
            count += usize::from(digits != 0 || digit != 0);
            if count > DECIMAL_DIGITS {
                return None;
            }
            digits = digits * 10 + digit;
        }
        if digits == 0 {
            return Some(Self::ZERO);
        }
        // An exponent above the places adds digits to the plain notation.
        if count + usize::try_from(-places).unwrap_or(0) > DECIMAL_DIGITS {
            return None;
        }
        let mut exponent = -places;
        while digits.is_multiple_of(10) {
            digits /= 10;
            exponent += 1;
        }
        Some(Self {
            millionths: millionths(negative, digits, exponent),
            low: u64::try_from(digits & u128::from(u64::MAX)).ok()?,
            high: u32::try_from(digits >> 64).ok()?,
            exponent: i8::try_from(exponent).ok()?,
            negative,
        })
    }

    fn digits(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    /// The plain notation without trailing zeros: the one text of this value.
    #[must_use]
    pub fn to_plain(self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits = self.digits().to_string();
        match usize::try_from(self.exponent) {
            Ok(zeros) => format!("{sign}{digits}{}", "0".repeat(zeros)),
            Err(_) => {
                let places = usize::from(self.exponent.unsigned_abs());
                let padded = format!("{digits:0>width$}", width = places + 1);
                let (whole, fraction) = padded.split_at(padded.len() - places);
                format!("{sign}{whole}.{fraction}")
            }
        }
    }

    /// Compares what may have no millionths.
    #[cold]
    fn cmp_digits(self, other: Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }

    /// Compares two magnitudes: first by where the leading digit stands, then digit by digit.
    fn cmp_magnitude(self, other: Self) -> Ordering {
        let (mine, theirs) = (self.digits(), other.digits());
        if mine == 0 || theirs == 0 {
            return mine.cmp(&theirs);
        }
        let leading = |digits: u128, exponent: i8| i32::try_from(digits.ilog10()).unwrap_or(0) + i32::from(exponent);
        // Both have at most 28 digits, so shifting each to 28 cannot overflow 128 bits.
        let aligned = |digits: u128| digits * 10_u128.pow(27_u32.saturating_sub(digits.ilog10()));
        leading(mine, self.exponent).cmp(&leading(theirs, other.exponent)).then_with(|| aligned(mine).cmp(&aligned(theirs)))
    }
}

fn millionths(negative: bool, digits: u128, exponent: i32) -> i64 {
    let scaled = || {
        let zeros = u32::try_from(exponent.checked_add(MILLIONTH)?).ok()?;
        i64::try_from(digits).ok()?.checked_mul(10_i64.checked_pow(zeros)?)
    };
    scaled().map_or(NO_MILLIONTHS, |magnitude| if negative { -magnitude } else { magnitude })
}

/// Reads `[+-]?[0-9]+`; what is beyond any bound becomes a number that is beyond any bound.
fn read_exponent(text: &str) -> Option<i32> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = digits.parse::<i32>().unwrap_or(1_000_000).min(1_000_000);
    Some(if negative { -value } else { value })
}

impl Ord for Decimal {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        if self.millionths != NO_MILLIONTHS && other.millionths != NO_MILLIONTHS {
            return self.millionths.cmp(&other.millionths);
        }
        self.cmp_digits(*other)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(text: &str) -> Decimal {
        Decimal::from_json_number(text).unwrap_or_else(|| panic!("{text} is a decimal"))
    }

    #[test]
    fn the_same_value_in_other_notations_is_equal() {
        for (a, b) in [("0.1", "0.10"), ("1e2", "100"), ("-0", "0"), ("0e5", "0"), ("1.50E+1", "15"), ("100e-1", "10.0")] {
            assert_eq!(json(a), json(b), "{a} = {b}");
        }
        assert_ne!(json("0.1"), json("0.1000000000000000000000000001"));
    }

    #[test]
    fn order_is_exact_where_a_double_would_round() {
        for (low, high) in [
            ("0.1", "0.1000000000000000000000000001"),
            ("9007199254740992", "9007199254740993"),
            ("-2", "-1"),
            ("-1", "0"),
            ("0", "1e-28"),
            ("-1e-28", "0"),
            ("9.99", "10"),
            ("0.02", "0.1"),
            ("99", "1e2"),
        ] {
            assert!(json(low) < json(high), "{low} < {high}");
            assert!(json(high) > json(low), "{high} > {low}");
        }
    }

    #[test]
    fn bounds_are_28_digits_and_28_places_as_written() {
        let nines = "9".repeat(28);
        assert!(Decimal::from_plain(&nines).is_some());
        assert!(Decimal::from_plain(&"9".repeat(29)).is_none());
        assert!(Decimal::from_json_number("1e27").is_some());
        assert!(Decimal::from_json_number("1e28").is_none());
        assert!(Decimal::from_json_number("1e-28").is_some());
        assert!(Decimal::from_json_number("1e-29").is_none());
        assert!(Decimal::from_json_number("1e-99999999999999999999").is_none());
        assert!(Decimal::from_json_number("0e-29").is_none());
        assert!(Decimal::from_plain(&format!("0.{}1", "0".repeat(27))).is_some());
        assert!(Decimal::from_plain(&format!("0.{}1", "0".repeat(28))).is_none());
        assert!(Decimal::from_plain(&format!("1.{}", "0".repeat(28))).is_none());
    }

    #[test]
    fn other_text_is_no_decimal() {
        for text in ["", "-", ".5", "5.", "01", "+1", "1e2", "1_000", " 1", "1 ", "--1", "0x10", "NaN", "Infinity", "１"] {
            assert!(Decimal::from_plain(text).is_none(), "{text}");
        }
        assert!(Decimal::from_json_number("1e").is_none());
        assert!(Decimal::from_json_number("1e+").is_none());
    }

    proptest! {
        #[test]
        fn order_agrees_with_integers(a in any::<i64>(), b in any::<i64>(), scale in 0_u32..9) {
            let text = |n: i64| format!("{n}e-{scale}");
            prop_assert_eq!(json(&text(a)).cmp(&json(&text(b))), a.cmp(&b));
        }

        #[test]
        fn the_plain_text_is_the_same_value(digits in 0_u64.., exponent in -20_i32..8, negative: bool) {
            let sign = if negative { "-" } else { "" };
            let value = json(&format!("{sign}{digits}e{exponent}"));
            prop_assert_eq!(Decimal::from_plain(&value.to_plain()), Some(value));
        }
    }
}
