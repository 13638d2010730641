//! Strings as RFC 8785, section 3.2.2.2 writes them: one text for each.

/// `text` as a JSON string.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_string(&mut out, text);
    out
}

/// Appends `text` as a JSON string: the two-character escapes where there is one, `\u00xx` in lower case for other characters
/// below U+0020, and everything else as it is.
pub(crate) fn push_string(out: &mut String, text: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    out.push('"');
    if !text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        out.push_str(text);
        out.push('"');
        return;
    }
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' => {
                out.push_str(if char < '\u{10}' { "\\u000" } else { "\\u001" });
                out.extend(HEX.get(usize::from(u8::try_from(char).unwrap_or_default() & 0xf)));
            }
            _ => out.push(char),
        }
    }
    out.push('"');
}
