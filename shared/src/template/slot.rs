//! What may stand where: the places in a grant that take a parameter, and what a value must be there.

use super::value::Kind;
use crate::text::is_control;

/// A place that takes a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// The pattern of a grant's resources.
    Resource,
    /// What a value is compared with, as it is: `equals` and its like.
    Literal,
    /// A decimal: `min` and `max`.
    Number,
    /// A pattern whose segments stand between `/`: `glob` and `under`.
    Segments,
    /// A pattern whose labels stand between dots.
    Host,
    /// A network.
    Network,
}

/// What an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One value.
    One,
    /// A list of values.
    Many,
    /// Either.
    Any,
    /// It is an item of a list.
    Item,
}

impl Slot {
    /// The place that the operand of this operator is. An operator that is not named here takes no parameter.
    pub(super) fn of_operator(name: &str) -> Option<(Self, Shape)> {
        match name {
            "equals" | "notEquals" => Some((Self::Literal, Shape::One)),
            "oneOf" | "noneOf" => Some((Self::Literal, Shape::Many)),
            "min" | "max" => Some((Self::Number, Shape::One)),
            "glob" | "under" => Some((Self::Segments, Shape::Any)),
            "host" => Some((Self::Host, Shape::Any)),
            "cidr" => Some((Self::Network, Shape::Any)),
            _ => None,
        }
    }

    /// Whether a parameter of this type can be the whole value.
    pub(super) fn takes(self, shape: Shape, kind: Kind) -> bool {
        match kind {
            Kind::Text => shape != Shape::Many && self != Self::Number,
            Kind::Number => shape != Shape::Many && matches!(self, Self::Literal | Self::Number),
            Kind::Bool => shape != Shape::Many && self == Self::Literal,
            Kind::Texts => matches!(shape, Shape::Many | Shape::Any),
        }
    }

    /// What can stand here, for a message.
    pub(super) fn wants(self, shape: Shape) -> &'static str {
        match (self, shape) {
            (Self::Number, _) => "a `number`",
            (Self::Literal, Shape::Many) => "`strings`",
            (Self::Literal, _) => "a `string`, a `number` or a `boolean`",
            (_, Shape::Any) => "a `string` or `strings`",
            (_, _) => "a `string`",
        }
    }

    /// Why `value` cannot be the whole value here, if it cannot.
    pub(super) fn refuses(self, value: &str) -> Option<&'static str> {
        match self {
            Self::Literal | Self::Number => None,
            Self::Resource | Self::Segments | Self::Host | Self::Network => (!is_plain(value)).then_some(
                "it stands where a pattern is wanted, so it can hold no `*`, `?`, `$`, `{`, `}`, `%`, backslash or control character",
            ),
        }
    }

    /// Why `value` cannot stand inside a text here, if it cannot: it would be more, or other, than one part of it.
    pub(super) fn refuses_inside(self, value: &str) -> Option<&'static str> {
        match self {
            Self::Literal | Self::Number => None,
            Self::Resource | Self::Segments | Self::Network => (!is_plain(value) || value.contains('/') || matches!(value, "." | "..")).then_some(
                "it stands inside a pattern, so it must be one plain segment: no `/`, `*`, `?`, `$`, `{`, `}`, `%`, backslash or control character, and neither `.` nor `..`",
            ),
            Self::Host => (!is_plain(value) || value.contains(['.', '/'])).then_some(
                "it stands inside the name of a host, so it must be one plain label: no dot, `/`, `*`, `?`, `$`, `{`, `}`, `%`, backslash or control character",
            ),
        }
    }

    /// Whether a parameter can stand inside a text here.
    pub(super) fn has_inside(self) -> bool {
        match self {
            Self::Resource | Self::Literal | Self::Segments | Self::Host => true,
            Self::Number | Self::Network => false,
        }
    }
}

/// Whether nothing in `text` means more than itself in any pattern.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| matches!(c, '*' | '?' | '$' | '{' | '}' | '%' | '\\') || is_control(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constraint::Operator;

    #[test]
    fn every_operator_has_been_thought_of() {
        for name in Operator::NAMES {
            assert!(Slot::of_operator(name).is_some(), "{name}: say what of a parameter it takes");
        }
        assert_eq!(Slot::of_operator("matches"), None);
    }
}
