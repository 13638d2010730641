//! Errors over HTTP: `application/problem+json` (RFC 9457) with a stable `code`.

use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `about:blank`: `code` says what kind of problem it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and what to do next, for a person.
    pub detail: String,
    /// What is wrong, for a program; it never changes.
    pub code: String,
    /// What is wrong in the body, and where.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}
