//! Pages of lists: how many, and from where.

use passport_shared::jose;
use passport_shared::text::quote;

use super::ServiceError;
use crate::store::MAX_PAGE;

/// Items on a page where nothing is said.
const USUAL: u32 = 100;

/// The number of items to give: 1 to 1,000, and 100 where nothing is said.
pub(super) fn limit(given: Option<u32>) -> Result<u32, ServiceError> {
    match given.unwrap_or(USUAL) {
        limit @ 1..=MAX_PAGE => Ok(limit),
        other => Err(ServiceError::InvalidQuery { name: "limit", detail: format!("it is {other}; it can be 1 to {MAX_PAGE}") }),
    }
}

/// The cursor of a list in order of acceptance.
pub(super) fn number(cursor: Option<&str>) -> Result<Option<i64>, ServiceError> {
    cursor.map(|text| text.parse().ok().filter(|number: &i64| number.to_string() == text).ok_or_else(|| unknown(text))).transpose()
}

/// The cursor of a list in order of names, as [`name_cursor`] made it.
pub(super) fn name(cursor: Option<&str>) -> Result<Option<String>, ServiceError> {
    cursor.map(|text| jose::decode(text).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| unknown(text))).transpose()
}

/// A name as a cursor: letters that need no escaping in a URL.
pub(super) fn name_cursor(name: &str) -> String {
    jose::encode(name)
}

fn unknown(text: &str) -> ServiceError {
    ServiceError::InvalidQuery { name: "cursor", detail: format!("{} is not a `nextCursor` of this list", quote(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_1_to_1000_and_100_unless_said() {
        assert_eq!(limit(None).unwrap(), 100);
        assert_eq!(limit(Some(1)).unwrap(), 1);
        assert_eq!(limit(Some(1_000)).unwrap(), 1_000);
        for bad in [0, 1_001, u32::MAX] {
            assert_eq!(limit(Some(bad)).unwrap_err().code(), "invalid_query");
        }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_given_and_no_other() {
        assert_eq!(name(Some(&name_cursor("agent/ö"))).unwrap().as_deref(), Some("agent/ö"));
        assert_eq!(number(Some("17")).unwrap(), Some(17));
        for bad in ["x", "", "1.5", "+1", " 1", "99999999999999999999"] {
            assert_eq!(number(Some(bad)).unwrap_err().status(), 400, "{bad}");
        }
        for bad in ["%", "_w", "a b"] {
            assert_eq!(name(Some(bad)).unwrap_err().status(), 400, "{bad}");
        }
    }
}
