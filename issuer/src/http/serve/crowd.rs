//! Who may stay when there is no room: a bound on connections that slow clients cannot use up.
//!
//! Where every place is taken, a new connection takes that of the one that has waited longest for a request to begin. A
//! client that asks and reads is never that one for long; ten thousand that dribble their headers only push out one
//! another. A connection with a request under way keeps its place.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The places, and who only waits.
#[derive(Debug)]
pub(super) struct Crowd {
    places: Arc<Semaphore>,
    most: u32,
    waiting: Mutex<Waiting>,
}

/// Connections without a request under way, in the order in which they began to wait.
#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    by_order: BTreeMap<u64, Arc<Notify>>,
}

/// One connection among them. It begins as one that waits.
#[derive(Debug)]
pub(super) struct Seat {
    crowd: Arc<Crowd>,
    /// Its number among those that wait; `None` while a request is under way.
    order: Mutex<Option<u64>>,
    leave: Arc<Notify>,
    place: Arc<OwnedSemaphorePermit>,
}

impl Crowd {
    /// Room for so many connections, at least one.
    pub(super) fn new(connections: usize) -> Arc<Self> {
        let most = u32::try_from(connections).unwrap_or(u32::MAX).max(1);
        let places = usize::try_from(most).unwrap_or(1).min(Semaphore::MAX_PERMITS);
        Arc::new(Self { places: Arc::new(Semaphore::new(places)), most, waiting: Mutex::default() })
    }

    /// A seat: a free one, or that of who has waited longest, or the next that comes free where all are at work. `None`
    /// never comes, unless the places were closed, which nobody does.
    pub(super) async fn enter(self: &Arc<Self>) -> Option<Seat> {
        let free = Arc::clone(&self.places).try_acquire_owned().ok();
        let place = match free {
            Some(place) => place,
            None => {
                let longest = self.waiting().by_order.pop_first();
                if let Some((_, leave)) = longest {
                    leave.notify_one();
                }
                Arc::clone(&self.places).acquire_owned().await.ok()?
            }
        };
        let seat = Seat { crowd: Arc::clone(self), order: Mutex::new(None), leave: Arc::default(), place: Arc::new(place) };
        seat.waits();
        Some(seat)
    }

    /// Returns once every connection has ended, and so has the work on its requests.
    pub(super) async fn empty(&self) {
        let _all = self.places.acquire_many(self.most).await;
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // It is whole at every moment: one that panicked while it held it has broken nothing.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Its request is answered, or none has come yet.
    pub(super) fn waits(&self) {
        let mut waiting = self.crowd.waiting();
        let order = waiting.next;
        waiting.next = waiting.next.saturating_add(1);
        waiting.by_order.insert(order, Arc::clone(&self.leave));
        if let Some(before) = self.order().replace(order) {
            waiting.by_order.remove(&before);
        }
    }

    /// A request of it is under way.
    pub(super) fn works(&self) {
        let mut waiting = self.crowd.waiting();
        if let Some(order) = self.order().take() {
            waiting.by_order.remove(&order);
        }
    }

    /// Returns once it has to make room for another.
    pub(super) async fn must_leave(&self) {
        self.leave.notified().await;
    }

    /// What keeps its place taken, for work that goes on when the connection is gone.
    pub(super) fn place(&self) -> Arc<dyn Any + Send + Sync> {
        let place: Arc<OwnedSemaphorePermit> = Arc::clone(&self.place);
        place
    }

    fn order(&self) -> MutexGuard<'_, Option<u64>> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.works();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn is_done(future: impl Future) -> bool {
        matches!(pin!(future).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
    }

    #[tokio::test]
    async fn whoever_waited_longest_makes_room_and_who_works_stays() {
        let crowd = Crowd::new(3);
        let [first, second, third] = [crowd.enter().await, crowd.enter().await, crowd.enter().await].map(Option::unwrap);
        // The first has begun a request, so the second has waited longest.
        first.works();
        assert!(!is_done(crowd.enter()), "there is no room before somebody has left");
        assert!(!is_done(first.must_leave()) && !is_done(third.must_leave()));
        assert!(is_done(second.must_leave()));
        drop(second);
        let fourth = crowd.enter().await.unwrap();
        assert!(!is_done(third.must_leave()), "there was room");
        // Answered, the first waits again, behind the others.
        first.waits();
        assert!(!is_done(crowd.enter()));
        assert!(is_done(third.must_leave()) && !is_done(first.must_leave()) && !is_done(fourth.must_leave()));
    }

    #[tokio::test]
    async fn a_place_is_taken_until_the_work_on_a_request_has_ended() {
        let crowd = Crowd::new(1);
        let seat = crowd.enter().await.unwrap();
        seat.works();
        let work = seat.place();
        drop(seat);
        assert!(!is_done(crowd.enter()) && !is_done(crowd.empty()));
        drop(work);
        assert!(is_done(crowd.empty()) && is_done(crowd.enter()));
        assert!(crowd.waiting().by_order.is_empty(), "nobody is left behind");
    }
}
