//! What is to be issued, read from the body and found sound.

use passport_shared::api::passports::IssuePassport;
use passport_shared::fault::{Fault, Faults, Place};
use passport_shared::grant::Grant;
use passport_shared::hidden::HiddenAttributes;
use passport_shared::json::{Controls, Document, Value};
use passport_shared::limits::OPERAND_VALUES;
use passport_shared::time;
use serde_json::value::RawValue;

use super::super::templates::Expanded;
use super::super::{ServiceError, Settings, check};
use crate::store::TemplateUse;

/// How far ahead a passport may be renewable, in seconds: 365 days. Whoever lets one live on looks at it again each year.
pub(super) const RENEWABLE: i64 = 365 * 86_400;

/// A passport to be issued. Times are seconds since 1970.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) agent_id: String,
    pub(super) audience: Vec<String>,
    pub(super) grants: Vec<Grant>,
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
    pub(super) not_before: Option<i64>,
    pub(super) on_behalf_of: Option<String>,
    pub(super) confirmation: Option<Box<RawValue>>,
    /// The member that said when it ends.
    pub(super) expiry_pointer: &'static str,
    /// Until when it may be exchanged for a fresh one.
    pub(super) renew_until: Option<i64>,
    /// The passport that is exchanged for it.
    pub(super) renews: Option<String>,
    /// The passport in whose place it comes, and the request that asked for it.
    pub(super) replaces: Option<Replaced>,
    /// The template that its grants come from.
    pub(super) template: Option<TemplateUse>,
    /// What is kept from the audit log by the passport that it comes of; what its own grants keep comes to it.
    pub(super) hidden: Option<HiddenAttributes>,
}

/// What a passport comes in the place of: for the audit log.
#[derive(Debug)]
pub(super) struct Replaced {
    pub(super) passport_id: String,
    pub(super) for_request: String,
}

impl Order {
    /// Reads the body, whose template comes to `expanded`. Everything that is wrong with it comes back at once.
    pub(super) fn read(body: IssuePassport, expanded: Option<Expanded>, settings: &Settings, now: i64) -> Result<Self, ServiceError> {
        let root = Place::root("");
        let mut faults = Faults::default();
        check::name(&body.agent_id, &root.name("agentId"), &mut faults);
        check_audience(&body.audience, &root.name("audience"), &mut faults);
        check::optional_name(body.on_behalf_of.as_deref(), &root.name("onBehalfOf"), &mut faults);
        if let Some(confirmation) = &body.cnf {
            check_confirmation(confirmation, &root.name("cnf"), &mut faults);
        }
        let expires_at = read_expiry(&body, settings, now, &mut faults);
        let not_before = read_start(&body, expires_at.as_ref(), &mut faults);
        let renew_until = read_renewal(&body, expires_at.as_ref(), now, &mut faults);
        let (template, grants, wrong_grants) = match read_grants(&body, expanded) {
            Ok((template, grants)) => (template, grants, Vec::new()),
            Err(wrong) => (None, Vec::new(), wrong),
        };
        let mut errors: Vec<Fault> = faults.into_vec();
        errors.extend(wrong_grants);
        match (expires_at, errors.is_empty()) {
            (Some(expiry), true) => Ok(Self {
                agent_id: body.agent_id,
                audience: body.audience,
                grants,
                issued_at: now,
                expires_at: expiry.at,
                not_before,
                on_behalf_of: body.on_behalf_of,
                confirmation: body.cnf,
                expiry_pointer: expiry.pointer,
                renew_until,
                renews: None,
                replaces: None,
                template,
                hidden: None,
            }),
            _ => Err(ServiceError::Invalid { errors }),
        }
    }
}

impl Order {
    /// What the passport keeps from the audit log.
    pub(super) fn keeps_hidden(&self) -> Option<HiddenAttributes> {
        let old = self.hidden.iter().flat_map(HiddenAttributes::rules).cloned();
        let new = Grant::hidden(&self.grants);
        HiddenAttributes::of(old.chain(new.iter().flat_map(HiddenAttributes::rules).cloned()))
    }
}

/// The grants, and the template that they come from.
fn read_grants(body: &IssuePassport, expanded: Option<Expanded>) -> Result<(Option<TemplateUse>, Vec<Grant>), Vec<Fault>> {
    let refuse = |pointer: &str, detail: &str| Err(vec![Fault { pointer: pointer.to_owned(), detail: detail.to_owned() }]);
    match (&body.grants, &body.template, expanded) {
        (Some(_), Some(_), _) => refuse("/template", "give `grants` or `template`, not both"),
        (_, None, _) if body.parameters.is_some() => refuse("/parameters", "they are for a `template`, and none is named"),
        (Some(grants), None, _) => Grant::read_all(grants.get(), "/grants").map(|grants| (None, grants)),
        (None, _, Some(expanded)) => expanded.map(|(template, grants)| (Some(template), grants)),
        (None, _, None) => refuse("/grants", "give `grants`, or a `template` and its `parameters`"),
    }
}

/// When it ends, and which member said so.
struct Expiry {
    at: i64,
    pointer: &'static str,
}

fn check_audience(audience: &[String], place: &Place<'_>, faults: &mut Faults) {
    if !(1..=OPERAND_VALUES).contains(&audience.len()) {
        faults.note::<()>(place, format!("it must name 1 to {OPERAND_VALUES} services; it names {}", audience.len()));
    }
    for (index, service) in audience.iter().take(OPERAND_VALUES).enumerate() {
        check::name(service, &place.index(index), faults);
    }
}

/// RFC 7800: an object with at least one member, and sound where it will stand, one level down in the claims.
fn check_confirmation(confirmation: &RawValue, place: &Place<'_>, faults: &mut Faults) {
    let in_claims = format!(r#"{{"cnf":{}}}"#, confirmation.get());
    match Document::read(in_claims.as_bytes(), Controls::Refused) {
        Err(fault) => faults.note::<()>(place, format!("it is not sound JSON: {}", fault.problem)).unwrap_or_default(),
        Ok(document) => {
            let members = document.root().get("cnf").and_then(Value::members);
            if members.and_then(|mut members| members.next()).is_none() {
                faults.note::<()>(place, "it must be an object with at least one member");
            }
        }
    }
}

fn read_expiry(body: &IssuePassport, settings: &Settings, now: i64, faults: &mut Faults) -> Option<Expiry> {
    let root = Place::root("");
    let (pointer, at) = match (body.expires_in, body.expires_at.as_deref()) {
        (Some(seconds), None) => ("/expiresIn", now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX))),
        (None, Some(text)) => ("/expiresAt", check::time(text, &root.name("expiresAt"), faults)?),
        (None, None) => return faults.note(&root.name("expiresIn"), "give `expiresIn`, in seconds, or `expiresAt`"),
        (Some(_), Some(_)) => return faults.note(&root.name("expiresAt"), "give `expiresIn` or `expiresAt`, not both"),
    };
    let (place, most) = (Place::root(pointer), settings.max_passport_life);
    match at.saturating_sub(now) {
        ..1 => faults.note(&place, format!("it must be later than now, {}", check::shown(now))),
        life if life > most => faults.note(
            &place,
            format!("a passport of this issuer lives at most {most} seconds, until {}", check::shown(now.saturating_add(most))),
        ),
        _ if !time::in_range(at) => faults.note(&place, "it must be before the year 10000"),
        _ => Some(Expiry { at, pointer }),
    }
}

fn read_start(body: &IssuePassport, expiry: Option<&Expiry>, faults: &mut Faults) -> Option<i64> {
    let root = Place::root("");
    let place = root.name("notBefore");
    let start = check::time(body.not_before.as_deref()?, &place, faults)?;
    match expiry {
        Some(Expiry { at, .. }) if start >= *at => {
            faults.note(&place, format!("it must be earlier than the passport's end, {}", check::shown(*at)))
        }
        _ => Some(start),
    }
}

fn read_renewal(body: &IssuePassport, expiry: Option<&Expiry>, now: i64, faults: &mut Faults) -> Option<i64> {
    let root = Place::root("");
    let place = root.name("renewUntil");
    let until = check::time(body.renew_until.as_deref()?, &place, faults)?;
    let most = now.saturating_add(RENEWABLE);
    if body.cnf.is_some() {
        return faults.note(&place, "leave it out: a passport with `cnf` cannot be renewed, for nobody proves that they hold its key");
    }
    match expiry {
        Some(Expiry { at, .. }) if until <= *at => {
            faults.note(&place, format!("it must be later than the passport's end, {}", check::shown(*at)))
        }
        _ if until > most => faults.note(&place, format!("it must be no later than 365 days from now, {}", check::shown(most))),
        _ => Some(until),
    }
}

#[cfg(test)]
mod tests;
