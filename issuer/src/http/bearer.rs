//! The caller's passport, out of the `Authorization` header (RFC 6750 section 2.1).

use std::borrow::Cow;

use axum::http::{HeaderMap, header};

use super::problem::RequestFault;

/// The token of `Authorization: Bearer <token>`; the scheme is compared without case (RFC 9110 section 11.1).
/// Another scheme, or nothing after this one, is no token. What the token is worth is for the verifier to say: bytes
/// that no token can hold are handed on as characters that no token can hold.
///
/// # Errors
/// [`RequestFault::SeveralAuthorizations`]: two readers could each take another one.
pub(crate) fn token(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, RequestFault> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(RequestFault::SeveralAuthorizations);
    }
    let mut parts = value.as_bytes().splitn(2, |byte| *byte == b' ');
    let (scheme, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let token = rest.trim_ascii();
    Ok((scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then(|| String::from_utf8_lossy(token)))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())).collect()
    }

    fn read(values: &[&[u8]]) -> Result<Option<String>, RequestFault> {
        token(&headers(values)).map(|token| token.map(Cow::into_owned))
    }

    #[test]
    fn the_scheme_is_compared_without_case() {
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c", "bEaReR a.b.c "] {
            assert_eq!(read(&[value.as_bytes()]).unwrap().as_deref(), Some("a.b.c"), "{value}");
        }
    }

    #[test]
    fn anything_else_is_no_token() {
        for value in ["", "Bearer", "Bearer ", "Basic a.b.c", "a.b.c", "Bearera.b.c", "Bearer\ta.b.c", " "] {
            assert_eq!(read(&[value.as_bytes()]).unwrap(), None, "{value:?}");
        }
        assert_eq!(read(&[]).unwrap(), None);
    }

    #[test]
    fn what_follows_the_scheme_is_handed_on_whole() {
        assert_eq!(read(&[b"Bearer a b"]).unwrap().as_deref(), Some("a b"));
        assert_eq!(read(&[b"Bearer a.\xff.c"]).unwrap().as_deref(), Some("a.\u{fffd}.c"));
    }

    #[test]
    fn two_headers_are_refused_even_if_they_agree() {
        assert!(matches!(read(&[b"Bearer a", b"Bearer a"]), Err(RequestFault::SeveralAuthorizations)));
        assert!(matches!(read(&[b"Basic x", b"Bearer a"]), Err(RequestFault::SeveralAuthorizations)));
    }
}
