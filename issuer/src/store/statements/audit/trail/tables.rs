//! The tables of reporters, held against what their events have shown.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::BuildHasher as _;

use futures_util::TryStreamExt as _;
use sqlx::Row as _;

use super::super::super::driver::{DbConnection, Failure};
use super::super::check::text;
use super::{Found, Trail};
use crate::store::FindingKind;
use crate::store::check::{LogReport, Place};

/// Whose tables say something else, and which.
type Wrong<'w> = BTreeMap<String, BTreeSet<&'w str>>;

impl Trail {
    /// Holds the tables against what was seen. For a log whose events are as they were; of another, this says nothing.
    pub(in super::super) async fn compare(mut self, conn: &mut DbConnection, report: &mut LogReport) -> Result<(), Failure> {
        let mut wrong = Wrong::new();
        self.lasts(conn, &mut wrong).await?;
        self.chains(conn, &mut wrong).await?;
        let in_order = self.findings(conn, &mut wrong).await?;
        for (name, what) in &wrong {
            let what = what.iter().copied().collect::<Vec<_>>().join(", and ");
            report.note(Place::Reporter(name.clone()), format!("{what} what its events say"));
        }
        if wrong.is_empty() && !in_order {
            report.note(Place::Findings, "what was found wrong with chains does not stand in the order in which it was found".to_owned());
        }
        Ok(())
    }

    async fn lasts(&self, conn: &mut DbConnection, wrong: &mut Wrong<'_>) -> Result<(), Failure> {
        let mut missing: HashSet<&str> = self.reporters.keys().map(String::as_str).collect();
        let mut note = |name: &str| wrong.entry(name.to_owned()).or_default().insert("its last event is not");
        let mut rows = sqlx::query("SELECT reporter, last_sequence, last_at FROM audit_reporters").fetch(conn);
        while let Some(row) = rows.try_next().await? {
            let (name, last) = (text(&row, "reporter"), (row.try_get("last_sequence")?, row.try_get("last_at")?));
            missing.remove(name.as_str());
            if self.reporters.get(&name).is_none_or(|seen| seen.last != last) {
                note(&name);
            }
        }
        for name in missing {
            note(name);
        }
        Ok(())
    }

    async fn chains(&mut self, conn: &mut DbConnection, wrong: &mut Wrong<'_>) -> Result<(), Failure> {
        let mut note = |name: &str| wrong.entry(name.to_owned()).or_default().insert("its chains are not");
        let mut rows = sqlx::query("SELECT reporter, first_seq, last_seq, last_hash, last_at FROM audit_chains").fetch(conn);
        while let Some(row) = rows.try_next().await? {
            let (name, first_seq) = (text(&row, "reporter"), row.try_get::<i64, _>("first_seq")?);
            let (last_seq, last_at) = (row.try_get::<i64, _>("last_seq")?, row.try_get::<i64, _>("last_at")?);
            let hash: Vec<u8> = row.try_get("last_hash")?;
            let end = self.key.hash_one((name.as_str(), last_seq, hash.as_slice(), last_at));
            let is_so = match self.reporters.get_mut(&name) {
                None => false,
                Some(seen) if seen.is_unknown => first_seq <= last_seq && self.ends.get(&end).is_none_or(|seen| *seen),
                Some(seen) => seen.chains.remove(&first_seq).is_some_and(|(chain, at, _)| {
                    (chain.last_seq, at) == (last_seq, last_at) && chain.last_hash.as_slice() == hash.as_slice()
                }),
            };
            if !is_so {
                note(&name);
            }
        }
        for (name, _) in self.reporters.iter().filter(|(_, seen)| !seen.is_unknown && !seen.chains.is_empty()) {
            note(name);
        }
        Ok(())
    }

    /// Gives whether the findings stand in their order.
    async fn findings(&mut self, conn: &mut DbConnection, wrong: &mut Wrong<'_>) -> Result<bool, Failure> {
        for (name, seen) in &mut self.reporters {
            for (from, gap) in seen.open.iter().flat_map(|(from, gaps)| gaps.iter().map(move |gap| (*from, *gap))) {
                let row = Found {
                    kind: FindingKind::Gap.as_str(),
                    reporter: name,
                    from_seq: from,
                    to_seq: gap.to,
                    sequence: gap.sequence,
                    found_at: gap.found_at,
                    resolved_at: None,
                };
                seen.findings = seen.findings.wrapping_add(self.key.hash_one(&row));
                self.order = self.order.wrapping_add(self.key.hash_one((gap.number, &row)));
            }
        }
        let mut note = |name: &str| wrong.entry(name.to_owned()).or_default().insert("what was found wrong with its chains is not");
        {
            let query = "SELECT kind, reporter, from_seq, to_seq, sequence, found_at, resolved_at FROM audit_findings ORDER BY finding";
            let (mut rows, mut number) = (sqlx::query(query).fetch(&mut *conn), 0_u64);
            while let Some(row) = rows.try_next().await? {
                let (kind, name) = (text(&row, "kind"), text(&row, "reporter"));
                let row = Found {
                    kind: &kind,
                    reporter: &name,
                    from_seq: row.try_get("from_seq")?,
                    to_seq: row.try_get("to_seq")?,
                    sequence: row.try_get("sequence")?,
                    found_at: row.try_get("found_at")?,
                    resolved_at: row.try_get("resolved_at")?,
                };
                self.order = self.order.wrapping_sub(self.key.hash_one((number, &row)));
                number += 1;
                match self.reporters.get_mut(&name) {
                    Some(seen) => seen.findings = seen.findings.wrapping_sub(self.key.hash_one(&row)),
                    None => drop(note(&name)),
                }
            }
        }
        for (name, _) in self.reporters.iter().filter(|(_, seen)| !seen.is_unknown && seen.findings != 0) {
            note(name);
        }
        if !self.reporters.values().any(|seen| seen.is_unknown) {
            return Ok(self.order == 0);
        }
        let strays = "SELECT f.reporter FROM audit_findings f LEFT JOIN audit_events e ON e.sequence = f.sequence \
                      AND e.reporter = f.reporter AND e.received_at = f.found_at AND e.kind = 'decision' WHERE e.sequence IS NULL";
        let mut rows = sqlx::query(strays).fetch(conn);
        while let Some(row) = rows.try_next().await? {
            note(&text(&row, "reporter"));
        }
        Ok(true)
    }
}
