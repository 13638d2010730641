//! The id in a path.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::{Failure, RequestFault};

/// The one parameter of a route's path, percent-decoded. What cannot be one (not UTF-8, not a number where one is
/// wanted) names nothing that exists: 404.
pub(crate) struct Id<T = String>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(RequestFault::RouteNotFound.into()),
            Err(_) => Err(RequestFault::Internal.into()),
        }
    }
}
