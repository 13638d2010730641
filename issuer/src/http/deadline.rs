//! Work with a deadline.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// `work`, or `None` where it is not done so long after it was first waited for.
///
/// As tokio's own, but with no timer for work that is done at once, and with its timer apart: a timer is aligned to 128 bytes, and
/// so would be everything that holds one, which is slow to make room for.
pub(super) async fn within<F: Future>(limit: Duration, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(done));
        }
        timer.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_done_in_time_is_given_and_what_is_not_is_given_up() {
        assert_eq!(within(Duration::ZERO, ready(7)).await, Some(7));
        let slow = async {
            sleep(Duration::from_secs(9)).await;
            7
        };
        assert_eq!(within(Duration::from_secs(10), slow).await, Some(7));
        let began = tokio::time::Instant::now();
        assert_eq!(within(Duration::from_secs(10), pending::<u8>()).await, None);
        assert_eq!(began.elapsed(), Duration::from_secs(10));
    }
}
