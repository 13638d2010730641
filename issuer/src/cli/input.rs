//! What commands are given: tokens, files, times, durations. Everything is bounded before it is read.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use chrono::DateTime;
use passport_shared::limits::TOKEN_BYTES_MAX;
use passport_shared::text::quote;

use super::error::CliError;
use super::output::Output;

/// The token that a command was given: as an argument, or with `-` or none from standard input. It is not looked at.
pub(crate) fn token(argument: Option<&OsStr>, out: Output) -> Result<Vec<u8>, CliError> {
    match argument {
        Some(text) if text != "-" => Ok(text.as_bytes().to_vec()),
        _ => {
            if io::stdin().is_terminal() {
                out.say("reading the passport from standard input; end it with ctrl-d");
            }
            // A token that is too long is refused by the verifier, which needs no more of it to do so.
            let bytes = read(io::stdin().lock(), TOKEN_BYTES_MAX + 2).map_err(|error| CliError::io("read", "standard input", &error))?;
            Ok(without_newline(bytes))
        }
    }
}

/// A file of at most `max` bytes, or with `-` standard input, whole but for one final newline.
pub(crate) fn file(path: &Path, max: usize) -> Result<Vec<u8>, CliError> {
    let bytes =
        if path.as_os_str() == "-" { read(io::stdin().lock(), max + 2) } else { File::open(path).and_then(|file| read(file, max + 2)) };
    let bytes = without_newline(bytes.map_err(|error| CliError::io("read", path.display(), &error))?);
    match bytes.len() <= max {
        true => Ok(bytes),
        false => Err(CliError::failed(format!("`{}` has more than the {max} bytes that are accepted", path.display()))),
    }
}

fn read(from: impl Read, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(u64::try_from(max).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Drops one final newline, and nothing else: what is left is judged to the letter.
fn without_newline(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    bytes
}

/// A hint for a person who gave a file's name where a token goes.
pub(crate) fn file_hint(argument: Option<&OsString>, command: &str) -> Option<String> {
    let name = argument?;
    Path::new(name).is_file().then(|| format!("this is a file; to read a passport from it: `passport {command} - < {}`", name.display()))
}

/// A time: RFC 3339, or integer seconds since 1970. Whether a decision can be taken at it is for the verifier to say.
pub(crate) fn time(text: &str) -> Result<i64, String> {
    if let Some(seconds) = integer(text) {
        return Ok(seconds);
    }
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.timestamp())
        .map_err(|_| "it must be a time like `2026-05-30T00:00:00Z`, or integer seconds since 1970".to_owned())
}

/// A plain integer; one that is too large for 64 bits is as far away as can be.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// A duration: seconds, or a number with `s`, `m`, `h` or `d`.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 's')) => (text.get(..at), 1),
        Some((at, 'm')) => (text.get(..at), 60),
        Some((at, 'h')) => (text.get(..at), 3_600),
        Some((at, 'd')) => (text.get(..at), 86_400),
        _ => (Some(text), 1),
    };
    digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse::<u64>().ok()?.checked_mul(unit))
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| format!("{} is no duration; `90s`, `30m`, `1h` and `7d` are", quote(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_final_newline_is_dropped_and_nothing_else() {
        for (given, kept) in [("a\n", "a"), ("a\n\n", "a\n"), ("a\r\n", "a\r"), (" a ", " a "), ("\n", ""), ("", "")] {
            assert_eq!(without_newline(given.into()), kept.as_bytes(), "{given:?}");
        }
    }

    #[test]
    fn a_file_over_its_bound_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("f");
        std::fs::write(&path, "12345\n").expect("written");
        assert_eq!(file(&path, 5).expect("read"), b"12345");
        assert!(file(&path, 4).is_err());
    }

    #[test]
    fn a_time_is_rfc_3339_or_integer_seconds() {
        assert_eq!(time("2026-05-30T00:00:00Z"), Ok(1_780_099_200));
        assert_eq!(time("2026-05-30T02:00:00.5+02:00"), Ok(1_780_099_200));
        assert_eq!(time("1780099200"), Ok(1_780_099_200));
        assert_eq!(time("-1"), Ok(-1));
        assert_eq!(time("99999999999999999999"), Ok(i64::MAX));
        assert_eq!(time("1969-12-31T23:59:59Z"), Ok(-1));
        for wrong in ["", "-", "1.5", "1e9", "+1", "now", "2026-05-30", "1 "] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_duration_has_one_number_and_one_unit() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("30m", 1_800), ("1h", 3_600), ("7d", 604_800)] {
            assert_eq!(duration(text), Ok(seconds));
        }
        for wrong in ["", "0", "h", "-1h", "1.5h", "1h30m", "1w", "99999999999999999999d", "+1h", "é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
