//! A layer before any HTTP service of tower: what a route's callers want to do is decided before the route is called.
//!
//! The layer needs no runtime. [`Act`] names action and resource of a route, [`Guard::layer`](crate::Guard::layer)
//! makes the layer, and [`Allowed`] is the proof that the route finds in the request's extensions. What is not allowed is
//! answered as docs/format.md F3.14 says, and the route never hears of it; the body is not touched before.
//!
//! ```
//! use std::sync::Arc;
//!
//! use passport_verifier::tower::{Act, Allowed};
//! use passport_verifier::{Guard, Trust, Verifier};
//! use tower::{ServiceBuilder, service_fn};
//!
//! # fn main() {
//! let guard = Arc::new(Guard::new(Verifier::new(Trust::none("https://issuer.example"), "https://drive.example")));
//! let read = guard.layer(Act::to("read").on("drive/{file}").at("/drive/{*file}"));
//! let service = ServiceBuilder::new().layer(read).service(service_fn(async |request: http::Request<String>| {
//!     let allowed: Option<&Allowed> = request.extensions().get();
//!     Ok::<_, std::convert::Infallible>(http::Response::new(format!("{:?}", allowed.map(Allowed::agent_id))))
//! }));
//! # let _ = service;
//! # }
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request as HttpRequest, Response};
use passport_shared::request::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::guard::{Guard, Rejection};

mod act;
mod allowed;
mod answer;
mod credentials;
mod path;

pub use act::{Act, Action};
pub use allowed::Allowed;
use allowed::Facts;
pub(crate) use credentials::authorization;

/// Lets through to a route what the guard allows: made by [`Guard::layer`] and [`Guard::layer_by`], and by nothing
/// else, so that there is none that does not know what to ask.
#[derive(Clone)]
pub struct GuardLayer(Arc<Question>);

/// A route behind a [`GuardLayer`].
#[derive(Clone, Debug)]
pub struct GuardService<S> {
    question: Arc<Question>,
    inner: S,
}

/// Who decides, and on what.
struct Question {
    guard: Arc<Guard>,
    ask: Ask,
}

enum Ask {
    Act(Act),
    By(Box<dyn Fn(&Parts) -> Request + Send + Sync>),
}

impl Guard {
    /// A layer that lets through who may do `act`. Put it before the one route that does this.
    #[must_use]
    pub fn layer(self: &Arc<Self>, act: Act) -> GuardLayer {
        self.question(Ask::Act(act))
    }

    /// The same for what no [`Act`] says: `request` makes the request to decide on of the head of the HTTP request. It
    /// has to name a resource; everything is denied with 500 where it does not.
    ///
    /// Put in what you read as it stands. What is no resource is refused; whatever you decode or normalise before,
    /// check yourself that your route reads the same.
    #[must_use]
    pub fn layer_by(self: &Arc<Self>, request: impl Fn(&Parts) -> Request + Send + Sync + 'static) -> GuardLayer {
        self.question(Ask::By(Box::new(request)))
    }

    fn question(self: &Arc<Self>, ask: Ask) -> GuardLayer {
        GuardLayer(Arc::new(Question { guard: Arc::clone(self), ask }))
    }
}

impl Question {
    /// The request that is made of `parts`.
    fn request(&self, parts: &Parts) -> Result<Request, Rejection> {
        let request = match &self.ask {
            Ask::Act(act) => act.request(parts).map_err(|problem| Rejection::internal(&problem))?,
            Ask::By(request) => request(parts),
        };
        match request.resource().is_some() || request.problem().is_some() {
            true => Ok(request),
            false => Err(Rejection::internal("the layer of this route names no resource to decide on")),
        }
    }

    /// The only way past the layer.
    async fn allow(&self, parts: &Parts) -> Result<Allowed, Rejection> {
        let request = self.request(parts)?;
        let granted = self.guard.authorize_async(authorization(&parts.headers).as_deref(), &request).await?;
        let facts = Facts::of(&granted).ok_or_else(|| Rejection::internal("an allow came without its facts"))?;
        Ok(facts.about(request))
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService { question: Arc::clone(&self.0), inner }
    }
}

impl<S, B, A> Service<HttpRequest<B>> for GuardService<S>
where
    S: Service<HttpRequest<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    A: From<String>,
{
    type Response = Response<A>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<A>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
        // The one that is ready is called, and its copy is made ready for the next request.
        let copy = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, copy);
        let question = Arc::clone(&self.question);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match question.allow(&parts).await {
                Ok(allowed) => {
                    parts.extensions.insert(allowed);
                    inner.call(HttpRequest::from_parts(parts, body)).await
                }
                Err(rejection) => Ok(rejection.into()),
            }
        })
    }
}

impl fmt::Debug for GuardLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GuardLayer").field(&self.0).finish()
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Question");
        if let Ask::Act(act) = &self.ask {
            shown.field("act", act);
        }
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
