//! The way to the issuer: which URLs are accepted, and an HTTP client that goes there and nowhere else.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use passport_shared::text::quote;
use ureq::http::{HeaderMap, Response, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};

/// The issuer's base URL: `https`, or `http` to this very machine (127.0.0.0/8, `::1`, `localhost`), since what goes
/// there includes passports.
///
/// ```
/// use passport_verifier::IssuerUrl;
///
/// assert!("https://issuer.example".parse::<IssuerUrl>().is_ok());
/// assert!("http://127.0.0.1:7700".parse::<IssuerUrl>().is_ok());
/// assert!("http://issuer.example".parse::<IssuerUrl>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerUrl(String);

/// Why a URL is not accepted as an issuer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerUrlError {
    /// It is no absolute URL with a host.
    #[error("{} is not a URL with a host; write it as `https://issuer.example`", quote(url))]
    NotAUrl {
        /// What was given.
        url: String,
    },
    /// Passports would travel in the clear.
    #[error("{} is not accepted: use `https`; `http` is for an issuer on this machine alone", quote(url))]
    Insecure {
        /// What was given.
        url: String,
    },
    /// There is more in it than scheme, host, port and path. It is not repeated, since there may be a secret in it.
    #[error("the issuer's URL must have no user, password, query or fragment")]
    TooMuch,
}

impl IssuerUrl {
    /// The URL, without a final slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `http`, which is accepted only if nothing leaves this machine.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        Uri::try_from(self.as_str()).is_ok_and(|uri| uri.scheme_str() == Some("http"))
    }

    /// The URL of one of the issuer's calls; `path` begins with a slash.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromStr for IssuerUrl {
    type Err = IssuerUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(['@', '?', '#']) {
            return Err(IssuerUrlError::TooMuch);
        }
        let not_a_url = || IssuerUrlError::NotAUrl { url: text.to_owned() };
        let uri: Uri = text.parse().map_err(|_| not_a_url())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(not_a_url)?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_loopback(host) => {}
            Some("http") => return Err(IssuerUrlError::Insecure { url: text.to_owned() }),
            _ => return Err(not_a_url()),
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_loopback(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse().is_ok_and(|address: std::net::Ipv6Addr| address.is_loopback());
    }
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: std::net::Ipv4Addr| address.is_loopback())
}

/// TLS as every call to an issuer has it: the roots that the system trusts, so that an organisation's own authority
/// works where it is installed, and one provider of cryptography that is named here and not left to the process.
///
/// It is public for tools beside the verifier that call an issuer too; the type is ureq's.
#[must_use]
pub fn issuer_tls() -> TlsConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).unversioned_rustls_crypto_provider(provider).build()
}

/// A client that follows no redirect, uses no proxy that the environment names, keeps no cookies, and gives up on a
/// whole call, body included, after `timeout`.
pub(crate) fn agent(timeout: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .tls_config(issuer_tls())
        .timeout_global(Some(timeout))
        .user_agent(concat!("passport-verifier/", env!("CARGO_PKG_VERSION")))
        .build();
    #[expect(clippy::disallowed_methods, reason = "this is the one place where an agent is made")]
    config.new_agent()
}

/// The body of `response`, of at most `max` bytes.
pub(crate) fn read_body(response: &mut Response<ureq::Body>, max: usize) -> Result<Vec<u8>, ureq::Error> {
    response.body_mut().with_config().limit(u64::try_from(max).unwrap_or(u64::MAX)).read_to_vec()
}

/// How long the issuer asks to be left alone, where it says so in seconds (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_accepted() {
        for sound in [
            "https://issuer.example",
            "https://issuer.example:8443/passport",
            "HTTPS://issuer.example",
            "http://127.0.0.1:7700",
            "http://127.8.9.1",
            "http://[::1]:7700",
            "http://localhost:7700",
            "http://LOCALHOST",
        ] {
            let url: IssuerUrl = sound.parse().expect(sound);
            assert_eq!((url.as_str(), url.is_on_this_machine()), (sound, sound.starts_with("http:")));
        }
        for insecure in [
            "http://issuer.example",
            "http://localhost.issuer.example",
            "http://127.0.0.1.issuer.example",
            "http://127.1",
            "http://0.0.0.0",
            "http://192.168.0.1",
            "http://[::]",
            "http://[::ffff:127.0.0.1]",
            "http://localhost.",
        ] {
            assert_eq!(insecure.parse::<IssuerUrl>(), Err(IssuerUrlError::Insecure { url: insecure.into() }));
        }
        for none in ["", "issuer.example", "issuer.example:443", "/v1", "ftp://issuer.example", "https://", "https:///v1", "file:///etc"] {
            assert_eq!(none.parse::<IssuerUrl>(), Err(IssuerUrlError::NotAUrl { url: none.into() }), "{none}");
        }
    }

    #[test]
    fn a_secret_in_a_url_is_refused_and_not_repeated() {
        for url in ["https://me:hunter2@issuer.example", "https://issuer.example?key=hunter2", "https://issuer.example#hunter2"] {
            let error = url.parse::<IssuerUrl>().expect_err("refused");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_final_slash_does_not_count() {
        let url: IssuerUrl = "https://issuer.example/".parse().expect("sound");
        assert_eq!(url.join("/v1/trust-bundle"), "https://issuer.example/v1/trust-bundle");
    }
}
