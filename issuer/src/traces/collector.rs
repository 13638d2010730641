//! The collector that spans are sent to: its URL, and how it is called.

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use passport_shared::text::quote;
use ureq::Agent;
use ureq::http::Uri;

/// For one call, from the look-up of the name to the last byte. A collector that takes longer holds up no request: what is
/// ended meanwhile waits in the queue, and is dropped where that is full.
const CALL: Duration = Duration::from_secs(10);

/// Bytes of an answer that are read: it says how many spans were refused, and why, in a sentence.
const ANSWER_BYTES: u64 = 65_536;

/// Where spans are sent: an `http` or `https` URL, without credentials, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct CollectorUrl(String);

/// Why a URL is not a collector's. What might hold a secret is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectorUrlError {
    /// It holds a user's name, a password or a key.
    #[error("the collector's URL holds credentials; leave them out, and give a header in OTEL_EXPORTER_OTLP_HEADERS")]
    Credentials,
    /// It is no URL of http or https.
    #[error("{} is no collector's URL; it looks like http://127.0.0.1:4318", quote(.0))]
    NotOne(String),
}

impl CollectorUrl {
    /// Where traces go: the path of OTLP over HTTP below what was given.
    pub(super) fn traces(&self) -> String {
        format!("{}/v1/traces", self.0)
    }
}

impl FromStr for CollectorUrl {
    type Err = CollectorUrlError;

    fn from_str(text: &str) -> Result<Self, CollectorUrlError> {
        // A key in a query is as much of a secret.
        if text.contains(['@', '?', '#']) {
            return Err(CollectorUrlError::Credentials);
        }
        let wrong = || CollectorUrlError::NotOne(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl TryFrom<String> for CollectorUrl {
    type Error = CollectorUrlError;

    fn try_from(text: String) -> Result<Self, CollectorUrlError> {
        text.parse()
    }
}

/// Calls a collector from the exporter's own thread, with the HTTP client and the TLS of the rest of the project.
#[derive(Debug)]
pub(super) struct Caller(Agent);

impl Caller {
    pub(super) fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(CALL))
            .tls_config(passport_verifier::issuer_tls())
            .user_agent(concat!("passport-issuer/", env!("CARGO_PKG_VERSION")));
        Self(config.build().into())
    }
}

#[async_trait]
impl HttpClient for Caller {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // It blocks: the exporter has a thread of its own, and no other future on it.
        let (parts, body) = request.into_parts();
        let (parts, mut body) = self.0.run(Request::from_parts(parts, &body[..]))?.into_parts();
        let body = body.with_config().limit(ANSWER_BYTES).read_to_vec()?;
        Ok(Response::from_parts(parts, body.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_go_to_the_path_of_otlp_below_the_url() {
        for (given, sent) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://otlp.example/", "https://otlp.example/v1/traces"),
            ("https://otlp.example/of/us/", "https://otlp.example/of/us/v1/traces"),
        ] {
            assert_eq!(given.parse::<CollectorUrl>().unwrap().traces(), sent);
        }
    }

    #[test]
    fn a_url_with_a_secret_is_refused_and_not_repeated() {
        for secret in ["http://u:s3cret@h:4318", "http://h/?key=s3cret", "http://h/#s3cret"] {
            let error = secret.parse::<CollectorUrl>().unwrap_err();
            assert_eq!(error, CollectorUrlError::Credentials, "{secret}");
            assert!(!error.to_string().contains("s3cret"));
        }
        for wrong in ["", "collector", "127.0.0.1:4318", "ftp://h", "http://", "/v1/traces"] {
            assert_eq!(wrong.parse::<CollectorUrl>(), Err(CollectorUrlError::NotOne(wrong.to_owned())));
        }
    }
}
