//! A JSON tree that may be wrong on purpose (names twice, raw text), and writing it in varied ways.

use super::Gen;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Written as it stands: numbers, words, and things that are no JSON at all.
    Raw(String),
    /// A string, escaped where it must be and now and then where it need not.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object, whose names may repeat.
    Object(Vec<(String, Node)>),
}

/// Text or number or word as it stands.
pub(super) fn raw(text: impl ToString) -> Node {
    Node::Raw(text.to_string())
}

/// A string.
pub(super) fn text(text: impl Into<String>) -> Node {
    Node::Text(text.into())
}

/// A list of strings.
pub(super) fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Node {
    Node::List(items.into_iter().map(text).collect())
}

/// How freely a tree is written.
struct Style {
    space: usize,
    escapes: usize,
}

/// Writes a tree, compact most of the time, otherwise with spaces and needless escapes.
pub(super) fn write(generator: &mut Gen, node: &Node) -> String {
    let style = match generator.below(10) {
        0 => Style { space: 300, escapes: 100 },
        1 => Style { space: 0, escapes: 30 },
        _ => Style { space: 0, escapes: 0 },
    };
    let mut out = String::new();
    write_node(generator, &style, node, &mut out);
    out
}

fn write_node(generator: &mut Gen, style: &Style, node: &Node, out: &mut String) {
    space(generator, style, out);
    match node {
        Node::Raw(raw) => out.push_str(raw),
        Node::Text(text) => write_text(generator, style, text, out),
        Node::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_node(generator, style, item, out);
            }
            out.push(']');
        }
        Node::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                space(generator, style, out);
                write_text(generator, style, name, out);
                space(generator, style, out);
                out.push(':');
                write_node(generator, style, value, out);
            }
            out.push('}');
        }
    }
    space(generator, style, out);
}

fn space(generator: &mut Gen, style: &Style, out: &mut String) {
    while style.space > 0 && generator.chance(style.space) {
        out.push(*generator.pick(&[' ', '\t', '\n', '\r']));
    }
}

fn write_text(generator: &mut Gen, style: &Style, text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if style.escapes > 0 && generator.chance(style.escapes) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let escape = if generator.chance(500) { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") };
                out.push_str(&escape);
            }
            continue;
        }
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' if style.escapes > 0 && generator.chance(300) => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
