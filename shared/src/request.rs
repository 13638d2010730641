//! What an agent wants to do now: one flat JSON object (contract section 3).

mod canonical;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::json::{Controls, Document, Value};
use crate::limits::{REQUEST_ATTRIBUTES, REQUEST_BYTES, REQUEST_ITEMS, REQUEST_STRING_BYTES, STRING_BYTES};
use crate::resource::{ResourcePattern, Start, check_resource};
use crate::scalar::{Attribute, Number, Scalar};
use crate::text::{has_control, quote, same};

/// The names that are not attributes.
const RESERVED: [&str; 6] = ["action", "resource", "agentId", "requestId", "approval", "proof"];

/// Whether `name` is one that a request reserves.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// One request.
///
/// Reading and building are total: what is wrong with a request is kept in it ([`problem`](Self::problem)) and makes
/// every decision on it `invalid_request`, so that a mistake can never be taken for permission.
///
/// ```
/// use passport_shared::request::Request;
///
/// let built = Request::new("purchase").on("commerce").with("vendor", "coachella.com").with("amount", 742);
/// let read = Request::parse(br#"{"action":"purchase","resource":"commerce","vendor":"coachella.com","amount":742}"#);
/// assert_eq!(built, read);
/// assert!(Request::parse(b"{}").problem().is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    action: String,
    resource: Option<String>,
    resource_start: Start,
    agent_id: Option<String>,
    request_id: Option<String>,
    approval: Option<String>,
    proof: Option<String>,
    attributes: Vec<(String, Attribute)>,
    problem: Option<RequestProblem>,
}

/// Why a request is not well formed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request is not well formed: {0}")]
pub struct RequestProblem(String);

impl Request {
    /// A request for `action`.
    #[must_use]
    pub fn new(action: impl Into<String>) -> Self {
        let mut request = Self::empty();
        request.action = action.into();
        request.refuse_if(check_action(&request.action));
        request
    }

    fn empty() -> Self {
        Self {
            action: String::new(),
            resource: None,
            resource_start: Start::default(),
            agent_id: None,
            request_id: None,
            approval: None,
            proof: None,
            attributes: Vec::new(),
            problem: None,
        }
    }

    /// On `resource`, for example `commerce` or `drive/q3/report`.
    #[must_use]
    pub fn on(mut self, resource: impl Into<String>) -> Self {
        self.set("resource", resource.into());
        self
    }

    /// By the agent `agent_id`: a decision then demands that the passport is that agent's.
    #[must_use]
    pub fn by(mut self, agent_id: impl Into<String>) -> Self {
        self.set("agentId", agent_id.into());
        self
    }

    /// Under the caller's own id, which the answer, the audit event and the logs then carry.
    #[must_use]
    pub fn identified(mut self, request_id: impl Into<String>) -> Self {
        self.set("requestId", request_id.into());
        self
    }

    /// With a person's approval of exactly this request.
    #[must_use]
    pub fn approved(mut self, approval: impl Into<String>) -> Self {
        self.set("approval", approval.into());
        self
    }

    /// With an attribute. Numbers are integers here; write other decimals as strings, `"9.99"`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Attribute>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.refuse_if(check_attribute(&name, &value));
        if self.attributes.iter().any(|(other, _)| *other == name) {
            self.refuse(format!("the attribute {} is given twice", quote(&name)));
        }
        self.attributes.push((name, value));
        if self.attributes.len() > REQUEST_ATTRIBUTES {
            self.refuse(format!("it has more than {REQUEST_ATTRIBUTES} attributes"));
        }
        self
    }

    /// With a mistake that whoever builds it has found, for example in what an attribute was read from: every decision
    /// on it is `invalid_request`, and says `why`.
    #[must_use]
    pub fn mistaken(mut self, why: impl Into<String>) -> Self {
        self.refuse(why.into());
        self
    }

    /// Reads a request from JSON text.
    #[must_use]
    pub fn parse(json: &[u8]) -> Self {
        let mut request = Self::empty();
        if json.len() > REQUEST_BYTES {
            request.refuse(format!("it has {} bytes, more than the {REQUEST_BYTES} that are accepted", json.len()));
            return request;
        }
        match Document::read(json, Controls::InValues) {
            Ok(document) => request.read(document.root()),
            Err(fault) => request.refuse(format!("it is not sound JSON: {fault}")),
        }
        request
    }

    fn read(&mut self, root: Value<'_>) {
        let mut has_action = false;
        for (name, value) in root.members().into_iter().flatten() {
            if is_reserved(name) {
                has_action |= name == "action";
                match value.as_str() {
                    Some(text) => self.set(name, text.to_owned()),
                    None => self.refuse(format!("{} must be a string, not {}", quote(name), value.kind_name())),
                }
                continue;
            }
            if self.attributes.len() == REQUEST_ATTRIBUTES {
                // Read on all the same: the caller's `requestId` may still come.
                self.refuse(format!("it has more than {REQUEST_ATTRIBUTES} attributes"));
                continue;
            }
            match read_attribute(value) {
                Ok(attribute) => {
                    self.refuse_if(check_attribute(name, &attribute));
                    self.attributes.push((name.to_owned(), attribute));
                }
                Err(why) => self.refuse(format!("{} {why}", quote(name))),
            }
        }
        if !has_action {
            self.refuse("it has no `action`".to_owned());
        }
    }

    /// The request that a decision was about, of what the decision repeats of it.
    pub(crate) fn repeated(action: &str, resource: Option<&str>, attributes: &[(&str, Value<'_>)]) -> Self {
        let mut request = Self::new(action);
        if let Some(resource) = resource {
            request = request.on(resource);
        }
        if attributes.len() > REQUEST_ATTRIBUTES {
            return request.mistaken(format!("it has more than {REQUEST_ATTRIBUTES} attributes"));
        }
        for (name, value) in attributes {
            request = match read_attribute(*value) {
                Ok(attribute) => request.with(*name, attribute),
                Err(why) => request.mistaken(format!("{} {why}", quote(name))),
            };
        }
        request
    }

    /// Puts a reserved member in its place, once it is seen to be well formed.
    fn set(&mut self, name: &str, text: String) {
        let max = if matches!(name, "approval" | "proof") { REQUEST_STRING_BYTES } else { STRING_BYTES };
        if !(1..=max).contains(&text.len()) {
            return self.refuse(format!("{} must have 1 to {max} bytes", quote(name)));
        }
        if has_control(&text) {
            return self.refuse(format!("{} has a control character in it", quote(name)));
        }
        match name {
            "action" => {
                self.refuse_if(check_action(&text));
                self.action = text;
            }
            "resource" => {
                self.refuse_if(check_resource(&text).map_err(|why| format!("`resource` is {}: {why}", quote(&text))));
                self.resource_start = Start::of(&text);
                self.resource = Some(text);
            }
            "agentId" => self.agent_id = Some(text),
            "requestId" => self.request_id = Some(text),
            "approval" => self.approval = Some(text),
            _ => self.proof = Some(text),
        }
    }

    fn refuse_if(&mut self, check: Result<(), String>) {
        if let Err(why) = check {
            self.refuse(why);
        }
    }

    /// Keeps the first problem.
    fn refuse(&mut self, why: String) {
        self.problem.get_or_insert(RequestProblem(why));
    }

    /// What is wrong with it, if anything. While there is a problem, the other accessors are not to be relied on.
    #[must_use]
    pub fn problem(&self) -> Option<&RequestProblem> {
        self.problem.as_ref()
    }

    /// The action.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The resource, if one is named.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// Whether `pattern` covers the resource; true where none is named.
    #[inline]
    #[must_use]
    pub fn is_covered_by(&self, pattern: &ResourcePattern) -> bool {
        self.resource.as_deref().is_none_or(|resource| pattern.covers_from(self.resource_start, resource))
    }

    /// How the resource begins, if one is named.
    #[inline]
    pub(crate) fn resource_start(&self) -> Option<Start> {
        self.resource.as_ref().map(|_| self.resource_start)
    }

    /// The agent that it says it is by.
    #[must_use]
    pub fn agent_id(&self) -> Option<&str> {
        self.agent_id.as_deref()
    }

    /// The caller's id for it.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The approval given with it.
    #[must_use]
    pub fn approval(&self) -> Option<&str> {
        self.approval.as_deref()
    }

    /// The attribute `name`.
    #[inline]
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        for (other, value) in &self.attributes {
            if same(other, name) {
                return Some(value);
            }
        }
        None
    }

    /// The attributes, in the order given.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes(&self.attributes)
    }
}

/// Attributes in the order given; as JSON, an object.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(&'a [(String, Attribute)]);

impl<'a> Attributes<'a> {
    /// None.
    pub const NONE: Attributes<'static> = Attributes(&[]);

    /// Name and value of each.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a Attribute)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

fn check_action(text: &str) -> Result<(), String> {
    if !(1..=STRING_BYTES).contains(&text.len()) {
        return Err(format!("`action` must have 1 to {STRING_BYTES} bytes"));
    }
    if text.contains('*') || has_control(text) {
        return Err(format!("`action` is {}: it holds a `*` or a control character", quote(text)));
    }
    Ok(())
}

fn check_attribute(name: &str, value: &Attribute) -> Result<(), String> {
    let named = || quote(name);
    if !(1..=STRING_BYTES).contains(&name.len()) || has_control(name) {
        return Err(format!("the attribute name {} must have 1 to {STRING_BYTES} bytes and no control character", named()));
    }
    if is_reserved(name) {
        return Err(format!("{} is a reserved name, not an attribute's", named()));
    }
    let too_long = |text: &str| text.len() > REQUEST_STRING_BYTES;
    match value {
        Attribute::Scalar(Scalar::Text(text)) if too_long(text) => Err(format!("{} has more than {REQUEST_STRING_BYTES} bytes", named())),
        Attribute::List(items) if items.len() > REQUEST_ITEMS => Err(format!("{} has more than {REQUEST_ITEMS} items", named())),
        Attribute::List(items) if items.iter().any(|item| too_long(item)) => {
            Err(format!("{} has an item of more than {REQUEST_STRING_BYTES} bytes", named()))
        }
        Attribute::Scalar(_) | Attribute::List(_) => Ok(()),
    }
}

fn read_attribute(value: Value<'_>) -> Result<Attribute, String> {
    if let Some(items) = value.items() {
        let texts: Option<Vec<String>> = items.take(REQUEST_ITEMS + 1).map(|item| item.as_str().map(str::to_owned)).collect();
        return texts.map(Attribute::List).ok_or_else(|| "is a list of something other than strings".to_owned());
    }
    if let Some(number) = value.as_number() {
        let number = Number::parse(number).ok_or_else(|| "is a number of more than 28 digits or 28 places".to_owned())?;
        return Ok(Attribute::Scalar(Scalar::Number(number)));
    }
    Scalar::read(value)
        .map(Attribute::Scalar)
        .ok_or_else(|| format!("is {}; a string, a number, a boolean or a list of strings can stand there", value.kind_name()))
}

#[cfg(test)]
mod tests;
