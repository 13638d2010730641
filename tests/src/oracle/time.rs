//! `expiresAt` in a token: exactly `2026-05-30T00:00:00Z`.

/// Seconds since 1970, or `None` if the text is not a time of that very form. A time before 1970 is -1, which is
/// as good as any time before every `now`. There is no second 60.
pub(super) fn read(text: &str) -> Option<i64> {
    let form = "dddd-dd-ddTdd:dd:ddZ";
    let same = |(form, given): (u8, u8)| if form == b'd' { given.is_ascii_digit() } else { form == given };
    if text.len() != form.len() || !form.bytes().zip(text.bytes()).all(same) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute, second) = (part(11..13)?, part(14..16)?, part(17..19)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if year < 1970 {
        return Some(-1);
    }
    let years: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    let days = years + months + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn reads_the_one_form() {
        assert_eq!(read("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(read("1970-01-02T01:02:03Z"), Some(86_400 + 3_723));
        assert_eq!(read("2000-03-01T00:00:00Z"), Some(951_868_800));
        assert_eq!(read("2024-02-29T23:59:59Z"), Some(1_709_251_199));
        assert_eq!(read("2026-11-23T18:00:00Z"), Some(1_795_456_800));
        assert_eq!(read("9999-12-31T23:59:59Z"), Some(253_402_300_799));
        assert_eq!(read("1969-12-31T23:59:59Z"), Some(-1));
    }

    #[test]
    fn refuses_every_other_form() {
        let bad = [
            "",
            "2026-05-30",
            "2026-05-30T00:00:00",
            "2026-05-30T00:00:00z",
            "2026-05-30t00:00:00Z",
            "2026-05-30 00:00:00Z",
            "2026-05-30T00:00:00.0Z",
            "2026-05-30T00:00:00+00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-05-00T00:00:00Z",
            "2026-05-32T00:00:00Z",
            "2026-05-30T24:00:00Z",
            "2026-05-30T00:60:00Z",
            "2016-12-31T23:59:60Z",
            "+026-05-30T00:00:00Z",
            "2026-05-30T00:00:00Z ",
            "1900-02-29T00:00:00Z",
            "２026-05-30T00:00Z",
        ];
        for text in bad {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
