//! What a request is to be allowed by: the passport in its `Authorization` header, else the console's cookie.
//!
//! A browser sends the cookie along with whatever any page asks of it, so a request that goes by the cookie has to show
//! that one of the console's own pages makes it: no other site's, by what the browser says (`Sec-Fetch-Site`), and where it can
//! change anything, with the token that only those pages were told.

use axum::http::{HeaderMap, HeaderValue, Method, header};

use super::App;
use super::bearer;
use super::problem::RequestFault;
use crate::service::{Credential, SessionKey};

/// Where a page says the token of its session.
const CSRF: &str = "x-csrf-token";

/// What was presented, owned.
#[derive(Clone)]
pub(crate) enum Presented {
    Nothing,
    Bearer(String),
    Session(SessionKey),
}

impl Presented {
    /// Reads it. A bearer token goes before a cookie, which then is not looked at.
    ///
    /// # Errors
    /// Two `Authorization` headers; a cookie that another site's page has had sent, or without the session's token.
    pub(crate) fn read(app: &App, method: &Method, headers: &HeaderMap) -> Result<Self, RequestFault> {
        if let Some(token) = bearer::token(headers)? {
            return Ok(Self::Bearer(token.into_owned()));
        }
        let Some(key) = session(app, headers) else { return Ok(Self::Nothing) };
        own_page(headers)?;
        let changes = !matches!(*method, Method::GET | Method::HEAD);
        let told = headers.get(CSRF).is_some_and(|token| key.is_csrf(token.as_bytes()));
        if changes && !told {
            return Err(RequestFault::Csrf);
        }
        Ok(Self::Session(key))
    }

    pub(crate) fn credential(&self) -> Credential<'_> {
        match self {
            Self::Nothing => Credential::Nothing,
            Self::Bearer(token) => Credential::Bearer(token),
            Self::Session(key) => Credential::Session(key),
        }
    }
}

/// Fails for a request that the browser says another site's page makes. What is no browser says nothing.
///
/// # Errors
/// [`RequestFault::CrossSite`].
pub(super) fn own_page(headers: &HeaderMap) -> Result<(), RequestFault> {
    let own = headers.get_all("sec-fetch-site").iter().all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    if own { Ok(()) } else { Err(RequestFault::CrossSite) }
}

/// The secret in the console's cookie. Two cookies of the name are none: which of them is ours cannot be told.
fn session(app: &App, headers: &HeaderMap) -> Option<SessionKey> {
    app.issuer.settings().console?;
    let name = cookie_name(app);
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim_matches(' ').split_once('=')).filter(|(own, _)| *own == name);
    match (named.next(), named.next()) {
        (Some((_, secret)), None) if !secret.is_empty() => Some(SessionKey::brought(secret)),
        _ => None,
    }
}

/// The cookie that holds this secret, for so many seconds.
pub(super) fn cookie(app: &App, secret: &str, seconds: i64) -> Result<HeaderValue, RequestFault> {
    let secure = if is_https(app) { "; Secure" } else { "" };
    let text = format!("{}={secret}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{secure}", cookie_name(app), seconds.max(0));
    let mut value = HeaderValue::try_from(text).map_err(|_| RequestFault::Internal)?;
    value.set_sensitive(true);
    Ok(value)
}

/// With TLS, a name that no other host and no page without TLS can set (RFC 6265bis, the prefix `__Host-`).
fn cookie_name(app: &App) -> &'static str {
    if is_https(app) { "__Host-passport-console" } else { "passport-console" }
}

/// Whether browsers come by https. The issuer's URL says so: TLS may end before it, at a proxy.
fn is_https(app: &App) -> bool {
    app.issuer.settings().issuer.starts_with("https://")
}
