//! Answers that went well.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::problem::{Failure, RequestFault};
use crate::service::Published;

/// What a path segment holds as it is (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What every handler gives.
pub(crate) type Answer = Result<Response, Failure>;

/// 200 with a JSON body.
pub(crate) fn ok(body: &impl Serialize) -> Answer {
    json(StatusCode::OK, body)
}

/// 201 with a JSON body, and `Location`: the collection's path and the new thing's id.
pub(crate) fn created(collection: &str, id: &str, body: &impl Serialize) -> Answer {
    let mut response = json(StatusCode::CREATED, body)?;
    let location = format!("{collection}/{}", utf8_percent_encode(id, SEGMENT));
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// 200 with JSON that is already written.
pub(crate) fn raw_json(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body.into()).into_response()
}

fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let bytes = serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        RequestFault::Internal
    })?;
    let mut response = raw_json(bytes);
    *response.status_mut() = status;
    Ok(response)
}

/// A public document: for any origin, to be kept for `max_age` seconds.
pub(crate) fn public(mut response: Response, max_age: u32) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let control = match max_age {
        0 => "no-cache".to_owned(),
        seconds => format!("public, max-age={seconds}"),
    };
    if let Ok(control) = HeaderValue::try_from(control) {
        headers.insert(header::CACHE_CONTROL, control);
    }
    response
}

/// A public document with an entity tag, or 304 where the asker has it already (RFC 9110 section 13.1.2).
pub(crate) fn published(asked: &HeaderMap, document: Published, media_type: &'static str) -> Answer {
    if has_already(asked, &document.etag) {
        return not_modified(&document);
    }
    let response = ([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], document.body).into_response();
    tagged(response, &document.etag, document.max_age)
}

/// 304: the asker has nothing to fetch.
pub(crate) fn not_modified(document: &Published) -> Answer {
    tagged(StatusCode::NOT_MODIFIED.into_response(), &document.etag, document.max_age)
}

fn tagged(mut response: Response, etag: &str, max_age: u32) -> Answer {
    let tag = HeaderValue::from_str(etag).map_err(|_| RequestFault::Internal)?;
    response.headers_mut().insert(header::ETAG, tag);
    Ok(public(response, max_age))
}

/// Whether `If-None-Match` holds `etag`, compared weakly. Our tags hold no comma, so a list can be cut at each.
fn has_already(asked: &HeaderMap, etag: &str) -> bool {
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|list| list.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_not_sent_twice_to_who_has_it() {
        let has = |values: &[&str]| {
            let mut asked = HeaderMap::new();
            for value in values {
                asked.append(header::IF_NONE_MATCH, value.parse().unwrap());
            }
            has_already(&asked, "\"a1\"")
        };
        for values in [&["\"a1\""][..], &["*"], &["W/\"a1\""], &["\"x\", \"a1\""], &["\"x\"", "\"a1\""]] {
            assert!(has(values), "{values:?}");
        }
        for values in [&[][..], &["a1"], &["\"a\""], &["\"a11\""], &[""], &["\"A1\""]] {
            assert!(!has(values), "{values:?}");
        }
    }

    #[test]
    fn an_id_of_any_kind_has_a_location() {
        let response = created("/v1/agents", "a/b c?é\"\u{202e}", &1).unwrap_or_else(|_| panic!("no answer"));
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()[header::LOCATION], "/v1/agents/a%2Fb%20c%3F%C3%A9%22%E2%80%AE");
    }
}
