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
        let verifier = Verifier::new((*self.inner.gate.trust()).clone(), body.audience).without_cache();
        let request = Request::parse(body.request.get().as_bytes());
        let decision = verifier.decide(&body.passport, &request, self.now()).identified(|| self.new_id(Id::Request));
        to_json(&decision.record())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::service::testing::{NOW, SHOP, World, pointers};

    fn body(token: &str, audience: &str, request: &Value) -> super::Verify {
        serde_json::from_value(json!({ "passport": token, "audience": audience, "request": request })).unwrap()
    }

    #[tokio::test]
    async fn a_decision_comes_back_whatever_it_is_and_is_not_recorded() {
        let world = World::new().await;
        let ollie = world.ollie().await.passport;
        let events = world.log().await.len();
        let ask = async |token: &str, audience: &str, request: Value| -> Value {
            serde_json::from_str(&world.issuer.verify(body(token, audience, &request)).await.unwrap()).unwrap()
        };
        let purchase = |amount: Value| json!({ "action": "purchase", "resource": "commerce", "amount": amount });
        let allowed = ask(&ollie, SHOP, purchase(json!(400))).await;
        assert_eq!((&allowed["outcome"], &allowed["agentId"]), (&json!("allow"), &json!("ollie")));
        assert!(allowed["requestId"].as_str().unwrap().starts_with("req_"));
        let mut own = purchase(json!(742));
        own["requestId"] = "mine".into();
        let denied = ask(&ollie, SHOP, own).await;
        assert_eq!((&denied["reason"], &denied["requestId"]), (&json!("constraint_unmet"), &json!("mine")));
        assert_eq!(denied["details"][0]["expected"], "500.00");
        assert_eq!(ask(&ollie, "https://other.example", purchase(json!(1))).await["reason"], "wrong_audience");
        assert_eq!(ask("x", SHOP, purchase(json!(1))).await["reason"], "malformed_token");
        assert_eq!(ask(&ollie, SHOP, json!({"action": "*"})).await["reason"], "invalid_request");
        assert_eq!(ask(&ollie, SHOP, json!(5)).await["reason"], "invalid_request");
        assert_eq!(world.log().await.len(), events);
        for audience in ["", &"x".repeat(257)] {
            let error = world.issuer.verify(body(&ollie, audience, &json!({}))).await.unwrap_err();
            assert_eq!(pointers(&error), ["/audience"]);
        }
        world.place.clock.advance(3_600);
        let late = ask(&ollie, SHOP, purchase(json!(1))).await;
        assert_eq!(
            (&late["reason"], &late["evaluatedAt"]),
            (&json!("expired"), &json!(passport_shared::time::format(NOW + 3_600).unwrap()))
        );
    }
}
