//! Constraints: operators whose operands lean towards the value that the request will have.

use super::Gen;
use super::node::{Node, raw, text};
use super::request::Plan;
use super::values::{ATTRIBUTES, BAD_NUMBERS, DECIMAL_TEXTS, Kind, NUMBERS, WORDS};

const GLOBS: &[&str] = &[
    "drive/*",
    "drive/**",
    "**",
    "*",
    "**/x.csv",
    "/srv/**",
    "/srv/*/q3",
    "a/**/b",
    "a?c",
    "*.csv",
    "drive/*.csv",
    "srv/**/*",
    "[ab]",
    "a**c",
    "/**",
    "***",
    "../*",
    "a//b",
    "coachella.*",
    "https://*",
    "?SD",
];
const UNDERS: &[&str] = &["/srv/data", "/srv", "srv", "srv/data", "drive", "drive/q3", "a", "/srv/data/q3/x.csv", "drive/*", "..."];
const BAD_UNDERS: &[&str] = &["/", "", "/srv/", "srv//data", "..", "./a", "a%b", "a\\b", "//srv"];
const HOST_PATTERNS: &[&str] = &[
    "coachella.com",
    "*.coachella.com",
    "Coachella.COM",
    "*.com",
    "ticketmaster.com",
    "*.example",
    "xn--bcher-kva.example",
    "localhost",
    "-a.example",
    "evil.com",
    "example.0x1",
];
const BAD_HOST_PATTERNS: &[&str] = &[
    "*",
    "*.",
    "a.*.com",
    "coachella.com.",
    "1.2.3.4",
    "https://coachella.com",
    "bücher.example",
    "a b",
    "coachella.com:443",
    "*coachella.com",
    "[::1]",
    "",
];
const NETWORKS: &[&str] = &[
    "10.0.0.0/8",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/32",
    "192.168.1.0/24",
    "10.0.0.1/32",
    "::1/128",
    "::ffff:10.0.0.0/104",
    "::ffff:0:0/96",
    "2001:DB8::/33",
];
const BAD_NETWORKS: &[&str] = &[
    "10.0.0.1",
    "10.0.0.1/8",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/+8",
    "10.0.0.0/",
    "2001:db8::1/32",
    "fe80::%1/64",
    "::/129",
    "010.0.0.0/8",
    "x/8",
];

/// The operators on one attribute. The value the request has is used now and then to make a clause that holds.
pub(super) fn operators(generator: &mut Gen, kind: Kind, value: Option<&Node>) -> Node {
    let mut members: Vec<(String, Node)> = Vec::new();
    for _ in 0..*generator.pick(&[0, 1, 1, 1, 1, 1, 1, 2, 2, 3]) {
        let fitting: &[&str] = match kind {
            Kind::Decimal => &["min", "max", "max", "equals", "notEquals", "oneOf", "noneOf"],
            Kind::Word | Kind::Bool | Kind::Odd => &["equals", "notEquals", "oneOf", "noneOf", "glob"],
            Kind::Host => &["host", "host", "host", "oneOf", "equals", "glob"],
            Kind::Path => &["glob", "glob", "under", "under", "notEquals"],
            Kind::Address => &["cidr", "cidr", "cidr", "noneOf"],
        };
        let all: &[&str] = &["equals", "notEquals", "oneOf", "noneOf", "min", "max", "glob", "under", "host", "cidr"];
        let operator = if generator.chance(60) { *generator.pick(all) } else { *generator.pick(fitting) };
        if members.iter().all(|(given, _)| given != operator) {
            let operand = operand(generator, operator, value);
            members.push((operator.into(), operand));
        }
    }
    if generator.chance(25) {
        let name = *generator.pick(&["matches", "Equals", "minimum", "", "max ", "x-y", "not"]);
        let value = generator.pick(&[raw("null"), raw("{\"a\":[1]}"), text("x"), raw("1e300")]).clone();
        members.push((name.into(), value));
    }
    Node::Object(members)
}

/// All the constraints of a grant.
pub(super) fn constraints(generator: &mut Gen, plan: &Plan) -> Node {
    let mut members: Vec<(String, Node)> = Vec::new();
    for _ in 0..*generator.pick(&[0, 1, 1, 1, 1, 2, 2, 3]) {
        let (name, kind, value) = if !plan.attributes.is_empty() && generator.chance(920) {
            let (name, kind, value) = generator.pick(&plan.attributes);
            (*name, *kind, Some(value))
        } else {
            let (name, kind) = *generator.pick(ATTRIBUTES);
            (name, kind, None)
        };
        if members.iter().all(|(given, _)| given != name) {
            let operators = operators(generator, kind, value);
            members.push((name.into(), operators));
        }
    }
    if generator.chance(6) {
        let most = 16 + usize::from(generator.chance(400));
        members.extend((members.len()..most).map(|index| (format!("a{index}"), Node::Object(Vec::new()))));
    }
    if generator.chance(3) {
        let name = *generator.pick(&["action", "resource", "agentId", "requestId", "approval", "proof", "", "Action", "agentid", "é"]);
        members.push((name.into(), Node::Object(Vec::new())));
    }
    Node::Object(members)
}

fn operand(generator: &mut Gen, operator: &str, value: Option<&Node>) -> Node {
    if generator.chance(3) {
        return generator
            .pick(&[
                raw("null"),
                raw("true"),
                raw("1"),
                raw("{}"),
                raw("[]"),
                raw("[[]]"),
                text(""),
                raw("[\"\"]"),
                raw("[null]"),
                text("x".repeat(257)),
            ])
            .clone();
    }
    match operator {
        "equals" | "notEquals" => scalar(generator, value),
        "oneOf" | "noneOf" => {
            let count = match generator.below(100) {
                0 => 128,
                1 if generator.chance(300) => 129,
                _ => *generator.pick(&[0, 1, 1, 2, 2, 3, 4]),
            };
            Node::List((0..count).map(|_| scalar(generator, value)).collect())
        }
        "min" | "max" => match generator.below(1000) {
            0..3 => raw(generator.pick(BAD_NUMBERS)),
            3..6 => text(*generator.pick(&["01", "1e2", "+1", ".5", "1.", "", "99999999999999999999999999999", " 1"])),
            6..400 => text(*generator.pick(DECIMAL_TEXTS)),
            _ => raw(generator.pick(NUMBERS)),
        },
        "glob" => {
            let made = glob_from(generator, value);
            one_or_more(generator, GLOBS, &[""], made)
        }
        "under" => {
            let made = under_from(generator, value);
            one_or_more(generator, UNDERS, BAD_UNDERS, made)
        }
        "host" => one_or_more(generator, HOST_PATTERNS, BAD_HOST_PATTERNS, None),
        _ => one_or_more(generator, NETWORKS, BAD_NETWORKS, None),
    }
}

/// A string, number or boolean; often one that the request has.
fn scalar(generator: &mut Gen, value: Option<&Node>) -> Node {
    match generator.below(1000) {
        0..3 => raw(generator.pick(BAD_NUMBERS)),
        3..250 => raw(generator.pick(NUMBERS)),
        250..300 => raw(generator.pick(&["true", "false"])),
        300..450 => text(*generator.pick(WORDS)),
        450..500 => text("x"),
        _ => match value {
            Some(Node::List(items)) if !items.is_empty() => sound_operand(generator.pick(items).clone()),
            Some(value) => sound_operand(value.clone()),
            None => text(*generator.pick(WORDS)),
        },
    }
}

/// Attribute values that no operand may be are replaced, so that malformed tokens do not crowd the rest out.
fn sound_operand(node: Node) -> Node {
    match node {
        Node::Text(value) if value.is_empty() || value.chars().any(char::is_control) => text("x"),
        Node::Raw(value) if BAD_NUMBERS.contains(&value.as_str()) || value.starts_with(['n', '{', '[']) => raw("1"),
        Node::List(_) | Node::Object(_) => text("y"),
        node => node,
    }
}

fn one_or_more(generator: &mut Gen, good: &[&str], bad: &[&str], made: Option<String>) -> Node {
    let item = |generator: &mut Gen| {
        if generator.chance(4) {
            return text(*generator.pick(bad));
        }
        match &made {
            Some(made) if generator.chance(500) => text(made.clone()),
            // The first of each are the ones that meet the most values.
            _ if generator.chance(500) => text(*generator.pick(&good[..4])),
            _ => text(*generator.pick(good)),
        }
    };
    if generator.chance(450) {
        item(generator)
    } else {
        let count = *generator.pick(&[0, 1, 2, 2, 3, 3, 4, 5]);
        Node::List((0..count).map(|_| item(generator)).collect())
    }
}

fn string_of(generator: &mut Gen, value: Option<&Node>) -> Option<String> {
    let found = match value? {
        Node::Text(found) => found,
        Node::List(items) if !items.is_empty() => match generator.pick(items) {
            Node::Text(found) => found,
            _ => return None,
        },
        _ => return None,
    };
    let usable = !found.is_empty() && found.len() < 100 && !found.chars().any(char::is_control);
    usable.then(|| found.clone())
}

/// A glob made by putting stars and question marks into a value.
fn glob_from(generator: &mut Gen, value: Option<&Node>) -> Option<String> {
    let value = string_of(generator, value)?;
    let mut segments: Vec<String> = Vec::new();
    for segment in value.split('/') {
        match generator.below(10) {
            0 => segments.push("**".into()),
            1 => segments.push("*".into()),
            2 => segments.extend(["**".into(), segment.into()]),
            3 | 4 => segments.push(segment.chars().map(|c| if generator.chance(300) { '?' } else { c }).collect()),
            5 => segments.push(
                segment
                    .chars()
                    .filter_map(|c| if generator.chance(200) { Some('*') } else { (!generator.chance(50)).then_some(c) })
                    .collect(),
            ),
            _ => segments.push(segment.into()),
        }
    }
    Some(segments.join("/")).filter(|glob| !glob.is_empty())
}

/// A path at or above a value; only from values that are paths themselves.
fn under_from(generator: &mut Gen, value: Option<&Node>) -> Option<String> {
    let value = string_of(generator, value)?;
    let segments: Vec<&str> = value.split('/').collect();
    let bad = |(index, segment): (usize, &&str)| matches!(*segment, "." | "..") || (segment.is_empty() && index > 0);
    if value.contains(['%', '\\']) || value == "/" || segments.iter().enumerate().any(bad) {
        return None;
    }
    let kept = 1 + generator.below(segments.len());
    Some(segments[..kept].join("/")).filter(|path| !path.is_empty())
}
