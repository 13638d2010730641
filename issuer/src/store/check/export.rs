//! An exported log: JSON lines, each an event as `GET /v1/audit/events` gives it, in the order of acceptance.

use std::io::BufRead;

use passport_shared::api::audit::ENVELOPE_NAMES;
use passport_shared::json::{Controls, Document, Value};
use passport_shared::log::entry::Entry;
use passport_shared::time;

use super::{Asked, LogCheck, LogReport, Stored};
use crate::store::{AuditEvent, EventKind, NewEvent};

/// The longest line: an event within the bounds and its envelope.
const LINE: u64 = 2 << 20;

/// Checks a whole log that was exported, from its first event on, with the key and the checkpoints that the asker has.
/// `shown` is told how many events were looked at.
///
/// # Errors
/// What the reader says.
pub fn check(asked: &Asked, mut lines: impl BufRead, mut shown: impl FnMut(u64)) -> std::io::Result<LogReport> {
    let mut check = LogCheck::new(asked, Stored::default());
    let (mut line, mut count) = (Vec::new(), 0_u64);
    loop {
        line.clear();
        let read = std::io::Read::take(&mut lines, LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(check.end(&[], (0, 0)));
        }
        let event = std::str::from_utf8(&line).ok().and_then(|line| event(line.trim_end()));
        check.event(event.as_ref().ok_or_else(|| "the line is no event of a log".to_owned()));
        count += 1;
        shown(count);
    }
}

/// How many members of the envelope each event has.
const ALWAYS: usize = 6;

/// A hash in hexadecimal.
fn hash(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| high << 4 | low).collect::<Vec<_>>().try_into().ok()
}

/// The event of a line. Its body is what stands behind the envelope, to the letter.
fn event(line: &str) -> Option<AuditEvent> {
    let document = Document::read(line.as_bytes(), Controls::InValues).ok()?;
    let root = document.root();
    let text = |name: &str| root.get(name).and_then(Value::as_str).map(str::to_owned);
    let kind = EventKind::parse(&text("kind")?)?;
    let names: Vec<&str> = root.members()?.map(|(name, _)| name).take(ALWAYS).collect();
    if ENVELOPE_NAMES.get(..ALWAYS) != Some(names.as_slice()) {
        return None;
    }
    let conflict = root.get("conflict").and_then(Value::as_bool)?;
    let (body, body_hash) = match root.get("bodyDropped").and_then(Value::as_bool) {
        Some(true) => (String::new(), hash(&text("bodySha256")?)?),
        _ => {
            // The last member of the envelope is `conflict`, a word; names and strings before it have their quotes escaped.
            let envelope = format!("\"conflict\":{conflict}");
            let rest = line.split_once(&envelope)?.1.strip_prefix(',')?;
            let rest = match text("reportedHash") {
                Some(hash) => rest.strip_prefix(&format!("\"reportedHash\":\"{hash}\","))?,
                None => rest,
            };
            let body = format!("{{{rest}");
            let hash = Entry::hash_of(&body);
            (body, hash)
        }
    };
    let reported_hash = match text("reportedHash") {
        Some(text) => Some(hash(&text)?),
        None => None,
    };
    let seq = root.get("seq").and_then(|seq| seq.as_integer(i64::MAX));
    Some(AuditEvent {
        sequence: root.get("sequence").and_then(|sequence| sequence.as_integer(i64::MAX))?,
        kind,
        reporter: text("reporter")?,
        conflict,
        event: NewEvent {
            event_id: text("eventId")?,
            seq: seq.filter(|_| kind == EventKind::Decision),
            request_id: text("requestId")?,
            body_hash,
            reported_hash,
            body,
            received_at: time::parse_any(&text("receivedAt")?)?,
            evaluated_at: text("evaluatedAt").and_then(|text| time::parse_any(&text)),
            agent_id: text("agentId"),
            passport_id: text("passportId"),
            outcome: text("outcome"),
            reason: text("reason"),
            action: text("action"),
            resource: text("resource"),
        },
    })
}
