//! No more than is held: a passport for the issuer's own API is a subset of its maker's, and a renewed one of the one that is
//! exchanged for it (contract section 7).
//!
//! The rule is stricter than need be, so that it can be read off the grants: each pattern of a new grant must be inside one
//! single pattern of the held ones. Whenever it accepts, every request that the new grants allow is allowed by the held ones,
//! at every later time, with approval by no more people; on `issuer/**` alone, where it is about the issuer's own API. The
//! property tests below hold it to that.

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
    let rule = Rule {
        held: maker.grants.iter().map(|(_, held)| held).filter(|held| held.is_live(now)).collect(),
        new: grants,
        ends: end.at,
        now,
        named: true,
    };
    errors.extend(rule.faults(|grant| grant.resource.overlaps(&own)));
    refuse(errors, "a passport for the issuer's own API can have no more than its maker's")
}

/// Refuses `grants` of a passport that lives until `ends`, where they would allow what `held` do not at `now`, or any later.
/// Requests that name no resource count too: to those, every grant speaks.
///
/// # Errors
/// [`ServiceError::Forbidden`] with the code `not_held`, which names the grant and what is missing.
pub fn check_renewed(held: &[Grant], grants: &[Grant], ends: i64, now: i64) -> Result<(), ServiceError> {
    let rule = Rule { held: held.iter().filter(|held| held.is_live(now)).collect(), new: grants, ends, now, named: false };
    refuse(rule.faults(|_| true), "a renewed passport can have no more than the one that is exchanged for it")
}

fn refuse(errors: Vec<Fault>, rule: &str) -> Result<(), ServiceError> {
    match errors.first() {
        None => Ok(()),
        Some(first) => {
            Err(ServiceError::Forbidden { code: "not_held", detail: format!("{rule}: `{}`: {}", first.pointer, first.detail), errors })
        }
    }
}

/// New grants, held against those that are held.
struct Rule<'g> {
    /// Those that have not ended.
    held: Vec<&'g Grant>,
    /// All that the new passport has.
    new: &'g [Grant],
    /// When the new passport ends.
    ends: i64,
    now: i64,
    /// Whether every request names a resource.
    named: bool,
}

impl Rule<'_> {
    /// What is wrong with those of the new grants that `concerns` is about.
    fn faults(&self, concerns: impl Fn(&Grant) -> bool) -> Vec<Fault> {
        // One that is over already allows nothing.
        let grants = self.new.iter().enumerate().filter(|(_, grant)| grant.is_live(self.now) && concerns(grant));
        grants
            .filter_map(|(index, grant)| {
                let detail = self.check_grant(grant).err()?;
                Some(Fault { pointer: format!("/grants/{index}"), detail })
            })
            .collect()
    }

    fn check_grant(&self, grant: &Grant) -> Result<(), String> {
        for action in &grant.allowed_actions {
            if !self.held.iter().any(|held| held.understood && self.holds(held, grant, action)) {
                return Err(self.missing(grant, action));
            }
        }
        // A block in any live grant, understood or not, denies the holder; so it must deny the new passport too.
        for held in self.held.iter().filter(|held| !self.named || held.resource.overlaps(&grant.resource)) {
            for blocked in &held.blocked_actions {
                let allowed_still =
                    |action: &&ActionPattern| action.overlaps(blocked) && !grant.blocked_actions.iter().any(|own| own.contains(action));
                if grant.allowed_actions.iter().any(|action| allowed_still(&action)) && !self.keeps(held, blocked, grant) {
                    let (action, resource) = (quote(&blocked.to_string()), quote(held.resource.as_str()));
                    return Err(format!("you are blocked from {action} on {resource}; put it into this grant's `blockedActions` too"));
                }
            }
        }
        Ok(())
    }

    /// Whether what `held` blocks is blocked wherever and as long as `grant` could allow it: by itself, or by another of the
    /// new grants.
    fn keeps(&self, held: &Grant, blocked: &ActionPattern, grant: &Grant) -> bool {
        let needed_until = self.end_of(grant).min(held.expires_at.unwrap_or(i64::MAX));
        self.new.iter().any(|new| {
            new.blocked_actions.iter().any(|own| own.contains(blocked))
                // Two that do not overlap meet in requests without a resource alone, which every grant speaks to.
                && (new.resource.contains(&held.resource) || new.resource.contains(&grant.resource) || !held.resource.overlaps(&grant.resource))
                && self.end_of(new) >= needed_until
        })
    }

    /// When a new grant ends: by itself or with its passport.
    fn end_of(&self, grant: &Grant) -> i64 {
        grant.expires_at.map_or(self.ends, |own| own.min(self.ends))
    }

    /// Whether `held` gives all that `grant` gives for `action`.
    fn holds(&self, held: &Grant, grant: &Grant, action: &ActionPattern) -> bool {
        held.resource.contains(&grant.resource)
            && held.allowed_actions.iter().any(|own| own.contains(action))
            && held.constraints.iter().all(|constraint| demands(grant, constraint))
            && asks_for_as_many(grant, held)
            && self.ends_no_later(grant, held)
    }

    /// Whether `grant` is over when `held` is.
    fn ends_no_later(&self, grant: &Grant, held: &Grant) -> bool {
        held.expires_at.is_none_or(|end| self.end_of(grant) <= end)
    }

    /// What is missing, by the held grant that comes nearest.
    fn missing(&self, grant: &Grant, action: &ActionPattern) -> String {
        let asked = format!("{} on {}", quote(&action.to_string()), quote(grant.resource.as_str()));
        let mut covering = self.held.iter().filter(|held| {
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
        if !asks_for_as_many(grant, held) {
            return format!("you hold {asked} with approval by {} people; set `approvers` in this grant to no fewer", held.approvers);
        }
        match held.expires_at.filter(|_| !self.ends_no_later(grant, held)) {
            Some(end) => format!("you hold {asked} until {} only; give this grant an `expiresAt` no later than that", check::shown(end)),
            None => format!("you do not hold {asked} yourself"),
        }
    }
}

/// Whether `grant` asks for the approval of as many people as `held` does, if it asks for any.
fn asks_for_as_many(grant: &Grant, held: &Grant) -> bool {
    !held.requires_approval || (grant.requires_approval && grant.approvers >= held.approvers)
}

/// Whether `grant` demands all of `constraint`, or more.
fn demands(grant: &Grant, constraint: &Constraint) -> bool {
    grant.constraints.iter().any(|own| {
        let demanded = |operator| own.operators.iter().any(|own| own.is_within(operator));
        own.attribute == constraint.attribute && constraint.operators.iter().all(demanded)
    })
}

#[cfg(test)]
mod tests;
