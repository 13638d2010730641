//! The answer to a request.

use std::sync::Arc;

use passport_shared::decision::{DecisionProblem, DecisionRecord, Outcome, Reason, Refusal, Unmet, Verdict};
use passport_shared::hidden::HiddenAttributes;
use passport_shared::key_set::KeyId;
use passport_shared::passport::Passport;
use passport_shared::request::{Attributes, Request};
use passport_shared::time;

use crate::cache::Hit;
use crate::signed::SignedPassport;

/// The answer to one request. It is one of three, and there is no error beside it: what cannot be decided is denied.
#[derive(Clone, Debug)]
#[must_use = "a decision that nobody looks at protects nothing"]
pub enum Decision<'r> {
    /// Go ahead.
    Allow(Granted<'r>),
    /// Do not.
    Deny(Denied<'r>),
    /// Not before a person has approved.
    NeedsApproval(Pending<'r>),
}

/// What was looked at. Nothing of a token is here before its signature was good.
#[derive(Clone, Debug)]
struct Context<'r> {
    asked: Circumstances<'r>,
    request_id: Option<String>,
    seen: Seen<'r>,
    seldom: Option<Box<Seldom>>,
}

/// What few decisions have. It stands apart, so that every other is smaller: a decision is moved about.
#[derive(Clone, Debug)]
struct Seldom {
    /// The id of the approval that was used up.
    approval: Option<Box<str>>,
    /// What a token that was refused before its claims were believed keeps from the log.
    #[cfg_attr(not(feature = "report"), expect(dead_code, reason = "what reports nothing hides nothing"))]
    unread: Option<Box<HiddenAttributes>>,
}

/// What was seen of a token. It is borrowed where that will do: a count that all threads write to would make them wait
/// for one another.
#[derive(Debug, Default)]
pub(crate) enum Seen<'r> {
    /// Nothing that may be told.
    #[default]
    Nothing,
    /// Its signature was good, its claims were not.
    Signer(Box<KeyId>),
    /// A passport that the caller holds.
    Held(&'r SignedPassport),
    /// A passport that was verified before.
    Cached(Hit),
    /// A passport that was verified just now.
    Fresh(Arc<SignedPassport>),
}

impl Seen<'_> {
    #[inline]
    fn signed(&self) -> Option<&SignedPassport> {
        match self {
            Self::Nothing | Self::Signer(_) => None,
            Self::Held(signed) => Some(signed),
            Self::Cached(hit) => hit.get(),
            Self::Fresh(signed) => Some(signed),
        }
    }

    #[inline]
    pub(crate) fn claims(&self) -> Option<&Passport> {
        self.signed().map(|signed| &signed.claims)
    }

    fn key_id(&self) -> Option<KeyId> {
        match self {
            Self::Signer(key_id) => Some(**key_id),
            seen => seen.signed().map(|signed| signed.key_id),
        }
    }

    /// What is verified and shared, to be held.
    pub(crate) fn into_shared(self) -> Option<Arc<SignedPassport>> {
        match self {
            Self::Nothing | Self::Signer(_) | Self::Held(_) => None,
            Self::Cached(hit) => hit.into_shared(),
            Self::Fresh(signed) => Some(signed),
        }
    }
}

/// A copy outlives what it was borrowed from, so it counts.
impl Clone for Seen<'_> {
    fn clone(&self) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Signer(key_id) => Self::Signer(key_id.clone()),
            Self::Held(signed) => Self::Held(signed),
            Self::Cached(hit) => hit.to_shared().map_or(Self::Nothing, Self::Fresh),
            Self::Fresh(signed) => Self::Fresh(Arc::clone(signed)),
        }
    }
}

/// An action that is allowed. Only a verifier makes one, so to hold it is the proof.
#[derive(Clone, Debug)]
pub struct Granted<'r> {
    context: Context<'r>,
    grant: usize,
}

/// An action, or a passport, that is refused.
#[derive(Clone, Debug)]
pub struct Denied<'r> {
    context: Context<'r>,
    refusal: Box<Refusal>,
}

/// An action that a person has to approve first.
#[derive(Clone, Debug)]
pub struct Pending<'r> {
    context: Context<'r>,
    grant: usize,
    approvers: u8,
}

/// What is asked, when, and by which trust: of what a decision keeps, that which is known before anything is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'r> {
    pub(crate) request: Option<&'r Request>,
    /// In seconds since 1970.
    pub(crate) now: i64,
    /// The sequence of the trust that is gone by, where it has one.
    pub(crate) trust: Option<i64>,
}

impl<'r> Circumstances<'r> {
    #[inline]
    fn context(self, seen: Seen<'r>) -> Context<'r> {
        Context { asked: self, request_id: None, seen, seldom: None }
    }

    pub(crate) fn decide(self, seen: Seen<'r>, verdict: Verdict, approval: Option<Box<str>>) -> Decision<'r> {
        let seldom = approval.map(|approval| Box::new(Seldom { approval: Some(approval), unread: None }));
        let context = Context { seldom, ..self.context(seen) };
        match verdict {
            Verdict::Allow { grant } => Decision::Allow(Granted { context, grant }),
            Verdict::NeedsApproval { grant, approvers } => Decision::NeedsApproval(Pending { context, grant, approvers }),
            Verdict::Deny(refusal) => Decision::Deny(context.deny(refusal)),
        }
    }

    pub(crate) fn deny(self, seen: Seen<'r>, refusal: impl Into<Box<Refusal>>) -> Denied<'r> {
        self.context(seen).deny(refusal)
    }
}

impl<'r> Context<'r> {
    fn deny(self, refusal: impl Into<Box<Refusal>>) -> Denied<'r> {
        Denied { context: self, refusal: refusal.into() }
    }

    fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref().or_else(|| self.asked.request.and_then(Request::request_id))
    }

    fn approval(&self) -> Option<&str> {
        self.seldom.as_ref()?.approval.as_deref()
    }

    fn record<'a>(
        &'a self,
        reason: Reason,
        outcome: Outcome,
        message: String,
        details: &'a [Unmet],
        grant: Option<usize>,
    ) -> DecisionRecord<'a> {
        // A request that is not well formed is not repeated: it has no bounds.
        let request = self.asked.request.filter(|request| request.problem().is_none());
        let passport = self.seen.claims();
        DecisionRecord {
            request_id: self.request_id(),
            allowed: outcome == Outcome::Allow,
            outcome,
            reason,
            message,
            details,
            agent_id: passport.map(|passport| passport.agent_id.as_str()),
            passport_id: passport.map(|passport| passport.id.as_str()),
            issuer: passport.map(|passport| passport.issuer.as_str()),
            key_id: self.seen.key_id(),
            grant,
            approval_id: self.approval(),
            action: request.map(Request::action),
            resource: request.and_then(Request::resource),
            attributes: request.map_or(Attributes::NONE, Request::attributes),
            evaluated_at: Some(self.asked.now).filter(|now| time::in_range(*now)).and_then(time::format),
        }
    }
}

impl<'r> Decision<'r> {
    #[inline]
    pub(crate) fn allow(asked: Circumstances<'r>, seen: Seen<'r>, grant: usize) -> Self {
        Self::Allow(Granted { context: asked.context(seen), grant })
    }

    fn context_mut(&mut self) -> &mut Context<'r> {
        match self {
            Self::Allow(granted) => &mut granted.context,
            Self::Deny(denied) => &mut denied.context,
            Self::NeedsApproval(pending) => &mut pending.context,
        }
    }

    fn context(&self) -> &Context<'r> {
        match self {
            Self::Allow(granted) => &granted.context,
            Self::Deny(denied) => &denied.context,
            Self::NeedsApproval(pending) => &pending.context,
        }
    }

    /// The same decision under the id that a wrapper gives it, unless the caller gave the request one of its own.
    pub fn identified(mut self, request_id: impl FnOnce() -> String) -> Self {
        if self.request_id().is_none() {
            self.context_mut().request_id = Some(request_id());
        }
        self
    }

    /// This decision made a denial, because something after it failed.
    #[cfg(feature = "guard")]
    pub(crate) fn denied(self, refusal: Refusal) -> Self {
        let context = match self {
            Self::Allow(granted) => granted.context,
            Self::Deny(denied) => denied.context,
            Self::NeedsApproval(pending) => pending.context,
        };
        Self::Deny(context.deny(refusal))
    }

    /// True for [`Decision::Allow`] alone.
    #[inline]
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow(_))
    }

    /// Which of the three it is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Allow(_) => Outcome::Allow,
            Self::Deny(_) => Outcome::Deny,
            Self::NeedsApproval(_) => Outcome::ApprovalRequired,
        }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Allow(_) => Reason::Granted,
            Self::Deny(denied) => denied.reason(),
            Self::NeedsApproval(_) => Reason::ApprovalRequired,
        }
    }

    /// Every unmet clause, where the reason is [`Reason::ConstraintUnmet`].
    #[must_use]
    pub fn details(&self) -> &[Unmet] {
        match self {
            Self::Deny(denied) => denied.details(),
            Self::Allow(_) | Self::NeedsApproval(_) => &[],
        }
    }

    /// The index of the grant that decided, for an allow or a pending approval.
    #[must_use]
    pub fn grant(&self) -> Option<usize> {
        match self {
            Self::Allow(granted) => Some(granted.grant),
            Self::NeedsApproval(pending) => Some(pending.grant),
            Self::Deny(_) => None,
        }
    }

    /// The request's id: the caller's, or the one that a wrapper gave.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.context().request_id()
    }

    /// The passport that was decided on, once its signature was good and its claims were sound.
    #[must_use]
    pub fn passport(&self) -> Option<&Passport> {
        self.context().seen.claims()
    }

    /// The request, where it is well formed: another has no bounds, and is not repeated.
    #[cfg(feature = "report")]
    pub(crate) fn sound_request(&self) -> Option<&Request> {
        self.context().asked.request.filter(|request| request.problem().is_none())
    }

    /// What its passport keeps from the audit log; of one that was refused unread, what it says.
    #[cfg(feature = "report")]
    pub(crate) fn hidden(&self) -> Option<&HiddenAttributes> {
        let context = self.context();
        match context.seen.claims() {
            Some(claims) => claims.hidden.as_deref(),
            None => context.seldom.as_ref()?.unread.as_deref(),
        }
    }

    /// The id of the approval that was used up for it, whatever came of it afterwards.
    #[must_use]
    pub fn approval_id(&self) -> Option<&str> {
        self.context().approval()
    }

    /// The key that signed, once the signature was good.
    #[cfg(feature = "report")]
    pub(crate) fn key_id(&self) -> Option<KeyId> {
        self.context().seen.key_id()
    }

    /// When, in seconds since 1970, whatever the clock said.
    #[cfg(feature = "report")]
    pub(crate) fn now(&self) -> i64 {
        self.context().asked.now
    }

    /// The sequence of the trust bundle that was gone by (format F7.30): how fresh the verifier was. `None` where trust came
    /// from plain keys.
    #[must_use]
    pub fn trust_sequence(&self) -> Option<i64> {
        self.context().asked.trust
    }

    /// The decision as it is answered, reported and kept.
    #[must_use]
    pub fn record(&self) -> DecisionRecord<'_> {
        match self {
            Self::Allow(granted) => {
                let message = Verdict::Allow { grant: granted.grant }.message();
                granted.context.record(Reason::Granted, Outcome::Allow, message, &[], Some(granted.grant))
            }
            Self::NeedsApproval(pending) => pending.record(),
            Self::Deny(denied) => denied.record(),
        }
    }

    /// The answer to give over HTTP where it is not an allow (RFC 9457).
    #[must_use]
    pub fn problem(&self) -> DecisionProblem<'_> {
        DecisionProblem::of(self.record())
    }
}

impl Granted<'_> {
    /// The request's id.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.context.request_id()
    }

    /// The passport that allows it.
    #[must_use]
    pub fn passport(&self) -> Option<&Passport> {
        self.context.seen.claims()
    }

    /// The index of the grant that allows it.
    #[must_use]
    pub fn grant(&self) -> usize {
        self.grant
    }
}

impl Denied<'_> {
    /// With what the token keeps from the log, where it was refused unread.
    pub(crate) fn keeping(mut self, unread: Option<Box<HiddenAttributes>>) -> Self {
        self.context.seldom = unread.map(|unread| Box::new(Seldom { approval: None, unread: Some(unread) }));
        self
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.refusal.reason
    }

    /// For a person.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.refusal.message
    }

    /// Every unmet clause.
    #[must_use]
    pub fn details(&self) -> &[Unmet] {
        &self.refusal.details
    }

    /// The denial as it is answered, reported and kept.
    #[must_use]
    pub fn record(&self) -> DecisionRecord<'_> {
        self.context.record(self.refusal.reason, Outcome::Deny, self.refusal.message.clone(), &self.refusal.details, None)
    }

    /// The answer to give over HTTP (RFC 9457).
    #[must_use]
    pub fn problem(&self) -> DecisionProblem<'_> {
        DecisionProblem::of(self.record())
    }
}

impl Pending<'_> {
    /// The request's id.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.context.request_id()
    }

    /// The index of the grant that would allow it.
    #[must_use]
    pub fn grant(&self) -> usize {
        self.grant
    }

    /// How many different people have to approve: 1 to 4.
    #[must_use]
    pub fn approvers(&self) -> u8 {
        self.approvers
    }

    /// The decision as it is answered, reported and kept.
    #[must_use]
    pub fn record(&self) -> DecisionRecord<'_> {
        let message = Verdict::NeedsApproval { grant: self.grant, approvers: self.approvers }.message();
        self.context.record(Reason::ApprovalRequired, Outcome::ApprovalRequired, message, &[], Some(self.grant))
    }

    /// The answer to give over HTTP (RFC 9457).
    #[must_use]
    pub fn problem(&self) -> DecisionProblem<'_> {
        DecisionProblem::of(self.record())
    }
}

impl<'r> From<Denied<'r>> for Decision<'r> {
    fn from(denied: Denied<'r>) -> Self {
        Self::Deny(denied)
    }
}
