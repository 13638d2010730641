//! Where randomness comes from.

use std::sync::Arc;

/// Gives random bytes: for request ids, and to spread repeated calls to the issuer over time.
pub trait Randomness: Send + Sync {
    /// Fills `bytes`, or says that it cannot.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError>;
}

/// There is no randomness to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no randomness")]
pub struct RandomnessError;

impl<R: Randomness + ?Sized> Randomness for Arc<R> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        (**self).fill(bytes)
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::fill(bytes).map_err(|_| RandomnessError)
    }
}
