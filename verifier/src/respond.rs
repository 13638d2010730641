//! What an axum service needs to ask and to answer.

use std::convert::Infallible;

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::guard::Rejection;

impl IntoResponse for Rejection {
    /// The status, the headers and the body of the rejection, as they are.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body().to_owned()));
        // Every status of a rejection is one; and if not, it is no success.
        *response.status_mut() = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(Self::CONTENT_TYPE));
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The request's `Authorization` header, for [`Guard::authorize`](crate::Guard::authorize); `None` where there is
/// none.
///
/// It never refuses a request: that is for the guard to do. A request with several such headers is none that HTTP
/// knows (RFC 9110, section 11.6.2); they are joined, as a list would be, which no token survives.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization(Option<String>);

impl Authorization {
    /// The header's value.
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// It holds a secret, so it shows only whether it is there.
impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Authorization(redacted)" } else { "Authorization(none)" })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Authorization {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let values: Vec<_> =
            parts.headers.get_all(AUTHORIZATION).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        Ok(Self((!values.is_empty()).then(|| values.join(", "))))
    }
}

#[cfg(test)]
mod tests;
