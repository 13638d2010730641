//! Every passport that the issuer has handed out in a campaign, and what the oracle says of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use passport_verifier::{Clock as _, Request, SystemClock};
use serde_json::{Value, json};

use super::fate::Fate;
use crate::oracle::{self, KeyState, StatusAnswer, World};
use crate::process::Client;

/// The service that all passports are for.
pub(super) const AUDIENCE: &str = "https://shop.example";

/// What is asked of a verifier: one request for each way that a decision can end.
const REQUESTS: [&str; 6] = [
    r#"{"action": "purchase", "resource": "commerce", "amount": 5}"#,
    r#"{"action": "purchase", "resource": "commerce", "amount": "500.01"}"#,
    r#"{"action": "refund", "resource": "commerce"}"#,
    r#"{"action": "purchase", "resource": "warehouse"}"#,
    r#"{"action": "delete", "resource": "commerce"}"#,
    r#"{"resource": "commerce"}"#,
];

/// A passport that was handed out.
pub(super) struct Issued {
    pub(super) token: String,
    pub(super) id: String,
    pub(super) key_id: String,
    pub(super) fate: Arc<Fate>,
    /// The oracle's reason for each request, while nothing is taken back.
    live: Vec<&'static str>,
    /// The oracle's reason once it is.
    pub(super) gone: &'static str,
}

impl Issued {
    /// The oracle's reason for the request of this number, while nothing is taken back.
    pub(super) fn live(&self, request: usize) -> &'static str {
        self.live[request]
    }
}

/// The requests, parsed as a service parses them.
pub(super) fn requests() -> Vec<Request> {
    REQUESTS.iter().map(|request| Request::parse(request.as_bytes())).collect()
}

/// Whether it is the passport or its key that this campaign takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taking {
    Passports,
    Keys,
}

/// Has a passport issued, and asks the oracle about it.
pub(super) fn issue(admin: &Client, issuer: &str, taking: Taking, fate: impl FnOnce(&str) -> Arc<Fate>) -> Issued {
    let grants = json!([
        {"resource": "commerce", "allowedActions": ["purchase"], "constraints": {"amount": {"max": "500.00"}}},
        {"resource": "commerce", "allowedActions": ["refund"], "requiresApproval": true},
    ]);
    let order = json!({"agentId": "ollie", "audience": [AUDIENCE], "grants": grants, "expiresIn": 7_200});
    let answer = admin.post("/v1/passports", &order);
    let text = |name: &str| answer[name].as_str().map(str::to_owned).expect("a string");
    let (token, key_id) = (text("passport"), text("keyId"));
    let reason = |request: &str, key, status| {
        let world = World {
            issuer,
            audience: AUDIENCE,
            keys: &[(key_id.as_str(), key)],
            keys_age: Some(0),
            status,
            max_token_bytes: 8_192,
            leeway: 30,
            require_resource: false,
        };
        // That the issuer signs what it hands out is not what is asked here.
        oracle::decide(&world, token.as_bytes(), &|_, _, _| true, request.as_bytes(), SystemClock.now()).reason
    };
    let live = REQUESTS.map(|request| reason(request, KeyState::Known, StatusAnswer::Valid)).to_vec();
    let ends: BTreeSet<_> = live.iter().collect();
    assert_eq!(ends.len(), REQUESTS.len(), "each request is there for another end: {live:?}");
    let gone = match taking {
        Taking::Passports => reason(REQUESTS[0], KeyState::Known, StatusAnswer::Revoked),
        Taking::Keys => reason(REQUESTS[0], KeyState::Revoked, StatusAnswer::Valid),
    };
    Issued { fate: fate(&key_id), id: text("passportId"), token, key_id, live, gone }
}

/// The ids of the keys in this state.
pub(super) fn keys(list: &Value, state: &str) -> Vec<String> {
    let keys = list["items"].as_array().expect("a list");
    keys.iter().filter(|key| key["state"] == state).map(|key| key["keyId"].as_str().expect("a string").to_owned()).collect()
}
