//! The spool: decisions on disk, from when they are written until the issuer has them.
//!
//! A directory, of one process at a time:
//!
//! | file | |
//! | --- | --- |
//! | `lock` | held while the spool is open |
//! | `spool.json` | whose it is |
//! | `….segment` | the events, in blocks with checksums; the first is removed once the issuer has all of it |
//! | `cursor` | the last event that the issuer has, and its hash |
//! | `receipt` | the newest receipt of the issuer's log (docs/audit.md A20), to be held against it if it ever loses something |
//! | `gap-….record` | what is reported in the place of events that are damaged or refused |
//!
//! Events are numbered when they are written. A block that is torn at the very end was never promised to anybody, and is
//! cut when the spool is opened. Anything else that cannot be read back becomes a gap record.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use passport_shared::text::quote;
use serde_json::{Value, json};

mod block;
mod cursor;
mod files;
mod gaps;
mod look;
mod reader;
mod segment;
mod sync;
mod writer;

pub(super) use cursor::Acknowledged;
use cursor::Cursor;
use gaps::Gaps;
pub use look::{SpoolSummary, look_into_spool};
pub(super) use reader::{Content, Item, Reader};
use segment::Segment;
pub(super) use sync::Sync;
pub(super) use writer::{Writer, gap_id};

/// Bytes of `spool.json`.
const DESCRIPTION_BYTES: usize = 4_096;
const VERSION: u64 = 1;
/// The most bytes of one segment.
const SEGMENT_BYTES: u64 = 8 << 20;

/// Why a spool cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// Another process, or another reporter of this one, has it open.
    #[error("the spool in {} is in use by another process; give each process a directory of its own", quote(&directory.display().to_string()))]
    InUse {
        /// Where it is.
        directory: PathBuf,
    },
    /// It holds the decisions of another reporter.
    #[error(
        "the spool in {} is of {}, and the passport is of {}; give each reporter a directory of its own",
        quote(&directory.display().to_string()),
        quote(found),
        quote(expected)
    )]
    OtherReporter {
        /// Where it is.
        directory: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose the passport is.
        expected: String,
    },
    /// What it says of itself cannot be read: which events the issuer has is not known.
    #[error("the spool in {} is damaged: {what}; move the directory away, and keep it for who wants to know", quote(&directory.display().to_string()))]
    Damaged {
        /// Where it is.
        directory: PathBuf,
        /// What is damaged.
        what: &'static str,
    },
    /// The system refuses a file.
    #[error("the spool in {} cannot be opened: {error}", quote(&directory.display().to_string()))]
    Io {
        /// Where it is.
        directory: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// What is kept where. Held for a few moves, never while a disk is waited for, except to remove a file.
#[derive(Debug)]
struct Shelf {
    segments: VecDeque<Segment>,
    next_segment: u64,
    /// The number after the last event that is written, and after the last that is on disk for good.
    next: u64,
    durable: u64,
    acknowledged: u64,
}

/// The spool, between its writer, its reader and those who ask.
#[derive(Debug)]
pub(super) struct Spool {
    directory: PathBuf,
    quota: u64,
    salt: block::Salt,
    shelf: Mutex<Shelf>,
    gaps: Mutex<Gaps>,
    /// `None` once it is closed: what comes after changes nothing on disk.
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    cursor: Cursor,
    _lock: File,
}

/// What the spool holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holdings {
    /// Decisions that the issuer has not acknowledged.
    pub(super) waiting: u64,
    /// Bytes of the segments.
    pub(super) bytes: u64,
    /// The number after the last that is on disk for good.
    pub(super) durable: u64,
    /// The last that is acknowledged.
    pub(super) acknowledged: u64,
}

impl Spool {
    /// Opens the spool in `directory`, which is made where it is missing, for `reporter`. A new one numbers its events
    /// from `first` on; `salt` is random.
    pub(super) fn open(
        directory: &Path,
        reporter: &str,
        quota: u64,
        first: u64,
        salt: u32,
    ) -> Result<(Arc<Self>, Acknowledged), SpoolError> {
        let failed = |error| SpoolError::Io { directory: directory.to_owned(), error };
        files::directory(directory).map_err(failed)?;
        let lock = files::lock(&directory.join("lock")).map_err(failed)?;
        let lock = lock.ok_or_else(|| SpoolError::InUse { directory: directory.to_owned() })?;
        let salt = describe(directory, reporter, salt)?;
        let names = files::names(directory).map_err(failed)?;
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| segment::number_of(name)).collect();
        numbers.sort_unstable();
        let path = directory.join("cursor");
        let (cursor, acknowledged) = match names.iter().any(|name| name == "cursor") {
            true => Cursor::open(&path).map_err(failed)?.ok_or_else(|| damaged(directory, "the cursor is not sound"))?,
            false if numbers.is_empty() => {
                let acknowledged = Acknowledged { seq: first.saturating_sub(1), hash: None };
                (Cursor::create(&path, acknowledged).map_err(failed)?, acknowledged)
            }
            false => return Err(damaged(directory, "the cursor is missing")),
        };
        let mut shelf = recover(directory, &numbers, acknowledged.seq, block::Salt(salt)).map_err(failed)?;
        shelf.trim(directory, acknowledged.seq);
        let mut gaps = Gaps::open(directory, &names).map_err(failed)?;
        gaps.forget(acknowledged.seq);
        let spool = Self {
            directory: directory.to_owned(),
            quota,
            salt: block::Salt(salt),
            shelf: Mutex::new(shelf),
            gaps: Mutex::new(gaps),
            open: Mutex::new(Some(Open { cursor, _lock: lock })),
        };
        Ok((Arc::new(spool), acknowledged))
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gaps(&self) -> MutexGuard<'_, Gaps> {
        self.gaps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn holdings(&self) -> Holdings {
        let shelf = self.shelf();
        Holdings {
            waiting: shelf.next.saturating_sub(shelf.acknowledged.saturating_add(1)),
            bytes: shelf.bytes(),
            durable: shelf.durable,
            acknowledged: shelf.acknowledged,
        }
    }

    /// The issuer has everything up to this event: the cursor moves, on disk before this returns, and segments that hold
    /// nothing else are removed. Nothing happens once the spool is closed.
    pub(super) fn acknowledge(&self, acknowledged: Acknowledged) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = open.as_mut() else { return Ok(()) };
        open.cursor.advance(acknowledged)?;
        self.shelf().trim(&self.directory, acknowledged.seq);
        self.gaps().forget(acknowledged.seq);
        Ok(())
    }

    /// Keeps the newest receipt in the place of the one before. After a power cut it may be an older one.
    pub(super) fn keep_receipt(&self, token: &str) -> io::Result<()> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            return Ok(());
        }
        files::put(&self.directory.join("receipt"), token.as_bytes())
    }

    /// Removes what the issuer has.
    fn trim(&self) {
        let mut shelf = self.shelf();
        let acknowledged = shelf.acknowledged;
        shelf.trim(&self.directory, acknowledged);
    }

    /// How long a segment may grow: an eighth of the quota, so that room comes back in parts of that size.
    fn segment_bytes(&self) -> u64 {
        (self.quota / 8).min(SEGMENT_BYTES)
    }

    /// From here on `event`, a gap record, is reported in the place of the one with the number `last`.
    pub(super) fn put_gap(&self, last: u64, event: Vec<u8>) -> io::Result<()> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match *open {
            Some(_) => self.gaps().keep(last, event),
            None => Err(io::Error::other("the spool is closed")),
        }
    }

    /// The gap record that is reported in the place of the event with this number, if there is one.
    pub(super) fn gap(&self, last: u64) -> Option<Vec<u8>> {
        self.gaps().get(last).map(<[u8]>::to_vec)
    }

    /// Lets go of the directory.
    pub(super) fn close(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Shelf {
    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Removes the segments that the issuer has all of, the oldest first; never the last, which may be written to.
    fn trim(&mut self, directory: &Path, acknowledged: u64) {
        self.acknowledged = self.acknowledged.max(acknowledged);
        let after = self.acknowledged.saturating_add(1);
        while let (Some(first), Some(second)) = (self.segments.front(), self.segments.get(1))
            && second.first <= after
        {
            if files::remove(&segment::path(directory, first.number)).is_err() {
                // It is there still, and counts; the next time may go better.
                return;
            }
            self.segments.pop_front();
        }
    }
}

/// Reads whose spool it is, or writes that it is `reporter`'s. Gives its salt.
fn describe(directory: &Path, reporter: &str, salt: u32) -> Result<u32, SpoolError> {
    let failed = |error| SpoolError::Io { directory: directory.to_owned(), error };
    let path = directory.join("spool.json");
    let Some(text) = files::read(&path, DESCRIPTION_BYTES).map_err(failed)? else {
        let text = json!({"version": VERSION, "reporter": reporter, "salt": salt}).to_string();
        files::replace(&path, text.as_bytes()).map_err(failed)?;
        return Ok(salt);
    };
    match description(directory, &text)? {
        (found, salt) if found == reporter => Ok(salt),
        (found, _) => Err(SpoolError::OtherReporter { directory: directory.to_owned(), found, expected: reporter.to_owned() }),
    }
}

/// Whose it is, and its salt, out of `spool.json`.
fn description(directory: &Path, text: &[u8]) -> Result<(String, u32), SpoolError> {
    let said: Value = serde_json::from_slice(text).unwrap_or_default();
    let number = |name: &str| said.get(name).and_then(Value::as_u64);
    let salt = number("salt").and_then(|salt| u32::try_from(salt).ok());
    match (number("version"), said.get("reporter").and_then(Value::as_str), salt) {
        (Some(VERSION), Some(reporter), Some(salt)) => Ok((reporter.to_owned(), salt)),
        _ => Err(damaged(directory, "`spool.json` is not sound, or of another version")),
    }
}

fn damaged(directory: &Path, what: &'static str) -> SpoolError {
    SpoolError::Damaged { directory: directory.to_owned(), what }
}

/// What is there of earlier runs. A torn end is cut, and segments without a block are removed; one whose header cannot be
/// read is put aside, and what it held becomes a gap.
fn recover(directory: &Path, numbers: &[u64], acknowledged: u64, salt: block::Salt) -> io::Result<Shelf> {
    let next_segment = numbers.last().map_or(1, |number| number.saturating_add(1));
    let mut segments = VecDeque::new();
    let mut next = None;
    for number in numbers.iter().rev() {
        let path = segment::path(directory, *number);
        let Some((mut file, mut segment)) = segment::open(directory, *number)? else {
            match files::read(&path, 1)?.is_some_and(|bytes| bytes.is_empty()) || next.is_none() && is_short(&path)? {
                true => files::remove(&path)?,
                false => files::rename(&path, &path.with_extension("damaged"))?,
            }
            continue;
        };
        if next.is_none() {
            // The last that was written to. What follows its last whole block was not promised to anybody.
            let Some((bytes, end)) = segment::last(&mut file, &segment, salt)? else {
                files::remove(&path)?;
                continue;
            };
            segment::cut(&file, bytes)?;
            (segment.bytes, segment.durable, next) = (bytes, bytes, Some(end));
        }
        segments.push_front(segment);
    }
    let next = next.unwrap_or(0).max(acknowledged.saturating_add(1));
    Ok(Shelf { segments, next_segment, next, durable: next, acknowledged })
}

/// Whether the file at `path` is no longer than a segment's header: its making was cut short.
fn is_short(path: &Path) -> io::Result<bool> {
    let most = usize::try_from(segment::HEADER).unwrap_or(0);
    Ok(files::read(path, most + 1)?.is_none_or(|bytes| bytes.len() <= most))
}
