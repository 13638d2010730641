//! `min` and `max`: bounds on exact decimals.

use std::cmp::Ordering;

use serde::{Serialize, Serializer};
use smol_str::SmolStr;

use crate::decimal::Decimal;
use crate::footprint::Footprint;
use crate::json::Value;
use crate::scalar::{Number, ScalarRef};

/// A decimal that bounds an attribute, written as a number or as a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    text: SmolStr,
    value: Decimal,
    quoted: bool,
}

impl Bound {
    pub(super) fn read(value: Value<'_>) -> Option<Self> {
        if let Some(text) = value.as_str() {
            let value = Decimal::from_plain(text)?;
            return Some(Self { text: text.into(), value, quoted: true });
        }
        let text = value.as_number()?;
        Some(Self { text: text.into(), value: Decimal::from_json_number(text)?, quoted: false })
    }

    /// The bound at this value, written as a string.
    pub(crate) fn of(value: Decimal) -> Self {
        Self { text: value.to_plain().into(), value, quoted: true }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its exact value.
    #[must_use]
    pub fn value(&self) -> Decimal {
        self.value
    }
}

impl Footprint for Bound {
    fn heap_bytes(&self) -> usize {
        self.text.heap_bytes()
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.quoted {
            return serializer.serialize_str(&self.text);
        }
        match Number::parse(&self.text) {
            Some(number) => number.serialize(serializer),
            None => Err(serde::ser::Error::custom("a bound that is not a number")),
        }
    }
}

/// How the attribute, in either form, compares with a bound.
#[inline]
pub(super) fn compare(value: ScalarRef<'_>, bound: &Bound) -> Option<Ordering> {
    match value {
        ScalarRef::Number(number) => Some(number.value_ref().cmp(&bound.value)),
        ScalarRef::Text(text) => compare_text(text, bound),
        ScalarRef::Bool(_) => None,
    }
}

#[inline(never)]
fn compare_text(text: &str, bound: &Bound) -> Option<Ordering> {
    Some(Decimal::from_plain(text)?.cmp(&bound.value))
}

/// The attribute as a decimal, in either form.
pub(super) fn decimal(value: ScalarRef<'_>) -> Option<Decimal> {
    match value {
        ScalarRef::Text(text) => Decimal::from_plain(text),
        ScalarRef::Number(number) => Some(number.value()),
        ScalarRef::Bool(_) => None,
    }
}
