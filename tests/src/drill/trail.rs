//! The checker: holds what callers were told against what the spool held and what the issuer has stored.

use std::collections::{HashMap, HashSet};

use passport_shared::jose;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::process::Client;

/// An answer that a caller was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) outcome: String,
    /// How long before the kill it was given, in microseconds.
    pub(super) before_kill: u64,
    /// How long at most a thread of the process had to wait for a processor before the kill, in microseconds.
    pub(super) stalled: u64,
}

/// What can be wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Told to a caller, and not stored: so long before the kill, in microseconds.
    Missing { id: String, before_kill: u64, stalled: u64 },
    /// In the spool when the process was killed, and not stored to the byte.
    Undelivered(String),
    /// Stored twice, or under two bodies.
    Twice(String),
    /// Stored with another outcome than was told.
    Contradicted(String),
    /// A number that does not follow from the one before.
    Number(String),
    /// A hash that is not that of the event before.
    Chain(String),
}

/// One reporter's events, the first one first.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    texts: Vec<String>,
    conflicts: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    seq: u64,
    previous: Option<String>,
    request_id: String,
    outcome: Option<String>,
    gap: Option<Gap>,
}

#[derive(Deserialize)]
struct Gap {
    count: u64,
}

impl Trail {
    /// Reads all that `reporter` has reported.
    pub(super) fn read(client: &Client, reporter: &str) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Page {
            items: Vec<Box<RawValue>>,
            next_cursor: Option<String>,
        }
        let (mut trail, mut cursor) = (Self::default(), String::new());
        loop {
            let text = client.text(&format!("/v1/audit/events?limit=1000&reporter={reporter}{cursor}"));
            let page: Page = serde_json::from_str(&text).expect("a page");
            for item in page.items {
                // The envelope comes first, and then the event to the letter.
                let (envelope, event) = item.get().split_once(r#","seq":"#).expect("an event that was reported");
                trail.texts.push(format!(r#"{{"seq":{event}"#));
                trail.conflicts += u64::from(envelope.contains(r#""conflict":true"#));
            }
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        trail.texts.reverse();
        trail
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// How many decisions its gap records stand for.
    pub(super) fn lost(&self) -> u64 {
        self.texts.iter().filter(|text| text.contains(r#""gap":"#)).filter_map(|text| read(text).gap).map(|gap| gap.count).sum()
    }

    /// Everything that is wrong, given what callers were `told`, and what the spool `held` at each kill.
    pub(super) fn faults(&self, told: &[Told], held: &[String]) -> Vec<Fault> {
        let events: Vec<Event> = self.texts.iter().map(|text| read(text)).collect();
        let mut faults = Vec::new();
        let (mut number, mut hash) = (None, None);
        let mut stored = HashMap::new();
        for (event, text) in events.iter().zip(&self.texts) {
            let takes = event.gap.as_ref().map_or(1, |gap| gap.count);
            if number.is_some_and(|number: u64| event.seq != number + takes) {
                faults.push(Fault::Number(event.request_id.clone()));
            }
            if event.previous != hash {
                faults.push(Fault::Chain(event.request_id.clone()));
            }
            (number, hash) = (Some(event.seq), Some(jose::encode(Sha256::digest(text))));
            if stored.insert(event.request_id.as_str(), event.outcome.as_deref()).is_some() {
                faults.push(Fault::Twice(event.request_id.clone()));
            }
        }
        if self.conflicts > 0 {
            faults.push(Fault::Twice(format!("{} conflicts", self.conflicts)));
        }
        for told in told {
            match stored.get(told.id.as_str()) {
                None => faults.push(Fault::Missing { id: told.id.clone(), before_kill: told.before_kill, stalled: told.stalled }),
                Some(outcome) if *outcome != Some(&told.outcome) => faults.push(Fault::Contradicted(told.id.clone())),
                Some(_) => {}
            }
        }
        let texts: HashSet<&str> = self.texts.iter().map(String::as_str).collect();
        let undelivered = held.iter().filter(|text| !texts.contains(text.as_str()));
        faults.extend(undelivered.map(|text| Fault::Undelivered(read(text).request_id)));
        faults
    }
}

fn read(text: &str) -> Event {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A sound trail of so many events, one of them a gap of three, and what callers were told of it.
    fn sound(count: u64) -> (Trail, Vec<Told>) {
        let (mut trail, mut told, mut seq) = (Trail::default(), Vec::new(), 41);
        for n in 0..count {
            let id = format!("r{n}");
            let previous = trail.texts.last().map_or("null".to_owned(), |text| format!(r#""{}""#, jose::encode(Sha256::digest(text))));
            let members = match n {
                3 => {
                    seq += 3;
                    json!({"requestId": id, "evaluatedAt": null, "gap": {"from": null, "to": null, "count": 3, "why": "x"}})
                }
                _ => {
                    seq += 1;
                    told.push(Told { id: id.clone(), outcome: "allow".to_owned(), before_kill: 1_000 * (count - n), stalled: 0 });
                    json!({"requestId": id, "outcome": "allow", "allowed": true})
                }
            };
            let members = members.to_string();
            trail.texts.push(format!(r#"{{"seq":{seq},"previous":{previous},{}"#, members.trim_start_matches('{')));
        }
        (trail, told)
    }

    #[test]
    fn a_sound_trail_has_no_fault() {
        let (trail, told) = sound(9);
        assert_eq!(trail.faults(&told, &trail.texts), []);
        assert_eq!((trail.len(), trail.lost()), (9, 3));
    }

    #[test]
    fn one_that_is_dropped_is_found() {
        let (trail, told) = sound(9);
        for dropped in [0, 1, 5, 8] {
            let mut planted = trail.clone();
            let text = planted.texts.remove(dropped);
            let faults = planted.faults(&told, std::slice::from_ref(&text));
            let id = format!("r{dropped}");
            let before_kill = 1_000 * (9 - u64::try_from(dropped).expect("small"));
            assert!(faults.contains(&Fault::Missing { id: id.clone(), before_kill, stalled: 0 }), "{faults:?}");
            assert!(faults.contains(&Fault::Undelivered(id)), "{faults:?}");
            let last = dropped == 8;
            assert!(last || faults.iter().any(|fault| matches!(fault, Fault::Chain(_))), "{faults:?}");
        }
    }

    #[test]
    fn one_that_is_doubled_is_found() {
        let (mut trail, told) = sound(9);
        let text = trail.texts[5].clone();
        trail.texts.insert(6, text);
        assert!(trail.faults(&told, &[]).contains(&Fault::Twice("r5".to_owned())));
        let (mut trail, told) = sound(9);
        trail.conflicts = 1;
        assert_eq!(trail.faults(&told, &[]), [Fault::Twice("1 conflicts".to_owned())]);
    }

    #[test]
    fn two_that_are_swapped_are_found() {
        let (mut trail, told) = sound(9);
        trail.texts.swap(5, 6);
        let faults = trail.faults(&told, &[]);
        assert!(faults.contains(&Fault::Number("r6".to_owned())) && faults.contains(&Fault::Chain("r6".to_owned())), "{faults:?}");
    }

    #[test]
    fn a_broken_chain_and_a_changed_answer_are_found() {
        let (trail, told) = sound(9);
        let mut planted = trail.clone();
        planted.texts[5] = planted.texts[5].replace(r#""allowed":true"#, r#""allowed":false"#);
        assert_eq!(planted.faults(&told, &[]), [Fault::Chain("r6".to_owned())]);
        let mut planted = trail.clone();
        planted.texts[8] = planted.texts[8].replace(r#""outcome":"allow""#, r#""outcome":"deny""#);
        assert_eq!(planted.faults(&told, &[]), [Fault::Contradicted("r8".to_owned())]);
        let mut planted = trail;
        planted.texts[3] = planted.texts[3].replace(r#""count":3"#, r#""count":2"#);
        let faults = planted.faults(&told, &[]);
        assert!(faults.contains(&Fault::Number("r3".to_owned())), "{faults:?}");
    }
}
