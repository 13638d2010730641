//! Networks, as several settings name them.

use std::net::IpAddr;

use ipnet::IpNet;

/// A list of networks in CIDR form, or of addresses, with commas between.
pub(crate) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let net = |part: &str| {
        let address = || part.parse::<IpAddr>().map(IpNet::from);
        part.parse::<IpNet>().or_else(|_| address()).map_err(|_| "it is a list of networks, as in 10.0.0.0/8,::1".to_owned())
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(net).collect()
}
