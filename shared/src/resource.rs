//! Resource patterns and resources: `/`-separated segments, compared whole and exactly.

use std::fmt;

use smol_str::SmolStr;

use crate::footprint::Footprint;
use crate::text::same;

/// A pattern of resources in a grant (contract section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePattern {
    text: SmolStr,
    beginning: Beginning,
    /// Bytes of `text` before its first segment with a star, the slash between them left out: every resource that is
    /// covered begins with them. All of `text` where there is no star.
    fixed: u16,
    /// Whether a last `**` lets any number of segments follow, none included.
    open_ended: bool,
}

/// The first eight bytes that every resource has that a pattern covers, and which of them count: most patterns are told
/// apart by one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    start: Start,
    counts: Start,
}

impl Beginning {
    /// Whether a resource with this start can be covered.
    #[inline]
    pub(crate) fn fits(self, start: Start) -> bool {
        start.0 & self.counts.0 == self.start.0
    }
}

/// The first eight bytes of a text, the first the lowest; zeros where it is shorter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start(u64);

impl Start {
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        Self(match bytes.first_chunk::<8>() {
            Some(chunk) => u64::from_le_bytes(*chunk),
            None => bytes.iter().rev().fold(0, |start, byte| start << 8 | u64::from(*byte)),
        })
    }

    /// All ones in as many bytes as count.
    fn counting(bytes: usize) -> Self {
        Self(u32::try_from(bytes * 8).ok().and_then(|bits| 1_u64.checked_shl(bits)).map_or(u64::MAX, |next| next - 1))
    }
}

/// A segment that stands for any one segment.
const ANY: &str = "*";

impl ResourcePattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (front, open_ended) = match text.strip_suffix("**") {
            Some("") => (None, true),
            Some(front) => match front.strip_suffix('/') {
                Some(front) => (Some(front), true),
                None => return Err("`**` can only stand as a whole last segment"),
            },
            None => (Some(text), false),
        };
        front.into_iter().flat_map(|front| front.split('/')).try_for_each(check_segment)?;
        let fixed = text.find('*').map_or(text.len(), |star| star.saturating_sub(1));
        let beginning = Beginning { start: Start::of(text.get(..fixed).unwrap_or_default()), counts: Start::counting(fixed) };
        let fixed = u16::try_from(fixed).map_err(|_| "it is too long")?;
        Ok(Self { text: text.into(), beginning, fixed, open_ended })
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn beginning(&self) -> Beginning {
        self.beginning
    }

    /// The segments, a last `**` left out.
    fn segments(&self) -> impl Iterator<Item = &str> + Clone {
        let text = self.text.as_str();
        let front = if self.open_ended { text.strip_suffix("/**") } else { Some(text) };
        front.into_iter().flat_map(|front| front.split('/'))
    }

    /// Whether this pattern covers `resource`, which is well formed.
    #[inline]
    #[must_use]
    pub fn covers(&self, resource: &str) -> bool {
        self.covers_from(Start::of(resource), resource)
    }

    /// The same for a resource whose start is known.
    #[inline]
    pub(crate) fn covers_from(&self, start: Start, resource: &str) -> bool {
        self.beginning.fits(start) && self.covers_whole(resource)
    }

    /// Whether it covers a resource that begins as it has to.
    fn covers_whole(&self, resource: &str) -> bool {
        let text = self.text.as_str();
        let fixed = usize::from(self.fixed);
        if fixed == text.len() {
            // Where the beginning is all that there is, it has been compared.
            return fixed == resource.len() && (fixed <= size_of::<Start>() || same(text, resource));
        }
        match (text.get(..fixed), resource.get(..fixed)) {
            (Some(fixed), Some(start)) if same(fixed, start) => self.covers_by_segments(resource),
            _ => false,
        }
    }

    fn covers_by_segments(&self, resource: &str) -> bool {
        let mut given = resource.split('/');
        let front = self.segments().all(|want| given.next().is_some_and(|segment| want == ANY || want == segment));
        front && (self.open_ended || given.next().is_none())
    }

    /// Whether this pattern covers every resource that `other` covers.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.segments().count(), other.segments().count());
        let front = self.segments().zip(other.segments()).all(|(mine, theirs)| mine == ANY || mine == theirs);
        theirs >= mine && front && (self.open_ended || (!other.open_ended && theirs == mine))
    }

    /// Whether some resource is covered by both patterns.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let front = self.segments().zip(other.segments()).all(|(a, b)| a == ANY || b == ANY || a == b);
        let (a, b) = (self.segments().count(), other.segments().count());
        front && (a == b || (a < b && self.open_ended) || (b < a && other.open_ended))
    }
}

fn check_segment(text: &str) -> Result<(), &'static str> {
    match text {
        "" => Err("it has an empty segment"),
        "." | ".." => Err("it has a segment `.` or `..`"),
        ANY => Ok(()),
        _ if text.contains('*') => Err("a `*` can only stand as a whole segment"),
        _ => Ok(()),
    }
}

impl Footprint for ResourcePattern {
    fn heap_bytes(&self) -> usize {
        self.text.heap_bytes()
    }
}

impl fmt::Display for ResourcePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Checks the `resource` of a request (contract section 3): segments as they stand, never tidied up.
pub fn check_resource(text: &str) -> Result<(), &'static str> {
    if text.contains(['*', '%', '\\']) {
        return Err("it holds a `*`, a `%` or a backslash");
    }
    text.split('/').try_for_each(check_segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> ResourcePattern {
        ResourcePattern::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    #[test]
    fn segments_are_covered_whole() {
        for (text, yes, no) in [
            ("commerce", &["commerce"][..], &["commerce2", "Commerce", "commerce/x"][..]),
            ("drive/*", &["drive/q3"], &["drive/q3/x", "drive", "drivex/q3"]),
            ("drive/**", &["drive/q3/x", "drive/q3", "drive"], &["drive2", "drives/x"]),
            ("**", &["a", "a/b"], &[]),
            ("*", &["a"], &["a/b"]),
            ("a/*/c", &["a/b/c"], &["a/c", "a/b/b/c"]),
            ("a/*/**", &["a/b", "a/b/c"], &["a"]),
        ] {
            for resource in yes {
                assert!(pattern(text).covers(resource), "{text} covers {resource}");
            }
            for resource in no {
                assert!(!pattern(text).covers(resource), "{text} does not cover {resource}");
            }
        }
    }

    #[test]
    fn a_star_anywhere_else_is_malformed() {
        for text in ["", "/", "a/", "/a", "a//b", "a/./b", "a/..", "a*", "a/b*", "*a", "a**", "a/**/b", "**/a", "***", "a/***", "**/**"] {
            assert!(ResourcePattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_requested_resource_is_never_tidied_up() {
        assert_eq!(check_resource("drive/q3"), Ok(()));
        for text in ["", "/", "a//b", "a/", "a/../b", "./a", "a*", "*", "a%2fb", "a\\b"] {
            assert!(check_resource(text).is_err(), "{text}");
        }
    }

    fn some_pattern() -> impl Strategy<Value = String> {
        let segment = prop_oneof![Just("a"), Just("b"), Just("*")];
        (proptest::collection::vec(segment, 0..4), any::<bool>()).prop_map(|(mut segments, open)| {
            if open || segments.is_empty() {
                segments.push("**");
            }
            segments.join("/")
        })
    }

    proptest! {
        #[test]
        fn containment_and_overlap_agree_with_coverage(a in some_pattern(), b in some_pattern(), resource in "[abc](/[abc]){0,4}") {
            let (a, b) = (pattern(&a), pattern(&b));
            if a.contains(&b) && b.covers(&resource) {
                prop_assert!(a.covers(&resource));
            }
            if a.covers(&resource) && b.covers(&resource) {
                prop_assert!(a.overlaps(&b));
            }
            if a.contains(&b) {
                prop_assert!(a.overlaps(&b));
            }
        }
    }
}
