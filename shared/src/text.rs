//! Quoting what others wrote, for messages that a person reads and a terminal shows.

use crate::limits::MESSAGE_BYTES;

/// The most characters of one quoted value that a message repeats.
const QUOTED_CHARS: usize = 80;

/// Whether `c` is a control character as the contract counts them: U+0000 to U+001F and U+007F to U+009F.
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control()
}

/// Whether `text` holds a control character.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(is_control)
}

/// Whether two texts are the same. For the short names that grants and requests are made of, comparing a few words in
/// place takes a third of what a call to the C library does.
#[inline]
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    same_bytes(a.as_bytes(), b.as_bytes())
}

/// The same of bytes.
#[inline]
#[must_use]
pub fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    // From long to short: a short text is most often told from another by its length already.
    a.len() == b.len()
        && match a.len() {
            65.. => a == b,
            32.. => same_ends::<32>(a, b),
            16.. => same_ends::<16>(a, b),
            8.. => same_ends::<8>(a, b),
            4.. => same_ends::<4>(a, b),
            0.. => a.iter().eq(b),
        }
}

/// Whether the first and the last `N` bytes are the same: all, where there are at most twice as many.
#[inline]
fn same_ends<const N: usize>(a: &[u8], b: &[u8]) -> bool {
    match (a.first_chunk::<N>(), b.first_chunk::<N>(), a.last_chunk::<N>(), b.last_chunk::<N>()) {
        (Some(start), Some(other_start), Some(end), Some(other_end)) => start == other_start && end == other_end,
        _ => false,
    }
}

/// `text` in backticks, with everything escaped that could break out of them, move a cursor or
/// reorder a line, and cut after 80 characters.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("`{}`", escape(text))
}

/// `text` as [`quote`] would show it, without the backticks.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(QUOTED_CHARS) + 2);
    for (n, c) in text.chars().enumerate() {
        if n == QUOTED_CHARS {
            out.push('…');
            break;
        }
        match c {
            '`' => out.push_str("\\`"),
            '\'' | '"' => out.push(c),
            // Invisible and direction-changing characters would let one text pass for another.
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                out.extend(c.escape_unicode());
            }
            _ => out.extend(c.escape_debug()),
        }
    }
    out
}

/// `message` cut to the bound of a decision's `message`, at a character's edge.
#[must_use]
pub fn bounded(mut message: String) -> String {
    if message.len() > MESSAGE_BYTES {
        let ellipsis = '…';
        let cut = (0..=MESSAGE_BYTES - ellipsis.len_utf8()).rev().find(|at| message.is_char_boundary(*at));
        message.truncate(cut.unwrap_or(0));
        message.push(ellipsis);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_same_only_if_every_byte_is() {
        let text = "abcdefghijklmnopqrstuvwxyz".repeat(3);
        for end in 0..=text.len() {
            let one = text.get(..end).expect("ascii");
            assert!(same(one, &String::from_iter(one.chars())), "{one}");
            assert!(!same(one, text.get(..(end + 1) % 79).expect("ascii")), "{one}");
            for at in 0..end {
                let mut other = one.to_owned().into_bytes();
                other[at] = b'X';
                assert!(!same(one, std::str::from_utf8(&other).expect("ascii")), "{one} at {at}");
            }
        }
    }

    #[test]
    fn what_is_quoted_cannot_break_out_or_move_the_cursor() {
        assert_eq!(quote("a`b"), "`a\\`b`");
        assert_eq!(quote("a\nb\u{1b}[2J"), "`a\\nb\\u{1b}[2J`");
        assert_eq!(quote("safe\u{202e}gnp.exe"), "`safe\\u{202e}gnp.exe`");
        assert_eq!(quote("it's"), "`it's`");
        assert!(quote(&"é".repeat(5000)).chars().count() < 90);
    }

    #[test]
    fn a_message_is_never_longer_than_its_bound() {
        assert_eq!(bounded("short".into()), "short");
        let long = bounded("€".repeat(1000));
        assert!(long.len() <= MESSAGE_BYTES && long.ends_with('…'));
    }
}
