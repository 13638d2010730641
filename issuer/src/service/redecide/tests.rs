use std::collections::BTreeMap;

use passport_shared::api::approvals::{AskApproval, DecideApproval};
use passport_shared::api::audit::{DifferencesQuery, ReportEvents};
use passport_shared::api::passports::RevokePassport;
use passport_shared::request::Request;
use passport_verifier::{Decision, Reason, ResourcePolicy, Verifier};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::value::RawValue;

use super::*;
use crate::service::Caller;
use crate::service::testing::{NOW, SHOP, SHOPPING, World};

/// An issuer, a verifier of a shop that reports to it, and who decides again.
struct Office {
    world: World,
    reporter: Caller,
    turn: Turn,
    seq: u64,
}

impl Office {
    async fn open() -> Self {
        let world = World::new().await;
        let token = world.role("reporter").await;
        let reporter = world.issuer.authorize(Some(&token), "audit.write", "issuer/audit", &[]).await.unwrap();
        let turn = world.issuer.redecide_turn();
        Self { world, reporter, turn, seq: 0 }
    }

    /// A verifier on the trust that the issuer publishes now.
    async fn verifier(&self) -> Verifier {
        self.world.issuer.edition().await.unwrap();
        Verifier::new((*self.world.issuer.inner.gate.trust()).clone(), SHOP)
    }

    /// The event that a reporter makes of a decision.
    fn event(&mut self, decision: &Decision<'_>, trust: Option<i64>) -> Value {
        self.seq += 1;
        let mut event = serde_json::to_value(decision.record()).unwrap();
        event["requestId"] = format!("req_{}", self.seq).into();
        event["seq"] = self.seq.into();
        event["engine"] = concat!("passport-verifier/", env!("CARGO_PKG_VERSION")).into();
        if let Some(trust) = trust {
            event["trustSequence"] = trust.into();
        }
        event
    }

    async fn report(&self, events: &[Value]) {
        for events in events.chunks(500) {
            let events = events.iter().map(|event| RawValue::from_string(event.to_string()).unwrap()).collect();
            let body = ReportEvents { reporter: "the-reporter".to_owned(), events };
            self.world.issuer.report_events(&self.reporter, body).await.unwrap();
        }
    }

    /// Decides all of the log again. Gives the kinds of what differs, with what is expected.
    async fn differences(&mut self) -> Vec<(String, String)> {
        while self.world.issuer.redecide(&mut self.turn, 500).await.unwrap() > 0 {}
        let page = self.world.issuer.differences(DifferencesQuery::default()).await.unwrap();
        let reason = |text: &RawValue| serde_json::from_str::<Value>(text.get()).unwrap()["reason"].as_str().unwrap().to_owned();
        page.items.iter().rev().map(|difference| (difference.kind.clone(), reason(&difference.expected))).collect()
    }

    /// Each of these is reported alone, and decided again.
    async fn found(&mut self, events: &[Value]) -> Vec<(String, String)> {
        let before = self.differences().await.len();
        self.report(events).await;
        self.differences().await.split_off(before)
    }
}

fn purchase(amount: u32) -> Request {
    Request::new("purchase").on("commerce").with("amount", amount)
}

const ACTIONS: [&str; 4] = ["read", "purchase", "refund", "close"];
const RESOURCES: [&str; 5] = ["commerce", "drive/q1", "drive/q1/x", "drive/q2", "bank/main"];
const PATTERNS: [&str; 6] = ["commerce", "drive/*", "drive/**", "drive/q1", "**", "bank/*"];

fn some_grants(dice: &mut StdRng) -> String {
    let grants: Vec<Value> = (0..dice.random_range(1..4))
        .map(|_| {
            let mut grant = json!({"resource": PATTERNS.choose(dice).unwrap(), "allowedActions": [ACTIONS.choose(dice).unwrap()]});
            if dice.random_bool(0.3) {
                grant["allowedActions"] = json!(["*"]);
            }
            if dice.random_bool(0.3) {
                grant["blockedActions"] = json!([ACTIONS.choose(dice).unwrap()]);
            }
            if dice.random_bool(0.2) {
                grant["requiresApproval"] = json!(true);
                grant["approvers"] = json!(dice.random_range(1..4));
            }
            if dice.random_bool(0.2) {
                grant["expiresAt"] = json!(passport_shared::time::format(NOW + dice.random_range(1..3_000)).unwrap());
            }
            if dice.random_bool(0.5) {
                grant["constraints"] = json!({"amount": {"max": "500.00"}, "vendor": {"oneOf": ["a.example", "b.example"]}});
            }
            if dice.random_bool(0.1) {
                grant["constraints"] = json!({"note": {}, "amount": {"min": 1.50}});
            }
            grant
        })
        .collect();
    json!(grants).to_string()
}

fn some_request(dice: &mut StdRng) -> Request {
    let mut request = Request::new(*ACTIONS.choose(dice).unwrap());
    if dice.random_bool(0.85) {
        request = request.on(*RESOURCES.choose(dice).unwrap());
    }
    if dice.random_bool(0.7) {
        request = match dice.random_bool(0.5) {
            true => request.with("amount", dice.random_range(0..1_000)),
            false => request.with("amount", format!("{}.{:02}", dice.random_range(0..600), dice.random_range(0..100))),
        };
    }
    if dice.random_bool(0.7) {
        request = request.with("vendor", *["a.example", "b.example", "c.example"].choose(dice).unwrap());
    }
    if dice.random_bool(0.3) {
        request = request.with("note", ["\u{7}\u{2028}", "é"]);
    }
    if dice.random_bool(0.05) {
        request = request.by(*["somebody", "agent-1"].choose(dice).unwrap());
    }
    if dice.random_bool(0.05) {
        request = request.with("amount", 1);
    }
    if dice.random_bool(0.1) {
        request = request.approved("no.such.token");
    }
    request
}

/// Six thousand decisions of a real verifier on eighty passports, under two policies, while passports are revoked and expire.
#[tokio::test]
async fn an_honest_verifier_never_differs() {
    let mut office = Office::open().await;
    let mut dice = StdRng::seed_from_u64(5);
    let mut tokens = Vec::new();
    for number in 0..80 {
        let issued = office.world.passport(&format!("agent-{}", number % 8), SHOP, &some_grants(&mut dice)).await;
        tokens.push(issued);
    }
    let mut reasons = BTreeMap::<Reason, usize>::new();
    for round in 0..4 {
        let verifier = office.verifier().await;
        let trust = verifier.trust().sequence();
        assert!(trust.is_some());
        if round > 0 {
            // It has not heard of this yet.
            let caller = office.world.admin("passports.revoke", "issuer/passports").await;
            for issued in &tokens[round * 5..round * 5 + 5] {
                office.world.issuer.revoke_passport(&caller, &issued.passport_id, RevokePassport::default()).await.unwrap();
            }
        }
        let strict = verifier.clone().with_resource_policy(ResourcePolicy::MustName);
        let mut events = Vec::new();
        for _ in 0..1_500 {
            let request = some_request(&mut dice);
            let token = &tokens.choose(&mut dice).unwrap().passport;
            let token = if dice.random_bool(0.02) { token.get(1..).unwrap() } else { token };
            let late = if dice.random_bool(0.05) { 3_700 } else { 0 };
            let now = office.world.issuer.now() + late + dice.random_range(-40..3);
            let verifier = if dice.random_bool(0.5) { &strict } else { &verifier };
            let held = verifier.verify(token, now);
            let decision = match &held {
                Ok(held) if dice.random_bool(0.5) => held.decide(&request, now),
                _ => verifier.decide(token, &request, now),
            };
            *reasons.entry(decision.reason()).or_default() += 1;
            events.push(office.event(&decision, trust.filter(|_| dice.random_bool(0.9))));
        }
        office.report(&events).await;
        assert_eq!(office.differences().await, [], "round {round}");
        office.world.place.clock.advance(1_100);
    }
    assert!(reasons.len() >= 14, "{reasons:?}");
    assert_eq!(office.world.issuer.store().log_head().await.unwrap().size, office.turn.held.unwrap().0, "all of it was looked at");
}

#[tokio::test]
async fn each_single_lie_is_found_with_both_answers() {
    let mut office = Office::open().await;
    let (ollie, other) = (office.world.ollie().await, office.world.passport("bob", SHOP, SHOPPING).await);
    let verifier = office.verifier().await;
    let trust = verifier.trust().sequence();
    let (good, bad) = (purchase(5), purchase(501));
    let allowed = office.event(&verifier.decide(&ollie.passport, &good, NOW), trust);
    let denied = office.event(&verifier.decide(&ollie.passport, &bad, NOW), trust);
    let lie = |event: &Value, id: &str, changes: &[(&str, Value)]| {
        let mut event = event.clone();
        event["requestId"] = id.into();
        for (pointer, value) in changes {
            *event.pointer_mut(pointer).unwrap() = value.clone();
        }
        event
    };
    let allow = [
        ("/outcome", json!("allow")),
        ("/allowed", json!(true)),
        ("/reason", json!("granted")),
        ("/grant", json!(0)),
        ("/details", json!([])),
    ];
    let deny = [("/outcome", json!("deny")), ("/reason", json!("resource_not_granted")), ("/grant", json!(null))];
    let late = json!("2026-11-18T12:06:41Z");
    for (event, kind, expected) in [
        (lie(&denied, "outcome", &allow), "decision", "constraint_unmet"),
        (lie(&allowed, "denied", &deny), "decision", "granted"),
        (lie(&denied, "reason", &[("/reason", json!("action_not_granted"))]), "decision", "constraint_unmet"),
        (lie(&denied, "details", &[("/details/0/actual", json!("502"))]), "decision", "constraint_unmet"),
        (lie(&allowed, "attribute", &[("/attributes/amount", json!(742))]), "decision", "constraint_unmet"),
        (lie(&allowed, "action", &[("/action", json!("refund"))]), "decision", "action_not_granted"),
        (lie(&allowed, "grant", &[("/grant", json!(1))]), "decision", "granted"),
        (lie(&allowed, "nothing-asked", &[("/action", json!(null))]), "decision", "invalid_request"),
        (lie(&allowed, "other", &[("/passportId", json!(other.passport_id))]), "passport", "bad_signature"),
        (lie(&allowed, "none", &[("/passportId", json!("pp_made_up"))]), "unknown_passport", "bad_signature"),
        (lie(&allowed, "unnamed", &[("/passportId", json!(null))]), "unknown_passport", "bad_signature"),
        (lie(&allowed, "key", &[("/keyId", json!("another"))]), "passport", "bad_signature"),
        (lie(&allowed, "late", &[("/evaluatedAt", late.clone())]), "times", "expired"),
        (lie(&allowed, "early", &[("/evaluatedAt", json!("2026-11-18T11:00:00Z"))]), "times", "not_yet_valid"),
        (lie(&denied, "not-expired", &[("/reason", json!("expired"))]), "decision", "constraint_unmet"),
        (lie(&denied, "not-revoked", &[("/reason", json!("revoked"))]), "decision", "constraint_unmet"),
        (lie(&denied, "made-up", &[("/reason", json!("because"))]), "decision", "constraint_unmet"),
    ] {
        let id = event["requestId"].as_str().unwrap().to_owned();
        assert_eq!(office.found(std::slice::from_ref(&event)).await, [(kind.to_owned(), expected.to_owned())], "{id}");
        // It is in the log too, by the issuer itself.
        let told = office.world.log().await.remove(0);
        let body: Value = serde_json::from_str(&told.event.body).unwrap();
        assert_eq!(
            (told.reporter.as_str(), &body["change"]["type"]),
            (office.world.issuer.settings().issuer.as_str(), &json!("decisions_differ"))
        );
        let named = &body["change"]["differences"][0];
        assert_eq!((&named["requestId"], &named["reported"]["reason"]), (&json!(id), &event["reason"]));
        assert_eq!((&named["expected"]["reason"], &body["change"]["found"]), (&json!(expected), &json!(1)));
    }
    assert_eq!(office.found(&[allowed, denied]).await, [], "and the truth is none");
}

#[tokio::test]
async fn an_allow_after_a_revocation_is_judged_by_the_trust_that_was_gone_by() {
    let mut office = Office::open().await;
    let ollie = office.world.ollie().await;
    let before = office.verifier().await;
    let caller = office.world.admin("passports.revoke", "issuer/passports").await;
    office.world.place.clock.advance(60);
    office.world.issuer.revoke_passport(&caller, &ollie.passport_id, RevokePassport::default()).await.unwrap();
    office.world.place.clock.advance(60);
    let after = office.verifier().await.trust().sequence().unwrap();
    let request = purchase(5);
    let decision = before.decide(&ollie.passport, &request, NOW + 120);
    assert!(decision.is_allowed());
    let old = before.trust().sequence().unwrap();
    assert!(old < after);
    // Behind, by its own trust or by the clock: no lie.
    let (lagging, silent) = (office.event(&decision, Some(old)), office.event(&decision, None));
    assert_eq!(office.found(&[lagging, silent]).await, []);
    let lying = office.event(&decision, Some(after));
    assert_eq!(office.found(&[lying]).await, [("revoked".to_owned(), "revoked".to_owned())]);
    let honest = office.verifier().await;
    let told = office.event(&honest.decide(&ollie.passport, &request, NOW + 120), Some(after));
    assert_eq!(told["reason"], "revoked");
    assert_eq!(office.found(&[told]).await, []);
}

#[tokio::test]
async fn an_approval_that_was_used_is_one_that_people_gave_for_that_request() {
    let mut office = Office::open().await;
    let charges = r#"[{"resource":"cards","allowedActions":["charge"],"requiresApproval":true}]"#;
    let ollie = office.world.passport("ollie", SHOP, charges).await;
    let people = r#"[{"resource":"issuer/approvals","allowedActions":["approvals.*"]}]"#;
    let ann = office.world.passport("ann", crate::service::testing::ISSUER, people).await.passport;
    let ann = office.world.issuer.authorize(Some(&ann), "approvals.decide", "issuer/approvals", &[]).await.unwrap();
    let holder = office.world.issuer.holder(Some(&ollie.passport)).await.unwrap();
    let issuer = office.world.issuer.clone();
    let asked = json!({"action": "charge", "resource": "cards", "amount": 7.50});
    let body = AskApproval { request: RawValue::from_string(asked.to_string()).unwrap(), audience: None };
    let approval = issuer.ask_approval(&holder, body).await.unwrap();
    issuer.decide_approval(&ann, &approval.approval_id, true, DecideApproval::default()).await.unwrap();
    let token = issuer.own_approval(&holder, &approval.approval_id, Duration::ZERO).await.unwrap().approval.unwrap();
    let verifier = office.verifier().await;
    let mut given = asked.clone();
    given["approval"] = token.into();
    let request = Request::parse(given.to_string().as_bytes());
    let decision = verifier.decide(&ollie.passport, &request, NOW);
    assert!(decision.is_allowed());
    let used = office.event(&decision, verifier.trust().sequence());
    assert_eq!(used["approvalId"], approval.approval_id);
    // Given again, it is used up; so is the truth.
    let again = office.event(&verifier.decide(&ollie.passport, &request, NOW), verifier.trust().sequence());
    assert_eq!(again["reason"], "approval_invalid");
    assert_eq!(office.found(&[used.clone(), again]).await, []);
    for (pointer, value, expected) in [
        ("/approvalId", json!("apr_made_up"), "approval_invalid"),
        ("/attributes/amount", json!(742), "approval_invalid"),
        ("/approvalId", json!(null), "approval_required"),
    ] {
        let mut lie = used.clone();
        lie["requestId"] = format!("{pointer}{value}").into();
        *lie.pointer_mut(pointer).unwrap() = value;
        let found = office.found(&[lie]).await;
        assert_eq!(found.iter().map(|(_, expected)| expected.as_str()).collect::<Vec<_>>(), [expected], "{pointer}");
    }
}

#[tokio::test]
async fn what_cannot_be_reached_again_is_no_difference() {
    let mut office = Office::open().await;
    let ollie = office.world.ollie().await;
    let verifier = office.verifier().await;
    let (good, bad) = (purchase(5), purchase(501));
    let allowed = office.event(&verifier.decide(&ollie.passport, &good, NOW), Some(1));
    let denied = office.event(&verifier.decide(&ollie.passport, &bad, NOW), Some(1));
    let mut events = Vec::new();
    let mut add = |event: &Value, id: &str, changes: &[(&str, Value)]| {
        let mut event = event.clone();
        event["requestId"] = id.into();
        changes.iter().for_each(|(name, value)| event[*name] = value.clone());
        events.push(event);
    };
    // A service's own failures, and what it alone knows.
    for reason in ["audit_unavailable", "internal_error", "clock_untrusted", "status_unavailable", "wrong_audience", "agent_mismatch"] {
        add(&denied, reason, &[("reason", json!(reason)), ("details", json!([]))]);
    }
    // Other makes: less said, reasons of their own, no grant, no details.
    add(&denied, "foreign", &[("engine", json!("acme/3")), ("reason", json!("too_expensive")), ("details", json!(null))]);
    add(&allowed, "foreign-none", &[("engine", json!(null)), ("passportId", json!(null))]);
    add(&allowed, "foreign-short", &[("engine", json!("acme/3")), ("grant", json!(null))]);
    add(&denied, "foreign-plain", &[("engine", json!("acme/3")), ("details", json!(null))]);
    add(&allowed, "foreign-silent", &[("engine", json!("acme/3")), ("attributes", json!(null))]);
    add(&allowed, "foreign-issuer", &[("issuer", json!("https://other.example"))]);
    add(&allowed, "later-release", &[("engine", json!("passport-verifier/99.0.0"))]);
    // What is kept from readers.
    add(&allowed, "hidden", &[("attributes", json!({"amount": {"sha256": "x"}}))]);
    events.push(
        json!({"requestId": "gap", "seq": 900, "evaluatedAt": null, "gap": {"from": null, "to": null, "count": 3, "why": "queue_full"}}),
    );
    assert_eq!(office.found(&events).await, []);
    // What is hidden and weighs nothing hides nothing else.
    let mut bad = allowed.clone();
    bad["attributes"] = json!({"amount": 742, "name": {"sha256": "x"}});
    bad["requestId"] = "beside".into();
    assert_eq!(office.found(&[bad]).await, [("decision".to_owned(), "constraint_unmet".to_owned())]);
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was_and_nothing_is_told_twice() {
    let mut office = Office::open().await;
    let ollie = office.world.ollie().await;
    let verifier = office.verifier().await;
    let good = purchase(5);
    let mut lie = office.event(&verifier.decide(&ollie.passport, &good, NOW), None);
    lie["attributes"]["amount"] = 742.into();
    assert_eq!(office.found(&[lie.clone()]).await.len(), 1);
    let (again, _) = office.world.place.start().await;
    let mut turn = again.redecide_turn();
    assert_eq!(again.redecide(&mut turn, 500).await.unwrap(), 0, "the first still has its lease");
    office.world.place.clock.advance(LEASE + 1);
    lie["requestId"] = "second".into();
    office.report(&[lie]).await;
    assert!(again.redecide(&mut turn, 500).await.unwrap() > 0);
    // The first finds that another has gone on, and tells nothing.
    assert_eq!(office.world.issuer.redecide(&mut office.turn, 500).await.unwrap(), 0);
    assert_eq!(office.differences().await.len(), 2);
}
