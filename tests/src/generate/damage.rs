//! Damage of any sort, done to a tree or to its text.

use super::Gen;
use super::node::{self, Node, raw};

/// Changes one place of a tree, picked at random: a value put in, or a member doubled, renamed, added or taken out.
pub(super) fn tree(generator: &mut Gen, root: &mut Node) {
    let place = generator.below(count(root));
    let mut left = place;
    if let Some(node) = find(root, &mut left) {
        change(generator, node);
    }
}

fn count(node: &Node) -> usize {
    1 + match node {
        Node::Raw(_) | Node::Text(_) => 0,
        Node::List(items) => items.iter().map(count).sum(),
        Node::Object(members) => members.iter().map(|(_, value)| count(value)).sum::<usize>(),
    }
}

fn find<'a>(node: &'a mut Node, left: &mut usize) -> Option<&'a mut Node> {
    if *left == 0 {
        return Some(node);
    }
    *left -= 1;
    match node {
        Node::Raw(_) | Node::Text(_) => None,
        Node::List(items) => items.iter_mut().find_map(|item| find(item, left)),
        Node::Object(members) => members.iter_mut().find_map(|(_, value)| find(value, left)),
    }
}

fn change(generator: &mut Gen, node: &mut Node) {
    match node {
        Node::Object(members) if !members.is_empty() && generator.chance(800) => {
            let index = generator.below(members.len());
            let name = odd_name(generator);
            let value = odd_value(generator);
            match generator.below(5) {
                0 => {
                    let again = (members[index].0.clone(), if generator.chance(500) { value } else { members[index].1.clone() });
                    members.push(again);
                }
                1 => members[index].0 = name,
                2 => members.push((name, value)),
                3 => drop(members.remove(index)),
                _ => members[index].1 = value,
            }
        }
        Node::List(items) if !items.is_empty() && generator.chance(700) => {
            let index = generator.below(items.len());
            match generator.below(3) {
                0 => items[index] = odd_value(generator),
                1 => items.push(odd_value(generator)),
                _ => items.push(items[index].clone()),
            }
        }
        Node::Text(value) if generator.chance(500) => {
            let at = value.char_indices().nth(generator.below(value.chars().count().max(1))).map_or(0, |(at, _)| at);
            value.insert(
                at,
                *generator.pick(&['*', '/', '.', '%', '\\', '\u{0}', '\u{7f}', '\u{85}', ' ', 'é', '😀', '@', ':', '-', '0', '?']),
            );
        }
        node => *node = odd_value(generator),
    }
}

fn odd_name(generator: &mut Gen) -> String {
    (*generator.pick(&[
        "",
        "x",
        "a\u{0}",
        "\u{85}",
        "type",
        "resource",
        "action",
        "constraints",
        "max",
        "equals",
        "amount",
        "é",
        "Iss",
        "nbf",
        "cnf",
        "agentId",
        "expiresAt",
    ]))
    .into()
}

fn odd_value(generator: &mut Gen) -> Node {
    match generator.below(28) {
        0 => raw("null"),
        1 => raw("true"),
        2 => raw("0"),
        3 => raw("-1"),
        4 => raw("1.5"),
        5 => raw("1e400"),
        6 => raw("-1e309"),
        7 => raw("01"),
        8 => raw("1e28"),
        9 => raw("[]"),
        10 => raw("{}"),
        11 => raw("[1]"),
        12 => raw("[[[[[[[[]]]]]]]]"),
        13 => raw("{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}"),
        14 => raw("{\"a\":1,\"\\u0061\":1}"),
        15 => raw("\"\\ud800\""),
        16 => raw("\"\\ud83d\\ude00\""),
        17 => raw("\"\\udc00\\ud800\""),
        18 => raw("\"\\x\""),
        19 => raw("\"\n\""),
        20 => node::text("a\u{1}b"),
        21 => node::text("\u{9f}"),
        22 => node::text(""),
        23 => node::text("x".repeat(256)),
        24 => node::text("x".repeat(257)),
        25 => node::text("*"),
        26 => node::text("a/**"),
        _ => node::text("USD"),
    }
}

/// Changes one place of a text: a character put in, taken out or replaced, or something put at an end.
pub(super) fn text(generator: &mut Gen, text: &mut String) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    if places.is_empty() {
        return;
    }
    let at = *generator.pick(&places);
    match generator.below(7) {
        0 => text.insert(at, *generator.pick(STRANGERS)),
        1 => drop(text.remove(at)),
        2 => {
            text.remove(at);
            text.insert(at, *generator.pick(STRANGERS));
        }
        3 => text.truncate(at),
        4 => text.insert(0, *generator.pick(&['\u{feff}', ' ', '\n', '\u{a0}', '{', '\0'])),
        5 => text.push(*generator.pick(&[' ', '\r', '}', 'x', '\0', '\u{c}', ','])),
        _ => text.push_str(generator.pick::<&str>(&["{}", " 1", "//", "\n\n"])),
    }
}

const STRANGERS: &[char] =
    &['{', '}', '[', ']', ',', ':', '"', '\\', '0', '1', '-', '.', 'e', ' ', '\n', '\0', '\u{a0}', 'u', '*', '/', 'é', '\u{feff}'];
