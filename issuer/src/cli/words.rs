//! Times and texts for a person.

use passport_shared::text::escape;
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
    let distance = then.abs_diff(now);
    let (count, unit) = match distance {
        0..60 => (distance, "second"),
        60..3_600 => (distance / 60, "minute"),
        3_600..172_800 => (distance / 3_600, "hour"),
        _ => (distance / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    match (distance, then > now) {
        (0, _) => "now".to_owned(),
        (_, true) => format!("in {count} {unit}{plural}"),
        (_, false) => format!("{count} {unit}{plural} ago"),
    }
}

/// A time from the issuer, RFC 3339, as how far it is from `now`; as it is where it is none.
pub(crate) fn relative_text(text: &str, now: i64) -> String {
    time::parse_any(text).map_or_else(|| escape(text), |then| relative(then, now))
}

/// Texts from elsewhere beside each other, each safe to show.
pub(crate) fn listed<'t>(texts: impl IntoIterator<Item = &'t (impl AsRef<str> + 't)>) -> String {
    texts.into_iter().map(|text| escape(text.as_ref())).collect::<Vec<_>>().join(", ")
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
