//! Where something of a log is wrong.

use std::fmt;

use passport_shared::log::walk::Found;
use passport_shared::text::quote;
use passport_shared::time;

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this place of the order of acceptance, from 1 on.
    Event(i64),
    /// Between the event after this one and this one.
    Events(i64, i64),
    /// At the checkpoint of so many events.
    Checkpoint(i64),
    /// In a tile, by level and number.
    Tile(i64, i64),
    /// In the tables that events are found by: for the events from this one to that.
    Index(i64, i64),
    /// In the table of counts: for an hour, in hours since 1970.
    Counts(i64),
    /// In what is kept of this reporter: its last event, its chains, and what was found wrong with them.
    Reporter(String),
    /// In the order in which things were found wrong with chains.
    Findings,
    /// In the table of differences: at those that this event tells of, or before all that any tells of.
    Differences(i64),
    /// At how far bodies were dropped by age.
    Retention,
    /// At whether the log is held.
    Hold,
    /// At what the key of hidden attributes is made of.
    Hiding,
    /// In the tree's right edge.
    Head,
    /// At the log's key.
    Key,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(number) => write!(f, "event {number}"),
            Self::Events(from, to) => write!(f, "events {from} to {to}"),
            Self::Checkpoint(size) => write!(f, "checkpoint of {size}"),
            Self::Tile(level, number) => write!(f, "tile {level}/{number}"),
            Self::Index(from, to) => write!(f, "index of events {from} to {to}"),
            Self::Counts(hour) => match time::format(hour.saturating_mul(3_600)) {
                Some(text) => write!(f, "counts of the hour of {text}"),
                None => write!(f, "counts of hour {hour}"),
            },
            Self::Reporter(name) => write!(f, "reporter {}", quote(name)),
            Self::Findings => f.write_str("order of findings"),
            Self::Differences(event) => write!(f, "differences of event {event}"),
            Self::Retention => f.write_str("retention"),
            Self::Hold => f.write_str("hold"),
            Self::Hiding => f.write_str("hiding"),
            Self::Head => f.write_str("head"),
            Self::Key => f.write_str("key"),
        }
    }
}

pub(super) fn signed_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn place(found: &Found) -> Place {
    match found {
        Found::OtherEntry { index, .. } | Found::Order { index, .. } | Found::Entry { index, .. } => {
            Place::Event(signed_number(*index).saturating_add(1))
        }
        Found::OtherRoot { after, size } => Place::Events(signed_number(*after).saturating_add(1), signed_number(*size)),
        Found::Missing { entries, size } => Place::Events(signed_number(*entries).saturating_add(1), signed_number(*size)),
        Found::Replayed { size, .. } => Place::Checkpoint(signed_number(*size)),
        _ => Place::Head,
    }
}
