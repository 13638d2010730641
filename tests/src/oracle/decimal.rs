//! Exact decimals, as digit strings that compare as text.

/// At most this many significant digits, and this many places after the point.
const MAX: usize = 28;

/// A decimal: its sign, and its absolute value times 10^28, written with 56 digits. Zero is not negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: String,
}

impl Decimal {
    /// From the text of a JSON number. `None` if it has too many digits or places, counted in plain notation as
    /// written: the exponent is applied, leading zeros do not count, trailing zeros do.
    pub(super) fn from_number(text: &str) -> Option<Decimal> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent = read_exponent(exponent);
        let mut digits = format!("{whole}{fraction}");
        let is_zero = digits.bytes().all(|digit| digit == b'0');

        // How many of the digits stand behind the point; below zero, how many zeros are to be put on.
        let behind = i64::try_from(fraction.len()).ok()? - exponent;
        let places = usize::try_from(behind.max(0)).ok()?;
        let zeros = usize::try_from((-behind).max(0)).ok()?;
        if places > MAX || (zeros > MAX && !is_zero) {
            return None;
        }
        if !is_zero {
            digits.push_str(&"0".repeat(zeros));
        }
        let significant = digits.trim_start_matches('0');
        if significant.len() > MAX {
            return None;
        }
        let scaled = format!("{significant}{}", "0".repeat(MAX - places));
        Some(Decimal { negative: sign && !is_zero, digits: format!("{scaled:0>56}") })
    }

    /// From a string of the form `-?(0|[1-9][0-9]*)(\.[0-9]+)?`, with the same bounds.
    pub(super) fn from_text(text: &str) -> Option<Decimal> {
        let rest = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match rest.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (rest, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let whole_is_good = digits(whole) && (whole == "0" || !whole.starts_with('0'));
        if !whole_is_good || !fraction.is_none_or(digits) {
            return None;
        }
        Decimal::from_number(text)
    }

    /// Whether this is not above `other`.
    pub(super) fn at_most(&self, other: &Decimal) -> bool {
        match (self.negative, other.negative) {
            (true, false) => true,
            (false, true) => false,
            (false, false) => self.digits <= other.digits,
            (true, true) => self.digits >= other.digits,
        }
    }
}

/// The exponent; one that is beyond all reason is held at ten thousand million, which is just as bad.
fn read_exponent(text: &str) -> i64 {
    let digits = text.trim_start_matches(['+', '-']).trim_start_matches('0');
    let size = if digits.len() > 10 { 10_000_000_000 } else { digits.parse().unwrap_or(0) };
    if text.starts_with('-') { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn number(text: &str) -> Decimal {
        Decimal::from_number(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn numbers_are_equal_by_value() {
        let same = [
            ("0.1", "0.10"),
            ("1e2", "100"),
            ("1E+2", "100.000"),
            ("-0", "0"),
            ("-0.00", "0e5"),
            ("1.50E+1", "15"),
            ("15e-1", "1.5"),
            ("0.00001e5", "1"),
            ("100e-2", "1"),
            ("0e99999999999999999999", "0"),
            ("1e27", "1000000000000000000000000000"),
            ("1e-28", "0.0000000000000000000000000001"),
            ("1e0000000000000000002", "100"),
        ];
        for (left, right) in same {
            assert_eq!(number(left), number(right), "{left} {right}");
        }
        assert_ne!(number("1"), number("-1"));
        assert_ne!(number("9007199254740993"), number("9007199254740992"));
        assert_ne!(number("0.1"), number("0.1000000000000000055511151231"));
    }

    #[test]
    fn order_is_exact_and_knows_signs() {
        let rising = ["-1e27", "-10", "-9.99", "-1e-28", "0", "1e-28", "0.1", "0.11", "2", "9.99", "10", "742", "1e27"];
        for (low, left) in rising.iter().enumerate() {
            for (high, right) in rising.iter().enumerate() {
                assert_eq!(number(left).at_most(&number(right)), low <= high, "{left} {right}");
            }
        }
    }

    #[test]
    fn digits_and_places_are_counted_as_written() {
        let good = [
            "1e27",
            "9999999999999999999999999999",
            "0.0000000000000000000000000001",
            "1e-28",
            "0.0000000000000000000000000000",
            "1.000000000000000000000000000",
            "0e-28",
            "-1e27",
            "0.10e-26",
        ];
        let bad = [
            "1e28",
            "99999999999999999999999999999",
            "0.00000000000000000000000000001",
            "1e-29",
            "1.0e-28",
            "1.0000000000000000000000000000",
            "0e-29",
            "10e27",
            "1e-99999999999999999999",
            "0.0e-28",
            "12345678901234567890123456.789",
        ];
        for text in good {
            assert!(Decimal::from_number(text).is_some(), "{text}");
        }
        for text in bad {
            assert!(Decimal::from_number(text).is_none(), "{text}");
        }
    }

    #[test]
    fn strings_have_one_plain_form() {
        for text in ["0", "-0", "0.0", "-0.10", "742", "500.00", "10", "9999999999999999999999999999"] {
            assert_eq!(Decimal::from_text(text), Some(number(text)), "{text}");
        }
        let bad = [
            "",
            "-",
            "+1",
            "01",
            "-01",
            "00",
            ".5",
            "5.",
            "1e2",
            "1E2",
            "1,0",
            "1_0",
            " 1",
            "1 ",
            "--1",
            "1.2.3",
            "0x1",
            "NaN",
            "inf",
            "١",
            "1.-5",
            "99999999999999999999999999999",
        ];
        for text in bad {
            assert_eq!(Decimal::from_text(text), None, "{text}");
        }
    }
}
