//! What a careful engineer writes around a JWT library: the grants, read with serde, and who may do what by them. It
//! refuses what it does not know, and never compares money as floating point.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::reference::{ACTION, AMOUNT, CURRENCY, RESOURCE, VENDOR, WRONG_VENDOR};

/// The claims beside those that the library checks.
#[derive(Deserialize)]
pub struct Claims {
    pub authorization_details: Vec<Grant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    r#type: String,
    resource: String,
    allowed_actions: Vec<String>,
    #[serde(default)]
    blocked_actions: Vec<String>,
    #[serde(default)]
    requires_approval: bool,
    #[serde(default)]
    constraints: BTreeMap<String, Operators>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Operators {
    max: Option<String>,
    equals: Option<String>,
    one_of: Option<Vec<String>>,
}

pub struct Request {
    action: &'static str,
    resource: &'static str,
    attributes: BTreeMap<&'static str, String>,
}

impl Request {
    /// The reference request, or the same with a vendor that nobody named.
    pub fn new(right: bool) -> Self {
        let vendor = if right { VENDOR } else { WRONG_VENDOR };
        let attributes = [("amount", AMOUNT.to_string()), ("currency", CURRENCY.to_owned()), ("vendor", vendor.to_owned())];
        Self { action: ACTION, resource: RESOURCE, attributes: attributes.into() }
    }

    /// Both, made beforehand.
    pub fn both() -> [Self; 2] {
        [Self::new(false), Self::new(true)]
    }

    pub fn is_allowed_by(&self, grants: &[Grant]) -> bool {
        let covering = || grants.iter().filter(|grant| grant.r#type == "permission_passport" && grant.resource == self.resource);
        let names = |actions: &[String]| actions.iter().any(|action| action == self.action);
        !covering().any(|grant| names(&grant.blocked_actions))
            && covering().any(|grant| names(&grant.allowed_actions) && !grant.requires_approval && self.meets(&grant.constraints))
    }

    fn meets(&self, constraints: &BTreeMap<String, Operators>) -> bool {
        constraints.iter().all(|(name, operators)| self.attributes.get(name.as_str()).is_some_and(|given| operators.hold(given)))
    }
}

impl Operators {
    fn hold(&self, given: &str) -> bool {
        self.max.as_ref().is_none_or(|max| cents(given).zip(cents(max)).is_some_and(|(given, max)| given <= max))
            && self.equals.as_ref().is_none_or(|equals| equals == given)
            && self.one_of.as_ref().is_none_or(|values| values.iter().any(|value| value == given))
    }
}

/// Hundredths, from a decimal of at most two places.
fn cents(text: &str) -> Option<i64> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let hundredths = match places.len() {
        1 => places.parse::<i64>().ok()? * 10,
        2 => places.parse().ok()?,
        _ => return None,
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(places)).then_some(whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(hundredths)?)
}
