//! Putting JSON objects together as text, so that what was stored is given back to the letter.

/// One object with the members of `first` and then those of `second`, both JSON objects. No number and no string is
/// written anew. `None` if one of them is not an object.
pub(super) fn join(first: &str, second: &str) -> Option<String> {
    let inside = |text: &str| Some(text.trim().strip_prefix('{')?.strip_suffix('}')?.trim().to_owned());
    let (first, second) = (inside(first)?, inside(second)?);
    let comma = if first.is_empty() || second.is_empty() { "" } else { "," };
    Some(format!("{{{first}{comma}{second}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_follow_one_another_to_the_letter() {
        assert_eq!(join(r#"{"a":1}"#, "{ \"b\" : 1.50e2 }\n").as_deref(), Some(r#"{"a":1,"b" : 1.50e2}"#));
        assert_eq!(join("{}", r#"{"b":{}}"#).as_deref(), Some(r#"{"b":{}}"#));
        assert_eq!(join(r#"{"a":[]}"#, "{ }").as_deref(), Some(r#"{"a":[]}"#));
        assert_eq!(join("[]", "{}"), None);
        assert_eq!(join("{}", ""), None);
    }
}
