//! One decision for a caller that has no verifier of its own.

use passport_shared::api::checks::Verify;
use passport_shared::fault::{Faults, Place};
use passport_shared::request::Request;
use passport_verifier::Verifier;

use super::change::to_json;
use super::ids::Id;
use super::{Issuer, ServiceError, check};

impl Issuer {
    /// Decides `body.request` on `body.passport` for the service `body.audience`, by the project's own verifier on the
    /// issuer's trust as it is now. The answer is the decision of contract section 3 as JSON, whatever it is. It has the
    /// request's own `requestId`, or one that is made here.
    ///
    /// **The decision is not recorded.** Who acts on it reports it (`POST /v1/audit/events`), as with any other verifier.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] if the audience is not one.
    pub async fn verify(&self, body: Verify) -> Result<String, ServiceError> {
        let root = Place::root("");
        let mut faults = Faults::default();
        check::name(&body.audience, &root.name("audience"), &mut faults);
        check::done(faults)?;
        self.edition().await?;
        let verifier = Verifier::new((*self.inner.gate.trust()).clone(), body.audience);
        let request = Request::parse(body.request.get().as_bytes());
        let decision = verifier.decide(&body.passport, &request, self.now()).identified(|| self.new_id(Id::Request));
        to_json(&decision.record())
    }
}
