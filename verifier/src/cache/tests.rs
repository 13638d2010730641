use passport_shared::passport::Passport;

use super::*;
use crate::fixture::{NOW, claims, key, passport};

fn signed(token: &str, expires_at: i64) -> Arc<SignedPassport> {
    let claims = claims(None).replace("1700003600", &expires_at.to_string());
    Arc::new(SignedPassport::new(token.as_bytes(), *key().id(), Passport::read(claims.as_bytes()).expect("sound")))
}

/// Tokens of a verified look: what a cache compares is their bytes.
fn tokens(count: usize) -> Vec<String> {
    let key = key();
    (0..count).map(|n| passport(&key, &claims(None).replace("pp_1", &format!("pp_{n}")))).collect()
}

fn found(cache: &Cache, token: &str) -> bool {
    cache.find(token.as_bytes(), NOW).is_some()
}

#[test]
fn a_passport_is_found_by_its_whole_token_and_by_nothing_less() {
    let cache = Cache::new(64, 1 << 20);
    let token = tokens(1).remove(0);
    cache.keep(&signed(&token, NOW + 9), NOW);
    assert!(found(&cache, &token));
    for at in 0..token.len() {
        let mut other = token.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        assert!(cache.find(&other, NOW).is_none(), "byte {at}");
    }
    for part in [token.split_at(token.len() - 1).0, token.split_at(1).1, ""] {
        assert!(!found(&cache, part));
    }
    assert!(!found(&cache, &format!("{token}A")) && !found(&cache, &format!("A{token}")));
}

#[test]
fn two_tokens_with_one_tag_are_told_apart() {
    let cache = Cache::new(7, 1 << 20);
    let token = tokens(1).remove(0);
    // The same signature over another text: no verifier would keep it, and the tag is the same.
    let other = format!("A{token}");
    cache.keep(&signed(&token, NOW + 9), NOW);
    assert!(!found(&cache, &other));
    cache.keep(&signed(&other, NOW + 9), NOW);
    assert!(found(&cache, &token) && found(&cache, &other));
}

#[test]
fn neither_passports_nor_bytes_go_over_their_bound() {
    let tokens = tokens(400);
    let one = signed(&tokens[0], NOW + 9).bytes();
    for (entries, bytes, most) in [(64, usize::MAX, 112), (1_024, one * 20 + one / 2, 20), (7, usize::MAX, 7), (0, usize::MAX, 7)] {
        let cache = Cache::new(entries, bytes);
        for token in &tokens {
            cache.keep(&signed(token, NOW + 9), NOW);
            let (held, size) = cache.size();
            assert!(held <= most && size <= bytes, "{held} passports of {size} bytes");
            assert!(found(&cache, token), "the newest is kept");
        }
        let (held, size) = cache.size();
        let there = tokens.iter().filter(|token| found(&cache, token)).count();
        assert_eq!((there, there * one / 1_000), (held, size / 1_000), "what is counted is what is there");
        assert!(held > most / 2, "{held} of {most}");
    }
}

#[test]
fn a_passport_larger_than_the_bound_pushes_nothing_out() {
    let tokens = tokens(2);
    let cache = Cache::new(64, signed(&tokens[0], NOW + 9).bytes());
    cache.keep(&signed(&tokens[0], NOW + 9), NOW);
    let large = format!("{}{}", "A".repeat(10_000), tokens[1]);
    cache.keep(&signed(&large, NOW + 9), NOW);
    assert!(found(&cache, &tokens[0]) && !found(&cache, &large));
}

#[test]
fn what_has_expired_goes_first_and_then_what_was_longest_not_asked_for() {
    let cache = Cache::new(7, usize::MAX);
    let tokens = tokens(10);
    for (token, at) in tokens.iter().zip(0..7) {
        // The third expires before the others.
        cache.keep(&signed(token, if at == 2 { NOW + 50 } else { NOW + 900 }), NOW + at);
    }
    // The first is asked for again.
    assert!(cache.find(tokens[0].as_bytes(), NOW + 20).is_some());
    let held = |cache: &Cache, now| tokens.iter().map(|token| cache.find(token.as_bytes(), now).is_some()).collect::<Vec<_>>();
    cache.keep(&signed(&tokens[7], NOW + 900), NOW + 60);
    assert!(!found(&cache, &tokens[2]), "expired");
    let place = |at: usize| {
        cache.sets.get().expect("made")[0]
            .places
            .iter()
            .any(|place| place.load().as_ref().is_some_and(|signed| signed.is_token(tokens[at].as_bytes())))
    };
    cache.keep(&signed(&tokens[8], NOW + 900), NOW + 61);
    assert!(place(0) && !place(1), "asked for again, and not");
    cache.keep(&signed(&tokens[9], NOW + 900), NOW + 62);
    assert!(place(0) && !place(3));
    assert_eq!(held(&cache, NOW + 63).iter().filter(|held| **held).count(), 7);
}

#[test]
fn who_comes_while_another_writes_waits_for_nobody() {
    let cache = Cache::new(64, usize::MAX);
    let tokens = tokens(2);
    cache.keep(&signed(&tokens[0], NOW + 9), NOW);
    let writing = cache.writing.lock().expect("whole");
    cache.keep(&signed(&tokens[1], NOW + 9), NOW);
    assert!(found(&cache, &tokens[0]) && !found(&cache, &tokens[1]));
    drop(writing);
}

#[test]
fn a_passport_in_use_stays_whole_when_its_place_is_given_away() {
    let cache = Cache::new(7, usize::MAX);
    let tokens = tokens(60);
    cache.keep(&signed(&tokens[0], NOW + 9), NOW);
    let hit = cache.find(tokens[0].as_bytes(), NOW).expect("there");
    for token in &tokens[1..] {
        cache.keep(&signed(token, NOW + 9), NOW + 1);
    }
    assert!(!found(&cache, &tokens[0]));
    assert!(hit.get().is_some_and(|signed| signed.is_token(tokens[0].as_bytes())));
}

/// Threads that look up and keep at once: what is found is always the passport that was asked for.
#[test]
fn threads_that_share_a_cache_find_their_own_passports() {
    let cache = Cache::new(32, usize::MAX);
    let all: Vec<_> = tokens(200).into_iter().map(|token| (signed(&token, NOW + 9), token)).collect();
    std::thread::scope(|scope| {
        for start in 0..4 {
            let (cache, all) = (&cache, &all);
            scope.spawn(move || {
                for round in 0..5_000 {
                    let (signed, token) = &all[(start * 37 + round * 7) % all.len()];
                    match cache.find(token.as_bytes(), NOW) {
                        Some(hit) => assert!(hit.get().is_some_and(|found| found.is_token(token.as_bytes()))),
                        None => cache.keep(signed, NOW),
                    }
                }
            });
        }
    });
    assert!(cache.size().0 <= 56);
}
