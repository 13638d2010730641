//! A block: the events that were written together, compressed together.
//!
//! ```text
//! "PPB1"   packed: u32   unpacked: u32   checksum of what is packed: u32
//! first number: u64   numbers: u64   earliest: i64   latest: i64   checksum of the 48 bytes before: u32
//! what is packed: deflate of the events, each a LEB128 length and its bytes
//! ```
//!
//! Numbers are little endian. The checksums are CRC-32: they find what a disk or a crash did. The header's begins with the
//! spool's own random salt, so that no agent can send a text that would be taken for a block, if what it stands in were
//! damaged. Who may write the files can forge them; what holds then is the chain of hashes that the issuer keeps.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::report::event;

pub(super) const MAGIC: &[u8; 4] = b"PPB1";
pub(super) const HEADER: usize = 52;
/// The most bytes of events in one block: some large ones, or the queue of a busy moment.
pub(super) const UNPACKED: usize = 4 << 20;
/// Deflate makes nothing much larger.
const PACKED: usize = UNPACKED + (64 << 10);
/// Bytes of events after which a block is closed, so that one that is damaged takes few with it.
pub(super) const FULL: usize = 256 << 10;

/// What a block says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) packed: usize,
    unpacked: usize,
    checksum: u32,
    /// Of its first event, or of the first decision that it stands for.
    pub(super) first: u64,
    /// How many it takes.
    pub(super) numbers: u64,
    /// When its events were decided, in seconds since 1970.
    pub(super) earliest: i64,
    pub(super) latest: i64,
}

/// Events that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    events: Vec<u8>,
    numbers: u64,
    times: Option<(i64, i64)>,
}

impl Gathered {
    pub(super) fn add(&mut self, event: &[u8]) {
        let mut length = u64::try_from(event.len()).unwrap_or(u64::MAX);
        while length >= 0x80 {
            self.events.push(length.to_le_bytes().first().copied().unwrap_or(0) | 0x80);
            length >>= 7;
        }
        self.events.push(length.to_le_bytes().first().copied().unwrap_or(0));
        self.events.extend_from_slice(event);
        self.numbers = self.numbers.saturating_add(event::numbers_of(event));
        let now = event::time_of(event);
        let (earliest, latest) = self.times.unwrap_or((now, now));
        self.times = Some((earliest.min(now), latest.max(now)));
    }

    pub(super) fn bytes(&self) -> usize {
        self.events.len()
    }

    pub(super) fn numbers(&self) -> u64 {
        self.numbers
    }
}

/// The spool's random start of each header's checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Salt(pub(super) u32);

impl Salt {
    fn checksum(self, bytes: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.0);
        hasher.update(bytes);
        hasher.finalize()
    }
}

/// Packs blocks, one after the other, in the same working memory.
pub(super) struct Packer {
    compress: Compress,
    salt: Salt,
}

impl Packer {
    pub(super) fn new(salt: Salt) -> Self {
        // Twice as fast as the usual level, and a tenth larger.
        Self { compress: Compress::new(Compression::fast(), false), salt }
    }

    /// The block of what was gathered, its first event under the number `first`, and nothing gathered any more.
    pub(super) fn pack(&mut self, gathered: &mut Gathered, first: u64) -> Option<Vec<u8>> {
        self.compress.reset();
        let mut block = vec![0; HEADER];
        block.reserve(gathered.events.len() + 1_024);
        loop {
            let given = usize::try_from(self.compress.total_in()).ok()?;
            match self.compress.compress_vec(gathered.events.get(given..)?, &mut block, FlushCompress::Finish).ok()? {
                Status::StreamEnd => break,
                Status::Ok | Status::BufError => block.reserve(block.len()),
            }
        }
        let (earliest, latest) = gathered.times.unwrap_or_default();
        let packed = block.get(HEADER..)?;
        let header = Header {
            packed: packed.len(),
            unpacked: gathered.events.len(),
            checksum: crc32fast::hash(packed),
            first,
            numbers: gathered.numbers,
            earliest,
            latest,
        };
        block.get_mut(..HEADER)?.copy_from_slice(&header.write(self.salt)?);
        gathered.events.clear();
        (gathered.numbers, gathered.times) = (0, None);
        Some(block)
    }
}

impl Header {
    fn write(&self, salt: Salt) -> Option<[u8; HEADER]> {
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&u32::try_from(self.packed).ok()?.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(self.unpacked).ok()?.to_le_bytes());
        bytes.extend_from_slice(&self.checksum.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.numbers.to_le_bytes());
        bytes.extend_from_slice(&self.earliest.to_le_bytes());
        bytes.extend_from_slice(&self.latest.to_le_bytes());
        bytes.extend_from_slice(&salt.checksum(&bytes).to_le_bytes());
        bytes.try_into().ok()
    }

    /// The header that `bytes` begin with, if they begin with one that is sound.
    pub(super) fn read(bytes: &[u8], salt: Salt) -> Option<Self> {
        let header = bytes.get(..HEADER)?;
        let (said, checksum) = header.split_last_chunk::<4>()?;
        if !said.starts_with(MAGIC) || salt.checksum(said) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let mut words = Words(said.get(4..)?);
        let [packed, unpacked, checksum] = [words.u32()?, words.u32()?, words.u32()?];
        let [first, numbers, earliest, latest] = [words.u64()?, words.u64()?, words.u64()?, words.u64()?];
        let header = Self {
            packed: usize::try_from(packed).ok()?,
            unpacked: usize::try_from(unpacked).ok()?,
            checksum,
            first,
            numbers,
            earliest: earliest.cast_signed(),
            latest: latest.cast_signed(),
        };
        let bounded = header.packed <= PACKED && header.unpacked <= UNPACKED && first.checked_add(numbers).is_some();
        bounded.then_some(header)
    }

    /// The number after its last.
    pub(super) fn end(&self) -> u64 {
        self.first.saturating_add(self.numbers)
    }

    /// Header and what follows it.
    pub(super) fn length(&self) -> u64 {
        u64::try_from(HEADER + self.packed).unwrap_or(u64::MAX)
    }

    /// The events, if `packed` is what was written.
    pub(super) fn unpack(&self, packed: &[u8]) -> Option<Vec<Vec<u8>>> {
        if packed.len() != self.packed || crc32fast::hash(packed) != self.checksum {
            return None;
        }
        // No more than the header says is ever unpacked.
        let mut events = Vec::with_capacity(self.unpacked);
        let status = Decompress::new(false).decompress_vec(packed, &mut events, FlushDecompress::Finish).ok()?;
        if status != Status::StreamEnd || events.len() != self.unpacked {
            return None;
        }
        let (mut rest, mut list, mut numbers) = (events.as_slice(), Vec::new(), 0_u64);
        while !rest.is_empty() {
            let mut length = 0_usize;
            for shift in (0..35).step_by(7) {
                let (byte, after) = rest.split_first()?;
                rest = after;
                length |= usize::from(byte & 0x7f).checked_shl(shift)?;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let (event, after) = rest.split_at_checked(length)?;
            rest = after;
            numbers = numbers.checked_add(event::numbers_of(event))?;
            list.push(event.to_vec());
        }
        (numbers == self.numbers).then_some(list)
    }
}

/// The first number of a block that was packed here.
pub(super) fn first_of(block: &[u8]) -> Option<u64> {
    Words(block.get(16..24)?).u64()
}

/// Little-endian numbers, one after the other.
pub(super) struct Words<'b>(pub(super) &'b [u8]);

impl Words<'_> {
    pub(super) fn u32(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*word))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: Salt = Salt(77);

    fn events() -> Vec<Vec<u8>> {
        let mut gap = Vec::new();
        event::write_gap(7, 3, "{\"requestId\":\"r\"}", &mut gap);
        let with = |now: i64, byte: u8, length: usize| [&[1][..], &now.to_le_bytes(), &vec![byte; length]].concat();
        vec![with(9, b'x', 100), gap, with(5, b'y', 20_000), with(6, b'z', 0)]
    }

    fn block() -> Vec<u8> {
        let mut gathered = Gathered::default();
        events().iter().for_each(|event| gathered.add(event));
        assert_eq!((gathered.numbers(), gathered.bytes() > 20_000), (6, true));
        let block = Packer::new(SALT).pack(&mut gathered, 1_000).expect("packed");
        assert_eq!((gathered.numbers(), gathered.bytes()), (0, 0));
        block
    }

    #[test]
    fn what_was_gathered_is_read_back() {
        let block = block();
        let header = Header::read(&block, SALT).expect("a header");
        assert_eq!((header.first, header.numbers, header.end(), header.earliest, header.latest), (1_000, 6, 1_006, 5, 9));
        assert_eq!((usize::try_from(header.length()), header.unpack(&block[HEADER..])), (Ok(block.len()), Some(events())));
        assert_eq!(Header::read(&block, Salt(78)), None, "another spool's block is none");
    }

    #[test]
    fn no_flipped_bit_of_a_block_passes() {
        let block = block();
        for at in 0..block.len() * 8 {
            let mut damaged = block.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            let read = Header::read(&damaged, SALT).and_then(|header| header.unpack(&damaged[HEADER..]));
            assert_eq!(read, None, "bit {at}");
        }
        for cut in 0..block.len() {
            let read = Header::read(&block[..cut], SALT).and_then(|header| header.unpack(&block[HEADER.min(cut)..cut]));
            assert_eq!(read, None, "cut at {cut}");
        }
    }

    #[test]
    fn a_packer_packs_one_block_after_the_other() {
        let mut packer = Packer::new(SALT);
        for round in 0..3 {
            let mut gathered = Gathered::default();
            events().iter().for_each(|event| gathered.add(event));
            let block = packer.pack(&mut gathered, round).expect("packed");
            let header = Header::read(&block, SALT).expect("a header");
            assert_eq!(header.unpack(&block[HEADER..]).expect("events").len(), 4);
        }
    }
}
