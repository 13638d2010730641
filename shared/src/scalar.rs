//! The values that grants compare with and that requests carry.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use smol_str::SmolStr;

use crate::decimal::Decimal;
use crate::footprint::Footprint;
use crate::json::Value;
use crate::text::same;

/// A JSON number: its text as written and its exact value.
#[derive(Clone, Debug)]
pub struct Number {
    text: SmolStr,
    value: Decimal,
}

impl Number {
    /// Reads a JSON number of at most 28 digits and 28 places; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Decimal::from_json_number(text).map(|value| Self { text: text.into(), value })
    }

    /// The number as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[inline]
    pub(crate) fn value_ref(&self) -> &Decimal {
        &self.value
    }

    /// Its exact value.
    #[must_use]
    pub fn value(&self) -> Decimal {
        self.value
    }
}

/// By value: `0.1` is `0.10`.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Number {}

macro_rules! number_from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(integer: $integer) -> Self {
                let text = integer.to_string();
                // No integer of 64 bits has more than 20 digits.
                let value = Decimal::from_plain(&text).unwrap_or(Decimal::ZERO);
                Self { text: text.into(), value }
            }
        }
    )*};
}
number_from_integer!(i32, i64, u32, u64);

impl Serialize for Number {
    /// Writes the text as it was written: a number never passes through a binary double.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.text.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// A string, a number or a boolean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// Compared by code points.
    Text(SmolStr),
    /// Compared by exact value.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
}

/// A [`Scalar`] that borrows: one value of a request while it is held against a constraint.
#[derive(Clone, Copy, Debug)]
pub enum ScalarRef<'a> {
    /// A string.
    Text(&'a str),
    /// A number.
    Number(&'a Number),
    /// A boolean.
    Bool(bool),
}

impl Scalar {
    /// The same value, borrowed.
    #[inline]
    pub(crate) fn borrowed(&self) -> ScalarRef<'_> {
        match self {
            Self::Text(text) => ScalarRef::Text(text),
            Self::Number(number) => ScalarRef::Number(number),
            Self::Bool(value) => ScalarRef::Bool(*value),
        }
    }

    /// Whether `other` is of the same type, and if so whether it is equal.
    #[inline]
    #[must_use]
    pub fn compare(&self, other: ScalarRef<'_>) -> Option<bool> {
        match (self, other) {
            (Self::Text(a), ScalarRef::Text(b)) => Some(same(a, b)),
            (Self::Number(a), ScalarRef::Number(b)) => Some(a == b),
            (Self::Bool(a), ScalarRef::Bool(b)) => Some(*a == b),
            (Self::Text(_) | Self::Number(_) | Self::Bool(_), _) => None,
        }
    }

    /// Reads a scalar; a number beyond the bounds of a decimal is none.
    #[must_use]
    pub fn read(value: Value<'_>) -> Option<Self> {
        if let Some(text) = value.as_str() {
            return Some(Self::Text(text.into()));
        }
        if let Some(text) = value.as_number() {
            return Number::parse(text).map(Self::Number);
        }
        value.as_bool().map(Self::Bool)
    }
}

impl Footprint for Scalar {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.heap_bytes(),
            Self::Number(number) => number.text.heap_bytes(),
            Self::Bool(_) => 0,
        }
    }
}

/// An attribute of a request: a scalar or a list of strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Attribute {
    /// One value.
    Scalar(Scalar),
    /// Several strings; a constraint must hold for each.
    List(Vec<String>),
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Scalar(Scalar::Text(text.into()))
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Scalar(Scalar::Text(text.into()))
    }
}

impl From<bool> for Attribute {
    fn from(value: bool) -> Self {
        Self::Scalar(Scalar::Bool(value))
    }
}

impl<N: Into<Number>> From<N> for Attribute {
    fn from(number: N) -> Self {
        Self::Scalar(Scalar::Number(number.into()))
    }
}

impl From<Vec<String>> for Attribute {
    fn from(items: Vec<String>) -> Self {
        Self::List(items)
    }
}

impl From<&[&str]> for Attribute {
    fn from(items: &[&str]) -> Self {
        Self::List(items.iter().map(|item| (*item).to_owned()).collect())
    }
}

impl<const N: usize> From<[&str; N]> for Attribute {
    fn from(items: [&str; N]) -> Self {
        Self::from(items.as_slice())
    }
}
