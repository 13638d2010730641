//! Pages of lists: how many, and from where.

use passport_shared::fault::{Faults, Place};
use passport_shared::jose;
use passport_shared::text::quote;
use passport_shared::time;

use super::{ServiceError, check};
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

/// A part of a text that a list is searched for: 1 to 256 bytes without control characters, as a name is.
pub(super) fn text(given: Option<String>) -> Result<Option<String>, ServiceError> {
    let mut faults = Faults::default();
    check::optional_name(given.as_deref(), &Place::root(""), &mut faults);
    match faults.into_vec().into_iter().next() {
        None => Ok(given),
        Some(fault) => Err(ServiceError::InvalidQuery { name: "text", detail: fault.detail }),
    }
}

/// A time, in seconds since 1970.
pub(super) fn time(name: &'static str, given: Option<&str>) -> Result<Option<i64>, ServiceError> {
    let wrong = |text| ServiceError::InvalidQuery { name, detail: format!("{} is not a time like `2026-05-30T00:00:00Z`", quote(text)) };
    given.map(|text| time::parse_any(text).ok_or_else(|| wrong(text))).transpose()
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
    fn a_search_is_for_1_to_256_bytes_and_for_a_time_that_there_is() {
        assert_eq!(text(None).unwrap(), None);
        assert_eq!(text(Some("é".repeat(128))).unwrap(), Some("é".repeat(128)));
        for bad in [String::new(), "é".repeat(129), "a\0".to_owned()] {
            assert_eq!(text(Some(bad)).unwrap_err().code(), "invalid_query");
        }
        assert_eq!(time("expiresBefore", Some("1970-01-01T00:01:00+00:00")).unwrap(), Some(60));
        for bad in ["", "tomorrow", "2026-13-01T00:00:00Z"] {
            assert_eq!(time("expiresBefore", Some(bad)).unwrap_err().code(), "invalid_query", "{bad}");
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
