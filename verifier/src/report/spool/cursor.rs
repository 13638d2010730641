//! How far the issuer has acknowledged: one small file with two slots, written in turn, so that one is always whole.
//!
//! ```text
//! "PPC1"   count: u64   acknowledged number: u64   has a hash: u8   hash: 32 bytes   checksum of the 53 bytes before: u32
//! ```

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::block::Words;
use super::files;

const MAGIC: &[u8; 4] = b"PPC1";
const SLOT: usize = 57;
/// Where the second slot stands: on a disk's sector of its own.
const SECOND: u64 = 4_096;

/// The last event that the issuer has: its number, and the SHA-256 of its bytes as reported. The hash is missing before
/// the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Acknowledged {
    pub(in super::super) seq: u64,
    pub(in super::super) hash: Option<[u8; 32]>,
}

#[derive(Debug)]
pub(super) struct Cursor {
    file: File,
    count: u64,
}

impl Cursor {
    /// Makes the file of a new spool.
    pub(super) fn create(path: &Path, acknowledged: Acknowledged) -> io::Result<Self> {
        // With the name already there, half a file would be damage.
        let mut bytes = slot(1, acknowledged);
        bytes.resize(usize::try_from(SECOND).unwrap_or(0) + SLOT, 0);
        files::replace(path, &bytes)?;
        Ok(Self { file: files::open_to_write(path)?, count: 1 })
    }

    /// Opens the file at `path`; `None` for the content of one that is damaged in both slots.
    pub(super) fn open(path: &Path) -> io::Result<Option<(Self, Acknowledged)>> {
        let mut file = files::open_to_write(path)?;
        Ok(newest(&mut file)?.map(|(count, acknowledged)| (Self { file, count }, acknowledged)))
    }

    /// What the file at `path` says, which stays as it is; `None` where it is damaged in both slots.
    pub(super) fn look(path: &Path) -> io::Result<Option<Acknowledged>> {
        Ok(newest(&mut files::open(path)?)?.map(|(_, acknowledged)| acknowledged))
    }

    /// Moves it, on disk before this returns.
    pub(super) fn advance(&mut self, acknowledged: Acknowledged) -> io::Result<()> {
        let count = self.count.saturating_add(1);
        let at = if count.is_multiple_of(2) { SECOND } else { 0 };
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(&slot(count, acknowledged))?;
        self.file.sync_data()?;
        self.count = count;
        Ok(())
    }
}

/// The sound slot that was written last.
fn newest(file: &mut File) -> io::Result<Option<(u64, Acknowledged)>> {
    let slots = [files::read_at(file, 0, SLOT)?, files::read_at(file, SECOND, SLOT)?];
    Ok(slots.into_iter().filter_map(|bytes| read(&bytes)).max_by_key(|(count, _)| *count))
}

fn slot(count: u64, acknowledged: Acknowledged) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SLOT);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&acknowledged.seq.to_le_bytes());
    bytes.push(u8::from(acknowledged.hash.is_some()));
    bytes.extend_from_slice(&acknowledged.hash.unwrap_or_default());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

fn read(bytes: &[u8]) -> Option<(u64, Acknowledged)> {
    let (said, checksum) = bytes.split_last_chunk::<4>()?;
    if bytes.len() != SLOT || !said.starts_with(MAGIC) || crc32fast::hash(said) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let mut words = Words(said.get(4..)?);
    let (count, seq) = (words.u64()?, words.u64()?);
    let (has_hash, hash) = words.0.split_first()?;
    let hash = (*has_hash == 1).then_some(hash.try_into().ok()?);
    Some((count, Acknowledged { seq, hash }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: u64) -> Acknowledged {
        Acknowledged { seq, hash: (seq > 1).then_some([u8::try_from(seq).unwrap_or(0); 32]) }
    }

    #[test]
    fn the_cursor_is_the_last_one_written_and_the_one_before_where_that_is_torn() {
        let directory = crate::report::tests::place();
        let path = directory.path().join("cursor");
        let mut cursor = Cursor::create(&path, at(1)).expect("created");
        for seq in 2..7 {
            cursor.advance(at(seq)).expect("written");
            let whole = files::read(&path, 10_000).expect("read").expect("there");
            let (_, read) = Cursor::open(&path).expect("read").expect("sound");
            assert_eq!(read, at(seq));
            let slot_at = if seq % 2 == 0 { 4_096 } else { 0 };
            for byte in 0..SLOT {
                let mut torn = whole.clone();
                torn[slot_at + byte] ^= 0x40;
                files::replace(&path, &torn).expect("written");
                assert_eq!(Cursor::open(&path).expect("read").expect("sound").1, at(seq - 1));
            }
            files::replace(&path, &whole).expect("written");
            cursor = Cursor::open(&path).expect("read").expect("sound").0;
        }
    }

    #[test]
    fn a_cursor_that_is_damaged_twice_is_none() {
        let directory = crate::report::tests::place();
        let path = directory.path().join("cursor");
        drop(Cursor::create(&path, at(1)).expect("created"));
        files::replace(&path, b"PPC1 and no more").expect("written");
        assert!(Cursor::open(&path).expect("read").is_none());
    }
}
