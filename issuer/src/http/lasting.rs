//! Work that is ended whoever waits for it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Does work in the task of whoever waits for it, as long as somebody does: on a connection that stays, it costs no task of its
/// own. Dropped before it is done, what is left of it becomes a task, and is done there; or it is given up, where it
/// [may be](Lasting::or_given_up).
///
/// A panic ends the work alone, and is told.
pub(super) struct Lasting<T: Send + 'static> {
    /// `None` once it has ended.
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    is_given_up: bool,
}

/// The work has panicked, with this. What it says may hold anything.
pub(super) type Panicked = Box<dyn Any + Send>;

impl<T: Send + 'static> Lasting<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self { work: Some(Box::pin(work)), is_given_up: false }
    }

    /// Whether nobody needs it done who does not wait for it.
    pub(super) fn or_given_up(mut self, is_given_up: bool) -> Self {
        self.is_given_up = is_given_up;
        self
    }
}

impl<T: Send + 'static> Future for Lasting<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = self.work.as_mut() else { return Poll::Pending };
        // Nobody looks at it again once it has panicked.
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        let done = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(value)) => Ok(value),
            Err(panic) => Err(panic),
        };
        self.work = None;
        Poll::Ready(done)
    }
}

impl<T: Send + 'static> Drop for Lasting<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && !self.is_given_up
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use tokio::sync::{Notify, oneshot};

    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_ended_all_the_same() {
        let (go_on, (told, done)) = (Arc::new(Notify::new()), oneshot::channel());
        let wait = Arc::clone(&go_on);
        let mut work = Lasting::new(async move {
            wait.notified().await;
            told.send("done")
        });
        assert!(Pin::new(&mut work).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(work);
        go_on.notify_one();
        assert_eq!(done.await, Ok("done"));
    }

    #[tokio::test]
    async fn what_nobody_ever_waited_for_is_ended_too() {
        let (told, done) = oneshot::channel();
        drop(Lasting::new(async move { told.send("done") }));
        assert_eq!(done.await, Ok("done"));
    }

    #[tokio::test]
    async fn what_may_be_given_up_is() {
        let (told, done) = oneshot::channel();
        drop(Lasting::new(async move { told.send("done") }).or_given_up(true));
        assert!(done.await.is_err());
    }

    #[tokio::test]
    async fn a_panic_ends_the_work_and_nothing_else() {
        let panicked = Lasting::new(async { panic!("oh") }).await;
        let told: Result<(), _> = panicked.map_err(|panic| panic.downcast_ref::<&str>().copied());
        assert_eq!(told, Err(Some("oh")));
        assert_eq!(Lasting::new(async { 7 }).await.ok(), Some(7));
    }
}
