use super::*;
use crate::MaxAge;
use crate::fixture::{ISSUER, LIST, NOW, bundle, endorsed_bundle, endorsement, jwks, key, list};

fn load(token: &str) -> Result<Trust, TrustError> {
    Trust::from_bundle(token.as_bytes(), NOW)
}

fn status(trust: &Trust, index: u64, max_age: MaxAge, now: i64) -> Status {
    trust.status(&StatusRef { index, uri: LIST.into() }, &Place::default(), max_age, now)
}

#[test]
fn a_key_set_is_refused_for_one_weak_key() {
    let good = key();
    let mut weak = [0; 32];
    weak[0] = 1;
    let weak = PublicKey::new(weak);
    let set = KeySet { keys: vec![good.public().clone(), weak.clone()] };
    let refused = Trust::from_key_set(ISSUER, &serde_json::to_vec(&set).expect("json")).expect_err("refused");
    assert_eq!(refused, TrustError::WeakKey { kid: weak.id });
    assert_eq!(Trust::from_key_set(ISSUER, &jwks(&[&good])).expect("a set").key_ids().count(), 1);
}

#[test]
fn a_first_bundle_is_signed_by_a_key_of_its_own_and_by_the_pinned_one_where_one_is_given() {
    let (a, b, other) = (key(), key(), key());
    let token = bundle(&a, &[&a, &b], &[], &[], 1, NOW);
    assert!(load(&token).is_ok());
    assert!(Trust::from_pinned_bundle(token.as_bytes(), a.id(), NOW).is_ok());
    assert!(matches!(Trust::from_pinned_bundle(token.as_bytes(), b.id(), NOW), Err(TrustError::NotPinned { .. })));
    assert!(matches!(load(&bundle(&other, &[&a], &[], &[], 1, NOW)), Err(TrustError::UntrustedSigner { .. })));
    assert!(
        matches!(load(&bundle(&a, &[&a], &[&a], &[], 1, NOW)), Err(TrustError::UntrustedSigner { .. })),
        "a revoked key vouches for nothing"
    );
    assert!(matches!(Trust::from_bundle(token.as_bytes(), NOW + 86_400), Err(TrustError::Expired { .. })));
    let mut forged = token.into_bytes();
    let last = forged.len() - 5;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    assert!(matches!(Trust::from_bundle(&forged, NOW), Err(TrustError::BadSignature { .. })));
}

#[test]
fn what_comes_after_is_signed_by_a_key_that_is_trusted_already_and_never_older() {
    let (a, b, c) = (key(), key(), key());
    let first = load(&bundle(&a, &[&a, &b], &[], &[list(&a, &[], NOW)], 5, NOW)).expect("a bundle");
    let next = |token: &str| first.successor(token.as_bytes(), NOW);
    assert_eq!(next(&bundle(&b, &[&b, &c], &[], &[list(&b, &[3], NOW)], 6, NOW)).expect("newer").sequence(), Some(6));
    assert!(next(&bundle(&a, &[&a], &[], &[], 5, NOW)).is_ok(), "the same again is no rollback");
    assert!(matches!(next(&bundle(&a, &[&a], &[], &[], 4, NOW + 9)), Err(TrustError::Rollback { .. })));
    assert!(matches!(next(&bundle(&a, &[&a], &[], &[], 5, NOW - 1)), Err(TrustError::Rollback { .. })));
    assert!(
        matches!(next(&bundle(&a, &[&a], &[], &[list(&a, &[], NOW - 1)], 6, NOW)), Err(TrustError::Rollback { .. })),
        "nor is a list in it"
    );
    assert!(matches!(next(&bundle(&c, &[&c], &[], &[], 6, NOW)), Err(TrustError::UntrustedSigner { .. })));
    let elsewhere = Trust::from_key_set("https://other.example", &jwks(&[&a])).expect("a set");
    assert!(matches!(elsewhere.successor(bundle(&a, &[&a], &[], &[], 6, NOW).as_bytes(), NOW), Err(TrustError::WrongIssuer { .. })));
}

#[test]
fn a_revoked_key_cannot_move_trust_on() {
    let (a, b) = (key(), key());
    let first = load(&bundle(&b, &[&b], &[&a], &[], 5, NOW)).expect("a bundle");
    assert!(matches!(first.successor(bundle(&a, &[&a], &[], &[], 6, NOW).as_bytes(), NOW), Err(TrustError::UntrustedSigner { .. })));
}

#[test]
fn a_list_inside_is_believed_only_by_a_key_of_the_bundle() {
    let (a, other) = (key(), key());
    assert!(matches!(load(&bundle(&a, &[&a], &[], &[list(&other, &[], NOW)], 1, NOW)), Err(TrustError::UntrustedSigner { .. })));
    assert!(matches!(
        load(&bundle(&a, &[&a], &[], &[list(&a, &[], NOW), list(&a, &[], NOW)], 1, NOW)),
        Err(TrustError::DuplicateList { .. })
    ));
    let passport = crate::fixture::passport(&a, "{}");
    assert!(matches!(load(&bundle(&a, &[&a], &[], &[passport], 1, NOW)), Err(TrustError::NotABundle(_))));
}

#[test]
fn a_status_is_valid_only_if_a_fresh_list_says_so() {
    let a = key();
    let trust = load(&bundle(&a, &[&a], &[], &[list(&a, &[7], NOW)], 1, NOW)).expect("a bundle");
    let hour = MaxAge::Seconds(3_600);
    assert_eq!(status(&trust, 3, hour, NOW), Status::Valid);
    assert_eq!(status(&trust, 3, hour, NOW + 3_600), Status::Valid);
    assert!(matches!(status(&trust, 3, hour, NOW + 3_601), Status::Unavailable(_)));
    assert_eq!(status(&trust, 7, hour, NOW + 999_999), Status::Revoked, "however old the list");
    assert!(matches!(status(&trust, 64, hour, NOW), Status::Unavailable(_)));
    let elsewhere = StatusRef { index: 3, uri: "https://issuer.example/v1/status/2".into() };
    assert!(matches!(trust.status(&elsewhere, &Place::default(), hour, NOW), Status::Unavailable(_)));
}

#[test]
fn a_verifier_that_missed_a_rotation_follows_the_word_of_a_key_it_knows() {
    let (known, newest, stranger) = (key(), key(), key());
    let first = load(&bundle(&known, &[&known], &[], &[], 5, NOW)).expect("a bundle");
    let next = |signer: &passport_keys::SigningKey, endorsements: &[String]| {
        let token = endorsed_bundle(signer, &[&known, &newest], &[], &[], 6, NOW, endorsements);
        first.successor(token.as_bytes(), NOW)
    };
    assert!(matches!(next(&newest, &[]), Err(TrustError::UntrustedSigner { .. })));
    assert!(next(&newest, &[endorsement(&known, &newest, ISSUER, NOW)]).is_ok());
    for wrong in [
        endorsement(&stranger, &newest, ISSUER, NOW),
        endorsement(&newest, &newest, ISSUER, NOW),
        endorsement(&known, &stranger, ISSUER, NOW),
        endorsement(&known, &newest, "https://other.example", NOW),
        endorsement(&known, &newest, ISSUER, NOW - 86_400),
        crate::fixture::passport(&known, "{}"),
        String::new(),
    ] {
        assert!(matches!(next(&newest, std::slice::from_ref(&wrong)), Err(TrustError::UntrustedSigner { .. })), "{wrong}");
    }
    // The endorsed key must be in the bundle, and have signed it.
    assert!(matches!(next(&stranger, &[endorsement(&known, &stranger, ISSUER, NOW)]), Err(TrustError::UntrustedSigner { .. })));
    let without = load(&bundle(&newest, &[&newest], &[&known], &[], 5, NOW)).expect("a bundle");
    let token = endorsed_bundle(&stranger, &[&stranger], &[], &[], 6, NOW, &[endorsement(&known, &stranger, ISSUER, NOW)]);
    assert!(without.successor(token.as_bytes(), NOW).is_err(), "a revoked key's word is worth nothing");
}

#[test]
fn what_was_revoked_stays_so_when_its_list_is_gone() {
    let a = key();
    let first = load(&bundle(&a, &[&a], &[], &[list(&a, &[7], NOW)], 1, NOW)).expect("a bundle");
    let next = first.successor(bundle(&a, &[&a], &[], &[], 2, NOW).as_bytes(), NOW).expect("newer");
    assert_eq!(status(&next, 7, MaxAge::Seconds(1), NOW + 9_999), Status::Revoked);
}

#[test]
fn a_bundle_with_an_expired_list_or_without_keys_is_refused() {
    let a = key();
    let expiring = |expires_at: i64| {
        let lst = passport_shared::status_list::StatusList::new(8, []).encode();
        let claims = format!(r#"{{"sub":"{LIST}","iat":1,"exp":{expires_at},"status_list":{{"bits":1,"lst":"{lst}"}}}}"#);
        a.sign_token(TokenType::StatusList, passport_shared::jose::Algorithm::EdDsa, claims.as_bytes())
    };
    assert!(load(&bundle(&a, &[&a], &[], &[expiring(NOW + 1)], 1, NOW)).is_ok());
    assert!(matches!(load(&bundle(&a, &[&a], &[], &[expiring(NOW)], 1, NOW)), Err(TrustError::Expired { .. })));
    assert!(matches!(load(&bundle(&a, &[], &[], &[], 1, NOW)), Err(TrustError::Bundle(_))));
}

/// A stolen key that was revoked, with the endorsement of it that any old bundle shows.
#[test]
fn a_revoked_key_does_not_come_back_on_another_keys_word() {
    let (retired, stolen, active, evil) = (key(), key(), key(), key());
    let first = load(&bundle(&active, &[&retired, &active], &[&stolen], &[], 5, NOW)).expect("a bundle");
    let endorsements = [endorsement(&retired, &stolen, ISSUER, NOW), endorsement(&active, &stolen, ISSUER, NOW)];
    let token = endorsed_bundle(&stolen, &[&stolen, &evil], &[], &[], 6, NOW, &endorsements);
    assert!(matches!(first.successor(token.as_bytes(), NOW), Err(TrustError::UntrustedSigner { .. })));
}

#[test]
fn a_revoked_key_stays_revoked_when_a_later_bundle_forgets_it() {
    let (stolen, active) = (key(), key());
    let first = load(&bundle(&active, &[&active], &[&stolen], &[], 5, NOW)).expect("a bundle");
    let next = first.successor(bundle(&active, &[&active, &stolen], &[], &[], 6, NOW).as_bytes(), NOW).expect("newer");
    assert!(next.is_revoked(stolen.id().as_str()) && next.key(stolen.id().as_str()).is_none());
    let token = bundle(&active, &[&active, &stolen], &[], &[list(&stolen, &[], NOW)], 6, NOW);
    assert!(matches!(first.successor(token.as_bytes(), NOW), Err(TrustError::UntrustedSigner { .. })), "nor does a list count on its word");
}

#[test]
fn a_bundle_or_list_is_never_believed_on_the_word_of_a_key_that_it_revokes() {
    let (active, next, evil) = (key(), key(), key());
    let first = load(&bundle(&active, &[&active, &next], &[], &[], 5, NOW)).expect("a bundle");
    let refused = |token: &str| matches!(first.successor(token.as_bytes(), NOW), Err(TrustError::UntrustedSigner { .. }));
    assert!(refused(&bundle(&active, &[&active, &next], &[&active], &[], 6, NOW)), "it signs its own end");
    assert!(refused(&bundle(&active, &[&next], &[&active], &[], 6, NOW)));
    assert!(refused(&bundle(&active, &[&evil], &[], &[], 6, NOW)), "it does not bring the key that signs it");
    assert!(refused(&bundle(&next, &[&active, &next], &[&active], &[list(&active, &[], NOW)], 6, NOW)), "a list of the key that falls");
    let word = [endorsement(&active, &evil, ISSUER, NOW)];
    assert!(refused(&endorsed_bundle(&evil, &[&evil], &[&active], &[], 6, NOW, &word)), "an endorser that it revokes");
    assert!(first.successor(endorsed_bundle(&evil, &[&evil, &active], &[], &[], 6, NOW, &word).as_bytes(), NOW).is_ok(), "else it counts");
}

/// The thief of the active key has shown a verifier a bundle with the highest number and a list of tomorrow.
#[test]
fn the_next_key_revokes_a_stolen_one_whatever_number_the_thief_has_written() {
    let (stolen, next, fresh) = (key(), key(), key());
    let first = load(&bundle(&stolen, &[&stolen, &next], &[], &[list(&stolen, &[3], NOW)], 5, NOW)).expect("a bundle");
    let lists = [list(&stolen, &[], NOW + 900)];
    let theirs = first.successor(bundle(&stolen, &[&stolen, &next], &[], &lists, 9_000_000, NOW + 900).as_bytes(), NOW).expect("signed");
    let ours = bundle(&next, &[&next, &fresh], &[&stolen], &[list(&next, &[3], NOW)], 6, NOW);
    let after = theirs.successor(ours.as_bytes(), NOW).expect("the stolen key's numbers count for nothing");
    assert_eq!((after.sequence(), after.is_revoked(stolen.id().as_str())), (Some(6), true));
    assert_eq!(status(&after, 3, MaxAge::Seconds(60), NOW), Status::Revoked);
    let back = bundle(&stolen, &[&stolen], &[], &[], 9_000_001, NOW);
    assert!(matches!(after.successor(back.as_bytes(), NOW), Err(TrustError::UntrustedSigner { .. })), "and there is no way back");
    // Without that revocation the numbers hold, whoever of them signs.
    let older = bundle(&next, &[&next, &stolen, &fresh], &[], &[], 6, NOW);
    assert!(matches!(theirs.successor(older.as_bytes(), NOW), Err(TrustError::Rollback { .. })));
}
