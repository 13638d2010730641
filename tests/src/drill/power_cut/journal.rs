//! The journal that the shim keeps of a process's changes to a directory.

use std::path::{Path, PathBuf};

/// One change, in the order in which they were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Create(PathBuf),
    Write(PathBuf, u64, Vec<u8>),
    Length(PathBuf, u64),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Unlink(PathBuf),
    Sync(PathBuf),
}

/// `struct head` of the shim.
const HEAD: usize = 32;

/// Reads a journal up to its end, or up to the record that the kill cut off.
pub(super) fn read(path: &Path) -> Vec<Record> {
    let journal = std::fs::read(path).expect("a journal");
    let (mut records, mut rest) = (Vec::new(), journal.as_slice());
    while let Some((record, after)) = next(rest) {
        records.push(record);
        rest = after;
    }
    records
}

fn next(journal: &[u8]) -> Option<(Record, &[u8])> {
    let (head, rest) = journal.split_at_checked(HEAD)?;
    let half = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().expect("four bytes"));
    let whole = |at: usize| u64::from_ne_bytes(head[at..at + 8].try_into().expect("eight bytes"));
    let (path, rest) = rest.split_at_checked(half(8) as usize)?;
    let (second, rest) = rest.split_at_checked(half(12) as usize)?;
    let (bytes, rest) = rest.split_at_checked(usize::try_from(whole(24)).expect("a small write"))?;
    let [path, second] = [path, second].map(|path| PathBuf::from(String::from_utf8(path.to_vec()).expect("a path that is text")));
    let record = match head[0] {
        b'C' => Record::Create(path),
        b'W' => Record::Write(path, whole(16), bytes.to_vec()),
        b'T' => Record::Length(path, whole(16)),
        b'R' => Record::Rename(path, second),
        b'L' => Record::Link(path, second),
        b'U' => Record::Unlink(path),
        b'S' => Record::Sync(path),
        kind => panic!("a record of the kind {kind}"),
    };
    Some((record, rest))
}
