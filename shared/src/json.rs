//! Sound JSON (contract section 1): a strict reader that borrows from its input.
//!
//! Why not a general JSON library: what a passport may be made of is part of the signature's promise, and none
//! that we know refuses a repeated name at any depth, counts depth from the outside, keeps a number's text and
//! refuses C1 control characters, all in one pass and in one allocation.
//!
//! [`Document::read`] checks soundness once, for the whole text. Afterwards [`Value`] only walks.

mod scan;
pub(crate) mod write;

use std::borrow::Cow;

pub use scan::{Controls, Fault, Problem};

/// A sound JSON object, read into one flat list of nodes.
#[derive(Debug)]
pub struct Document<'a> {
    nodes: Vec<Node<'a>>,
}

#[derive(Debug)]
struct Node<'a> {
    kind: Kind<'a>,
    /// The index of the first node that is not inside this one: how a walk steps over a value.
    end: usize,
}

#[derive(Debug)]
enum Kind<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    String(Cow<'a, str>),
    Array,
    /// Followed by its members, each a `String` node (the name) and then the value.
    Object,
}

impl<'a> Document<'a> {
    /// Reads one JSON object and nothing after it, refusing everything that is not sound.
    ///
    /// The caller has bounded the length of `text`; the work is linear in it, but for sorting the names of an
    /// object with many members.
    pub fn read(text: &'a [u8], controls: Controls) -> Result<Self, Fault> {
        Self::read_part(text, controls, 0)
    }

    /// Reads one JSON object that was a part of another text, in which `around` objects and arrays are open around it: as
    /// strictly as [`read`](Self::read) would have read all of that text.
    pub fn read_part(text: &'a [u8], controls: Controls, around: usize) -> Result<Self, Fault> {
        let nodes = scan::read(text, controls, around);
        match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => nodes.map(|nodes| Self { nodes }),
            // Text that is not even UTF-8, or starts with a byte order mark, is better told so.
            _ => Err(nodes.err().unwrap_or(Fault { at: 0, problem: Problem::NotAnObject })),
        }
    }

    /// Reads one JSON value of any kind, as strictly as [`read`](Self::read).
    pub fn read_value(text: &'a [u8], controls: Controls) -> Result<Self, Fault> {
        scan::read(text, controls, 0).map(|nodes| Self { nodes })
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value { nodes: &self.nodes, at: 0 }
    }
}

/// One value of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub struct Value<'d> {
    nodes: &'d [Node<'d>],
    at: usize,
}

impl<'d> Value<'d> {
    fn node(self) -> Option<&'d Node<'d>> {
        self.nodes.get(self.at)
    }

    fn kind(self) -> Option<&'d Kind<'d>> {
        self.node().map(|node| &node.kind)
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(self) -> Option<&'d str> {
        match self.kind() {
            Some(Kind::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The number as it is written, if this is one.
    #[must_use]
    pub fn as_number(self) -> Option<&'d str> {
        match self.kind() {
            Some(Kind::Number(text)) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Some(Kind::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    /// A plain integer within 0 to `max`: no minus, fraction or exponent.
    #[must_use]
    pub fn as_integer(self, max: i64) -> Option<i64> {
        let text = self.as_number()?;
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        text.parse().ok().filter(|value| *value <= max)
    }

    /// The members in the order written, if this is an object.
    #[must_use]
    pub fn members(self) -> Option<Members<'d>> {
        match self.node() {
            Some(Node { kind: Kind::Object, end }) => Some(Members { nodes: self.nodes, at: self.at + 1, end: *end }),
            _ => None,
        }
    }

    /// The items in order, if this is an array.
    #[must_use]
    pub fn items(self) -> Option<Items<'d>> {
        match self.node() {
            Some(Node { kind: Kind::Array, end }) => Some(Items { nodes: self.nodes, at: self.at + 1, end: *end }),
            _ => None,
        }
    }

    /// The member named `name`, if this is an object that has it.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Value<'d>> {
        self.members()?.find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    /// What kind of value this is, in a word for an error message.
    #[must_use]
    pub fn kind_name(self) -> &'static str {
        match self.kind() {
            Some(Kind::Null) | None => "null",
            Some(Kind::Bool(_)) => "a boolean",
            Some(Kind::Number(_)) => "a number",
            Some(Kind::String(_)) => "a string",
            Some(Kind::Array) => "an array",
            Some(Kind::Object) => "an object",
        }
    }
}

/// The members of an object. See [`Value::members`].
#[derive(Clone, Debug)]
pub struct Members<'d> {
    nodes: &'d [Node<'d>],
    at: usize,
    end: usize,
}

impl<'d> Iterator for Members<'d> {
    type Item = (&'d str, Value<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let name = Value { nodes: self.nodes, at: self.at }.as_str()?;
        let value = Value { nodes: self.nodes, at: self.at + 1 };
        self.at = value.node()?.end;
        Some((name, value))
    }
}

/// The items of an array. See [`Value::items`].
#[derive(Clone, Debug)]
pub struct Items<'d> {
    nodes: &'d [Node<'d>],
    at: usize,
    end: usize,
}

impl<'d> Iterator for Items<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let value = Value { nodes: self.nodes, at: self.at };
        self.at = value.node()?.end;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Document<'_>, Fault> {
        Document::read(text.as_bytes(), Controls::Refused)
    }

    fn problem(text: &str) -> Problem {
        read(text).expect_err(text).problem
    }

    #[test]
    fn a_document_is_walked_in_the_order_written() {
        let doc = read(r#" {"a": [1, {"b": []}, "x\u00e9\n"], "c": {}, "d": -1.5e3, "e": null, "f": true} "#.replace("\\n", "").as_str())
            .expect("sound")
            .root()
            .members()
            .expect("an object")
            .map(|(name, value)| (name.to_owned(), value.kind_name()))
            .collect::<Vec<_>>();
        let names: Vec<_> = doc.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        assert_eq!(names, [("a", "an array"), ("c", "an object"), ("d", "a number"), ("e", "null"), ("f", "a boolean")]);
        let text = r#"{"a": [1, {"b": []}, "x\u00e9"], "d": -1.5e3}"#;
        let doc = read(text).expect("sound");
        let items: Vec<_> = doc.root().get("a").and_then(Value::items).expect("an array").collect();
        assert_eq!(items.len(), 3);
        assert_eq!(items[2].as_str(), Some("xé"));
        assert_eq!(doc.root().get("d").and_then(Value::as_number), Some("-1.5e3"));
    }

    #[test]
    fn names_are_unique_at_any_depth_after_unescaping() {
        assert_eq!(problem(r#"{"a":1,"a":2}"#), Problem::DuplicateName);
        assert_eq!(problem(r#"{"a":1,"\u0061":2}"#), Problem::DuplicateName);
        assert_eq!(problem(r#"{"x":[{"y":{"b":1,"c":2,"b":3}}]}"#), Problem::DuplicateName);
        let many = |last: &str| format!("{{{}\"{last}\":0}}", (0..500).map(|n| format!("\"n{n}\":0,")).collect::<String>());
        assert!(read(&many("other")).is_ok());
        assert_eq!(problem(&many("n250")), Problem::DuplicateName);
        assert!(read(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn depth_counts_the_outermost() {
        let nest = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(read(&nest(7)).is_ok());
        assert_eq!(problem(&nest(8)), Problem::TooDeep);
        assert_eq!(problem(&format!("{{\"a\":{}", "[".repeat(110_000))), Problem::TooDeep);
    }

    #[test]
    fn control_characters_are_refused_in_every_spelling() {
        for text in [
            "{\"a\":\"\u{1}\"}",
            "{\"a\":\"\u{7f}\"}",
            "{\"a\":\"\u{85}\"}",
            r#"{"a":"\n"}"#,
            r#"{"a":"\u0000"}"#,
            r#"{"a":"\u009f"}"#,
            r#"{"\t":1}"#,
        ] {
            assert_eq!(problem(text), Problem::ControlCharacter, "{text}");
        }
        let relaxed = |text: &'static str| Document::read(text.as_bytes(), Controls::InValues).map(|_| ()).map_err(|fault| fault.problem);
        assert_eq!(relaxed(r#"{"a":"\n\u009f"}"#), Ok(()));
        assert_eq!(relaxed("{\"a\":\"\u{85}\"}"), Ok(()));
        assert_eq!(relaxed(r#"{"\n":"a"}"#), Err(Problem::ControlCharacter));
        assert_eq!(relaxed("{\"a\":\"\n\"}"), Err(Problem::ControlCharacter), "JSON itself forbids it bare");
        assert!(read("{\"a\":\"\u{a0}\u{ad}\"}").is_ok(), "not controls");
    }

    #[test]
    fn unsound_text_is_refused() {
        for text in [
            "",
            "[]",
            "1",
            "{",
            "{}x",
            "{} {}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{\"a\":[1,]}",
            "{'a':1}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":.5}",
            "{\"a\":5.}",
            "{\"a\":1e}",
            "{\"a\":-}",
            "{\"a\":NaN}",
            "{\"a\":tru}",
            "{\"a\":nulll}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"",
            "{\"a\":\"\\",
            "{\"a\":1 \"b\":2}",
            "{/**/}",
            "\u{feff}{}",
            "{\"a\":\u{a0}1}",
            "{\"a\":[1}",
            "{\"a\":{]}",
            "{\"a\":1e400}",
            "{\"a\":-1e999999}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\\ud800x\"}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(Document::read(b"{\"a\":\"\xff\"}", Controls::Refused).expect_err("bytes").problem, Problem::NotUtf8);
        assert!(read(r#"{"a":"\ud83d\ude00"}"#).is_ok());
        assert!(read("{\"a\":1e308}").is_ok());
        assert!(read("{\"a\":1e-999}").is_ok(), "a double holds it, as nought");
    }

    proptest! {
        /// What serde_json reads without complaint and we refuse must have one of our own reasons; what it refuses, we refuse.
        #[test]
        fn a_general_reader_never_refuses_what_we_accept(text in r#"[\[\]{}:,"\\a\-0-9eEu.tfn \n]{0,24}"#) {
            let wrapped = format!("{{\"k\":{text}}}");
            if read(&wrapped).is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&wrapped).is_ok(), "{}", wrapped);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Document::read(&bytes, Controls::Refused);
        }
    }
}
