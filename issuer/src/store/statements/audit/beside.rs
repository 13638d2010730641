//! Whether the rows beside the log that tell how it is agree with the events that tell of the same (docs/audit.md A18): whether it is
//! held, how many bodies were dropped, and which decisions the issuer came to another answer for.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use serde_json::Value;
use sqlx::Row as _;

use super::super::driver::{DbConnection, Failure};
use super::check::text;
use crate::store::check::{LogReport, Place};
use crate::store::{AuditEvent, Difference, EventKind};

/// The issuer's own acts that are looked at, by the action of their events.
const HOLD: &str = "audit.hold";
const RESUME: &str = "audit.resume";
const RETAIN: &str = "audit.retain";
const REDECIDE: &str = "audit.redecide";

/// Differences that are held against one event: no event tells of as many.
const MOST: usize = 1_000;

/// What the events tell, as far as they were seen.
#[derive(Default)]
pub(super) struct Beside {
    /// The last event that told that the log is held, or goes on, and which it was.
    held: Option<(i64, bool)>,
    /// The last event that told that it goes on.
    resumed: Option<i64>,
    /// Bodies that are gone, and how many of them were told; `None` where an event is gone that told of some.
    gone: i64,
    told: Option<i64>,
    /// The events that tell of differences, by the first event of which they do.
    differ: BTreeMap<i64, Told>,
    /// Whether the body of such an event is gone.
    untold: bool,
    /// Whether anything was ever hidden.
    hidden: bool,
    /// How many events there are.
    size: i64,
}

/// What one event tells of differences.
struct Told {
    event: i64,
    found: usize,
    /// Those that it names, the first ones, where it does not say what all come to.
    named: Vec<Value>,
    /// What all of them come to.
    digest: Option<String>,
}

impl Beside {
    pub(super) fn new() -> Self {
        Self { told: Some(0), ..Self::default() }
    }

    /// Takes in the next event.
    pub(super) fn take_in(&mut self, kept: &AuditEvent) {
        self.size = kept.sequence;
        self.hidden |= kept.event.reported_hash.is_some();
        let is_gone = kept.event.body.is_empty();
        self.gone = self.gone.saturating_add(i64::from(is_gone));
        if kept.kind != EventKind::Admin {
            return;
        }
        let action = kept.event.action.as_deref().unwrap_or_default();
        match action {
            HOLD | RESUME => {
                self.held = Some((kept.sequence, action == HOLD));
                if action == RESUME {
                    self.resumed = Some(kept.sequence);
                }
            }
            RETAIN if is_gone => self.told = None,
            REDECIDE if is_gone => self.untold = true,
            RETAIN => {
                let bodies = change(&kept.event.body).get("bodies").and_then(Value::as_i64).unwrap_or_default();
                self.told = self.told.map(|told| told.saturating_add(bodies));
            }
            REDECIDE => {
                let change = change(&kept.event.body);
                let named = change.get("differences").and_then(Value::as_array).cloned().unwrap_or_default();
                let found = change.get("found").and_then(Value::as_u64).and_then(|found| usize::try_from(found).ok()).unwrap_or_default();
                let digest = change.get("sha256").and_then(Value::as_str).map(str::to_owned);
                if let Some(first) = named.first().and_then(|first| first.get("sequence")?.as_i64()) {
                    let named = if digest.is_some() { Vec::new() } else { named };
                    self.differ.insert(first, Told { event: kept.sequence, found, named, digest });
                }
            }
            _ => {}
        }
    }

    /// Holds the rows against what was seen. For a log whose events are as they were; of another, this says nothing.
    pub(super) async fn compare(self, conn: &mut DbConnection, report: &mut LogReport) -> Result<(), Failure> {
        self.single(conn, report).await?;
        self.hold(conn, report).await?;
        self.retention(conn, report).await?;
        self.differences(conn, report).await
    }

    /// Tables of one row have one, and how far was decided again is no further than there is anything.
    async fn single(&self, conn: &mut DbConnection, report: &mut LogReport) -> Result<(), Failure> {
        for (table, place) in [("audit_head", Place::Head), ("audit_log", Place::Key), ("audit_retention", Place::Retention)] {
            let others: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE id <> 1")))
                .fetch_one(&mut *conn)
                .await?;
            if others > 0 {
                report.note(place, format!("the table `{table}` has rows that nobody wrote"));
            }
        }
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM audit_hiding ORDER BY id").fetch_all(&mut *conn).await?;
        if (self.hidden || !ids.is_empty()) && ids != [1] {
            report.note(Place::Hiding, "there is not the one row that there has to be where anything was hidden".to_owned());
        }
        let rows: Vec<(i64, i64)> = sqlx::query_as("SELECT id, sequence FROM audit_redecided ORDER BY id").fetch_all(conn).await?;
        if !matches!(rows.as_slice(), [(1, to)] if (0..=self.size).contains(to)) {
            report.note(Place::Differences(self.size), "how far decisions were reached again is no place of this log".to_owned());
        }
        Ok(())
    }

    async fn hold(&self, conn: &mut DbConnection, report: &mut LogReport) -> Result<(), Failure> {
        let row = sqlx::query("SELECT held_at, held_why, resumed_after FROM audit_log WHERE id = 1").fetch_optional(&mut *conn).await?;
        let Some(row) = row else { return Ok(()) };
        let (held_at, why): (Option<i64>, Option<String>) = (row.try_get("held_at")?, row.try_get("held_why").unwrap_or_default());
        // A restore holds it without an event: there is nobody to write one.
        match self.held {
            Some((event, true)) if held_at.is_none() => {
                report.note(Place::Hold, format!("event {event} tells that the log is held, none that it goes on, and it is not held"));
            }
            _ if held_at.is_some() != why.is_some() => report.note(Place::Hold, "it is not said since when and why".to_owned()),
            _ => {}
        }
        let resumed: i64 = row.try_get("resumed_after")?;
        // What was signed before that moment is over fewer events than there were at it; in a log that is as it was.
        let before = "SELECT coalesce(max(size), 0) FROM audit_checkpoints WHERE size < $1";
        let before: i64 = sqlx::query_scalar(before).bind(self.resumed.unwrap_or_default()).fetch_one(conn).await?;
        if resumed != before {
            let what = format!("it says that the checkpoint of {resumed} was let be, and by the events it was that of {before}");
            report.note(Place::Hold, what);
        }
        Ok(())
    }

    async fn retention(&self, conn: &mut DbConnection, report: &mut LogReport) -> Result<(), Failure> {
        let Some(told) = self.told else { return Ok(()) };
        let untold: Option<i64> = sqlx::query_scalar("SELECT untold FROM audit_retention WHERE id = 1").fetch_optional(conn).await?;
        if untold.is_some_and(|untold| untold.checked_add(told) != Some(self.gone)) {
            let what =
                format!("{} bodies are gone, events tell of {told}, and what it says is still to be told is another number", self.gone);
            report.note(Place::Retention, what);
        }
        Ok(())
    }

    async fn differences(&self, conn: &mut DbConnection, report: &mut LogReport) -> Result<(), Failure> {
        let mut events: Vec<Option<&Told>> = self.differ.values().map(Some).collect();
        // Those before the first that is known, for which the event that told of them may be gone.
        events.insert(0, None);
        let starts: Vec<i64> = self.differ.keys().copied().collect();
        let mut group = (0, Vec::new());
        {
            let query = "SELECT sequence, reporter, request_id, passport_id, kind, reported, expected, found_at \
                         FROM audit_differences ORDER BY sequence";
            let mut rows = sqlx::query(query).fetch(conn);
            while let Some(row) = rows.try_next().await? {
                let difference = Difference {
                    sequence: row.try_get("sequence")?,
                    reporter: text(&row, "reporter"),
                    request_id: text(&row, "request_id"),
                    passport_id: row.try_get::<Option<Vec<u8>>, _>("passport_id").ok().flatten().map(|_| text(&row, "passport_id")),
                    kind: text(&row, "kind"),
                    reported: text(&row, "reported"),
                    expected: text(&row, "expected"),
                    found_at: row.try_get("found_at")?,
                };
                let of = starts.partition_point(|start| *start <= difference.sequence);
                while group.0 < of {
                    self.hold_against(events.get(group.0).copied().flatten(), &std::mem::take(&mut group.1), report);
                    group.0 += 1;
                }
                if group.1.len() < MOST {
                    group.1.push(difference);
                }
            }
        }
        while group.0 < events.len() {
            self.hold_against(events.get(group.0).copied().flatten(), &std::mem::take(&mut group.1), report);
            group.0 += 1;
        }
        Ok(())
    }

    /// Holds rows against the event that tells of them.
    fn hold_against(&self, told: Option<&Told>, rows: &[Difference], report: &mut LogReport) {
        let Some(told) = told else {
            if !rows.is_empty() && !self.untold {
                report.note(Place::Differences(0), "there are some that no event tells of".to_owned());
            }
            return;
        };
        let named = rows.iter().take(told.named.len()).map(Difference::told);
        let is_so = rows.len() == told.found
            && named.eq(told.named.iter().cloned())
            && told.digest.as_ref().is_none_or(|digest| *digest == Difference::digest(rows));
        if !is_so {
            report.note(Place::Differences(told.event), "what the table has is not what the event tells of".to_owned());
        }
    }
}

/// What an admin's event says was changed.
fn change(body: &str) -> Value {
    serde_json::from_str::<Value>(body).ok().and_then(|mut body| body.get_mut("change").map(Value::take)).unwrap_or_default()
}
