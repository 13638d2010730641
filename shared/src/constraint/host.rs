//! `host`: the host of a name or of a URL.
//!
//! Why not a URL library: those follow the browsers' standard, which repairs what it reads (backslashes, tabs,
//! numbers as addresses), and here what needs repair must fail.

use smol_str::SmolStr;

use super::Pattern;
use crate::text::is_control;

/// A host name, or `*.` and a host name for its subdomains at any depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    text: SmolStr,
}

impl Pattern for HostPattern {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match is_host(text.strip_prefix("*.").unwrap_or(text)) {
            true => Ok(Self { text: text.into() }),
            false => Err("it is not a host name, or `*.` and a host name"),
        }
    }

    fn text(&self) -> &SmolStr {
        &self.text
    }

    fn matches(&self, value: &str) -> bool {
        let Some(host) = host_of(value) else { return false };
        match self.text.strip_prefix('*') {
            // `.example.com`, with at least one character before it.
            Some(suffix) => {
                let at = host.len().saturating_sub(suffix.len());
                at > 0 && host.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
            }
            None => host.eq_ignore_ascii_case(&self.text),
        }
    }
}

/// The host that `value` names: itself, or that of an absolute `http` or `https` URL.
fn host_of(value: &str) -> Option<&str> {
    let host = match value.split_once("://") {
        Some((scheme, rest)) => {
            let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
            let needs_repair = |c: char| c == '\\' || c == ' ' || is_control(c);
            if !known || rest.contains(needs_repair) {
                return None;
            }
            let authority = rest.split(['/', '?', '#']).next()?;
            match authority.split_once(':') {
                Some((host, port)) if is_port(port) => host,
                Some(_) => return None,
                None => authority,
            }
        }
        None => value,
    };
    is_host(host).then_some(host)
}

/// Letters, digits and hyphens in dot-separated labels, the last not all digits (that would be an address).
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let last_is_number = text.rsplit('.').next().is_none_or(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    text.split('.').all(is_label) && !last_is_number
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_compared_and_nothing_is_repaired() {
        let on = |operand: &str, value: &str| HostPattern::parse(operand).expect(operand).matches(value);
        for (operand, value) in [
            ("example.com", "example.com"),
            ("example.com", "EXAMPLE.com"),
            ("Example.COM", "https://example.com"),
            ("example.com", "http://example.com:8080/a@b?c#d"),
            ("example.com", "HTTPS://example.com?x=http://evil"),
            ("*.example.com", "a.example.com"),
            ("*.example.com", "https://a.b.example.com/"),
            ("localhost", "http://localhost:80"),
            ("example.com", "https://example.com/ünï"),
        ] {
            assert!(on(operand, value), "{value} is on {operand}");
        }
        for (operand, value) in [
            ("example.com", "example.com."),
            ("example.com", "example.com:80"),
            ("example.com", "https://user@example.com"),
            ("example.com", "https://example.com@evil.com"),
            ("example.com", "https://evil.com\\@example.com"),
            ("example.com", "https://evil.com/example.com"),
            ("example.com", "https:example.com"),
            ("example.com", "https:///example.com"),
            ("example.com", "//example.com"),
            ("example.com", "ftp://example.com"),
            ("example.com", "https://example.com:"),
            ("example.com", "https://example.com:99999"),
            ("example.com", "https://example%2ecom"),
            ("example.com", "https://exam\tple.com"),
            ("example.com", "https://example.com\n"),
            ("example.com", " https://example.com"),
            ("*.example.com", "example.com"),
            ("*.example.com", ".example.com"),
            ("*.example.com", "badexample.com"),
            ("example.com", "a.example.com"),
            ("example.com", "https://ехample.com"),
            ("example.com", "https://[::1]/"),
            ("example.com", "127.0.0.1"),
            ("example.com", ""),
            ("example.com", "https://example.com:80:80/"),
        ] {
            assert!(!on(operand, value), "{value} is not on {operand}");
        }
        for operand in [
            "",
            "*",
            "*.",
            "a..b",
            "example.com.",
            "10.0.0.1",
            "exa_mple.com",
            "http://example.com",
            "*.*.com",
            "a*.com",
            "[::1]",
            "ex ample.com",
            "bücher.de",
        ] {
            assert!(HostPattern::parse(operand).is_err(), "{operand}");
        }
    }
}
