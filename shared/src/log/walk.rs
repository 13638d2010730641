//! A whole log, from its first entry on, held against everything that was said of it: the leaves that its tree keeps, and each
//! checkpoint that was ever signed. What does not agree is found at the first entry, or the first checkpoint, that shows it.

use super::checkpoint::Checkpoint;
use super::entry::{Entry, EntryError};
use super::merkle::{Frontier, Full, Hash, leaf_hash};

/// A walk that is under way. It keeps no entry: a log of any size takes the same memory, but for its checkpoints.
///
/// ```
/// use passport_shared::log::checkpoint::Checkpoint;
/// use passport_shared::log::entry::Entry;
/// use passport_shared::log::merkle::root;
/// use passport_shared::log::walk::Walk;
///
/// let entry = Entry { sequence: 1, event_id: "evt_1".into(), ..Entry::default() };
/// let leaf = entry.leaf()?;
/// let mut walk = Walk::new(vec![Checkpoint::new("issuer.example/log", 1, root([&leaf]))?])?;
/// walk.entry(&entry, Some(&leaf))?;
/// assert_eq!(walk.end()?.size(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Walk {
    tree: Frontier,
    /// Those that are not reached yet, the next one last.
    ahead: Vec<Checkpoint>,
    /// Entries at the last checkpoint that agreed.
    covered: u64,
    sequence: Option<i64>,
    /// The text of one entry, kept for its room.
    text: String,
}

/// What does not agree, and where. Entries count from 0.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Found {
    /// The entry has another leaf than the tree keeps for its place.
    #[error(
        "entry {index} (sequence {sequence}) is not the one that was taken in at this place: it was changed, or one before it was \
         removed or put in"
    )]
    OtherEntry {
        /// Its place.
        index: u64,
        /// Its number in the store.
        sequence: i64,
    },
    /// The entry has no larger number than the one before it.
    #[error("entry {index} has sequence {sequence} after {before}: entries were swapped, or one stands twice")]
    Order {
        /// Its place.
        index: u64,
        /// Its number in the store.
        sequence: i64,
        /// The number of the entry before.
        before: i64,
    },
    /// The entry cannot have been taken in.
    #[error("entry {index} (sequence {sequence}): {source}")]
    Entry {
        /// Its place.
        index: u64,
        /// Its number in the store.
        sequence: i64,
        /// Why not.
        source: EntryError,
    },
    /// The entries are not those that a checkpoint was signed over.
    #[error(
        "the entries from {after} to before {size} are not those that the checkpoint of {size} entries was signed over: one of them \
         was changed, and the tree with it, or the log was cut and grown again"
    )]
    OtherRoot {
        /// Entries at the last checkpoint that agrees: they are as they were.
        after: u64,
        /// Entries at the first checkpoint that does not.
        size: u64,
    },
    /// There are fewer entries than a checkpoint was signed over.
    #[error("the log has {entries} entries, and a checkpoint was signed over {size}: the last {} are missing", size.saturating_sub(*entries))]
    Missing {
        /// Entries there are.
        entries: u64,
        /// Entries there were.
        size: u64,
    },
    /// A checkpoint is not larger than the one before, and says something else or stands there twice.
    #[error(
        "the checkpoint of {size} entries comes after one of {before}: an old one was put in again, or the log has signed two of one size"
    )]
    Replayed {
        /// Its size.
        size: u64,
        /// The size of the one before.
        before: u64,
    },
    /// More entries than can be counted.
    #[error(transparent)]
    Full(#[from] Full),
}

impl Walk {
    /// A walk past these checkpoints, in the order in which they were signed. Each was opened with the log's key; one that
    /// the reader knows from elsewhere, such as a witness, is the surest: it goes in at its size, in the place of the log's own.
    ///
    /// # Errors
    /// [`Found::Replayed`] where they do not grow, and [`Found::OtherRoot`] where the tree without entries has a root of its own.
    pub fn new(mut checkpoints: Vec<Checkpoint>) -> Result<Self, Found> {
        for pair in checkpoints.windows(2) {
            if let [before, next] = pair
                && next.size() <= before.size()
            {
                return Err(Found::Replayed { size: next.size(), before: before.size() });
            }
        }
        checkpoints.reverse();
        let mut walk = Self { tree: Frontier::default(), ahead: checkpoints, covered: 0, sequence: None, text: String::new() };
        walk.pass()?;
        Ok(walk)
    }

    /// The next entry, and the leaf that the tree keeps for its place, if the reader has that.
    ///
    /// # Errors
    /// [`Found`]: the walk ends there, and everything before the last checkpoint that agreed is as it was.
    pub fn entry(&mut self, entry: &Entry<'_>, kept: Option<&Hash>) -> Result<(), Found> {
        let (index, sequence) = (self.tree.size(), entry.sequence);
        if let Some(before) = self.sequence.replace(sequence)
            && before >= sequence
        {
            return Err(Found::Order { index, sequence, before });
        }
        self.text.clear();
        entry.write(&mut self.text).map_err(|source| Found::Entry { index, sequence, source })?;
        let leaf = leaf_hash(self.text.as_bytes());
        if kept.is_some_and(|kept| *kept != leaf) {
            return Err(Found::OtherEntry { index, sequence });
        }
        self.tree.append(leaf)?;
        self.pass()
    }

    /// Ends the walk: there is no entry more. Gives the tree, whose root the last checkpoint has if it has its size.
    ///
    /// # Errors
    /// [`Found::Missing`] if a checkpoint was signed over more entries.
    pub fn end(self) -> Result<Frontier, Found> {
        match self.ahead.first() {
            None => Ok(self.tree),
            Some(largest) => Err(Found::Missing { entries: self.tree.size(), size: largest.size() }),
        }
    }

    /// Entries at the last checkpoint that agreed: so many are proved. Those after it were not signed for yet.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.covered
    }

    /// Looks at the checkpoint of this size, if there is one.
    fn pass(&mut self) -> Result<(), Found> {
        let Some(next) = self.ahead.pop_if(|next| next.size() == self.tree.size()) else { return Ok(()) };
        if *next.root() != self.tree.root() {
            return Err(Found::OtherRoot { after: self.covered, size: next.size() });
        }
        self.covered = next.size();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
