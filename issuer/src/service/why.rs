//! Why a decision was what it was: the event, the passport as the issuer kept it, each grant held against the request, and what
//! the decision would be now. Nothing is judged here: the grants by [`explain`], the present by the verifier.

use passport_shared::api::audit::{Why, WhyGrant, WhyHidden, WhyNow, WhyPassport, WhyQuery, WhyRecorded, WhyUnmet};
use passport_shared::decision::Outcome;
use passport_shared::explain::{Explained, Says, UnmetClause, explain};
use passport_shared::grant::Grant;
use passport_shared::key_set::KeyId;
use passport_shared::passport::Passport;
use passport_shared::recorded::{Asked, Recorded};
use passport_shared::request::Request;
use passport_shared::text::quote;
use passport_verifier::Verifier;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Issuer, ServiceError, check, passports};
use crate::store::{self, StoreError};

/// What `recorded` does not have of an event: what is told and not gone by.
#[derive(Deserialize)]
struct Told {
    message: Option<String>,
    details: Option<Vec<Box<RawValue>>>,
}

/// What names a clause in `details`.
#[derive(Deserialize)]
struct Clause {
    grant: usize,
    attribute: String,
    operator: Option<String>,
}

impl Issuer {
    /// The first decision under this request id, or the first by this reporter, with what each grant of its passport says.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] if the log has no such decision, or has dropped its body.
    pub async fn why(&self, query: WhyQuery) -> Result<Why, ServiceError> {
        let WhyQuery { request_id, reporter } = query;
        let wanted = |event: &store::AuditEvent| reporter.as_ref().is_none_or(|reporter| *reporter == event.reporter);
        let events = self.store().events_of_request(&request_id).await?;
        let read = |event: store::AuditEvent| Recorded::read(event.event.body.as_bytes()).map(|recorded| (event, recorded));
        let Some((event, recorded)) = events.into_iter().filter(wanted).find_map(read) else {
            return Err(ServiceError::NotFound { what: "decision of the request", id: request_id });
        };
        let told: Told = serde_json::from_str(&event.event.body).map_err(|error| ServiceError::internal("read an event", error))?;
        let details = told.details.unwrap_or_default();
        let clauses: Vec<Clause> = details.iter().filter_map(|detail| serde_json::from_str(detail.get()).ok()).collect();
        let kept = self.passport_of(&recorded).await?;
        let hidden = match &recorded.asked {
            Asked::Hidden { names, .. } => names.clone(),
            Asked::Whole(_) | Asked::NotTold => Vec::new(),
        };
        let at = recorded.evaluated_at.unwrap_or(event.event.received_at);
        let grants = match &kept {
            Some((_, claims)) => grants(claims, &recorded.asked, &hidden, &clauses, at)?,
            None => Vec::new(),
        };
        let (now, now_unknown) = match self.decided_now(kept.as_ref(), &recorded.asked).await? {
            Ok(now) => (Some(now), None),
            Err(unknown) => (None, Some(unknown)),
        };
        Ok(Why {
            reporter: event.reporter,
            sequence: event.sequence,
            recorded: WhyRecorded {
                outcome: recorded.outcome.code().to_owned(),
                reason: recorded.reason,
                message: told.message,
                details: raw(&details)?,
                grant: recorded.grant,
                evaluated_at: recorded.evaluated_at.map(check::shown),
            },
            passport: kept.map(|(stored, _)| WhyPassport {
                state: passports::state(&stored, self.now()),
                passport_id: stored.passport_id,
                agent_id: stored.agent_id,
                expires_at: check::shown(stored.expires_at),
                revoked_at: stored.revoked_at.map(check::shown),
            }),
            request_id,
            hidden,
            grants,
            now,
            now_unknown,
        })
    }

    /// The passport that a decision names, where it is of this issuer.
    async fn passport_of(&self, recorded: &Recorded) -> Result<Option<(store::Passport, Passport)>, ServiceError> {
        let own = recorded.issuer.as_ref().is_none_or(|issuer| *issuer == self.settings().issuer);
        let Some(id) = recorded.passport_id.as_ref().filter(|_| own) else { return Ok(None) };
        let stored = match self.store().passport(id).await {
            Ok(stored) => stored,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let claims = Passport::read(stored.claims.as_bytes());
        let claims = claims.map_err(|error| ServiceError::internal("read the claims of a passport", error))?;
        Ok(Some((stored, claims)))
    }

    /// What a verifier of a service that the passport is for would answer now, without an approval; or why that cannot be told.
    async fn decided_now(&self, kept: Option<&(store::Passport, Passport)>, asked: &Asked) -> Result<Result<WhyNow, String>, ServiceError> {
        let Some((stored, claims)) = kept else { return Ok(Err("this issuer has no such passport".to_owned())) };
        let act = "read a passport";
        let key: KeyId = stored.key_id.parse().map_err(|_| ServiceError::internal(act, "its key's id is none"))?;
        let audience = stored.audience.first().ok_or_else(|| ServiceError::internal(act, "it is for no service"))?;
        self.edition().await?;
        let verifier = Verifier::new((*self.inner.gate.trust()).clone(), audience.clone()).without_cache();
        // What ends a passport ends it whatever was asked.
        let ended = match verifier.verify_kept(key, claims.clone(), self.now()) {
            Ok(_) => None,
            Err(denied) => Some(denied.record().message).map(|message| WhyNow {
                outcome: Outcome::Deny.code().to_owned(),
                reason: denied.reason().code().to_owned(),
                message,
                grant: None,
            }),
        };
        Ok(match (ended, asked.for_grants_of(claims)) {
            (Some(ended), _) => Ok(ended),
            (None, Some(request)) => Ok(answer(&verifier, key, claims, request, self.now())),
            (None, None) => Err(match asked {
                Asked::Hidden { .. } => "the reporter has hidden attributes that its grants look at".to_owned(),
                Asked::Whole(_) | Asked::NotTold => "the reporter has not told what was asked".to_owned(),
            }),
        })
    }
}

fn answer(verifier: &Verifier, key: KeyId, claims: &Passport, request: &Request, now: i64) -> WhyNow {
    let decision = verifier.decide_kept(key, claims.clone(), request, now);
    let message = decision.record().message;
    WhyNow { outcome: decision.outcome().code().to_owned(), reason: decision.reason().code().to_owned(), message, grant: decision.grant() }
}

/// What each grant says to what was asked, as far as that was told.
fn grants(claims: &Passport, asked: &Asked, hidden: &[String], reported: &[Clause], at: i64) -> Result<Vec<WhyGrant>, ServiceError> {
    let grants = || claims.grants.iter().map(|(index, grant)| (*index, grant));
    let told = match asked {
        Asked::Whole(request) | Asked::Hidden { request, .. } => explain(grants(), request, at),
        Asked::NotTold => Vec::new(),
    };
    if told.is_empty() {
        return Ok(grants().map(|(index, grant)| not_asked(index, grant, at)).collect());
    }
    grants().zip(told).map(|((_, grant), explained)| one(grant, explained, hidden, reported, at)).collect()
}

fn not_asked(index: usize, grant: &Grant, at: i64) -> WhyGrant {
    WhyGrant {
        index,
        describe: passport_shared::describe::sentences([grant], at),
        applies: None,
        result: "not_asked".to_owned(),
        message: "what was asked was not told, or is not well formed: no grant is held against it".to_owned(),
        unmet: Vec::new(),
        hidden: Vec::new(),
    }
}

fn one(grant: &Grant, explained: Explained, hidden: &[String], reported: &[Clause], at: i64) -> Result<WhyGrant, ServiceError> {
    let Explained { grant: index, says, message, unmet } = explained;
    // A hidden attribute is not in the request that is read back, and what is not there meets no demand: each clause of one is
    // among the unmet, and is not known to be.
    let is_hidden = |clause: &UnmetClause| hidden.iter().any(|name| *name == *clause.clause.attribute);
    let (unseen, unmet): (Vec<_>, Vec<_>) = unmet.into_iter().partition(is_hidden);
    let unseen: Vec<WhyHidden> = unseen.iter().map(|clause| not_seen(index, clause, reported)).collect();
    let open = unmet.is_empty() && !unseen.is_empty();
    let (applies, result, message) = match (open, unseen.iter().any(|clause| clause.reported_unmet)) {
        (true, true) => (Some(false), code(Says::ConstraintUnmet)?, "the reporter says that it is not met".to_owned()),
        (true, false) => (None, "hidden".to_owned(), "it allows the action, and demands something of what is hidden".to_owned()),
        (false, _) => (Some(matches!(says, Says::Blocks | Says::Allows | Says::NeedsApproval)), code(says)?, message),
    };
    let unmet = unmet.into_iter().map(shown).collect::<Result<_, _>>()?;
    Ok(WhyGrant { index, describe: passport_shared::describe::sentences([grant], at), applies, result, message, unmet, hidden: unseen })
}

fn not_seen(index: usize, clause: &UnmetClause, reported: &[Clause]) -> WhyHidden {
    let (attribute, operator) = (clause.clause.attribute.to_string(), clause.clause.operator.map(str::to_owned));
    let reported_unmet = reported.iter().any(|told| told.grant == index && told.attribute == attribute && told.operator == operator);
    let said = if reported_unmet { "the reporter says that this is not met" } else { "whether this is met cannot be looked at" };
    WhyHidden { message: format!("{} is hidden from the log; {said}", quote(&attribute)), attribute, operator, reported_unmet }
}

fn shown(unmet: UnmetClause) -> Result<WhyUnmet, ServiceError> {
    let UnmetClause { clause, message } = unmet;
    Ok(WhyUnmet {
        expected: raw(&clause.expected)?,
        actual: raw(&clause.actual)?,
        attribute: clause.attribute.to_string(),
        operator: clause.operator.map(str::to_owned),
        message,
    })
}

/// The code of what a grant says, as it is serialized everywhere.
fn code(says: Says) -> Result<String, ServiceError> {
    serde_json::to_value(says)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .ok_or_else(|| ServiceError::internal("write what a grant says", "it has no code"))
}

fn raw(value: &impl Serialize) -> Result<Box<RawValue>, ServiceError> {
    serde_json::value::to_raw_value(value).map_err(|error| ServiceError::internal("write a decision", error))
}

#[cfg(test)]
mod tests;
