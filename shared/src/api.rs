//! The bodies of the issuer's HTTP API (contract section 7). JSON names are camelCase, times RFC 3339 in UTC.

pub mod agents;
pub mod approvals;
pub mod audit;
pub mod checks;
pub mod console;
pub mod discovery;
pub mod keys;
pub mod passports;
pub mod problem;
pub mod templates;
pub mod webhooks;

use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Give it as `cursor` to read on; `null` on the last page.
    pub next_cursor: Option<String>,
}
