//! The columns of an event, for forms that have columns.

use passport_shared::time;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::error::CliError;

/// What is told of an event in columns. What a column has not got stands in the whole event.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Row {
    sequence: i64,
    event_id: String,
    kind: String,
    reporter: String,
    received_at: String,
    conflict: bool,
    request_id: Option<String>,
    seq: Option<i64>,
    evaluated_at: Option<String>,
    outcome: Option<String>,
    reason: Option<String>,
    agent_id: Option<String>,
    passport_id: Option<String>,
    action: Option<String>,
    resource: Option<String>,
    attributes: Option<Box<RawValue>>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole number.
    Number,
    /// Whether.
    Flag,
    /// A time in RFC 3339.
    Time,
    /// Text.
    Text,
    /// JSON.
    Json,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// For [`Kind::Number`].
    Number(Option<i64>),
    /// For [`Kind::Flag`].
    Flag(bool),
    /// For [`Kind::Time`], [`Kind::Text`] and [`Kind::Json`].
    Text(Option<String>),
}

/// Name, kind, and whether it is always there.
pub(super) const COLUMNS: [(&str, Kind, bool); 17] = [
    ("sequence", Kind::Number, true),
    ("eventId", Kind::Text, true),
    ("kind", Kind::Text, true),
    ("reporter", Kind::Text, true),
    ("receivedAt", Kind::Time, true),
    ("conflict", Kind::Flag, true),
    ("requestId", Kind::Text, false),
    ("seq", Kind::Number, false),
    ("evaluatedAt", Kind::Time, false),
    ("outcome", Kind::Text, false),
    ("reason", Kind::Text, false),
    ("agentId", Kind::Text, false),
    ("passportId", Kind::Text, false),
    ("action", Kind::Text, false),
    ("resource", Kind::Text, false),
    ("attributes", Kind::Json, false),
    ("event", Kind::Json, true),
];

/// The cells of an event, one for each column.
pub(super) fn cells(event: &str) -> Result<[Cell; COLUMNS.len()], CliError> {
    let row: Row = serde_json::from_str(event).map_err(|error| CliError::failed(format!("an event cannot be read: {error}")))?;
    let text = |text: String| Cell::Text(Some(text));
    Ok([
        Cell::Number(Some(row.sequence)),
        text(row.event_id),
        text(row.kind),
        text(row.reporter),
        text(row.received_at),
        Cell::Flag(row.conflict),
        Cell::Text(row.request_id),
        Cell::Number(row.seq),
        Cell::Text(row.evaluated_at),
        Cell::Text(row.outcome),
        Cell::Text(row.reason),
        Cell::Text(row.agent_id),
        Cell::Text(row.passport_id),
        Cell::Text(row.action),
        Cell::Text(row.resource),
        Cell::Text(row.attributes.map(|attributes| attributes.get().to_owned())),
        text(event.to_owned()),
    ])
}

/// A time in milliseconds since 1970; `None` for one that cannot be read.
pub(super) fn millis(text: &str) -> Option<i64> {
    time::parse_any(text)?.checked_mul(1_000)
}
