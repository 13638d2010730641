//! Taking in what verifiers report.

use passport_shared::api::audit::{ENVELOPE_NAMES, ReportAccepted, ReportEvents};
use passport_shared::decision::Outcome;
use passport_shared::fault::{Faults, Place};
use passport_shared::jose;
use passport_shared::json::{Controls, Document, Value};
use passport_shared::limits::{AUDIT_BATCH, AUDIT_EVENT_BYTES};
use passport_shared::text::quote;
use passport_shared::time;

use sha2::{Digest as _, Sha256};

use super::ids::Id;
use super::receipt::Batched;
use super::{Caller, Issuer, ServiceError, check};
use crate::metrics;
use crate::store::{Batch, Finding, Link, Maker, NewEvent, Reported};

mod alarm;

/// The body, and its list of events.
const AROUND_AN_EVENT: usize = 2;

impl Issuer {
    /// Takes in decisions that a verifier has made: all of them or none, on disk before this returns (contract section
    /// 7). An event that is there already, the same to the byte, is counted and not written again; one with another
    /// body under the same `requestId` is kept beside it, as a conflict.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] with the code `reporter_mismatch` if the batch says that it is somebody else's;
    /// [`ServiceError::TooLarge`] for more than 1,000 events; [`ServiceError::Invalid`], with a pointer for each fault.
    pub async fn report_events(&self, caller: &Caller, body: ReportEvents) -> Result<ReportAccepted, ServiceError> {
        let reporter = caller.agent_id();
        if body.reporter != reporter {
            return Err(ServiceError::Forbidden {
                code: "reporter_mismatch",
                detail: format!(
                    "the passport used is {}'s, and the batch says it is {}'s: report under your own name",
                    quote(reporter),
                    quote(&body.reporter)
                ),
                errors: Vec::new(),
            });
        }
        if body.events.len() > AUDIT_BATCH {
            let detail = format!("a batch has at most {AUDIT_BATCH} events, and this one has {}; send several", body.events.len());
            return Err(ServiceError::TooLarge { detail });
        }
        let root = Place::root("");
        let place = root.name("events");
        let (mut faults, now) = (Faults::default(), self.now());
        if body.events.is_empty() {
            faults.note::<()>(&place, "it must have at least one event");
        }
        let mut events = Vec::with_capacity(body.events.len());
        for (index, event) in body.events.iter().enumerate() {
            let read = read(event.get(), &place.index(index), &mut faults);
            events.extend(read.map(|Reported { event, link, plain }| {
                let event = NewEvent { event_id: self.new_id(Id::Event), received_at: now, ..event };
                Reported { event, link, plain }
            }));
        }
        check::done(faults)?;
        // Of what was reported: the reporter holds it against its own texts.
        let batched = Batched::of(&events);
        let hidden = self.hide(reporter, &mut events).await?;
        let maker = Maker { passport_id: caller.passport_id().to_owned(), at: now };
        let batch = Batch { reporter: reporter.to_owned(), maker: Some(maker), events, alarm: self.alarm(reporter) };
        let outcome = self.store().append_events(batch).await?;
        for (result, count) in [("accepted", outcome.accepted), ("duplicate", outcome.duplicates), ("conflict", outcome.conflicts)] {
            ::metrics::counter!(metrics::EVENTS, "result" => result).increment(count);
        }
        if outcome.conflicts > 0 {
            tracing::warn!(
                reporter = passport_shared::text::escape(reporter),
                conflicts = outcome.conflicts,
                "events that contradict earlier ones were reported"
            );
        }
        tell(&outcome.findings);
        let receipt = self.receipt(reporter, &batched, &outcome).await;
        let (accepted, duplicates, conflicts) = (outcome.accepted, outcome.duplicates, outcome.conflicts);
        Ok(ReportAccepted { accepted, duplicates, conflicts, receipt, reported_hash_key: hidden })
    }
}

/// What is wrong with a reporter's chain, in the log and among the numbers.
fn tell(findings: &[Finding]) {
    for finding in findings {
        ::metrics::counter!(metrics::FINDINGS, "kind" => finding.kind.as_str()).increment(1);
        tracing::warn!(
            reporter = passport_shared::text::escape(&finding.reporter),
            kind = finding.kind.as_str(),
            from_seq = finding.from_seq,
            to_seq = finding.to_seq,
            "what a reporter has sent does not go on from what it sent before"
        );
    }
}

/// Reads one event. Its text is kept to the letter; what can be asked for is taken out of it. `None` for one that is
/// not sound, which is noted.
fn read(text: &str, place: &Place<'_>, faults: &mut Faults) -> Option<Reported> {
    if text.len() > AUDIT_EVENT_BYTES {
        return faults.note(place, format!("an event has at most {AUDIT_EVENT_BYTES} bytes; this one has {}", text.len()));
    }
    // As in a request: an attribute's value may have control characters, and is given back escaped.
    let document = match Document::read_part(text.as_bytes(), Controls::InValues, AROUND_AN_EVENT) {
        Ok(document) => document,
        Err(fault) => return faults.note(place, format!("it is not sound JSON: {fault}")),
    };
    let root = document.root();
    for name in ENVELOPE_NAMES {
        if root.get(name).is_some() {
            faults.note::<()>(&place.name(name), "the issuer writes this member itself; leave it out");
        }
    }
    let mut fields = Fields { root, place, faults };
    let request_id = fields.text("requestId");
    let seq = fields.whole("seq");
    let previous = fields.hash("previous");
    let evaluated_at = fields.time("evaluatedAt");
    // A gap record tells that decisions are lost, and is none itself.
    let is_gap = fields.given("gap").is_some();
    let count = if is_gap { fields.gap() } else { Some(1) };
    let (outcome, reason) = match is_gap {
        true => (count.map(|_| None), fields.no_decision().map(|()| None)),
        false => (fields.outcome().map(Some), fields.text("reason").map(Some)),
    };
    // What a decision was made by; a reporter of another make may leave both out.
    fields.given("trustSequence").and_then(|_| fields.whole("trustSequence"));
    fields.optional_text("engine");
    let [agent_id, passport_id, action, resource] = ["agentId", "passportId", "action", "resource"].map(|name| fields.optional_text(name));
    let link = previous.zip(count).map(|(previous, count)| Link { previous, count });
    let event = NewEvent {
        event_id: String::new(),
        seq: Some(seq?),
        request_id: request_id?,
        body_hash: Sha256::digest(text).into(),
        body: text.to_owned(),
        received_at: 0,
        evaluated_at: evaluated_at?,
        agent_id,
        passport_id,
        outcome: outcome?,
        reason: reason?,
        action,
        resource,
        reported_hash: None,
    };
    Some(Reported { event, link, plain: None })
}

/// The members of a decision: a gap record has none of them.
const DECISION_NAMES: [&str; 13] = [
    "allowed",
    "outcome",
    "reason",
    "message",
    "details",
    "agentId",
    "passportId",
    "issuer",
    "keyId",
    "grant",
    "action",
    "resource",
    "attributes",
];

/// The members of one event that are looked at.
struct Fields<'d, 'p> {
    root: Value<'d>,
    place: &'p Place<'p>,
    faults: &'p mut Faults,
}

impl<'d> Fields<'d, '_> {
    /// The member, unless it is missing or `null`.
    fn given(&self, name: &str) -> Option<Value<'d>> {
        self.root.get(name).filter(|value| value.kind_name() != "null")
    }

    fn note<T>(&mut self, name: &str, detail: &str) -> Option<T> {
        self.faults.note(&self.place.name(name), detail)
    }

    /// A string of 1 to 256 bytes without control characters.
    fn text(&mut self, name: &str) -> Option<String> {
        match self.given(name).and_then(Value::as_str) {
            Some(text) => {
                check::name(text, &self.place.name(name), self.faults);
                Some(text.to_owned())
            }
            None => self.note(name, "it must be a string of 1 to 256 bytes"),
        }
    }

    fn optional_text(&mut self, name: &str) -> Option<String> {
        self.given(name).and_then(|_| self.text(name))
    }

    fn whole(&mut self, name: &str) -> Option<i64> {
        let number = self.given(name).and_then(|value| value.as_integer(i64::MAX));
        number.or_else(|| self.note(name, "it must be a whole number, not negative"))
    }

    /// The hash of the event before, where the reporter keeps a chain: 32 bytes in base64url, or `null` for its first.
    /// `None` where the reporter keeps none.
    fn hash(&mut self, name: &str) -> Option<Option<[u8; 32]>> {
        let Some(value) = self.given(name) else { return self.root.get(name).map(|_| None) };
        let hash = value.as_str().and_then(jose::decode).and_then(|hash| hash.try_into().ok());
        let wrong = "it must be `null` or a SHA-256 in base64url: the hash of the event before, as it was reported";
        hash.map(Some).or_else(|| self.note(name, wrong))
    }

    /// What a gap record says: from when to when, how many, and why. Gives how many.
    fn gap(&mut self) -> Option<i64> {
        let gap = self.given("gap")?;
        if gap.members().is_none() {
            return self.note("gap", "it must be an object with `from`, `to`, `count` and `why`");
        }
        let place = self.place.name("gap");
        let mut fields = Fields { root: gap, place: &place, faults: self.faults };
        let (from, to) = (fields.time("from"), fields.time("to"));
        let count = fields.given("count").and_then(|value| value.as_integer(i64::MAX)).filter(|count| *count > 0);
        let count = count.or_else(|| fields.note("count", "it must be a whole number of at least 1"));
        let why = fields.text("why");
        from.and(to).and(why).and(count)
    }

    /// That there is no member of a decision.
    fn no_decision(&mut self) -> Option<()> {
        let mut none = Some(());
        for name in DECISION_NAMES {
            if self.root.get(name).is_some() {
                none = self.note(name, "a gap record tells of no decision; leave it out");
            }
        }
        none
    }

    fn outcome(&mut self) -> Option<String> {
        let known = [Outcome::Allow, Outcome::ApprovalRequired, Outcome::Deny].map(Outcome::code);
        let text = self.given("outcome").and_then(Value::as_str).filter(|text| known.contains(text));
        text.map(str::to_owned).or_else(|| self.note("outcome", "it must be `allow`, `approval_required` or `deny`"))
    }

    /// A time, or none where the decision had none: `Some(None)`.
    fn time(&mut self, name: &str) -> Option<Option<i64>> {
        let Some(value) = self.given(name) else {
            return match self.root.get(name) {
                Some(_) => Some(None),
                None => self.note(name, "it must be a time like `2026-05-30T00:00:00Z`, or `null`"),
            };
        };
        let seconds = value.as_str().and_then(time::parse_any);
        seconds.map(Some).or_else(|| self.note(name, "it must be a time like `2026-05-30T00:00:00Z`, or `null`"))
    }
}

#[cfg(test)]
mod tests;
