//! What the system says of a name that it has no address for.

use std::io;

/// What the standard library puts before the system's own words, which say enough by themselves.
const BEFORE: &str = "failed to lookup address information: ";

/// Why a name has no address, in the system's words; `None` where the error is another.
pub(crate) fn no_address(error: &io::Error) -> Option<String> {
    error.to_string().strip_prefix(BEFORE).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use std::net::ToSocketAddrs as _;

    use super::*;

    #[test]
    fn a_look_up_that_failed_is_told_from_a_connection_that_did() {
        // RFC 6761: there is no such name, and no resolver need be asked.
        let error = ("nobody.invalid", 443).to_socket_addrs().unwrap_err();
        let why = no_address(&error).unwrap();
        assert!(!why.is_empty() && !why.contains("lookup"), "{error}");
        assert_eq!(no_address(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
    }
}
