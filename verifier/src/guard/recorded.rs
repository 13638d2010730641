//! What becomes of a record that was taken: kept already, or a ticket for it.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::RecordError;

/// A decision that a recorder has taken.
#[derive(Debug)]
#[must_use = "a ticket that nobody waits for promises nothing"]
pub enum Recorded {
    /// It is kept as the recorder's policy wants it.
    Done,
    /// It will be, or not: the ticket says, once it is known. The answer waits for that.
    Pending(Ticket),
}

/// The promise of a recorder to say whether a record is durable.
///
/// Wait for it on the thread ([`wait`](Self::wait)), or await it: it is a future of any runtime or of none. A recorder
/// that goes away without a word has failed.
#[must_use = "a ticket that nobody waits for promises nothing"]
pub struct Ticket(Arc<Shared>);

/// The recorder's end of a [`Ticket`]. Dropped without a word, the ticket says [`RecordError::Stopped`].
pub struct Settler(Option<Arc<Shared>>);

struct Shared {
    state: Mutex<State>,
    settled: Condvar,
}

enum State {
    Open(Option<Waker>),
    Settled(Result<(), RecordError>),
}

impl Shared {
    /// Held for a few moves, none of which panics.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first word counts.
    fn settle(&self, result: Result<(), RecordError>) {
        let mut state = self.lock();
        let State::Open(waker) = &mut *state else { return };
        let waker = waker.take();
        *state = State::Settled(result);
        drop(state);
        self.settled.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Ticket {
    /// A ticket, and what settles it.
    pub fn new() -> (Settler, Self) {
        let shared = Arc::new(Shared { state: Mutex::new(State::Open(None)), settled: Condvar::new() });
        (Settler(Some(Arc::clone(&shared))), Self(shared))
    }

    /// Waits on this thread until it is settled. How long that takes is for the recorder's disk to say.
    pub fn wait(self) -> Result<(), RecordError> {
        let mut state = self.0.lock();
        loop {
            match &*state {
                State::Settled(result) => return result.clone(),
                State::Open(_) => state = self.0.settled.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Future for Ticket {
    type Output = Result<(), RecordError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self.0.lock() {
            State::Settled(result) => Poll::Ready(result.clone()),
            State::Open(waker) => {
                match waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                Poll::Pending
            }
        }
    }
}

impl Settler {
    /// Says that the record is durable, or why it is not.
    pub fn settle(mut self, result: Result<(), RecordError>) {
        if let Some(shared) = self.0.take() {
            shared.settle(result);
        }
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.settle(Err(RecordError::Stopped));
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}

impl fmt::Debug for Settler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settler")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use std::thread;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn whoever_waits_hears_what_was_said_before_and_after() {
        let failed = || Err(RecordError::Failed("the disk is gone".into()));
        for result in [Ok(()), failed()] {
            let (settler, ticket) = Ticket::new();
            settler.settle(result.clone());
            assert_eq!(ticket.wait(), result);
            let (settler, ticket) = Ticket::new();
            let waiting = thread::Builder::new().spawn(move || ticket.wait()).expect("a thread");
            settler.settle(result.clone());
            assert_eq!(waiting.join().expect("no panic"), result);
        }
    }

    #[test]
    fn a_task_is_woken_once_and_only_the_last_that_asked() {
        let (settler, mut ticket) = Ticket::new();
        let (first, last) = (Arc::new(Count::default()), Arc::new(Count::default()));
        for count in [&first, &last] {
            let waker = Arc::clone(count).into();
            assert!(Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker)).is_pending());
        }
        settler.settle(Ok(()));
        assert_eq!((first.0.load(Ordering::SeqCst), last.0.load(Ordering::SeqCst)), (0, 1));
        let ready = Pin::new(&mut ticket).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(ready, Poll::Ready(Ok(())));
    }

    #[test]
    fn a_recorder_that_goes_away_without_a_word_has_failed() {
        let (settler, ticket) = Ticket::new();
        drop(settler);
        assert_eq!(ticket.wait(), Err(RecordError::Stopped));
    }
}
