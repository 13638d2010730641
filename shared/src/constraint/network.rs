//! `cidr`: IP addresses in networks, by the standard library alone.

use std::net::IpAddr;

use smol_str::SmolStr;

use super::Pattern;

/// An IP network: an address without host bits and a prefix length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    text: SmolStr,
    address: IpAddr,
    prefix: u32,
}

impl Pattern for Network {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (address, prefix) = text.split_once('/').ok_or("it has no prefix length, like `/24`")?;
        let address: IpAddr = address.parse().map_err(|_| "it does not start with an IP address")?;
        let plain = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit()) && (prefix == "0" || !prefix.starts_with('0'));
        let prefix = prefix.parse().ok().filter(|prefix| plain && *prefix <= width(address)).ok_or("its prefix length is not one")?;
        if network_bits(address, prefix) != bits(address) {
            return Err("it has bits set beyond its prefix length");
        }
        Ok(Self { text: text.into(), address, prefix })
    }

    fn text(&self) -> &SmolStr {
        &self.text
    }

    fn matches(&self, value: &str) -> bool {
        // Families never mix: an IPv4 address written inside IPv6 is an IPv6 address.
        value
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_ipv4() == self.address.is_ipv4() && network_bits(address, self.prefix) == bits(self.address))
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address with everything beyond the prefix cleared.
fn network_bits(address: IpAddr, prefix: u32) -> u128 {
    let host_bits = width(address).saturating_sub(prefix);
    // A shift by the whole width would be refused; it clears everything.
    bits(address).checked_shr(host_bits).unwrap_or(0).checked_shl(host_bits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_never_mix_and_nothing_is_guessed() {
        let within = |operand: &str, value: &str| Network::parse(operand).expect(operand).matches(value);
        for (operand, value) in [
            ("10.0.0.0/8", "10.255.0.1"),
            ("0.0.0.0/0", "1.2.3.4"),
            ("10.0.0.1/32", "10.0.0.1"),
            ("2001:db8::/32", "2001:DB8::1"),
            ("::/0", "::ffff:10.0.0.1"),
            ("::ffff:0:0/96", "::ffff:10.0.0.1"),
            ("::1/128", "0:0:0:0:0:0:0:1"),
        ] {
            assert!(within(operand, value), "{value} is in {operand}");
        }
        for (operand, value) in [
            ("10.0.0.0/8", "11.0.0.1"),
            ("10.0.0.0/8", "::ffff:10.0.0.1"),
            ("::/0", "10.0.0.1"),
            ("10.0.0.0/8", "010.0.0.1"),
            ("10.0.0.0/8", "10.1"),
            ("10.0.0.0/8", "10.0.0.1/32"),
            ("10.0.0.0/8", " 10.0.0.1"),
            ("10.0.0.0/8", "167772161"),
            ("fe80::/10", "fe80::1%eth0"),
            ("::/0", "[::1]"),
            ("10.0.0.0/8", "http://10.0.0.1"),
        ] {
            assert!(!within(operand, value), "{value} is not in {operand}");
        }
        for operand in [
            "10.0.0.0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "2001:db8::1/32",
            "fe80::%eth0/64",
            "10.0/8",
            "::/129",
            "/8",
            "10.0.0.0/8/8",
        ] {
            assert!(Network::parse(operand).is_err(), "{operand}");
        }
    }
}
