//! Whether the columns of a stored event say what its body says: lists and counts are made of the columns.

use passport_shared::json::{Controls, Document, Value};
use passport_shared::log::entry::Entry;
use passport_shared::time;

use crate::store::{AuditEvent, EventKind};

/// What does not agree.
pub(super) fn differing(kept: &AuditEvent) -> Vec<String> {
    let event = &kept.event;
    let mut found = Vec::new();
    if Entry::hash_of(&event.body) != event.body_hash {
        found.push("its body is not the one that its hash is of".to_owned());
    }
    let Ok(document) = Document::read(event.body.as_bytes(), Controls::InValues) else {
        found.push("its body is not sound JSON".to_owned());
        return found;
    };
    let root = document.root();
    let text = |name: &str| root.get(name).and_then(Value::as_str);
    let columns = [
        ("requestId", Some(event.request_id.as_str())),
        ("agentId", event.agent_id.as_deref()),
        ("passportId", event.passport_id.as_deref()),
        ("outcome", event.outcome.as_deref()),
        ("reason", event.reason.as_deref()),
        ("action", event.action.as_deref()),
        ("resource", event.resource.as_deref()),
    ];
    let mut other = |name: &str| found.push(format!("its column for `{name}` is not what its body says"));
    for (name, column) in columns {
        if text(name) != column {
            other(name);
        }
    }
    let evaluated = text("evaluatedAt").map(time::parse_any);
    if evaluated.flatten() != event.evaluated_at || evaluated == Some(None) {
        other("evaluatedAt");
    }
    let seq = root.get("seq").and_then(|seq| seq.as_integer(i64::MAX));
    if kept.kind == EventKind::Decision && seq != event.seq {
        other("seq");
    }
    found
}
