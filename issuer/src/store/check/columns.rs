//! Whether the columns of a stored event say what its body says: lists and counts are made of the columns. And what the body alone says.

use passport_shared::jose;
use passport_shared::json::{Controls, Document, Value};
use passport_shared::log::entry::Entry;
use passport_shared::time;

use crate::store::{AuditEvent, EventKind, Link};

/// What a body says.
#[derive(Default)]
pub(super) struct Read {
    /// What does not agree with it.
    pub(super) differing: Vec<String>,
    /// How a decision hangs on the one before; `None` for a reporter that keeps no chain.
    pub(super) link: Option<Link>,
}

/// Reads the body of an event, and holds its columns against it.
pub(super) fn read(kept: &AuditEvent) -> Read {
    let event = &kept.event;
    let mut read = Read::default();
    let found = &mut read.differing;
    if Entry::hash_of(&event.body) != event.body_hash {
        found.push("its body is not the one that its hash is of".to_owned());
    }
    let Ok(document) = Document::read(event.body.as_bytes(), Controls::InValues) else {
        found.push("its body is not sound JSON".to_owned());
        return read;
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
    if kept.kind == EventKind::Decision {
        read.link = link(root);
    }
    read
}

/// As it was understood when it was taken in: the issuer took no other form.
fn link(root: Value<'_>) -> Option<Link> {
    let previous = root.get("previous")?;
    let previous = previous.as_str().and_then(jose::decode).and_then(|hash| hash.try_into().ok());
    let gap = root.get("gap").filter(|gap| gap.kind_name() != "null");
    let count = gap.and_then(|gap| gap.get("count")?.as_integer(i64::MAX)).unwrap_or(1);
    Some(Link { previous, count })
}
