//! The ten operators of section 2: how an operand is read, and when it holds for one value.

use super::claims::short_text;
use super::decimal::Decimal;
use super::json::Json;
use super::names;

/// A string, number or boolean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar {
    Text(String),
    Number(Decimal),
    Bool(bool),
}

/// An operator with its operand.
#[derive(Debug)]
pub(super) enum Test {
    Equals(Scalar),
    NotEquals(Scalar),
    OneOf(Vec<Scalar>),
    NoneOf(Vec<Scalar>),
    Min(Decimal),
    Max(Decimal),
    Glob(Vec<String>),
    Under(Vec<String>),
    Host(Vec<String>),
    Cidr(Vec<String>),
}

const KNOWN: [&str; 10] = ["equals", "notEquals", "oneOf", "noneOf", "min", "max", "glob", "under", "host", "cidr"];

impl Test {
    /// Whether there is an operator of that name.
    pub(super) fn is_known(operator: &str) -> bool {
        KNOWN.contains(&operator)
    }

    /// Reads the operand of a known operator; `None` makes the whole token malformed.
    pub(super) fn read(operator: &str, operand: &Json) -> Option<Test> {
        match operator {
            "equals" => scalar(operand).map(Test::Equals),
            "notEquals" => scalar(operand).map(Test::NotEquals),
            "oneOf" => scalars(operand).map(Test::OneOf),
            "noneOf" => scalars(operand).map(Test::NoneOf),
            "min" => decimal(operand).map(Test::Min),
            "max" => decimal(operand).map(Test::Max),
            "glob" => texts(operand, |_| true).map(Test::Glob),
            "under" => texts(operand, |text| names::path(text).is_some()).map(Test::Under),
            "host" => texts(operand, names::is_host_pattern).map(Test::Host),
            "cidr" => texts(operand, |text| names::network(text).is_some()).map(Test::Cidr),
            _ => None,
        }
    }

    /// Whether it holds for one value.
    pub(super) fn holds(&self, value: &Scalar) -> bool {
        match self {
            Test::Equals(operand) => value == operand,
            Test::NotEquals(operand) => same_type(value, operand) && value != operand,
            Test::OneOf(operands) => operands.contains(value),
            Test::NoneOf(operands) => {
                let type_fits = operands.is_empty() || operands.iter().any(|operand| same_type(value, operand));
                type_fits && !operands.contains(value)
            }
            Test::Min(operand) => decimal_of(value).is_some_and(|value| operand.at_most(&value)),
            Test::Max(operand) => decimal_of(value).is_some_and(|value| value.at_most(operand)),
            Test::Glob(operands) => text_matches(value, operands, names::glob_matches),
            Test::Under(operands) => text_matches(value, operands, names::is_under),
            Test::Host(operands) => text_matches(value, operands, names::host_matches),
            Test::Cidr(operands) => text_matches(value, operands, names::is_in_network),
        }
    }
}

fn same_type(left: &Scalar, right: &Scalar) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

fn text_matches(value: &Scalar, operands: &[String], matches: fn(&str, &str) -> bool) -> bool {
    match value {
        Scalar::Text(text) => operands.iter().any(|operand| matches(operand, text)),
        Scalar::Number(_) | Scalar::Bool(_) => false,
    }
}

fn decimal_of(value: &Scalar) -> Option<Decimal> {
    match value {
        Scalar::Number(number) => Some(number.clone()),
        Scalar::Text(text) => Decimal::from_text(text),
        Scalar::Bool(_) => None,
    }
}

fn scalar(operand: &Json) -> Option<Scalar> {
    match operand {
        Json::Bool(flag) => Some(Scalar::Bool(*flag)),
        Json::Number(text) => Decimal::from_number(text).map(Scalar::Number),
        Json::Text(_) => short_text(operand).map(Scalar::Text),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}

fn scalars(operand: &Json) -> Option<Vec<Scalar>> {
    match operand {
        Json::List(items) if items.len() <= 128 => items.iter().map(scalar).collect(),
        _ => None,
    }
}

fn decimal(operand: &Json) -> Option<Decimal> {
    match operand {
        Json::Number(text) => Decimal::from_number(text),
        Json::Text(_) => Decimal::from_text(&short_text(operand)?),
        Json::Null | Json::Bool(_) | Json::List(_) | Json::Object(_) => None,
    }
}

/// One string or a list of at most 128, each of the form that the operator asks for.
fn texts(operand: &Json, is_good: fn(&str) -> bool) -> Option<Vec<String>> {
    let items = match operand {
        Json::List(items) if items.len() <= 128 => items.clone(),
        Json::Text(_) => vec![operand.clone()],
        _ => return None,
    };
    items.iter().map(|item| short_text(item).filter(|text| is_good(text))).collect()
}
