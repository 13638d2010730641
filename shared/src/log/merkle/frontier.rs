//! The right edge of a growing tree: all that has to be kept to go on.

use super::{Hash, Node, empty_root, node_hash};

/// Bytes of a hash.
const HASH_BYTES: usize = 32;
/// Bytes of the size, before the hashes.
const SIZE_BYTES: usize = 8;

/// A tree of any size by the roots of the complete subtrees that it is made of, at most 64: enough to append to it and to
/// know its root.
///
/// ```
/// use passport_shared::log::merkle::{Frontier, leaf_hash};
///
/// let mut tree = Frontier::default();
/// tree.append(leaf_hash(b"first"))?;
/// tree.append(leaf_hash(b"second"))?;
/// let kept = tree.to_bytes();
/// assert_eq!(Frontier::from_bytes(&kept).map(|tree| (tree.size(), tree.root())), Ok((2, tree.root())));
/// # Ok::<(), passport_shared::log::merkle::Full>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The complete subtrees from left to right, and so from large to small: one for each bit of the size.
    edge: Vec<Hash>,
}

/// The tree has 2^64 - 1 entries, and no number for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log is full: it has 2^64 - 1 entries")]
pub struct Full;

/// Why kept bytes are no edge of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EdgeError {
    /// Not a size and whole hashes.
    #[error("the log's edge has {found} bytes, which is not a size and whole hashes")]
    Cut {
        /// Bytes found.
        found: usize,
    },
    /// Another number of hashes than the size has bits that are set.
    #[error("the edge of a log with {size} entries has {wanted} hashes, and this one has {found}")]
    Count {
        /// Entries in the tree.
        size: u64,
        /// Hashes that such an edge has.
        wanted: u32,
        /// Hashes found.
        found: usize,
    },
}

impl Frontier {
    /// Appends a leaf and gives its index. Without an allocation, but for the first few.
    ///
    /// # Errors
    /// [`Full`], and nothing has changed.
    pub fn append(&mut self, leaf: Hash) -> Result<u64, Full> {
        self.append_with(leaf, |_, _| {})
    }

    /// Appends a leaf, gives its index, and tells `done` of each subtree that is complete now, the leaf first: what a store
    /// of tiles keeps.
    ///
    /// # Errors
    /// [`Full`], and nothing has changed.
    pub fn append_with(&mut self, leaf: Hash, mut done: impl FnMut(Node, &Hash)) -> Result<u64, Full> {
        let index = self.size;
        let size = index.checked_add(1).ok_or(Full)?;
        let mut node = Node { level: 0, index };
        let mut hash = leaf;
        done(node, &hash);
        // A right child has a complete left one beside it, which is the last of the edge.
        while node.index & 1 == 1
            && let Some(left) = self.edge.pop()
        {
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            done(node, &hash);
        }
        self.edge.push(hash);
        self.size = size;
        Ok(index)
    }

    /// Entries in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root: at most 63 hashes are made for it.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.edge).unwrap_or_else(empty_root)
    }

    /// The roots of the complete subtrees, from left to right: what [`Node::edge`] names.
    #[must_use]
    pub fn edge(&self) -> &[Hash] {
        &self.edge
    }

    /// The tree with `size` entries and this edge.
    ///
    /// # Errors
    /// [`EdgeError::Count`] if there are not as many hashes as the size has bits that are set.
    pub fn from_edge(size: u64, edge: Vec<Hash>) -> Result<Self, EdgeError> {
        let wanted = size.count_ones();
        if u32::try_from(edge.len()) != Ok(wanted) {
            return Err(EdgeError::Count { size, wanted, found: edge.len() });
        }
        Ok(Self { size, edge })
    }

    /// The size, 8 bytes with the highest first, and the edge's hashes from left to right.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE_BYTES + self.edge.len() * HASH_BYTES);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        bytes.extend_from_slice(self.edge.as_flattened());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. Whether the hashes are those of the log is seen by its root.
    ///
    /// # Errors
    /// [`EdgeError`] if the bytes are none that it could have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EdgeError> {
        let cut = EdgeError::Cut { found: bytes.len() };
        let (size, hashes) = bytes.split_first_chunk::<SIZE_BYTES>().ok_or(cut)?;
        let (hashes, rest) = hashes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() {
            return Err(cut);
        }
        Self::from_edge(u64::from_be_bytes(*size), hashes.to_vec())
    }
}

/// The hash over complete subtrees that stand side by side, from large to small; `None` of none.
pub(super) fn fold(subtrees: &[Hash]) -> Option<Hash> {
    let (last, before) = subtrees.split_last()?;
    Some(before.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}
