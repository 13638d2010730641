//! How strings are matched: globs, paths, hosts and networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::json::clean;

/// Whether a glob matches a value.
pub(super) fn glob_matches(pattern: &str, value: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let value: Vec<&str> = value.split('/').collect();
    !value.contains(&".") && !value.contains(&"..") && segments_match(&pattern, &value)
}

fn segments_match(pattern: &[&str], value: &[&str]) -> bool {
    matches_run(
        pattern,
        value,
        |segment| *segment == "**",
        |pattern, value| {
            let pattern: Vec<char> = pattern.chars().collect();
            let value: Vec<char> = value.chars().collect();
            matches_run(&pattern, &value, |c| *c == '*', |pattern, c| *pattern == '?' || pattern == c)
        },
    )
}

/// Whether `pattern` matches all of `value`, where an element that `is_any` stands for any run, the empty one too,
/// and every other element for one that `matches`. Filled in from the back: `rest[i]` says whether what is left of
/// the pattern matches `value[i..]`.
fn matches_run<P, V>(pattern: &[P], value: &[V], is_any: impl Fn(&P) -> bool, matches: impl Fn(&P, &V) -> bool) -> bool {
    let mut rest = vec![false; value.len()];
    rest.push(true);
    for element in pattern.iter().rev() {
        let mut now = vec![false; value.len() + 1];
        for at in (0..=value.len()).rev() {
            now[at] = if is_any(element) {
                rest[at] || (at < value.len() && now[at + 1])
            } else {
                at < value.len() && rest[at + 1] && matches(element, &value[at])
            };
        }
        rest = now;
    }
    rest[0]
}

/// Whether a path is absolute, and its segments; `None` for one that `under` refuses.
pub(super) fn path(text: &str) -> Option<(bool, Vec<&str>)> {
    if text.contains(['%', '\\']) || !clean(text) {
        return None;
    }
    let (absolute, rest) = match text.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let segments: Vec<&str> = rest.split('/').collect();
    let good = segments.iter().all(|segment| !matches!(*segment, "" | "." | ".."));
    good.then_some((absolute, segments))
}

/// Whether `value` is the path `base` or below it.
pub(super) fn is_under(base: &str, value: &str) -> bool {
    match (path(base), path(value)) {
        (Some((base_absolute, base)), Some((absolute, value))) => base_absolute == absolute && value.starts_with(&base),
        _ => false,
    }
}

/// Whether an operand of `host` is a host, or `*.` and a host.
pub(super) fn is_host_pattern(text: &str) -> bool {
    is_host(text.strip_prefix("*.").unwrap_or(text))
}

/// Whether the host that `value` names is the host `pattern`, or below it for `*.`.
pub(super) fn host_matches(pattern: &str, value: &str) -> bool {
    let Some(host) = host_of(value) else { return false };
    let host = host.to_ascii_lowercase();
    let pattern = pattern.to_ascii_lowercase();
    match pattern.strip_prefix('*') {
        // `.example.com`, so the host has at least one label more.
        Some(suffix) => host.ends_with(suffix),
        None => host == pattern,
    }
}

fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let letters = |label: &&str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let last_is_a_name = labels.last().is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
    labels.iter().all(letters) && last_is_a_name
}

/// The host of a bare name, or of an absolute `http` or `https` URL.
fn host_of(value: &str) -> Option<&str> {
    if is_host(value) {
        return Some(value);
    }
    if value.contains(['\\', ' ']) || !clean(value) {
        return None;
    }
    let (scheme, rest) = value.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.split_once(':') {
        Some((host, port)) => {
            let digits = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || port.parse::<u32>().ok()? > 65_535 {
                return None;
            }
            host
        }
        None => authority,
    };
    is_host(host).then_some(host)
}

/// The address and prefix length of a network that `cidr` takes.
pub(super) fn network(text: &str) -> Option<(IpAddr, usize)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let number: usize = length.parse().ok()?;
    let bits = bits(address);
    // Written back, so that `+8`, `08` and the like are refused.
    if number.to_string() != length || number > bits.len() {
        return None;
    }
    let no_host_bits = bits.chars().skip(number).all(|bit| bit == '0');
    no_host_bits.then_some((address, number))
}

/// Whether `value` is an IP address of the network's own family, in it.
pub(super) fn is_in_network(network_text: &str, value: &str) -> bool {
    let Some((network, length)) = network(network_text) else { return false };
    let Ok(address) = value.parse::<IpAddr>() else { return false };
    let same_family = network.is_ipv4() == address.is_ipv4();
    same_family && bits(network).chars().take(length).eq(bits(address).chars().take(length))
}

/// An address as 32 or 128 characters `0` and `1`.
fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:032b}", Ipv4Addr::to_bits(address)),
        IpAddr::V6(address) => format!("{:0128b}", Ipv6Addr::to_bits(address)),
    }
}

#[cfg(test)]
mod tests;
