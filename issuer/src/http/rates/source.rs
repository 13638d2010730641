//! Where a request comes from.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::config::networks;

/// Hops of an `X-Forwarded-For` that are looked at.
const HOPS: usize = 16;

/// The other end of the connection. It stands in the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// What is counted as one: an IPv4 address, or the first 64 bits of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source(IpAddr);

impl Source {
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The networks of proxies that are believed about who asks: networks in CIDR form, with commas between.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Proxies(Vec<IpNet>);

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        networks(text).map(Self)
    }
}

impl TryFrom<String> for Proxies {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Proxies {
    fn believes(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// The source of a request that came from `peer`. `X-Forwarded-For` counts only where a proxy that is believed has written
    /// it, and of it only what such proxies have added: its last address that is none of theirs.
    pub(super) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> Source {
        let mut at = peer.to_canonical();
        if !self.believes(at) {
            return Source::of(at);
        }
        // Several headers are one list, in order.
        let lists: Vec<&str> = headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or_default()).collect();
        for hop in lists.iter().rev().flat_map(|list| list.rsplit(',')).take(HOPS) {
            // What cannot be read was written by nobody who is believed.
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            at = address.to_canonical();
            if !self.believes(at) {
                break;
            }
        }
        Source::of(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(proxies: &str, peer: &str, forwarded: &[&str]) -> String {
        let proxies: Proxies = proxies.parse().expect("networks");
        let headers = forwarded.iter().map(|value| ("x-forwarded-for".parse().expect("a name"), value.parse().expect("a value"))).collect();
        proxies.source(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn a_header_is_believed_of_a_trusted_proxy_alone_and_only_what_it_added() {
        assert_eq!(source("", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1", "nobody is trusted unless it is said");
        assert_eq!(source("10.0.0.0/8", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1", "not this one");
        assert_eq!(source("10.0.0.0/8", "10.1.2.3", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            source("10.0.0.0/8", "10.1.2.3", &["203.0.113.9, 198.51.100.7, 10.4.4.4"]),
            "198.51.100.7",
            "what a client made up stands before"
        );
        assert_eq!(source("10.0.0.0/8", "10.1.2.3", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7", "two headers are one list");
        assert_eq!(source("10.0.0.0/8", "10.1.2.3", &["203.0.113.9, nonsense"]), "10.1.2.3");
        assert_eq!(source("10.0.0.0/8", "10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn an_ipv6_network_is_one_source_and_a_mapped_address_is_the_ipv4_one() {
        assert_eq!(source("", "2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(source("", "::ffff:192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(source("10.0.0.0/8", "::ffff:10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in ["x", "10.0.0.0/33", "10.0.0.0/8 10.0.0.0/8"] {
            assert!(wrong.parse::<Proxies>().is_err(), "{wrong}");
        }
    }
}
