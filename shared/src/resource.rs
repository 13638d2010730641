//! Resource patterns and resources: `/`-separated segments, compared whole and exactly.

use std::fmt;

/// A pattern of resources in a grant (contract section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePattern {
    text: String,
    segments: Vec<Segment>,
    /// Whether a last `**` lets any number of segments follow, none included.
    open_ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Exact(String),
    /// `*`: any one segment.
    Any,
}

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
        let segments = front.map(|front| front.split('/').map(Segment::parse).collect()).transpose()?.unwrap_or_default();
        Ok(Self { text: text.to_owned(), segments, open_ended })
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this pattern covers `resource`, which is well formed.
    #[must_use]
    pub fn covers(&self, resource: &str) -> bool {
        let mut given = resource.split('/');
        let front = self.segments.iter().all(|want| given.next().is_some_and(|segment| want.matches(segment)));
        front && (self.open_ended || given.next().is_none())
    }

    /// Whether this pattern covers every resource that `other` covers.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let long_enough = other.segments.len() >= self.segments.len();
        let front = self.segments.iter().zip(&other.segments).all(|(mine, theirs)| *mine == Segment::Any || mine == theirs);
        long_enough && front && (self.open_ended || (!other.open_ended && other.segments.len() == self.segments.len()))
    }

    /// Whether some resource is covered by both patterns.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let front = self.segments.iter().zip(&other.segments).all(|(a, b)| *a == Segment::Any || *b == Segment::Any || a == b);
        let (a, b) = (self.segments.len(), other.segments.len());
        front && (a == b || (a < b && self.open_ended) || (b < a && other.open_ended))
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Err("it has an empty segment"),
            "." | ".." => Err("it has a segment `.` or `..`"),
            "*" => Ok(Self::Any),
            _ if text.contains('*') => Err("a `*` can only stand as a whole segment"),
            _ => Ok(Self::Exact(text.to_owned())),
        }
    }

    fn matches(&self, segment: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(text) => text == segment,
        }
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
    text.split('/').try_for_each(|segment| Segment::parse(segment).map(|_| ()))
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
