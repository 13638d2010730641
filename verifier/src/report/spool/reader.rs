//! Reads the spool in order, from the first event that the issuer does not have. What cannot be read comes as a gap.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

use super::{Spool, files, segment};
use crate::report::event;

/// An event, or what stands for several that are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Item {
    /// Its number; the last of those that it stands for.
    pub(in super::super) seq: u64,
    /// When it was decided, about.
    pub(in super::super) at: i64,
    pub(in super::super) content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Content {
    Event(Vec<u8>),
    /// So many decisions were damaged, between these times as far as they are known.
    Missing {
        count: u64,
        from: Option<i64>,
        to: Option<i64>,
    },
}

pub(in super::super) struct Reader {
    spool: Arc<Spool>,
    /// The number that comes next.
    expected: u64,
    segment: u64,
    offset: u64,
    file: Option<(u64, File)>,
    /// The latest time of the block before.
    before: Option<i64>,
    ready: VecDeque<Item>,
}

impl Reader {
    /// Reads on after the event with the number `acknowledged`.
    pub(in super::super) fn new(spool: Arc<Spool>, acknowledged: u64) -> Self {
        let expected = acknowledged.saturating_add(1);
        Self { spool, expected, segment: 0, offset: segment::HEADER, file: None, before: None, ready: VecDeque::new() }
    }

    /// The next item that is on disk for good; `None` where there is none yet.
    pub(in super::super) fn next(&mut self) -> io::Result<Option<Item>> {
        while self.ready.is_empty() {
            if !self.read_on()? {
                return Ok(None);
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Reads one block, or moves on by one segment. False where there is nothing more.
    fn read_on(&mut self) -> io::Result<bool> {
        let (segment, after, durable) = {
            let shelf = self.spool.shelf();
            let place = shelf.segments.partition_point(|segment| segment.number < self.segment);
            let Some(segment) = shelf.segments.get(place) else { return Ok(false) };
            (*segment, shelf.segments.get(place + 1).map(|after| after.first), shelf.durable)
        };
        if segment.number != self.segment {
            (self.segment, self.offset) = (segment.number, segment::HEADER);
        }
        let spool = Arc::clone(&self.spool);
        let file = self.open(segment.number)?;
        let (offset, end) = (self.offset, segment.durable);
        if let Some((at, header)) = segment::find(file_of(&mut self.file, file)?, offset, end, spool.salt)? {
            let events = match header.end() > self.expected {
                true => segment::read(file_of(&mut self.file, file)?, at, &header)?,
                // Written twice, since it was not known whether the first time had gone well.
                false => None,
            };
            self.offset = at.saturating_add(header.length());
            if let Some(events) = events {
                self.missing(header.first, Some(header.earliest));
                self.take(header.first, events);
                self.before = Some(header.latest);
            }
            return Ok(true);
        }
        match after {
            // Not before all of this one is durable.
            Some(first) if first <= durable => (self.segment, self.offset) = (segment.number.saturating_add(1), segment::HEADER),
            Some(_) => return Ok(false),
            // All that is on disk for good has been looked at.
            None => {
                self.missing(durable, None);
                return Ok(!self.ready.is_empty());
            }
        }
        Ok(true)
    }

    /// Everything from the number expected up to `first`, that one not included, cannot be read.
    fn missing(&mut self, first: u64, to: Option<i64>) {
        if let Some(count) = first.checked_sub(self.expected).filter(|count| *count > 0) {
            let content = Content::Missing { count, from: self.before, to };
            self.ready.push_back(Item { seq: first.saturating_sub(1), at: self.before.or(to).unwrap_or(0), content });
            self.expected = first;
        }
    }

    fn take(&mut self, first: u64, events: Vec<Vec<u8>>) {
        let mut number = first;
        for bytes in events {
            number = number.saturating_add(event::numbers_of(&bytes));
            if number > self.expected {
                self.ready.push_back(Item { seq: number.saturating_sub(1), at: event::time_of(&bytes), content: Content::Event(bytes) });
                self.expected = number;
            }
        }
    }

    /// Opens the segment, if it is not open. Gives its number back.
    fn open(&mut self, number: u64) -> io::Result<u64> {
        if self.file.as_ref().is_none_or(|(open, _)| *open != number) {
            self.file = Some((number, files::open(&segment::path(&self.spool.directory, number))?));
        }
        Ok(number)
    }
}

fn file_of(file: &mut Option<(u64, File)>, number: u64) -> io::Result<&mut File> {
    match file {
        Some((open, file)) if *open == number => Ok(file),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}
