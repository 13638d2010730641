//! Extractors for axum: [`Allowed`] behind a layer, [`Passport`] where the handler decides.
//!
//! | a handler takes | it runs for | and decides |
//! | --- | --- | --- |
//! | [`Allowed`] | who may do what the route's layer names ([`Guard::layer`]) | nothing any more |
//! | [`Passport`] | whoever has a passport that counts now; then nothing is allowed yet | by [`Passport::authorize`], once it knows what is wanted, for example from the body |
//!
//! A [`Rejection`] is an answer, so that handlers end with `?`.
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::Router;
//! use axum::routing::{get, post};
//! use passport_verifier::axum::{Allowed, Passport};
//! use passport_verifier::tower::Act;
//! use passport_verifier::{Guard, Rejection, Request, Trust, Verifier};
//!
//! async fn read(allowed: Allowed) -> String {
//!     format!("for {}, by {}", allowed.agent_id(), allowed.request_id())
//! }
//!
//! async fn purchase(passport: Passport, amount: String) -> Result<String, Rejection> {
//!     let request = Request::new("purchase").on("commerce").with("amount", amount);
//!     let granted = passport.authorize(&request).await?;
//!     Ok(format!("bought, by {:?}", granted.request_id()))
//! }
//!
//! # fn main() {
//! let guard = Arc::new(Guard::new(Verifier::new(Trust::none("https://issuer.example"), "https://shop.example")));
//! let reading = guard.layer(Act::to("read").on("drive/{file}").at("/drive/{*file}"));
//! let app: Router = Router::new()
//!     .route("/drive/{*file}", get(read).layer(reading))
//!     .route("/purchase", post(purchase))
//!     .with_state(guard);
//! # let _ = app;
//! # }
//! ```

use std::fmt;
use std::sync::Arc;

use axum_core::body::Body;
use axum_core::extract::{FromRef, FromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use passport_shared::passport::Passport as Claims;
use passport_shared::request::Request;

use crate::decision::{Decision, Granted};
use crate::guard::{Guard, Rejection};
pub use crate::tower::Allowed;
use crate::tower::authorization;
use crate::verified::VerifiedPassport;

/// A passport that counts now, of who asks: steps 1 to 8 of the decision hold. What its holder may do is still to be
/// decided; until then nothing is allowed.
///
/// The guard comes from the router's state: an `Arc<Guard>`, or a state that has one ([`FromRef`]). The body is not
/// touched before the passport is good.
#[must_use = "a passport that nothing is asked of protects nothing"]
pub struct Passport {
    guard: Arc<Guard>,
    verified: VerifiedPassport,
}

impl Passport {
    /// Decides whether its holder may do what `request` says, and records it. Everything that can have changed since
    /// the passport was verified is looked at again. What comes back is the proof of an allow, or the answer to give.
    pub async fn authorize<'r>(&'r self, request: &'r Request) -> Result<Granted<'r>, Rejection> {
        self.decide(request).await.into_granted()
    }

    /// The same for a handler that goes on in its own way where the answer is no.
    pub async fn decide<'r>(&'r self, request: &'r Request) -> Decision<'r> {
        self.guard.decide_verified_async(&self.verified, request).await
    }

    /// What it says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        self.verified.claims()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Passport
where
    Arc<Guard>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let guard = Arc::<Guard>::from_ref(state);
        let verified = guard.verify_async(authorization(&parts.headers).as_deref()).await?;
        Ok(Self { guard, verified })
    }
}

/// The proof of the layer before the route. Without a layer there is none, and nothing is allowed: 500, since that is a
/// mistake of the service.
impl<S: Send + Sync> FromRequestParts<S> for Allowed {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let allowed = parts.extensions.get::<Self>().cloned();
        allowed.ok_or_else(|| Rejection::internal("nothing was decided for this route: put `Guard::layer` before it"))
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        http::Response::<String>::from(self).map(Body::from)
    }
}

impl fmt::Debug for Passport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passport").field("verified", &self.verified).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
