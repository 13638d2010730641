//! The thread that writes the spool: what has been taken goes to a file every few milliseconds, and another thread
//! ([`Syncer`]) makes the file durable meanwhile.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use super::block::{FULL, Gathered, Packer};
use super::segment::{self, Segment};
use super::sync::{Sync, Written};
use super::{Spool, files};
use crate::guard::{Clock, Randomness, Settler, new_request_id};
use crate::report::control::Control;
use crate::report::event;
use crate::report::intake::Intake;

/// How often the queue is looked at while there is work: what a kill can lose, and some.
const PACE: Duration = Duration::from_millis(2);
/// After so many looks in vain the writer sleeps until it is woken.
const IDLE: u32 = 50;
/// How long to wait before writing is tried again.
const RETRY: Duration = Duration::from_millis(100);

pub(in super::super) struct Writer {
    pub(in super::super) intake: Arc<Intake>,
    pub(in super::super) control: Arc<Control>,
    pub(in super::super) clock: Arc<dyn Clock>,
    pub(in super::super) randomness: Arc<dyn Randomness>,
    spool: Arc<Spool>,
    sync: Arc<Sync>,
    packer: Packer,
    gathered: Gathered,
    settlers: Vec<Settler>,
    /// The number of the next event.
    next: u64,
    active: Option<Active>,
    /// Blocks that could not be written, with the number after the last event of each. While there are any, or the disk
    /// is not known to take more, nothing else is written.
    kept: VecDeque<(Vec<u8>, u64)>,
    broken: bool,
}

struct Active {
    number: u64,
    file: Arc<File>,
    bytes: u64,
}

impl Writer {
    pub(in super::super) fn new(
        spool: Arc<Spool>,
        sync: Arc<Sync>,
        intake: Arc<Intake>,
        control: Arc<Control>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        let next = spool.shelf().next;
        let packer = Packer::new(spool.salt);
        Self {
            intake,
            control,
            clock,
            randomness,
            spool,
            sync,
            packer,
            gathered: Gathered::default(),
            settlers: Vec::new(),
            next,
            active: None,
            kept: VecDeque::new(),
            broken: false,
        }
    }

    /// Makes the first segment before there is anything to write: making a file can wait for a busy disk, as writing to
    /// one does not. Where it fails, the first write tries again, and says why.
    pub(in super::super) fn prepare(&mut self) {
        if let Ok((active, segment)) = self.create(0) {
            self.spool.shelf().segments.push_back(segment);
            self.active = Some(active);
            self.spool.trim();
        }
    }

    /// Writes until the intake is closed and empty.
    pub(in super::super) fn run(mut self) {
        let mut in_vain = 0_u32;
        loop {
            // Looked at before the queue is: what was pushed before is in it.
            let (closed, barriers) = (self.intake.is_closed(), self.control.lock().barriers);
            if let Some(why) = self.sync.failure() {
                self.fail(&why);
            }
            if self.broken && !self.repair() {
                // Again each time: who was about to push may not have known yet.
                self.intake.refuse_waiting();
                if closed {
                    break;
                }
                self.sync.wait(RETRY, |state| !state.ended);
                continue;
            }
            let written = self.write_some();
            if written && self.intake.len() > 0 {
                continue;
            }
            if self.control.lock().passed < barriers && !self.broken && self.sync.is_done() {
                self.control.change(|state| state.passed = state.passed.max(barriers));
            }
            if closed && !self.broken && !self.intake.has_lost() {
                break;
            }
            in_vain = if written { 0 } else { in_vain.saturating_add(1) };
            self.intake.rest(PACE, in_vain > IDLE);
        }
        // Whoever pushes now hears that it was too late, or was in time for this.
        self.intake.end();
        while !self.broken && self.write_some() {}
        // Every barrier is passed for good, also one that is still to be asked for; a failure is seen in what waits.
        self.sync.is_done();
        self.sync.end();
        self.control.change(|state| state.passed = u64::MAX);
    }

    /// Writes what there is, up to one block. False where there is nothing.
    fn write_some(&mut self) -> bool {
        for lost in self.intake.take_lost() {
            let mut bytes = Vec::new();
            let now = self.clock.now();
            let id = gap_id(self.clock.now_millis(), self.next.saturating_add(self.gathered.numbers()), self.randomness.as_ref());
            let members = event::gap_members(&id, now, Some(lost.from), Some(lost.to), lost.count, lost.why.as_str());
            event::write_gap(now, lost.count, &members, &mut bytes);
            self.gathered.add(&bytes);
            self.control.lock().stats.gaps += 1;
        }
        while self.gathered.bytes() < FULL
            && let Some(taken) = self.intake.pop()
        {
            self.gathered.add(&taken.bytes);
            self.settlers.extend(taken.settler);
            self.intake.give_back(taken.bytes);
        }
        if self.gathered.bytes() == 0 {
            return false;
        }
        let end = self.next.saturating_add(self.gathered.numbers());
        match self.packer.pack(&mut self.gathered, self.next) {
            Some(block) => self.write(block, end),
            // Not seen, and not to be taken for success if it ever is.
            None => self.sync.refuse(std::mem::take(&mut self.settlers), "a block could not be packed"),
        }
        self.next = end;
        self.spool.shelf().next = end;
        true
    }

    fn write(&mut self, block: Vec<u8>, end: u64) {
        self.sync.wait_for_room();
        let settlers = std::mem::take(&mut self.settlers);
        match self.append(&block) {
            Ok((file, segment, bytes)) => {
                self.sync.push(Written { file, segment, bytes, end, block, settlers });
            }
            Err(error) => {
                self.kept.push_back((block, end));
                self.control.lock().stats.write_errors += 1;
                let why = format!("the spool cannot be written: {error}");
                self.fail(&why);
                self.sync.refuse(settlers, &why);
            }
        }
    }

    /// Appends to the segment, or to a new one where it is full.
    fn append(&mut self, block: &[u8]) -> io::Result<(Arc<File>, u64, u64)> {
        let length = u64::try_from(block.len()).unwrap_or(u64::MAX);
        let full = |active: &Active| active.bytes.saturating_add(length) > self.spool.segment_bytes();
        let crowded = self.spool.shelf().bytes().saturating_add(length) > self.spool.quota;
        if crowded || self.active.as_ref().is_none_or(full) {
            self.active = None;
            let (active, segment) = self.create(length)?;
            self.spool.shelf().segments.push_back(segment);
            self.active = Some(active);
            self.spool.trim();
        }
        let active = self.active.as_mut().ok_or(io::ErrorKind::NotFound)?;
        (&*active.file).write_all(block)?;
        active.bytes = active.bytes.saturating_add(length);
        if let Some(segment) = self.spool.shelf().segments.back_mut() {
            segment.bytes = active.bytes;
        }
        Ok((Arc::clone(&active.file), active.number, active.bytes))
    }

    /// A new segment with room for `length` bytes within the quota.
    fn create(&self, length: u64) -> io::Result<(Active, Segment)> {
        let (number, first, held) = {
            let mut shelf = self.spool.shelf();
            let first = self.kept.front().and_then(|(block, _)| super::block::first_of(block)).unwrap_or(self.next);
            // What the issuer has makes room, the last segment too once another is there.
            let all = shelf.acknowledged.saturating_add(1) >= first;
            let held = if all { 0 } else { shelf.bytes() };
            shelf.next_segment = shelf.next_segment.saturating_add(1);
            (shelf.next_segment - 1, first, held)
        };
        if held.saturating_add(length).saturating_add(segment::HEADER) > self.spool.quota {
            return Err(io::Error::other(format!("its quota of {} bytes is used up", self.spool.quota)));
        }
        let made = segment::create(&self.spool.directory, number, first);
        if made.is_err() {
            let _ = files::remove(&segment::path(&self.spool.directory, number));
        }
        let active = Active { number, file: Arc::new(made?), bytes: segment::HEADER };
        Ok((active, Segment { number, first, bytes: segment::HEADER, durable: segment::HEADER }))
    }

    /// The spool cannot be written. Whoever waits is told; the segment is not written to again; what is not known to be
    /// on disk is kept, to be written to another.
    fn fail(&mut self, why: &str) {
        // Before anybody is told, so that who is told finds it in the stats, and nothing more is taken meanwhile.
        self.control.change(|state| {
            state.stats.last_error = Some(why.to_owned());
            self.intake.set_writable(false);
        });
        self.broken = true;
        for written in self.sync.give_up(why).into_iter().rev() {
            self.kept.push_front((written.block, written.end));
        }
        if let Some(active) = self.active.take() {
            // What was half written takes room that is wanted.
            let durable = self.spool.shelf().segments.back().map(|segment| segment.durable);
            if let Some(durable) = durable {
                let _ = active.file.set_len(durable);
                if let Some(segment) = self.spool.shelf().segments.back_mut() {
                    segment.bytes = durable;
                }
            }
        }
    }

    /// Writes what was kept to a new segment, durable before it counts. False where that fails too.
    fn repair(&mut self) -> bool {
        match self.rewrite() {
            Ok(()) => {
                self.kept.clear();
                self.broken = false;
                self.intake.set_writable(true);
                self.control.change(|state| state.durable = state.durable.max(self.next));
                true
            }
            Err(error) => {
                self.control.change(|state| {
                    state.stats.write_errors += 1;
                    state.stats.last_error = Some(format!("the spool cannot be written: {error}"));
                });
                false
            }
        }
    }

    fn rewrite(&mut self) -> io::Result<()> {
        let length: u64 = self.kept.iter().filter_map(|(block, _)| u64::try_from(block.len()).ok()).sum();
        let (mut active, mut segment) = self.create(length)?;
        let write = || -> io::Result<()> {
            for (block, _) in &self.kept {
                (&*active.file).write_all(block)?;
            }
            active.file.sync_all()?;
            files::sync_directory(&self.spool.directory)
        };
        if let Err(error) = write() {
            let _ = files::remove(&segment::path(&self.spool.directory, segment.number));
            return Err(error);
        }
        active.bytes = active.bytes.saturating_add(length);
        (segment.bytes, segment.durable) = (active.bytes, active.bytes);
        let mut shelf = self.spool.shelf();
        (shelf.next, shelf.durable) = (self.next, self.next);
        shelf.segments.push_back(segment);
        drop(shelf);
        self.spool.trim();
        self.active = Some(active);
        Ok(())
    }
}

impl Drop for Writer {
    /// However it ends, nobody is told any more that a decision was taken, and nobody waits for its word.
    fn drop(&mut self) {
        self.intake.close();
        self.intake.end();
        self.intake.refuse_waiting();
    }
}

/// The id of a gap record. Without randomness its number alone has to tell it from others.
pub(in super::super) fn gap_id(millis: i64, number: u64, randomness: &dyn Randomness) -> String {
    new_request_id(millis, randomness).unwrap_or_else(|_| format!("req_gap_{number}"))
}
