use proptest::prelude::*;

use super::*;
use crate::log::merkle::root;

const ORIGIN: &str = "issuer.example/log";

/// A log as a store keeps it: rows, the leaves of the tree, and checkpoints.
#[derive(Clone, Debug)]
struct Stored {
    rows: Vec<Entry<'static>>,
    leaves: Vec<Hash>,
    checkpoints: Vec<Checkpoint>,
}

fn row(index: usize) -> Entry<'static> {
    let sequence = i64::try_from(index * 2 + 1).expect("small");
    let body_hash = Entry::hash_of(&format!("{{\"n\":{index}}}"));
    Entry { sequence, event_id: format!("evt_{index}").into(), kind: "decision".into(), body_hash, received_at: 100, ..Entry::default() }
}

fn checkpoint(leaves: &[Hash]) -> Checkpoint {
    Checkpoint::new(ORIGIN, u64::try_from(leaves.len()).expect("small"), root(leaves)).expect("sound")
}

impl Stored {
    /// So many rows, with a checkpoint after every tenth and after the last.
    fn new(rows: usize) -> Self {
        let rows: Vec<Entry<'static>> = (0..rows).map(row).collect();
        let leaves: Vec<Hash> = rows.iter().map(|row| row.leaf().expect("short")).collect();
        let sizes = (0..=leaves.len()).filter(|size| size % 10 == 0 || *size == leaves.len());
        let checkpoints = sizes.map(|size| checkpoint(&leaves[..size])).collect();
        Self { rows, leaves, checkpoints }
    }

    /// A walk with the tree's leaves, and how many entries are covered at its end.
    fn walk(&self) -> Result<u64, Found> {
        self.walk_over(|index| self.leaves.get(index))
    }

    fn walk_over<'l>(&'l self, kept: impl Fn(usize) -> Option<&'l Hash>) -> Result<u64, Found> {
        let mut walk = Walk::new(self.checkpoints.clone())?;
        for (index, row) in self.rows.iter().enumerate() {
            walk.entry(row, kept(index))?;
        }
        let covered = walk.covered();
        walk.end().map(|_| covered)
    }
}

#[test]
fn a_log_that_nobody_touched_raises_no_alarm() {
    for rows in 0..65 {
        let stored = Stored::new(rows);
        let all = Ok(u64::try_from(rows).expect("small"));
        assert_eq!((stored.walk(), stored.walk_over(|_| None)), (all, all));
    }
    // What came after the last checkpoint is not proved yet, and no alarm.
    let mut stored = Stored::new(24);
    stored.checkpoints.pop();
    assert_eq!(stored.walk(), Ok(20));
}

#[test]
fn a_tampering_is_told_as_what_it_is_and_where() {
    let sound = Stored::new(45);
    let found = |change: fn(&mut Stored)| {
        let mut stored = sound.clone();
        change(&mut stored);
        stored.walk().expect_err("found")
    };
    assert_eq!(found(|log| log.rows[17].received_at += 1), Found::OtherEntry { index: 17, sequence: 35 });
    assert_eq!(found(|log| drop(log.rows.remove(17))), Found::OtherEntry { index: 17, sequence: 37 });
    assert_eq!(found(|log| log.rows.swap(17, 30)), Found::OtherEntry { index: 17, sequence: 61 });
    assert_eq!(found(|log| log.rows.truncate(44)), Found::Missing { entries: 44, size: 45 });
    assert_eq!(found(|log| log.leaves[17][0] ^= 1), Found::OtherEntry { index: 17, sequence: 35 });
    // The row and its leaf: the next checkpoint tells it.
    assert_eq!(
        found(|log| {
            log.rows[17].outcome = Some("allow".into());
            log.leaves[17] = log.rows[17].leaf().expect("short");
        }),
        Found::OtherRoot { after: 10, size: 20 }
    );
    // Cut, grown again, and signed again: what was signed before stands.
    assert_eq!(
        found(|log| {
            log.rows.truncate(33);
            log.rows.extend((40..52).map(row));
            log.leaves = log.rows.iter().map(|row| row.leaf().expect("short")).collect();
            *log.checkpoints.last_mut().expect("one") = checkpoint(&log.leaves);
        }),
        Found::OtherRoot { after: 30, size: 40 }
    );
    assert_eq!(
        found(|log| *log.checkpoints.last_mut().expect("one") = log.checkpoints[2].clone()),
        Found::Replayed { size: 20, before: 40 }
    );
    assert_eq!(found(|log| log.checkpoints.swap(0, 1)), Found::Replayed { size: 0, before: 10 });
    assert_eq!(
        found(|log| log.checkpoints[0] = Checkpoint::new(ORIGIN, 0, [0; 32]).expect("sound")),
        Found::OtherRoot { after: 0, size: 0 }
    );
    let without_leaves = |change: fn(&mut Stored)| {
        let mut stored = sound.clone();
        change(&mut stored);
        stored.walk_over(|_| None).expect_err("found")
    };
    assert_eq!(without_leaves(|log| log.rows.swap(17, 30)), Found::Order { index: 18, sequence: 37, before: 61 });
    assert_eq!(
        without_leaves(|log| {
            let twice = log.rows[17].clone();
            log.rows.insert(18, twice);
        }),
        Found::Order { index: 18, sequence: 35, before: 35 }
    );
    assert_eq!(without_leaves(|log| log.rows[17].received_at += 1), Found::OtherRoot { after: 10, size: 20 });
    let too_long = found(|log| log.rows[3].resource = Some("r".repeat(70_000).into()));
    assert!(matches!(too_long, Found::Entry { index: 3, sequence: 7, source: EntryError::TooLong { .. } }), "{too_long:?}");
}

/// Any change of one thing in what is stored.
#[derive(Clone, Copy, Debug)]
enum Tampering {
    Row,
    Leaf,
    RowAndLeaf,
    Removed,
    Swapped,
    Cut,
    Regrown,
    Replayed,
    Root,
}

const TAMPERINGS: [Tampering; 9] = [
    Tampering::Row,
    Tampering::Leaf,
    Tampering::RowAndLeaf,
    Tampering::Removed,
    Tampering::Swapped,
    Tampering::Cut,
    Tampering::Regrown,
    Tampering::Replayed,
    Tampering::Root,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_single_thing_is_tampered_with_is_found_and_located(
        rows in 2_usize..60,
        kind in prop::sample::select(&TAMPERINGS[..]),
        at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        bit in 0_usize..256,
    ) {
        let mut log = Stored::new(rows);
        let (place, flip) = (at.index(rows), |hash: &mut Hash| hash[bit / 8] ^= 1 << (bit % 8));
        // The first entry that is not as it was; the tampering is found there, or by the checkpoint after it.
        let first = match kind {
            Tampering::Row => { flip(&mut log.rows[place].body_hash); place }
            Tampering::Leaf => { flip(&mut log.leaves[place]); place }
            Tampering::RowAndLeaf => {
                flip(&mut log.rows[place].body_hash);
                log.leaves[place] = log.rows[place].leaf().expect("short");
                place
            }
            Tampering::Removed => { log.rows.remove(place); place }
            Tampering::Swapped => {
                let other = other.index(rows);
                prop_assume!(place != other);
                log.rows.swap(place, other);
                place.min(other)
            }
            Tampering::Cut => { log.rows.truncate(place); place }
            Tampering::Regrown => {
                let count = rows - place;
                log.rows.truncate(place);
                log.rows.extend((rows..rows + count).map(row));
                log.leaves = log.rows.iter().map(|row| row.leaf().expect("short")).collect();
                place
            }
            Tampering::Replayed => {
                prop_assume!(log.checkpoints.len() > 1);
                let last = log.checkpoints.len() - 1;
                let old = at.index(last);
                log.checkpoints[last] = log.checkpoints[old].clone();
                usize::try_from(log.checkpoints[old].size()).expect("small")
            }
            Tampering::Root => {
                let which = at.index(log.checkpoints.len());
                let size = log.checkpoints[which].size();
                let mut root = *log.checkpoints[which].root();
                flip(&mut root);
                log.checkpoints[which] = Checkpoint::new(ORIGIN, size, root).expect("sound");
                usize::try_from(size).expect("small")
            }
        };
        let first = u64::try_from(first).expect("small");
        let found = log.walk();
        let is_located = match found {
            Err(Found::OtherEntry { index, .. } | Found::Order { index, .. }) => index == first,
            Err(Found::OtherRoot { after, size }) => (after..=size).contains(&first),
            Err(Found::Missing { entries, .. }) => entries == first,
            Err(Found::Replayed { size, .. }) => size == first,
            _ => false,
        };
        prop_assert!(is_located, "{kind:?} at {first} of {rows}: {found:?}");
    }
}
