//! A grant: what an agent may do on some resources, and what it may not (contract section 2).

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use smallvec::SmallVec;

use crate::action::ActionPattern;
use crate::constraint::Constraint;
use crate::fault::{Fault, Faults, Place};
use crate::footprint::Footprint;
use crate::hidden::{self, HiddenAttributes, HidingRule, Names, Texts};
use crate::json::{Controls, Document, Value};
use crate::limits::{ACTIONS, APPROVERS, CONSTRAINED_ATTRIBUTES, REQUEST_BYTES, STRING_BYTES};
use crate::request::Request;
use crate::resource::ResourcePattern;
use crate::text::quote;
use crate::time;

/// The `type` of an entry of `authorization_details` (RFC 9396) that is a grant of ours.
pub const GRANT_TYPE: &str = "permission_passport";

/// The actions that a grant allows. One needs no memory of its own.
pub type Actions = SmallVec<[ActionPattern; 1]>;

/// One grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The resources that it speaks of.
    pub resource: ResourcePattern,
    /// The actions that it allows; it may be empty.
    pub allowed_actions: Actions,
    /// The actions that it forbids, whatever else allows them.
    pub blocked_actions: Vec<ActionPattern>,
    /// Whether a person has to approve each use.
    pub requires_approval: bool,
    /// How many different people have to, where it asks for that: 1 to 4.
    pub approvers: u8,
    /// When it ends by itself, in seconds since 1970; `None`: with its passport.
    pub expires_at: Option<i64>,
    /// What it demands of a request's attributes, in the order written.
    pub constraints: Vec<Constraint>,
    /// Attributes that are kept from the audit log, as it is ordered. A token says so in a claim of its own, and no grant in one
    /// has it (format F1.11).
    pub hiding: Option<Box<Names>>,
    /// Whether every member and operator in it is known. One that is not understood allows nothing, and its blocks
    /// still hold.
    pub understood: bool,
}

/// Where a grant is read from, which decides how strictly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A token: `expiresAt` has its one exact form.
    Token,
    /// An API or a person: `type` may be left out, and any RFC 3339 time will do.
    Api,
}

/// What a reader found wrong, and what it did not know.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) wrong: Faults,
    pub(crate) unknown: Faults,
}

impl Grant {
    /// Reads grants for minting: a JSON array of grant objects. What is wrong, unknown members and operators
    /// included, comes back with a pointer that starts with `prefix`.
    pub fn read_all(json: &str, prefix: &str) -> Result<Vec<Self>, Vec<Fault>> {
        let place = Place::root(prefix);
        let refuse = |detail: String| Err(vec![Fault { pointer: prefix.to_owned(), detail }]);
        if json.len() > REQUEST_BYTES {
            return refuse(format!("the grants have more than {REQUEST_BYTES} bytes"));
        }
        let document = match Document::read_value(json.as_bytes(), Controls::Refused) {
            Ok(document) => document,
            Err(fault) => return refuse(format!("the grants are not sound JSON: {fault}")),
        };
        let Some(items) = document.root().items() else {
            return refuse(format!("it must be a list of grants, not {}", document.root().kind_name()));
        };
        if items.clone().nth(crate::limits::GRANTS).is_some() {
            return refuse(format!("a passport can have at most {} grants", crate::limits::GRANTS));
        }
        let mut findings = Findings::default();
        let read: Vec<_> =
            items.enumerate().map(|(index, item)| Self::read(item, Source::Api, &place.index(index), &mut findings)).collect();
        let mut faults = findings.wrong.into_vec();
        faults.extend(findings.unknown.into_vec());
        match read.into_iter().collect::<Option<Vec<_>>>() {
            Some(grants) if faults.is_empty() => Ok(grants),
            _ => Err(faults),
        }
    }

    /// Reads one grant. Unknown members and operators are noted in `findings.unknown` and make it not understood;
    /// whatever else is wrong is noted in `findings.wrong`.
    pub(crate) fn read(value: Value<'_>, source: Source, place: &Place<'_>, findings: &mut Findings) -> Option<Self> {
        let Findings { wrong, unknown } = findings;
        let Some(members) = value.members() else {
            return wrong.note(place, format!("a grant must be an object, not {}", value.kind_name()));
        };
        let (mut resource, mut allowed, mut blocked, mut expires_at) = (None, None, Vec::new(), None);
        let mut requires_approval = false;
        let mut approvers = None;
        let mut constraints = Vec::new();
        let mut hiding = Names::default();
        let mut known = true;
        let mut faultless = true;
        for (name, value) in members {
            let here = place.name(name);
            let read = match name {
                "type" => {
                    (value.as_str() == Some(GRANT_TYPE)).then_some(()).or_else(|| wrong.note(&here, format!("it must be `{GRANT_TYPE}`")))
                }
                "resource" => read_resource(value, &here, wrong).map(|pattern| resource = Some(pattern)),
                "allowedActions" => read_actions(value, &here, wrong).map(|actions| allowed = Some(actions)),
                "blockedActions" => read_actions(value, &here, wrong).map(|actions| blocked = actions.into_vec()),
                "requiresApproval" => {
                    value.as_bool().map(|flag| requires_approval = flag).or_else(|| wrong.note(&here, "it must be `true` or `false`"))
                }
                "approvers" => read_approvers(value, &here, wrong).map(|count| approvers = Some(count)),
                "expiresAt" => read_time(value, source, &here, wrong).map(|time| expires_at = Some(time)),
                "constraints" => read_constraints(value, &here, wrong, unknown, &mut known).map(|read| constraints = read),
                // Known where grants are ordered. In a token they would make older verifiers deny.
                "shownAttributes" if source == Source::Api => {
                    hidden::read_names(value, &here, wrong).map(|names| hiding.shown = Some(names))
                }
                "sensitiveAttributes" if source == Source::Api => {
                    hidden::read_names(value, &here, wrong).map(|names| hiding.sensitive = names)
                }
                _ => {
                    known = false;
                    unknown.note::<()>(&here, format!("a grant has no member {}", quote(name)));
                    Some(())
                }
            };
            faultless &= read.is_some();
        }
        if source == Source::Token && value.get("type").is_none() {
            return wrong.note(place, "the member `type` is missing");
        }
        if source == Source::Api && approvers.is_some() && !requires_approval {
            return wrong.note(&place.name("approvers"), "it counts who approves, so the grant needs `requiresApproval: true` too");
        }
        let resource =
            resource.or_else(|| value.get("resource").is_none().then(|| wrong.note(place, "the member `resource` is missing"))?);
        let allowed = allowed
            .or_else(|| value.get("allowedActions").is_none().then(|| wrong.note(place, "the member `allowedActions` is missing"))?);
        let grant = Self {
            resource: resource?,
            allowed_actions: allowed?,
            blocked_actions: blocked,
            requires_approval,
            approvers: approvers.unwrap_or(1),
            expires_at,
            constraints,
            hiding: Some(Box::new(hiding)).filter(|hiding| !hiding.is_empty()),
            understood: known,
        };
        faultless.then_some(grant)
    }

    /// What grants that were ordered keep from the audit log: a rule for each that names some attributes.
    #[must_use]
    pub fn hidden(grants: &[Self]) -> Option<HiddenAttributes> {
        let rule = |grant: &Self| Some(HidingRule { resource: grant.resource.clone(), names: grant.hiding.as_deref()?.clone() });
        HiddenAttributes::of(grants.iter().filter_map(rule))
    }

    /// Whether it has not ended at `now`.
    #[inline]
    #[must_use]
    pub fn is_live(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|expires_at| expires_at > now)
    }

    /// Whether it speaks of the resource of `request`; of any, where the request names none.
    #[inline]
    #[must_use]
    pub fn covers(&self, request: &Request) -> bool {
        request.is_covered_by(&self.resource)
    }

    /// Whether it lists `action` as allowed.
    #[inline]
    #[must_use]
    pub fn allows(&self, action: &str) -> bool {
        self.allowed_actions.iter().any(|pattern| pattern.matches(action))
    }

    /// Whether it lists `action` as blocked.
    #[inline]
    #[must_use]
    pub fn blocks(&self, action: &str) -> bool {
        self.blocked_actions.iter().any(|pattern| pattern.matches(action))
    }

    /// Whether all its constraints hold for `request`.
    #[inline]
    #[must_use]
    pub fn constraints_hold(&self, request: &Request) -> bool {
        self.constraints.iter().all(|constraint| constraint.holds(request.attribute(&constraint.attribute)))
    }
}

impl Footprint for Grant {
    fn heap_bytes(&self) -> usize {
        // Of a grant in a token nothing is hidden here.
        self.resource.heap_bytes() + self.allowed_actions.heap_bytes() + self.blocked_actions.heap_bytes() + self.constraints.heap_bytes()
    }
}

fn read_resource(value: Value<'_>, place: &Place<'_>, wrong: &mut Faults) -> Option<ResourcePattern> {
    let text = read_string(value, place, wrong)?;
    match ResourcePattern::parse(text) {
        Ok(pattern) => Some(pattern),
        Err(why) => wrong.note(place, format!("{} is not a resource pattern: {why}", quote(text))),
    }
}

fn read_actions(value: Value<'_>, place: &Place<'_>, wrong: &mut Faults) -> Option<Actions> {
    let Some(items) = value.items() else {
        return wrong.note(place, format!("it must be a list of actions, not {}", value.kind_name()));
    };
    if items.clone().nth(ACTIONS).is_some() {
        return wrong.note(place, format!("a list can have at most {ACTIONS} actions"));
    }
    let mut read = Actions::with_capacity(items.clone().count());
    let mut faultless = true;
    for (index, item) in items.enumerate() {
        let here = place.index(index);
        let pattern = read_string(item, &here, wrong).and_then(|text| match ActionPattern::parse(text) {
            Ok(pattern) => Some(pattern),
            Err(why) => wrong.note(&here, format!("{} is not an action pattern: {why}", quote(text))),
        });
        faultless &= pattern.is_some();
        read.extend(pattern);
    }
    faultless.then_some(read)
}

fn read_approvers(value: Value<'_>, place: &Place<'_>, wrong: &mut Faults) -> Option<u8> {
    let count = value.as_integer(APPROVERS).and_then(|count| u8::try_from(count).ok()).filter(|count| *count > 0);
    count.or_else(|| wrong.note(place, format!("it must be a whole number, 1 to {APPROVERS}")))
}

fn read_time(value: Value<'_>, source: Source, place: &Place<'_>, wrong: &mut Faults) -> Option<i64> {
    let read = value.as_str().and_then(|text| match source {
        Source::Token => time::parse_exact(text),
        Source::Api => time::parse_any(text),
    });
    read.or_else(|| wrong.note(place, "it must be a time like `2026-05-30T00:00:00Z`"))
}

fn read_constraints(
    value: Value<'_>,
    place: &Place<'_>,
    wrong: &mut Faults,
    unknown: &mut Faults,
    known: &mut bool,
) -> Option<Vec<Constraint>> {
    let Some(members) = value.members() else {
        return wrong.note(place, format!("it must be an object of attributes, not {}", value.kind_name()));
    };
    if members.clone().nth(CONSTRAINED_ATTRIBUTES).is_some() {
        return wrong.note(place, format!("a grant can constrain at most {CONSTRAINED_ATTRIBUTES} attributes"));
    }
    let before = unknown.count();
    let mut read = Vec::with_capacity(members.clone().count());
    let mut faultless = true;
    for (attribute, value) in members {
        let constraint = Constraint::read(attribute, value, &place.name(attribute), wrong, unknown);
        faultless &= constraint.is_some();
        read.extend(constraint);
    }
    *known &= unknown.count() == before;
    faultless.then_some(read)
}

/// A string of 1 to 256 bytes.
pub(crate) fn read_string<'d>(value: Value<'d>, place: &Place<'_>, wrong: &mut Faults) -> Option<&'d str> {
    match value.as_str() {
        Some(text) if (1..=STRING_BYTES).contains(&text.len()) => Some(text),
        Some(text) => wrong.note(place, format!("a string must have 1 to {STRING_BYTES} bytes; this one has {}", text.len())),
        None => wrong.note(place, format!("it must be a string, not {}", value.kind_name())),
    }
}

impl Serialize for Grant {
    /// Writes the grant as it stands in a token, with its `type`, leaving out what is at its default.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write(serializer, None)
    }
}

/// A grant as it is ordered: with the attributes that it keeps from the audit log.
#[derive(Debug)]
pub struct Ordered<'a>(pub &'a Grant);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer, self.0.hiding.as_deref())
    }
}

impl Grant {
    fn write<S: Serializer>(&self, serializer: S, hiding: Option<&Names>) -> Result<S::Ok, S::Error> {
        let texts = |actions: &[ActionPattern]| actions.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut out = serializer.serialize_struct("Grant", 10)?;
        out.serialize_field("type", GRANT_TYPE)?;
        out.serialize_field("resource", self.resource.as_str())?;
        out.serialize_field("allowedActions", &texts(&self.allowed_actions))?;
        if !self.blocked_actions.is_empty() {
            out.serialize_field("blockedActions", &texts(&self.blocked_actions))?;
        }
        if self.requires_approval {
            out.serialize_field("requiresApproval", &true)?;
        }
        if self.approvers > 1 {
            out.serialize_field("approvers", &self.approvers)?;
        }
        if let Some(expires_at) = self.expires_at {
            let text = time::format(expires_at).ok_or_else(|| serde::ser::Error::custom("a time outside the years 0 to 9999"))?;
            out.serialize_field("expiresAt", &text)?;
        }
        if !self.constraints.is_empty() {
            out.serialize_field("constraints", &ByAttribute(&self.constraints))?;
        }
        if let Some(shown) = hiding.and_then(|hiding| hiding.shown.as_deref()) {
            out.serialize_field("shownAttributes", &Texts(shown))?;
        }
        if let Some(hiding) = hiding.filter(|hiding| !hiding.sensitive.is_empty()) {
            out.serialize_field("sensitiveAttributes", &Texts(&hiding.sensitive))?;
        }
        out.end()
    }
}

/// Constraints as the object that they are on the wire.
struct ByAttribute<'a>(&'a [Constraint]);

impl Serialize for ByAttribute<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for constraint in self.0 {
            map.serialize_entry(&constraint.attribute, constraint)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
