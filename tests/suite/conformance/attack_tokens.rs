//! Tokens that public attack tools made.

use passport_shared::unverified::UnverifiedPassport;
use passport_tests::mint::{self, Bundle};
use passport_tests::places::outside_vectors;
use passport_verifier::{MaxAge, Request, Trust, Verifier};
use serde_json::Value;

#[test]
fn not_one_attack_token_is_allowed() {
    let Some(text) = outside_vectors("attack-tokens/cases.json") else { return };
    let data: Value = serde_json::from_str(&text).expect("json");
    let now = data["now"].as_i64().expect("a time");
    let cases = data["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 260);
    let key = mint::key("attacked");
    let issuer = "https://issuer.test";
    let bundle = Bundle { issuer, ..Bundle::of(&key) };
    let trusts = [bundle.trust(), Trust::from_key_set(issuer, mint::jwks(&[&key]).as_bytes()).expect("a set")];
    for case in cases {
        let token = case["token"].as_str().expect("a token");
        for trust in &trusts {
            for audience in ["verifier:test", ""] {
                let verifier = Verifier::new(trust.clone(), audience).with_max_key_age(MaxAge::Unlimited);
                for request in [Request::new("read").on("doc"), Request::new("read")] {
                    let decision = verifier.decide(token, &request, now);
                    assert!(!decision.is_allowed(), "{} was allowed", case["id"]);
                    assert!(
                        matches!(decision.reason().code(), "malformed_token" | "unsupported_token" | "unknown_key" | "bad_signature"),
                        "{}",
                        case["id"]
                    );
                }
                assert!(verifier.verify(token, now).is_err());
            }
        }
        // Whatever it says of itself, reading it does not panic.
        drop(UnverifiedPassport::read(token.as_bytes()));
    }
}
