//! The long poll of the approvals.

use serde_json::json;
use tower::ServiceExt as _;

use super::follow::{counted, until};
use super::{Fixture, Reply, request};

const SHOP: &str = "https://shop.example";

fn path(version: &str, wait: u32) -> String {
    format!("/v1/approvals?state=pending&unless={version}&wait={wait}")
}

impl Fixture {
    /// The version of the list of those that wait.
    async fn version(&self) -> String {
        self.admin("GET", "/v1/approvals?state=pending", None).await.json()["version"].as_str().unwrap().to_owned()
    }

    /// Has an agent ask for something.
    async fn ask(&self) {
        let grants = json!([{"resource": "drive", "allowedActions": ["write"], "requiresApproval": true}]);
        let passport = self.passport_for(SHOP, "ollie", grants).await;
        let body = json!({"request": {"action": "write", "resource": "drive"}});
        let reply = self.send(request("POST", "/v1/approvals", Some(&passport), Some(body))).await;
        assert_eq!(reply.status, 202, "{reply:?}");
    }
}

#[tokio::test]
async fn a_wait_that_cannot_be_had_is_an_invalid_query() {
    let fixture = Fixture::new().await;
    for query in ["wait=1", "unless=x&wait=26", "unless=x&wait=-1", "unless=x&wait=x", "unless=x&unless=y", "unless=x&until=1"] {
        fixture.admin("GET", &format!("/v1/approvals?{query}"), None).await.assert_problem(400, "invalid_query");
    }
    for query in ["unless=x&wait=25", "unless=", "unless=x"] {
        assert_eq!(fixture.admin("GET", &format!("/v1/approvals?{query}"), None).await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn what_is_asked_is_the_answer_to_who_waits_and_one_too_many_does_not_wait() {
    let fixture = Fixture::new().await;
    let version = fixture.version().await;
    let (router, places) = counted(&fixture, 1).await;
    let ask = || request("GET", &path(&version, 25), Some(&fixture.admin), None);
    let first = tokio::spawn(router.clone().oneshot(ask()));
    until(|| places.available_permits() == 0).await;
    let second = Reply::of(router.clone().oneshot(ask()).await.unwrap()).await;
    assert_eq!((second.status.as_u16(), second.json()["version"].as_str()), (200, Some(version.as_str())));
    assert!(!first.is_finished(), "it waits on");
    fixture.ask().await;
    let told = Reply::of(first.await.unwrap().unwrap()).await.json();
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    assert_eq!(places.available_permits(), 1);
}

#[tokio::test]
async fn who_is_revoked_while_waiting_sees_nothing_of_what_came() {
    let fixture = Fixture::new().await;
    let grants = json!([{"resource": "issuer/approvals", "allowedActions": ["approvals.read"]}]);
    let passport = fixture.passport("ann", grants).await;
    let version = fixture.version().await;
    let (router, places) = counted(&fixture, 1).await;
    let waiting = tokio::spawn(router.oneshot(request("GET", &path(&version, 25), Some(&passport), None)));
    until(|| places.available_permits() == 0).await;
    assert_eq!(fixture.admin("POST", "/v1/agents/ann/disable", None).await.status, 200);
    fixture.ask().await;
    Reply::of(waiting.await.unwrap().unwrap()).await.assert_problem(401, "revoked");
}
