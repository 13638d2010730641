//! The text of an event, or of a request, with hashes in the places of what is hidden. Everything else stays to the letter.

use std::borrow::Cow;
use std::fmt;

use passport_shared::hidden::HiddenAttributes;
use passport_shared::jose;
use passport_shared::json::{Controls, Document, Value};
use passport_shared::request::is_reserved;
use passport_shared::scalar::{Attribute, Scalar};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::json;
use serde_json::value::RawValue;

use super::{Hider, MEMBER};

/// What is said in place of a message that may repeat what is hidden: what a reporter says that hides by itself.
const NOT_SHOWN: &str = "the message is not shown: attributes of the request are hidden from the log";

/// The members of an event that hold no attribute's value (F3.8, F7.9, F7.30).
const PLAIN: [&str; 18] = [
    "seq",
    "requestId",
    "allowed",
    "outcome",
    "reason",
    "agentId",
    "passportId",
    "issuer",
    "keyId",
    "grant",
    "approvalId",
    "action",
    "resource",
    "evaluatedAt",
    "trustSequence",
    "engine",
    "gap",
    "previous",
];

/// What holds for one event.
pub(super) struct Rules<'a> {
    pub(super) hider: &'a Hider,
    pub(super) passport: Option<&'a HiddenAttributes>,
    pub(super) resource: Option<&'a str>,
    pub(super) previous: Option<&'a str>,
}

impl Rules<'_> {
    fn hide(&self, name: &str) -> bool {
        self.hider.hides(name, self.resource, self.passport)
    }

    /// Whether anything could be hidden.
    fn any(&self) -> bool {
        !self.hider.names.is_empty() || self.passport.is_some()
    }

    /// A value of any form by its hash. What is one already, of a reporter that hides by itself, stays.
    fn hash(&self, name: &str, raw: &str) -> String {
        let Ok(document) = Document::read_value(raw.as_bytes(), Controls::InValues) else { return self.hider.hash_text(name, raw) };
        let value = document.root();
        match attribute(value) {
            Some(attribute) => self.hider.hash(name, &attribute),
            None if is_hash(value) => raw.to_owned(),
            None => self.hider.hash_text(name, raw),
        }
    }
}

fn attribute(value: Value<'_>) -> Option<Attribute> {
    match value.items() {
        Some(items) => items.map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().map(Attribute::List),
        None => Scalar::read(value).map(Attribute::Scalar),
    }
}

/// `{"hmacSha256": …}` with 32 bytes or `null`, and nothing beside it.
fn is_hash(value: Value<'_>) -> bool {
    let alone = value.members().is_some_and(|members| members.count() == 1);
    let sound = |hash: Value<'_>| match hash.as_str() {
        Some(text) => jose::decode(text).is_some_and(|bytes| bytes.len() == 32),
        None => hash.kind_name() == "null",
    };
    alone && value.get(MEMBER).is_some_and(sound)
}

/// The event as it is stored.
pub(super) fn event(rules: &Rules<'_>, text: &str) -> Option<String> {
    let Members(members) = serde_json::from_str(text).ok()?;
    let of = |name: &str| members.iter().find(|(member, _)| **member == *name).map(|(_, value)| value.get());
    // Where nothing can be hidden, nothing of it is looked at.
    let attributes = of("attributes").filter(|_| rules.any()).and_then(|raw| serde_json::from_str::<Members<'_>>(raw).ok());
    let any = |Members(attributes): &Members<'_>| attributes.iter().any(|(name, _)| rules.hide(name));
    // What was not repeated because it has no bounds may be quoted all the same.
    let told = of("action").is_some_and(|action| action != "null") && attributes.is_some();
    let hidden = rules.any() && (!told || attributes.as_ref().is_some_and(any));
    let mut out = Writer::with_capacity(text.len());
    for (name, value) in &members {
        let raw = value.get();
        match &**name {
            "previous" => match rules.previous.filter(|_| raw != "null") {
                Some(previous) => out.member(name, &quoted(previous)),
                None => out.member(name, raw),
            },
            "message" if hidden => out.member(name, &json!(NOT_SHOWN).to_string()),
            "attributes" if rules.any() => out.member(name, &hidden_attributes(rules, attributes.as_ref())),
            "details" if rules.any() => out.member(name, &details(rules, raw)),
            plain if PLAIN.contains(&plain) || matches!(plain, "message" | "attributes" | "details") || !rules.any() => {
                out.member(name, raw);
            }
            // Nobody knows what it is, so nobody knows that it is none of them.
            unknown => out.member(name, &rules.hash(unknown, raw)),
        }
    }
    Some(out.end())
}

/// A request with the hashes of its attributes.
pub(super) fn request(rules: &Rules<'_>, text: &str) -> Option<String> {
    let Members(members) = serde_json::from_str(text).ok()?;
    let mut out = Writer::with_capacity(text.len());
    for (name, value) in &members {
        match !is_reserved(name) && rules.hide(name) {
            true => out.member(name, &rules.hash(name, value.get())),
            false => out.member(name, value.get()),
        }
    }
    Some(out.end())
}

/// `null` where it is no object: then nobody can say what is in it.
fn hidden_attributes(rules: &Rules<'_>, attributes: Option<&Members<'_>>) -> String {
    let Some(Members(attributes)) = attributes else { return "null".to_owned() };
    let mut out = Writer::with_capacity(64 * attributes.len());
    for (name, value) in attributes {
        match rules.hide(name) {
            true => out.member(name, &rules.hash(name, value.get())),
            false => out.member(name, value.get()),
        }
    }
    out.end()
}

/// The clauses, those of hidden attributes without what was given and without the operand, which may be the very same value.
fn details(rules: &Rules<'_>, raw: &str) -> String {
    let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
    let clauses: Vec<String> = items.iter().filter_map(|item| clause(rules, item.get())).collect();
    format!("[{}]", clauses.join(","))
}

/// `None` for what is no clause.
fn clause(rules: &Rules<'_>, raw: &str) -> Option<String> {
    let Members(members) = serde_json::from_str(raw).ok()?;
    let of = |name: &str| members.iter().find(|(member, _)| **member == *name).map(|(_, value)| value.get());
    let attribute: String = serde_json::from_str(of("attribute")?).ok()?;
    let given = of("actual").is_some_and(|actual| actual != "null");
    let known = members.iter().all(|(name, _)| ["grant", "attribute", "operator", "expected", "actual"].contains(&&**name));
    if known && !(given && rules.hide(&attribute)) {
        return Some(raw.to_owned());
    }
    let mut out = Writer::with_capacity(raw.len());
    for (name, value) in &members {
        match &**name {
            "grant" | "attribute" | "operator" => out.member(name, value.get()),
            "expected" | "actual" if given && rules.hide(&attribute) => out.member(name, "null"),
            "expected" | "actual" => out.member(name, value.get()),
            _ => {}
        }
    }
    Some(out.end())
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    match text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        true => ["\"", text, "\""].concat(),
        false => json!(text).to_string(),
    }
}

/// An object of JSON, member by member.
struct Writer(String);

impl Writer {
    fn with_capacity(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes.saturating_add(64));
        text.push('{');
        Self(text)
    }

    fn member(&mut self, name: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quoted(name));
        self.0.push(':');
        self.0.push_str(value);
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// An object's members in the order written, their values to the letter.
struct Members<'t>(Vec<(Name<'t>, &'t RawValue)>);

/// A member's name, borrowed where nothing in it is escaped.
struct Name<'t>(Cow<'t, str>);

impl std::ops::Deref for Name<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Walk;
        impl<'de> Visitor<'de> for Walk {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(20);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Walk)
    }
}
