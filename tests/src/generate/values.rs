//! Values to pick from: good ones, near misses, and bad ones.

use super::Gen;
use super::node::{Node, raw, text, texts};

/// What an attribute is about, so that operands can be made that meet it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers and strings that are decimals, nearly all of them.
    Decimal,
    /// Short words.
    Word,
    /// Host names and URLs.
    Host,
    /// Paths, for `glob` and `under`.
    Path,
    /// IP addresses.
    Address,
    /// Booleans.
    Bool,
    /// Strings of any sort.
    Odd,
}

/// The attributes that requests and constraints name.
pub(super) const ATTRIBUTES: &[(&str, Kind)] = &[
    ("amount", Kind::Decimal),
    ("limit", Kind::Decimal),
    ("currency", Kind::Word),
    ("tags", Kind::Word),
    ("vendor", Kind::Host),
    ("site", Kind::Host),
    ("path", Kind::Path),
    ("file", Kind::Path),
    ("ip", Kind::Address),
    ("confirmed", Kind::Bool),
    ("note", Kind::Odd),
    ("größe", Kind::Decimal),
    ("Action", Kind::Word),
];

pub(super) const RESOURCES: &[&str] =
    &["commerce", "commerce2", "drive", "drive/q3", "drive/q3/x", "drive/q4", "calendar/team/b", "a b/é", "issuer/agents"];

pub(super) const ACTIONS: &[&str] =
    &["browse", "add_to_cart", "purchase", "refund", "calendar.read", "calendar.write", "calendar.", "calendar", "read", "Read"];

pub(super) const NUMBERS: &[&str] = &[
    "742",
    "500",
    "500.00",
    "499.99",
    "500.01",
    "0.1",
    "0.10",
    "1e2",
    "100",
    "1E+2",
    "100.000",
    "0",
    "-0",
    "-0.0",
    "0e5",
    "1.50E+1",
    "15",
    "15.0",
    "150e-1",
    "1",
    "-5",
    "-5.0",
    "-4.99",
    "1e27",
    "9999999999999999999999999999",
    "1e-28",
    "0.0000000000000000000000000001",
    "123456789.123456789",
    "9007199254740993",
    "9007199254740992",
    "0.1000000000000000055511151231",
    "1e0",
    "1e-0",
    "0.00001e5",
];

/// Numbers that a double can hold and that are no decimals of the contract.
pub(super) const BAD_NUMBERS: &[&str] = &[
    "1e28",
    "1e29",
    "10e27",
    "1e-29",
    "1.0e-28",
    "0e-29",
    "99999999999999999999999999999",
    "1.0000000000000000000000000000",
    "0.00000000000000000000000000000",
    "12345678901234567890123456.789",
    "1e308",
    "1e-400",
];

/// Strings that `min` and `max` take.
pub(super) const DECIMAL_TEXTS: &[&str] =
    &["500.00", "500", "742", "0.1", "0.10", "100", "-5", "-0", "-0.0", "0", "15.0", "9999999999999999999999999999", "499.99"];

const BAD_DECIMAL_TEXTS: &[&str] = &[
    "",
    "01",
    "00",
    "-01",
    "1e2",
    "+1",
    ".5",
    "1.",
    "-",
    " 1",
    "1 ",
    "1_0",
    "1,0",
    "١",
    "0x1",
    "NaN",
    "99999999999999999999999999999",
    "1.2.3",
];

pub(super) const WORDS: &[&str] = &["USD", "EUR", "usd", "US", "USD ", "a", "b", "c", "1", "0.1", "true", "café", "cafe\u{301}"];

pub(super) const HOSTS: &[&str] = &[
    "coachella.com",
    "COACHELLA.com",
    "shop.coachella.com",
    "a.b.coachella.com",
    "coachella.com.",
    "evilcoachella.com",
    "ticketmaster.com",
    "https://coachella.com/",
    "https://coachella.com:443/x?y#z",
    "https://shop.coachella.com",
    "HTTPS://Coachella.COM",
    "http://ticketmaster.com?u=a@b",
    "http://user@coachella.com",
    "https://coachella.com\\@evil.com",
    "https://coachella.com:",
    "https://coachella.com:65535",
    "https://coachella.com:65536",
    "https://coachella.com:000443",
    "https://coachella.com:00443",
    "https://coachella.com:4a",
    "ftp://coachella.com",
    "//coachella.com",
    "https:coachella.com",
    "https:///coachella.com",
    "coachella.com:443",
    "coachella.com/",
    "127.0.0.1",
    "https://127.0.0.1/",
    "[::1]",
    "https://[::1]/",
    "xn--bcher-kva.example",
    "bücher.example",
    "https://bücher.example/",
    "https://coachella.com%2eevil.com",
    "https://coachella.com%2f.evil.com",
    "https://coachella.com/%20é",
    "https://coachella.com/a b",
    "https://coachella.com#@evil.com",
    "https://coachella.com@evil.com",
    "https://evil.com/@coachella.com",
    "-a.example",
    "a-.example",
    "a..example",
    "a_b.example",
    "example.123",
    "123.example",
    "example.0x1",
    "localhost",
    "http://localhost:8080",
    "",
    " coachella.com",
    "coachella.com\n",
    "https://coachella.com/\n",
    "https://coachella.com/\u{85}",
    "https://coachella.com\\",
    "https://coachella.com。",
    "https://coachella.com.",
    "http://",
    "https://:443",
];

pub(super) const PATHS: &[&str] = &[
    "/srv/data",
    "/srv/data/q3",
    "/srv/data/q3/x.csv",
    "/srv/database",
    "/srv",
    "srv/data",
    "srv/data/q3",
    "drive",
    "drive/q3",
    "drive/q3/x.csv",
    "drive/.csv",
    "/srv/data/",
    "/srv//data",
    "/srv/data/../x",
    "/srv/data/.",
    "./drive",
    "../drive",
    "/srv/data/%2e%2e",
    "/srv/data\\x",
    "/srv/data/a\nb",
    "/",
    "",
    "//",
    "x.csv",
    "a/x/b",
    "a/b",
    "a/x/y/b",
    "a",
    "abc",
    "aéc",
    "a😀c",
    "/srv/data/...",
    "drive/*",
    "**",
    "/SRV/data",
    "/srv/data/\u{7f}",
    "drive/q3/",
    "[ab]",
    "{a}",
];

pub(super) const ADDRESSES: &[&str] = &[
    "10.0.0.1",
    "10.255.255.255",
    "11.0.0.0",
    "9.255.255.255",
    "192.168.1.7",
    "2001:db8::1",
    "2001:DB8:0:0::1",
    "2001:db9::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "::10.0.0.1",
    "010.0.0.1",
    "10.1",
    "10.0.0.1/32",
    "10.0.0.0/8",
    " 10.0.0.1",
    "fe80::1%eth0",
    "[::1]",
    "0x0a.0.0.1",
    "167772161",
    "",
    "::",
    "0.0.0.0",
    "255.255.255.255",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "1.2.3.4.5",
    "10.0.0.256",
    "1::2::3",
    "::ffff:10.0.0.1:1",
];

pub(super) const ODD: &[&str] = &[
    "",
    " ",
    "a\u{0}b",
    "\u{7f}",
    "\u{9f}",
    "\n",
    "\u{a0}",
    "😀",
    "é",
    "e\u{301}",
    "\"",
    "\\",
    "/",
    "a/b",
    "*",
    "?",
    "0.10",
    "0.1",
    "true",
    "null",
    "{}",
    ".",
    "..",
    "\u{feff}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{2028}",
    "\u{202e}x",
    "coachella.com",
    "10.0.0.1",
];

/// A value for an attribute of that kind. About one in a hundred makes the request malformed.
pub(super) fn attribute(generator: &mut Gen, kind: Kind) -> Node {
    match generator.below(1000) {
        0..100 => {
            let count = *generator.pick(&[0, 1, 1, 2, 2, 3, 5]);
            // A list often repeats one value, so that it can hold as a whole.
            let first = string(generator, kind);
            let items: Vec<String> =
                (0..count).map(|_| if generator.chance(600) { first.clone() } else { string(generator, kind) }).collect();
            texts(items)
        }
        100..150 => other(generator),
        150..153 => raw(generator.pick(BAD_NUMBERS)),
        153..156 => generator.pick(&[raw("null"), raw("{}"), raw("[1]"), raw("[[]]"), raw("[\"a\",null]"), raw("{\"a\":\"b\"}")]).clone(),
        _ => match kind {
            Kind::Decimal if generator.chance(700) => raw(generator.pick(NUMBERS)),
            Kind::Bool => raw(generator.pick(&["true", "false"])),
            _ => text(string(generator, kind)),
        },
    }
}

/// A sound attribute of a kind that is not asked for.
fn other(generator: &mut Gen) -> Node {
    match generator.below(4) {
        0 => raw(generator.pick(NUMBERS)),
        1 => raw(generator.pick(&["true", "false"])),
        2 => text(*generator.pick(WORDS)),
        _ => text(*generator.pick(ODD)),
    }
}

fn string(generator: &mut Gen, kind: Kind) -> String {
    // The first of a pool are the ones that meet the most operands.
    let pool = match kind {
        Kind::Decimal if generator.chance(100) => BAD_DECIMAL_TEXTS,
        Kind::Decimal => DECIMAL_TEXTS,
        Kind::Word => WORDS,
        Kind::Host => HOSTS,
        Kind::Path => PATHS,
        Kind::Address => ADDRESSES,
        Kind::Bool => &["true", "false"],
        Kind::Odd => ODD,
    };
    let likely = if generator.chance(650) { pool.len().min(11) } else { pool.len() };
    (*generator.pick(&pool[..likely])).to_owned()
}
