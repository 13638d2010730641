//! A stored audit log, held against itself and against what was signed of it (docs/audit.md A18): every row, every tile, the
//! head, every checkpoint, and those that somebody has kept elsewhere. It trusts nothing that is stored, and changes nothing.
//!
//! Here is what can be said without a database; `statements/audit/check.rs` reads one.

mod columns;
pub mod export;
mod place;
mod signed;

use std::collections::BTreeMap;

use passport_shared::log::merkle::{Frontier, Hash, leaf_hash};
use passport_shared::log::tile::{self, HEIGHT};
use passport_shared::log::walk::Walk;
use passport_verifier::log::LogVerifier;

pub use self::place::Place;
use self::place::{place, signed_number};
use super::{AuditEvent, Link, SignedCheckpoint};

/// Problems that are told; what comes after them is counted.
const TOLD: usize = 100;
/// Bytes of a hash.
const HASH: usize = 32;
/// Hashes of a whole tile.
const WIDTH: i64 = 1 << HEIGHT;

/// What a log is checked with.
#[derive(Debug, Default)]
pub struct Asked {
    /// The log's key as the asker knows it; `None`: the one in the store is believed.
    pub key: Option<LogVerifier>,
    /// Checkpoints that were kept elsewhere: signed notes.
    pub kept: Vec<Vec<u8>>,
}

/// What is stored besides events and tiles.
#[derive(Debug, Default)]
pub(in crate::store) struct Stored {
    pub(in crate::store) key: Option<String>,
    pub(in crate::store) checkpoints: Vec<SignedCheckpoint>,
    /// The head, if it can be read.
    pub(in crate::store) head: Option<(i64, Vec<u8>)>,
    /// Up to which event bodies were dropped by age; `None` where nobody says, as in an exported file.
    pub(in crate::store) dropped_to: Option<i64>,
    /// Whether an admin once had a held log go on.
    pub(in crate::store) resumed: bool,
    /// Whether there is a tree to hold the events against: not in an exported file.
    pub(in crate::store) has_tree: bool,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub what: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogReport {
    /// The log's name, where a key says so.
    pub origin: Option<String>,
    /// Events that were looked at.
    pub events: i64,
    /// Events that are as they were at the last checkpoint that agrees.
    pub covered: i64,
    /// Events whose body was dropped by age: that they were is in the log, and what they said is not.
    pub dropped: i64,
    /// Checkpoints that were looked at.
    pub checkpoints: usize,
    /// The root over all events, if they could be walked to their end.
    pub root: Option<Hash>,
    /// What is wrong, as it was found: a hundred at the most.
    pub problems: Vec<Problem>,
    /// How many there are.
    pub count: usize,
}

/// A check that is under way.
pub(in crate::store) struct LogCheck {
    report: LogReport,
    /// `None` once it has ended: what does not agree was found, and what comes after says nothing.
    walk: Option<Walk>,
    tree: Frontier,
    stored: Stored,
    /// The hashes of the tiles above the leaves, by their level.
    upper: Vec<Vec<Hash>>,
    /// The tile of leaves that the next events belong to.
    tile: Option<Vec<u8>>,
    /// Events that have a body which was dropped, as is said.
    undropped: i64,
    text: String,
}

impl LogCheck {
    pub(in crate::store) fn new(asked: &Asked, stored: Stored) -> Self {
        let mut report = LogReport::default();
        let key = signed::key(asked, &stored, &mut report);
        report.origin = key.as_ref().map(|key| key.origin().to_owned());
        let checkpoints = key.map(|key| signed::checkpoints(&key, asked, &stored, &mut report)).unwrap_or_default();
        report.checkpoints = checkpoints.len();
        let walk = Walk::new(checkpoints).inspect_err(|found| report.note(place(found), found.to_string())).ok();
        Self { report, walk, tree: Frontier::default(), stored, upper: Vec::new(), tile: None, undropped: 0, text: String::new() }
    }

    /// How many events there should be.
    pub(in crate::store) fn expected(&self) -> u64 {
        self.stored.head.as_ref().and_then(|(size, _)| u64::try_from(*size).ok()).unwrap_or_default()
    }

    /// The stored tile of leaves with this number, to which the next events belong.
    pub(in crate::store) fn leaves(&mut self, number: i64, tile: Option<Vec<u8>>) {
        match &tile {
            None => self.report.note(Place::Tile(0, number), "it is missing".to_owned()),
            Some(tile) if tile.len() > tile::BYTES => self.report.note(Place::Tile(0, number), "it has more hashes than a tile".to_owned()),
            Some(_) => {}
        }
        self.tile = tile;
    }

    /// The next event; or the row that cannot be read. Gives how it hangs on the one before of its reporter.
    pub(in crate::store) fn event(&mut self, event: Result<&AuditEvent, String>) -> Option<Link> {
        self.report.events = self.report.events.saturating_add(1);
        let expected = self.report.events;
        let event = match event {
            Ok(event) => event,
            Err(why) => {
                self.report.note(Place::Event(expected), format!("it cannot be read: {why}"));
                self.walk = None;
                return None;
            }
        };
        let mut link = None;
        let dropped_to = self.stored.dropped_to;
        if event.event.body.is_empty() {
            self.report.dropped = self.report.dropped.saturating_add(1);
            if dropped_to.is_some_and(|to| event.sequence > to) {
                self.report.note(Place::Event(event.sequence), "its body is gone, and was not dropped by age".to_owned());
            }
        } else {
            let read = columns::read(event);
            link = read.link;
            for what in read.differing {
                self.report.note(Place::Event(event.sequence), what);
            }
            if dropped_to.is_some_and(|to| event.sequence <= to) {
                self.undropped = self.undropped.saturating_add(1);
            }
        }
        if self.walk.is_some() {
            self.follow(event, expected);
        }
        link
    }

    /// Holds the event against the tree, at the place where there should be one of this number.
    fn follow(&mut self, event: &AuditEvent, expected: i64) {
        if event.sequence != expected {
            let what = match event.sequence > expected {
                true => format!("it is missing: the next one there is has number {}", event.sequence),
                false => format!("an event with number {} stands here", event.sequence),
            };
            return self.stop(Place::Event(expected), what);
        }
        let width = usize::try_from((expected - 1) % WIDTH).unwrap_or_default();
        let kept = self.tile.as_ref().and_then(|tile| tile.get(width * HASH..)?.first_chunk::<HASH>().copied());
        if self.tile.is_some() && kept.is_none() {
            return self.stop(Place::Event(expected), "the tree has no leaf for it".to_owned());
        }
        self.walk(event, kept.as_ref());
    }

    fn walk(&mut self, event: &AuditEvent, kept: Option<&Hash>) {
        let mut entry = event.entry();
        // Of the body as it is, and not of what a column says of it, unless that is all that is left.
        if !event.event.body.is_empty() {
            entry.body_hash = passport_shared::log::entry::Entry::hash_of(&event.event.body);
        }
        if let Some(Err(found)) = self.walk.as_mut().map(|walk| walk.entry(&entry, kept)) {
            return self.stop(place(&found), found.to_string());
        }
        self.report.covered = self.walk.as_ref().map_or(0, |walk| signed_number(walk.covered()));
        self.text.clear();
        if entry.write(&mut self.text).is_err() {
            return;
        }
        let upper = &mut self.upper;
        // What is too large was found by the walk.
        let _ = self.tree.append_with(leaf_hash(self.text.as_bytes()), |node, hash| {
            if node.level > 0 && node.level.is_multiple_of(8) {
                let level = usize::from(node.level / 8);
                if upper.len() <= level {
                    upper.resize_with(level + 1, Vec::new);
                }
                if let Some(level) = upper.get_mut(level) {
                    level.push(*hash);
                }
            }
        });
    }

    fn stop(&mut self, place: Place, what: String) {
        self.report.note(place, what);
        self.walk = None;
    }

    /// There is no event more. `tiles` are those above the leaves, in their order, and `leaves` says how many tiles of leaves
    /// there are and how many bytes the last has.
    pub(in crate::store) fn end(mut self, tiles: &[(i64, i64, Vec<u8>)], leaves: (i64, usize)) -> LogReport {
        self.dropped();
        let Some(walk) = self.walk.take() else { return self.report };
        let tree = match walk.end() {
            Ok(tree) => tree,
            Err(found) => {
                self.report.note(place(&found), found.to_string());
                self.tree.clone()
            }
        };
        self.report.root = Some(tree.root());
        if !self.stored.has_tree {
            return self.report;
        }
        let size = signed_number(tree.size());
        match &self.stored.head {
            None => self.report.note(Place::Head, "it is missing".to_owned()),
            Some((stored, edge)) if *stored != size || *edge != tree.to_bytes() => {
                self.report.note(Place::Head, format!("it is not that of the {size} events there are; it says {stored}"));
            }
            Some(_) => {}
        }
        self.tiles(tiles, leaves, size);
        self.report
    }

    /// Whether what is said of bodies that were dropped is so of all events.
    fn dropped(&mut self) {
        let what = match self.stored.dropped_to {
            None if self.stored.has_tree => "nothing says how far bodies were dropped".to_owned(),
            Some(to) if self.undropped > 0 => {
                format!("it says that bodies were dropped to event {to}, and {} of those are there", self.undropped)
            }
            Some(to) if !(0..=self.report.events).contains(&to) => {
                format!("it says that bodies were dropped to event {to}, and there are {}", self.report.events)
            }
            _ => return,
        };
        self.report.note(Place::Retention, what);
    }

    fn tiles(&mut self, tiles: &[(i64, i64, Vec<u8>)], (leaves, last): (i64, usize), size: i64) {
        let rest = usize::try_from((size - 1).rem_euclid(WIDTH) + 1).unwrap_or_default();
        if leaves != (size + WIDTH - 1) / WIDTH || (size > 0 && last != rest * HASH) {
            let number = (leaves - 1).max(0);
            self.report.note(Place::Tile(0, number), format!("the tiles of leaves end here, and not where {size} events end"));
        }
        let mut wanted = BTreeMap::new();
        for (level, hashes) in (0_i64..).zip(&self.upper) {
            for (number, tile) in (0_i64..).zip(hashes.chunks(1 << HEIGHT)) {
                wanted.insert((level, number), tile.as_flattened());
            }
        }
        for (level, number, bytes) in tiles {
            match wanted.remove(&(*level, *number)) {
                Some(tile) if tile == bytes => {}
                Some(_) => self.report.note(Place::Tile(*level, *number), "it is not that of the events there are".to_owned()),
                None => self.report.note(Place::Tile(*level, *number), "a log of so many events has no such tile".to_owned()),
            }
        }
        for (level, number) in wanted.into_keys() {
            self.report.note(Place::Tile(level, number), "it is missing".to_owned());
        }
    }
}

impl LogReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.count == 0
    }

    pub(in crate::store) fn note(&mut self, place: Place, what: String) {
        self.count = self.count.saturating_add(1);
        if self.problems.len() < TOLD {
            self.problems.push(Problem { place, what });
        }
    }
}

#[cfg(test)]
mod tests;
