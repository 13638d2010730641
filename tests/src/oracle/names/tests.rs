//! The examples and the prose of section 2's table.

use super::*;

fn check(matches: fn(&str, &str) -> bool, operand: &str, good: &[&str], bad: &[&str]) {
    for value in good {
        assert!(matches(operand, value), "`{operand}` should match `{value}`");
    }
    for value in bad {
        assert!(!matches(operand, value), "`{operand}` should not match `{value}`");
    }
}

#[test]
fn a_star_stays_in_its_segment_and_a_double_star_does_not() {
    let glob = glob_matches;
    check(glob, "drive/*", &["drive/q3", "drive/"], &["drive", "drive/q3/x", "drives/q3"]);
    check(glob, "drive/**", &["drive", "drive/", "drive/q3", "drive/q3/x"], &["drives", "x/drive"]);
    check(glob, "**/x", &["x", "a/x", "a/b/x", "/x"], &["xx", "a/xx", "x/a"]);
    check(glob, "a/**/b", &["a/b", "a/x/b", "a/x/y/b", "a/b/b"], &["ab", "a/xb", "a/b/c"]);
    check(glob, "*.csv", &["a.csv", ".csv", "a.b.csv"], &["a.csvx", "d/a.csv", "a.CSV"]);
    check(glob, "a**b", &["ab", "axb", "axxb"], &["a/b", "ax/b"]);
    check(glob, "**", &["", "a", "a/b", "/", "a//b"], &[".", "a/..", "../a"]);
    check(glob, "*", &["", "a", "*", "..."], &["a/b", "/", ".", ".."]);
    check(glob, "***", &["", "a"], &["a/b"]);
}

#[test]
fn a_question_mark_is_one_character_and_nothing_else_is_special() {
    check(glob_matches, "a?c", &["abc", "aéc", "a😀c", "a?c", "a\nc"], &["ac", "a/c", "abbc", "ae\u{301}c"]);
    check(glob_matches, "[ab]{c}\\*", &["[ab]{c}\\", "[ab]{c}\\x"], &["a{c}\\", "[ab]{c}*"]);
    check(glob_matches, "../*", &[], &["../a", "a/a"]);
    check(glob_matches, "*a*a*a*a*a*b", &["aaaaab"], &["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]);
}

#[test]
fn under_goes_by_whole_segments_as_they_stand() {
    check(
        is_under,
        "/srv/data",
        &["/srv/data", "/srv/data/x", "/srv/data/x/y", "/srv/data/ "],
        &[
            "/srv/database",
            "/srv",
            "srv/data",
            "srv/data/x",
            "/srv/data/",
            "/srv//data",
            "/srv/data/../x",
            "/srv/data/.",
            "/srv/data/%2e%2e",
            "/srv/data/a\\b",
            "/srv/data/a\nb",
            "/srv/data/\u{85}",
            "//srv/data",
            "/SRV/data",
            "",
        ],
    );
    check(is_under, "a", &["a", "a/b"], &["/a", "b/a", "ab", "./a", "a/"]);
    for bad in ["", "/", "a/", "a//b", "//a", ".", "a/..", "a%b", "a\\b", "a\u{7f}"] {
        assert!(path(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_host_is_itself_and_a_starred_one_its_subdomains() {
    check(
        host_matches,
        "coachella.com",
        &[
            "coachella.com",
            "COACHELLA.Com",
            "https://coachella.com",
            "HTTP://Coachella.com/",
            "https://coachella.com:443/x",
            "https://coachella.com?x=a@b",
            "https://coachella.com#@evil.com",
            "http://coachella.com:0",
            "http://coachella.com:00080",
            "https://coachella.com/%20/é",
            "https://coachella.com/a:b@c",
        ],
        &[
            "",
            "www.coachella.com",
            "xcoachella.com",
            "coachella.com.",
            "coachella.com:443",
            "coachella.com/",
            "//coachella.com",
            "ftp://coachella.com",
            "https:coachella.com",
            "https:/coachella.com",
            "https:///coachella.com",
            "https://coachella.com:",
            "https://coachella.com:65536",
            "https://coachella.com:000443",
            "https://coachella.com:+443",
            "https://coachella.com:443:1",
            "https://user@coachella.com",
            "https://@coachella.com",
            "https://user:p@coachella.com",
            "https://coachella.com\\@evil.com",
            "https://coachella.com/a\\b",
            "https://coachella.com/a b",
            " https://coachella.com",
            "https://coachella.com/\t",
            "https://coachella.com/\u{85}",
            "https://coachella%2ecom",
            "https://coachella.com.",
            "https://coachella.com。",
            "https://evil.com/coachella.com",
            "https://coachella.com.evil.com",
            "wss://coachella.com",
        ],
    );
    check(
        host_matches,
        "*.Example.com",
        &["a.example.com", "A.b.EXAMPLE.com", "https://a.example.com/"],
        &["example.com", "aexample.com", ".example.com", "a..example.com"],
    );
}

#[test]
fn what_is_a_host() {
    for good in ["a", "localhost", "a-b.c", "xn--bcher-kva.example", "1.a", "*.example.com", "a.1b", "*.com"] {
        assert!(is_host_pattern(good), "{good}");
    }
    let bad = [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "a_b",
        "a b",
        "1.2.3.4",
        "a.1",
        "123",
        "*",
        "*.",
        "*.*.a",
        "a.*",
        "*a.b",
        "bücher.de",
        "[::1]",
        "a:1",
        "https://a",
        "a/b",
        "*.1",
    ];
    for bad in bad {
        assert!(!is_host_pattern(bad), "{bad}");
    }
}

#[test]
fn networks_hold_addresses_of_their_own_family() {
    check(
        is_in_network,
        "10.0.0.0/8",
        &["10.0.0.0", "10.255.255.255"],
        &[
            "11.0.0.0",
            "9.255.255.255",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "010.0.0.1",
            "10.1",
            "10.0.0.1/32",
            " 10.0.0.1",
            "",
            "0x0a.0.0.1",
            "167772161",
        ],
    );
    check(
        is_in_network,
        "2001:db8::/32",
        &["2001:db8::1", "2001:0DB8:ffff::", "2001:db8::1.2.3.4"],
        &["2001:db9::", "2001:db8::1%eth0", "[2001:db8::1]", "10.0.0.1"],
    );
    check(is_in_network, "::ffff:10.0.0.0/104", &["::ffff:10.1.2.3", "::ffff:a00:1"], &["10.1.2.3"]);
    check(is_in_network, "0.0.0.0/0", &["1.2.3.4"], &["::1", "::ffff:1.2.3.4"]);
    check(is_in_network, "::/0", &["::1", "::ffff:1.2.3.4"], &["1.2.3.4"]);
    check(is_in_network, "192.0.2.7/32", &["192.0.2.7"], &["192.0.2.6"]);
}

#[test]
fn a_network_has_a_plain_prefix_length_and_no_host_bits() {
    let bad = [
        "10.0.0.0",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.0/8/8",
        "10.0.0/8",
        "2001:db8::/129",
        "2001:db8::1/32",
        "fe80::%eth0/64",
        "[2001:db8::]/32",
        "/8",
        "",
        "010.0.0.0/8",
        "10.0.0.0/255.0.0.0",
    ];
    for bad in bad {
        assert!(network(bad).is_none(), "{bad}");
    }
}
