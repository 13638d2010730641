//! What the issuer has said yes to, what it has stored, and what does not fit in that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use serde_json::Value;

use crate::process::Client;

/// Events in a batch.
pub(super) const BATCH: u64 = 10;

/// A kind of write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Agent,
    Disabled,
    Passport,
    Revocation,
    Key,
    Event,
}

impl Kind {
    pub(super) const ALL: [Self; 6] = [Self::Agent, Self::Disabled, Self::Passport, Self::Revocation, Self::Key, Self::Event];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agents",
            Self::Disabled => "disabled",
            Self::Passport => "passports",
            Self::Revocation => "revocations",
            Self::Key => "keys",
            Self::Event => "events",
        }
    }
}

/// The ids of what was acknowledged.
#[derive(Default)]
pub(super) struct Acknowledged(Mutex<HashMap<Kind, Vec<String>>>);

impl Acknowledged {
    pub(super) fn note(&self, kind: Kind, id: String) {
        self.0.lock().expect("no panic").entry(kind).or_default().push(id);
    }

    pub(super) fn count(&self, kind: Kind) -> usize {
        self.0.lock().expect("no panic").get(&kind).map_or(0, Vec::len)
    }

    pub(super) fn of(&self, kind: Kind) -> Vec<String> {
        self.0.lock().expect("no panic").get(&kind).cloned().unwrap_or_default()
    }
}

/// What is there, as the lists show it and as the audit log tells it.
pub(super) struct Stored {
    shown: BTreeMap<Kind, BTreeSet<String>>,
    told: BTreeMap<Kind, BTreeSet<String>>,
    /// How often each reported decision is there.
    decisions: HashMap<String, u64>,
    /// The passports of each agent.
    owned: Vec<(String, String)>,
}

impl Stored {
    pub(super) fn read(admin: &Client) -> Self {
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let ids = |items: &[Value], name: &str, state: Option<&str>| {
            items
                .iter()
                .filter(|item| state.is_none_or(|state| item["state"] == state))
                .map(|item| text(item, name))
                .collect::<BTreeSet<_>>()
        };
        let (agents, passports) = (admin.list("/v1/agents"), admin.list("/v1/passports"));
        let keys = admin.get("/v1/keys")["items"].as_array().expect("a list").clone();
        let events = admin.list("/v1/audit/events");
        let shown = BTreeMap::from([
            (Kind::Agent, ids(&agents, "agentId", None)),
            (Kind::Disabled, ids(&agents, "agentId", Some("disabled"))),
            (Kind::Passport, ids(&passports, "passportId", None)),
            (Kind::Revocation, ids(&passports, "passportId", Some("revoked"))),
            (Kind::Key, ids(&keys, "keyId", None)),
        ]);
        let mut told: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
        for change in events.iter().filter(|event| event["kind"] == "admin").map(|event| &event["change"]) {
            let (kind, name) = match change["type"].as_str().unwrap_or_default() {
                "agent_created" => (Kind::Agent, "agentId"),
                "agent_disabled" => (Kind::Disabled, "agentId"),
                "passport_issued" => (Kind::Passport, "passportId"),
                "passport_revoked" => (Kind::Revocation, "passportId"),
                "keys_rotated" => (Kind::Key, "nextKeyId"),
                "keys_created" => {
                    let first = change["keyIds"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
                    told.entry(Kind::Key).or_default().extend(first);
                    continue;
                }
                _ => continue,
            };
            told.entry(kind).or_default().insert(text(change, name));
        }
        let mut decisions = HashMap::new();
        for event in events.iter().filter(|event| event["kind"] == "decision") {
            *decisions.entry(text(event, "requestId")).or_default() += 1;
        }
        let owned = passports.iter().map(|passport| (text(passport, "agentId"), text(passport, "passportId"))).collect();
        Self { shown, told, decisions, owned }
    }

    pub(super) fn has(&self, kind: Kind, id: &str) -> bool {
        match kind {
            Kind::Event => self.decisions.get(id) == Some(&1),
            _ => self.shown.get(&kind).is_some_and(|ids| ids.contains(id)) && self.told.get(&kind).is_some_and(|ids| ids.contains(id)),
        }
    }

    /// What is half done.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let empty = BTreeSet::new();
        let of = |from: &'_ BTreeMap<Kind, BTreeSet<String>>, kind| from.get(&kind).unwrap_or(&empty).clone();
        let disabled = of(&self.shown, Kind::Disabled);
        let by_agent: BTreeSet<&String> = self.owned.iter().filter(|(agent, _)| disabled.contains(agent)).map(|(_, id)| id).collect();
        for kind in [Kind::Agent, Kind::Disabled, Kind::Passport, Kind::Revocation, Kind::Key] {
            let (shown, told) = (of(&self.shown, kind), of(&self.told, kind));
            for id in shown.difference(&told).filter(|id| kind != Kind::Revocation || !by_agent.contains(id)) {
                faults.push(format!("{}: {id} is there and no event tells of it", kind.name()));
            }
            for id in told.difference(&shown) {
                faults.push(format!("{}: an event tells of {id}, which is not there", kind.name()));
            }
        }
        let mut batches: BTreeMap<&str, u64> = BTreeMap::new();
        for (id, count) in &self.decisions {
            if let Some((batch, _)) = id.rsplit_once('_') {
                *batches.entry(batch).or_default() += count;
            }
        }
        faults.extend(batches.iter().filter(|(_, count)| **count != BATCH).map(|(batch, count)| format!("batch {batch}: {count} events")));
        faults
    }
}
