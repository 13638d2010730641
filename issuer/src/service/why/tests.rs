use passport_shared::api::audit::ReportEvents;
use passport_shared::api::passports::{PassportState, RevokePassport};
use passport_shared::request::Request;
use serde_json::{Value, json};

use super::*;
use crate::service::Caller;
use crate::service::testing::{SHOP, World};

const GRANTS: &str = r#"[
    {"resource":"commerce","allowedActions":["purchase"],"constraints":{"amount":{"max":"500.00"},"vendor":{"oneOf":["a","b"]}}},
    {"resource":"commerce","allowedActions":["refund"],"blockedActions":["close"]},
    {"resource":"drive/**","allowedActions":["*"]}]"#;

/// An issuer, and a shop that reports to it.
struct Office {
    world: World,
    reporter: Caller,
    token: String,
    passport: String,
}

impl Office {
    async fn open() -> Self {
        let world = World::new().await;
        let token = world.role("reporter").await;
        let reporter = world.issuer.authorize(Some(&token), "audit.write", "issuer/audit", &[]).await.unwrap();
        world.agent("ollie").await;
        let issued = world.passport("ollie", SHOP, GRANTS).await;
        Self { world, reporter, token: issued.passport, passport: issued.passport_id }
    }

    /// The event of what a verifier of the shop decides, with `change` made to it.
    async fn decide(&self, id: &str, request: &Request, change: impl FnOnce(&mut Value)) -> Value {
        self.world.issuer.edition().await.unwrap();
        let verifier = Verifier::new((*self.world.issuer.inner.gate.trust()).clone(), SHOP);
        let mut event = serde_json::to_value(verifier.decide(&self.token, request, self.world.issuer.now()).record()).unwrap();
        event["requestId"] = id.into();
        event["seq"] = id.len().into();
        change(&mut event);
        let events = vec![RawValue::from_string(event.to_string()).unwrap()];
        let body = ReportEvents { reporter: "the-reporter".to_owned(), events };
        self.world.issuer.report_events(&self.reporter, body).await.unwrap();
        event
    }

    async fn why(&self, id: &str) -> Why {
        self.world.issuer.why(WhyQuery { request_id: id.to_owned(), reporter: None }).await.unwrap()
    }
}

fn purchase(amount: u32, vendor: &str) -> Request {
    Request::new("purchase").on("commerce").with("amount", amount).with("vendor", vendor)
}

fn results(why: &Why) -> Vec<(&str, Option<bool>)> {
    why.grants.iter().map(|grant| (grant.result.as_str(), grant.applies)).collect()
}

#[tokio::test]
async fn each_grant_says_whether_it_applied_and_which_clause_failed() {
    let office = Office::open().await;
    let event = office.decide("req_denied", &purchase(742, "c"), |_| ()).await;
    let why = office.why("req_denied").await;
    assert_eq!(results(&why), [("constraint_unmet", Some(false)), ("other_action", Some(false)), ("other_resource", Some(false))]);
    let unmet: Vec<_> = why.grants[0].unmet.iter().map(|clause| (clause.attribute.as_str(), clause.operator.as_deref())).collect();
    assert_eq!(unmet, [("amount", Some("max")), ("vendor", Some("oneOf"))]);
    let amount = &why.grants[0].unmet[0];
    assert_eq!((amount.expected.get(), amount.actual.get()), (r#""500.00""#, r#""742""#));
    assert_eq!(amount.message, "`amount` is 742, over the maximum of 500.00");
    // It is the decision that was reported, to the letter, beside the sentences of the grants.
    assert_eq!(serde_json::from_str::<Value>(why.recorded.details.get()).unwrap(), event["details"]);
    assert_eq!((why.recorded.reason.as_str(), &json!(why.recorded.message)), ("constraint_unmet", &event["message"]));
    assert!(why.grants[1].describe.iter().any(|text| text.starts_with("must never `close`")), "{:?}", why.grants[1]);
    let passport = why.passport.unwrap();
    assert_eq!(
        (passport.passport_id.as_str(), passport.agent_id.as_str(), passport.state),
        (office.passport.as_str(), "ollie", PassportState::Live)
    );
    assert_eq!(why.now.unwrap().reason, "constraint_unmet");
}

#[tokio::test]
async fn what_it_would_be_now_is_decided_on_the_passport_as_it_is_now() {
    let office = Office::open().await;
    office.decide("req_allowed", &purchase(400, "a"), |_| ()).await;
    let why = office.why("req_allowed").await;
    assert_eq!(results(&why)[0], ("allows", Some(true)));
    let now = why.now.unwrap();
    assert_eq!((now.outcome.as_str(), now.reason.as_str(), now.grant), ("allow", "granted", Some(0)));
    let caller = office.world.admin("passports.revoke", "issuer/passports").await;
    office.world.issuer.revoke_passport(&caller, &office.passport, RevokePassport::default()).await.unwrap();
    let why = office.why("req_allowed").await;
    assert_eq!((why.recorded.outcome.as_str(), why.passport.unwrap().state), ("allow", PassportState::Revoked));
    let now = why.now.unwrap();
    assert_eq!((now.outcome.as_str(), now.reason.as_str(), now.grant), ("deny", "revoked", None));
    assert_eq!(results(&office.why("req_allowed").await)[0], ("allows", Some(true)), "as of the decision");
}

#[tokio::test]
async fn a_clause_on_a_hidden_attribute_is_said_to_be_out_of_sight_and_neither_met_nor_unmet() {
    let office = Office::open().await;
    let hide = |event: &mut Value| {
        event["attributes"]["amount"] = json!({"hmacSha256": "x"});
        event["message"] = "the message is not shown".into();
        event["details"] = json!([]);
    };
    office.decide("req_met", &purchase(400, "a"), hide).await;
    let why = office.why("req_met").await;
    assert_eq!(why.hidden, ["amount"]);
    assert_eq!(results(&why), [("hidden", None), ("other_action", Some(false)), ("other_resource", Some(false))]);
    assert!(why.grants[0].unmet.is_empty());
    assert_eq!(why.grants[0].hidden[0].message, "`amount` is hidden from the log; whether this is met cannot be looked at");
    assert!(why.now.is_none() && why.now_unknown.unwrap().contains("hidden"));
    // Its own word for it, where the reporter said that it is not met.
    let told = |event: &mut Value| {
        hide(event);
        event["details"] = json!([{"grant": 0, "attribute": "amount", "operator": "max", "expected": null, "actual": null}]);
    };
    office.decide("req_unmet", &purchase(742, "a"), told).await;
    let why = office.why("req_unmet").await;
    assert_eq!(results(&why)[0], ("constraint_unmet", Some(false)));
    assert!(why.grants[0].hidden[0].reported_unmet);
    assert!(!serde_json::to_string(&why).unwrap().contains("742"));
    // What is in sight and fails settles it, whatever is hidden.
    office.decide("req_vendor", &purchase(400, "c"), hide).await;
    let why = office.why("req_vendor").await;
    assert_eq!((results(&why)[0], why.grants[0].unmet.len(), why.grants[0].hidden.len()), (("constraint_unmet", Some(false)), 1, 1));
    // A passport that has ended has ended, whatever was asked.
    office.world.place.clock.advance(4_000);
    assert_eq!(office.why("req_met").await.now.unwrap().reason, "expired");
}

#[tokio::test]
async fn what_was_not_told_is_not_made_up() {
    let office = Office::open().await;
    office.decide("req_untold", &purchase(400, "a"), |event| event["action"] = Value::Null).await;
    let why = office.why("req_untold").await;
    assert!(why.grants.iter().all(|grant| (grant.result.as_str(), grant.applies) == ("not_asked", None)));
    assert!(why.now.is_none() && why.now_unknown.is_some());
    office.decide("req_other", &purchase(400, "a"), |event| event["passportId"] = "pp_of_nobody".into()).await;
    let why = office.why("req_other").await;
    assert!(why.passport.is_none() && why.grants.is_empty() && why.now.is_none());
    office.decide("req_abroad", &purchase(400, "a"), |event| event["issuer"] = "https://other.example".into()).await;
    assert!(office.why("req_abroad").await.passport.is_none());
    let ask = async |id: &str, reporter: Option<&str>| {
        let query = WhyQuery { request_id: id.to_owned(), reporter: reporter.map(str::to_owned) };
        office.world.issuer.why(query).await.map(|why| why.reporter).map_err(|error| error.code())
    };
    assert_eq!(ask("req_untold", Some("the-reporter")).await, Ok("the-reporter".to_owned()));
    assert_eq!(ask("req_untold", Some("another")).await, Err("not_found"));
    assert_eq!(ask("req_none", None).await, Err("not_found"));
}
