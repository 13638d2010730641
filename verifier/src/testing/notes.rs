//! A recorder that tests can read.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::guard::{RecordError, Recorded, Recorder};
use crate::{Decision, Ticket};

/// Keeps every record as JSON. A late one keeps it while a task waits for it.
#[derive(Default)]
pub(crate) struct Notes {
    late: bool,
    entries: Arc<Mutex<Vec<Value>>>,
}

impl Notes {
    /// Records that are promised at once and kept by another thread.
    pub(crate) fn late() -> Self {
        Self { late: true, ..Self::default() }
    }

    pub(crate) fn entries(&self) -> Vec<Value> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn reasons(&self) -> Vec<String> {
        self.entries().iter().map(|entry| entry["reason"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Recorder for Notes {
    fn record(&self, decision: &Decision<'_>) -> Result<Recorded, RecordError> {
        let entry = serde_json::to_value(decision.record()).map_err(|error| RecordError::Failed(error.to_string()))?;
        let entries = Arc::clone(&self.entries);
        let keep = move || entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        if !self.late {
            keep();
            return Ok(Recorded::Done);
        }
        let (settler, ticket) = Ticket::new();
        let thread = std::thread::Builder::new().spawn(move || {
            keep();
            settler.settle(Ok(()));
        });
        thread.map_err(|error| RecordError::Failed(error.to_string()))?;
        Ok(Recorded::Pending(ticket))
    }
}
