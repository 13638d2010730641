//! Grants (section 2), but for what a constraint means.

use super::claims::short_text;
use super::constraint::Test;
use super::json::{Json, Members};
use super::time;

/// A grant that is well formed, understood or not.
#[derive(Debug)]
pub(super) struct Grant {
    resource: Vec<String>,
    allowed: Vec<String>,
    blocked: Vec<String>,
    pub(super) requires_approval: bool,
    pub(super) approvers: u32,
    pub(super) expires_at: Option<i64>,
    /// Attribute name to the operators that must all hold.
    pub(super) constraints: Vec<(String, Vec<(String, Test)>)>,
    /// False where a member or an operator is unknown.
    pub(super) understood: bool,
}

/// Names that section 3 reserves in a request.
pub(super) const RESERVED: [&str; 6] = ["action", "resource", "agentId", "requestId", "approval", "proof"];

impl Grant {
    /// Reads the members of a grant; `None` makes the whole token malformed.
    pub(super) fn read(members: &Members) -> Option<Grant> {
        let mut resource = None;
        let mut allowed = None;
        let mut grant = Grant {
            resource: Vec::new(),
            allowed: Vec::new(),
            blocked: Vec::new(),
            requires_approval: false,
            approvers: 1,
            expires_at: None,
            constraints: Vec::new(),
            understood: true,
        };
        for (name, value) in members {
            match name.as_str() {
                "type" => {}
                "resource" => resource = Some(resource_pattern(&short_text(value)?)?),
                "allowedActions" => allowed = Some(action_patterns(value)?),
                "blockedActions" => grant.blocked = action_patterns(value)?,
                "requiresApproval" => {
                    let Json::Bool(flag) = value else { return None };
                    grant.requires_approval = *flag;
                }
                "approvers" => grant.approvers = approvers(value)?,
                "expiresAt" => grant.expires_at = Some(time::read(&short_text(value)?)?),
                "constraints" => grant.read_constraints(value)?,
                _ => grant.understood = false,
            }
        }
        grant.resource = resource?;
        grant.allowed = allowed?;
        Some(grant)
    }

    fn read_constraints(&mut self, value: &Json) -> Option<()> {
        let Json::Object(attributes) = value else { return None };
        if attributes.len() > 16 {
            return None;
        }
        for (name, operators) in attributes {
            let Json::Object(operators) = operators else { return None };
            if !(1..=256).contains(&name.len()) || RESERVED.contains(&name.as_str()) {
                return None;
            }
            let mut tests = Vec::new();
            for (operator, operand) in operators {
                if Test::is_known(operator) {
                    tests.push((operator.clone(), Test::read(operator, operand)?));
                } else {
                    self.understood = false;
                }
            }
            self.constraints.push((name.clone(), tests));
        }
        Some(())
    }

    /// Whether the resource pattern covers a resource.
    pub(super) fn covers(&self, resource: &str) -> bool {
        let given: Vec<&str> = resource.split('/').collect();
        let (fixed, open) = match self.resource.split_last() {
            Some((last, rest)) if last == "**" => (rest, true),
            _ => (&self.resource[..], false),
        };
        let length_fits = if open { given.len() >= fixed.len() } else { given.len() == fixed.len() };
        length_fits && fixed.iter().zip(&given).all(|(pattern, segment)| pattern == "*" || pattern == segment)
    }

    /// Whether `allowedActions` has the action.
    pub(super) fn allows(&self, action: &str) -> bool {
        self.allowed.iter().any(|pattern| action_matches(pattern, action))
    }

    /// Whether `blockedActions` has the action.
    pub(super) fn blocks(&self, action: &str) -> bool {
        self.blocked.iter().any(|pattern| action_matches(pattern, action))
    }
}

fn action_matches(pattern: &str, action: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => action.starts_with(prefix),
        None => action == pattern,
    }
}

/// A whole number, 1 to 4, as JSON writes whole numbers.
fn approvers(value: &Json) -> Option<u32> {
    let Json::Number(text) = value else { return None };
    ["1", "2", "3", "4"].iter().position(|digit| digit == text).and_then(|index| u32::try_from(index + 1).ok())
}

/// The segments of a resource pattern.
fn resource_pattern(text: &str) -> Option<Vec<String>> {
    let segments: Vec<&str> = text.split('/').collect();
    let last = segments.len() - 1;
    for (index, segment) in segments.iter().enumerate() {
        let good = match *segment {
            "" | "." | ".." => false,
            "*" => true,
            "**" => index == last,
            other => !other.contains('*'),
        };
        if !good {
            return None;
        }
    }
    Some(segments.into_iter().map(str::to_owned).collect())
}

/// A list of at most 64 action patterns.
fn action_patterns(value: &Json) -> Option<Vec<String>> {
    let Json::List(items) = value else { return None };
    if items.len() > 64 {
        return None;
    }
    items.iter().map(|item| short_text(item).filter(|text| is_action_pattern(text))).collect()
}

/// Nothing but one final star.
fn is_action_pattern(text: &str) -> bool {
    !text.strip_suffix('*').unwrap_or(text).contains('*')
}
