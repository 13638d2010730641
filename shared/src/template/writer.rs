//! Writes the grants of a template with values in the places of its placeholders.

use std::collections::BTreeSet;

use super::parameter::Parameter;
use super::slot::{Shape, Slot};
use super::value::{Bound, Given, json};
use crate::fault::{Faults, Place};
use crate::json::Value;
use crate::limits::REQUEST_BYTES;
use crate::text::quote;

/// The one member of an object that stands for a value.
const PARAM: &str = "$param";
/// What begins a placeholder inside a text.
const OPEN: &str = "${";

/// What was written, and what was found on the way.
pub(super) struct Written {
    /// The grants, as JSON text.
    pub(super) text: String,
    /// What is wrong.
    pub(super) faults: Faults,
    /// The parameters that stand somewhere.
    pub(super) used: BTreeSet<usize>,
    /// Those that stand for a network.
    pub(super) networks: BTreeSet<usize>,
    /// Whether a placeholder could not be read, names nothing or stands where none may: then who is used is not known.
    pub(super) misplaced: bool,
}

pub(super) struct Writer<'t> {
    parameters: &'t [Parameter],
    bound: &'t [Bound],
    written: Written,
}

impl<'t> Writer<'t> {
    /// For these parameters and their values, in the same order.
    pub(super) fn new(parameters: &'t [Parameter], bound: &'t [Bound]) -> Self {
        let written =
            Written { text: String::new(), faults: Faults::default(), used: BTreeSet::new(), networks: BTreeSet::new(), misplaced: false };
        Self { parameters, bound, written }
    }

    /// All grants.
    pub(super) fn grants(mut self, value: Value<'_>, place: &Place<'_>) -> Written {
        if value.items().is_none() {
            self.fault(place, format!("it must be a list of grants, not {}", value.kind_name()));
            return self.written;
        }
        self.list(value, place, |writer, grant, here| {
            writer.object(grant, here, |writer, name, value, here| match name {
                "resource" => match value.as_str() {
                    Some(text) => writer.text(text, Slot::Resource, here),
                    None => writer.closed(value, here),
                },
                "constraints" => writer.object(value, here, |writer, _, value, here| {
                    writer.object(value, here, |writer, name, value, here| match Slot::of_operator(name) {
                        Some((slot, shape)) => writer.operand(value, slot, shape, here),
                        None => writer.closed(value, here),
                    });
                }),
                _ => writer.closed(value, here),
            });
        });
        self.written
    }

    /// An operand, or an item of one.
    fn operand(&mut self, value: Value<'_>, slot: Slot, shape: Shape, place: &Place<'_>) {
        if is_placeholder(value) {
            self.whole(value, slot, shape, place);
        } else if let Some(text) = value.as_str() {
            self.text(text, slot, place);
        } else if value.items().is_some() && shape != Shape::Item {
            self.list(value, place, |writer, item, here| writer.operand(item, slot, Shape::Item, here));
        } else {
            self.closed(value, place);
        }
    }

    /// A placeholder that stands for all of a value.
    fn whole(&mut self, value: Value<'_>, slot: Slot, shape: Shape, place: &Place<'_>) {
        let one = value.members().is_some_and(|members| members.count() == 1);
        let Some(name) = value.get(PARAM).and_then(Value::as_str).filter(|_| one) else {
            return self.fault(place, r#"a placeholder is `{"$param": "NAME"}`, with nothing beside it"#);
        };
        let Some((parameter, bound)) = self.find(name, place) else { return };
        if !slot.takes(shape, parameter.kind) {
            let (kind, wants) = (parameter.kind.name(), slot.wants(shape));
            return self.fault(place, format!("{} is of type `{kind}`, and here stands {wants}", quote(name)));
        }
        if slot == Slot::Network {
            self.written.networks.extend(self.parameters.iter().position(|parameter| parameter.name == name));
        }
        for (text, pointer) in bound.texts() {
            if let Some(why) = slot.refuses(text) {
                self.written.faults.note::<()>(&Place::root(&pointer), format!("{} cannot be used: {why}", quote(text)));
            }
        }
        self.push(&bound.given.to_json());
    }

    /// A text, with placeholders inside or without.
    fn text(&mut self, text: &str, slot: Slot, place: &Place<'_>) {
        let mut rest = text;
        let mut out = String::new();
        while let Some((before, after)) = rest.split_once(OPEN) {
            if let Some(before) = before.strip_suffix('$') {
                out.push_str(before);
                out.push_str(OPEN);
                rest = after;
                continue;
            }
            out.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return self
                    .fault(place, "`${` begins a placeholder, which ends with `}`; for these two characters as they are, write `$${`");
            };
            rest = after;
            let Some((parameter, bound)) = self.find(name, place) else { continue };
            if !slot.has_inside() {
                self.fault(
                    place,
                    format!("no placeholder can stand inside a text here; write `{{\"$param\": {}}}` for all of it", json(name)),
                );
                continue;
            }
            let Given::Text(value) = &bound.given else {
                let kind = parameter.kind.name();
                self.fault(place, format!("{} is of type `{kind}`, and only a `string` can stand inside a text", quote(name)));
                continue;
            };
            if let Some(why) = slot.refuses_inside(value) {
                self.written.faults.note::<()>(&Place::root(&bound.pointer), format!("{} cannot be used: {why}", quote(value)));
            }
            if out.len() <= REQUEST_BYTES {
                out.push_str(value);
            }
        }
        out.push_str(rest);
        self.push(&json(&out));
    }

    /// The parameter of this name and its value. A fault where there is none.
    fn find(&mut self, name: &str, place: &Place<'_>) -> Option<(&'t Parameter, &'t Bound)> {
        let found = self.parameters.iter().position(|parameter| parameter.name == name);
        let Some(index) = found else {
            let known = self.parameters.iter().map(|parameter| quote(&parameter.name)).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "this template has none".to_owned() } else { format!("there are {known}") };
            self.fault(place, format!("there is no parameter {}; {known}", quote(name)));
            return None;
        };
        self.written.used.insert(index);
        let (parameter, bound) = (self.parameters.get(index)?, self.bound.get(index)?);
        // What is wrong with its declaration was told.
        parameter.sound.then_some((parameter, bound))
    }

    /// A value that no parameter can be part of.
    fn closed(&mut self, value: Value<'_>, place: &Place<'_>) {
        if value.members().is_some() {
            self.object(value, place, |writer, _, value, here| writer.closed(value, here));
        } else if value.items().is_some() {
            self.list(value, place, Self::closed);
        } else if let Some(text) = value.as_str() {
            if text.contains(OPEN) {
                self.forbidden(place);
            }
            self.push(&json(text));
        } else if let Some(number) = value.as_number() {
            self.push(number);
        } else {
            self.push(value.as_bool().map_or("null", |flag| if flag { "true" } else { "false" }));
        }
    }

    fn object(&mut self, value: Value<'_>, place: &Place<'_>, each: impl Fn(&mut Self, &str, Value<'_>, &Place<'_>)) {
        let Some(members) = value.members() else { return self.closed(value, place) };
        if is_placeholder(value) {
            return self.forbidden(place);
        }
        self.push("{");
        for (index, (name, value)) in members.enumerate() {
            let here = place.name(name);
            if name.contains(OPEN) {
                self.forbidden(&here);
            }
            self.push(if index == 0 { "" } else { "," });
            self.push(&json(name));
            self.push(":");
            each(self, name, value, &here);
        }
        self.push("}");
    }

    fn list(&mut self, value: Value<'_>, place: &Place<'_>, each: impl Fn(&mut Self, Value<'_>, &Place<'_>)) {
        let Some(items) = value.items() else { return self.closed(value, place) };
        self.push("[");
        for (index, item) in items.enumerate() {
            self.push(if index == 0 { "" } else { "," });
            each(self, item, &place.index(index));
        }
        self.push("]");
    }

    fn forbidden(&mut self, place: &Place<'_>) {
        self.fault(
            place,
            "no placeholder can stand here: a parameter is part of a `resource`, or an operand of a constraint; for `${` as it is in those, write `$${`",
        );
    }

    fn fault(&mut self, place: &Place<'_>, detail: impl Into<String>) {
        self.written.misplaced = true;
        self.written.faults.note::<()>(place, detail);
    }

    /// Writes on, up to a little more than what grants can have: the reader then refuses them for their length.
    fn push(&mut self, text: &str) {
        if self.written.text.len() <= REQUEST_BYTES {
            self.written.text.push_str(text);
        }
    }
}

fn is_placeholder(value: Value<'_>) -> bool {
    value.get(PARAM).is_some()
}
