//! The house's promise to those who ask often: an allow on a passport seen before costs no memory. A binary of its own,
//! since it counts with an allocator of its own.

use allocation_counter::measure;
use passport_shared::log::entry::Entry;
use passport_shared::log::merkle::{Frontier, leaf_hash};
use passport_tests::scene::{Scene, USUAL_GRANTS, request};

const NOW: i64 = 1_800_000_000;

/// How many times in a row: what grows only now and then is seen too.
const TURNS: u32 = 1_000;

#[test]
fn the_allow_of_a_next_check_allocates_nothing() {
    let scene = Scene::at(NOW);
    let (verifier, request, tokens) = (scene.verifier(scene.trust()), request(), scene.passports(256, USUAL_GRANTS));
    let all = || assert!(tokens.iter().all(|token| verifier.decide(token, &request, NOW).is_allowed()));
    let first = measure(all);
    assert!(first.count_total > 0, "a first check keeps what it read, so here the counter has to count");
    for _ in 0..TURNS / 100 {
        let next = measure(all);
        assert_eq!((next.count_total, next.bytes_total), (0, 0), "allocations and bytes of {} next checks", tokens.len());
    }
}

#[test]
fn the_allow_of_a_held_passport_allocates_nothing() {
    let scene = Scene::at(NOW);
    let (verifier, request, token) = (scene.verifier(scene.trust()), request(), scene.passports(1, USUAL_GRANTS).remove(0));
    let held = verifier.verify(&token, NOW).expect("it verifies");
    let counted = measure(|| {
        for _ in 0..TURNS {
            assert!(held.decide(&request, NOW).is_allowed());
        }
    });
    assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "allocations and bytes of {TURNS} allows");
}

#[test]
fn an_entry_of_the_log_allocates_nothing() {
    let (mut tree, mut text) = (Frontier::default(), String::new());
    let mut append = |sequence: i64| {
        text.clear();
        let entry = Entry { sequence, event_id: "evt_1".into(), agent_id: Some("ollie".into()), conflict: true, ..Entry::default() };
        entry.write(&mut text).expect("short");
        tree.append(leaf_hash(text.as_bytes())).expect("room");
        tree.root()
    };
    let mut entries = |sequences: std::ops::Range<i64>| measure(|| sequences.for_each(|sequence| assert_ne!(append(sequence), [0; 32])));
    let first = entries(0..1 << 10);
    assert!(first.count_total > 0, "the first entries make room, so here the counter has to count");
    let counted = entries(1 << 10..(1 << 11) - 1);
    assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "allocations and bytes of a thousand entries");
}
