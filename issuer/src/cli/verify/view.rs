//! A decision for a person.

use passport_shared::constraint::Shown;
use passport_shared::decision::{DecisionRecord, Outcome, Unmet};
use passport_shared::key_set::KeyId;
use passport_shared::text::escape;

use crate::cli::output::{BAD, CARE, GOOD, facts, styled, table, width, wrap};
use crate::cli::words::sentence;

/// Outcome, reason, message, every unmet clause, and what was looked at.
pub(super) fn decision(record: &DecisionRecord<'_>) -> String {
    let mut parts = vec![
        format!("{}  {}", outcome(record.outcome), record.reason),
        wrap(&format!("{}.", sentence(&record.message)), width()).join("\n"),
    ];
    if !record.details.is_empty() {
        parts.push(format!("\n{}", details(record.details)));
    }
    let mut rows = Vec::new();
    let mut fact = |name: &'static str, value: Option<&str>| rows.extend(value.map(|value| (name, escape(value))));
    fact("agent", record.agent_id);
    fact("passport", record.passport_id);
    fact("issuer", record.issuer);
    fact("key", record.key_id.as_ref().map(KeyId::as_str));
    fact("action", record.action);
    fact("resource", record.resource);
    fact("at", record.evaluated_at.as_deref());
    fact("request", record.request_id);
    parts.push(format!("\n{}", facts(&rows)));
    parts.join("\n")
}

/// The outcome in a word, in its colour.
pub(crate) fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Allow => styled(GOOD, "allow"),
        Outcome::Deny => styled(BAD, "deny"),
        Outcome::ApprovalRequired => styled(CARE, "approval required"),
    }
}

/// Every unmet clause on its line.
pub(crate) fn details(details: &[Unmet]) -> String {
    let value = |value: &Shown| match value {
        Shown::Nothing => "-".to_owned(),
        Shown::One(_) | Shown::Many(_) => escape(&serde_json::to_string(value).unwrap_or_default()),
    };
    let rows = details.iter().map(|unmet| {
        vec![
            unmet.grant.to_string(),
            escape(&unmet.attribute),
            unmet.operator.unwrap_or("given").to_owned(),
            value(&unmet.expected),
            value(&unmet.actual),
        ]
    });
    table(&["GRANT", "ATTRIBUTE", "OPERATOR", "EXPECTED", "ACTUAL"], rows)
}
