//! The token out of an `Authorization` header.

/// The token of a `Bearer` credential (RFC 6750, section 2.1), the scheme compared without case (RFC 9110, section
/// 11.1). `None` where there is no token at all: another scheme, or nothing after the scheme.
///
/// What stands there is not looked at further: whatever is no token is refused as one.
pub(super) fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, rest) = value.split_once(' ')?;
    let token = rest.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_compared_without_case_and_the_token_with_it() {
        for (value, token) in [
            ("Bearer a.b.C", Some("a.b.C")),
            ("bearer a.b.C", Some("a.b.C")),
            ("BEARER   a.b.C ", Some("a.b.C")),
            ("Bearer a.b.C, Bearer d.e.f", Some("a.b.C, Bearer d.e.f")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Bearer\ta.b.C", None),
            ("Bearera.b.C x", None),
            ("Basic YTpi", None),
            ("a.b.C", None),
            (" Bearer a.b.C", None),
            ("", None),
        ] {
            assert_eq!(bearer_token(value), token, "{value:?}");
        }
    }
}
