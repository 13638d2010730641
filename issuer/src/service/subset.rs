//! Nobody mints more than they hold: a passport for the issuer's own API is a subset of its maker's (contract section 7).
//!
//! The rule is stricter than need be, so that it can be read off the grants: each pattern of the new grant must be
//! inside one single pattern of the maker's. Whenever it accepts, every request on `issuer/**` that the new passport
//! allows is allowed by the maker's, at every later time; the property test below holds it to that.

use passport_shared::action::ActionPattern;
use passport_shared::constraint::Constraint;
use passport_shared::fault::Fault;
use passport_shared::grant::Grant;
use passport_shared::passport::Passport;
use passport_shared::resource::ResourcePattern;
use passport_shared::text::quote;

use super::{ServiceError, check};

/// The resources of the issuer's own API.
const OWN: &str = "issuer/**";

/// When the new passport ends, in seconds since 1970, and which member of the body said so.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) at: i64,
    pub(super) pointer: &'static str,
}

/// Refuses a passport with `grants` that lives until `end`, where it would allow on `issuer/**` what `maker`
/// does not at `now`. Grants that cannot touch `issuer/**` are nobody's business here.
///
/// # Errors
/// [`ServiceError::Forbidden`] with the code `not_held`, which names the grant and what is missing.
pub(super) fn check(maker: &Passport, grants: &[Grant], end: End, now: i64) -> Result<(), ServiceError> {
    let own = ResourcePattern::parse(OWN).map_err(|error| ServiceError::internal("check what the maker holds", error))?;
    let mut errors = Vec::new();
    if end.at > maker.expires_at {
        let ends = check::shown(maker.expires_at);
        errors.push(Fault { pointer: end.pointer.to_owned(), detail: format!("your own passport ends at {ends}; end no later than that") });
    }
    for (index, grant) in grants.iter().enumerate().filter(|(_, grant)| grant.resource.overlaps(&own)) {
        if let Err(detail) = check_grant(maker, grant, end.at, now) {
            errors.push(Fault { pointer: format!("/grants/{index}"), detail });
        }
    }
    match errors.first() {
        None => Ok(()),
        Some(first) => Err(ServiceError::Forbidden {
            code: "not_held",
            detail: format!("a passport for the issuer's own API can have no more than its maker's: `{}`: {}", first.pointer, first.detail),
            errors,
        }),
    }
}

fn check_grant(maker: &Passport, grant: &Grant, expires_at: i64, now: i64) -> Result<(), String> {
    let live = || maker.grants.iter().map(|(_, held)| held).filter(|held| held.is_live(now));
    for action in &grant.allowed_actions {
        if live().any(|held| held.understood && holds(held, grant, action, expires_at)) {
            continue;
        }
        return Err(missing(live(), grant, action, expires_at));
    }
    // A block in any live grant, understood or not, denies the maker; so it must deny the new passport too.
    for held in live().filter(|held| held.resource.overlaps(&grant.resource)) {
        for blocked in &held.blocked_actions {
            let allowed_still =
                |action: &&ActionPattern| action.overlaps(blocked) && !grant.blocked_actions.iter().any(|own| own.contains(action));
            if grant.allowed_actions.iter().any(|action| allowed_still(&action))
                && !grant.blocked_actions.iter().any(|own| own.contains(blocked))
            {
                let (action, resource) = (quote(&blocked.to_string()), quote(held.resource.as_str()));
                return Err(format!("you are blocked from {action} on {resource}; put it into this grant's `blockedActions` too"));
            }
        }
    }
    Ok(())
}

/// Whether `held` gives all that `grant` gives for `action`.
fn holds(held: &Grant, grant: &Grant, action: &ActionPattern, expires_at: i64) -> bool {
    held.resource.contains(&grant.resource)
        && held.allowed_actions.iter().any(|own| own.contains(action))
        && held.constraints.iter().all(|constraint| demands(grant, constraint))
        && (!held.requires_approval || grant.requires_approval)
        && ends_no_later(grant, held, expires_at)
}

/// Whether `grant` demands all of `constraint`.
fn demands(grant: &Grant, constraint: &Constraint) -> bool {
    grant
        .constraints
        .iter()
        .any(|own| own.attribute == constraint.attribute && constraint.operators.iter().all(|operator| own.operators.contains(operator)))
}

/// Whether `grant`, in a passport until `expires_at`, is over when `held` is.
fn ends_no_later(grant: &Grant, held: &Grant, expires_at: i64) -> bool {
    held.expires_at.is_none_or(|end| grant.expires_at.map_or(expires_at, |own| own.min(expires_at)) <= end)
}

/// What is missing, by the held grant that comes nearest.
fn missing<'g>(live: impl Iterator<Item = &'g Grant> + Clone, grant: &Grant, action: &ActionPattern, expires_at: i64) -> String {
    let asked = format!("{} on {}", quote(&action.to_string()), quote(grant.resource.as_str()));
    let mut covering = live.filter(|held| {
        held.understood && held.resource.contains(&grant.resource) && held.allowed_actions.iter().any(|own| own.contains(action))
    });
    let Some(held) = covering.next() else {
        return format!("you do not hold {asked} yourself, in one grant that covers all of it");
    };
    if let Some(constraint) = held.constraints.iter().find(|constraint| !demands(grant, constraint)) {
        return format!("you hold {asked} under a constraint on {} that this grant lacks", quote(&constraint.attribute));
    }
    if held.requires_approval && !grant.requires_approval {
        return format!("you hold {asked} with approval only; set `requiresApproval` in this grant too");
    }
    match held.expires_at.filter(|_| !ends_no_later(grant, held, expires_at)) {
        Some(end) => format!("you hold {asked} until {} only; give this grant an `expiresAt` no later than that", check::shown(end)),
        None => format!("you do not hold {asked} yourself"),
    }
}

#[cfg(test)]
mod tests;
