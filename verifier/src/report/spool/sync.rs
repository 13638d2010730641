//! The thread that makes the spool durable, a group at a time, while more is written.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Spool, files};
use crate::guard::{RecordError, Settler};
use crate::report::control::Control;

/// Bytes that may be written and not yet durable: what has to be kept in memory in case the disk fails.
const AHEAD: usize = 8 << 20;

/// A block that is written and not yet durable.
pub(super) struct Written {
    pub(super) file: Arc<File>,
    pub(super) segment: u64,
    /// Bytes of the segment up to its end.
    pub(super) bytes: u64,
    /// The number after its last event.
    pub(super) end: u64,
    pub(super) block: Vec<u8>,
    pub(super) settlers: Vec<Settler>,
}

#[derive(Default)]
pub(super) struct State {
    waiting: VecDeque<Written>,
    bytes: usize,
    busy: bool,
    failed: Option<String>,
    pub(super) ended: bool,
}

#[derive(Default)]
pub(in super::super) struct Sync {
    state: Mutex<State>,
    changed: Condvar,
}

impl Sync {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, waits: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        self.changed.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner)
    }

    /// For the writer: waits a while.
    pub(super) fn wait(&self, timeout: Duration, waits: impl FnMut(&mut State) -> bool) {
        drop(self.changed.wait_timeout_while(self.lock(), timeout, waits));
    }

    /// For the writer: something is to be made durable.
    pub(super) fn push(&self, written: Written) {
        let mut state = self.lock();
        state.bytes = state.bytes.saturating_add(written.block.len());
        state.waiting.push_back(written);
        drop(state);
        self.changed.notify_all();
    }

    /// For the writer: why the disk failed, if it did.
    pub(super) fn failure(&self) -> Option<String> {
        self.lock().failed.clone()
    }

    /// For the writer: waits while too much is written ahead.
    pub(super) fn wait_for_room(&self) {
        drop(self.wait_while(|state| state.bytes > AHEAD && state.failed.is_none()));
    }

    /// For the writer: waits until all is durable. False where that failed.
    pub(super) fn is_done(&self) -> bool {
        self.wait_while(|state| (state.busy || !state.waiting.is_empty()) && state.failed.is_none()).failed.is_none()
    }

    /// For the writer: tells these that it failed.
    pub(super) fn refuse(&self, settlers: Vec<Settler>, why: &str) {
        for settler in settlers {
            settler.settle(Err(RecordError::Failed(why.to_owned())));
        }
    }

    /// For the writer: what could not be made durable, once what can be is. Whoever waits for it is told.
    pub(super) fn give_up(&self, why: &str) -> VecDeque<Written> {
        self.is_done();
        let mut state = self.wait_while(|state| state.busy);
        let mut given_up = std::mem::take(&mut state.waiting);
        (state.bytes, state.failed) = (0, None);
        drop(state);
        for written in &mut given_up {
            self.refuse(std::mem::take(&mut written.settlers), why);
        }
        given_up
    }

    /// For the writer: there will be no more.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// The thread.
    pub(in super::super) fn run(&self, spool: &Spool, control: &Control) {
        let mut known = None;
        loop {
            let mut state = self.wait_while(|state| !state.ended && (state.waiting.is_empty() || state.failed.is_some()));
            let Some(first) = state.waiting.front().filter(|_| state.failed.is_none()) else { return };
            let (file, segment) = (Arc::clone(&first.file), first.segment);
            let count = state.waiting.iter().take_while(|written| written.segment == segment).count();
            state.busy = true;
            drop(state);
            let mut result = file.sync_data();
            if known != Some(segment) {
                // Its name has to be durable too, once.
                result = result.and_then(|()| files::sync_directory(&spool.directory));
            }
            let mut state = self.lock();
            state.busy = false;
            match result {
                Ok(()) => {
                    known = Some(segment);
                    let done: Vec<Written> = state.waiting.drain(..count).collect();
                    state.bytes = state.bytes.saturating_sub(done.iter().map(|written| written.block.len()).sum());
                    drop(state);
                    self.durable(done, spool, control);
                }
                Err(error) => {
                    state.failed = Some(format!("the disk failed to keep the spool: {error}"));
                    drop(state);
                    control.change(|state| state.stats.fsync_errors += 1);
                }
            }
            self.changed.notify_all();
        }
    }

    fn durable(&self, done: Vec<Written>, spool: &Spool, control: &Control) {
        let Some(last) = done.last() else { return };
        let end = last.end;
        let mut shelf = spool.shelf();
        shelf.durable = shelf.durable.max(end);
        if let Some(segment) = shelf.segments.iter_mut().find(|segment| segment.number == last.segment) {
            segment.durable = segment.durable.max(last.bytes);
        }
        drop(shelf);
        for settler in done.into_iter().flat_map(|written| written.settlers) {
            settler.settle(Ok(()));
        }
        control.change(|state| state.durable = state.durable.max(end));
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::OwnedFd;
    use std::thread;

    use super::*;
    use crate::guard::Ticket;

    #[test]
    fn after_a_failed_fsync_nobody_is_told_that_it_is_kept_and_what_was_written_comes_back() {
        let directory = tempfile::tempdir().expect("a directory");
        let (spool, _) = Spool::open(directory.path(), "agent_shop", 1 << 20, 1, 0).expect("a spool");
        let (sync, control) = (Arc::new(Sync::default()), Arc::new(Control::default()));
        // A pipe takes what is written and cannot be made durable: its fsync is refused, as a disk's that fails is.
        let (_reader, writer) = std::io::pipe().expect("a pipe");
        let mut file = File::from(OwnedFd::from(writer));
        file.write_all(b"block").expect("written");
        let file = Arc::new(file);
        let mut tickets = Vec::new();
        for end in [2, 3] {
            let (settler, ticket) = Ticket::new();
            tickets.push(ticket);
            let block = b"block".to_vec();
            sync.push(Written { file: Arc::clone(&file), segment: 1, bytes: end, end, block, settlers: vec![settler] });
        }
        let (run, known, told) = (Arc::clone(&sync), Arc::clone(&spool), Arc::clone(&control));
        let thread = thread::Builder::new().spawn(move || run.run(&known, &told)).expect("a thread");
        assert!(!sync.is_done(), "it failed");
        let why = sync.failure().expect("a failure");
        assert!(why.starts_with("the disk failed to keep the spool: "), "{why}");
        let given_up = sync.give_up(&why);
        assert_eq!(
            given_up.iter().map(|written| (written.end, written.block.as_slice())).collect::<Vec<_>>(),
            [(2, &b"block"[..]), (3, b"block")]
        );
        for ticket in tickets {
            assert_eq!(ticket.wait(), Err(RecordError::Failed(why.clone())));
        }
        let (errors, durable) = control.change(|state| (state.stats.fsync_errors, state.durable));
        assert_eq!((errors, durable, spool.holdings().durable), (1, 0, 1));
        sync.end();
        thread.join().expect("no panic");
    }
}
