//! Whom a webhook may go to: public addresses, and networks that were named.
//!
//! Whoever may create a webhook chooses where the issuer connects to, from within the operator's network. So a name is looked up
//! once, every address that it has is checked, and the connection goes to one of those: what the name says a moment later is
//! not asked again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::config::networks;

/// IPv4 addresses that are not everybody's (the IANA registry of special-purpose addresses, multicast and the reserved rest): the
/// first of each network, and its length.
const NOT_PUBLIC: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([255, 255, 255, 255], 32),
];

/// What of the IPv6 addresses that are given out (2000::/3) is not everybody's: protocols (Teredo among them), documentation twice,
/// and 6to4, which holds an IPv4 address. Everything outside 2000::/3 is not public: loopback, local, multicast, NAT64 and the rest.
const NOT_PUBLIC_6: [(u128, u32); 4] = [(0x2001_0000 << 96, 23), (0x2001_0db8 << 96, 32), (0x2002_0000 << 96, 16), (0x3fff_0000 << 96, 20)];

/// Private networks that webhooks may go to, in CIDR form with commas between. None, unless they are named.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Reach(Vec<IpNet>);

impl FromStr for Reach {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        networks(text).map(Self)
    }
}

impl TryFrom<String> for Reach {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Reach {
    /// This machine alone, for development.
    #[must_use]
    pub fn this_machine() -> Self {
        let [four, six] = [IpNet::new_assert(Ipv4Addr::new(127, 0, 0, 0).into(), 8), IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST))];
        Self(vec![four, six])
    }

    /// Whether a request may go to this address.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        is_public(address.to_canonical()) || self.names(address)
    }

    /// Whether this address is in a network that was named: what goes there may go without TLS.
    fn names(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// What is wrong with a webhook's URL, as far as it can be told without a look-up.
    pub(crate) fn fault(&self, url: &str) -> Option<&'static str> {
        // Backslashes and the like are read in different ways by different readers.
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'`' | b'<' | b'>'));
        let uri = Uri::from_str(url).ok().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
        let Some(uri) = uri.filter(|_| plain) else {
            return Some("it is not a URL with a host; write it as `https://service.example/hook`");
        };
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) || url.contains('#') {
            return Some("it must have no user, password or fragment");
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if !self.0.is_empty() => {}
            _ => return Some(PLAIN),
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(address) if !self.allows(address) => Some("its address is not public, and not one that the issuer was started with"),
            Ok(address) if uri.scheme_str() == Some("http") && !self.names(address) => Some(PLAIN),
            _ => None,
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !NOT_PUBLIC.iter().any(|(net, bits)| shifted(u32::from_be_bytes(*net), *bits) == shifted(address.to_bits(), *bits))
        }
        IpAddr::V6(address) => {
            let of = |bits: u32| address.to_bits() >> (128 - bits);
            of(3) == 1 && !NOT_PUBLIC_6.iter().any(|(net, bits)| net >> (128 - bits) == of(*bits))
        }
    }
}

/// The first `bits` of it.
fn shifted(address: u32, bits: u32) -> u32 {
    address.checked_shr(32 - bits).unwrap_or(0)
}

/// What is wrong with `http` to anywhere else.
const PLAIN: &str = "it must be `https`; `http` is for networks that the issuer was started with alone";

/// That a name has an address which a webhook may not go to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAllowed {
    #[error("its name has an address that is not public, and not one that the issuer was started with")]
    Address,
    #[error("{PLAIN}")]
    Plain,
}

/// Looks a name up, once, and lets the request go to what was checked.
#[derive(Debug)]
pub(crate) struct CheckedResolver {
    pub(crate) reach: Reach,
    pub(crate) inner: DefaultResolver,
}

impl Resolver for CheckedResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout).map_err(|error| match error {
            // What the system's resolver says of a name; nothing was connected to yet.
            ureq::Error::Io(_) => ureq::Error::HostNotFound,
            other => other,
        })?;
        check(&self.reach, uri.scheme_str() == Some("https"), &found)?;
        Ok(found)
    }
}

/// One address that is not allowed is enough: who mixes them is after the one.
fn check(reach: &Reach, tls: bool, found: &[SocketAddr]) -> Result<(), ureq::Error> {
    let refused = if !found.iter().all(|address| reach.allows(address.ip())) {
        NotAllowed::Address
    } else if !tls && !found.iter().all(|address| reach.names(address.ip())) {
        NotAllowed::Plain
    } else {
        return Ok(());
    };
    Err(ureq::Error::Other(Box::new(refused)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_goes_to_an_address_that_is_not_public() {
        let none = Reach::default();
        for refused in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "169.254.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!none.allows(refused.parse().unwrap()), "{refused}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "2001:200::1",
            "2606:4700::1111",
            "2a00::1",
            "3ffe::1",
        ] {
            assert!(none.allows(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_network_that_was_named_can_be_reached_and_no_other() {
        let reach: Reach = "10.1.0.0/16, ::1".parse().unwrap();
        for (address, allowed) in
            [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("10.2.0.1", false), ("::1", true), ("127.0.0.1", false), ("1.1.1.1", true)]
        {
            assert_eq!(reach.allows(address.parse().unwrap()), allowed, "{address}");
        }
        let dev = Reach::this_machine();
        assert!(dev.allows("127.0.0.1".parse().unwrap()) && dev.allows("::1".parse().unwrap()) && !dev.allows("10.0.0.1".parse().unwrap()));
        assert!("10.0.0.0/33".parse::<Reach>().is_err());
    }

    #[test]
    fn one_address_that_is_not_allowed_refuses_a_name_and_what_is_not_encrypted_leaves_no_named_network() {
        let reach: Reach = "10.0.0.0/8".parse().unwrap();
        let at = |list: &[&str]| list.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 443)).collect::<Vec<_>>();
        assert!(check(&reach, true, &at(&["1.1.1.1", "10.0.0.1"])).is_ok());
        assert!(check(&reach, true, &at(&["1.1.1.1", "192.168.0.1"])).is_err());
        assert!(check(&reach, false, &at(&["10.0.0.1"])).is_ok());
        assert!(check(&reach, false, &at(&["1.1.1.1"])).is_err());
    }

    #[test]
    fn a_url_that_can_never_be_reached_is_refused_at_once() {
        let (none, some) = (Reach::default(), Reach::this_machine());
        for good in ["https://hooks.example", "https://hooks.example:8443/a/b?c=d", "https://1.1.1.1/x", "https://[2606:4700::1111]/"] {
            assert_eq!(none.fault(good), None, "{good}");
        }
        for bad in [
            "",
            "hooks.example",
            "/x",
            "ftp://hooks.example",
            "https://",
            "https://u:p@hooks.example",
            "https://hooks.example/#x",
            "http://hooks.example",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest",
            "https://hooks.example\\@10.0.0.1/",
            "https://hooks.example/ x",
            "https://hooks.example/é",
        ] {
            assert!(none.fault(bad).is_some(), "{bad}");
        }
        assert_eq!(some.fault("http://127.0.0.1:9/x"), None);
        assert!(some.fault("http://10.0.0.1/x").is_some());
        assert_eq!(some.fault("http://1.1.1.1/x"), Some(PLAIN));
    }
}
