//! What stands in the `Authorization` header.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The value of the `Authorization` header, for the guard; `None` where there is none.
///
/// It never refuses: that is for the guard to do. Several such headers are none that HTTP knows (RFC 9110, section
/// 11.6.2); they are joined, as a list would be, which no token survives. So is a value that is no UTF-8.
pub(crate) fn authorization(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let mut values = headers.get_all(AUTHORIZATION).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first = values.next()?;
    Some(values.fold(first, |all, next| Cow::Owned(format!("{all}, {next}"))))
}
