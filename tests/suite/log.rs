//! The log that proves itself, held against implementations that share no code with it.

mod ct_merkle;
mod tiles;

use passport_tests::generate::Gen;

/// The cases of one test: the same at each run, unless `PASSPORT_TEST_SEED` says other ones.
fn generator(test: u64) -> Gen {
    let base = std::env::var("PASSPORT_TEST_SEED").ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
    Gen::new(base.wrapping_mul(100).wrapping_add(test))
}
