use passport_verifier::Reason;
use serde_json::{Value, json};

use super::*;
use crate::service::testing::{ISSUER, SHOP, World, pointers};

const CHARGES: &str = r#"[
    {"resource":"cards","allowedActions":["charge"],"requiresApproval":true,"constraints":{"amount":{"max":"900.00"}}},
    {"resource":"bank","allowedActions":["transfer"],"requiresApproval":true,"approvers":2},
    {"resource":"cards","allowedActions":["read"]}
]"#;

/// A world with an agent whose charges need approval, and two people who approve.
pub(super) struct Office {
    pub(super) world: World,
    token: String,
}

impl Office {
    pub(super) async fn open() -> Self {
        let world = World::new().await;
        let token = world.passport("ollie", SHOP, CHARGES).await.passport;
        Self { world, token }
    }

    async fn holder(&self) -> Holder {
        self.world.issuer.holder(Some(&self.token)).await.unwrap()
    }

    pub(super) async fn person(&self, name: &str) -> Caller {
        let grants = r#"[{"resource":"issuer/approvals","allowedActions":["approvals.*"]}]"#;
        let token = self.world.passport(name, ISSUER, grants).await.passport;
        self.world.issuer.authorize(Some(&token), "approvals.decide", "issuer/approvals", &[]).await.unwrap()
    }

    pub(super) async fn ask(&self, request: Value) -> Result<Approval, ServiceError> {
        let body = AskApproval { request: RawValue::from_string(request.to_string()).unwrap(), audience: None };
        self.world.issuer.ask_approval(&self.holder().await, body).await
    }

    pub(super) async fn decide(&self, by: &Caller, approval: &Approval, approves: bool) -> Result<Approval, ServiceError> {
        self.world.issuer.decide_approval(by, &approval.approval_id, approves, DecideApproval::default()).await
    }

    async fn own(&self, approval: &Approval) -> Approval {
        self.world.issuer.own_approval(&self.holder().await, &approval.approval_id, Duration::ZERO).await.unwrap()
    }

    /// What a verifier of the shop says, which was started now.
    fn decided(&self, request: &Value) -> String {
        let verifier = Verifier::new((*self.world.issuer.inner.gate.trust()).clone(), SHOP);
        let request = Request::parse(request.to_string().as_bytes());
        verifier.decide(&self.token, &request, self.world.issuer.now()).reason().to_string()
    }
}

pub(super) fn charge() -> Value {
    json!({"action": "charge", "resource": "cards", "amount": 742.50})
}

#[tokio::test]
async fn what_is_asked_and_approved_is_allowed_by_any_verifier_offline() {
    let office = Office::open().await;
    assert_eq!(office.decided(&charge()), "approval_required");
    let asked = office.ask(charge()).await.unwrap();
    assert_eq!((asked.state, asked.approvers_needed, asked.audience.as_str()), (ApprovalState::Pending, 1, SHOP));
    assert_eq!(asked.request.get(), charge().to_string());
    assert_eq!(office.own(&asked).await.approval, None);
    let ann = office.person("ann").await;
    let decided = office.decide(&ann, &asked, true).await.unwrap();
    assert_eq!((decided.state, decided.approved_by, decided.approval), (ApprovalState::Approved, vec!["ann".to_owned()], None));
    let own = office.own(&asked).await;
    let mut given = charge();
    given["approval"] = own.approval.clone().expect("a token").into();
    assert_eq!(office.decided(&given), "granted");
    given["amount"] = 742.51.into();
    assert_eq!(office.decided(&given), "approval_invalid");
    // Asked for again it is the same one; once its time is over, there is none.
    office.world.place.clock.advance(899);
    assert!(office.own(&asked).await.approval.is_some());
    office.world.place.clock.advance(1);
    assert_eq!(office.own(&asked).await.approval, None);
}

#[tokio::test]
async fn who_decides_sees_what_the_passport_allows_anyway_and_its_holder_is_told_nothing_more() {
    let office = Office::open().await;
    let asked = office.ask(charge()).await.unwrap();
    let shown = office.world.issuer.approval(&asked.approval_id).await.unwrap();
    let told = [
        "may `charge` on `cards`, with `amount` at most 900.00, once a person has approved it",
        "may `transfer` on `bank`, once 2 different people have approved it",
        "may `read` on `cards`",
    ];
    assert_eq!(shown.describe.as_deref().unwrap(), told);
    assert_eq!((office.own(&asked).await.describe, asked.describe), (None, None));
}

#[tokio::test]
async fn everything_that_people_and_agents_do_is_in_the_log() {
    let office = Office::open().await;
    let asked = office.ask(charge()).await.unwrap();
    let ann = office.person("ann").await;
    office.decide(&ann, &asked, false).await.unwrap();
    let log = office.world.log().await;
    let changes: Vec<Value> = log.iter().map(|event| serde_json::from_str::<Value>(&event.event.body).unwrap()).collect();
    let find = |kind: &str| changes.iter().find(|event| event["change"]["type"] == kind).cloned().expect("an event");
    let (ask, deny) = (find("approval_asked"), find("approval_denied"));
    assert_eq!((&ask["agentId"], &ask["change"]["approvalId"]), (&json!("ollie"), &json!(asked.approval_id)));
    assert_eq!((&ask["passportId"], &ask["change"]["requestHash"]), (&json!(asked.passport_id), &json!(asked.request_hash)));
    assert_eq!((&deny["agentId"], &deny["change"]["approvalId"]), (&json!("ann"), &json!(asked.approval_id)));
}

#[tokio::test]
async fn the_same_request_waits_once_and_a_passport_asks_only_so_much() {
    let office = Office::open().await;
    let first = office.ask(charge()).await.unwrap();
    let events = office.world.log().await.len();
    let mut same = charge();
    same["requestId"] = "another".into();
    assert_eq!(office.ask(same).await.unwrap().approval_id, first.approval_id);
    assert_eq!(office.world.log().await.len(), events, "nothing was changed");
    for amount in 1..i64::from(MOST_PENDING) {
        office.ask(json!({"action": "charge", "resource": "cards", "amount": amount})).await.unwrap();
    }
    let error = office.ask(json!({"action": "charge", "resource": "cards", "amount": 600})).await.unwrap_err();
    assert_eq!((error.status(), error.code(), error.retry_after()), (429, "too_many_pending", Some(60)));
    office.world.place.clock.advance(3_599);
    assert_eq!(office.ask(json!({"action": "charge", "resource": "cards", "amount": 600})).await.unwrap_err().status(), 429);
}

#[tokio::test]
async fn what_needs_no_approval_or_what_none_would_help_is_not_asked() {
    let office = Office::open().await;
    for (request, reason) in [
        (json!({"action": "read", "resource": "cards"}), "needs no approval: it is allowed as it is (`granted`)"),
        (
            json!({"action": "charge", "resource": "cards", "amount": 901}),
            "is denied, and no approval would change that: `constraint_unmet`: `amount` is 901, over the maximum of 900.00",
        ),
        (json!({"action": "charge", "resource": "safe"}), "is denied, and no approval would change that: `resource_not_granted`: "),
    ] {
        let error = office.ask(request).await.unwrap_err();
        assert_eq!(error.status(), 409);
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert_eq!(pointers(&office.ask(json!({"action": "*"})).await.unwrap_err()), ["/request"]);
    assert_eq!(
        pointers(&office.ask(json!({"action": "charge", "resource": "cards", "approval": "x"})).await.unwrap_err()),
        ["/request/approval"]
    );
}

#[tokio::test]
async fn nobody_decides_on_their_own_request_nobody_twice_and_nothing_twice() {
    let office = Office::open().await;
    let own = office.person("ollie").await;
    let asked = office.ask(charge()).await.unwrap();
    let error = office.decide(&own, &asked, true).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (403, "own_request"));
    let (ann, bob) = (office.person("ann").await, office.person("bob").await);
    // Two people for the bank.
    let transfer = office.ask(json!({"action": "transfer", "resource": "bank"})).await.unwrap();
    assert_eq!(transfer.approvers_needed, 2);
    assert_eq!(office.decide(&ann, &transfer, true).await.unwrap().state, ApprovalState::Pending);
    assert_eq!(office.own(&transfer).await.approval, None);
    assert_eq!(office.decide(&ann, &transfer, true).await.unwrap_err().status(), 409);
    let both = office.decide(&bob, &transfer, true).await.unwrap();
    assert_eq!((both.state, both.approved_by), (ApprovalState::Approved, vec!["ann".to_owned(), "bob".to_owned()]));
    let token = office.own(&transfer).await.approval.expect("a token");
    assert_eq!(office.decided(&json!({"action": "transfer", "resource": "bank", "approval": token})), "granted");
    // What is decided stays so.
    assert_eq!(office.decide(&bob, &asked, false).await.unwrap().denied_by.as_deref(), Some("bob"));
    for (by, approves) in [(&ann, true), (&bob, true), (&ann, false)] {
        assert_eq!(office.decide(by, &asked, approves).await.unwrap_err().status(), 409);
    }
    assert_eq!(office.own(&asked).await.approval, None);
}

#[tokio::test]
async fn one_denial_is_enough() {
    let office = Office::open().await;
    let (ann, bob) = (office.person("ann").await, office.person("bob").await);
    let transfer = office.ask(json!({"action": "transfer", "resource": "bank"})).await.unwrap();
    office.decide(&ann, &transfer, true).await.unwrap();
    assert_eq!(office.decide(&bob, &transfer, false).await.unwrap().state, ApprovalState::Denied);
    assert_eq!(office.own(&transfer).await.approval, None);
}

#[tokio::test]
async fn what_nobody_decides_in_time_expires_and_can_be_asked_again() {
    let office = Office::open().await;
    let ann = office.person("ann").await;
    let asked = office.ask(charge()).await.unwrap();
    office.world.place.clock.advance(3_598);
    assert_eq!(office.own(&asked).await.state, ApprovalState::Pending);
    // A passport of an hour ends with the wait: look at it as people do.
    office.world.place.clock.advance(2);
    assert_eq!(office.world.issuer.approval(&asked.approval_id).await.unwrap().state, ApprovalState::Expired);
    assert!(office.world.issuer.decide_approval(&ann, &asked.approval_id, true, DecideApproval::default()).await.is_err());
    let expired = ApprovalQuery { state: Some(ApprovalState::Expired), ..ApprovalQuery::default() };
    assert_eq!(office.world.issuer.approvals(&expired).await.unwrap().items.len(), 1);
    let pending = ApprovalQuery { state: Some(ApprovalState::Pending), ..ApprovalQuery::default() };
    assert!(office.world.issuer.approvals(&pending).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_request_waits_for_people_as_long_as_is_set_and_no_longer() {
    let place = crate::service::testing::Place::new();
    let settings = crate::service::Settings { approval_wait: 60, ..crate::service::testing::settings() };
    let (issuer, admin) = place.try_start(settings).await.unwrap();
    let world = World { issuer, admin: admin.unwrap().passport, place };
    let token = world.passport("ollie", SHOP, CHARGES).await.passport;
    let office = Office { world, token };
    let asked = office.ask(charge()).await.unwrap();
    office.world.place.clock.advance(59);
    assert_eq!(office.own(&asked).await.state, ApprovalState::Pending);
    office.world.place.clock.advance(1);
    assert_eq!(office.own(&asked).await.state, ApprovalState::Expired);
}

#[tokio::test]
async fn a_revoked_passport_or_a_disabled_agent_neither_asks_nor_gets_a_token() {
    let office = Office::open().await;
    let (held, ann) = (office.holder().await, office.person("ann").await);
    let asked = office.ask(charge()).await.unwrap();
    office.decide(&ann, &asked, true).await.unwrap();
    let admin = office.world.admin("agents.write", "issuer/agents").await;
    office.world.issuer.disable_agent(&admin, "ollie", Default::default()).await.unwrap();
    assert!(office.world.issuer.holder(Some(&office.token)).await.is_err());
    // One that was let through a moment before gets neither.
    let late = office.world.issuer.own_approval(&held, &asked.approval_id, Duration::ZERO).await.unwrap_err();
    assert_eq!(late.status(), 401);
    let body = AskApproval {
        request: RawValue::from_string(r#"{"action":"charge","resource":"cards","amount":1}"#.into()).unwrap(),
        audience: None,
    };
    assert!(office.world.issuer.ask_approval(&held, body).await.is_err());
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_no_verdict_on_the_passport_of_who_waits() {
    let office = Office::open().await;
    let held = office.holder().await;
    let asked = office.ask(charge()).await.unwrap();
    let own = async || office.world.issuer.own_approval(&held, &asked.approval_id, Duration::ZERO).await;
    // Trust may have changed and cannot be read anew, while the approval can.
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(office.world.place.path().join("passport.db"));
    let mut database = sqlx::ConnectOptions::connect(&file).await.unwrap();
    sqlx::query("ALTER TABLE status_lists RENAME TO away").execute(&mut database).await.unwrap();
    office.world.issuer.doubt();
    assert_eq!(own().await.unwrap_err().status(), 503);
    sqlx::query("ALTER TABLE away RENAME TO status_lists").execute(&mut database).await.unwrap();
    assert_eq!(own().await.unwrap().state, ApprovalState::Pending);
    // What cannot be looked at for now is asked for again later.
    let for_now = Denial::Decision {
        body: String::new(),
        status: 503,
        challenge: None,
        retry_after: Some(1),
        reason: Reason::StatusUnavailable,
        request_id: String::new(),
    };
    assert_eq!(meanwhile(for_now).code(), "unavailable");
    assert_eq!(meanwhile(Denial::Failed(ServiceError::unavailable("the disk is full"))).code(), "unavailable");
    // And a passport that has ended is told from one that was revoked.
    office.world.place.clock.advance(3_600);
    assert_eq!(own().await.unwrap_err().code(), "expired");
}

#[tokio::test]
async fn an_approval_is_its_own_passports_and_waits_for_a_decision() {
    let office = Office::open().await;
    let asked = office.ask(charge()).await.unwrap();
    let other = office.world.passport("ollie", SHOP, CHARGES).await.passport;
    let other = office.world.issuer.holder(Some(&other)).await.unwrap();
    let error = office.world.issuer.own_approval(&other, &asked.approval_id, Duration::ZERO).await.unwrap_err();
    assert_eq!(error.code(), "not_found");
    let (held, ann) = (office.holder().await, office.person("ann").await);
    let (waited, decided) = tokio::join!(
        office.world.issuer.own_approval(&held, &asked.approval_id, Duration::from_secs(600)),
        office.decide(&ann, &asked, true)
    );
    assert_eq!(decided.unwrap().state, ApprovalState::Approved);
    assert!(waited.unwrap().approval.is_some());
    // Who waits when the issuer stops is answered.
    let asked = office.ask(json!({"action": "charge", "resource": "cards", "amount": 2})).await.unwrap();
    office.world.issuer.end_waits();
    let waited = office.world.issuer.own_approval(&held, &asked.approval_id, Duration::from_secs(600)).await.unwrap();
    assert_eq!(waited.state, ApprovalState::Pending);
}

#[tokio::test]
async fn a_passport_that_is_bound_to_a_key_is_held_by_nobody_who_merely_carries_it() {
    let world = World::new().await;
    world.agent("ollie").await;
    let mut body = crate::service::testing::order("ollie", SHOP, CHARGES);
    body.cnf = Some(RawValue::from_string(r#"{"jkt": "x"}"#.to_owned()).unwrap());
    let bound = world.issuer.issue_passport(&world.minter().await, body).await.unwrap();
    let denial = world.issuer.holder(Some(&bound.passport)).await.unwrap_err();
    assert_eq!((denial.status(), denial.code()), (401, "proof_required"));
}
