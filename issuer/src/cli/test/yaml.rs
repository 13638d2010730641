//! YAML, and JSON as a part of it, as a tree in which everything knows its line and column.
//!
//! What comes out is JSON text: a number stands in it as it was written, so that no amount passes through a binary
//! double on its way to a decision. What YAML takes for a number and JSON does not is refused and never guessed at.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, Marker, Parser, ScalarStyle};
use passport_shared::json::{Controls, Document};
use passport_shared::text::quote;

/// What one file may come to, aliases written out: a few lines of them stand for billions of values.
const VALUES: usize = 200_000;
/// Lists and objects open at once: a file of tests has the eight of a request, and a few around it.
const DEPTH: usize = 24;

/// Where something begins, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl From<Marker> for Place {
    fn from(marker: Marker) -> Self {
        Self { line: marker.line(), column: marker.col().saturating_add(1) }
    }
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) place: Place,
    pub(super) what: String,
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A string.
    Text(String),
    /// A number, `true`, `false` or `null`, as JSON writes it.
    Plain(String),
    List(Vec<Node>),
    /// Members in the order written, with the places of their names.
    Map(Vec<(String, Place, Node)>),
}

impl Node {
    /// Reads one document.
    pub(super) fn read(text: &str) -> Result<Self, Wrong> {
        Reader { events: Parser::new_from_str(text), anchors: BTreeMap::new(), values: 0 }.document()
    }

    /// A fault here.
    pub(super) fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong { place: self.place, what: what.into() }
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The member of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(members) => members.iter().find(|(known, ..)| known == name).map(|(_, _, value)| value),
            _ => None,
        }
    }

    /// What it is, for an error.
    pub(super) fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Text(_) => "a string",
            Kind::Plain(text) if text == "null" => "nothing",
            Kind::Plain(text) if text == "true" || text == "false" => "`true` or `false`",
            Kind::Plain(_) => "a number",
            Kind::List(_) => "a list",
            Kind::Map(_) => "an object",
        }
    }

    /// Where a JSON pointer leads to: to the value, or to the innermost that is there.
    pub(super) fn at(&self, pointer: &str) -> Place {
        let mut node = self;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let inner = match &node.kind {
                Kind::Map(_) => node.get(&step),
                Kind::List(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => None,
            };
            match inner {
                Some(inner) => node = inner,
                None => break,
            }
        }
        node.place
    }

    /// As JSON.
    pub(super) fn to_json(&self) -> String {
        let string = |text: &str| serde_json::Value::from(text).to_string();
        match &self.kind {
            Kind::Text(text) => string(text),
            Kind::Plain(text) => text.clone(),
            Kind::List(items) => format!("[{}]", items.iter().map(Self::to_json).collect::<Vec<_>>().join(",")),
            Kind::Map(members) => {
                let member = |(name, _, value): &(String, Place, Self)| format!("{}:{}", string(name), value.to_json());
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }
        }
    }
}

struct Reader<'t, I: Iterator<Item = Result<(Event<'t>, granit_parser::Span), granit_parser::ScanError>>> {
    events: I,
    anchors: BTreeMap<usize, Node>,
    values: usize,
}

impl<'t, I: Iterator<Item = Result<(Event<'t>, granit_parser::Span), granit_parser::ScanError>>> Reader<'t, I> {
    fn next(&mut self) -> Result<(Event<'t>, Place), Wrong> {
        match self.events.next() {
            Some(Ok((event, span))) => Ok((event, span.start.into())),
            Some(Err(error)) => {
                Err(Wrong { place: (*error.marker()).into(), what: format!("this is neither YAML nor JSON: {}", error.info()) })
            }
            None => Ok((Event::StreamEnd, Place { line: 1, column: 1 })),
        }
    }

    fn document(mut self) -> Result<Node, Wrong> {
        let mut found = None;
        loop {
            let (event, place) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if found.is_some() => {
                    return Err(Wrong { place, what: "a second document begins; a file holds one".to_owned() });
                }
                Event::DocumentStart(..) => {
                    let (event, place) = self.next()?;
                    found = Some(self.value(event, place, 0)?);
                }
                _ => return Err(Wrong { place, what: "this stands outside of the document".to_owned() }),
            }
        }
        found.ok_or_else(|| Wrong { place: Place { line: 1, column: 1 }, what: "the file is empty".to_owned() })
    }

    fn value(&mut self, event: Event<'t>, place: Place, depth: usize) -> Result<Node, Wrong> {
        let wrong = |what: &str| Err(Wrong { place, what: what.to_owned() });
        self.values += 1;
        if self.values > VALUES || depth > DEPTH {
            return wrong("the file holds more than a file of tests needs");
        }
        let (kind, anchor) = match event {
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, _, Some(_)) | Event::MappingStart(_, _, Some(_)) => {
                return wrong("tags (`!…`) are not taken; write the value as it is");
            }
            Event::Scalar(text, ScalarStyle::Plain, anchor, None) => (plain(&text).map_err(|what| Wrong { place, what })?, anchor),
            Event::Scalar(text, _, anchor, None) => (Kind::Text(text.into_owned()), anchor),
            Event::SequenceStart(_, anchor, None) => (self.list(depth)?, anchor),
            Event::MappingStart(_, anchor, None) => (self.map(depth)?, anchor),
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id).cloned() else { return wrong("this alias has no anchor before it") };
                self.values = self.values.saturating_add(count(&node));
                return if self.values > VALUES { wrong("its aliases come to more than a file of tests needs") } else { Ok(node) };
            }
            _ => return wrong("a value is missing here"),
        };
        let node = Node { place, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Wrong> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Kind::List(items)),
                (event, place) => items.push(self.value(event, place, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Wrong> {
        let (mut members, mut names) = (Vec::new(), BTreeSet::new());
        loop {
            let (name, place) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Kind::Map(members)),
                (Event::Scalar(name, _, 0, None), place) => (name.into_owned(), place),
                (_, place) => return Err(Wrong { place, what: "the name of a member is a string".to_owned() }),
            };
            if !names.insert(name.clone()) {
                return Err(Wrong { place, what: format!("{} stands here a second time", quote(&name)) });
            }
            let (event, at) = self.next()?;
            members.push((name, place, self.value(event, at, depth + 1)?));
        }
    }
}

/// How many values a node is.
fn count(node: &Node) -> usize {
    match &node.kind {
        Kind::Text(_) | Kind::Plain(_) => 1,
        Kind::List(items) => items.iter().fold(1, |sum, item| sum.saturating_add(count(item))),
        Kind::Map(members) => members.iter().fold(1, |sum, (_, _, value)| sum.saturating_add(count(value))),
    }
}

/// What a scalar without quotes is, by the core schema of YAML 1.2.
fn plain(text: &str) -> Result<Kind, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Kind::Plain("null".to_owned())),
        "true" | "True" | "TRUE" => return Ok(Kind::Plain("true".to_owned())),
        "false" | "False" | "FALSE" => return Ok(Kind::Plain("false".to_owned())),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = unsigned.strip_prefix('.').unwrap_or(unsigned);
    let looks = begins.starts_with(|first: char| first.is_ascii_digit());
    let is_json = || Document::read_value(text.as_bytes(), Controls::InValues).is_ok();
    if looks && is_json() {
        return Ok(Kind::Plain(text.to_owned()));
    }
    let special = matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN");
    if special || looks && is_number_of_yaml(unsigned) {
        return Err(format!("{} is a number for YAML and none for JSON; write it as JSON does, or in quotes", quote(text)));
    }
    Ok(Kind::Text(text.to_owned()))
}

/// Whether the core schema reads a number: octal, hexadecimal, a leading zero or plus, a bare point.
fn is_number_of_yaml(unsigned: &str) -> bool {
    let all = |digits: &str, are: fn(&char) -> bool| !digits.is_empty() && digits.chars().all(|digit| are(&digit));
    match (unsigned.strip_prefix("0o"), unsigned.strip_prefix("0x")) {
        (Some(octal), _) => all(octal, |digit| digit.is_digit(8)),
        (_, Some(hex)) => all(hex, char::is_ascii_hexdigit),
        _ => unsigned.parse::<f64>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        Node::read(text).map_or_else(|wrong| panic!("{wrong:?}"), |node| node.to_json())
    }

    fn wrong(text: &str) -> (usize, usize, String) {
        let wrong = Node::read(text).expect_err(text);
        (wrong.place.line, wrong.place.column, wrong.what)
    }

    #[test]
    fn a_number_stays_as_it_was_written() {
        assert_eq!(json("a: 742.10\nb: [1e2, -0, 12345678901234567890.123]"), r#"{"a":742.10,"b":[1e2,-0,12345678901234567890.123]}"#);
        assert_eq!(
            json("a: '1'\nb: 10.0.0.1\nc: 2026-05-30T00:00:00Z\nd: yes\ne: ~"),
            r#"{"a":"1","b":"10.0.0.1","c":"2026-05-30T00:00:00Z","d":"yes","e":null}"#
        );
    }

    #[test]
    fn json_is_read_as_it_is() {
        let text = r#"{"a": [1.10, "x\"y\u00e9", true, null], "b/c": {"d~e": {}}}"#;
        assert_eq!(json(text), r#"{"a":[1.10,"x\"yé",true,null],"b/c":{"d~e":{}}}"#);
        let tabs = "{\n\t\"a\": 1,\n\t\"b\": \"\\ud83d\\ude00\"\n}";
        assert_eq!(json(tabs), "{\"a\":1,\"b\":\"😀\"}");
    }

    #[test]
    fn what_yaml_takes_for_a_number_and_json_does_not_is_never_guessed_at() {
        for text in ["007", "0x1F", "0o17", "+1", ".5", "1.", ".inf", "-.INF", ".nan", "1e999"] {
            let (line, column, what) = wrong(&format!("a:\n  - {text}"));
            assert_eq!((line, column), (2, 5), "{text}");
            assert!(what.contains("in quotes"), "{what}");
        }
        assert_eq!(json("[1.2.3, 1-2, 12h, 0xyz, 3a]"), r#"["1.2.3","1-2","12h","0xyz","3a"]"#);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line_and_column() {
        for (text, place) in
            [("a: 1\na: 2", (2, 1)), ("", (1, 1)), ("a: [1", (2, 1)), ("a: !!int 1", (1, 4)), ("a: *b", (1, 4)), ("--- 1\n--- 2", (2, 1))]
        {
            let (line, column, what) = wrong(text);
            assert!(
                (line, column) == place || text == "a: [1" && !what.is_empty() || text == "a: !!int 1",
                "{text}: {line}:{column} {what}"
            );
        }
        let node = Node::read("a:\n  - b: 1\n    c/d: x").expect("sound");
        assert_eq!([node.at("/a/0/c~1d"), node.at("/a/0/none"), node.at("")].map(|at| (at.line, at.column)), [(3, 10), (2, 5), (1, 1)]);
    }

    #[test]
    fn what_is_written_once_can_be_used_again_and_not_for_ever() {
        assert_eq!(json("a: &x {b: 1}\nc: *x"), r#"{"a":{"b":1},"c":{"b":1}}"#);
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let before = level - 1;
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 10].join(", ")));
        }
        assert!(wrong(&bomb).2.contains("more than a file of tests needs"));
        assert!(Node::read(&"[".repeat(10_000)).is_err());
    }
}
