//! The request (step 9). `None` anywhere is `invalid_request`.

use super::constraint::Scalar;
use super::decimal::Decimal;
use super::json::{self, Json};

/// What is asked.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) action: String,
    pub(super) resource: Option<String>,
    pub(super) agent_id: Option<String>,
    pub(super) approval: Option<String>,
    pub(super) attributes: Vec<(String, Attribute)>,
}

/// The value of an attribute.
#[derive(Debug)]
pub(super) enum Attribute {
    One(Scalar),
    Many(Vec<Scalar>),
}

impl Attribute {
    /// What `{}` asks for. An empty list fails, whatever it is held against.
    pub(super) fn is_there(&self) -> bool {
        self.every_item(|_| true)
    }

    /// Whether a test holds for the value, or for every item of a list that is not empty.
    pub(super) fn every_item(&self, holds: impl Fn(&Scalar) -> bool) -> bool {
        match self {
            Attribute::One(value) => holds(value),
            Attribute::Many(items) => !items.is_empty() && items.iter().all(holds),
        }
    }
}

/// Reads a request of at most 1 MiB.
pub(super) fn read(bytes: &[u8]) -> Option<Request> {
    if bytes.len() > 1_048_576 {
        return None;
    }
    let mut action = None;
    let mut resource = None;
    let mut agent_id = None;
    let mut approval = None;
    let mut attributes = Vec::new();
    for (name, value) in json::read(bytes)? {
        match name.as_str() {
            "action" => action = Some(reserved(value, 256)?),
            "resource" => resource = Some(reserved(value, 256)?),
            "agentId" => agent_id = Some(reserved(value, 256)?),
            "requestId" => drop(reserved(value, 256)?),
            "approval" => approval = Some(reserved(value, 4096)?),
            "proof" => drop(reserved(value, 4096)?),
            _ => {
                if !(1..=256).contains(&name.len()) || !json::clean(&name) {
                    return None;
                }
                attributes.push((name, attribute(value)?));
            }
        }
    }
    if attributes.len() > 64 {
        return None;
    }
    let action = action.filter(|text| !text.contains('*'))?;
    if resource.as_deref().is_some_and(|text| !is_resource(text)) {
        return None;
    }
    Some(Request { action, resource, agent_id, approval, attributes })
}

fn reserved(value: Json, most: usize) -> Option<String> {
    match value {
        Json::Text(text) if (1..=most).contains(&text.len()) && json::clean(&text) => Some(text),
        _ => None,
    }
}

fn is_resource(text: &str) -> bool {
    !text.contains(['*', '%', '\\']) && text.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

fn attribute(value: Json) -> Option<Attribute> {
    match value {
        Json::Bool(flag) => Some(Attribute::One(Scalar::Bool(flag))),
        Json::Number(text) => Some(Attribute::One(Scalar::Number(Decimal::from_number(&text)?))),
        Json::Text(_) => Some(Attribute::One(text_value(value)?)),
        Json::List(items) if items.len() <= 128 => Some(Attribute::Many(items.into_iter().map(text_value).collect::<Option<_>>()?)),
        Json::List(_) | Json::Object(_) | Json::Null => None,
    }
}

fn text_value(value: Json) -> Option<Scalar> {
    match value {
        Json::Text(text) if text.len() <= 4096 => Some(Scalar::Text(text)),
        _ => None,
    }
}
