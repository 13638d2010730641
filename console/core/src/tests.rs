use passport_keys::SigningKey;
use passport_shared::jose::{Algorithm, TokenType};
use passport_shared::key_set::{KeyId, KeySet};
use passport_shared::status_list::StatusList;
use passport_shared::trust_bundle::NewTrustBundleClaims;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_700_000_100;
const ISSUER: &str = "https://issuer.example";
const SHOP: &str = "https://shop.example";
const LIST: &str = "https://issuer.example/v1/status/1";

fn say(call: &Value) -> Value {
    serde_json::from_str(&answer(&call.to_string())).expect("json")
}

fn done(call: &Value) -> Value {
    let mut answer = say(call);
    assert_eq!(answer.get("failed"), None);
    answer["done"].take()
}

fn failed(call: &Value) -> String {
    say(call)["failed"]["message"].as_str().expect("it fails").to_owned()
}

/// An issuer, whose bundle says that the passport with the index 1 was revoked.
struct Issuer(SigningKey);

impl Issuer {
    fn new() -> Self {
        Self(SigningKey::generate(&mut rand::rng()))
    }

    fn passport(&self, index: u64) -> String {
        let claims = json!({
            "iss": ISSUER, "sub": "ollie", "aud": [SHOP], "iat": 1_700_000_000, "exp": 1_700_003_600, "jti": "pp_1",
            "status": {"status_list": {"idx": index, "uri": LIST}},
            "authorization_details": [
                {"type": "permission_passport", "resource": "commerce", "allowedActions": ["purchase"], "constraints": {"amount": {"max": 500}}},
                {"type": "permission_passport", "resource": "drive/*", "allowedActions": ["read"], "requiresApproval": true},
            ],
            "hiddenAttributes": [{"resource": "commerce", "sensitive": ["card"]}],
        });
        self.0.sign_token(TokenType::Passport, Algorithm::EdDsa, claims.to_string().as_bytes())
    }

    fn bundle(&self) -> String {
        let lst = StatusList::new(64, [1]).encode();
        let list = json!({"sub": LIST, "iat": NOW, "status_list": {"bits": 1, "lst": lst}});
        let list = self.0.sign_token(TokenType::StatusList, Algorithm::EdDsa, list.to_string().as_bytes());
        let keys = KeySet { keys: vec![self.0.public().clone()] };
        let claims = NewTrustBundleClaims {
            issuer: ISSUER,
            issued_at: NOW,
            expires_at: NOW + 86_400,
            sequence: 7,
            jwks: &keys,
            revoked_keys: &[] as &[KeyId],
            status_lists: &[list],
            endorsements: &[],
        };
        self.0.sign_token(TokenType::TrustBundle, Algorithm::EdDsa, &serde_json::to_vec(&claims).expect("json"))
    }

    fn decide(&self, index: u64, now: i64, request: &Value) -> Value {
        done(&json!({"decide": {
            "token": self.passport(index), "trust": self.bundle(), "audience": SHOP, "now": now, "request": request.to_string(),
        }}))
    }
}

fn steps(answer: &Value) -> Vec<&str> {
    answer["steps"].as_array().expect("steps").iter().map(|step| step["came"].as_str().expect("a word")).collect()
}

#[test]
fn a_token_is_taken_apart_with_its_grants_in_words() {
    let token = Issuer::new().passport(3);
    let apart = done(&json!({"takeApart": {"token": token, "now": NOW}}));
    assert_eq!(apart["bytes"], token.len());
    assert_eq!((&apart["kind"], &apart["problem"]), (&json!("passport+jwt"), &Value::Null));
    let sizes: u64 = apart["parts"].as_array().expect("parts").iter().map(|part| part["bytes"].as_u64().expect("a size")).sum();
    assert_eq!(usize::try_from(sizes + 2), Ok(token.len()), "all of it, and two dots");
    let claims = &apart["passport"];
    assert_eq!((&claims["agentId"], &claims["expiresAt"], &claims["untimely"]), (&json!("ollie"), &json!(1_700_003_600), &Value::Null));
    assert_eq!(claims["grants"][0]["may"], "`purchase` on `commerce`, with `amount` at most 500");
    assert_eq!(claims["grants"][1]["json"]["resource"], "drive/*");
    assert_eq!(claims["hides"], json!(["hides `card` of requests on `commerce`"]));
    let late = done(&json!({"takeApart": {"token": token, "now": 1_700_003_600}}));
    assert_eq!(late["passport"]["untimely"]["reason"], "expired");
}

#[test]
fn what_is_no_passport_is_taken_apart_as_far_as_that_goes() {
    let issuer = Issuer::new();
    let bundle = done(&json!({"takeApart": {"token": issuer.bundle(), "now": NOW}}));
    assert_eq!((&bundle["kind"], &bundle["passport"]), (&json!("passport-trust+jwt"), &Value::Null));
    assert_eq!(bundle["problem"], "the token's `typ` is not `passport+jwt`");
    let half = done(&json!({"takeApart": {"token": "eyJhbGciOiJub25lIn0.%%%", "now": NOW}}));
    assert_eq!(half["parts"], json!([{"bytes": 19, "text": "{\"alg\":\"none\"}"}, {"bytes": 3, "text": null}]));
    assert_eq!(half["problem"], "the token does not have three parts with a dot between them");
    let long = done(&json!({"takeApart": {"token": "a".repeat(65_537), "now": NOW}}));
    assert_eq!((&long["parts"], long["problem"].is_string()), (&json!([]), true));
}

#[test]
fn each_step_is_told_up_to_the_one_that_fails() {
    let issuer = Issuer::new();
    let request = json!({"action": "purchase", "resource": "commerce", "amount": 20});
    let good = issuer.decide(3, NOW, &request);
    assert_eq!(steps(&good), ["passed"; 8]);
    assert_eq!((&good["decision"]["outcome"], &good["httpStatus"]), (&json!("allow"), &json!(200)));
    let revoked = issuer.decide(1, NOW, &request);
    assert_eq!(steps(&revoked), [&["passed"; 7][..], &["failed"]].concat());
    assert_eq!((&revoked["reason"], &revoked["verified"], &revoked["grants"]), (&json!("revoked"), &json!(false), &json!([])));
    let late = issuer.decide(3, 1_700_003_600, &request);
    assert_eq!(steps(&late), [&["passed"; 6][..], &["failed", "not_reached"]].concat());
    let other = done(&json!({"decide": {"token": Issuer::new().passport(3), "trust": issuer.bundle(), "now": NOW}}));
    assert_eq!((&other["reason"], &other["signatureHolds"]), (&json!("unknown_key"), &json!(false)));
    assert_eq!(steps(&other), [&["passed"; 2][..], &["failed"], &["not_reached"; 5]].concat());
}

#[test]
fn a_request_is_decided_and_each_grant_says_why() {
    let issuer = Issuer::new();
    let dear = issuer.decide(3, NOW, &json!({"action": "purchase", "resource": "commerce", "amount": 742}));
    assert_eq!((&dear["decision"]["reason"], &dear["httpStatus"]), (&json!("constraint_unmet"), &json!(403)));
    assert_eq!(dear["grants"][0]["unmet"][0]["message"], "`amount` is 742, over the maximum of 500");
    assert_eq!(dear["grants"][1]["says"], "other_resource");
    let asked = issuer.decide(3, NOW, &json!({"action": "read", "resource": "drive/q3"}));
    assert_eq!((&asked["decision"]["outcome"], &asked["decision"]["grant"]), (&json!("approval_required"), &json!(1)));
}

#[test]
fn an_expired_bundle_is_believed_only_for_a_time_given_by_hand() {
    let issuer = Issuer::new();
    let call =
        |by_hand: bool| json!({"decide": {"token": issuer.passport(3), "trust": issuer.bundle(), "now": NOW + 90_000, "byHand": by_hand}});
    let by_clock = done(&call(false));
    assert_eq!((&by_clock["reason"], &by_clock["trust"]["bundle"]["expired"]), (&json!("keys_unavailable"), &json!(true)));
    assert_eq!(done(&call(true))["reason"], "expired", "the passport's own end still counts");
}

#[test]
fn a_key_set_needs_its_issuer_and_knows_of_no_revocation() {
    let issuer = Issuer::new();
    let jwks = serde_json::to_string(&KeySet { keys: vec![issuer.0.public().clone()] }).expect("json");
    assert!(failed(&json!({"trust": {"trust": jwks, "now": NOW}})).contains("name the issuer"));
    let told = done(&json!({"trust": {"trust": jwks, "issuer": ISSUER, "now": NOW}}));
    assert_eq!((&told["issuer"], &told["bundle"]), (&json!(ISSUER), &Value::Null));
    assert!(failed(&json!({"trust": {"trust": issuer.bundle(), "issuer": SHOP, "now": NOW}})).contains("not of `https://shop.example`"));
    assert!(failed(&json!({"trust": {"trust": "nonsense", "now": NOW}})).contains("neither a trust bundle nor a JWK set"));
}

#[test]
fn grants_without_a_token_are_described_and_tried() {
    let grants = r#"[{"resource":"drive/**","allowedActions":["read"],"blockedActions":["delete"]}]"#;
    let words = done(&json!({"describe": {"grants": grants, "now": NOW}}));
    assert_eq!((&words[0]["may"], &words[0]["mustNot"]), (&json!("`read` on `drive/**`"), &json!("`delete` on `drive/**`")));
    let tried = done(
        &json!({"explain": {"grants": grants, "request": r#"{"action":"delete","resource":"drive/q3","agentId":"ollie"}"#, "now": NOW}}),
    );
    assert_eq!((&tried["reason"], &tried["grants"][0]["says"]), (&json!("action_blocked"), &json!("blocks")));
    let faults = say(&json!({"describe": {"grants": r#"[{"resource":"a//b","allowedActions":[]}]"#, "now": NOW}}));
    assert_eq!(faults["failed"]["faults"][0]["pointer"], "/0/resource");
}

#[test]
fn a_claim_that_nobody_has_verified_is_tried_without_trust() {
    let token = Issuer::new().passport(1);
    let call = |now: i64| json!({"explain": {"token": token, "request": r#"{"action":"read","resource":"drive/q3"}"#, "now": now}});
    assert_eq!(done(&call(NOW))["outcome"], "approval_required");
    assert_eq!(done(&call(1_700_003_600))["reason"], "expired");
    assert!(failed(&call(-1)).contains("outside the years"));
    assert!(failed(&json!({"explain": {"request": "{}", "now": NOW}})).contains("either"));
}

/// The log of one entry, with its key: the smallest proof that there is.
#[test]
fn a_proof_file_proves_and_a_changed_one_does_not() {
    use passport_keys::{FileVault, KeyDir, LogKey, Protection};
    use passport_shared::log::checkpoint::Checkpoint;
    use passport_shared::log::entry::Entry;
    use passport_shared::log::merkle::leaf_hash;
    use passport_shared::log::proof_file::Proof;

    let directory = tempfile::tempdir().expect("a directory");
    let files = KeyDir::open(directory.path().join("log-key"), Protection::PlainForDevelopment).expect("opened");
    let key = LogKey::create(std::sync::Arc::new(FileVault::new(files)), "issuer.example/log", &mut rand::rng()).expect("made");
    let body = r#"{"requestId":"req_3","allowed":false}"#;
    let entry = Entry { event_id: "evt_1".into(), outcome: Some("deny".into()), body_hash: Entry::hash_of(body), ..Entry::default() };
    let entry = entry.to_text().expect("short");
    let checkpoint = Checkpoint::new("issuer.example/log", 1, leaf_hash(entry.as_bytes())).expect("sound");
    let proof =
        Proof { checkpoint: key.sign(&checkpoint).expect("signed"), index: 0, entry, hashes: Vec::new(), body: Some(body.to_owned()) };
    let file = proof.to_json();
    let call = |file: &str| json!({"prove": {"proof": file, "key": key.verifier_key().to_string()}});
    let proved = done(&call(&file));
    assert_eq!((&proved["proved"], &proved["eventId"], &proved["outcome"]), (&json!(true), &json!("evt_1"), &json!("deny")));
    assert_eq!((&proved["size"], &proved["body"]), (&json!(1), &json!(body)));
    let changed = done(&call(&file.replace("req_3", "req_4")));
    assert_eq!((&changed["proved"], &changed["eventId"]), (&json!(false), &Value::Null));
    assert!(failed(&json!({"prove": {"proof": file, "key": "nonsense"}})).starts_with("the log's key: "));
}

#[test]
fn there_is_an_answer_to_any_text() {
    for text in
        ["", "{", "[]", "null", r#""decide""#, r#"{"decide":{}}"#, r#"{"sign":{}}"#, r#"{"takeApart":{"token":1,"now":2}}"#, "\u{0}"]
    {
        let said: Value = serde_json::from_str(&answer(text)).expect("json");
        assert!(said["failed"]["message"].as_str().is_some_and(|message| message.starts_with("the call cannot be read")), "{text}: {said}");
    }
    let deep = answer(&format!("{{\"decide\":{}", "[".repeat(200_000)));
    assert!(deep.contains("failed"));
    for now in [i64::MIN, -1, i64::MAX] {
        let apart = done(&json!({"takeApart": {"token": Issuer::new().passport(3), "now": now}}));
        assert_eq!(apart["passport"]["agentId"], "ollie");
        assert_eq!(Issuer::new().decide(3, now, &json!({}))["reason"], "clock_untrusted");
    }
}

#[test]
fn a_call_over_the_bound_is_not_read() {
    let long = format!(r#"{{"describe":{{"grants":"{}","now":1}}}}"#, " ".repeat(CALL_BYTES));
    assert!(answer(&long).contains("more than 25165824 bytes"));
}
