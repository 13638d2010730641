//! Times and texts for a person.

use passport_shared::text::{escape, is_control};
use passport_shared::time;

/// `then` as RFC 3339, and how far it is from `now`.
pub(crate) fn when(then: i64, now: i64) -> String {
    format!("{} ({})", shown(then), relative(then, now))
}

/// `seconds` since 1970 as RFC 3339; as they are where that cannot write them.
pub(crate) fn shown(seconds: i64) -> String {
    time::format(seconds).unwrap_or_else(|| seconds.to_string())
}

/// How far `then` is from `now`, rounded down to the largest unit that fits.
pub(crate) fn relative(then: i64, now: i64) -> String {
    match (then.abs_diff(now), then > now) {
        (0, _) => "now".to_owned(),
        (distance, true) => format!("in {}", span(distance)),
        (distance, false) => format!("{} ago", span(distance)),
    }
}

/// So many seconds, rounded down to the largest unit that fits.
pub(crate) fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    counted(count, unit)
}

/// A time from the issuer, RFC 3339, as how far it is from `now`; as it is where it is none.
pub(crate) fn relative_text(text: &str, now: i64) -> String {
    time::parse_any(text).map_or_else(|| escape(text), |then| relative(then, now))
}

/// Texts from elsewhere beside each other, each safe to show.
pub(crate) fn listed<'t>(texts: impl IntoIterator<Item = &'t (impl AsRef<str> + 't)>) -> String {
    texts.into_iter().map(|text| escape(text.as_ref())).collect::<Vec<_>>().join(", ")
}

/// "1 grant", "2 grants".
pub(crate) fn counted(count: impl TryInto<u64>, what: &str) -> String {
    let count = count.try_into().unwrap_or_default();
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// So many bytes, in the largest unit that there are ten of.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => counted(bytes, "byte"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        10_485_760..10_737_418_240 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

/// JSON without line breaks, with a space behind each comma and colon between its parts, so that it can be broken there.
pub(crate) fn spaced(json: &str) -> String {
    let (mut text, mut in_string, mut escaped) = (String::with_capacity(json.len()), false, false);
    for c in json.chars() {
        text.push(c);
        match c {
            '"' if !escaped => in_string = !in_string,
            ',' | ':' if !in_string => text.push(' '),
            _ => {}
        }
        escaped = in_string && c == '\\' && !escaped;
    }
    text
}

/// Text from elsewhere, whole, with nothing in it that moves a cursor.
pub(crate) fn whole(text: &str) -> String {
    text.chars().flat_map(|c| if is_control(c) { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }).collect()
}

/// `text` with a capital first letter.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_and_a_size_are_told_as_a_person_would() {
        assert_eq!([counted(0_u64, "grant"), counted(1_usize, "grant"), counted(2_i64, "grant")], ["0 grants", "1 grant", "2 grants"]);
        let sizes = [1, 10_239, 10_240, 939_008, 10 << 20, (10 << 30) - 1, 45 << 30].map(size);
        assert_eq!(sizes, ["1 byte", "10239 bytes", "10 KiB", "917 KiB", "10 MiB", "10239 MiB", "45 GiB"]);
    }

    #[test]
    fn json_is_given_room_and_no_string_is_changed() {
        let json = r#"{"a":["b,c:d","\\",{"e\"f,":1.50}],"g":null}"#;
        assert_eq!(spaced(json), r#"{"a": ["b,c:d", "\\", {"e\"f,": 1.50}], "g": null}"#);
    }

    #[test]
    fn a_distance_is_told_in_its_largest_unit() {
        for (then, words) in [
            (100, "now"),
            (101, "in 1 second"),
            (159, "in 59 seconds"),
            (40, "1 minute ago"),
            (3_700, "in 1 hour"),
            (100 + 47 * 3_600, "in 47 hours"),
            (100 + 48 * 3_600, "in 2 days"),
        ] {
            assert_eq!(relative(then, 100), words);
        }
        assert_eq!(when(1_780_099_200, 1_780_099_260), "2026-05-30T00:00:00Z (1 minute ago)");
        assert_eq!(shown(i64::MAX), i64::MAX.to_string());
        assert_eq!(relative(i64::MIN, i64::MAX), format!("{} days ago", u64::MAX / 86_400));
    }
}
