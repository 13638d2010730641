//! The decision agrees with the oracle on generated passports and requests, over real tokens and a real verifier.

use std::collections::BTreeMap;

use passport_shared::jose;
use passport_shared::status_list::StatusList;
use passport_tests::generate::{AUDIENCE, Gen, ISSUER};
use passport_tests::mint::{self, Bundle};
use passport_tests::oracle::{self, KeyState, Outcome, StatusAnswer, World};
use passport_verifier::{Decision, MaxAge, Request, ResourcePolicy, Verifier};

/// Cases for each of the two halves that run side by side.
const CASES: usize = 105_000;

const LIST: &str = "https://issuer.example/v1/status/1";
const LIST_SIZE: usize = 1 << 20;

#[test]
fn two_implementations_agree_on_the_first_half_of_the_cases() {
    agree(1, ResourcePolicy::MayOmit);
}

#[test]
fn two_implementations_agree_on_the_second_half_of_the_cases() {
    agree(2, ResourcePolicy::MustName);
}

fn agree(seed: u64, policy: ResourcePolicy) {
    // Another seed for other cases: the one here only makes a failure repeatable.
    let seed = std::env::var("PASSPORT_TEST_SEED")
        .ok()
        .and_then(|text| text.parse::<u64>().ok())
        .map_or(seed, |base| base.wrapping_mul(2).wrapping_add(seed));
    let key = mint::key("oracle");
    let kid = key.id().to_string();
    let verifiers = [StatusAnswer::Valid, StatusAnswer::Revoked, StatusAnswer::Unavailable].map(|status| {
        let lists = match status {
            StatusAnswer::Valid => vec![StatusList::new(LIST_SIZE, [])],
            StatusAnswer::Revoked => vec![StatusList::new(LIST_SIZE, 0..1 << 20)],
            StatusAnswer::Unavailable => vec![],
        };
        let lists = lists.iter().map(|list| mint::status_list(&key, LIST, list, 0)).collect();
        let verifier = Verifier::new(Bundle { lists, ..Bundle::of(&key) }.trust(), AUDIENCE)
            .with_max_key_age(MaxAge::Unlimited)
            .with_max_status_age(MaxAge::Unlimited)
            .with_resource_policy(policy);
        (status, verifier)
    });
    let mut generator = Gen::new(seed);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for case in 0..CASES {
        let (claims, request, now) = generator.case();
        let status = generator.status();
        let token = mint::passport(&key, &claims);
        let (_, verifier) = verifiers.iter().find(|(answer, _)| *answer == status).expect("each answer has one");
        let parsed = Request::parse(request.as_bytes());
        let decision = verifier.decide(&token, &parsed, now);
        let world = World {
            issuer: ISSUER,
            audience: AUDIENCE,
            keys: &[(kid.as_str(), KeyState::Known)],
            keys_age: None,
            status: if names_our_list(&claims) { status } else { StatusAnswer::Unavailable },
            max_token_bytes: 8192,
            leeway: 30,
            require_resource: policy == ResourcePolicy::MustName,
        };
        let check = |asked: &str, input: &[u8], signature: &[u8]| asked == kid && signature == key.sign(input);
        let expected = oracle::decide(&world, token.as_bytes(), &check, request.as_bytes(), now);
        assert_eq!(
            told(&decision),
            expected,
            "case {case} of seed {seed}\nclaims {claims}\nrequest {request}\nnow {now}\nours says: {}",
            decision.record().message
        );
        *reasons.entry(expected.reason).or_default() += 1;
    }
    println!("{CASES} cases of seed {seed}: {reasons:?}");
    assert!(reasons.len() >= 19, "the generator reaches too few reasons: {reasons:?}");
}

/// Whether the status that these claims name can be looked up at all: the generator damages it now and then.
fn names_our_list(claims: &str) -> bool {
    let claims: serde_json::Value = serde_json::from_str(claims).unwrap_or_default();
    let entry = &claims["status"]["status_list"];
    entry["uri"] == LIST && entry["idx"].as_u64().is_some_and(|index| index < 1 << 20)
}

/// Our decision in the oracle's terms.
fn told(decision: &Decision<'_>) -> oracle::Verdict {
    let outcome = match decision {
        Decision::Allow(_) => Outcome::Allow,
        Decision::Deny(_) => Outcome::Deny,
        Decision::NeedsApproval(_) => Outcome::ApprovalRequired,
    };
    let unmet = |clause: &passport_verifier::Unmet| oracle::Unmet {
        grant: clause.grant,
        attribute: clause.attribute.to_string(),
        operator: clause.operator.map(str::to_owned),
    };
    oracle::Verdict {
        outcome,
        reason: decision.reason().code(),
        grant: decision.grant(),
        details: decision.details().iter().map(unmet).collect(),
    }
}

/// Damage to the token itself, which the claims' generator does not do.
#[test]
fn two_implementations_agree_on_damaged_tokens() {
    let key = mint::key("oracle");
    let revoked = mint::key("oracle, revoked");
    let kids = [key.id().to_string(), revoked.id().to_string()];
    let trust = Bundle { revoked: vec![&revoked], ..Bundle::of(&key) }.trust();
    let verifier = Verifier::new(trust, AUDIENCE).with_max_key_age(MaxAge::Unlimited).with_max_token_bytes(1_500);
    let world = World {
        issuer: ISSUER,
        audience: AUDIENCE,
        keys: &[(kids[0].as_str(), KeyState::Known), (kids[1].as_str(), KeyState::Revoked)],
        keys_age: None,
        status: StatusAnswer::Unavailable,
        max_token_bytes: 1_500,
        leeway: 30,
        require_resource: false,
    };
    let mut generator = Gen::new(7);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..20_000 {
        let (claims, request, now) = generator.case();
        let signer = if generator.chance(50) { &revoked } else { &key };
        let token = damaged(&mut generator, signer, &claims);
        let check = |asked: &str, input: &[u8], signature: &[u8]| asked == kids[0] && signature == key.sign(input);
        let expected = oracle::decide(&world, &token, &check, request.as_bytes(), now);
        let parsed = Request::parse(request.as_bytes());
        let decision = verifier.decide(&token, &parsed, now);
        assert_eq!(told(&decision), expected, "token {}\nrequest {request}\nnow {now}", String::from_utf8_lossy(&token));
        *reasons.entry(expected.reason).or_default() += 1;
    }
    for reason in ["malformed_token", "unsupported_token", "unknown_key", "key_revoked", "bad_signature", "granted"] {
        assert!(reasons.get(reason).is_some_and(|count| *count > 50), "{reason} is too rare in {reasons:?}");
    }
}

fn damaged(generator: &mut Gen, key: &passport_keys::SigningKey, claims: &str) -> Vec<u8> {
    let kid = key.id();
    let headers = [
        mint::header(kid),
        mint::header(kid).replace("EdDSA", "Ed25519"),
        mint::header(kid).replace("passport+jwt", "APPLICATION/Passport+JWT"),
        mint::header(kid).replace("EdDSA", "none"),
        mint::header(kid).replace("passport+jwt", "JWT"),
        mint::header(kid).replace("\"kid\"", "\"x5u\":\"https://evil.example\",\"kid\""),
        mint::header(kid).replace("\"alg\"", "\"alg\":\"none\",\"alg\""),
        mint::header(kid).replacen(kid.as_str(), "another", 1),
        mint::header(kid).replacen(kid.as_str(), "", 1),
        "{}".to_owned(),
        "[]".to_owned(),
    ];
    let header = if generator.chance(600) { &headers[0] } else { generator.pick(&headers) };
    let mut token = mint::raw(key, header, claims).into_bytes();
    match generator.below(10) {
        0 => {
            let at = generator.below(token.len());
            token[at] ^= 1 << generator.below(8);
        }
        1 => token.truncate(generator.below(token.len())),
        2 => token.extend_from_slice([b".".as_slice(), b"=", b"\n", b"AA", b" "][generator.below(5)]),
        3 => {
            // A signature of something else.
            let other = jose::encode(key.sign(b"something else"));
            let start = token.len() - other.len();
            token.truncate(start);
            token.extend_from_slice(other.as_bytes());
        }
        _ => {}
    }
    token
}
