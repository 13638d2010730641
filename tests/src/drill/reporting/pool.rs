//! What the events of all reporters are made of: decisions as JSON (docs/format.md, F3.8), but for what each event has of its
//! own.

use std::sync::Arc;

use passport_shared::constraint::Shown;
use passport_shared::decision::{DecisionRecord, Reason, Refusal, Unmet, Verdict};
use passport_shared::jose;
use passport_shared::key_set::KeyId;
use passport_shared::request::Request;
use passport_shared::scalar::Scalar;
use sha2::{Digest as _, Sha256};

use crate::generate::Gen;

const AGENTS: usize = 200;
const RESOURCES: usize = 20;
const ACTIONS: [&str; 5] = ["purchase", "refund", "read", "update", "ship"];
const VENDORS: [&str; 4] = ["coachella.com", "books.example", "flights.example", "office-supplies.example"];
const CURRENCIES: [&str; 3] = ["USD", "EUR", "GBP"];
/// Templates for each agent.
const EACH: usize = 10;
/// Stands in a template for what each event has of its own, as long as the real one.
const NO_REQUEST: &str = "req_00000000-0000-0000-0000-000000000000";
const NO_TIME: &str = "0000-00-00T00:00:00Z";

/// An event but for its number, hash, id and time; and its parts, for those who write rows themselves.
pub(super) struct Template {
    /// From after the request id to before the time.
    pub(super) members: String,
    pub(super) agent: String,
    pub(super) passport: String,
    pub(super) outcome: &'static str,
    pub(super) reason: &'static str,
    pub(super) action: &'static str,
    pub(super) resource: String,
}

/// What all reporters' events are made of: 200 agents, 5 actions, 20 resources; four in five are allowed.
pub(in super::super) struct Pool(Vec<Template>);

impl Pool {
    pub(in super::super) fn new(mut dice: Gen) -> Arc<Self> {
        let key = jose::encode(Sha256::digest("key")).parse().expect("a key id");
        let issuer = "https://issuer.example";
        let mut templates = Vec::with_capacity(AGENTS * EACH);
        for number in 0..AGENTS {
            let (agent, passport) = (format!("agent-{number}"), format!("pp_{}", uuid(&mut dice, 1_795_456_800_000)));
            templates.extend((0..EACH).map(|_| template(&mut dice, &agent, &passport, issuer, key)));
        }
        Arc::new(Self(templates))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn at(&self, place: usize) -> &Template {
        &self.0[place]
    }
}

fn template(dice: &mut Gen, agent: &str, passport: &str, issuer: &str, key: KeyId) -> Template {
    let (action, resource) = (*dice.pick(&ACTIONS), format!("commerce/shop-{}", dice.below(RESOURCES)));
    let amount = dice.below(50_000) as u64;
    let request = Request::new(action)
        .on(&resource)
        .with("vendor", *dice.pick(&VENDORS))
        .with("amount", amount)
        .with("currency", *dice.pick(&CURRENCIES))
        .with("order", format!("order-{:08}", dice.below(100_000_000)));
    let verdict = match dice.below(10) {
        0 => Verdict::Deny(Refusal {
            details: vec![Unmet {
                grant: 0,
                attribute: "amount".into(),
                operator: Some("max"),
                expected: Shown::One(Scalar::Text("500.00".into())),
                actual: Shown::One(Scalar::Text(amount.to_string().into())),
            }],
            ..Refusal::new(Reason::ConstraintUnmet, format!("`amount` is {amount}, over the maximum of 500.00"))
        }),
        1 => Verdict::Deny(Refusal::new(Reason::ActionNotGranted, format!("no grant allows `{action}` on `{resource}`"))),
        _ => Verdict::Allow { grant: dice.below(5) },
    };
    let record = DecisionRecord {
        request_id: Some(NO_REQUEST),
        allowed: matches!(verdict, Verdict::Allow { .. }),
        outcome: verdict.outcome(),
        reason: verdict.reason(),
        message: verdict.message(),
        details: verdict.details(),
        agent_id: Some(agent),
        passport_id: Some(passport),
        issuer: Some(issuer),
        key_id: Some(key),
        grant: verdict.grant(),
        approval_id: None,
        action: Some(action),
        resource: Some(&resource),
        attributes: request.attributes(),
        evaluated_at: Some(NO_TIME.to_owned()),
    };
    let json = serde_json::to_string(&record).expect("a decision is JSON");
    let members = json.strip_prefix(&format!(r#"{{"requestId":"{NO_REQUEST}"#)).expect("the id comes first");
    let members = members.strip_suffix(&format!(r#"{NO_TIME}"}}"#)).expect("the time comes last").to_owned();
    let (outcome, reason) = (verdict.outcome().code(), verdict.reason().code());
    Template { members, agent: agent.to_owned(), passport: passport.to_owned(), outcome, reason, action, resource }
}

/// A UUID of version 7, hyphenated.
pub(super) fn uuid(dice: &mut Gen, millis: u64) -> String {
    let (high, low) = (dice.next_u64(), dice.next_u64());
    let bits = u128::from(millis) << 80 | u128::from(high & 0xfff | 0x7000) << 64 | u128::from(low >> 2 | 1 << 63);
    let mut text = String::with_capacity(36);
    for (digit, shift) in (0..32).zip((0..128).step_by(4).rev()) {
        if [8, 12, 16, 20].contains(&digit) {
            text.push('-');
        }
        text.push(char::from(b"0123456789abcdef"[(bits >> shift & 0xf) as usize]));
    }
    text
}
