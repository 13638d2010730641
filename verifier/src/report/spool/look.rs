//! A look at a spool that changes nothing, not even where its process is at work: for who wants to know how it is.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::block::Salt;
use super::cursor::Cursor;
use super::segment::Segment;
use super::{DESCRIPTION_BYTES, SpoolError, damaged, description, files, segment};

/// What a spool holds, as far as a look from outside shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolSummary {
    /// Whose it is: the `sub` of its reporter's passport.
    pub reporter: String,
    /// Decisions that the issuer has not acknowledged, those that cannot be read among them.
    pub waiting: u64,
    /// When the oldest of them was decided, about, in seconds since 1970.
    pub oldest_at: Option<i64>,
    /// Files of events.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Places at which events that wait cannot be read back. The reporter tells the issuer of each by a gap record. What is torn
    /// at the very end is none: it was promised to nobody.
    pub damaged: u64,
}

/// Looks at the spool in `directory`; `None` where there is none. Nothing is locked, cut, removed or made, so it may be in use:
/// what its process does meanwhile may be seen in part.
///
/// # Errors
/// [`SpoolError::Io`]; [`SpoolError::Damaged`], if it is not known what the issuer has.
pub fn look_into_spool(directory: &Path) -> Result<Option<SpoolSummary>, SpoolError> {
    let failed = |error| SpoolError::Io { directory: directory.to_owned(), error };
    let Some(text) = files::read(&directory.join("spool.json"), DESCRIPTION_BYTES).map_err(failed)? else { return Ok(None) };
    let (reporter, salt) = description(directory, &text)?;
    let names = files::names(directory).map_err(failed)?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| segment::number_of(name)).collect();
    numbers.sort_unstable();
    // All are open before the cursor is read: of one that was removed meanwhile the issuer has everything, and the cursor says so.
    let mut segments = Vec::new();
    for number in numbers {
        match segment::open_to_look(directory, number) {
            Ok(segment) => segments.extend(segment),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let acknowledged = match Cursor::look(&directory.join("cursor")) {
        Ok(Some(acknowledged)) => acknowledged.seq,
        Ok(None) => return Err(damaged(directory, "the cursor is not sound")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(damaged(directory, "the cursor is missing")),
        Err(error) => return Err(failed(error)),
    };
    let next = acknowledged.saturating_add(1);
    let mut seen = Seen { next, oldest_at: None, damaged: 0 };
    for (file, segment) in &mut segments {
        seen.read(file, segment, Salt(salt)).map_err(failed)?;
    }
    Ok(Some(SpoolSummary {
        reporter,
        waiting: seen.next.saturating_sub(next),
        oldest_at: seen.oldest_at,
        segments: u64::try_from(segments.len()).unwrap_or(u64::MAX),
        bytes: segments.iter().map(|(_, segment)| segment.bytes).sum(),
        damaged: seen.damaged,
    }))
}

struct Seen {
    /// The number that comes next.
    next: u64,
    oldest_at: Option<i64>,
    damaged: u64,
}

impl Seen {
    /// Reads one segment through. A block that cannot be read is missed at the next one that can.
    fn read(&mut self, file: &mut File, found: &Segment, salt: Salt) -> io::Result<()> {
        let mut from = segment::HEADER;
        while let Some((at, header)) = segment::find(file, from, found.bytes, salt)? {
            from = at.saturating_add(header.length());
            // What the issuer has, what was written twice, and what is damaged.
            if header.end() <= self.next || segment::read(file, at, &header)?.is_none() {
                continue;
            }
            self.damaged = self.damaged.saturating_add(u64::from(header.first > self.next));
            self.oldest_at = Some(self.oldest_at.map_or(header.earliest, |oldest| oldest.min(header.earliest)));
            self.next = header.end();
        }
        Ok(())
    }
}
