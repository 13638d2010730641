//! Where an issuer may be called.

use std::net::IpAddr;

use passport_shared::text::quote;
use ureq::http::Uri;

use crate::cli::error::CliError;

/// An issuer's URL that a passport may be sent to: https, or http that does not leave this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    url: String,
    local: bool,
}

impl Address {
    /// Reads a URL; one slash at its end is dropped.
    pub(crate) fn parse(text: &str) -> Result<Self, CliError> {
        let refuse = |why: &str| {
            Err(CliError::usage(format!("the issuer's URL {} {why}", quote(text))).hint("it looks like https://issuer.example"))
        };
        let Ok(uri) = text.parse::<Uri>() else { return refuse("is none") };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return refuse("has no scheme or no host") };
        if authority.as_str().contains('@') {
            return refuse("has user information in it");
        }
        if uri.query().is_some() || text.contains('#') {
            return refuse("has a query or a fragment");
        }
        let local = match scheme {
            "https" => false,
            "http" if is_loopback(authority.host()) => true,
            "http" => return refuse("would send a passport in the clear; use https (http is for this machine alone)"),
            _ => return refuse("is neither https nor http"),
        };
        Ok(Self { url: text.strip_suffix('/').unwrap_or(text).to_owned(), local })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.url
    }

    /// Whether it is http to this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.local
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passport_goes_by_https_or_stays_on_this_machine() {
        for (url, local) in [
            ("https://issuer.example", false),
            ("https://issuer.example:8443/base/", false),
            ("http://127.0.0.1:7700", true),
            ("http://localhost:7700", true),
            ("http://[::1]:7700", true),
        ] {
            let address = Address::parse(url).expect(url);
            assert_eq!((address.is_local(), address.as_str()), (local, url.trim_end_matches('/')));
        }
        for wrong in [
            "http://issuer.example",
            "http://127.0.0.1.example",
            "http://0.0.0.0:7700",
            "http://localhost.example",
            "http://localhost@evil.example",
            "https://user:pass@issuer.example",
            "ftp://issuer.example",
            "issuer.example",
            "https://issuer.example/?x=1",
            "https://issuer.example/#x",
            "https://",
            "",
        ] {
            assert_eq!(Address::parse(wrong).expect_err(wrong).exit(), 2, "{wrong}");
        }
    }
}
