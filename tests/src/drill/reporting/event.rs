//! Decision events as a verifier's reporter makes them (docs/format.md, F7.17): in a chain, each out of a template.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use passport_shared::jose;
use passport_shared::time;
use sha2::{Digest as _, Sha256};

use super::pool::{Pool, uuid};
use crate::generate::Gen;

/// An end of a chain: the number of its last event and that one's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Link {
    pub(in super::super) seq: u64,
    /// `None` before the first event.
    pub(in super::super) hash: Option<String>,
}

impl Link {
    /// What the next event begins with, `seq` and `previous`.
    pub(super) fn next(&self, out: &mut Vec<u8>) {
        let seq = self.seq + 1;
        match &self.hash {
            Some(hash) => write!(out, r#"{{"seq":{seq},"previous":"{hash}","#),
            None => write!(out, r#"{{"seq":{seq},"previous":null,"#),
        }
        .expect("writing to memory does not fail");
    }

    /// On to the next event, which is this.
    pub(super) fn follow(&mut self, event: &[u8]) {
        *self = Self { seq: self.seq + 1, hash: Some(jose::encode(Sha256::digest(event))) };
    }
}

/// One reporter's events, without an end.
pub(in super::super) struct Chain {
    pool: Arc<Pool>,
    dice: Gen,
    link: Link,
    first: u64,
    clock: Clock,
}

/// An event as the columns that a store keeps of it.
pub(in super::super) struct Row {
    pub(in super::super) event_id: String,
    pub(in super::super) seq: i64,
    pub(in super::super) request_id: String,
    pub(in super::super) body: String,
    pub(in super::super) body_hash: Vec<u8>,
    pub(in super::super) at: i64,
    pub(in super::super) agent: String,
    pub(in super::super) passport: String,
    pub(in super::super) outcome: &'static str,
    pub(in super::super) reason: &'static str,
    pub(in super::super) action: &'static str,
    pub(in super::super) resource: String,
}

impl Chain {
    /// As on an empty spool: numbers begin at a million for each second since 1970.
    pub(in super::super) fn start(pool: Arc<Pool>, dice: Gen) -> Self {
        let clock = Clock::new();
        let first = clock.millis / 1_000 * 1_000_000;
        Self { pool, dice, link: Link { seq: first - 1, hash: None }, first, clock }
    }

    /// Another that goes on from where this one is.
    pub(in super::super) fn twin(&self, dice: Gen) -> Self {
        let (pool, link) = (Arc::clone(&self.pool), self.link.clone());
        Self { pool, dice, first: link.seq + 1, link, clock: Clock::new() }
    }

    /// The number of its first event.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Where it ends.
    pub(in super::super) fn link(&self) -> &Link {
        &self.link
    }

    /// Appends the next event.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) {
        self.put(out);
    }

    /// The next event as a row.
    pub(in super::super) fn row(&mut self) -> Row {
        let mut body = Vec::with_capacity(800);
        let (request_id, at) = self.put(&mut body);
        let event_id = format!("evt_{}", uuid(&mut self.dice, self.clock.millis));
        let template = &self.pool.at(at);
        Row {
            event_id,
            seq: i64::try_from(self.link.seq).expect("small"),
            request_id,
            body_hash: Sha256::digest(&body).to_vec(),
            body: String::from_utf8(body).expect("text"),
            at: i64::try_from(self.clock.millis / 1_000).expect("small"),
            agent: template.agent.clone(),
            passport: template.passport.clone(),
            outcome: template.outcome,
            reason: template.reason,
            action: template.action,
            resource: template.resource.clone(),
        }
    }

    /// Appends the next event; gives its id and the place of its template.
    fn put(&mut self, out: &mut Vec<u8>) -> (String, usize) {
        self.clock.look();
        let start = out.len();
        self.link.next(out);
        let request_id = format!("req_{}", uuid(&mut self.dice, self.clock.millis));
        let place = self.dice.below(self.pool.len());
        let parts = [r#""requestId":""#, &request_id, &self.pool.at(place).members, &self.clock.shown, r#""}"#];
        parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        self.link.follow(&out[start..]);
        (request_id, place)
    }
}

/// Milliseconds since 1970, and as it is written in an event, made anew once a second.
struct Clock {
    began: Instant,
    at_start: u64,
    millis: u64,
    shown: String,
}

impl Clock {
    fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let at_start = u64::try_from(since.as_millis()).expect("small");
        Self { began: Instant::now(), at_start, millis: at_start, shown: shown(at_start) }
    }

    fn look(&mut self) {
        let millis = self.at_start + u64::try_from(self.began.elapsed().as_millis()).expect("small");
        if millis / 1_000 != self.millis / 1_000 {
            self.shown = shown(millis);
        }
        self.millis = millis;
    }
}

fn shown(millis: u64) -> String {
    let seconds = Duration::from_millis(millis).as_secs();
    time::format(i64::try_from(seconds).expect("small")).expect("a time")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use passport_shared::api::audit::ENVELOPE_NAMES;
    use serde_json::Value;

    use super::*;

    #[test]
    fn events_are_decisions_of_the_usual_size_in_one_chain() {
        let mut chain = Chain::start(Pool::new(Gen::new(1)), Gen::new(2));
        let (mut before, mut ids, mut bytes) = (None::<Vec<u8>>, HashSet::new(), 0);
        let mut outcomes = HashSet::new();
        for number in 0..1_000 {
            let mut text = Vec::new();
            chain.write(&mut text);
            let event: Value = serde_json::from_slice(&text).expect("json");
            assert_eq!(event["seq"], chain.first() + number);
            assert_eq!(event["previous"], before.map_or(Value::Null, |before| jose::encode(Sha256::digest(before)).into()));
            assert!(ENVELOPE_NAMES.iter().all(|name| event.get(name).is_none()));
            assert!(time::parse_any(event["evaluatedAt"].as_str().expect("a time")).is_some());
            let id = event["requestId"].as_str().expect("an id").to_owned();
            assert!(id.len() == 40 && id[18..19] == *"7" && ids.insert(id), "{event}");
            outcomes.insert(event["outcome"].as_str().expect("one").to_owned());
            bytes += text.len();
            before = Some(text);
        }
        assert_eq!(outcomes.len(), 2);
        assert!((500..=700).contains(&(bytes / 1_000)), "{} bytes an event", bytes / 1_000);
    }

    #[test]
    fn a_row_says_what_its_body_says() {
        let mut chain = Chain::start(Pool::new(Gen::new(1)), Gen::new(2));
        for _ in 0..100 {
            let row = chain.row();
            let event: Value = serde_json::from_str(&row.body).expect("json");
            let told = ["requestId", "agentId", "passportId", "outcome", "reason", "action", "resource"].map(|name| event[name].as_str());
            let kept = [&row.request_id, &row.agent, &row.passport, row.outcome, row.reason, row.action, &row.resource];
            assert_eq!(told, kept.map(Some));
            assert_eq!(event["seq"], row.seq);
        }
    }
}
