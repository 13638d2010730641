//! A segment: one file of blocks. None is written to after the process that made it has ended.
//!
//! ```text
//! "PPS1"   number: u64   first: u64   checksum of the 20 bytes before: u32
//! blocks
//! ```

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::block::{self, Header, Salt, Words};
use super::files;

const MAGIC: &[u8; 4] = b"PPS1";
pub(super) const HEADER: u64 = 24;
/// Bytes looked at in one go for the next block, where one is damaged.
const WINDOW: usize = 64 << 10;

/// One segment, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Its place among the segments.
    pub(super) number: u64,
    /// The number of its first event.
    pub(super) first: u64,
    /// Its length in bytes.
    pub(super) bytes: u64,
    /// Bytes that are on disk for good, and may be delivered.
    pub(super) durable: u64,
}

pub(super) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:016x}.segment"))
}

/// The number of the segment with this file name, if it is one.
pub(super) fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(".segment").filter(|digits| digits.len() == 16).and_then(|digits| u64::from_str_radix(digits, 16).ok())
}

/// Makes a file with a header and nothing more.
pub(super) fn create(directory: &Path, number: u64, first: u64) -> io::Result<File> {
    let mut bytes = Vec::from(MAGIC);
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&first.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    let mut file = files::create(&path(directory, number))?;
    file.write_all(&bytes)?;
    Ok(file)
}

/// Opens a segment of an earlier run; `None` where its header is not sound.
pub(super) fn open(directory: &Path, number: u64) -> io::Result<Option<(File, Segment)>> {
    read_header(files::open_to_write(&path(directory, number))?, number)
}

/// The same, to be read alone.
pub(super) fn open_to_look(directory: &Path, number: u64) -> io::Result<Option<(File, Segment)>> {
    read_header(files::open(&path(directory, number))?, number)
}

fn read_header(mut file: File, number: u64) -> io::Result<Option<(File, Segment)>> {
    let bytes = file.metadata()?.len();
    let header = files::read_at(&mut file, 0, usize::try_from(HEADER).unwrap_or(0))?;
    let Some((said, checksum)) = header.split_last_chunk::<4>() else { return Ok(None) };
    let mut words = Words(said.get(4..).unwrap_or_default());
    let sound = said.starts_with(MAGIC) && crc32fast::hash(said) == u32::from_le_bytes(*checksum) && words.u64() == Some(number);
    let first = words.u64().filter(|_| sound);
    Ok(first.map(|first| (file, Segment { number, first, bytes, durable: bytes })))
}

/// The next block that begins at `from` or later, whole before `end`, and has a sound header.
pub(super) fn find(file: &mut File, mut from: u64, end: u64, salt: Salt) -> io::Result<Option<(u64, Header)>> {
    let mut buffer = Vec::new();
    // Where `buffer` stands in the file.
    let mut start = from;
    loop {
        let at = usize::try_from(from.saturating_sub(start)).unwrap_or(usize::MAX);
        if buffer.len() < at.saturating_add(block::HEADER) {
            start = from;
            let left = usize::try_from(end.saturating_sub(from)).unwrap_or(usize::MAX);
            // Where all is well a header is all that is needed.
            let window = if buffer.is_empty() { block::HEADER } else { WINDOW };
            buffer = files::read_at(file, from, left.min(window))?;
            if buffer.len() < block::HEADER {
                return Ok(None);
            }
            continue;
        }
        let rest = buffer.get(at..).unwrap_or_default();
        if let Some(header) = Header::read(rest, salt)
            && from.saturating_add(header.length()) <= end
        {
            return Ok(Some((from, header)));
        }
        let after = rest.get(1..).unwrap_or_default();
        let next = after.windows(block::MAGIC.len()).position(|bytes| bytes == block::MAGIC);
        // Without another magic here, go on where one could still begin.
        let skip = next.unwrap_or_else(|| after.len().saturating_sub(block::MAGIC.len() - 1)).saturating_add(1);
        from = from.saturating_add(u64::try_from(skip).unwrap_or(u64::MAX));
    }
}

/// The events of the block at `at`; `None` where they are damaged.
pub(super) fn read(file: &mut File, at: u64, header: &Header) -> io::Result<Option<Vec<Vec<u8>>>> {
    let packed = files::read_at(file, at.saturating_add(u64::try_from(block::HEADER).unwrap_or(0)), header.packed)?;
    Ok(header.unpack(&packed))
}

/// Where the last whole block ends, in bytes and in numbers; `None` where there is no whole block.
pub(super) fn last(file: &mut File, segment: &Segment, salt: Salt) -> io::Result<Option<(u64, u64)>> {
    let (mut from, mut last) = (HEADER, None);
    while let Some((at, header)) = find(file, from, segment.bytes, salt)? {
        from = at.saturating_add(header.length());
        if read(file, at, &header)?.is_some() {
            last = Some((from, header.end()));
        }
    }
    Ok(last)
}

/// Makes it as long as it is sound, on disk before this returns.
pub(super) fn cut(file: &File, bytes: u64) -> io::Result<()> {
    file.set_len(bytes)?;
    file.sync_all()
}
