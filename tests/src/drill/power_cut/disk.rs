//! What is on a disk when the power goes: what was synced, and of the rest whatever the disk had got to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::journal::Record;
use crate::generate::Gen;

/// A disk writes a sector whole or not at all.
const SECTOR: u64 = 512;

/// Which syncs count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syncs {
    /// All that were made.
    All,
    /// As with SQLite's `synchronous=NORMAL`: a write-ahead log is synced when the database is, and not before.
    Normal,
}

/// What becomes of that which was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsynced {
    /// All of it is lost.
    Lost,
    /// Any part of it is there, in any order, some of it in part.
    Some,
    /// All of it is there, as after a clean end.
    Kept,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Clone, Debug)]
enum Name {
    Set(PathBuf, usize),
    Gone(PathBuf),
    Moved(PathBuf, PathBuf),
}

#[derive(Clone, Debug, Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

/// A directory as it was built up, change by change.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    syncs: Syncs,
    files: Vec<File>,
    /// The names as the process sees them, and as the disk has them.
    names: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    pending: Vec<Name>,
}

impl Disk {
    /// One that has these files, all of them synced.
    pub(super) fn new(syncs: Syncs, found: BTreeMap<PathBuf, Vec<u8>>) -> Self {
        let (mut files, mut names) = (Vec::new(), BTreeMap::new());
        for (path, synced) in found {
            names.insert(path, files.len());
            files.push(File { synced, pending: Vec::new() });
        }
        Self { syncs, files, durable: names.clone(), names, pending: Vec::new() }
    }

    /// One change more.
    pub(super) fn apply(&mut self, record: Record) {
        match record {
            Record::Create(path) => {
                if !self.names.contains_key(&path) {
                    self.files.push(File::default());
                    self.name(Name::Set(path, self.files.len() - 1));
                }
            }
            Record::Write(path, offset, bytes) => self.change(&path, Change::Write(offset, bytes)),
            Record::Length(path, length) => self.change(&path, Change::Length(length)),
            Record::Rename(from, to) => self.name(Name::Moved(from, to)),
            Record::Link(from, to) => {
                if let Some(file) = self.names.get(&from) {
                    self.name(Name::Set(to, *file));
                }
            }
            Record::Unlink(path) => self.name(Name::Gone(path)),
            Record::Sync(path) => self.sync(&path),
        }
    }

    /// The files as they are after a power cut now.
    pub(super) fn after(&self, unsynced: Unsynced, dice: &mut Gen) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut names = self.durable.clone();
        let kept = match unsynced {
            Unsynced::Lost => 0,
            // A file system keeps the order of these.
            Unsynced::Some => dice.below(self.pending.len() + 1),
            Unsynced::Kept => self.pending.len(),
        };
        self.pending.iter().take(kept).for_each(|change| rename(&mut names, change));
        // A disk that is nearly idle has lost little, one that is far behind much.
        let odds = dice.below(1_001);
        let file = |file: &File, dice: &mut Gen| {
            let mut bytes = file.synced.clone();
            for change in &file.pending {
                match unsynced {
                    Unsynced::Lost => {}
                    Unsynced::Kept => write(&mut bytes, change, |_| true),
                    Unsynced::Some if !dice.chance(odds) => {}
                    Unsynced::Some if dice.chance(250) => write(&mut bytes, change, |_| dice.chance(500)),
                    Unsynced::Some => write(&mut bytes, change, |_| true),
                }
            }
            bytes
        };
        names.into_iter().map(|(path, number)| (path, file(&self.files[number], dice))).collect()
    }

    fn change(&mut self, path: &Path, change: Change) {
        if let Some(file) = self.names.get(path) {
            self.files[*file].pending.push(change);
        }
    }

    fn name(&mut self, change: Name) {
        rename(&mut self.names, &change);
        self.pending.push(change);
    }

    fn sync(&mut self, path: &Path) {
        let is_log = |path: &Path| path.to_string_lossy().ends_with("-wal");
        if self.syncs == Syncs::Normal && is_log(path) {
            return;
        }
        if let Some(file) = self.names.get(path).copied() {
            let mut synced = vec![file];
            if self.syncs == Syncs::Normal {
                synced.extend(self.names.iter().filter(|(path, _)| is_log(path)).map(|(_, log)| *log));
            }
            for number in synced {
                let File { synced, pending } = &mut self.files[number];
                std::mem::take(pending).iter().for_each(|change| write(synced, change, |_| true));
            }
            return;
        }
        // Otherwise it is a directory: what happened to the names in it is on the disk.
        let here = |change: &Name| match change {
            Name::Set(name, _) | Name::Gone(name) | Name::Moved(_, name) => name.parent() == Some(path),
        };
        for change in std::mem::take(&mut self.pending) {
            if here(&change) { rename(&mut self.durable, &change) } else { self.pending.push(change) }
        }
    }
}

fn rename(names: &mut BTreeMap<PathBuf, usize>, change: &Name) {
    match change {
        Name::Set(path, file) => _ = names.insert(path.clone(), *file),
        Name::Gone(path) => _ = names.remove(path),
        Name::Moved(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
    }
}

/// Writes those sectors of a change that are `kept`.
fn write(bytes: &mut Vec<u8>, change: &Change, mut kept: impl FnMut(u64) -> bool) {
    let place = |at: u64| usize::try_from(at).expect("a file that fits into memory");
    match change {
        Change::Length(length) => bytes.resize(place(*length), 0),
        Change::Write(offset, new) => {
            let end = offset + new.len() as u64;
            let mut at = *offset;
            while at < end {
                let next = end.min((at / SECTOR + 1) * SECTOR);
                if kept(at) {
                    if bytes.len() < place(next) {
                        bytes.resize(place(next), 0);
                    }
                    bytes[place(at)..place(next)].copy_from_slice(&new[place(at - offset)..place(next - offset)]);
                }
                at = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(syncs: Syncs, records: Vec<Record>) -> Disk {
        let mut disk = Disk::new(syncs, BTreeMap::from([("/d/db".into(), b"old".to_vec())]));
        records.into_iter().for_each(|record| disk.apply(record));
        disk
    }

    fn write(path: &str, bytes: &[u8]) -> Record {
        Record::Write(path.into(), 0, bytes.to_vec())
    }

    fn of(disk: &Disk, unsynced: Unsynced, path: &str) -> Option<Vec<u8>> {
        disk.after(unsynced, &mut Gen::new(1)).remove(Path::new(path))
    }

    #[test]
    fn what_was_synced_stays_and_what_was_not_may_go() {
        let disk = disk(Syncs::All, vec![write("/d/db", b"new"), Record::Sync("/d/db".into()), write("/d/db", b"lost")]);
        assert_eq!(of(&disk, Unsynced::Lost, "/d/db").expect("there"), b"new");
        assert_eq!(of(&disk, Unsynced::Kept, "/d/db").expect("there"), b"lost");
    }

    #[test]
    fn a_new_name_is_there_once_its_directory_is_synced() {
        let mut records = vec![Record::Create("/d/new".into()), write("/d/new", b"x"), Record::Sync("/d/new".into())];
        assert_eq!(of(&disk(Syncs::All, records.clone()), Unsynced::Lost, "/d/new"), None);
        records.push(Record::Sync("/d".into()));
        assert_eq!(of(&disk(Syncs::All, records.clone()), Unsynced::Lost, "/d/new").expect("there"), b"x");
        records.push(Record::Rename("/d/new".into(), "/d/db".into()));
        assert_eq!(of(&disk(Syncs::All, records.clone()), Unsynced::Lost, "/d/db").expect("there"), b"old");
        assert_eq!(of(&disk(Syncs::All, records), Unsynced::Kept, "/d/db").expect("there"), b"x");
    }

    #[test]
    fn at_normal_a_write_ahead_log_is_synced_with_the_database_alone() {
        let start = vec![Record::Create("/d/db-wal".into()), Record::Sync("/d".into()), write("/d/db-wal", b"frames")];
        let synced = [start, vec![Record::Sync("/d/db-wal".into())]].concat();
        assert_eq!(of(&disk(Syncs::All, synced.clone()), Unsynced::Lost, "/d/db-wal").expect("there"), b"frames");
        assert_eq!(of(&disk(Syncs::Normal, synced.clone()), Unsynced::Lost, "/d/db-wal").expect("there"), b"");
        let moved = [synced, vec![Record::Sync("/d/db".into())]].concat();
        assert_eq!(of(&disk(Syncs::Normal, moved), Unsynced::Lost, "/d/db-wal").expect("there"), b"frames");
    }

    #[test]
    fn what_is_torn_is_torn_between_sectors() {
        let disk = disk(Syncs::All, vec![Record::Write("/d/db".into(), 100, vec![7; 4_000])]);
        let (mut dice, mut torn) = (Gen::new(1), 0);
        for _ in 0..200 {
            let bytes = disk.after(Unsynced::Some, &mut dice).remove(Path::new("/d/db")).expect("there");
            let there: Vec<bool> = bytes.iter().skip(100).map(|byte| *byte == 7).collect();
            let edges = there.windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]);
            edges.for_each(|(at, _)| assert_eq!((at + 101) % 512, 0));
            torn += u32::from(there.contains(&true) && there.contains(&false));
        }
        assert!(torn > 5, "{torn}");
    }
}
