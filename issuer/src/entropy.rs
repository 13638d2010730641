//! Randomness, as an argument to everything that asks for it.

use std::convert::Infallible;
use std::sync::Arc;

use rand::Rng as _;
use rand_core::{TryCryptoRng, TryRng};

/// Gives random bytes that nobody can predict. The service draws from nothing else, so a test can repeat a run.
pub trait Entropy: std::fmt::Debug + Send + Sync {
    /// Fills `bytes` whole.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness, through a cryptographic generator of each thread that is seeded from it again
/// and again.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// [`Entropy`] as the `CryptoRng` that a key vault asks for.
#[derive(Clone, Debug)]
pub struct EntropyRng(Arc<dyn Entropy>);

impl EntropyRng {
    /// A generator that draws from `source`.
    #[must_use]
    pub fn new(source: Arc<dyn Entropy>) -> Self {
        Self(source)
    }
}

impl TryRng for EntropyRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for EntropyRng {}

/// A number from 0 to below `bound`, each as likely as the others; 0 where `bound` is 0.
pub(crate) fn below(source: &dyn Entropy, bound: u64) -> u64 {
    // The last run of the 64-bit range is not whole: a draw from it is thrown away, or small numbers would be likelier.
    let whole = match u64::MAX.checked_rem(bound) {
        Some(rest) => u64::MAX - rest,
        None => return 0,
    };
    loop {
        let mut bytes = [0; 8];
        source.fill(&mut bytes);
        let drawn = u64::from_le_bytes(bytes);
        if drawn < whole {
            return drawn % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_core::Rng as _;

    use super::*;

    #[test]
    fn two_draws_differ() {
        let mut rng = EntropyRng::new(Arc::new(SystemEntropy));
        assert_ne!(rng.next_u64(), rng.next_u64());
        let (mut a, mut b) = ([0; 32], [0; 32]);
        SystemEntropy.fill(&mut a);
        SystemEntropy.fill(&mut b);
        assert_ne!(a, b);
    }

    #[test]
    fn every_number_below_the_bound_is_drawn_and_none_other() {
        let mut seen = [false; 5];
        for _ in 0..500 {
            seen[usize::try_from(below(&SystemEntropy, 5)).unwrap()] = true;
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(below(&SystemEntropy, 1), 0);
        assert_eq!(below(&SystemEntropy, 0), 0);
    }
}
