//! Approvals (contract section 6): an agent asks, people decide, the agent fetches a token that is good once.
//!
//! The token is made when its holder asks for it, and each time the same one but for the key that signs: its id, its hash
//! and its times are those of the decision. So nothing secret is stored, and asking again makes no second approval.

mod inbox;

use std::time::Duration;

use passport_keys::sign_token;
use passport_shared::api::approvals::{Approval, ApprovalState, AskApproval, DecideApproval};
use passport_shared::approval::NewApprovalClaims;
use passport_shared::fault::{Faults, Place};
use passport_shared::jose::TokenType;
use passport_shared::limits::APPROVAL_LIFE;
use passport_shared::request::Request;
use passport_verifier::{Decision, Verifier};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::time::Instant;

pub use self::inbox::ApprovalQuery;
use super::ids::Id;
use super::{Caller, Denial, Holder, Issuer, ServiceError, check, passports};
use crate::store::{self, Vote};
use crate::traces;

/// How many approvals of one passport may wait at once: a person reads them.
const MOST_PENDING: u32 = 32;

/// Bytes of a request that a person is shown.
const MOST_BYTES: usize = 65_536;

/// How often a waiting request looks by itself, for what came to another issuer on the same database.
const LOOK: Duration = Duration::from_secs(1);

impl Issuer {
    /// Asks people to approve a request. The issuer decides the request by the project's own verifier first: one that needs
    /// no approval, or that no approval would help, is not asked about. The same request of the same passport waits once.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`]; [`ServiceError::Conflict`] if it needs no approval, or is denied whatever people say; [`ServiceError::TooMany`].
    pub async fn ask_approval(&self, holder: &Holder, body: AskApproval) -> Result<Approval, ServiceError> {
        let passport = holder.passport();
        if body.request.get().len() > MOST_BYTES {
            return Err(ServiceError::invalid("/request", format!("it has more than {MOST_BYTES} bytes, which nobody reads")));
        }
        let request = Request::parse(body.request.get().as_bytes());
        if let Some(problem) = request.problem() {
            return Err(ServiceError::invalid("/request", problem.to_string()));
        }
        if request.approval().is_some() {
            return Err(ServiceError::invalid("/request/approval", "leave it out: it is what you ask for"));
        }
        let audience = match body.audience {
            Some(audience) if passport.audience.iter().any(|one| *one == audience) => audience,
            Some(_) => return Err(ServiceError::invalid("/audience", "your passport is not for this service")),
            None => passport.audience.first().map(ToString::to_string).unwrap_or_default(),
        };
        self.edition().await?;
        let now = self.now();
        let verifier = Verifier::new((*self.inner.gate.trust()).clone(), audience.as_str()).without_cache();
        let approvers = match holder.shown().decide(&verifier, &request, now) {
            Decision::NeedsApproval(pending) => pending.approvers(),
            decided => return Err(unasked(&decided)),
        };
        let approval_id = self.new_id(Id::Approval);
        let resting = self.resting_request(&approval_id, body.request.get(), &request, passport.hidden.as_deref()).await?;
        let new = store::NewApproval {
            approval_id,
            passport_id: passport.id.to_string(),
            agent_id: passport.agent_id.to_string(),
            request: resting,
            request_hash: request.hash(&passport.agent_id),
            audience,
            approvers,
            asked_at: now,
            pending_until: now.saturating_add(self.settings().approval_wait),
        };
        let change = json!({
            "type": "approval_asked", "approvalId": new.approval_id, "passportId": new.passport_id, "agentId": new.agent_id,
            "requestHash": new.request_hash, "audience": new.audience,
        });
        let author = self.inner.parts.holder_author(
            &self.settings().issuer,
            passport,
            ("approvals.ask", "asked with the passport concerned"),
            now,
        )?;
        let event = self.admin_event(&author, &change)?;
        let issuer = self.clone();
        self.see_through(async move {
            let asked = issuer.store().ask_approval(new, MOST_PENDING, event).await?;
            issuer.inner.asked.send_modify(|count| *count = count.wrapping_add(1));
            issuer.shown_approval(asked, None).await
        })
        .await
    }

    /// An approval of the holder's own passport, with its token once it is approved and while that can be used. While it is
    /// pending, it is waited for up to `wait`; less if the issuer is about to stop.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], for one of another passport too; [`ServiceError::Unauthorized`] if the passport was revoked
    /// or has expired while it waited; [`ServiceError::Unavailable`] if that cannot be looked at.
    pub async fn own_approval(&self, holder: &Holder, id: &str, wait: Duration) -> Result<Approval, ServiceError> {
        let deadline = Instant::now() + wait;
        // Before the first look, so that nothing that comes after it is missed.
        let mut news = self.inner.decided.subscribe();
        loop {
            let found = self.store().approval(id, self.now()).await?;
            if found.asked.passport_id != *holder.passport().id {
                return Err(ServiceError::NotFound { what: "approval", id: id.to_owned() });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if found.state != store::ApprovalState::Pending || left.is_zero() || self.is_stopping() {
                // Once more as it is now: it may have been revoked meanwhile, and then there is no token.
                let holder = self.holder_again(holder).await.map_err(meanwhile)?;
                let token = self.approval_token(&holder, &found).await?;
                return self.shown_approval(found, token).await;
            }
            let _told = tokio::time::timeout(left.min(LOOK), news.changed()).await;
        }
    }

    /// One approval, never its token, with what its passport allows anyway: for who decides on it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn approval(&self, id: &str) -> Result<Approval, ServiceError> {
        let now = self.now();
        let found = self.store().approval(id, now).await?;
        let passport = self.store().passport(&found.asked.passport_id).await?;
        Ok(Approval { describe: Some(passports::words(&passport, now)?), ..self.shown_approval(found, None).await? })
    }

    /// What the caller says to an approval. Nobody decides on what their own agent asks for, and nobody twice.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`]; [`ServiceError::NotFound`]; [`ServiceError::Forbidden`] with the code `own_request`;
    /// [`ServiceError::Conflict`] if it is decided already, or nobody did in time.
    pub async fn decide_approval(&self, caller: &Caller, id: &str, approves: bool, body: DecideApproval) -> Result<Approval, ServiceError> {
        let root = Place::root("");
        let mut faults = Faults::default();
        check::optional_name(body.reason.as_deref(), &root.name("reason"), &mut faults);
        check::done(faults)?;
        let now = self.now();
        let found = self.store().approval(id, now).await?;
        if found.asked.agent_id == caller.agent_id() {
            return Err(ServiceError::Forbidden {
                code: "own_request",
                detail: "an agent does not decide on its own requests; another person has to".to_owned(),
                errors: Vec::new(),
            });
        }
        let change = json!({
            "type": if approves { "approval_granted" } else { "approval_denied" }, "approvalId": id,
            "passportId": found.asked.passport_id, "agentId": found.asked.agent_id, "requestHash": found.asked.request_hash,
            "reason": body.reason,
        });
        let event = self.admin_event(caller.author(), &change)?;
        let request = Some(self.decided_request(&found).await?);
        let vote =
            Vote { approval_id: id.to_owned(), decided_by: caller.agent_id().to_owned(), approves, reason: body.reason, now, request };
        let issuer = self.clone();
        self.see_through(async move {
            let decided = issuer.store().decide_approval(vote, event).await?;
            issuer.inner.decided.send_modify(|count| *count = count.wrapping_add(1));
            issuer.shown_approval(decided, None).await
        })
        .await
    }

    /// Whole for who decides, and without what is hidden ever after.
    async fn shown_approval(&self, mut approval: store::Approval, token: Option<String>) -> Result<Approval, ServiceError> {
        approval.asked.request = match approval.state {
            store::ApprovalState::Pending => self.whole_request(&approval).await?,
            _ => self.decided_request(&approval).await?,
        };
        shown(approval, token)
    }

    /// The token, where it is approved and can be used.
    async fn approval_token(&self, holder: &Holder, approval: &store::Approval) -> Result<Option<String>, ServiceError> {
        let (store::ApprovalState::Approved, Some(decided_at)) = (approval.state, approval.decided_at) else { return Ok(None) };
        let ends = ends(approval, decided_at).min(holder.passport().expires_at);
        if ends <= self.now() {
            return Ok(None);
        }
        let audience = [approval.asked.audience.clone()];
        let claims = super::change::to_json(&NewApprovalClaims {
            issuer: &self.settings().issuer,
            agent_id: &approval.asked.agent_id,
            audience: Some(&audience),
            issued_at: decided_at,
            expires_at: ends,
            id: &approval.asked.approval_id,
            passport_id: &approval.asked.passport_id,
            request_hash: &approval.asked.request_hash,
            approvers: &approval.approved_by,
        })?;
        let edition = self.edition().await?;
        let act = "sign an approval";
        let key = *edition.ring.signing().ok_or_else(|| ServiceError::internal(act, "there is no active key"))?.id();
        let (vault, algorithm) = (std::sync::Arc::clone(&self.inner.parts.vault), self.settings().algorithm);
        let work = move || sign_token(&*vault, &key, TokenType::Approval, algorithm, claims.as_bytes());
        let signed = traces::act("sign", tokio::task::spawn_blocking(work)).await;
        let signed = signed.map_err(|error| ServiceError::internal(act, error))?;
        signed.map(Some).map_err(|error| ServiceError::internal(act, error))
    }
}

/// Why people are not asked: it is allowed as it is, or denied whatever they say.
fn unasked(decided: &Decision<'_>) -> ServiceError {
    let record = decided.record();
    let detail = match record.allowed {
        true => format!("this request needs no approval: it is allowed as it is (`{}`)", record.reason),
        false => format!("this request is denied, and no approval would change that: `{}`: {}", record.reason, record.message),
    };
    ServiceError::Conflict { detail }
}

/// Why a holder gets nothing in the end, who was one when the wait began. What cannot be looked at now is no verdict on the
/// passport.
fn meanwhile(denial: Denial) -> ServiceError {
    let code = denial.code();
    match denial {
        Denial::Failed(error) => error,
        Denial::Decision { reason, status: 503, .. } => ServiceError::unavailable(format!("a passport cannot be checked: {reason}")),
        _ => ServiceError::Unauthorized { code, detail: format!("the passport was revoked or has expired meanwhile: `{code}`") },
    }
}

/// Until when an approval can be used.
fn ends(approval: &store::Approval, decided_at: i64) -> i64 {
    match approval.state {
        store::ApprovalState::Approved => decided_at.saturating_add(APPROVAL_LIFE),
        _ => approval.asked.pending_until,
    }
}

fn stored(state: ApprovalState) -> store::ApprovalState {
    match state {
        ApprovalState::Pending => store::ApprovalState::Pending,
        ApprovalState::Approved => store::ApprovalState::Approved,
        ApprovalState::Denied => store::ApprovalState::Denied,
        ApprovalState::Expired => store::ApprovalState::Expired,
    }
}

fn shown(approval: store::Approval, token: Option<String>) -> Result<Approval, ServiceError> {
    let state = match approval.state {
        store::ApprovalState::Pending => ApprovalState::Pending,
        store::ApprovalState::Approved => ApprovalState::Approved,
        store::ApprovalState::Denied => ApprovalState::Denied,
        store::ApprovalState::Expired => ApprovalState::Expired,
    };
    let expires_at = check::shown(ends(&approval, approval.decided_at.unwrap_or(approval.asked.asked_at)));
    let asked = approval.asked;
    let request = RawValue::from_string(asked.request).map_err(|error| ServiceError::internal("read a request to approve", error))?;
    Ok(Approval {
        approval_id: asked.approval_id,
        state,
        agent_id: asked.agent_id,
        passport_id: asked.passport_id,
        request,
        request_hash: asked.request_hash,
        audience: asked.audience,
        describe: None,
        approvers_needed: asked.approvers,
        approved_by: approval.approved_by,
        denied_by: approval.denied_by,
        asked_at: check::shown(asked.asked_at),
        expires_at,
        decided_at: approval.decided_at.map(check::shown),
        reason: approval.reason,
        approval: token,
    })
}

#[cfg(test)]
mod tests;
