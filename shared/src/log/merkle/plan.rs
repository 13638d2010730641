//! What a proof is made of: which complete subtrees have to be looked up, and how they are put together. It says so before
//! anything is looked up, so that a store can fetch them all at once.

use super::frontier::fold;
use super::{Hash, ProofError, empty_root};

/// A complete subtree: at `level` 0 a leaf, above it twice as many entries with each level. Its entries are those from
/// `index * 2^level` on, `2^level` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// Its height above the leaves, 0 to 63.
    pub level: u8,
    /// How many such subtrees stand to its left.
    pub index: u64,
}

impl Node {
    /// The complete subtrees that a tree of `size` entries is made of, from left to right:
    /// the edge of a [`Frontier`](super::Frontier).
    pub fn edge(size: u64) -> impl Iterator<Item = Self> {
        Entries { from: 0, to: size }.subtrees()
    }
}

/// The entries from `from` to before `to`: those of one subtree of the tree, as RFC 6962 divides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entries {
    from: u64,
    to: u64,
}

impl Entries {
    /// The complete subtrees that these are, the largest first. RFC 6962 divides by powers of two, so that `from` is a
    /// multiple of the size of each of them.
    fn subtrees(self) -> impl Iterator<Item = Node> {
        let mut from = self.from;
        std::iter::from_fn(move || {
            let level = self.to.checked_sub(from)?.checked_ilog2()?;
            let node = Node { level: u8::try_from(level).ok()?, index: from >> level };
            from += 1 << level;
            Some(node)
        })
    }

    /// The two halves that RFC 6962 divides these into: the left one has as many as the largest power of two below their
    /// number. `None` for a single entry.
    fn halves(self) -> Option<(Self, Self)> {
        let last = self.to.checked_sub(self.from)?.checked_sub(1)?;
        let middle = self.from + (1 << last.checked_ilog2()?);
        Some((Self { from: self.from, to: middle }, Self { from: middle, to: self.to }))
    }
}

/// A proof, or a root, that is still to be looked up.
///
/// ```
/// use passport_shared::log::merkle::{Frontier, Plan, leaf_hash, verify_inclusion};
///
/// // A source of node hashes: a store of tiles, or as here a map.
/// let (mut tree, mut nodes) = (Frontier::default(), std::collections::HashMap::new());
/// for entry in ["a", "b", "c"] {
///     tree.append_with(leaf_hash(entry.as_bytes()), |node, hash| {
///         nodes.insert(node, *hash);
///     })?;
/// }
/// let proof = Plan::inclusion(1, 3)?.hashes(|node| nodes.get(&node).copied().ok_or("a node is missing"))?;
/// verify_inclusion(&leaf_hash(b"b"), 1, 3, &proof, &tree.root())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// One for each hash of the proof, in the proof's order.
    parts: Vec<Entries>,
}

impl Plan {
    /// The proof that entry `index` is in the tree with `size` entries: `PATH` of RFC 6962, section 2.1.1.
    ///
    /// # Errors
    /// [`ProofError::OutsideTree`] if it is not.
    pub fn inclusion(index: u64, size: u64) -> Result<Self, ProofError> {
        if index >= size {
            return Err(ProofError::OutsideTree { index, size });
        }
        let (mut whole, mut parts) = (Entries { from: 0, to: size }, Vec::new());
        while let Some((left, right)) = whole.halves() {
            let beside;
            (whole, beside) = if index < left.to { (left, right) } else { (right, left) };
            parts.push(beside);
        }
        parts.reverse();
        Ok(Self { parts })
    }

    /// The proof that the tree with `new` entries begins with that of `old` entries: `PROOF` of RFC 6962, section 2.1.2. It
    /// has no hash where `old` is 0 or `new`.
    ///
    /// # Errors
    /// [`ProofError::Shrunk`] if `old` is above `new`.
    pub fn consistency(old: u64, new: u64) -> Result<Self, ProofError> {
        if old > new {
            return Err(ProofError::Shrunk { old, new });
        }
        let (mut whole, mut parts) = (Entries { from: 0, to: new }, Vec::new());
        if old == 0 {
            return Ok(Self { parts });
        }
        while old != whole.to
            && let Some((left, right)) = whole.halves()
        {
            let beside;
            (whole, beside) = if old <= left.to { (left, right) } else { (right, left) };
            parts.push(beside);
        }
        // The old tree ends with this subtree. If it is nothing else, its hash is the old root, which the reader has.
        if whole.from != 0 {
            parts.push(whole);
        }
        parts.reverse();
        Ok(Self { parts })
    }

    /// The one hash that is the root of the tree with `size` entries.
    #[must_use]
    pub fn root(size: u64) -> Self {
        Self { parts: vec![Entries { from: 0, to: size }] }
    }

    /// All complete subtrees whose hashes are needed: some 64 for each hash at the most, and each once.
    pub fn nodes(&self) -> impl Iterator<Item = Node> {
        self.parts.iter().flat_map(|part| part.subtrees())
    }

    /// The hashes of the proof, from those of the complete subtrees as `hash` gives them.
    ///
    /// # Errors
    /// The first error of `hash`.
    pub fn hashes<E>(&self, mut hash: impl FnMut(Node) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
        let one = |part: &Entries| {
            let subtrees = part.subtrees().map(&mut hash).collect::<Result<Vec<Hash>, E>>()?;
            Ok(fold(&subtrees).unwrap_or_else(empty_root))
        };
        self.parts.iter().map(one).collect()
    }
}
