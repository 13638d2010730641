//! What a template leaves open: declarations, and the values that are given for them.

use std::collections::BTreeSet;

use super::PARAMETERS;
use super::value::{Bound, Given, Kind, number, read};
use crate::decimal::Decimal;
use crate::fault::{Faults, Place};
use crate::json::{Controls, Document, Value};
use crate::limits::{STRING_BYTES, TEMPLATE_BYTES, TEMPLATE_CHOICES, TEMPLATE_NAME_BYTES, TEMPLATE_PARAMETERS, TEMPLATE_TEXT_BYTES};
use crate::text::quote;

/// A declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) kind: Kind,
    default: Option<Given>,
    /// What it can be, unless that is anything; of `strings`, what each item can be.
    choices: Vec<Given>,
    min: Option<Decimal>,
    max: Option<Decimal>,
    max_length: usize,
    /// Whether nothing was wrong with it.
    pub(super) sound: bool,
}

/// Reads the declarations. One that is not sound is there all the same, so that its uses are not taken for mistakes.
pub(super) fn read_all(json: &str, faults: &mut Faults) -> Vec<Parameter> {
    with_members(json, faults, |members, place, faults| {
        let mut parameters = Vec::new();
        for (name, value) in members {
            let here = place.name(name);
            if parameters.len() == TEMPLATE_PARAMETERS {
                faults.note::<()>(&here, format!("a template can have at most {TEMPLATE_PARAMETERS} parameters"));
                break;
            }
            parameters.push(Parameter::read(name, value, &here, faults));
        }
        parameters
    })
    .unwrap_or_default()
}

/// The values for all parameters, in their order. Complete only where nothing was wrong.
pub(super) fn bind(parameters: &[Parameter], json: &str, faults: &mut Faults) -> Vec<Bound> {
    with_members(json, faults, |members, place, faults| {
        let mut unknown = BTreeSet::new();
        for (name, _) in members.clone() {
            if !parameters.iter().any(|parameter| parameter.name == name) && unknown.len() < TEMPLATE_PARAMETERS {
                let known = parameters.iter().map(|parameter| quote(&parameter.name)).collect::<Vec<_>>().join(", ");
                let known = if known.is_empty() { "it has none".to_owned() } else { format!("there are {known}") };
                faults.note::<()>(&place.name(name), format!("the template has no parameter {}; {known}", quote(name)));
                unknown.insert(name);
            }
        }
        let value = |parameter: &Parameter| {
            let here = place.name(&parameter.name);
            let given = match members.clone().find(|(name, _)| *name == parameter.name) {
                Some((_, value)) => parameter.accept(value, &here, faults),
                None => parameter.default.clone().or_else(|| {
                    faults.note(&here, format!("the parameter is missing; it is of type `{}` and has no default", parameter.kind.name()))
                }),
            };
            given.map(|given| Bound { given, pointer: here.pointer(), listed: true })
        };
        parameters.iter().filter_map(value).collect()
    })
    .unwrap_or_default()
}

/// All values as a JSON object.
pub(super) fn to_json(parameters: &[Parameter], bound: &[Bound]) -> String {
    let member = |(parameter, bound): (&Parameter, &Bound)| format!("\"{}\":{}", parameter.name, bound.given.to_json());
    format!("{{{}}}", parameters.iter().zip(bound).map(member).collect::<Vec<_>>().join(","))
}

fn with_members<T>(
    json: &str,
    faults: &mut Faults,
    read: impl FnOnce(crate::json::Members<'_>, &Place<'_>, &mut Faults) -> T,
) -> Option<T> {
    let place = Place::root(PARAMETERS);
    if json.len() > TEMPLATE_BYTES {
        return faults.note(&place, format!("parameters can have at most {TEMPLATE_BYTES} bytes; these have {}", json.len()));
    }
    match Document::read_value(json.as_bytes(), Controls::Refused) {
        Err(fault) => faults.note(&place, format!("the parameters are not sound JSON: {fault}")),
        Ok(document) => match document.root().members() {
            Some(members) => Some(read(members, &place, faults)),
            None => faults.note(&place, format!("it must be an object of parameters, not {}", document.root().kind_name())),
        },
    }
}

impl Parameter {
    fn read(name: &str, value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Self {
        let before = faults.count();
        let mut parameter = Self {
            name: name.to_owned(),
            kind: Kind::Text,
            default: None,
            choices: Vec::new(),
            min: None,
            max: None,
            max_length: STRING_BYTES,
            sound: false,
        };
        if !is_name(name) {
            faults.note::<()>(
                place,
                format!("a parameter's name is a letter and then letters, digits and `_`, at most {TEMPLATE_NAME_BYTES}"),
            );
        }
        if value.members().is_none() {
            faults.note::<()>(place, format!(r#"it must be an object like `{{"type": "string"}}`, not {}"#, value.kind_name()));
            return parameter;
        }
        let kinds = Kind::ALL.map(|kind| format!("`{}`", kind.name())).join(", ");
        let kind = value.get("type").and_then(Value::as_str).and_then(|text| Kind::ALL.into_iter().find(|kind| kind.name() == text));
        match kind {
            Some(kind) => {
                parameter.kind = kind;
                parameter.read_bounds(value, place, faults);
                // Last, for it has to be within the bounds.
                if let Some(default) = value.get("default") {
                    parameter.default = parameter.accept(default, &place.name("default"), faults);
                }
            }
            None => {
                faults.note::<()>(&place.name("type"), format!("say its type, one of {kinds}"));
            }
        }
        parameter.sound = faults.count() == before;
        parameter
    }

    fn read_bounds(&mut self, value: Value<'_>, place: &Place<'_>, faults: &mut Faults) {
        for (name, value) in value.members().into_iter().flatten() {
            let here = place.name(name);
            match (name, self.kind) {
                ("type" | "default", _) => {}
                ("description", _) => match value.as_str() {
                    Some(text) if text.len() <= TEMPLATE_TEXT_BYTES => {}
                    _ => {
                        faults.note::<()>(&here, format!("it must be a string of at most {TEMPLATE_TEXT_BYTES} bytes"));
                    }
                },
                ("enum", Kind::Text | Kind::Number | Kind::Texts) => self.choices = self.read_choices(value, &here, faults),
                ("min", Kind::Number) => self.min = number(value, &here, faults).map(|(_, value)| value),
                ("max", Kind::Number) => self.max = number(value, &here, faults).map(|(_, value)| value),
                ("maxLength", Kind::Text | Kind::Texts) => {
                    let most = i64::try_from(STRING_BYTES).unwrap_or_default();
                    match value.as_integer(most).and_then(|length| usize::try_from(length).ok()).filter(|length| *length > 0) {
                        Some(length) => self.max_length = length,
                        None => {
                            faults.note::<()>(&here, format!("it must be a whole number, 1 to {STRING_BYTES}"));
                        }
                    }
                }
                ("enum" | "min" | "max" | "maxLength", kind) => {
                    faults.note::<()>(&here, format!("a parameter of type `{}` has no {}", kind.name(), quote(name)));
                }
                _ => {
                    let known = "type, description, default, enum, min, max, maxLength";
                    faults.note::<()>(&here, format!("a parameter has no {}; it can have {known}", quote(name)));
                }
            }
        }
        if let (Some(min), Some(max)) = (self.min, self.max)
            && max < min
        {
            faults.note::<()>(&place.name("max"), "it is less than `min`, so no number can be given");
        }
        // Only now the bounds are known.
        for (index, choice) in self.choices.iter().enumerate() {
            self.within(choice, &place.name("enum").index(index), faults);
        }
    }

    fn read_choices(&self, value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Vec<Given> {
        let count = value.items().map_or(0, Iterator::count);
        if !(1..=TEMPLATE_CHOICES).contains(&count) {
            faults.note::<()>(place, format!("it must be a list of 1 to {TEMPLATE_CHOICES} values"));
            return Vec::new();
        }
        let one = if self.kind == Kind::Texts { Kind::Text } else { self.kind };
        value.items().into_iter().flatten().enumerate().filter_map(|(index, item)| read(one, item, &place.index(index), faults)).collect()
    }

    /// Reads a value for this parameter, and holds it against its bounds.
    fn accept(&self, value: Value<'_>, place: &Place<'_>, faults: &mut Faults) -> Option<Given> {
        let given = read(self.kind, value, place, faults)?;
        let chosen = match &given {
            Given::Texts(texts) => {
                let wrong = texts.iter().enumerate().find(|(_, text)| !self.offers(&Given::Text((*text).clone())));
                wrong.map(|(index, text)| (place.index(index).pointer(), quote(text)))
            }
            given => (!self.offers(given)).then(|| (place.pointer(), quote(&given.to_json()))),
        };
        if let Some((pointer, value)) = chosen {
            let offered = self.choices.iter().map(|choice| quote(&choice.to_json())).collect::<Vec<_>>().join(", ");
            return faults.note(&Place::root(&pointer), format!("{value} is none of {offered}"));
        }
        self.within(&given, place, faults).then_some(given)
    }

    fn offers(&self, given: &Given) -> bool {
        let same = |choice: &Given| match (choice, given) {
            // 1.50 is 1.5.
            (Given::Number { value: a, .. }, Given::Number { value: b, .. }) => a == b,
            (choice, given) => choice == given,
        };
        self.choices.is_empty() || self.choices.iter().any(same)
    }

    /// Whether a value is within `min`, `max` and `maxLength`.
    fn within(&self, given: &Given, place: &Place<'_>, faults: &mut Faults) -> bool {
        let long = |text: &str| {
            (text.len() > self.max_length).then(|| format!("it has {} bytes, more than the {} of `maxLength`", text.len(), self.max_length))
        };
        let problem = match given {
            Given::Text(text) => long(text),
            Given::Texts(texts) => texts.iter().find_map(|text| long(text)),
            Given::Number { value, .. } => match (self.min, self.max) {
                (Some(min), _) if *value < min => Some(format!("it is less than {}", min.to_plain())),
                (_, Some(max)) if *value > max => Some(format!("it is more than {}", max.to_plain())),
                _ => None,
            },
            Given::Bool(_) => None,
        };
        match problem {
            Some(problem) => {
                faults.note::<()>(place, problem);
                false
            }
            None => true,
        }
    }

    /// What it can be, in the order written.
    pub(super) fn choices(&self) -> &[Given] {
        &self.choices
    }

    /// A value to try the grants with: as number 0 the default, then each that is offered; else something of its type.
    pub(super) fn sample(&self, variant: usize, network: bool) -> Bound {
        let place = Place::root(PARAMETERS);
        let here = place.name(&self.name);
        let bound = |given: Given, pointer: String| Bound { given, pointer, listed: false };
        if let (0, Some(default)) = (variant, &self.default) {
            return bound(default.clone(), here.name("default").pointer());
        }
        let choice = variant.saturating_sub(1);
        let choice = if choice < self.choices.len() { choice } else { 0 };
        if let Some(given) = self.choices.get(choice) {
            let pointer = here.name("enum").index(choice).pointer();
            let given = match given {
                Given::Text(text) if self.kind == Kind::Texts => Given::Texts(vec![text.clone()]),
                given => given.clone(),
            };
            return bound(given, pointer);
        }
        if let Some(default) = &self.default {
            return bound(default.clone(), here.name("default").pointer());
        }
        let word = if network { "192.0.2.0/24" } else { "sample" };
        let word: String = word.chars().take(self.max_length).collect();
        let given = match self.kind {
            Kind::Text => Given::Text(word),
            Kind::Texts => Given::Texts(vec![word]),
            Kind::Bool => Given::Bool(true),
            Kind::Number => {
                let value = self.min.or(self.max).unwrap_or(Decimal::ZERO);
                Given::Number { text: value.to_plain(), value }
            }
        };
        bound(given, here.pointer())
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= TEMPLATE_NAME_BYTES
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
