//! Where randomness comes from.

use std::cell::RefCell;
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

/// The operating system's randomness, fetched a little ahead for each thread: an id costs no system call.
///
/// A process that forks without starting another program would give the same bytes in both. Ids that are made of them
/// carry the time as well; nothing here is a secret.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

/// Bytes fetched at once: for 51 ids.
const AHEAD: usize = 510;

struct Store {
    bytes: [u8; AHEAD],
    /// How many of them are given already.
    given: usize,
}

thread_local! {
    static STORE: RefCell<Store> = const { RefCell::new(Store { bytes: [0; AHEAD], given: AHEAD }) };
}

impl Store {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        if AHEAD - self.given < bytes.len() {
            // Until all are there, none can be given.
            self.given = AHEAD;
            getrandom::fill(&mut self.bytes).map_err(|_| RandomnessError)?;
            self.given = 0;
        }
        let end = self.given + bytes.len();
        let next = self.bytes.get(self.given..end).ok_or(RandomnessError)?;
        bytes.copy_from_slice(next);
        self.given = end;
        Ok(())
    }
}

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        let fetch = |bytes: &mut [u8]| getrandom::fill(bytes).map_err(|_| RandomnessError);
        if bytes.len() > AHEAD {
            return fetch(bytes);
        }
        // A thread that is about to end has no store any more.
        match STORE.try_with(|store| store.try_borrow_mut().ok().map(|mut store| store.fill(bytes))) {
            Ok(Some(filled)) => filled,
            Ok(None) | Err(_) => fetch(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    #[test]
    fn no_bytes_are_given_twice_on_any_thread() {
        let some = || -> Vec<[u8; 16]> {
            let mut all = Vec::new();
            for _ in 0..200 {
                let mut bytes = [0; 16];
                SystemRandomness.fill(&mut bytes).expect("randomness");
                all.push(bytes);
            }
            all
        };
        let others: Vec<_> = (0..3).map(|_| thread::Builder::new().spawn(some).expect("a thread")).collect();
        let mut all = some();
        all.extend(others.into_iter().flat_map(|other| other.join().expect("no panic")));
        assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (800, 800));
    }

    #[test]
    fn more_than_is_fetched_ahead_is_fetched_by_itself() {
        let mut bytes = [0; 2 * AHEAD];
        SystemRandomness.fill(&mut bytes).expect("randomness");
        assert!(bytes.iter().collect::<HashSet<_>>().len() > 100);
    }
}
