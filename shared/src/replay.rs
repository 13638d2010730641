//! Recorded requests under other grants: what would newly be allowed, or denied. Pure, and in constant memory.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::decision::{Outcome, Reason};
use crate::judge::{ResourcePolicy, judge};
use crate::passport::Passport;
use crate::recorded::Recorded;
use crate::request::Attributes;
use crate::time;

/// The most kinds of change that are told apart, and the most examples of each of the six turns.
const CHANGES: usize = 1_000;
const EXAMPLES: usize = 10;

/// From which answer to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// What was answered.
    pub from: Outcome,
    /// What would be.
    pub to: Outcome,
}

impl Turn {
    /// Those that let through more come last: what would break is told first.
    fn rank(self) -> (u8, u8) {
        let openness = |outcome| match outcome {
            Outcome::Deny => 0,
            Outcome::ApprovalRequired => 1,
            Outcome::Allow => 2,
        };
        (openness(self.to), openness(self.from))
    }
}

/// How often one answer would turn, for one action on one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// How.
    #[serde(flatten)]
    pub turn: Turn,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: Option<String>,
    /// How often.
    pub count: u64,
}

/// One request whose answer would turn.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Example {
    /// How.
    #[serde(flatten)]
    pub turn: Turn,
    /// Its id.
    pub request_id: String,
    /// When it was decided.
    pub evaluated_at: Option<String>,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: Option<String>,
    /// Its attributes, as JSON.
    pub attributes: Box<RawValue>,
    /// Why it was answered so.
    pub was: String,
    /// Why it would be answered otherwise.
    pub would_be: &'static str,
    /// The same, for a person.
    pub message: String,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// Requests that were decided again.
    pub decisions: u64,
    /// Those that are answered as before.
    pub same: u64,
    /// Not allowed before, and allowed now.
    pub newly_allowed: u64,
    /// Allowed, or to be asked for, before, and denied now.
    pub newly_denied: u64,
    /// A person has to be asked now.
    pub newly_asked: u64,
    /// By turn, action and resource; the most frequent first, what is newly denied before all others.
    pub changes: Vec<Change>,
    /// Requests that turn and are in none of `changes`, since there are too many kinds.
    pub other_changes: u64,
    /// The first of each turn.
    pub examples: Vec<Example>,
    /// What could not be decided again, by why not.
    pub left_out: BTreeMap<String, u64>,
}

impl Replayed {
    /// Whether any answer would turn.
    #[must_use]
    pub fn turns(&self) -> bool {
        self.same < self.decisions
    }
}

/// A turn by its rank, the action and the resource.
type Kind = ((u8, u8), String, Option<String>);

/// Requests that are decided again, one after another.
#[derive(Debug)]
pub struct Replay<'p> {
    under: &'p Passport,
    changes: BTreeMap<Kind, (Turn, u64)>,
    told: Replayed,
}

impl<'p> Replay<'p> {
    /// Under these grants; nothing else of the passport is looked at but its agent.
    #[must_use]
    pub fn new(under: &'p Passport) -> Self {
        let told = Replayed {
            decisions: 0,
            same: 0,
            newly_allowed: 0,
            newly_denied: 0,
            newly_asked: 0,
            changes: Vec::new(),
            other_changes: 0,
            examples: Vec::new(),
            left_out: BTreeMap::new(),
        };
        Self { under, changes: BTreeMap::new(), told }
    }

    /// Decides one again, as of when it was decided.
    pub fn take(&mut self, recorded: &Recorded) {
        let left_out = match (recorded.asked.for_grants_of(self.under), recorded.evaluated_at) {
            _ if !is_by_grants(recorded) => recorded.reason.as_str(),
            (None, _) => "request_not_told",
            (_, None) => "no_time",
            (Some(request), Some(at)) => {
                let demands = recorded.reason == Reason::InvalidRequest.code() && request.resource().is_none();
                let policy = if demands { ResourcePolicy::MustName } else { ResourcePolicy::MayOmit };
                let verdict = judge(self.under, request, policy, at);
                self.told.decisions += 1;
                let approved = recorded.approval_id.is_some() && verdict.outcome() == Outcome::ApprovalRequired;
                let turn = Turn { from: recorded.outcome, to: if approved { recorded.outcome } else { verdict.outcome() } };
                if turn.from == turn.to {
                    self.told.same += 1;
                    return;
                }
                match turn.to {
                    Outcome::Allow => self.told.newly_allowed += 1,
                    Outcome::ApprovalRequired => self.told.newly_asked += 1,
                    Outcome::Deny => self.told.newly_denied += 1,
                }
                let (action, resource) = (request.action().to_owned(), request.resource().map(str::to_owned));
                if self.told.examples.iter().filter(|example| example.turn == turn).count() < EXAMPLES {
                    self.told.examples.push(Example {
                        turn,
                        request_id: recorded.request_id.clone(),
                        evaluated_at: time::format(at),
                        action: action.clone(),
                        resource: resource.clone(),
                        attributes: as_json(request.attributes()),
                        was: recorded.reason.clone(),
                        would_be: verdict.reason().code(),
                        message: verdict.message(),
                    });
                }
                self.count(turn, action, resource);
                return;
            }
        };
        // Reasons that nobody has made yet are few, but a reporter could make up many.
        let known = self.told.left_out.len() < 64 || self.told.left_out.contains_key(left_out);
        *self.told.left_out.entry(if known { left_out } else { "other" }.to_owned()).or_default() += 1;
    }

    fn count(&mut self, turn: Turn, action: String, resource: Option<String>) {
        let key = (turn.rank(), action, resource);
        if self.changes.len() < CHANGES || self.changes.contains_key(&key) {
            self.changes.entry(key).or_insert((turn, 0)).1 += 1;
        } else {
            self.told.other_changes += 1;
        }
    }

    /// What came of all of them.
    #[must_use]
    pub fn end(self) -> Replayed {
        let mut changes: Vec<Change> =
            self.changes.into_iter().map(|((_, action, resource), (turn, count))| Change { turn, action, resource, count }).collect();
        changes.sort_by_key(|change| (change.turn.rank(), std::cmp::Reverse(change.count)));
        let mut told = self.told;
        told.examples.sort_by_key(|example| example.turn.rank());
        Replayed { changes, ..told }
    }
}

/// Whether it was the grants that decided. A passport that is not valid any more, or a service that cannot record, says
/// nothing of them.
fn is_by_grants(recorded: &Recorded) -> bool {
    let reason = Reason::ALL.iter().find(|reason| reason.code() == recorded.reason);
    reason.is_some_and(|reason| (Reason::ActionBlocked..=Reason::Granted).contains(reason) || *reason == Reason::InvalidRequest)
}

fn as_json(attributes: Attributes<'_>) -> Box<RawValue> {
    to_raw_value(&attributes).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests;
