//! What stands beside the events, as it is once rows were added. Each database writes it in one statement of its own
//! (`settling.rs`): one after the other, each table would wait for a journey there and back.

use super::chains::Chain;

/// What there is to write.
#[derive(Debug)]
pub(in super::super) struct Settled<'e> {
    /// Events of the log.
    pub(in super::super) size: i64,
    /// The right edge of its tree.
    pub(in super::super) edge: Vec<u8>,
    /// Tiles that have changed, each once.
    pub(in super::super) tiles: Vec<Tile>,
    /// Decisions to add to those that are counted, in the order of the table, each key once; none unless a block became full.
    pub(in super::super) counts: Vec<Count>,
    /// Who has reported, in the order of the table, each once.
    pub(in super::super) reporters: Vec<Last<'e>>,
    /// The chains that have moved, in the order of the table, each once.
    pub(in super::super) chains: Vec<Moved<'e>>,
}

/// A tile of the tree, of 256 hashes or fewer.
#[derive(Debug)]
pub(in super::super) struct Tile {
    pub(in super::super) level: i64,
    pub(in super::super) number: i64,
    pub(in super::super) hashes: Vec<u8>,
}

/// How many decisions of one kind there are more in one hour.
#[derive(Debug)]
pub(in super::super) struct Count {
    pub(in super::super) hour: i64,
    pub(in super::super) agent: String,
    pub(in super::super) outcome: String,
    pub(in super::super) reason: String,
    pub(in super::super) more: i64,
}

/// The last event of a reporter.
#[derive(Debug)]
pub(in super::super) struct Last<'e> {
    pub(in super::super) reporter: &'e str,
    pub(in super::super) sequence: i64,
    pub(in super::super) at: i64,
}

/// How far a chain has come, and when.
#[derive(Debug)]
pub(in super::super) struct Moved<'e> {
    pub(in super::super) reporter: &'e str,
    pub(in super::super) chain: Chain,
    pub(in super::super) at: i64,
}
