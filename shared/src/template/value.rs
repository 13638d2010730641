//! The types of parameters, and values of them.

use crate::decimal::Decimal;
use crate::fault::{Faults, Place};
use crate::json::Value;
use crate::limits::{OPERAND_VALUES, STRING_BYTES};

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Bool,
    Texts,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Text, Self::Number, Self::Bool, Self::Texts];

    /// As a declaration says it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "number",
            Self::Bool => "boolean",
            Self::Texts => "strings",
        }
    }
}

/// A value for a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Text(String),
    /// A decimal and how it was written, as a JSON number.
    Number {
        text: String,
        value: Decimal,
    },
    Bool(bool),
    Texts(Vec<String>),
}

/// A value in the place of a parameter.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) given: Given,
    /// Where it was given.
    pub(super) pointer: String,
    /// Whether that is a list, so that its items have places of their own.
    pub(super) listed: bool,
}

impl Bound {
    /// Its texts, each with where it was given.
    pub(super) fn texts(&self) -> Vec<(&str, String)> {
        match &self.given {
            Given::Text(text) => vec![(text, self.pointer.clone())],
            Given::Texts(texts) => {
                let pointer = |index: usize| if self.listed { format!("{}/{index}", self.pointer) } else { self.pointer.clone() };
                texts.iter().enumerate().map(|(index, text)| (text.as_str(), pointer(index))).collect()
            }
            Given::Number { .. } | Given::Bool(_) => Vec::new(),
        }
    }
}

impl Given {
    /// As JSON. A number is written as it was given, and always as a number.
    pub(super) fn to_json(&self) -> String {
        match self {
            Self::Text(text) => json(text),
            Self::Number { text, .. } => text.clone(),
            Self::Bool(flag) => flag.to_string(),
            Self::Texts(texts) => format!("[{}]", texts.iter().map(|text| json(text)).collect::<Vec<_>>().join(",")),
        }
    }
}

/// A value of this type, whatever the bounds of its parameter.
pub(super) fn read(kind: Kind, value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Option<Given> {
    match kind {
        Kind::Text => text(value, place, faults).map(Given::Text),
        Kind::Number => number(value, place, faults).map(|(text, value)| Given::Number { text, value }),
        Kind::Bool => value
            .as_bool()
            .map(Given::Bool)
            .or_else(|| faults.note(place, format!("it must be `true` or `false`, not {}", value.kind_name()))),
        Kind::Texts => {
            let count = value.items().map_or(0, Iterator::count);
            if !(1..=OPERAND_VALUES).contains(&count) {
                // Of an empty list nothing would be forbidden, where `noneOf` takes it.
                return faults.note(place, format!("it must be a list of 1 to {OPERAND_VALUES} strings"));
            }
            let items = value.items().into_iter().flatten().enumerate();
            let texts: Vec<_> = items.map(|(index, item)| text(item, &place.index(index), faults)).collect();
            texts.into_iter().collect::<Option<_>>().map(Given::Texts)
        }
    }
}

fn text(value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Option<String> {
    match value.as_str() {
        Some(text) if (1..=STRING_BYTES).contains(&text.len()) => Some(text.to_owned()),
        Some(text) => faults.note(place, format!("a string must have 1 to {STRING_BYTES} bytes; this one has {}", text.len())),
        None => faults.note(place, format!("it must be a string, not {}", value.kind_name())),
    }
}

/// A number, or a string that is one: as text that JSON takes for a number, and its value.
pub(super) fn number(value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Option<(String, Decimal)> {
    let read = match (value.as_number(), value.as_str()) {
        (Some(text), _) => Decimal::from_json_number(text).map(|value| (text.to_owned(), value)),
        (None, Some(text)) => Decimal::from_plain(text).map(|value| (text.to_owned(), value)),
        (None, None) => None,
    };
    read.or_else(|| faults.note(place, "it must be a decimal of at most 28 digits and 28 places, as a number or as a string like `500.00`"))
}

/// `text` as JSON.
pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
