//! The claims of a passport (contract section 1), and what a holder can read of its own.

mod grants;

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::fault::{Fault, Faults, Place};
use crate::footprint::Footprint;
use crate::grant::{Findings, GRANT_TYPE, Grant, Source, read_string};
use crate::hidden::{self, HiddenAttributes};
use crate::json::{self, Controls, Document, Value};
use crate::limits::{GRANTS, OPERAND_VALUES, TIME_MAX};
use crate::text::quote;

pub use grants::Grants;

/// The services that a passport is for. One needs no memory of its own.
pub type Audience = SmallVec<[SmolStr; 1]>;

/// The claims of a passport, read and sound. Whether they are true is for a verifier to say.
///
/// They lie in memory as they stand here: first what every decision reads, so that it reads few lines of a processor's cache.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Passport {
    /// `iss`: the issuer's URL.
    pub issuer: SmolStr,
    /// `aud`: the services that it is for.
    pub audience: Audience,
    /// `iat`, in seconds since 1970.
    pub issued_at: i64,
    /// `exp`, in seconds since 1970.
    pub expires_at: i64,
    /// `nbf`, in seconds since 1970.
    pub not_before: Option<i64>,
    /// `status`: where to look up whether it was revoked.
    pub status: Option<StatusRef>,
    /// Whether there is a `cnf`: it then needs a proof of possession.
    pub needs_proof: bool,
    /// The entries of `authorization_details`, each with its index there. Entries of other types are not here.
    pub grants: Grants,
    /// `sub`: the agent's id.
    pub agent_id: SmolStr,
    /// `jti`: its name, with the issuer's.
    pub id: SmolStr,
    /// `onBehalfOf`: who answers for the agent.
    pub on_behalf_of: Option<SmolStr>,
    /// `hiddenAttributes`: what is kept from the audit log. No decision looks at it.
    pub hidden: Option<Box<HiddenAttributes>>,
}

/// Where a passport's status stands: an index in a status list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct StatusRef {
    /// The index in the list.
    #[serde(rename = "idx")]
    pub index: u64,
    /// The list's URI.
    pub uri: SmolStr,
}

/// Why claims cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// They are not sound JSON.
    #[error("its claims are not sound JSON: {0}")]
    Json(#[from] json::Fault),
    /// Some are missing or malformed.
    #[error("its claims are malformed: {}", first(.0))]
    Malformed(Vec<Fault>),
}

/// The first fault in words. Its pointer is made of names from the document, so it is quoted.
fn first(faults: &[Fault]) -> String {
    faults.first().map(|fault| format!("{} {}", quote(&fault.pointer), fault.detail)).unwrap_or_default()
}

impl Passport {
    /// Grants as the passport of an agent that holds them, for as long as any passport can live: to try requests on grants
    /// that nobody has signed.
    #[must_use]
    pub fn holding(agent_id: &str, grants: Vec<Grant>) -> Self {
        Self {
            issuer: SmolStr::default(),
            agent_id: agent_id.into(),
            audience: Audience::new(),
            issued_at: 0,
            expires_at: TIME_MAX,
            not_before: None,
            id: SmolStr::default(),
            grants: grants.into_iter().enumerate().collect(),
            status: None,
            on_behalf_of: None,
            needs_proof: false,
            hidden: None,
        }
    }

    /// What a payload keeps from the audit log, whoever may have signed it: for a token that is refused before it is believed.
    /// Who makes one up hides what they ask for themselves, and nothing else.
    #[must_use]
    pub fn hidden_by(payload: &[u8]) -> Option<HiddenAttributes> {
        let document = Document::read(payload, Controls::Refused).ok()?;
        document.root().get(hidden::CLAIM).and_then(HiddenAttributes::read)
    }

    /// Reads the claims from a token's payload. Its length is bounded by the token's.
    pub fn read(payload: &[u8]) -> Result<Self, ClaimsError> {
        let document = Document::read(payload, Controls::Refused)?;
        let mut findings = Findings::default();
        match Self::read_claims(document.root(), &mut findings) {
            Some(passport) if findings.wrong.is_empty() => Ok(passport),
            _ => Err(ClaimsError::Malformed(findings.wrong.into_vec())),
        }
    }

    fn read_claims(root: Value<'_>, findings: &mut Findings) -> Option<Self> {
        let place = Place::root("");
        let claims = Claims::find(root, &place);
        let wrong = &mut findings.wrong;
        let issuer = claims.string("iss", wrong);
        let agent_id = claims.string("sub", wrong);
        let audience = claims.required("aud", wrong, read_audience);
        let issued_at = claims.required("iat", wrong, read_time);
        let expires_at = claims.required("exp", wrong, read_time);
        let not_before = claims.optional("nbf", wrong, read_time);
        let id = claims.string("jti", wrong);
        let status = claims.optional("status", wrong, read_status);
        let on_behalf_of = claims.optional("onBehalfOf", wrong, read_owned);
        let confirmation = claims.optional("cnf", wrong, read_confirmation);
        let grants = match claims.get("authorization_details") {
            Some(value) => read_entries(value, &place.name("authorization_details"), findings),
            None => claims.missing("authorization_details", wrong),
        };
        Some(Self {
            issuer: issuer?,
            agent_id: agent_id?,
            audience: audience?,
            issued_at: issued_at?,
            expires_at: expires_at?,
            not_before: not_before?,
            id: id?,
            grants: grants?.into(),
            status: status?,
            on_behalf_of: on_behalf_of?,
            needs_proof: confirmation?.is_some(),
            hidden: claims.get(hidden::CLAIM).and_then(HiddenAttributes::read).map(Box::new),
        })
    }
}

impl Footprint for Passport {
    fn heap_bytes(&self) -> usize {
        let texts = [&self.issuer, &self.agent_id, &self.id].map(Footprint::heap_bytes).iter().sum::<usize>();
        let status = self.status.as_ref().map_or(0, |status| status.uri.heap_bytes());
        let hidden = self.hidden.as_ref().map_or(0, |hidden| size_of::<HiddenAttributes>() + hidden.heap_bytes());
        texts + self.audience.heap_bytes() + self.grants.heap_bytes() + status + self.on_behalf_of.heap_bytes() + hidden
    }
}

/// A reader of one kind of claim.
type Read<T> = fn(Value<'_>, &Place<'_>, &mut Faults) -> Option<T>;

/// The claims that are read, found in one walk over all that there are.
struct Claims<'d, 'p> {
    found: [Option<Value<'d>>; CLAIMS.len()],
    place: &'p Place<'p>,
}

const CLAIMS: [&str; 12] =
    ["iss", "sub", "aud", "iat", "exp", "nbf", "jti", "status", "onBehalfOf", "cnf", "authorization_details", hidden::CLAIM];

impl<'d, 'p> Claims<'d, 'p> {
    fn find(root: Value<'d>, place: &'p Place<'p>) -> Self {
        let mut found = [None; CLAIMS.len()];
        for (name, value) in root.members().into_iter().flatten() {
            if let Some(slot) = CLAIMS.iter().position(|claim| *claim == name).and_then(|at| found.get_mut(at)) {
                *slot = Some(value);
            }
        }
        Self { found, place }
    }

    fn get(&self, name: &str) -> Option<Value<'d>> {
        *self.found.get(CLAIMS.iter().position(|claim| *claim == name)?)?
    }

    fn missing<T>(&self, name: &str, wrong: &mut Faults) -> Option<T> {
        wrong.note(&self.place.name(name), "the claim is missing")
    }

    fn required<T>(&self, name: &str, wrong: &mut Faults, read: Read<T>) -> Option<T> {
        match self.get(name) {
            Some(value) => read(value, &self.place.name(name), wrong),
            None => self.missing(name, wrong),
        }
    }

    /// Absent, valid and malformed are three different states: `Some(None)`, `Some(Some(_))` and `None`.
    fn optional<T>(&self, name: &str, wrong: &mut Faults, read: Read<T>) -> Option<Option<T>> {
        match self.get(name) {
            Some(value) => read(value, &self.place.name(name), wrong).map(Some),
            None => Some(None),
        }
    }

    fn string(&self, name: &str, wrong: &mut Faults) -> Option<SmolStr> {
        self.required(name, wrong, read_owned)
    }
}

fn read_owned(value: Value<'_>, place: &Place<'_>, wrong: &mut Faults) -> Option<SmolStr> {
    read_string(value, place, wrong).map(SmolStr::new)
}

fn read_time(value: Value<'_>, place: &Place<'_>, wrong: &mut Faults) -> Option<i64> {
    value
        .as_integer(TIME_MAX)
        .or_else(|| wrong.note(place, format!("it must be a time in whole seconds, 0 to {TIME_MAX}, without fraction or exponent")))
}

fn read_audience(value: Value<'_>, place: &Place<'_>, wrong: &mut Faults) -> Option<Audience> {
    let Some(items) = value.items() else {
        return read_owned(value, place, wrong).map(|only| Audience::from([only]));
    };
    if items.clone().nth(OPERAND_VALUES).is_some() {
        return wrong.note(place, format!("it can name at most {OPERAND_VALUES} audiences"));
    }
    let (mut read, mut faultless) = (Audience::new(), true);
    for (index, item) in items.enumerate() {
        let name = read_owned(item, &place.index(index), wrong);
        faultless &= name.is_some();
        read.extend(name);
    }
    match read.is_empty() && faultless {
        true => wrong.note(place, "it must name at least one audience"),
        false => faultless.then_some(read),
    }
}

fn read_status(value: Value<'_>, place: &Place<'_>, wrong: &mut Faults) -> Option<StatusRef> {
    let list = value.get("status_list");
    let index = list.and_then(|list| list.get("idx")).and_then(read_index);
    let uri = list.and_then(|list| list.get("uri")).and_then(|uri| read_string(uri, &place.name("status_list").name("uri"), wrong));
    match (index, uri) {
        (Some(index), Some(uri)) => Some(StatusRef { index, uri: uri.into() }),
        _ => wrong.note(place, "it must be an object with a `status_list` of `idx`, a whole number, and `uri`, a string"),
    }
}

/// A whole number of any size. One beyond 64 bits is out of the range of every list, and so is what it becomes.
fn read_index(value: Value<'_>) -> Option<u64> {
    let digits = value.as_number().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(digits.parse().unwrap_or(u64::MAX))
}

fn read_confirmation(value: Value<'_>, place: &Place<'_>, wrong: &mut Faults) -> Option<()> {
    match value.members().and_then(|mut members| members.next()) {
        Some(_) => Some(()),
        None => wrong.note(place, "it must be an object with at least one member"),
    }
}

fn read_entries(value: Value<'_>, place: &Place<'_>, findings: &mut Findings) -> Option<Vec<(usize, Grant)>> {
    let Some(items) = value.items() else {
        return findings.wrong.note(place, format!("it must be a list, not {}", value.kind_name()));
    };
    if items.clone().nth(GRANTS).is_some() {
        return findings.wrong.note(place, format!("it can have at most {GRANTS} entries"));
    }
    let mut grants = Vec::with_capacity(items.clone().count());
    for (index, entry) in items.enumerate() {
        let here = place.index(index);
        match entry.get("type") {
            Some(kind) if kind.as_str() == Some(GRANT_TYPE) => {
                grants.extend(Grant::read(entry, Source::Token, &here, findings).map(|grant| (index, grant)));
            }
            // Another type grants nothing, but it must be a type.
            Some(kind) => {
                read_string(kind, &here.name("type"), &mut findings.wrong);
            }
            None => findings.wrong.note::<()>(&here, "it must be an object with a `type`").unwrap_or_default(),
        }
    }
    Some(grants)
}

/// The claims of a passport about to be minted. As JSON, they are its payload.
#[derive(Debug, Serialize)]
pub struct NewClaims<'a> {
    /// The issuer's URL.
    #[serde(rename = "iss")]
    pub issuer: &'a str,
    /// The agent's id.
    #[serde(rename = "sub")]
    pub agent_id: &'a str,
    /// The services that it is for; always written as an array.
    #[serde(rename = "aud")]
    pub audience: &'a [String],
    /// In seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// In seconds since 1970.
    #[serde(rename = "nbf", skip_serializing_if = "Option::is_none")]
    pub not_before: Option<i64>,
    /// In seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: i64,
    /// The passport's id.
    #[serde(rename = "jti")]
    pub id: &'a str,
    /// Who answers for the agent.
    #[serde(rename = "onBehalfOf", skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<&'a str>,
    /// Where its status stands.
    #[serde(serialize_with = "as_status_claim", skip_serializing_if = "Option::is_none")]
    pub status: Option<&'a StatusRef>,
    /// The key that the holder has to prove (RFC 7800), as JSON.
    #[serde(rename = "cnf", skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<&'a RawValue>,
    /// The grants.
    pub authorization_details: Cow<'a, [Grant]>,
    /// What is kept from the audit log.
    #[serde(rename = "hiddenAttributes", skip_serializing_if = "Option::is_none")]
    pub hidden: Option<&'a HiddenAttributes>,
}

fn as_status_claim<S: serde::Serializer>(status: &Option<&StatusRef>, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap as _;
    let mut map = serializer.serialize_map(None)?;
    if let Some(status) = status {
        map.serialize_entry("status_list", status)?;
    }
    map.end()
}

#[cfg(test)]
mod tests;
