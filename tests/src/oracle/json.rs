//! Sound JSON (section 1), read by plain recursion into a tree.

use std::collections::HashSet;

/// A JSON value; numbers keep their text, strings are unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The members of one JSON object.
pub(super) type Members = Vec<(String, Json)>;

/// Reads one object by all the rules, the one on control characters included (header and payload).
pub(super) fn read_without_controls(bytes: &[u8]) -> Option<Members> {
    let members = read(bytes)?;
    let sound = members.iter().all(|(name, value)| clean(name) && clean_value(value));
    sound.then_some(members)
}

/// Reads one object by all the rules but the one on control characters (request).
pub(super) fn read(bytes: &[u8]) -> Option<Members> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader { text, at: 0 };
    reader.skip_space();
    let value = reader.value(0)?;
    reader.skip_space();
    match value {
        Json::Object(members) if reader.at == text.len() => Some(members),
        _ => None,
    }
}

/// Whether a string has none of U+0000 to U+001F and U+007F to U+009F.
pub(super) fn clean(text: &str) -> bool {
    !text.chars().any(|c| c <= '\u{1f}' || ('\u{7f}'..='\u{9f}').contains(&c))
}

fn clean_value(value: &Json) -> bool {
    match value {
        Json::Text(text) => clean(text),
        Json::List(items) => items.iter().all(clean_value),
        Json::Object(members) => members.iter().all(|(name, value)| clean(name) && clean_value(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => true,
    }
}

/// The member of that name, if there is one.
pub(super) fn member<'a>(members: &'a Members, name: &str) -> Option<&'a Json> {
    members.iter().find(|(given, _)| given == name).map(|(_, value)| value)
}

/// At most this many objects and arrays open at once.
const MAX_DEPTH: usize = 8;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// Reads a value inside of `open` objects and arrays.
    fn value(&mut self, open: usize) -> Option<Json> {
        match self.peek()? {
            b'{' => self.object(open + 1),
            b'[' => self.list(open + 1),
            b'"' => self.string().map(Json::Text),
            b't' => self.word("true").map(|()| Json::Bool(true)),
            b'f' => self.word("false").map(|()| Json::Bool(false)),
            b'n' => self.word("null").map(|()| Json::Null),
            _ => self.number().map(Json::Number),
        }
    }

    fn object(&mut self, open: usize) -> Option<Json> {
        if open > MAX_DEPTH {
            return None;
        }
        self.word("{")?;
        let mut members = Vec::new();
        let mut names = HashSet::new();
        self.skip_space();
        if self.word("}").is_some() {
            return Some(Json::Object(members));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            if !names.insert(name.clone()) {
                return None;
            }
            self.skip_space();
            self.word(":")?;
            self.skip_space();
            let value = self.value(open)?;
            members.push((name, value));
            self.skip_space();
            if self.word("}").is_some() {
                return Some(Json::Object(members));
            }
            self.word(",")?;
        }
    }

    fn list(&mut self, open: usize) -> Option<Json> {
        if open > MAX_DEPTH {
            return None;
        }
        self.word("[")?;
        let mut items = Vec::new();
        self.skip_space();
        if self.word("]").is_some() {
            return Some(Json::List(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(open)?);
            self.skip_space();
            if self.word("]").is_some() {
                return Some(Json::List(items));
            }
            self.word(",")?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.word("\"")?;
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.at..)?;
            let plain = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
            out.push_str(rest.get(..plain)?);
            self.at += plain;
            if self.word("\"").is_some() {
                return Some(out);
            }
            self.word("\\")?; // A raw control character ends here.
            let escape = self.peek()?;
            self.at += 1;
            out.push(match escape {
                b'"' => '"',
                b'\\' => '\\',
                b'/' => '/',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => self.unicode()?,
                _ => return None,
            });
        }
    }

    /// What follows `\u`: four digits, or a pair of surrogates.
    fn unicode(&mut self) -> Option<char> {
        let first = self.four_hex_digits()?;
        if (0xd800..=0xdbff).contains(&first) {
            self.word("\\u")?;
            let second = self.four_hex_digits()?;
            if !(0xdc00..=0xdfff).contains(&second) {
                return None;
            }
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
        char::from_u32(first) // `None` for a low surrogate on its own.
    }

    fn four_hex_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Option<String> {
        let start = self.at;
        let _ = self.word("-");
        if self.word("0").is_none() {
            self.digits()?;
        }
        if self.word(".").is_some() {
            self.digits()?;
        }
        if self.word("e").or_else(|| self.word("E")).is_some() {
            let _ = self.word("+").or_else(|| self.word("-"));
            self.digits()?;
        }
        let text = self.text.get(start..self.at)?;
        let double: f64 = text.parse().ok()?;
        double.is_finite().then(|| text.to_owned())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Steps over `word` if it is next.
    fn word(&mut self, word: &str) -> Option<()> {
        let next = self.text.as_bytes().get(self.at..)?.starts_with(word.as_bytes());
        if next {
            self.at += word.len();
        }
        next.then_some(())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(text: &str) -> bool {
        read_without_controls(text.as_bytes()).is_some()
    }

    #[test]
    fn reads_every_kind_of_value() {
        let members = read(br#" {"a":[1,-0.5E+3,"x\u0041\ud83d\ude00\/"],"b":{"c":null,"d":true,"e":false}} "#).unwrap();
        let list = vec![Json::Number("1".into()), Json::Number("-0.5E+3".into()), Json::Text("xA😀/".into())];
        assert_eq!(member(&members, "a"), Some(&Json::List(list)));
        let inner = vec![("c".into(), Json::Null), ("d".into(), Json::Bool(true)), ("e".into(), Json::Bool(false))];
        assert_eq!(member(&members, "b"), Some(&Json::Object(inner)));
        assert!(sound("{}"));
        assert!(sound("\t\r\n {\"a\" : [ ] , \"b\" : { } }\n"));
    }

    #[test]
    fn refuses_what_is_not_sound() {
        let bad = [
            "",
            " ",
            "[]",
            "1",
            "\"a\"",
            "{",
            "}",
            "{}{}",
            "{} x",
            "{}\0",
            "\u{feff}{}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{\"a\":[1,]}",
            "{\"a\":[,]}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":.5}",
            "{\"a\":1.}",
            "{\"a\":1e}",
            "{\"a\":1e+}",
            "{\"a\":-}",
            "{\"a\":0x1}",
            "{\"a\":NaN}",
            "{\"a\":tru}",
            "{\"a\":True}",
            "{\"a\":\"x}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":\"\\u+123\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\\ud800\\ud800\"}",
            "{\"a\":1,\"a\":1}",
            "{\"a\":1,\"\\u0061\":2}",
            "{\"b\":{\"a\":1,\"a\":1}}",
            "{\"a\":1e309}",
            "{\"a\":-1e309}",
            "{\"a\":\"\u{7f}\"}",
            "{\"a\":\"\\u0000\"}",
            "{\"a\":\"\\n\"}",
            "{\"a\":\"\n\"}",
            "{\"\\u0085\":1}",
            "{\"a\":[\"\u{9f}\"]}",
            "{\"a\":1/**/}",
            "{\"a\":\u{a0}1}",
        ];
        for text in bad {
            assert!(!sound(text), "{text}");
        }
        assert!(read(b"{\"a\":\"\xff\"}").is_none());
    }

    #[test]
    fn a_raw_control_character_is_refused_even_where_an_escaped_one_may_stand() {
        assert!(read(b"{\"a\":\"\\n\"}").is_some());
        assert!(read("{\"a\":\"\u{85}\"}".as_bytes()).is_some());
        assert!(read(b"{\"a\":\"\n\"}").is_none());
        assert!(read(b"{\"a\":\"\x00\"}").is_none());
    }

    #[test]
    fn eight_levels_may_be_open_and_not_nine() {
        assert!(sound(r#"{"a":[[[[[[[]]]]]]]}"#));
        assert!(!sound(r#"{"a":[[[[[[[[]]]]]]]]}"#));
        assert!(sound(r#"{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}"#));
        assert!(!sound(r#"{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}}"#));
        assert!(sound(r#"{"a":[[[]]],"b":[[[[[[[]]]]]]]}"#));
    }

    #[test]
    fn only_numbers_that_a_double_can_hold() {
        assert!(sound("{\"a\":1.7976931348623157e308}"));
        assert!(!sound("{\"a\":1.7976931348623159e308}"));
        assert!(sound("{\"a\":1e-999}"));
        assert!(sound("{\"a\":0e999}"));
        assert!(sound("{\"a\":123456789012345678901234567890}"));
    }
}
