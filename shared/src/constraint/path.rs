//! `under`: paths by whole segments, as they stand.

use smol_str::SmolStr;

use super::Pattern;
use crate::text::is_control;

/// A path; what is under it are the path itself and everything below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPrefix {
    text: SmolStr,
}

impl Pattern for PathPrefix {
    fn parse(text: &str) -> Result<Self, &'static str> {
        check(text).map(|()| Self { text: text.into() })
    }

    fn text(&self) -> &SmolStr {
        &self.text
    }

    fn matches(&self, value: &str) -> bool {
        // A leading slash is part of the text, so absolute and relative never mix.
        let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
        check(value).is_ok() && value.strip_prefix(self.text.as_str()).is_some_and(below)
    }
}

/// A path that needs no tidying up: nothing here is ever normalised, because two programs never agree on how.
fn check(path: &str) -> Result<(), &'static str> {
    if path.chars().any(|c| c == '%' || c == '\\' || is_control(c)) {
        return Err("it holds a `%`, a backslash or a control character");
    }
    let relative = path.strip_prefix('/').unwrap_or(path);
    if relative.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err("it has an empty segment, a `.` or a `..`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_segments_below_count() {
        let under = |operand: &str, value: &str| PathPrefix::parse(operand).expect(operand).matches(value);
        for (operand, value) in [("/data", "/data"), ("/data", "/data/x"), ("data/a", "data/a/b/c"), ("/a b", "/a b/c")] {
            assert!(under(operand, value), "{value} is under {operand}");
        }
        for (operand, value) in [
            ("/data", "/database"),
            ("/data", "data/x"),
            ("data", "/data/x"),
            ("/data", "/data/"),
            ("/data", "/data//x"),
            ("/data", "/data/../etc"),
            ("/data", "/data/%2e%2e/etc"),
            ("/data", "/data/a\\b"),
            ("/data", "/data/a\nb"),
            ("/data", "/data/./x"),
            ("/data", ""),
            ("/data", "/Data/x"),
        ] {
            assert!(!under(operand, value), "{value} is not under {operand}");
        }
        for operand in ["", "/", "/data/", "a//b", "..", "/a/./b", "a%20b", "a\\b"] {
            assert!(PathPrefix::parse(operand).is_err(), "{operand}");
        }
    }
}
