//! Attributes that a passport keeps from the audit log: the claim `hiddenAttributes` (docs/format.md F1.11).
//!
//! No decision looks at it, so that a verifier that does not know it decides the same; what it governs is in what form a
//! decision is reported. So it is never malformed either: what cannot be read hides everything.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use smol_str::SmolStr;

use crate::fault::{Faults, Place};
use crate::footprint::Footprint;
use crate::json::{Controls, Document, Value};
use crate::limits::{HIDDEN_RULES, REQUEST_ATTRIBUTES, STRING_BYTES};
use crate::request::is_reserved;
use crate::resource::ResourcePattern;
use crate::text::quote;

/// The claim's name.
pub const CLAIM: &str = "hiddenAttributes";

/// What is hidden of requests on some resources. One is always there: an empty claim is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HiddenAttributes(Vec<HidingRule>);

/// What is hidden of requests on the resources of one pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HidingRule {
    /// The resources that it speaks of.
    pub resource: ResourcePattern,
    /// What it names.
    pub names: Names,
}

/// Names of attributes that are shown, and of those that are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Where it is there, whatever is not in it is hidden.
    pub shown: Option<Vec<SmolStr>>,
    /// Hidden even where it is shown by the first.
    pub sensitive: Vec<SmolStr>,
}

impl HiddenAttributes {
    /// The rules, each once. `None` where there is none; where there are more than a claim can have, everything is hidden.
    pub fn of(rules: impl IntoIterator<Item = HidingRule>) -> Option<Self> {
        let mut all: Vec<HidingRule> = Vec::new();
        for rule in rules {
            if !all.contains(&rule) {
                all.push(rule);
            }
        }
        match all.len() {
            0 => None,
            1..=HIDDEN_RULES => Some(Self(all)),
            _ => Self::everything(),
        }
    }

    /// Reads the claim's value, of a token or of stored claims. What is not understood hides everything.
    #[must_use]
    pub fn read(value: Value<'_>) -> Option<Self> {
        let rules = value.items().filter(|items| items.clone().nth(HIDDEN_RULES).is_none());
        match rules.and_then(|rules| rules.map(read_rule).collect::<Option<Vec<_>>>()) {
            Some(rules) => Self::of(rules),
            None => Self::everything(),
        }
    }

    /// Reads the claim's value from its JSON, as [`read`](Self::read): what is not sound hides everything too.
    #[must_use]
    pub fn read_text(json: &str) -> Option<Self> {
        match Document::read_value(json.as_bytes(), Controls::Refused) {
            Ok(document) => Self::read(document.root()),
            Err(_) => Self::everything(),
        }
    }

    /// `None` only if that pattern were none.
    fn everything() -> Option<Self> {
        let resource = ResourcePattern::parse("**").ok()?;
        Some(Self(vec![HidingRule { resource, names: Names { shown: Some(Vec::new()), sensitive: Vec::new() } }]))
    }

    /// The rules, in the order written.
    #[must_use]
    pub fn rules(&self) -> &[HidingRule] {
        &self.0
    }

    /// Whether the attribute is hidden in a request on `resource`; in one that names none, every rule holds.
    #[must_use]
    pub fn hides(&self, resource: Option<&str>, attribute: &str) -> bool {
        self.0.iter().any(|rule| resource.is_none_or(|resource| rule.resource.covers(resource)) && rule.names.hide(attribute))
    }
}

impl Names {
    /// Whether an attribute of this name is hidden.
    #[must_use]
    pub fn hide(&self, attribute: &str) -> bool {
        let has = |names: &[SmolStr]| names.iter().any(|name| name == attribute);
        has(&self.sensitive) || self.shown.as_deref().is_some_and(|shown| !has(shown))
    }

    /// Whether there is anything to hide.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.shown.is_none() && self.sensitive.is_empty()
    }
}

/// `None` for anything but an object with a pattern and at least one sound list.
fn read_rule(value: Value<'_>) -> Option<HidingRule> {
    let (mut resource, mut names) = (None, Names::default());
    let (place, mut wrong) = (Place::root(""), Faults::default());
    for (name, value) in value.members()? {
        match name {
            "resource" => resource = Some(ResourcePattern::parse(value.as_str()?).ok()?),
            "shown" => names.shown = Some(read_names(value, &place, &mut wrong)?),
            "sensitive" => names.sensitive = read_names(value, &place, &mut wrong)?,
            _ => return None,
        }
    }
    resource.filter(|_| !names.is_empty()).map(|resource| HidingRule { resource, names })
}

/// A list of names of attributes: at most as many as a request has, and none that is reserved.
pub(crate) fn read_names(value: Value<'_>, place: &Place<'_>, wrong: &mut Faults) -> Option<Vec<SmolStr>> {
    let Some(items) = value.items() else {
        return wrong.note(place, format!("it must be a list of names of attributes, not {}", value.kind_name()));
    };
    if items.clone().nth(REQUEST_ATTRIBUTES).is_some() {
        return wrong.note(place, format!("it can name at most {REQUEST_ATTRIBUTES} attributes"));
    }
    let (mut names, mut faultless) = (Vec::new(), true);
    for (index, item) in items.enumerate() {
        let here = place.index(index);
        match item.as_str() {
            Some(name) if is_reserved(name) => {
                wrong.note::<()>(&here, format!("{} is a reserved name, not an attribute's, and is not hidden", quote(name)));
                faultless = false;
            }
            Some(name) if (1..=STRING_BYTES).contains(&name.len()) => names.push(SmolStr::new(name)),
            _ => {
                wrong.note::<()>(&here, format!("the name of an attribute is a string of 1 to {STRING_BYTES} bytes"));
                faultless = false;
            }
        }
    }
    faultless.then_some(names)
}

impl Serialize for HiddenAttributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl Serialize for HidingRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("HidingRule", 3)?;
        out.serialize_field("resource", self.resource.as_str())?;
        if let Some(shown) = &self.names.shown {
            out.serialize_field("shown", &Texts(shown))?;
        }
        if !self.names.sensitive.is_empty() {
            out.serialize_field("sensitive", &Texts(&self.names.sensitive))?;
        }
        out.end()
    }
}

/// Names as a list of strings.
pub(crate) struct Texts<'a>(pub(crate) &'a [SmolStr]);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(SmolStr::as_str))
    }
}

impl Footprint for HiddenAttributes {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}

impl Footprint for HidingRule {
    fn heap_bytes(&self) -> usize {
        self.resource.heap_bytes() + self.names.shown.heap_bytes() + self.names.sensitive.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<HiddenAttributes> {
        HiddenAttributes::read_text(text)
    }

    #[test]
    fn a_rule_hides_on_its_resources_what_is_not_shown_and_what_is_sensitive() {
        let text =
            r#"[{"resource":"commerce/**","shown":["amount","email"],"sensitive":["email"]},{"resource":"drive","sensitive":["path"]}]"#;
        let hidden = read(text).expect("rules");
        assert!(
            !hidden.hides(Some("commerce"), "amount")
                && hidden.hides(Some("commerce/a"), "email")
                && hidden.hides(Some("commerce"), "path")
        );
        assert!(hidden.hides(Some("drive"), "path") && !hidden.hides(Some("drive"), "email") && !hidden.hides(Some("other"), "email"));
        assert!(hidden.hides(None, "path") && hidden.hides(None, "email") && !hidden.hides(None, "amount"));
        assert_eq!(serde_json::to_string(&hidden).expect("JSON"), text, "it is written as it was read");
    }

    #[test]
    fn what_cannot_be_understood_hides_everything() {
        let many = format!("[{}]", (0..65).map(|n| format!(r#"{{"resource":"r{n}","shown":[]}}"#)).collect::<Vec<_>>().join(","));
        let names = format!(r#"[{{"resource":"r","shown":[{}]}}]"#, (0..65).map(|n| format!("\"a{n}\"")).collect::<Vec<_>>().join(","));
        for text in [
            "[",
            "7",
            "null",
            "{}",
            r#"["x"]"#,
            "[{}]",
            r#"[{"resource":"a"}]"#,
            r#"[{"sensitive":["x"]}]"#,
            r#"[{"resource":"a*b","sensitive":["x"]}]"#,
            r#"[{"resource":"a","sensitive":"x"}]"#,
            r#"[{"resource":"a","sensitive":["action"]}]"#,
            r#"[{"resource":"a","sensitive":[""]}]"#,
            r#"[{"resource":"a","sensitive":["x"],"more":1}]"#,
            &many,
            &names,
        ] {
            let hidden = read(text).expect(text);
            assert!(hidden.hides(Some("any/where"), "any") && hidden.hides(None, "any"), "{text}");
        }
        assert_eq!(read("[]"), None);
    }
}
