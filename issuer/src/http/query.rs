//! The query, read strictly: what is not understood is refused, so that a filter with a misspelt name never gives
//! everything.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use passport_shared::text::quote;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::problem::{Failure, RequestFault, plain};

/// The parameters of a query. An unknown, repeated or malformed one is 400 `invalid_query`.
pub(crate) struct Query<T>(pub(crate) T);

/// No parameters at all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

/// Which page of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParameters {
    /// `nextCursor` of the page before.
    #[serde(default)]
    pub(crate) cursor: Option<String>,
    /// At most this many, 1 to 1,000; 100 where it is left out.
    #[serde(default)]
    pub(crate) limit: Option<u32>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(read(parts.uri.query().unwrap_or_default())?))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, RequestFault> {
    if let Some(pair) = query.split('&').find(|pair| !soundly_escaped(pair)) {
        let name = pair.split('=').next().unwrap_or_default();
        return Err(RequestFault::Query(format!("{} has a percent escape that is none, or that is not UTF-8", quote(name))));
    }
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let told = plain(&error.inner().to_string());
        match error.path().iter().next() {
            Some(Segment::Map { key }) => RequestFault::Query(format!("{}: {told}", quote(key))),
            _ => RequestFault::Query(told),
        }
    })
}

/// Whether each `%` starts an escape, and all of it comes out as UTF-8: a general reader would put something else in
/// its place, and look for that.
fn soundly_escaped(pair: &str) -> bool {
    let mut escapes = pair.split('%');
    let _before = escapes.next();
    let whole = escapes.all(|rest| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)));
    whole && percent_decode_str(pair).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use passport_shared::api::audit::AuditQuery;

    use super::*;

    fn refused<T: DeserializeOwned>(query: &str) -> String {
        match read::<T>(query).map(|_| ()) {
            Err(RequestFault::Query(detail)) => detail,
            other => panic!("{query}: {other:?}"),
        }
    }

    #[test]
    fn a_query_is_read_as_forms_are() {
        let query: AuditQuery = read("agentId=a%20b+c&resource=x%2Fy&limit=7&action=").unwrap();
        assert_eq!(query.agent_id.as_deref(), Some("a b c"));
        assert_eq!(query.resource.as_deref(), Some("x/y"));
        assert_eq!((query.limit, query.action.as_deref()), (Some(7), Some("")));
        assert_eq!(read::<AuditQuery>("").unwrap(), AuditQuery::default());
    }

    #[test]
    fn a_parameter_that_is_not_understood_is_refused_by_its_name() {
        for (query, named) in [
            ("agentid=a", "`agentid`"),
            ("limit=7&limit=8", "`limit`"),
            ("limit=-1", "`limit`"),
            ("limit=4294967296", "`limit`"),
            ("limit=", "`limit`"),
            ("cursor=%zz", "`cursor`"),
            ("cursor=%4", "`cursor`"),
            ("cursor=%ff", "`cursor`"),
            ("%1b[2J=x", "`\\u{1b}[2J`"),
        ] {
            let detail = refused::<AuditQuery>(query);
            assert!(detail.contains(named), "{query}: {detail}");
        }
        assert!(refused::<NoParameters>("x=1").contains("`x`"));
        assert!(refused::<PageParameters>(&format!("{}=1", "x".repeat(50_000))).len() < 1_200);
    }
}
