//! The console: signing in to it.

use serde::{Deserialize, Serialize};

/// The body of `POST /console/session`: exactly one of the two.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// A passport for this issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passport: Option<String>,
    /// The code of a link that `passport console` has printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Never what is signed in with.
impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

/// A session of the console. Its secret is in a cookie, and nowhere else.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsoleSession {
    /// The agent that has signed in.
    pub agent_id: String,
    /// Its name, for people.
    pub name: Option<String>,
    /// The passport that it has signed in with.
    pub passport_id: String,
    /// When the session ends.
    pub expires_at: String,
    /// What a request with the cookie has to send as `X-CSRF-Token`, unless it is `GET` or `HEAD`.
    pub csrf: String,
    /// The issuer's URL.
    pub issuer: String,
    /// The issuer's release.
    pub version: String,
    /// The actions of this API that the passport's grants allow now.
    pub may: Vec<String>,
}

/// Never what makes a request the console's own.
impl std::fmt::Debug for ConsoleSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConsoleSession").field("passport_id", &self.passport_id).finish_non_exhaustive()
    }
}

/// The answer to `POST /v1/console/links`: a link that opens one session of the console.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsoleLink {
    /// The link. Its secret is behind `#`, so that no server and no log sees it.
    pub url: String,
    /// Until when it can be used, once.
    pub expires_at: String,
}

/// Never the link.
impl std::fmt::Debug for ConsoleLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConsoleLink").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
