//! One decision reached again: by the claims that the issuer kept, at the time that was reported, with the verifier's own
//! core. Pure.

use passport_shared::decision::{Outcome, Reason, Refusal, Unmet, Verdict};
use passport_shared::judge::{ResourcePolicy, check_times, judge};
use passport_shared::limits::APPROVAL_LIFE;
use passport_shared::passport::Passport;
use passport_shared::recorded::{Asked, Recorded};
use passport_shared::request::Request;
use serde_json::{Value, json};

use crate::store::{Approval, ApprovalState};

/// How many seconds early a passport may have been taken: a verifier's own setting, which is not reported. More than this is
/// no leeway.
const LEEWAY: i64 = 300;

/// What the engines of our own make are called.
const OWN_ENGINES: &str = "passport-verifier/";

/// What the issuer knows of a passport.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) claims: Passport,
    pub(super) key_id: String,
    pub(super) revoked_at: Option<i64>,
    /// See [`Passport::revoked_sequence`](crate::store::Passport::revoked_sequence).
    pub(super) revoked_sequence: Option<i64>,
}

/// What came of deciding again.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// The same answer.
    Agrees,
    /// The same answer as before the passport was revoked, by a verifier that had not heard of it yet: so many seconds after.
    Lags(i64),
    /// Another answer.
    Differs(Differs),
    /// It cannot be reached again; why not, in a word.
    Unchecked(&'static str),
}

/// Another answer than the one that was reported.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Differs {
    /// What does not agree, in a word.
    pub(super) kind: &'static str,
    /// What was reported.
    pub(super) reported: Value,
    /// What the issuer comes to.
    pub(super) expected: Value,
}

/// What is looked at beside the event.
pub(super) struct Facts<'f> {
    /// The issuer's URL.
    pub(super) issuer: &'f str,
    /// The passport that the event names, where the issuer has issued it.
    pub(super) known: Option<&'f Known>,
    /// The approval that the event names, where somebody asked for it.
    pub(super) approval: Option<&'f Approval>,
    /// The unmet clauses that were reported.
    pub(super) details: Option<&'f Value>,
}

/// Reaches the decision again.
pub(super) fn compare(recorded: &Recorded, facts: &Facts<'_>) -> Found {
    let told = Told { recorded, reason: Reason::ALL.iter().copied().find(|reason| reason.code() == recorded.reason), facts };
    match told.compare() {
        Ok(found) => found,
        Err(found) => found,
    }
}

struct Told<'t> {
    recorded: &'t Recorded,
    /// Its reason, where this release knows it.
    reason: Option<Reason>,
    facts: &'t Facts<'t>,
}

impl Told<'_> {
    /// The first thing that settles it, as an `Err` where that is before the end.
    fn compare(&self) -> Result<Found, Found> {
        self.beyond_the_issuer()?;
        let known = self.passport()?;
        let at = self.recorded.evaluated_at.ok_or(Found::Unchecked("no_time"))?;
        if let Some(settled) = self.key(known) {
            return Ok(settled);
        }
        if let Some(settled) = self.times(known, at) {
            return Ok(settled);
        }
        let lag = match self.revocation(known, at) {
            Ok(lag) => lag,
            Err(settled) => return Ok(settled),
        };
        self.grants(known, at)?;
        Ok(lag.map_or(Found::Agrees, Found::Lags))
    }

    /// What a verifier alone can know: its clock, its record, the token before it was read, how old its trust was.
    fn beyond_the_issuer(&self) -> Result<(), Found> {
        if self.recorded.outcome != Outcome::Deny {
            return Ok(());
        }
        Err(Found::Unchecked(match self.reason {
            Some(Reason::ClockUntrusted | Reason::AuditUnavailable | Reason::InternalError) => "of_the_service",
            Some(
                Reason::MalformedToken | Reason::UnsupportedToken | Reason::KeysUnavailable | Reason::UnknownKey | Reason::BadSignature,
            ) => "token_not_read",
            Some(Reason::WrongIssuer | Reason::WrongAudience) => "audience_not_told",
            Some(Reason::StatusUnavailable) => "age_of_trust",
            Some(Reason::AgentMismatch) => "agent_not_told",
            // A request that is not well formed is not repeated.
            Some(Reason::InvalidRequest) if self.recorded.asked == Asked::NotTold => "request_not_told",
            // A later release can have reasons of its own; this one has none but those that it knows.
            None if self.recorded.engine.as_deref() != Some(this_engine()) => "unknown_reason",
            _ => return Ok(()),
        }))
    }

    fn passport(&self) -> Result<&Known, Found> {
        let recorded = self.recorded;
        if recorded.issuer.as_deref().is_some_and(|issuer| issuer != self.facts.issuer) {
            return Err(Found::Unchecked("other_issuer"));
        }
        if recorded.passport_id.is_none() && (recorded.outcome == Outcome::Deny || !self.is_own_engine()) {
            return Err(Found::Unchecked("no_passport"));
        }
        let unknown = "this issuer has issued no passport of this id";
        let known = self.facts.known.ok_or_else(|| self.differs("unknown_passport", &deny(Reason::BadSignature, unknown)))?;
        let other = |told: &Option<String>, held: &str| told.as_deref().is_some_and(|told| told != held);
        if other(&recorded.agent_id, &known.claims.agent_id) || other(&recorded.key_id, &known.key_id) {
            let message = format!("the passport is of agent `{}`, signed by key `{}`", known.claims.agent_id, known.key_id);
            return Err(self.differs("passport", &deny(Reason::BadSignature, message)));
        }
        Ok(known)
    }

    /// Step 3, which comes before times: a key is only said to be revoked if it, or the passport, is.
    fn key(&self, known: &Known) -> Option<Found> {
        let said = self.recorded.outcome == Outcome::Deny && self.reason == Some(Reason::KeyRevoked);
        (said && known.revoked_at.is_some()).then_some(Found::Agrees)
    }

    /// Step 7. A passport is early by the verifier's leeway, late by none.
    fn times(&self, known: &Known, at: i64) -> Option<Found> {
        let said = |reason| self.recorded.outcome == Outcome::Deny && self.reason == Some(reason);
        match check_times(&known.claims, at, LEEWAY) {
            Some(refusal) if said(refusal.reason) => Some(Found::Agrees),
            Some(refusal) => Some(self.differs("times", &Verdict::Deny(refusal))),
            None if said(Reason::NotYetValid) && check_times(&known.claims, at, 0).is_some() => Some(Found::Agrees),
            None => None,
        }
    }

    /// Step 8, as of the trust that was gone by. `Ok` where it goes on: by how many seconds the verifier was behind.
    fn revocation(&self, known: &Known, at: i64) -> Result<Option<i64>, Found> {
        let said = self.recorded.outcome == Outcome::Deny && self.reason == Some(Reason::Revoked);
        let Some(revoked_at) = known.revoked_at else { return Ok(None) };
        if said {
            return Err(Found::Agrees);
        }
        match (self.recorded.trust_sequence, known.revoked_sequence) {
            // Its trust told of it.
            (Some(had), Some(told @ 1..)) if had >= told => {
                Err(self.differs("revoked", &deny(Reason::Revoked, "the trust that was gone by tells that the passport was revoked")))
            }
            _ => Ok((at > revoked_at).then(|| at.saturating_sub(revoked_at))),
        }
    }

    /// Steps 9 to 13.
    fn grants(&self, known: &Known, at: i64) -> Result<(), Found> {
        let recorded = self.recorded;
        let request = match &recorded.asked {
            Asked::Whole(request) => request,
            Asked::Hidden { names, .. } if recorded.approval_id.is_some() || weighs(&known.claims, names) => {
                return Err(Found::Unchecked("attributes_hidden"));
            }
            Asked::Hidden { request, .. } => request,
            Asked::NotTold if recorded.outcome != Outcome::Deny && self.is_own_engine() => {
                let message = "a request that does not say what is asked for is not well formed";
                return Err(self.differs("decision", &deny(Reason::InvalidRequest, message)));
            }
            Asked::NotTold => return Err(Found::Unchecked("request_not_told")),
        };
        // Whether a service demands a resource is its own choice.
        let demands = self.reason == Some(Reason::InvalidRequest) && request.resource().is_none();
        let policy = if demands { ResourcePolicy::MustName } else { ResourcePolicy::MayOmit };
        let verdict = judge(&known.claims, request, policy, at);
        let (verdict, used) = self.approved(&known.claims, request, verdict, at)?;
        if used != recorded.approval_id.is_some() {
            return Err(self.differs("approval", &verdict));
        }
        let same_grant = verdict.grant() == recorded.grant || (recorded.grant.is_none() && !self.is_own_engine());
        let same = verdict.outcome() == recorded.outcome && Some(verdict.reason()) == self.reason && same_grant;
        match same && self.same_details(verdict.details()) {
            true => Ok(()),
            false => Err(self.differs("decision", &verdict)),
        }
    }

    /// Step 13: the verdict with the approval that was used, and whether one was.
    fn approved(&self, claims: &Passport, request: &Request, verdict: Verdict, at: i64) -> Result<(Verdict, bool), Found> {
        let Verdict::NeedsApproval { grant, approvers } = verdict else { return Ok((verdict, false)) };
        // What was given for an approval, and did not hold, is not repeated.
        if self.reason == Some(Reason::ApprovalInvalid) && self.recorded.outcome == Outcome::Deny {
            return Err(Found::Agrees);
        }
        if self.recorded.approval_id.is_none() {
            return Ok((verdict, false));
        }
        let holds = self.facts.approval.is_some_and(|approval| {
            let until = approval.decided_at.map(|decided_at| decided_at.saturating_add(APPROVAL_LIFE));
            approval.state == ApprovalState::Approved
                && approval.asked.passport_id == claims.id.as_str()
                && approval.asked.request_hash == request.hash(&claims.agent_id)
                && approval.approved_by.len() >= usize::from(approvers)
                && until.is_some_and(|until| at < until)
        });
        match holds {
            true => Ok((Verdict::Allow { grant }, true)),
            false => {
                let message = "the approval that was used was not given for this request, or was over";
                Err(self.differs("approval", &deny(Reason::ApprovalInvalid, message)))
            }
        }
    }

    /// A reporter of another make may leave them out.
    fn same_details(&self, details: &[Unmet]) -> bool {
        let Some(reported) = self.facts.details else { return details.is_empty() || !self.is_own_engine() };
        let expected = serde_json::to_string(details).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
        expected.is_some_and(|expected| expected == *reported)
    }

    fn is_own_engine(&self) -> bool {
        self.recorded.engine.as_deref().is_some_and(|engine| engine.starts_with(OWN_ENGINES))
    }

    fn differs(&self, kind: &'static str, expected: &Verdict) -> Found {
        let recorded = self.recorded;
        let mut reported = json!({"outcome": recorded.outcome.code(), "reason": recorded.reason, "grant": recorded.grant});
        let told = [("trustSequence", json!(recorded.trust_sequence)), ("engine", json!(recorded.engine))];
        for (name, value) in told.into_iter().filter(|(_, value)| !value.is_null()) {
            if let Some(members) = reported.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        }
        let expected = json!({
            "outcome": expected.outcome().code(), "reason": expected.reason().code(), "grant": expected.grant(), "message": expected.message(),
        });
        Found::Differs(Differs { kind, reported, expected })
    }
}

fn deny(reason: Reason, message: impl Into<String>) -> Verdict {
    Verdict::Deny(Refusal::new(reason, message))
}

/// Whether any grant looks at one of these attributes.
fn weighs(claims: &Passport, names: &[String]) -> bool {
    let constraints = claims.grants.iter().flat_map(|(_, grant)| &grant.constraints);
    constraints.into_iter().any(|constraint| names.iter().any(|name| *name == *constraint.attribute))
}

/// What an engine of this release is called.
const fn this_engine() -> &'static str {
    concat!("passport-verifier/", env!("CARGO_PKG_VERSION"))
}
