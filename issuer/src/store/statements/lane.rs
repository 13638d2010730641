//! A thread of its own for what writes.
//!
//! A group of reports is some twenty statements, one after the other. Among the tasks that read requests, what comes after each
//! would wait for whichever of them is under way, and all who report wait for that; a thread is woken by the system at once.

use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::driver::OVER_THE_NETWORK;

/// Runs tasks on one thread, in turn.
pub(super) struct Lane {
    /// `None` once it ends.
    runtime: Option<Runtime>,
}

impl Lane {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the system says where it gives no thread.
    pub(super) fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("passport-writer");
        // Who waits for a socket too is woken through one, which takes longer than to wake a thread.
        if OVER_THE_NETWORK {
            builder.enable_all();
        }
        Ok(Self { runtime: Some(builder.build()?) })
    }

    /// Starts a task there.
    pub(super) fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        match &self.runtime {
            Some(runtime) => runtime.spawn(task),
            // There is one until this is dropped.
            None => tokio::spawn(task),
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // Waits for nothing: a task that waits may be what drops this.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
