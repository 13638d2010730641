//! Calls to the issuer: https, or http to this very machine; no redirects; deadlines; bounded answers.

mod answer;
mod stream;

use std::path::Path;
use std::time::Duration;

use clap::Args;
use passport_shared::limits::TOKEN_BYTES_MAX;
use passport_shared::text::quote;
use passport_shared::unverified::UnverifiedPassport;
use passport_verifier::{IssuerUrl, IssuerUrlError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use ureq::http::Response;
use ureq::typestate::{WithBody, WithoutBody};
use ureq::{Agent, Body, RequestBuilder};

pub(crate) use self::answer::Answer;
pub(crate) use self::stream::Broken;
use super::error::CliError;
use super::{Session, input};
use crate::config::{CallerSettings, UrlSettings};

/// For one call, from the look-up of the name to the last byte.
const CALL: Duration = Duration::from_secs(30);
/// For the connection alone.
const CONNECT: Duration = Duration::from_secs(10);
/// For a look at whether anybody answers.
const GLANCE: Duration = Duration::from_secs(2);
/// More than is said of an issuer's health.
const HEALTH_BYTES: usize = 65_536;
/// Bytes of one answer. The issuer ends a page of audit events well before.
const ANSWER_BYTES: usize = 16 * 1_048_576;
/// What stands in a path or query as it is (RFC 3986, unreserved).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where the issuer is, and who calls it.
#[derive(Debug, Args)]
pub(crate) struct Remote {
    #[command(flatten)]
    url: UrlSettings,
    #[command(flatten)]
    caller: CallerSettings,
}

/// A caller of one issuer.
pub(crate) struct Client {
    agent: Agent,
    address: IssuerUrl,
    /// The value of the `Authorization` header.
    authorization: Option<String>,
}

impl Remote {
    /// The client that these settings name.
    pub(crate) fn client(&self, session: &Session) -> Result<Client, CliError> {
        let mut client = Client::public(&self.url, session)?;
        let Some(path) = session.settings.caller(&self.caller).passport_file else {
            return Err(CliError::usage("the issuer is not called without a passport")
                .hint("name the file that it is in: --passport-file FILE, or PASSPORT_FILE;\na new issuer writes the first one to `admin.passport` in its data directory"));
        };
        let token = read_passport(&path)?;
        let chosen = self.url.url.is_some() || !session.settings.was_found();
        if !chosen {
            check_audience(&client.address, &token, &path)?;
        }
        client.authorization = Some(format!("Bearer {token}"));
        Ok(client)
    }
}

/// The passport in a file, of characters that a header can carry.
fn read_passport(path: &Path) -> Result<String, CliError> {
    let bytes = input::file(path, TOKEN_BYTES_MAX)?;
    let not_one = |why: String| {
        CliError::not_a_passport(format!("`{}` holds no passport: {why}", path.display()))
            .hint("name the file that `passport issue -o FILE` wrote")
    };
    UnverifiedPassport::read(&bytes).map_err(|error| not_one(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| not_one("it is not text".to_owned()))
}

impl Client {
    /// A client that shows no passport.
    pub(crate) fn public(url: &UrlSettings, session: &Session) -> Result<Self, CliError> {
        let Some(url) = session.settings.url(url).url else {
            return Err(CliError::usage("no issuer is named").hint("name it: --url URL, or PASSPORT_URL, or `url` in passport.toml"));
        };
        Self::at(&url, None)
    }

    /// A client of the issuer at `url`, with a passport to show where there is one.
    pub(crate) fn at(url: &str, passport: Option<&str>) -> Result<Self, CliError> {
        Self::within(CALL, url, passport)
    }

    /// Whether an issuer answers at `url`, soon enough for a person who waits for a word. It is shown nothing.
    pub(crate) fn answers(url: &str) -> bool {
        Self::within(GLANCE, url, None).is_ok_and(|client| client.fetch("/healthz", HEALTH_BYTES).is_ok())
    }

    fn within(call: Duration, url: &str, passport: Option<&str>) -> Result<Self, CliError> {
        let address: IssuerUrl =
            url.parse().map_err(|error: IssuerUrlError| CliError::usage(error.to_string()).hint("it looks like https://issuer.example"))?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would take the passport to a place that nobody named.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(call))
            .timeout_connect(Some(CONNECT.min(call)))
            .tls_config(passport_verifier::issuer_tls())
            .user_agent(concat!("passport/", env!("CARGO_PKG_VERSION")));
        if address.is_on_this_machine() {
            // Not even a proxy of the environment sees what goes in the clear.
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().into(), address, authorization: passport.map(|passport| format!("Bearer {passport}")) })
    }

    /// Calls with this passport from now on.
    pub(crate) fn set_passport(&mut self, passport: &str) {
        self.authorization = Some(format!("Bearer {passport}"));
    }

    /// The issuer's URL as it is called.
    pub(crate) fn url(&self) -> &str {
        self.address.as_str()
    }

    /// `GET`, with whatever of the query is given.
    pub(crate) fn get(&self, path: &str, query: &[(&str, Option<String>)]) -> Result<Answer, CliError> {
        self.answer(self.request(path, query).call(), ANSWER_BYTES)
    }

    fn request(&self, path: &str, query: &[(&str, Option<String>)]) -> RequestBuilder<WithoutBody> {
        let given = query.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={}", escaped(value))));
        let query = given.collect::<Vec<_>>().join("&");
        let url = match query.is_empty() {
            true => format!("{}{path}", self.url()),
            false => format!("{}{path}?{query}", self.url()),
        };
        let mut request = self.agent.get(&url);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        request
    }

    /// `POST` of a JSON body.
    pub(crate) fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, CliError> {
        self.send(self.agent.post(format!("{}{path}", self.url())), body)
    }

    /// `PUT` of a JSON body.
    pub(crate) fn put(&self, path: &str, body: &impl Serialize) -> Result<Answer, CliError> {
        self.send(self.agent.put(format!("{}{path}", self.url())), body)
    }

    /// `DELETE`.
    pub(crate) fn delete(&self, path: &str) -> Result<Answer, CliError> {
        let mut request = self.agent.delete(format!("{}{path}", self.url()));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        self.answer(request.call(), ANSWER_BYTES)
    }

    fn send(&self, request: RequestBuilder<WithBody>, body: &impl Serialize) -> Result<Answer, CliError> {
        let body = serde_json::to_vec(body).map_err(|error| CliError::failed(format!("the request cannot be written as JSON: {error}")))?;
        let mut request = request.header("content-type", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        self.answer(request.send(&body[..]), ANSWER_BYTES)
    }

    /// A public document of at most `max` bytes.
    pub(crate) fn fetch(&self, path: &str, max: usize) -> Result<String, CliError> {
        Ok(self.answer(self.agent.get(format!("{}{path}", self.url())).call(), max)?.into_body())
    }

    fn answer(&self, called: Result<Response<Body>, ureq::Error>, max: usize) -> Result<Answer, CliError> {
        Answer::read(called, max, self.url())
    }
}

/// `text` as one segment of a path.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// Refuses to show a passport to an issuer that the passport does not name.
fn check_audience(url: &IssuerUrl, token: &str, path: &Path) -> Result<(), CliError> {
    let passport = UnverifiedPassport::read(token.as_bytes()).map_err(|error| CliError::not_a_passport(error.to_string()))?;
    if passport.claims().audience.iter().any(|audience| audience.trim_end_matches('/') == url.as_str()) {
        return Ok(());
    }
    Err(CliError::failed(format!(
        "passport.toml in this directory names the issuer {}, and the passport in `{}` is for others; it was not sent",
        quote(url.as_str()),
        path.display()
    ))
    .hint("if this is the issuer that you mean, say so: --url URL, or --config passport.toml"))
}
