//! What was seen of one attribute, and the constraint that it comes to.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::constraint::{Bound, Constraint, Operator};
use crate::decimal::Decimal;
use crate::limits::STRING_BYTES;
use crate::scalar::{Attribute, Scalar};
use crate::text::has_control;

/// The most different strings that are listed: with more, the next one is as good as any.
const STRINGS: usize = 8;

/// What was seen of an attribute.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// How many requests had it.
    requests: u64,
    values: Values,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Values {
    #[default]
    None,
    Numbers(Decimal, Decimal),
    Texts(BTreeSet<String>),
    Bool(bool),
    /// Not to be said more narrowly, and why.
    Open(&'static str),
}

/// Whether the constraint bounds a number: then a decimal in a string is one.
pub(super) fn is_bounded(constraint: &Constraint) -> bool {
    constraint.operators.iter().any(|operator| matches!(operator, Operator::Min(_) | Operator::Max(_)))
}

impl Seen {
    pub(super) fn note(&mut self, value: &Attribute, numeric: bool) {
        self.requests += 1;
        self.values = std::mem::take(&mut self.values).with(Values::of(value, numeric));
    }

    pub(super) fn join(&mut self, other: Self) {
        self.requests += other.requests;
        self.values = std::mem::take(&mut self.values).with(other.values);
    }

    /// The constraint that is held, within what was seen.
    pub(super) fn within(self, held: &Constraint) -> Constraint {
        let mut operators: SmallVec<[Operator; 1]> = held.operators.iter().map(|operator| self.values.narrowed(operator)).collect();
        let has = |wanted: fn(&Operator) -> bool| held.operators.iter().any(wanted);
        for own in self.values.operators() {
            let there = match own {
                Operator::Min(_) => has(|operator| matches!(operator, Operator::Min(_))),
                Operator::Max(_) => has(|operator| matches!(operator, Operator::Max(_))),
                _ => has(|operator| matches!(operator, Operator::OneOf(_) | Operator::Equals(_))),
            };
            if !there {
                operators.push(own);
            }
        }
        Constraint { attribute: held.attribute.clone(), operators }
    }

    /// A constraint of its own, where all of so many requests had it; else why there is none.
    pub(super) fn constraint(self, name: &str, requests: u64) -> Result<Constraint, &'static str> {
        if self.requests < requests {
            return Err("not every request had it");
        }
        match self.values {
            Values::Open(why) => Err(why),
            values => Ok(Constraint { attribute: name.into(), operators: values.operators().into() }),
        }
    }
}

impl Values {
    fn of(value: &Attribute, numeric: bool) -> Self {
        match value {
            Attribute::Scalar(Scalar::Number(number)) => Self::Numbers(number.value(), number.value()),
            Attribute::Scalar(Scalar::Bool(value)) => Self::Bool(*value),
            Attribute::Scalar(Scalar::Text(text)) => match Decimal::from_plain(text).filter(|_| numeric) {
                Some(value) => Self::Numbers(value, value),
                None => Self::texts([text.as_str()]),
            },
            Attribute::List(items) if items.is_empty() => Self::Open("an empty list was given, which no constraint takes"),
            Attribute::List(items) => Self::texts(items.iter().map(String::as_str)),
        }
    }

    fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut all = BTreeSet::new();
        for text in texts {
            if !(1..=STRING_BYTES).contains(&text.len()) || has_control(text) {
                return Self::Open("a value was given that cannot stand in a grant");
            }
            all.insert(text.to_owned());
            if all.len() > STRINGS {
                return Self::TOO_MANY;
            }
        }
        Self::Texts(all)
    }

    const TOO_MANY: Self = Self::Open("it had more than 8 values");

    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, other) | (other, Self::None) => other,
            (Self::Open(why), _) | (_, Self::Open(why)) => Self::Open(why),
            (Self::Numbers(min, max), Self::Numbers(low, high)) => Self::Numbers(min.min(low), max.max(high)),
            (Self::Texts(mut own), Self::Texts(more)) => {
                own.extend(more);
                if own.len() > STRINGS { Self::TOO_MANY } else { Self::Texts(own) }
            }
            (Self::Bool(own), Self::Bool(other)) if own == other => Self::Bool(own),
            (Self::Bool(_), Self::Bool(_)) => Self::Open("it was both true and false"),
            _ => Self::Open("it had values of several types"),
        }
    }

    /// The operators that say just this.
    fn operators(&self) -> Vec<Operator> {
        match self {
            Self::None | Self::Open(_) => Vec::new(),
            Self::Numbers(min, max) => vec![Operator::Min(Bound::of(*min)), Operator::Max(Bound::of(*max))],
            Self::Texts(texts) => vec![Operator::OneOf(texts.iter().map(|text| Scalar::Text(text.into())).collect())],
            Self::Bool(value) => vec![Operator::Equals(Scalar::Bool(*value))],
        }
    }

    /// A held operator, no wider than what was seen; as it is, where it is of another kind.
    fn narrowed(&self, held: &Operator) -> Operator {
        let own = self.operators();
        own.into_iter().find(|own| own.name() == held.name() && own.is_within(held)).unwrap_or_else(|| held.clone())
    }
}
