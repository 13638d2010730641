//! The one pass that reads text into nodes and refuses what is not sound.

use std::borrow::Cow;

use super::{Kind, Node};
use crate::limits::JSON_DEPTH;

/// Where control characters (U+0000 to U+001F, U+007F to U+009F) may stand once unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controls {
    /// Nowhere: tokens.
    Refused,
    /// In string values, not in names: requests.
    InValues,
}

/// Why a text is not sound, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}")]
pub struct Fault {
    /// The offset in bytes from the start of the text.
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a JSON text.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The bytes are not UTF-8.
    #[error("text that is not UTF-8")]
    NotUtf8,
    /// The text is not one object.
    #[error("something other than a JSON object")]
    NotAnObject,
    /// Something stands after the object.
    #[error("text after the end of the JSON object")]
    Trailing,
    /// A member name stands twice in one object.
    #[error("a member name that stands twice in its object")]
    DuplicateName,
    /// A control character, escaped or not.
    #[error("a control character")]
    ControlCharacter,
    /// Half of a UTF-16 surrogate pair.
    #[error("half of a surrogate pair")]
    LoneSurrogate,
    /// A number beyond the range of a double.
    #[error("a number too large for a double")]
    NumberTooLarge,
    /// More than eight objects and arrays are open at once.
    #[error("more than 8 objects and arrays inside one another")]
    TooDeep,
    /// Not JSON.
    #[error("a JSON syntax error")]
    Syntax,
}

/// Nodes that there is room for at first: a passport of many grants. More are made room for as they come.
const NODES: usize = 1_024;

/// The bytes of a string that are looked at one by one: its end, an escape, and what may be a control character.
#[expect(clippy::indexing_slicing, reason = "a constant: an index out of range would not compile")]
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        special[control] = true;
        control += 1;
    }
    special[b'"' as usize] = true;
    special[b'\\' as usize] = true;
    special[0x7f] = true;
    special[0xc2] = true;
    special
};

/// An object with more members than this has its names sorted to find a pair: comparing each with each is
/// quicker up to here, and would be quadratic above.
const PAIRWISE: usize = 16;

/// Reads a value around which `depth` objects and arrays are open.
pub(super) fn read(bytes: &[u8], controls: Controls, depth: usize) -> Result<Vec<Node<'_>>, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| Fault { at: error.valid_up_to(), problem: Problem::NotUtf8 })?;
    let mut scan = Scan { text, bytes, at: 0, depth, controls, nodes: Vec::with_capacity((bytes.len() / 8).min(NODES) + 8) };
    scan.space();
    scan.value()?;
    scan.space();
    if scan.at != bytes.len() {
        return Err(scan.fault(Problem::Trailing));
    }
    Ok(scan.nodes)
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    controls: Controls,
    nodes: Vec<Node<'a>>,
}

impl<'a> Scan<'a> {
    fn fault(&self, problem: Problem) -> Fault {
        Fault { at: self.at, problem }
    }

    fn syntax<T>(&self) -> Result<T, Fault> {
        Err(self.fault(Problem::Syntax))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Steps over `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn slice(&self, from: usize, to: usize) -> Result<&'a str, Fault> {
        self.text.get(from..to).ok_or(Fault { at: from, problem: Problem::Syntax })
    }

    fn push(&mut self, kind: Kind<'a>) {
        let end = self.nodes.len() + 1;
        self.nodes.push(Node { kind, end });
    }

    fn value(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{') => self.container(Kind::Object, Self::members),
            Some(b'[') => self.container(Kind::Array, Self::items),
            Some(b'"') => {
                let text = self.string(self.controls)?;
                self.push(Kind::String(text));
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Kind::Bool(true)),
            Some(b'f') => self.word("false", Kind::Bool(false)),
            Some(b'n') => self.word("null", Kind::Null),
            _ => self.syntax(),
        }
    }

    fn container(&mut self, kind: Kind<'a>, inside: fn(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.depth >= JSON_DEPTH {
            return Err(self.fault(Problem::TooDeep));
        }
        self.depth += 1;
        self.at += 1;
        let opened = self.nodes.len();
        self.push(kind);
        inside(self)?;
        self.depth -= 1;
        let end = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(opened) {
            node.end = end;
        }
        Ok(())
    }

    fn items(&mut self) -> Result<(), Fault> {
        self.space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.space();
            self.value()?;
            self.space();
            if self.take(b']') {
                return Ok(());
            }
            if !self.take(b',') {
                return self.syntax();
            }
        }
    }

    fn members(&mut self) -> Result<(), Fault> {
        let first = self.nodes.len();
        let mut count = 0;
        self.space();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.space();
            let name = self.string(Controls::Refused)?;
            if count <= PAIRWISE && self.names(first).any(|other| other == name) {
                return Err(self.fault(Problem::DuplicateName));
            }
            count += 1;
            self.push(Kind::String(name));
            self.space();
            if !self.take(b':') {
                return self.syntax();
            }
            self.space();
            self.value()?;
            self.space();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return self.syntax();
            }
        }
        if count > PAIRWISE { self.unique(first) } else { Ok(()) }
    }

    /// The names of the object whose first name is node `first`.
    fn names(&self, first: usize) -> impl Iterator<Item = &str> {
        let mut at = first;
        std::iter::from_fn(move || {
            let Some(Node { kind: Kind::String(name), .. }) = self.nodes.get(at) else { return None };
            at = self.nodes.get(at + 1)?.end;
            Some(name.as_ref())
        })
    }

    fn unique(&self, first: usize) -> Result<(), Fault> {
        let mut names: Vec<&str> = self.names(first).collect();
        names.sort_unstable();
        match names.array_windows().any(|[a, b]| a == b) {
            true => Err(self.fault(Problem::DuplicateName)),
            false => Ok(()),
        }
    }

    fn word(&mut self, word: &str, kind: Kind<'a>) -> Result<(), Fault> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return self.syntax();
        }
        self.at += word.len();
        self.push(kind);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from { self.syntax() } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), Fault> {
        let from = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        let scientific = self.take(b'e') || self.take(b'E');
        if scientific {
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let text = self.slice(from, self.at)?;
        // A double reaches 1.8e308, so plain notation needs 309 digits to leave it.
        let suspect = scientific || text.len() > 308;
        if suspect && !text.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(Fault { at: from, problem: Problem::NumberTooLarge });
        }
        self.push(Kind::Number(text));
        Ok(())
    }

    /// Reads a string, borrowed where it has no escape.
    fn string(&mut self, controls: Controls) -> Result<Cow<'a, str>, Fault> {
        if !self.take(b'"') {
            return self.syntax();
        }
        let from = self.at;
        loop {
            self.plain_run();
            match self.peek() {
                Some(b'"') => {
                    let text = self.slice(from, self.at)?;
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'\\') => {
                    let plain = self.slice(from, self.at)?;
                    return self.escaped(plain.to_owned(), controls).map(Cow::Owned);
                }
                _ => self.plain_byte(controls)?,
            }
        }
    }

    /// Steps over bytes of a string that stand for themselves, whatever the rules for control characters.
    #[inline]
    fn plain_run(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|byte| SPECIAL.get(usize::from(*byte)).is_none_or(|special| *special)).unwrap_or(rest.len());
    }

    /// Steps over one byte of a string that stands for itself.
    fn plain_byte(&mut self, controls: Controls) -> Result<(), Fault> {
        let refused = match self.peek() {
            None => return self.syntax(),
            Some(0..=0x1f) => true,
            Some(0x7f) => controls == Controls::Refused,
            // U+0080 to U+009F are C2 80 to C2 9F in UTF-8.
            Some(0xc2) => controls == Controls::Refused && self.bytes.get(self.at + 1).is_some_and(|next| *next < 0xa0),
            Some(_) => false,
        };
        if refused {
            return Err(self.fault(Problem::ControlCharacter));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads on from the first backslash of a string.
    fn escaped(&mut self, mut out: String, controls: Controls) -> Result<String, Fault> {
        loop {
            let from = self.at;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    let c = self.escape()?;
                    if controls == Controls::Refused && c.is_control() {
                        return Err(Fault { at: from, problem: Problem::ControlCharacter });
                    }
                    out.push(c);
                }
                _ => {
                    while !matches!(self.peek(), Some(b'"' | b'\\')) {
                        self.plain_byte(controls)?;
                    }
                    out.push_str(self.slice(from, self.at)?);
                }
            }
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let Some(byte) = self.peek() else { return self.syntax() };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return self.syntax(),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, Fault> {
        let high = self.hex4()?;
        if let Some(c) = char::from_u32(high) {
            return Ok(c);
        }
        // Not a character by itself, so half of a pair: only high then low will do.
        let lone = self.fault(Problem::LoneSurrogate);
        if high >= 0xdc00 || !(self.take(b'\\') && self.take(b'u')) {
            return Err(lone);
        }
        let low = self.hex4()?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(lone);
        }
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or(lone)
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let digits = self.bytes.get(self.at..self.at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(value) = value else { return self.syntax() };
        self.at += 4;
        Ok(value)
    }
}
