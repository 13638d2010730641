//! Action patterns: an exact name, everything, or a prefix.

use std::fmt;

use smol_str::SmolStr;

use crate::footprint::Footprint;
use crate::text::same;

/// A pattern of actions in a grant (contract section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionPattern {
    /// The exact name, or the prefix.
    text: SmolStr,
    /// Whether a final `*` was written: `text` is a prefix, empty for all actions.
    prefix: bool,
}

impl ActionPattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (text, prefix) = match text.strip_suffix('*') {
            Some(front) => (front, true),
            None => (text, false),
        };
        if text.contains('*') {
            return Err("a `*` can only stand at its end");
        }
        if text.is_empty() && !prefix {
            return Err("it is empty");
        }
        Ok(Self { text: text.into(), prefix })
    }

    /// Whether this pattern matches `action`.
    #[inline]
    #[must_use]
    pub fn matches(&self, action: &str) -> bool {
        if self.prefix { action.starts_with(self.text.as_str()) } else { same(action, &self.text) }
    }

    /// Whether this pattern matches every action that `other` matches.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        if self.prefix { other.text.starts_with(self.text.as_str()) } else { self == other }
    }

    /// Whether some action is matched by both patterns.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self.prefix, other.prefix) {
            (true, true) => self.text.starts_with(other.text.as_str()) || other.text.starts_with(self.text.as_str()),
            (true, false) => self.matches(&other.text),
            (false, true) => other.matches(&self.text),
            (false, false) => self.text == other.text,
        }
    }

    /// Whether this pattern matches every action.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.prefix && self.text.is_empty()
    }
}

impl Footprint for ActionPattern {
    fn heap_bytes(&self) -> usize {
        self.text.heap_bytes()
    }
}

impl fmt::Display for ActionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.text, if self.prefix { "*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> ActionPattern {
        ActionPattern::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    #[test]
    fn exact_all_or_prefix() {
        assert!(pattern("calendar.*").matches("calendar.read"));
        assert!(pattern("calendar.*").matches("calendar."));
        assert!(!pattern("calendar.*").matches("calendar"));
        assert!(!pattern("read").matches("read.all"));
        assert!(!pattern("read").matches("Read"));
        assert!(pattern("*").matches("anything"));
        for text in ["", "**", "a*b", "*a", "a.*.*"] {
            assert!(ActionPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn containment_and_overlap_agree_with_matching() {
        let texts = ["*", "a*", "ab*", "ab", "abc", "b", "b*"];
        let actions = ["a", "ab", "abc", "abcd", "b", "bc"];
        for a in texts.map(pattern) {
            for b in texts.map(pattern) {
                let both = actions.iter().any(|action| a.matches(action) && b.matches(action));
                assert_eq!(a.overlaps(&b), both, "{a} and {b}");
                if a.contains(&b) {
                    assert!(actions.iter().all(|action| a.matches(action) || !b.matches(action)), "{a} contains {b}");
                }
            }
        }
        assert!(pattern("a*").contains(&pattern("ab*")) && !pattern("ab*").contains(&pattern("a*")));
    }
}
