//! A reporter whose events can be had one by one.

use std::sync::Arc;

use crate::drill::reporting::{Chain, Pool, passport_to_report};
use crate::generate::Gen;
use crate::process::Client;

/// An event as it is on the way.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) seq: u64,
    pub(super) text: String,
}

impl Event {
    /// Changes what was decided on, and nothing that a chain goes by.
    pub(super) fn tamper(&mut self) {
        let changed = self.text.replacen(r#""order":"order-"#, r#""order":"other-"#, 1);
        assert_ne!(changed, self.text, "there is something to change");
        self.text = changed;
    }

    /// Gives it another number.
    pub(super) fn renumber(&mut self, seq: u64) {
        self.text = self.text.replacen(&format!(r#""seq":{}"#, self.seq), &format!(r#""seq":{seq}"#), 1);
        self.seq = seq;
    }
}

pub(super) struct Source {
    pub(super) name: String,
    client: Client,
    chain: Chain,
}

impl Source {
    pub(super) fn new(admin: &Client, name: &str, pool: &Arc<Pool>, dice: Gen) -> Self {
        let client = Client { url: admin.url.clone(), passport: passport_to_report(admin, name) };
        Self { name: name.to_owned(), client, chain: Chain::start(Arc::clone(pool), dice) }
    }

    /// Another process that goes on from here under the same name.
    pub(super) fn twin(&self, seed: u64) -> Self {
        Self { name: self.name.clone(), client: self.client.clone(), chain: self.chain.twin(Gen::new(seed)) }
    }

    /// Its next events.
    pub(super) fn make(&mut self, count: usize) -> Vec<Event> {
        let rows = (0..count).map(|_| self.chain.row());
        rows.map(|row| Event { seq: row.seq.unsigned_abs(), text: row.body }).collect()
    }

    /// Status and body of the answer to a batch of these.
    pub(super) fn send(&self, events: &[Event]) -> Option<(u16, serde_json::Value)> {
        let texts: Vec<&str> = events.iter().map(|event| event.text.as_str()).collect();
        let body = format!(r#"{{"reporter":"{}","events":[{}]}}"#, self.name, texts.join(","));
        self.client.try_post_text("/v1/audit/events", body)
    }
}
