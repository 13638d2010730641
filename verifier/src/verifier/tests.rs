use super::*;
use crate::fixture::{AUDIENCE, ISSUER, LIST, NOW, bundle, claims, jwks, key, list, passport};
use crate::{ResourcePolicy, SignatureMethod};
use passport_keys::SigningKey;

fn verifier(key: &SigningKey, revoked: &[u64]) -> Verifier {
    let token = bundle(key, &[key], &[], &[list(key, revoked, NOW)], 1, NOW);
    Verifier::new(Trust::from_bundle(token.as_bytes(), NOW).expect("a bundle"), AUDIENCE)
}

fn purchase() -> Request {
    Request::new("purchase").on("commerce")
}

fn reason(verifier: &Verifier, token: &str, now: i64) -> &'static str {
    verifier.decide(token, &purchase(), now).reason().code()
}

#[test]
fn the_first_failure_decides_in_the_contracts_order() {
    let (signer, other) = (key(), key());
    let verifier = verifier(&signer, &[7]);
    let good = claims(Some(3));
    let told = |token: &str| reason(&verifier, token, NOW);
    assert_eq!(told(&passport(&signer, &good)), "granted");
    assert_eq!(told("a.b"), "malformed_token");
    assert_eq!(
        told(&signer.sign_token(TokenType::StatusList, passport_shared::jose::Algorithm::EdDsa, good.as_bytes())),
        "unsupported_token"
    );
    assert_eq!(told(&passport(&other, &good)), "unknown_key");
    let (start, _) = passport(&signer, &good).rsplit_once('.').map(|(start, end)| (start.to_owned(), end.to_owned())).expect("dots");
    assert_eq!(told(&format!("{start}.{}", passport_shared::jose::encode(other.sign(start.as_bytes())))), "bad_signature");
    assert_eq!(told(&passport(&signer, "{}")), "malformed_token");
    assert_eq!(told(&passport(&signer, &good.replace(ISSUER, "https://issuer.example.evil"))), "wrong_issuer");
    assert_eq!(told(&passport(&signer, &good.replace(AUDIENCE, "https://shop.example/"))), "wrong_audience");
    assert_eq!(told(&passport(&signer, &good.replace("\"iat\":1700000000", "\"iat\":1700000131"))), "not_yet_valid");
    assert_eq!(told(&passport(&signer, &good.replace("\"exp\":1700003600", "\"exp\":1700000100"))), "expired");
    assert_eq!(told(&passport(&signer, &claims(Some(64)))), "status_unavailable");
    assert_eq!(told(&passport(&signer, &claims(Some(7)))), "revoked");
    assert_eq!(told(&passport(&signer, &good.replace("\"jti\"", "\"cnf\":{\"jkt\":\"x\"},\"jti\""))), "proof_required");
    assert_eq!(reason(&verifier, &passport(&signer, &good), -1), "clock_untrusted");
    assert_eq!(reason(&verifier, &passport(&signer, &good), passport_shared::limits::TIME_MAX + 1), "clock_untrusted");
}

#[test]
fn each_setting_is_read_on_both_sides_of_its_boundary() {
    let signer = key();
    let verifier = verifier(&signer, &[]);
    let with_status = passport(&signer, &claims(Some(3)));
    let without = passport(&signer, &claims(None));
    let long = passport(&signer, &claims(None).replace("1700003600", "1800000000"));
    assert_eq!(reason(&verifier.clone().with_max_token_bytes(without.len()), &without, NOW), "granted");
    assert_eq!(reason(&verifier.clone().with_max_token_bytes(without.len() - 1), &without, NOW), "malformed_token");
    let aged = verifier.clone().with_max_key_age(MaxAge::Seconds(100));
    assert_eq!(reason(&aged, &without, NOW + 100), "granted");
    assert_eq!(reason(&aged, &without, NOW + 101), "keys_unavailable");
    assert_eq!(reason(&verifier, &long, NOW + 86_400), "granted");
    assert_eq!(reason(&verifier, &long, NOW + 86_401), "keys_unavailable");
    assert_eq!(reason(&verifier.clone().with_max_key_age(MaxAge::Unlimited), &long, NOW + 86_401), "granted");
    let stale = verifier.clone().with_max_status_age(MaxAge::Seconds(10));
    assert_eq!(reason(&stale, &with_status, NOW + 10), "granted");
    assert_eq!(reason(&stale, &with_status, NOW + 11), "status_unavailable");
    assert_eq!(reason(&stale.with_status_policy(StatusPolicy::AllowUnavailable), &with_status, NOW + 11), "granted");
    let strict = verifier.clone().with_leeway(0);
    assert_eq!(reason(&strict, &without, 1_700_000_000), "granted");
    assert_eq!(reason(&strict, &without, 1_699_999_999), "not_yet_valid");
    assert_eq!(reason(&verifier, &without, 1_699_999_970), "granted");
    assert_eq!(reason(&verifier, &without, 1_699_999_969), "not_yet_valid");
    let demanding = verifier.with_resource_policy(ResourcePolicy::MustName);
    assert_eq!(demanding.decide(&without, &Request::new("purchase"), NOW).reason(), Reason::InvalidRequest);
    assert_eq!(reason(&demanding, &without, NOW), "granted");
}

#[test]
fn what_changed_since_the_first_look_is_looked_at_again() {
    let (signer, next) = (key(), key());
    let verifier = verifier(&signer, &[]);
    let held = verifier.verify(passport(&signer, &claims(Some(3))), NOW).expect("verified");
    let request = purchase();
    let told = |now| held.decide(&request, now).reason().code();
    assert_eq!(told(NOW), "granted");
    assert_eq!(told(1_700_003_600), "expired");
    assert_eq!(told(-5), "clock_untrusted");
    let replace = |revoked_keys: &[&SigningKey], keys: &[&SigningKey], signer: &SigningKey, revoked: &[u64]| {
        let token = bundle(signer, keys, revoked_keys, &[list(signer, revoked, NOW)], 2, NOW);
        verifier.replace_trust(Trust::from_bundle(token.as_bytes(), NOW).expect("a bundle"));
    };
    replace(&[], &[&signer, &next], &next, &[3]);
    assert_eq!(told(NOW), "revoked");
    replace(&[&signer], &[&next], &next, &[]);
    assert_eq!(told(NOW), "key_revoked");
    replace(&[], &[&next], &next, &[]);
    assert_eq!(told(NOW), "unknown_key");
    replace(&[], &[&signer], &signer, &[]);
    assert_eq!(told(NOW), "granted");
}

#[test]
fn nothing_of_a_token_is_told_before_its_signature_was_good() {
    let (signer, other) = (key(), key());
    let verifier = verifier(&signer, &[]);
    let request = purchase().identified("req_7");
    let forged = verifier.decide(passport(&other, &claims(None)), &request, NOW);
    let json = serde_json::to_value(forged.record()).expect("json");
    for name in ["agentId", "passportId", "issuer", "keyId", "grant"] {
        assert!(json[name].is_null(), "{name} is told");
    }
    assert_eq!((json["requestId"].as_str(), json["action"].as_str()), (Some("req_7"), Some("purchase")));
    assert!(!json.to_string().contains(other.id().as_str()));
    let good = verifier.decide(passport(&signer, &claims(None)), &request, NOW);
    let json = serde_json::to_value(good.record()).expect("json");
    assert_eq!(
        (json["agentId"].as_str(), json["passportId"].as_str(), json["keyId"].as_str()),
        (Some("agent"), Some("pp_1"), Some(signer.id().as_str()))
    );
    assert_eq!(
        (json["allowed"].as_bool(), json["evaluatedAt"].as_str(), json["grant"].as_u64()),
        (Some(true), Some("2023-11-14T22:15:00Z"), Some(0))
    );
}

#[test]
fn a_request_that_is_not_well_formed_is_not_repeated() {
    let signer = key();
    let verifier = verifier(&signer, &[]);
    let request = Request::parse(br#"{"action":"purchase","a":null,"b":"secret"}"#);
    let decision = verifier.decide(passport(&signer, &claims(None)), &request, NOW);
    let json = serde_json::to_string(&decision.record()).expect("json");
    assert!(json.contains(r#""reason":"invalid_request""#) && json.contains(r#""action":null"#) && !json.contains("secret"), "{json}");
}

#[test]
fn a_plain_key_set_knows_no_status_and_has_no_age() {
    let signer = key();
    let verifier = Verifier::new(Trust::from_key_set(ISSUER, &jwks(&[&signer])).expect("a set"), AUDIENCE);
    assert_eq!(reason(&verifier, &passport(&signer, &claims(None)), NOW), "granted");
    assert_eq!(reason(&verifier, &passport(&signer, &claims(Some(3))), NOW), "status_unavailable");
    let far = claims(None).replace("1700003600", "9999999999");
    assert_eq!(reason(&verifier, &passport(&signer, &far), 9_999_999_998), "granted");
    let empty = Verifier::new(Trust::from_key_set(ISSUER, br#"{"keys":[]}"#).expect("a set"), AUDIENCE);
    assert_eq!(reason(&empty, &passport(&signer, &claims(None)), NOW), "keys_unavailable");
    assert!(LIST.starts_with(ISSUER));
}

#[test]
fn an_answer_over_http_says_who_is_at_fault() {
    let signer = key();
    let verifier = verifier(&signer, &[]);
    let token = passport(&signer, &claims(None));
    let problem = |token: &str, request: &Request| {
        let decision = verifier.decide(token, request, NOW);
        let problem = decision.problem();
        (problem.status(), problem.challenge(), problem.retry_after(), serde_json::to_value(&problem).expect("json"))
    };
    let (status, challenge, retry, json) = problem(&token, &Request::new("refund").on("commerce"));
    assert_eq!((status, challenge, retry), (403, Some(r#"Bearer error="insufficient_scope""#), None));
    assert_eq!(
        (json["code"].as_str(), json["reason"].as_str(), json["status"].as_u64()),
        (Some("action_not_granted"), Some("action_not_granted"), Some(403))
    );
    assert_eq!(json["detail"], json["message"]);
    let (status, challenge, ..) = problem("x", &purchase());
    assert_eq!((status, challenge), (401, Some(r#"Bearer error="invalid_token""#)));
    let (status, challenge, ..) = problem(&token, &Request::new(""));
    assert_eq!((status, challenge), (400, None));
    verifier.replace_trust(Trust::from_key_set(ISSUER, br#"{"keys":[]}"#).expect("a set"));
    let (status, _, retry, _) = problem(&token, &purchase());
    assert_eq!((status, retry), (503, Some(5)));
}

#[test]
fn what_is_refused_never_enters_the_cache_and_pushes_nothing_out() {
    let (signer, other) = (key(), key());
    let verifier = verifier(&signer, &[7]).with_cache(7, 1 << 20);
    let good: Vec<_> = (0..7).map(|n| passport(&signer, &claims(Some(3)).replace("pp_1", &format!("pp_{n}")))).collect();
    for token in &good {
        assert_eq!(reason(&verifier, token, NOW), "granted");
    }
    let full = verifier.cache_stats();
    assert_eq!(full.passports, 7);
    for n in 0..200 {
        let forged = passport(&other, &claims(Some(3)).replace("pp_1", &format!("pp_{n}")));
        let revoked = passport(&signer, &claims(Some(7)).replace("pp_1", &format!("pp_{n}")));
        let elsewhere = passport(&signer, &claims(Some(3)).replace(AUDIENCE, &format!("https://{n}.example")));
        let (cut, _) = good[n % 7].split_at(good[n % 7].len() - 1);
        for bad in [&*forged, &*revoked, &*elsewhere, cut] {
            assert_ne!(reason(&verifier, bad, NOW), "granted");
        }
    }
    assert_eq!(verifier.cache_stats(), full);
    // Nobody was pushed out: all seven are found, so that no signature is checked again.
    assert!(good.iter().all(|token| verifier.cache.as_ref().is_some_and(|cache| cache.find(token.as_bytes(), NOW).is_some())));
}

#[test]
fn a_remembered_passport_is_decided_on_as_if_it_were_new() {
    let (signer, next) = (key(), key());
    let verifier = verifier(&signer, &[]);
    let token = passport(&signer, &claims(Some(3)));
    assert_eq!(reason(&verifier, &token, NOW), "granted");
    assert_eq!(verifier.cache_stats().passports, 1);
    let request = purchase();
    let same_as_new = |now: i64, code: &str| {
        let (cached, new) = (verifier.decide(&token, &request, now), verifier.clone().without_cache().decide(&token, &request, now));
        let text = |decision: &Decision<'_>| serde_json::to_string(&decision.record()).expect("json");
        assert_eq!(text(&cached), text(&new));
        assert_eq!(cached.reason().code(), code);
    };
    same_as_new(NOW, "granted");
    same_as_new(1_700_003_600, "expired");
    same_as_new(1_699_999_000, "not_yet_valid");
    same_as_new(-1, "clock_untrusted");
    same_as_new(NOW + 3_601, "expired");
    same_as_new(NOW + 90_000, "keys_unavailable");
    let replace = |keys: &[&SigningKey], revoked_keys: &[&SigningKey], revoked: &[u64]| {
        let token = bundle(&next, keys, revoked_keys, &[list(&next, revoked, NOW)], 2, NOW);
        verifier.replace_trust(Trust::from_bundle(token.as_bytes(), NOW).expect("a bundle"));
    };
    replace(&[&signer, &next], &[], &[3]);
    same_as_new(NOW, "revoked");
    replace(&[&next], &[&signer], &[]);
    same_as_new(NOW, "key_revoked");
    replace(&[&next], &[], &[]);
    same_as_new(NOW, "unknown_key");
    verifier.replace_trust(Trust::none(ISSUER));
    same_as_new(NOW, "keys_unavailable");
    verifier.replace_trust(Trust::from_key_set("https://other.example", &jwks(&[&signer])).expect("a set"));
    same_as_new(NOW, "wrong_issuer");
    replace(&[&signer, &next], &[], &[]);
    same_as_new(NOW, "granted");
    assert_eq!(reason(&verifier.clone().with_max_token_bytes(token.len() - 1), &token, NOW), "malformed_token");
}

#[test]
fn a_verifier_without_a_cache_remembers_nothing() {
    let signer = key();
    let verifier = verifier(&signer, &[]).without_cache();
    assert_eq!(reason(&verifier, &passport(&signer, &claims(None)), NOW), "granted");
    assert_eq!(verifier.cache_stats(), CacheStats::default());
}

#[test]
fn whichever_way_signatures_are_checked_the_answers_are_the_same() {
    let (signer, other) = (key(), key());
    let verifier = verifier(&signer, &[]).without_cache();
    let (good, forged) = (passport(&signer, &claims(None)), passport(&other, &claims(None)));
    let spoilt = {
        let (start, _) = good.rsplit_once('.').expect("dots");
        format!("{start}.{}", passport_shared::jose::encode(other.sign(start.as_bytes())))
    };
    for method in [SignatureMethod::Tabled, SignatureMethod::Listed, SignatureMethod::Library] {
        let verifier = verifier.clone().with_signature_method(method);
        for _ in 0..40 {
            assert_eq!(reason(&verifier, &good, NOW), "granted");
            assert_eq!(reason(&verifier, &spoilt, NOW), "bad_signature");
            assert_eq!(reason(&verifier, &forged, NOW), "unknown_key");
        }
    }
}
