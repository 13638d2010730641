//! The narrowest grants that cover what was really used: exact resources and actions, and attributes within what was seen.
//! Pure, and in memory that is bounded whatever is seen.
//!
//! What comes out is within what is held, by the plain rule of `F7.6`: each grant is made of one held grant, and demands at
//! least as much. What is blocked stays blocked.

mod seen;
mod wide;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::seen::Seen;
use crate::action::ActionPattern;
use crate::constraint::Constraint;
use crate::decision::{Outcome, Verdict};
use crate::grant::{Actions, Grant};
use crate::judge::{ResourcePolicy, judge};
use crate::limits::{ACTIONS, CONSTRAINED_ATTRIBUTES, GRANTS, STRING_BYTES};
use crate::passport::Passport;
use crate::recorded::Recorded;
use crate::request::Request;
use crate::resource::ResourcePattern;

/// The most resources that are told apart while reading, over all grants.
const RESOURCES: usize = 512;

/// Where a grant that is being made speaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Of requests that name no resource.
    Unnamed,
    /// One resource, or a pattern that was made of several.
    Exact(String),
    /// All that the held grant covers.
    Held,
}

/// What was seen in one place, of one held grant.
#[derive(Clone, Debug, Default)]
struct Use {
    requests: u64,
    /// `None` once there are more than a grant can list: as held.
    actions: Option<BTreeSet<String>>,
    attributes: BTreeMap<String, Seen>,
}

/// The requests that are to be covered, one after another.
#[derive(Debug)]
pub struct Shrink<'p> {
    held: &'p Passport,
    now: i64,
    uses: BTreeMap<(usize, Place), Use>,
    told: Told,
}

/// How the grants came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Requests that were allowed, and still are.
    pub covered: u64,
    /// Requests that were allowed, and are not by what is held now: no grants can be made of them.
    pub not_held: u64,
    /// Events that say too little.
    pub not_told: u64,
    /// Held grants that nothing was allowed by, by index.
    pub unused: Vec<usize>,
    /// What could not be made as narrow as it was used, and why: sentences.
    pub open: Vec<String>,
}

/// Grants, and how they came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The grants.
    pub grants: Vec<Grant>,
    /// How they came about.
    pub told: Told,
}

impl<'p> Shrink<'p> {
    /// Within what `held` allows at `now`.
    #[must_use]
    pub fn new(held: &'p Passport, now: i64) -> Self {
        Self { held, now, uses: BTreeMap::new(), told: Told::default() }
    }

    /// Takes in a decision. Only what was allowed counts.
    pub fn take(&mut self, recorded: &Recorded) {
        if recorded.outcome != Outcome::Allow {
            return;
        }
        let Some(request) = recorded.asked.whole() else {
            self.told.not_told += 1;
            return;
        };
        // Held by its agent, whoever's id the request gives.
        let place = match judge(self.held, request, ResourcePolicy::MayOmit, self.now) {
            Verdict::Allow { grant } => Some(grant),
            Verdict::NeedsApproval { grant, .. } if recorded.approval_id.is_some() => Some(grant),
            Verdict::NeedsApproval { .. } | Verdict::Deny(_) => None,
        };
        match place {
            Some(grant) => self.cover(grant, request),
            None => self.told.not_held += 1,
        }
    }

    fn cover(&mut self, grant: usize, request: &Request) {
        self.told.covered += 1;
        let place = request.resource().map_or(Place::Unnamed, |resource| Place::Exact(resource.to_owned()));
        let wide = self.uses.contains_key(&(grant, Place::Held));
        let place = if wide && place != Place::Unnamed { Place::Held } else { place };
        if !self.uses.contains_key(&(grant, place.clone())) && self.uses.len() >= RESOURCES {
            self.widen(grant);
            let place = if place == Place::Unnamed { place } else { Place::Held };
            self.note(grant, place, request);
        } else {
            self.note(grant, place, request);
        }
    }

    fn note(&mut self, grant: usize, place: Place, request: &Request) {
        let held = self.grant(grant);
        let numeric =
            |name: &str| held.is_some_and(|held| held.constraints.iter().any(|own| own.attribute == name && seen::is_bounded(own)));
        self.uses.entry((grant, place)).or_insert_with(Use::fresh).note(request, numeric);
    }

    fn grant(&self, index: usize) -> Option<&'p Grant> {
        self.held.grants.iter().find(|(own, _)| *own == index).map(|(_, grant)| grant)
    }

    /// The grants.
    #[must_use]
    pub fn end(mut self, generalise: bool) -> Shrunk {
        if generalise {
            self.generalise();
        }
        self.place_unnamed();
        let live: Vec<&(usize, Grant)> = self.held.grants.iter().filter(|(_, grant)| grant.is_live(self.now)).collect();
        let blocks: Vec<Grant> =
            live.iter().filter(|(_, grant)| !grant.blocked_actions.is_empty()).map(|(_, grant)| blocking(grant)).collect();
        while self.uses.len().saturating_add(blocks.len()) > GRANTS {
            let Some(widest) = self.widest() else { break };
            self.widen(widest);
        }
        self.told.unused = live.iter().map(|(index, _)| *index).filter(|index| !self.uses.keys().any(|(own, _)| own == index)).collect();
        let uses = std::mem::take(&mut self.uses);
        let mut grants: Vec<Grant> = uses.into_iter().filter_map(|((index, place), seen)| self.make(index, &place, seen)).collect();
        grants.extend(blocks);
        Shrunk { grants, told: self.told }
    }

    /// The grant for what was seen in one place.
    fn make(&mut self, index: usize, place: &Place, seen: Use) -> Option<Grant> {
        let held = self.grant(index)?;
        let exact = match place {
            Place::Exact(text) if text.len() <= STRING_BYTES => ResourcePattern::parse(text).ok(),
            Place::Exact(_) | Place::Held | Place::Unnamed => None,
        };
        let resource = exact.unwrap_or_else(|| held.resource.clone());
        let exact = |action: &String| ActionPattern::parse(action).ok();
        let actions: Option<Actions> = seen.actions.as_ref().and_then(|actions| actions.iter().map(exact).collect());
        if actions.is_none() {
            self.open(format!("grant {index} was used for more than {ACTIONS} actions on `{resource}`: its actions stay as they are held"));
        }
        let allowed_actions = actions.unwrap_or_else(|| held.allowed_actions.clone());
        let constraints = self.constraints(index, held, &resource, seen);
        Some(Grant {
            resource,
            allowed_actions,
            blocked_actions: Vec::new(),
            requires_approval: held.requires_approval,
            approvers: held.approvers,
            expires_at: held.expires_at,
            constraints,
            hiding: None,
            understood: true,
        })
    }

    /// What is held, within what was seen; and what was seen of other attributes, where every request had them.
    fn constraints(&mut self, index: usize, held: &Grant, resource: &ResourcePattern, mut seen: Use) -> Vec<Constraint> {
        let requests = seen.requests;
        let mut all: Vec<Constraint> = Vec::with_capacity(held.constraints.len());
        for own in &held.constraints {
            let within = seen.attributes.remove(own.attribute.as_str()).map(|seen| seen.within(own));
            all.push(within.unwrap_or_else(|| own.clone()));
        }
        for (name, attribute) in seen.attributes {
            let at = format!("`{}` of grant {index} on `{resource}`", crate::text::escape(&name));
            match attribute.constraint(&name, requests) {
                Err(why) => self.open(format!("{at} is left open: {why}")),
                Ok(_) if all.len() >= CONSTRAINED_ATTRIBUTES => {
                    self.open(format!("{at} is left open: a grant constrains at most {CONSTRAINED_ATTRIBUTES} attributes"));
                }
                Ok(constraint) => all.push(constraint),
            }
        }
        all
    }

    fn open(&mut self, sentence: String) {
        match self.told.open.len() {
            0..100 => self.told.open.push(sentence),
            100 => self.told.open.push("and more than that".to_owned()),
            _ => {}
        }
    }
}

impl Use {
    fn fresh() -> Self {
        Self { actions: Some(BTreeSet::new()), ..Self::default() }
    }

    fn note(&mut self, request: &Request, numeric: impl Fn(&str) -> bool) {
        self.requests += 1;
        if let Some(actions) = &mut self.actions {
            actions.insert(request.action().to_owned());
            if actions.len() > ACTIONS {
                self.actions = None;
            }
        }
        for (name, value) in request.attributes().iter() {
            // As many names as a request can have: what more there are would not be constrained.
            if let Some(seen) = self.attributes.get_mut(name) {
                seen.note(value, numeric(name));
            } else if self.attributes.len() < crate::limits::REQUEST_ATTRIBUTES {
                let mut seen = Seen::default();
                seen.note(value, numeric(name));
                self.attributes.insert(name.to_owned(), seen);
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.requests += other.requests;
        self.actions = match (self.actions.take(), other.actions) {
            (Some(mut own), Some(more)) => {
                own.extend(more);
                Some(own).filter(|own| own.len() <= ACTIONS)
            }
            _ => None,
        };
        for (name, seen) in other.attributes {
            match self.attributes.get_mut(&name) {
                Some(own) => own.join(seen),
                None => {
                    self.attributes.insert(name, seen);
                }
            }
        }
    }
}

/// What a held grant blocks, and nothing else.
fn blocking(held: &Grant) -> Grant {
    Grant {
        allowed_actions: Actions::new(),
        requires_approval: false,
        approvers: 1,
        constraints: Vec::new(),
        hiding: None,
        understood: true,
        ..held.clone()
    }
}

#[cfg(test)]
mod tests;
