//! Checks that several bodies share. Each notes what is wrong with its JSON pointer.

use passport_shared::fault::{Faults, Place};
use passport_shared::limits::STRING_BYTES;
use passport_shared::text::is_control;
use passport_shared::time;

use super::ServiceError;

/// The most bytes of an agent's description.
const DESCRIPTION_BYTES: usize = 4_096;

/// A string of 1 to 256 bytes without control characters: what a claim can hold.
pub(super) fn name(text: &str, place: &Place<'_>, faults: &mut Faults) {
    let found = text.len();
    if !(1..=STRING_BYTES).contains(&found) {
        faults.note::<()>(place, format!("it must have 1 to {STRING_BYTES} bytes; it has {found}"));
    } else if text.chars().any(is_control) {
        faults.note::<()>(place, "it has a control character in it");
    }
}

/// The same, where it is given at all.
pub(super) fn optional_name(text: Option<&str>, place: &Place<'_>, faults: &mut Faults) {
    if let Some(text) = text {
        name(text, place, faults);
    }
}

/// A text for people, of at most 4,096 bytes; lines and tabs may be in it.
pub(super) fn description(text: Option<&str>, place: &Place<'_>, faults: &mut Faults) {
    let Some(text) = text else { return };
    if text.len() > DESCRIPTION_BYTES {
        faults.note::<()>(place, format!("it must have at most {DESCRIPTION_BYTES} bytes; it has {}", text.len()));
    } else if text.chars().any(|c| is_control(c) && c != '\n' && c != '\t') {
        faults.note::<()>(place, "it has a control character in it that is no line break and no tab");
    }
}

/// An RFC 3339 time between 1970 and 9999, in seconds since 1970.
pub(super) fn time(text: &str, place: &Place<'_>, faults: &mut Faults) -> Option<i64> {
    time::parse_any(text).or_else(|| faults.note(place, "it must be a time like `2026-05-30T00:00:00Z`"))
}

/// Ends a check: nothing wrong, or everything that is.
pub(super) fn done(faults: Faults) -> Result<(), ServiceError> {
    match faults.is_empty() {
        true => Ok(()),
        false => Err(ServiceError::Invalid { errors: faults.into_vec() }),
    }
}

/// `seconds` as the API writes a time.
pub(super) fn shown(seconds: i64) -> String {
    // The years 0 to 9999 are all that comes in; what is written here was checked then.
    time::format(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(check: impl FnOnce(&Place<'_>, &mut Faults)) -> Vec<String> {
        let mut faults = Faults::default();
        check(&Place::root("").name("x"), &mut faults);
        faults.into_vec().into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_name_has_1_to_256_bytes_and_no_control_character() {
        for good in ["a", "Ollie Ågren", &"x".repeat(256)] {
            assert!(faults(|place, faults| name(good, place, faults)).is_empty(), "{good}");
        }
        for bad in ["", "a\nb", "\u{85}", &"x".repeat(257), &"é".repeat(129)] {
            assert_eq!(faults(|place, faults| name(bad, place, faults)), ["/x"], "{bad}");
        }
        assert!(faults(|place, faults| optional_name(None, place, faults)).is_empty());
        assert_eq!(faults(|place, faults| optional_name(Some(""), place, faults)), ["/x"]);
    }

    #[test]
    fn a_description_may_have_lines() {
        assert!(faults(|place, faults| description(Some("a\n\tb"), place, faults)).is_empty());
        assert!(faults(|place, faults| description(Some(""), place, faults)).is_empty());
        for bad in ["a\u{1b}[2J", &"x".repeat(4_097)] {
            assert_eq!(faults(|place, faults| description(Some(bad), place, faults)), ["/x"]);
        }
    }
}
