//! What a verifier needs, for anyone: status lists and the trust bundle. Each is signed, so nobody need be asked who
//! they are, and any cache may keep it.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;

use super::path::Id;
use super::problem::RequestFault;
use super::query::{NoParameters, Query};
use super::reply::{self, Answer};
use super::{App, LONGEST_WAIT};
use crate::metrics::{WAITERS, Within};
use crate::service::Followed;

/// The route that can be asked to wait, as it is declared.
pub(super) const WAITING_ROUTE: &str = "/v1/trust-bundle";

/// A status list token (IETF Token Status List).
#[utoipa::path(
    get,
    path = "/v1/status/{list}",
    operation_id = "getStatusList",
    tag = "trust",
    params(("list" = i64, Path, description = "The number of the list.")),
    responses(
        (status = 200, description = "The status list token.", body = String, content_type = "application/statuslist+jwt"),
        (status = 304, description = "The asker has it already (`If-None-Match`)."),
    ),
)]
pub(crate) async fn status_list(State(app): State<App>, Id(list): Id<i64>, _: Query<NoParameters>, asked: HeaderMap) -> Answer {
    reply::published(&asked, app.issuer.status_list(list).await?, "application/statuslist+jwt")
}

/// What who has a bundle already asks for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BundleParameters {
    /// The number (`seq`) of the bundle that the asker has: one with a greater number is wanted, and 304 is the answer
    /// where there is none.
    #[serde(default)]
    after: Option<i64>,
    /// For how many seconds to wait for it, 0 to 30; 0 where it is left out. Only with `after`. The answer can come
    /// earlier: the issuer is about to stop, or too many wait already.
    #[serde(default)]
    #[param(maximum = 30)]
    wait: Option<u32>,
}

/// Everything that a verifier needs, in one document signed by the active key (contract section 5).
#[utoipa::path(
    get,
    path = "/v1/trust-bundle",
    operation_id = "getTrustBundle",
    tag = "trust",
    params(BundleParameters),
    responses(
        (status = 200, description = "The trust bundle, a signed token.", body = String, content_type = "application/jwt"),
        (status = 304, description = "The asker has it already (`If-None-Match`), or there is none newer (`after`)."),
    ),
)]
pub(crate) async fn trust_bundle(State(app): State<App>, Query(query): Query<BundleParameters>, asked: HeaderMap) -> Answer {
    let media_type = "application/jwt";
    let wait = query.wait()?;
    let Some(after) = query.after else {
        return reply::published(&asked, app.issuer.trust_bundle().await?, media_type);
    };
    // One too many is answered at once, and can ask now and then. Waiting holds a connection, and others need them too.
    let place = app.waiters.try_acquire();
    let wait = if place.is_ok() { wait } else { Duration::ZERO };
    let _counted = Within::enter(WAITERS);
    match app.issuer.trust_bundle_after(after, wait).await? {
        Followed::Newer(bundle) => reply::published(&asked, bundle, media_type),
        Followed::Unchanged(bundle) => reply::not_modified(&bundle),
    }
}

impl BundleParameters {
    fn wait(&self) -> Result<Duration, RequestFault> {
        let Some(seconds) = self.wait else { return Ok(Duration::ZERO) };
        let wait = Duration::from_secs(u64::from(seconds));
        if wait > LONGEST_WAIT {
            return Err(RequestFault::Query(format!(
                "`wait`: {seconds} is over the {} seconds that can be waited",
                LONGEST_WAIT.as_secs()
            )));
        }
        match self.after {
            Some(_) => Ok(wait),
            None => Err(RequestFault::Query("`wait` needs `after`: the number of the bundle that there is already".to_owned())),
        }
    }
}
