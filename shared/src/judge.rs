//! Steps 9 to 13 of a decision: what a passport's grants say to a request. Pure, total, and the same for a verifier
//! and for an agent that reads its own passport.

use crate::constraint::{Constraint, Shown, is_there};
use crate::decision::{Reason, Refusal, Unmet, Verdict};
use crate::grant::Grant;
use crate::passport::Passport;
use crate::request::{Request, RequestProblem};
use crate::scalar::Attribute;
use crate::text::quote;
use crate::time;

/// Whether a request has to name a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResourcePolicy {
    /// A request without one is held against every grant: the answer is as wide as the passport.
    #[default]
    MayOmit,
    /// A request without one is refused. Recommended for services, which know their resources.
    MustName,
}

/// Decides `request` at `now` by the grants of `passport`, whose signature, audience, times and status are
/// somebody else's business. So is an approval that is given: the verdict is that one is needed, and whoever knows the
/// issuer's keys says whether this one holds.
pub fn judge(passport: &Passport, request: &Request, policy: ResourcePolicy, now: i64) -> Verdict {
    if let Some(why) = unasked(passport, request, policy) {
        return refuse_unasked(passport, why);
    }
    let (mut any_candidate, mut allowed, mut needs_approval) = (false, None, None);
    // One walk: every grant is looked at before anything is allowed, since a block in any of them denies.
    for (index, grant) in passport.grants.covering(request) {
        if !grant.is_live(now) {
            continue;
        }
        if grant.blocks(request.action()) {
            return blocked(*index, request);
        }
        if allowed.is_some() || !is_candidate(grant, request) {
            continue;
        }
        any_candidate = true;
        if grant.constraints_hold(request) {
            match grant.requires_approval {
                false => allowed = Some(*index),
                // The one that asks for the fewest people, and of those the first.
                true if needs_approval.is_none_or(|(_, fewest)| grant.approvers < fewest) => {
                    needs_approval = Some((*index, grant.approvers));
                }
                true => {}
            }
        }
    }
    match (allowed, needs_approval) {
        (Some(grant), _) => Verdict::Allow { grant },
        (None, Some((grant, approvers))) => Verdict::NeedsApproval { grant, approvers },
        (None, None) if any_candidate => Verdict::Deny(unmet(passport, request, now)),
        (None, None) => not_granted(passport, request, now),
    }
}

#[inline]
fn is_candidate(grant: &Grant, request: &Request) -> bool {
    grant.understood && grant.allows(request.action())
}

/// How many seconds a passport may be early, unless a verifier is set otherwise: clocks differ.
pub const LEEWAY: i64 = 30;

/// Step 7: whether `now` is within the passport's times. Being early is forgiven by `leeway` seconds, being late never.
#[inline]
#[must_use]
pub fn check_times(passport: &Passport, now: i64, leeway: i64) -> Option<Refusal> {
    let latest_start = passport.not_before.unwrap_or(passport.issued_at).max(passport.issued_at);
    if latest_start > now.saturating_add(leeway) {
        return Some(too_early(latest_start, now));
    }
    if passport.expires_at <= now {
        return Some(too_late(passport.expires_at, now));
    }
    None
}

/// `seconds` in a message.
fn shown(seconds: i64) -> String {
    time::format(seconds).unwrap_or_default()
}

#[cold]
fn too_early(latest_start: i64, now: i64) -> Refusal {
    Refusal::new(Reason::NotYetValid, format!("the passport is valid from {}, and it is {}", shown(latest_start), shown(now)))
}

#[cold]
fn too_late(expires_at: i64, now: i64) -> Refusal {
    Refusal::new(Reason::Expired, format!("the passport expired at {}, and it is {}", shown(expires_at), shown(now)))
}

#[cold]
fn blocked(index: usize, request: &Request) -> Verdict {
    deny(Reason::ActionBlocked, format!("grant {index} blocks {}", asked(request)))
}

fn deny(reason: Reason, message: String) -> Verdict {
    Verdict::Deny(Refusal::new(reason, message))
}

/// "`purchase` on `commerce`".
fn asked(request: &Request) -> String {
    match request.resource() {
        Some(resource) => format!("{} on {}", quote(request.action()), quote(resource)),
        None => quote(request.action()),
    }
}

/// Step 9: why the request cannot be held against the grants.
#[derive(Clone, Copy)]
enum Unasked<'r> {
    Problem(&'r RequestProblem),
    NoResource,
    OtherAgent(&'r str),
    NeedsProof,
}

#[inline]
fn unasked<'r>(passport: &Passport, request: &'r Request, policy: ResourcePolicy) -> Option<Unasked<'r>> {
    if let Some(problem) = request.problem() {
        return Some(Unasked::Problem(problem));
    }
    if policy == ResourcePolicy::MustName && request.resource().is_none() {
        return Some(Unasked::NoResource);
    }
    if let Some(agent_id) = request.agent_id().filter(|agent_id| *agent_id != passport.agent_id) {
        return Some(Unasked::OtherAgent(agent_id));
    }
    passport.needs_proof.then_some(Unasked::NeedsProof)
}

#[cold]
fn refuse_unasked(passport: &Passport, why: Unasked<'_>) -> Verdict {
    match why {
        Unasked::Problem(problem) => deny(Reason::InvalidRequest, problem.to_string()),
        Unasked::NoResource => {
            let message = "the request is not well formed: it names no `resource`, and this service demands one";
            deny(Reason::InvalidRequest, message.to_owned())
        }
        Unasked::OtherAgent(agent_id) => {
            let message = format!("the request is by {}, and the passport is {}'s", quote(agent_id), quote(&passport.agent_id));
            deny(Reason::AgentMismatch, message)
        }
        Unasked::NeedsProof => {
            let message = "the passport is bound to a key (`cnf`), and no proof of possession can be given yet";
            deny(Reason::ProofRequired, message.to_owned())
        }
    }
}

/// The first that is so, where no grant allows the action (step 11).
#[cold]
fn not_granted(passport: &Passport, request: &Request, now: i64) -> Verdict {
    let action = request.action();
    let covering = || passport.grants.covering(request);
    let mut allowing = covering().filter(|(_, grant)| grant.allows(action));
    if let Some((index, _)) = allowing.clone().find(|(_, grant)| grant.is_live(now) && !grant.understood) {
        let message =
            format!("grant {index} would allow {}, but has a member or operator that this verifier does not know", asked(request));
        return deny(Reason::UnsupportedGrant, message);
    }
    if let Some((index, grant)) = allowing.find(|(_, grant)| !grant.is_live(now) && !grant.blocks(action)) {
        let ended = grant.expires_at.and_then(time::format).unwrap_or_default();
        return deny(Reason::GrantExpired, format!("grant {index}, which allowed {}, ended at {ended}", asked(request)));
    }
    if covering().any(|(_, grant)| grant.is_live(now)) {
        return deny(Reason::ActionNotGranted, format!("no grant allows {}", asked(request)));
    }
    match request.resource() {
        Some(resource) => deny(Reason::ResourceNotGranted, format!("no grant covers the resource {}", quote(resource))),
        None => deny(Reason::ResourceNotGranted, "the passport has no live grant".to_owned()),
    }
}

/// Every unmet clause of every candidate (step 12).
#[cold]
fn unmet(passport: &Passport, request: &Request, now: i64) -> Refusal {
    let candidates = passport.grants.covering(request).filter(|(_, grant)| grant.is_live(now) && is_candidate(grant, request));
    let mut clauses: Vec<(Unmet, String)> = Vec::new();
    for (index, grant) in candidates {
        for constraint in &grant.constraints {
            clauses.extend(unmet_clauses(*index, constraint, request.attribute(&constraint.attribute)));
        }
    }
    let place = |clause: &Unmet| (clause.grant, clause.attribute.clone(), clause.operator);
    clauses.sort_by_cached_key(|(clause, _)| place(clause));
    let more = clauses.len().saturating_sub(1);
    let (details, messages): (Vec<_>, Vec<_>) = clauses.into_iter().unzip();
    let mut message = messages.into_iter().next().unwrap_or_default();
    if more > 0 {
        message.push_str(&format!("; {more} more {} not met", if more == 1 { "demand is" } else { "demands are" }));
    }
    Refusal { details, ..Refusal::new(Reason::ConstraintUnmet, message) }
}

/// What of `constraint` the attribute `given` does not meet, each with what is wrong in words.
pub(crate) fn unmet_clauses<'c>(
    grant: usize,
    constraint: &'c Constraint,
    given: Option<&'c Attribute>,
) -> impl Iterator<Item = (Unmet, String)> + 'c {
    let attribute = constraint.attribute.clone();
    let absent = given.is_none_or(|given| !is_there(given));
    let only_presence = (constraint.operators.is_empty() && absent).then(|| {
        let clause = Unmet { grant, attribute: attribute.clone(), operator: None, expected: Shown::Nothing, actual: Shown::of(given) };
        (clause, format!("{} is missing or empty", quote(&attribute)))
    });
    let failing = constraint.operators.iter().filter(move |operator| !given.is_some_and(|given| operator.holds(given)));
    only_presence.into_iter().chain(failing.map(move |operator| {
        let clause = Unmet {
            grant,
            attribute: constraint.attribute.clone(),
            operator: Some(operator.name()),
            expected: operator.expected(),
            actual: operator.actual(given),
        };
        (clause, operator.explain(&constraint.attribute, given))
    }))
}

#[cfg(test)]
mod tests;
