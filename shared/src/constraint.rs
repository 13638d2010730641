//! What a grant demands of a request's attributes (contract section 2).
//!
//! Matching on [`Operator`] happens in this file only and without a `_` arm: a new operator does not compile until
//! it can be read, checked, named, shown and described.

mod host;
mod network;
mod number;
mod path;
mod set;
mod text;

use std::cmp::Ordering;

use serde::ser::{Serialize, SerializeMap, Serializer};
use smallvec::SmallVec;
use smol_str::SmolStr;

pub use host::HostPattern;
pub use network::Network;
pub use number::Bound;
pub use path::PathPrefix;
pub use text::Glob;

use crate::fault::{Faults, Place};
use crate::footprint::Footprint;
use crate::json::Value;
use crate::limits::{OPERAND_VALUES, STRING_BYTES};
use crate::request::is_reserved;
use crate::scalar::{Attribute, Scalar, ScalarRef};
use crate::text::{escape, quote};

/// The demands on one attribute: all of them must hold. Without operators, it only has to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// The attribute's name.
    pub attribute: SmolStr,
    /// What must hold, in the order written.
    pub operators: SmallVec<[Operator; 1]>,
}

/// One operator with its operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The same type and equal.
    Equals(Scalar),
    /// The same type and different.
    NotEquals(Scalar),
    /// Equal to one of them.
    OneOf(Vec<Scalar>),
    /// Of a type that one of them has (any, for none), and equal to none.
    NoneOf(Vec<Scalar>),
    /// A decimal, not below.
    Min(Bound),
    /// A decimal, not above.
    Max(Bound),
    /// A string that matches one of the patterns.
    Glob(OneOrMany<Glob>),
    /// A path that is one of these or below it.
    Under(OneOrMany<PathPrefix>),
    /// A host name, or an `http` or `https` URL, on one of these hosts.
    Host(OneOrMany<HostPattern>),
    /// An IP address in one of these networks.
    Cidr(OneOrMany<Network>),
}

/// An operand that may be written as one value or as a list of them. It is written back as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T> {
    items: Vec<T>,
    list: bool,
}

/// An operand that is a pattern with a text. Public in name only: nothing outside this room can reach it.
pub trait Pattern: Sized {
    /// Reads it; the error says what is wrong.
    fn parse(text: &str) -> Result<Self, &'static str>;
    /// As it was written.
    fn text(&self) -> &SmolStr;
    /// Whether `value` matches.
    fn matches(&self, value: &str) -> bool;
}

impl<T: Pattern> Footprint for OneOrMany<T> {
    fn heap_bytes(&self) -> usize {
        self.items.capacity() * size_of::<T>() + self.items.iter().map(|item| item.text().heap_bytes()).sum::<usize>()
    }
}

impl<T: Pattern> OneOrMany<T> {
    #[inline(never)]
    fn any_matches(&self, value: ScalarRef<'_>) -> bool {
        match value {
            ScalarRef::Text(text) => self.items.iter().any(|pattern| pattern.matches(text)),
            ScalarRef::Number(_) | ScalarRef::Bool(_) => false,
        }
    }

    fn texts(&self) -> Vec<Scalar> {
        self.items.iter().map(|item| Scalar::Text(item.text().clone())).collect()
    }

    fn shown(&self) -> Shown {
        let mut texts = self.texts();
        match texts.pop() {
            Some(only) if !self.list && texts.is_empty() => Shown::One(only),
            last => Shown::Many(texts.into_iter().chain(last).collect()),
        }
    }
}

/// A value as a decision's `details` show it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// `null`: nothing was given, or nothing is asked for.
    Nothing,
    /// One value.
    One(Scalar),
    /// A list.
    Many(Vec<Scalar>),
}

impl Shown {
    /// An attribute as it was given.
    #[must_use]
    pub fn of(attribute: Option<&Attribute>) -> Self {
        match attribute {
            None => Self::Nothing,
            Some(Attribute::Scalar(scalar)) => Self::One(scalar.clone()),
            Some(Attribute::List(items)) => Self::Many(items.iter().map(|item| Scalar::Text(item.into())).collect()),
        }
    }
}

impl Operator {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Equals(_) => "equals",
            Self::NotEquals(_) => "notEquals",
            Self::OneOf(_) => "oneOf",
            Self::NoneOf(_) => "noneOf",
            Self::Min(_) => "min",
            Self::Max(_) => "max",
            Self::Glob(_) => "glob",
            Self::Under(_) => "under",
            Self::Host(_) => "host",
            Self::Cidr(_) => "cidr",
        }
    }

    /// Whether it holds for an attribute: for the value, or for every item of a list that is not empty.
    #[inline]
    #[must_use]
    pub fn holds(&self, attribute: &Attribute) -> bool {
        match attribute {
            Attribute::Scalar(scalar) => self.holds_for(scalar.borrowed()),
            Attribute::List(items) => self.holds_for_each(items),
        }
    }

    #[inline(never)]
    fn holds_for_each(&self, items: &[String]) -> bool {
        !items.is_empty() && items.iter().all(|item| self.holds_for(ScalarRef::Text(item)))
    }

    /// Short, so that it can be a part of the walk over the constraints: what takes longer is called.
    #[inline]
    fn holds_for(&self, value: ScalarRef<'_>) -> bool {
        match self {
            Self::Equals(operand) => operand.compare(value) == Some(true),
            Self::NotEquals(operand) => operand.compare(value) == Some(false),
            Self::OneOf(operands) => set::one_of(operands, value),
            Self::NoneOf(operands) => set::none_of(operands, value),
            Self::Min(bound) => number::compare(value, bound).is_some_and(Ordering::is_ge),
            Self::Max(bound) => number::compare(value, bound).is_some_and(Ordering::is_le),
            Self::Glob(patterns) => patterns.any_matches(value),
            Self::Under(paths) => paths.any_matches(value),
            Self::Host(hosts) => hosts.any_matches(value),
            Self::Cidr(networks) => networks.any_matches(value),
        }
    }

    /// Whether, plainly, nothing holds for it that does not hold for `other`: it is the same, or a narrower bound or list.
    /// `false` says nothing: two patterns are compared as they are written.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        match self {
            Self::Min(own) => matches!(other, Self::Min(theirs) if own.value() >= theirs.value()),
            Self::Max(own) => matches!(other, Self::Max(theirs) if own.value() <= theirs.value()),
            Self::OneOf(own) => matches!(other, Self::OneOf(theirs) if own.iter().all(|value| theirs.contains(value))),
            Self::Equals(_) | Self::NotEquals(_) | Self::NoneOf(_) | Self::Glob(_) | Self::Under(_) | Self::Host(_) | Self::Cidr(_) => {
                self == other
            }
        }
    }

    /// The operand as a decision's `details` show it. Bounds are shown as decimal strings.
    #[must_use]
    pub fn expected(&self) -> Shown {
        match self {
            Self::Equals(operand) | Self::NotEquals(operand) => Shown::One(operand.clone()),
            Self::OneOf(operands) | Self::NoneOf(operands) => Shown::Many(operands.clone()),
            Self::Min(bound) | Self::Max(bound) => Shown::One(Scalar::Text(bound.text().into())),
            Self::Glob(patterns) => patterns.shown(),
            Self::Under(paths) => paths.shown(),
            Self::Host(hosts) => hosts.shown(),
            Self::Cidr(networks) => networks.shown(),
        }
    }

    /// The attribute as a decision's `details` show it beside [`expected`](Self::expected).
    #[must_use]
    pub fn actual(&self, attribute: Option<&Attribute>) -> Shown {
        match (self, attribute) {
            (Self::Min(_) | Self::Max(_), Some(Attribute::Scalar(Scalar::Number(number)))) => {
                Shown::One(Scalar::Text(number.text().into()))
            }
            _ => Shown::of(attribute),
        }
    }

    /// What it demands, in words that go on from "must be".
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Equals(operand) => format!("exactly {}", show(operand)),
            Self::NotEquals(operand) => format!("something other than {}", show(operand)),
            Self::OneOf(operands) => one_of("one of", operands),
            Self::NoneOf(operands) => one_of("none of", operands),
            Self::Min(bound) => format!("at least {}", bound.text()),
            Self::Max(bound) => format!("at most {}", bound.text()),
            Self::Glob(patterns) => one_of("a match of", &patterns.texts()),
            Self::Under(paths) => one_of("at or under", &paths.texts()),
            Self::Host(hosts) => one_of("on host", &hosts.texts()),
            Self::Cidr(networks) => one_of("an address in", &networks.texts()),
        }
    }

    /// Why it does not hold, in a sentence about the attribute `name`.
    #[must_use]
    pub fn explain(&self, name: &str, attribute: Option<&Attribute>) -> String {
        let name = quote(name);
        let Some(attribute) = attribute else {
            return format!("{name} is missing; it must be {}", self.describe());
        };
        let decimal = match attribute {
            Attribute::Scalar(Scalar::Text(text)) => number::decimal(ScalarRef::Text(text)),
            Attribute::Scalar(Scalar::Number(number)) => Some(number.value()),
            Attribute::Scalar(Scalar::Bool(_)) | Attribute::List(_) => None,
        };
        let given = show_attribute(attribute);
        match self {
            Self::Min(bound) if decimal.is_some() => format!("{name} is {given}, under the minimum of {}", bound.text()),
            Self::Max(bound) if decimal.is_some() => format!("{name} is {given}, over the maximum of {}", bound.text()),
            Self::Min(_) | Self::Max(_) => format!("{name} is {given}, not a decimal; it must be {}", self.describe()),
            Self::Equals(_)
            | Self::NotEquals(_)
            | Self::OneOf(_)
            | Self::NoneOf(_)
            | Self::Glob(_)
            | Self::Under(_)
            | Self::Host(_)
            | Self::Cidr(_) => format!("{name} is {given}; it must be {}", self.describe()),
        }
    }

    /// Reads the operator `name`. `Err(Unread::Unknown)` where there is no such operator.
    fn read(name: &str, value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Result<Self, Unread> {
        let read = match name {
            "equals" => scalar(value, place, faults).map(Self::Equals),
            "notEquals" => scalar(value, place, faults).map(Self::NotEquals),
            "oneOf" => scalars(value, place, faults).map(Self::OneOf),
            "noneOf" => scalars(value, place, faults).map(Self::NoneOf),
            "min" => bound(value, place, faults).map(Self::Min),
            "max" => bound(value, place, faults).map(Self::Max),
            "glob" => patterns(value, place, faults).map(Self::Glob),
            "under" => patterns(value, place, faults).map(Self::Under),
            "host" => patterns(value, place, faults).map(Self::Host),
            "cidr" => patterns(value, place, faults).map(Self::Cidr),
            _ => return Err(Unread::Unknown),
        };
        read.ok_or(Unread::Wrong)
    }

    /// Every operator's name, for messages and documentation.
    pub const NAMES: [&'static str; 10] = ["equals", "notEquals", "oneOf", "noneOf", "min", "max", "glob", "under", "host", "cidr"];
}

/// Why an operator was not read.
enum Unread {
    /// There is no operator of that name.
    Unknown,
    /// Its operand is wrong, which has been noted.
    Wrong,
}

impl Constraint {
    /// Reads the demands on `attribute`. What is wrong is noted in `wrong`, what is not known in `unknown`.
    pub(crate) fn read(attribute: &str, value: Value<'_>, place: &Place<'_>, wrong: &mut Faults, unknown: &mut Faults) -> Option<Self> {
        if attribute.is_empty() || attribute.len() > STRING_BYTES {
            return wrong.note(place, "an attribute's name must have 1 to 256 bytes");
        }
        if is_reserved(attribute) {
            return wrong.note(place, format!("{} is a reserved name and cannot be constrained", quote(attribute)));
        }
        let Some(members) = value.members() else {
            return wrong.note(place, format!("a constraint must be an object of operators, not {}", value.kind_name()));
        };
        let mut operators = SmallVec::new();
        for (name, operand) in members {
            let here = place.name(name);
            match Operator::read(name, operand, &here, wrong) {
                Ok(operator) => operators.push(operator),
                Err(Unread::Wrong) => {}
                Err(Unread::Unknown) => {
                    let known = Operator::NAMES.join(", ");
                    unknown.note::<()>(&here, format!("there is no operator {}; there are {known}", quote(name)));
                }
            }
        }
        Some(Self { attribute: attribute.into(), operators })
    }

    /// Whether every demand holds for the attribute as given.
    #[inline]
    #[must_use]
    pub fn holds(&self, attribute: Option<&Attribute>) -> bool {
        match attribute {
            None => false,
            Some(Attribute::Scalar(scalar)) => {
                let value = scalar.borrowed();
                self.operators.iter().all(|operator| operator.holds_for(value))
            }
            Some(Attribute::List(items)) => !items.is_empty() && self.operators.iter().all(|operator| operator.holds_for_each(items)),
        }
    }

    /// The demands in words: "`amount` at most 500.00".
    #[must_use]
    pub fn describe(&self) -> String {
        let demands: Vec<_> = self.operators.iter().map(Operator::describe).collect();
        match demands.as_slice() {
            [] => format!("{} given", quote(&self.attribute)),
            demands => format!("{} {}", quote(&self.attribute), demands.join(" and ")),
        }
    }
}

impl Footprint for Operator {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Equals(operand) | Self::NotEquals(operand) => operand.heap_bytes(),
            Self::OneOf(operands) | Self::NoneOf(operands) => operands.heap_bytes(),
            Self::Min(bound) | Self::Max(bound) => bound.heap_bytes(),
            Self::Glob(patterns) => patterns.heap_bytes(),
            Self::Under(paths) => paths.heap_bytes(),
            Self::Host(hosts) => hosts.heap_bytes(),
            Self::Cidr(networks) => networks.heap_bytes(),
        }
    }
}

impl Footprint for Constraint {
    fn heap_bytes(&self) -> usize {
        self.attribute.heap_bytes() + self.operators.heap_bytes()
    }
}

impl Serialize for Constraint {
    /// Writes the operators; the attribute's name is the member that this is the value of.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.operators.len()))?;
        for operator in &self.operators {
            match operator {
                Operator::Equals(operand) | Operator::NotEquals(operand) => map.serialize_entry(operator.name(), operand)?,
                Operator::Min(bound) | Operator::Max(bound) => map.serialize_entry(operator.name(), bound)?,
                Operator::OneOf(_)
                | Operator::NoneOf(_)
                | Operator::Glob(_)
                | Operator::Under(_)
                | Operator::Host(_)
                | Operator::Cidr(_) => map.serialize_entry(operator.name(), &operator.expected())?,
            }
        }
        map.end()
    }
}

/// An empty list gives nothing, so it is not there, whatever the operators.
#[inline]
pub(crate) fn is_there(attribute: &Attribute) -> bool {
    !matches!(attribute, Attribute::List(items) if items.is_empty())
}

fn show(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(text) => quote(text),
        Scalar::Number(number) => escape(number.text()),
        Scalar::Bool(value) => value.to_string(),
    }
}

/// How many values of a list a message repeats.
const LISTED: usize = 5;

fn listed(shown: impl ExactSizeIterator<Item = String>) -> String {
    let more = shown.len().saturating_sub(LISTED);
    let mut text = shown.take(LISTED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

fn one_of(words: &str, operands: &[Scalar]) -> String {
    match operands {
        [] => format!("{words} nothing"),
        operands => format!("{words} {}", listed(operands.iter().map(show))),
    }
}

fn show_attribute(attribute: &Attribute) -> String {
    match attribute {
        Attribute::Scalar(scalar) => show(scalar),
        Attribute::List(items) if items.is_empty() => "an empty list".to_owned(),
        Attribute::List(items) => format!("the list {}", listed(items.iter().map(|item| quote(item)))),
    }
}

fn scalar(value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Option<Scalar> {
    match Scalar::read(value) {
        Some(Scalar::Text(text)) if !(1..=STRING_BYTES).contains(&text.len()) => faults.note(place, "a string must have 1 to 256 bytes"),
        Some(scalar) => Some(scalar),
        None if value.as_number().is_some() => faults.note(place, "a number can have at most 28 digits and 28 places"),
        None => faults.note(place, format!("it must be a string, a number or a boolean, not {}", value.kind_name())),
    }
}

/// Reads a list of at most 128 values; one bad value spoils the list.
fn list<T>(
    value: Value<'_>,
    place: &Place<'_>,
    faults: &mut Faults,
    read: fn(Value<'_>, &Place<'_>, &mut Faults) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(items) = value.items() else {
        return faults.note(place, format!("it must be a list, not {}", value.kind_name()));
    };
    if items.clone().nth(OPERAND_VALUES).is_some() {
        return faults.note(place, format!("a list can have at most {OPERAND_VALUES} values"));
    }
    let read: Vec<Option<T>> = items.enumerate().map(|(index, item)| read(item, &place.index(index), faults)).collect();
    read.into_iter().collect()
}

fn scalars(value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Option<Vec<Scalar>> {
    list(value, place, faults, scalar)
}

fn bound(value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Option<Bound> {
    match Bound::read(value) {
        Some(bound) => Some(bound),
        None => faults.note(place, "it must be a decimal of at most 28 digits and 28 places, as a number or as a string like `500.00`"),
    }
}

fn pattern<T: Pattern>(value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Option<T> {
    let Some(text) = value.as_str() else {
        return faults.note(place, format!("it must be a string, not {}", value.kind_name()));
    };
    if !(1..=STRING_BYTES).contains(&text.len()) {
        return faults.note(place, "a string must have 1 to 256 bytes");
    }
    match T::parse(text) {
        Ok(pattern) => Some(pattern),
        Err(why) => faults.note(place, format!("{} cannot stand here: {why}", quote(text))),
    }
}

fn patterns<T: Pattern>(value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Option<OneOrMany<T>> {
    if value.items().is_some() {
        return list(value, place, faults, pattern).map(|items| OneOrMany { items, list: true });
    }
    pattern(value, place, faults).map(|item| OneOrMany { items: vec![item], list: false })
}

#[cfg(test)]
mod tests;
