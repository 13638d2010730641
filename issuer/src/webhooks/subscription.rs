//! Which events a webhook is for: their types, and what they are narrowed by.

use passport_shared::api::webhooks::WebhookFilter;
use passport_shared::decision::Outcome;
use serde_json::Value;

use crate::store::{AuditEvent, EventKind};

/// The types that are no change by an admin.
pub(crate) const TYPES: [&str; 6] =
    ["decision.allowed", "decision.denied", "decision.approval_required", "decision.gap", "approval.requested", "approval.decided"];

/// What a webhook is for.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) webhook_id: String,
    pub(crate) events: Vec<String>,
    pub(crate) filter: WebhookFilter,
}

/// Whether this can stand in a webhook's list of events: a type, `admin.` and a change, or the beginning of one and `*`.
pub(crate) fn is_pattern(text: &str) -> bool {
    let word = |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    matches!(text, "*" | "decision.*" | "approval.*" | "admin.*") || TYPES.contains(&text) || text.strip_prefix("admin.").is_some_and(word)
}

impl Subscription {
    /// The type of the event, where it is for this webhook. A webhook is told nothing of itself: what goes wrong with it would
    /// go on for ever.
    pub(crate) fn wants(&self, event: &AuditEvent) -> Option<String> {
        let of = &event.event;
        let fits = |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| Some(wanted) == found);
        let filter = &self.filter;
        let narrowed = fits(&filter.agent_id, of.agent_id.as_deref())
            && fits(&filter.passport_id, of.passport_id.as_deref())
            && fits(&filter.reporter, Some(&event.reporter))
            && fits(&filter.action, of.action.as_deref())
            && fits(&filter.resource, of.resource.as_deref());
        if !narrowed {
            return None;
        }
        let (kind, about) = kind(event);
        let wanted = |pattern: &String| match pattern.strip_suffix('*') {
            Some(prefix) => kind.starts_with(prefix),
            None => *pattern == kind,
        };
        (self.events.iter().any(wanted) && about.as_deref() != Some(self.webhook_id.as_str())).then_some(kind)
    }
}

/// An event's type, and the webhook that it tells of.
fn kind(event: &AuditEvent) -> (String, Option<String>) {
    if event.kind == EventKind::Decision {
        let kind = match event.event.outcome.as_deref() {
            Some(outcome) if outcome == Outcome::Allow.code() => "decision.allowed",
            Some(outcome) if outcome == Outcome::ApprovalRequired.code() => "decision.approval_required",
            Some(_) => "decision.denied",
            None => "decision.gap",
        };
        return (kind.to_owned(), None);
    }
    let body: Value = serde_json::from_str(&event.event.body).unwrap_or_default();
    let change = |name: &str| body.pointer(&format!("/change/{name}")).and_then(Value::as_str).map(str::to_owned);
    let kind = match change("type").as_deref() {
        Some("approval_asked") => "approval.requested".to_owned(),
        Some("approval_granted" | "approval_denied") => "approval.decided".to_owned(),
        Some(other) => format!("admin.{other}"),
        None => "admin.changed".to_owned(),
    };
    (kind, change("webhookId"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NewEvent;

    fn event(kind: EventKind, outcome: Option<&str>, change: &str) -> AuditEvent {
        AuditEvent {
            sequence: 1,
            kind,
            reporter: "shop".into(),
            conflict: false,
            event: NewEvent {
                outcome: outcome.map(str::to_owned),
                agent_id: Some("ollie".into()),
                body: format!(r#"{{"change":{change}}}"#),
                ..NewEvent::default()
            },
        }
    }

    fn of(events: &[&str], filter: &str) -> Subscription {
        Subscription {
            webhook_id: "wh_1".into(),
            events: events.iter().map(ToString::to_string).collect(),
            filter: serde_json::from_str(filter).unwrap(),
        }
    }

    #[test]
    fn each_event_has_one_type() {
        let all = of(&["*"], "{}");
        for (event, expected) in [
            (event(EventKind::Decision, Some("allow"), "1"), "decision.allowed"),
            (event(EventKind::Decision, Some("deny"), "1"), "decision.denied"),
            (event(EventKind::Decision, Some("approval_required"), "1"), "decision.approval_required"),
            (event(EventKind::Decision, None, "1"), "decision.gap"),
            (event(EventKind::Admin, Some("allow"), r#"{"type":"approval_asked"}"#), "approval.requested"),
            (event(EventKind::Admin, Some("allow"), r#"{"type":"approval_denied"}"#), "approval.decided"),
            (event(EventKind::Admin, Some("allow"), r#"{"type":"passport_revoked"}"#), "admin.passport_revoked"),
        ] {
            assert_eq!(all.wants(&event).as_deref(), Some(expected));
            let group = format!("{}.*", expected.split('.').next().unwrap());
            assert!(is_pattern(expected) && is_pattern(&group));
            assert!(of(&[expected], "{}").wants(&event).is_some() && of(&[&group], "{}").wants(&event).is_some());
            assert_eq!(of(&["admin.none"], "{}").wants(&event), None);
        }
    }

    #[test]
    fn a_filter_narrows_and_a_webhook_is_told_nothing_of_itself() {
        let denied = event(EventKind::Decision, Some("deny"), "1");
        for (filter, fits) in [
            (r#"{"agentId":"ollie"}"#, true),
            (r#"{"agentId":"ollie","reporter":"shop"}"#, true),
            (r#"{"agentId":"ollie","reporter":"other"}"#, false),
            (r#"{"resource":"x"}"#, false),
        ] {
            assert_eq!(of(&["*"], filter).wants(&denied).is_some(), fits, "{filter}");
        }
        let about = |id: &str| event(EventKind::Admin, Some("allow"), &format!(r#"{{"type":"webhook_disabled","webhookId":"{id}"}}"#));
        assert_eq!(of(&["*"], "{}").wants(&about("wh_1")), None);
        assert!(of(&["*"], "{}").wants(&about("wh_2")).is_some());
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for bad in ["", "decision", "decision.", "decision.al*", "decision.lost", "admin.", "admin.X", "admin.a b", "**", "x.*"] {
            assert!(!is_pattern(bad), "{bad}");
        }
    }
}
