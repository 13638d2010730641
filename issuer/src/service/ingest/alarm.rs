//! The audit event that tells of what is wrong with a reporter's chain.

use std::sync::Arc;

use serde_json::json;

use super::super::Issuer;
use crate::store::{Alarm, Finding, StoreError};

/// How many findings one event names. It says how many there were.
const NAMED: usize = 100;

impl Issuer {
    /// What makes that event, for what this reporter sends.
    pub(super) fn alarm(&self, reporter: &str) -> Alarm {
        let (parts, issuer, reporter) = (self.inner.parts.clone(), self.settings().issuer.clone(), reporter.to_owned());
        Arc::new(move |findings: &[Finding]| {
            let failed = |error| StoreError::Unavailable(Box::new(error));
            let author = parts.own_author(&issuer, "audit.check", "a reporter's events do not follow one another").map_err(failed)?;
            let shown = |finding: &Finding| json!({ "kind": finding.kind.as_str(), "fromSeq": finding.from_seq, "toSeq": finding.to_seq, "sequence": finding.sequence });
            let named: Vec<_> = findings.iter().take(NAMED).map(shown).collect();
            let change = json!({ "type": "chain_broken", "reporter": reporter, "findings": named, "found": findings.len() });
            parts.admin_event(&author, &change).map(Some).map_err(failed)
        })
    }
}
