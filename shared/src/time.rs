//! Times: integer seconds since 1970 inside, RFC 3339 in UTC on the wire.

use chrono::{DateTime, NaiveDate};

use crate::limits::TIME_MAX;

/// Whether `seconds` is a time that the language can speak of: 1970 to the end of the year 9999.
#[inline]
#[must_use]
pub fn in_range(seconds: i64) -> bool {
    (0..=TIME_MAX).contains(&seconds)
}

/// `seconds` since 1970 as `YYYY-MM-DDThh:mm:ssZ`; `None` outside the years 0 to 9999.
#[must_use]
pub fn format(seconds: i64) -> Option<String> {
    let time = DateTime::from_timestamp(seconds, 0)?;
    let text = time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    (text.len() == 20).then_some(text)
}

/// Reads exactly `YYYY-MM-DDThh:mm:ssZ`, a date that exists and no leap second; nothing else.
#[must_use]
pub fn parse_exact(text: &str) -> Option<i64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let shape = bytes.iter().zip(b"dddd-dd-ddTdd:dd:ddZ").all(|(byte, want)| match want {
        b'd' => byte.is_ascii_digit(),
        _ => byte == want,
    });
    if !shape {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)?;
    let time = date.and_hms_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?)?;
    Some(time.and_utc().timestamp())
}

/// Reads any RFC 3339 time, as people and their tools write it; a fraction of a second is dropped.
/// `None` outside 1970 to 9999.
#[must_use]
pub fn parse_any(text: &str) -> Option<i64> {
    let seconds = DateTime::parse_from_rfc3339(text).ok()?.timestamp();
    in_range(seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_is_read_from_a_token() {
        assert_eq!(parse_exact("2026-05-30T00:00:00Z"), Some(1_780_099_200));
        for wrong in [
            "2026-05-30T00:00:00z",
            "2026-05-30t00:00:00Z",
            "2026-05-30T00:00:00+00:00",
            "2026-05-30 00:00:00Z",
            "2026-05-30T00:00:00.0Z",
            "2026-02-30T00:00:00Z",
            "2026-05-30T24:00:00Z",
            "2026-05-30T23:59:60Z",
            "+026-05-30T00:00:00Z",
            "2026-5-30T00:00:00Z",
            "",
            "2026-05-30T00:00:00",
            "２026-05-30T00:00Z",
        ] {
            assert_eq!(parse_exact(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for seconds in [0, 1, 1_780_099_200, 951_782_400, TIME_MAX] {
            assert_eq!(format(seconds).and_then(|text| parse_exact(&text)), Some(seconds));
        }
        assert_eq!(format(TIME_MAX + 1), None);
        assert_eq!(parse_any("2026-05-30T02:00:00.5+02:00"), Some(1_780_099_200));
    }
}
