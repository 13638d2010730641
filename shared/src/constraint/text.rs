//! `glob`: patterns over strings with `/`-separated segments.

use smol_str::SmolStr;

use super::Pattern;

/// A glob: `*` is any run within a segment, `?` one character but `/`, a whole segment `**` any number of segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: SmolStr,
}

impl Pattern for Glob {
    fn parse(text: &str) -> Result<Self, &'static str> {
        Ok(Self { text: text.into() })
    }

    fn text(&self) -> &SmolStr {
        &self.text
    }

    fn matches(&self, value: &str) -> bool {
        if value.split('/').any(|segment| segment == "." || segment == "..") {
            return false;
        }
        let patterns: Vec<&str> = self.text.split('/').collect();
        let segments: Vec<&str> = value.split('/').collect();
        wild(&patterns, &segments, |pattern| *pattern == "**", |pattern, segment| segment_matches(pattern, segment))
    }
}

/// Within a segment, the pieces between stars stand in order: the first at the start, the last at the end, and each in
/// between as far to the left as it can. Without a `?` each is one search, so the work is linear in the segment.
fn segment_matches(pattern: &str, segment: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return strip_start(segment, pattern) == Some("");
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut left) = strip_start(segment, first) else { return false };
    for piece in middle.split('*') {
        match strip_through(left, piece) {
            Some(after) => left = after,
            None => return false,
        }
    }
    has_end(left, last)
}

/// Whether a character of a pattern stands for `c`.
fn stands_for(want: char, c: char) -> bool {
    want == '?' || want == c
}

/// What follows `piece` at the start of `text`.
fn strip_start<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    let mut characters = text.chars();
    piece.chars().all(|want| characters.next().is_some_and(|c| stands_for(want, c))).then_some(characters.as_str())
}

/// What follows the leftmost `piece` in `text`.
fn strip_through<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    if !piece.contains('?') {
        return text.split_once(piece).map(|(_, after)| after);
    }
    text.char_indices().find_map(|(at, _)| strip_start(text.get(at..)?, piece))
}

/// Whether `text` ends with `piece`.
fn has_end(text: &str, piece: &str) -> bool {
    let mut characters = text.chars().rev();
    piece.chars().rev().all(|want| characters.next().is_some_and(|c| stands_for(want, c)))
}

/// Holds `have` against `want`, where an item that `is_wild` stands for any run of items, none included.
///
/// Only the last wild item is ever tried again (an earlier one has nothing to gain), so the work is at most the
/// product of the lengths, and never exponential.
fn wild<P, T>(want: &[P], have: &[T], is_wild: impl Fn(&P) -> bool, matches: impl Fn(&P, &T) -> bool) -> bool {
    let (mut at, mut now) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(item) = have.get(now) {
        match want.get(at) {
            Some(pattern) if is_wild(pattern) => {
                retry = Some((at + 1, now));
                at += 1;
            }
            Some(pattern) if matches(pattern, item) => {
                at += 1;
                now += 1;
            }
            _ => match retry {
                // The wild item takes one more.
                Some((after, taken)) => {
                    retry = Some((after, taken + 1));
                    at = after;
                    now = taken + 1;
                }
                None => return false,
            },
        }
    }
    want.iter().skip(at).all(is_wild)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, value: &str) -> bool {
        Glob::parse(pattern).is_ok_and(|glob| glob.matches(value))
    }

    #[test]
    fn stars_stay_within_segments_and_double_stars_do_not() {
        for (pattern, value) in [
            ("*.pdf", "a.pdf"),
            ("*.pdf", ".pdf"),
            ("a?c", "abc"),
            ("a?c", "aéc"),
            ("reports/**", "reports/2026/q3"),
            ("reports/**", "reports"),
            ("a/**/b", "a/b"),
            ("a/**/b", "a/x/y/b"),
            ("**", "anything/at/all"),
            ("**", ""),
            ("a/*", "a/"),
            ("*", ""),
            ("/etc/*", "/etc/hosts"),
            ("a**", "abc"),
            ("[x]", "[x]"),
            ("a{b,c}", "a{b,c}"),
            ("**/b/**/d", "a/b/c/b/d"),
            ("*a*b*", "xxaxxbxx"),
        ] {
            assert!(matches(pattern, value), "{pattern} matches {value}");
        }
        for (pattern, value) in [
            ("*.pdf", "a/b.pdf"),
            ("a?c", "a/c"),
            ("a?c", "ac"),
            ("reports/**", "reports2"),
            ("a/**/b", "a/x"),
            ("*", "a/b"),
            ("a", "A"),
            ("**", "a/../b"),
            ("**", "."),
            ("a/**", "a/./b"),
            ("..", ".."),
            ("a**", "a/b"),
            ("a**b", "a/b"),
            ("\\*", "*x"),
        ] {
            assert!(!matches(pattern, value), "{pattern} does not match {value}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_no_more_than_the_product_of_lengths() {
        let pattern = "*a".repeat(128);
        assert!(!matches(&pattern, &"a".repeat(100)));
        assert!(!matches(&format!("*{}b", "a".repeat(254)), &"a".repeat(4096)));
        assert!(!matches(&format!("{}b", "**/".repeat(80)), &"a/".repeat(2000)));
    }

    /// The same rules, tried in every way there is.
    fn plain(want: &[char], have: &[char]) -> bool {
        match want.split_first() {
            None => have.is_empty(),
            Some(('*', rest)) => (0..=have.len()).any(|taken| plain(rest, &have[taken..])),
            Some((first, rest)) => have.split_first().is_some_and(|(c, left)| (first == c || *first == '?') && plain(rest, left)),
        }
    }

    proptest! {
        #[test]
        fn within_a_segment_it_agrees_with_trying_everything(pattern in "[abé*?]{0,7}", value in "[abé]{0,7}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(segment_matches(&pattern, &value), plain(&chars(&pattern), &chars(&value)), "{} {}", pattern, value);
        }
    }
}
