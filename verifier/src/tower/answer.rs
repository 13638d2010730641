//! A rejection as the answer that it is.

use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use crate::guard::Rejection;

impl<B: From<String>> From<Rejection> for Response<B> {
    /// The status, the headers and the body of the rejection, as they are.
    fn from(rejection: Rejection) -> Self {
        let mut response = Self::new(B::from(rejection.body().to_owned()));
        // Every status of a rejection is one; and if not, it is no success.
        *response.status_mut() = StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(Rejection::CONTENT_TYPE));
        if let Some(challenge) = rejection.challenge() {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = rejection.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
