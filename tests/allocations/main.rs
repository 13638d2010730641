//! The house's promise to those who ask often: an allow on a passport seen before costs no memory. A binary of its own,
//! since it counts with an allocator of its own.

use allocation_counter::measure;
use passport_tests::scene::{Scene, USUAL_GRANTS, request};

const NOW: i64 = 1_800_000_000;

/// How many times in a row: what grows only now and then is seen too.
const TURNS: u32 = 1_000;

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
