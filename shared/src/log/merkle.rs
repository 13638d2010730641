//! The Merkle tree of RFC 6962, section 2.1, over SHA-256, and the checking of its proofs (RFC 9162, sections 2.1.3.2 and
//! 2.1.4.2). Every function is total: a proof from anybody is held or refused, in at most 64 steps.

mod frontier;
mod plan;

pub use frontier::{EdgeError, Frontier, Full};
pub use plan::{Node, Plan};

use sha2::{Digest as _, Sha256};

/// A hash of the tree: SHA-256.
pub type Hash = [u8; 32];

/// The hash of an entry as a leaf: SHA-256 over the byte 0 and the entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash above two subtrees: SHA-256 over the byte 1 and their hashes. The first byte keeps a node from being taken for
/// an entry.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree without entries: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::new().finalize().into()
}

/// The root over these leaf hashes.
#[must_use]
pub fn root<'h>(leaves: impl IntoIterator<Item = &'h Hash>) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        // A tree is full after 2^64 - 1 entries, which no iterator gives.
        if frontier.append(*leaf).is_err() {
            break;
        }
    }
    frontier.root()
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The entry is not among those of the tree.
    #[error("entry {index} is not in a tree of {size}: entries count from 0, so it takes a checkpoint of at least {index} + 1")]
    OutsideTree {
        /// Its place, from 0.
        index: u64,
        /// Entries in the tree.
        size: u64,
    },
    /// The later tree has fewer entries than the earlier one.
    #[error("the log had {old} entries and now says it has {new}: a log never loses any")]
    Shrunk {
        /// Entries at the earlier checkpoint.
        old: u64,
        /// Entries at the later one.
        new: u64,
    },
    /// There are hashes missing.
    #[error("the proof is too short for a tree of {size}: it has {found} hashes")]
    TooShort {
        /// Entries in the tree.
        size: u64,
        /// Hashes of the proof.
        found: usize,
    },
    /// There are more hashes than such a proof has.
    #[error("the proof is too long for a tree of {size}: it has {found} hashes")]
    TooLong {
        /// Entries in the tree.
        size: u64,
        /// Hashes of the proof.
        found: usize,
    },
    /// The hashes do not lead to the root.
    #[error("the proof does not lead to the root of the checkpoint: the entry, its place, the proof or the checkpoint was changed")]
    OtherRoot,
    /// The hashes do not lead to the root of the earlier tree.
    #[error("the proof does not lead to the root of the earlier checkpoint: what the log had then was changed since")]
    OtherOldRoot,
}

/// Whether the leaf `leaf` is entry `index` (from 0) of the tree with `size` entries and this `root`: RFC 9162, section
/// 2.1.3.2.
///
/// # Errors
/// [`ProofError`] if that is not proved.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutsideTree { index, size });
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in proof {
        if last == 0 {
            return Err(ProofError::TooLong { size, found: proof.len() });
        }
        if is_right(place) || place == last {
            hash = node_hash(beside, &hash);
            (place, last) = up_past_lefts(place, last);
        } else {
            hash = node_hash(&hash, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::OtherRoot),
        _ => Err(ProofError::TooShort { size, found: proof.len() }),
    }
}

/// Whether the tree with `new` entries and the root `new_root` is the one with `old` entries and `old_root`, and then more:
/// RFC 9162, section 2.1.4.2. Of two trees of one size the roots must be the same; the tree without entries grows into any.
/// In both cases the proof has no hash.
///
/// # Errors
/// [`ProofError`] if that is not proved.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    if old == 0 || old == new {
        return verify_trivial(old, old_root, new, new_root, proof);
    }
    let too_short = ProofError::TooShort { size: new, found: proof.len() };
    // Where the old tree is one whole subtree of the new one, its root is the first hash, and is not sent.
    let (first, rest) = match old.is_power_of_two() {
        true => (old_root, proof),
        false => proof.split_first().ok_or(too_short)?,
    };
    // Up to the subtree that both trees have at the old one's edge.
    let shift = (old - 1).trailing_ones();
    let (mut place, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for beside in rest {
        if last == 0 {
            return Err(ProofError::TooLong { size: new, found: proof.len() });
        }
        if is_right(place) || place == last {
            old_hash = node_hash(beside, &old_hash);
            new_hash = node_hash(beside, &new_hash);
            (place, last) = up_past_lefts(place, last);
        } else {
            new_hash = node_hash(&new_hash, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last != 0 {
        return Err(too_short);
    }
    roots_are((&old_hash, old_root), (&new_hash, new_root))
}

fn verify_trivial(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::TooLong { size: new, found: proof.len() });
    }
    let empty = empty_root();
    match (old, new) {
        (0, 0) => roots_are((&empty, old_root), (&empty, new_root)),
        (0, _) => roots_are((&empty, old_root), (new_root, new_root)),
        _ => roots_are((old_root, old_root), (old_root, new_root)),
    }
}

fn roots_are(old: (&Hash, &Hash), new: (&Hash, &Hash)) -> Result<(), ProofError> {
    match (old.0 == old.1, new.0 == new.1) {
        (true, true) => Ok(()),
        (false, _) => Err(ProofError::OtherOldRoot),
        (true, false) => Err(ProofError::OtherRoot),
    }
}

fn is_right(place: u64) -> bool {
    place & 1 == 1
}

/// A subtree at the edge of the tree that has nothing to its right is carried up as it is, until it is a right child.
fn up_past_lefts(place: u64, last: u64) -> (u64, u64) {
    let levels = if place == 0 { 0 } else { place.trailing_zeros() };
    (place >> levels, last >> levels)
}

#[cfg(test)]
mod tests;
